#!/usr/bin/env python3
"""Builds text files into the program.

  embed.py migrations DIR OUT   the files of migrations/, as MIGRATIONS[] of db/migrate.h
  embed.py openapi FILE OUT     openapi.yaml, as it stands and as JSON
"""
import json
import pathlib
import sys


def c_array(name, data):
    """A file's bytes, ending in NUL, as the initialiser of a C array of (signed) char."""
    values = [str(byte - 256 if byte > 127 else byte) for byte in data]
    rows = [", ".join(values[i:i + 24]) for i in range(0, len(values), 24)]
    body = ",\n    ".join(rows + ["0"])
    return f"static const char {name}[] = {{\n    {body}}};\n"


def migrations(directory):
    root = pathlib.Path(directory)
    order = sorted(root.glob("[0-9]*.sql")) + [root / "reset.sql"]
    for folder in ("functions", "views", "metrics"):
        order += sorted((root / folder).glob("*.sql"))
    order.append(root / "rights.sql")
    out = ['#include "db/migrate.h"\n\n']
    out += [c_array(f"FILE_{i}", path.read_bytes()) for i, path in enumerate(order)]
    out.append("const struct migration MIGRATIONS[] = {\n")
    out += [f'    {{"{path.relative_to(root)}", FILE_{i}}},\n' for i, path in enumerate(order)]
    out.append("};\nconst size_t MIGRATION_COUNT = sizeof MIGRATIONS / sizeof *MIGRATIONS;\n")
    out.append(c_array("ROLES", (root / "roles.sql").read_bytes()))
    out.append("const char *const MIGRATION_ROLES = ROLES;\n")
    return "".join(out)


def openapi(file):
    import yaml
    text = pathlib.Path(file).read_bytes()
    as_json = json.dumps(yaml.safe_load(text), ensure_ascii=False, default=str).encode()
    out = ['#include "api/openapi.h"\n\n', c_array("YAML", text), c_array("JSON", as_json)]
    for name, array in (("OPENAPI_YAML", "YAML"), ("OPENAPI_JSON", "JSON")):
        out.append(f"const char *const {name} = {array};\n")
        out.append(f"const size_t {name}_LENGTH = sizeof {array} - 1;\n")
    return "".join(out)


if __name__ == "__main__":
    what, source, target = sys.argv[1:]
    pathlib.Path(target).write_text({"migrations": migrations, "openapi": openapi}[what](source))
