"""openapi.yaml as what it promises, and whether an answer keeps it.

An object of an answer may have the members that its schema names and no others, so that what is
not written down is found; where any may come, the schema must say `additionalProperties`.
"""
import csv
import io
import json
import re
import uuid
from datetime import date, datetime

import yaml
from jsonschema import Draft202012Validator, FormatChecker, RefResolver

METHODS = ("get", "post", "put", "patch", "delete")

# What every answer may carry without a word of the operation's own.
ALWAYS = {"connection", "content-length", "content-type", "date", "transfer-encoding",
          "cache-control", "x-content-type-options", "content-security-policy",
          "referrer-policy", "vary", "ratelimit", "ratelimit-policy"}
LINES = "application/x-ndjson"

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def is_time(value):
    return not isinstance(value, str) or (
        RFC_3339.fullmatch(value) is not None
        and datetime.fromisoformat(value.replace("z", "Z")) is not None)


@FORMATS.checks("date", raises=ValueError)
def is_date(value):
    return not isinstance(value, str) or date.fromisoformat(value) is not None


@FORMATS.checks("uuid", raises=ValueError)
def is_uuid(value):
    return not isinstance(value, str) or str(uuid.UUID(value)) == value


@FORMATS.checks("uri-reference")
def is_reference(value):
    return not isinstance(value, str) or re.fullmatch(r"[!#-;=?-\[\]_a-z~%]*", value) is not None


class Loader(yaml.CSafeLoader):
    """A date in the document is text, as in JSON."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()}


class Operation:
    def __init__(self, document, path, method, item):
        self.name, self.path, self.method = item["operationId"], path, method.upper()
        self.scope = item["x-scope"]
        self.parameters = [document.follow(given) for given in item.get("parameters", [])]
        self.body = document.follow(item.get("requestBody", {})).get("content", {})
        self.responses = {int(status): document.follow(response)
                          for status, response in item["responses"].items()}

    def is_success(self, status):
        return status in self.responses and status < 300

    def query(self):
        return [given for given in self.parameters if given["in"] == "query"]

    def answer_types(self):
        return {(status, media) for status, response in self.responses.items()
                for media in response.get("content", {})}


class Document:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.root = yaml.load(file, Loader=Loader)
        self.resolver = RefResolver.from_schema(self.root)
        self.operations = [Operation(self, path, method, item[method])
                           for path, item in self.root["paths"].items()
                           for method in METHODS if method in item]

    def follow(self, part):
        while "$ref" in part and set(part) <= {"$ref", "description"}:
            part = self.resolver.resolve(part["$ref"])[1]
        return part

    # Schemas --------------------------------------------------------------------------------

    def validator(self, schema):
        return Draft202012Validator(schema, resolver=self.resolver, format_checker=FORMATS)

    def mismatches(self, schema, value):
        """Where a value is not as its schema has it."""
        return ["/" + "/".join(map(str, error.absolute_path)) + ": " + error.message[:300]
                for error in self.validator(schema).iter_errors(value)]

    def applying(self, schema, value):
        """A schema, and those in it that hold for this value as a whole."""
        yield schema
        if "$ref" in schema:
            yield from self.applying(self.resolver.resolve(schema["$ref"])[1], value)
        for part in schema.get("allOf", []):
            yield from self.applying(part, value)
        for part in schema.get("oneOf", []) + schema.get("anyOf", []):
            if self.validator(part).is_valid(value):
                yield from self.applying(part, value)

    def strangers(self, schemas, value, pointer=""):
        """Members that no schema names."""
        every = [found for schema in schemas for found in self.applying(schema, value)]
        if isinstance(value, list):
            items = [found["items"] for found in every if "items" in found]
            for number, item in enumerate(value):
                yield from self.strangers(items, item, f"{pointer}/{number}")
        if not isinstance(value, dict):
            return
        for name, member in value.items():
            named = [schema for found in every for schema in schemas_of(found, name)]
            if not named:
                yield f"{pointer}/{name}: no schema names it"
            yield from self.strangers(named, member, f"{pointer}/{name}")

    def faults_of(self, schema, value):
        return self.mismatches(schema, value) or list(self.strangers([schema], value))

    # Answers --------------------------------------------------------------------------------

    def faults(self, operation, answer):
        """What an answer of an operation has against the document."""
        if answer.status not in operation.responses:
            return [f"the status is not declared: {answer.body[:200]!r}"]
        response = operation.responses[answer.status]
        return self.header_faults(response, answer) + self.body_faults(response, answer)

    def header_faults(self, response, answer):
        declared = {name.lower(): self.follow(header)
                    for name, header in response.get("headers", {}).items()}
        faults = [f"the field {name} is missing" for name, header in declared.items()
                  if header.get("required") and name not in answer.fields]
        faults += [f"the field {name} is not declared" for name in answer.fields
                   if name not in declared and name not in ALWAYS]
        for name, header in declared.items():
            if name in answer.fields:
                value = answer.fields[name]
                if header["schema"].get("type") == "integer" and value.isdigit():
                    value = int(value)
                faults += [f"the field {name}{fault}"
                           for fault in self.mismatches(header["schema"], value)]
        return faults

    def body_faults(self, response, answer):
        content = response.get("content")
        if content is None:
            return ["there is a body"] if answer.body or answer.media_type else []
        if answer.media_type not in content:
            return [f"the type {answer.media_type!r} is not declared"]
        schema = content[answer.media_type]["schema"]
        try:
            text = answer.body.decode()
            if answer.media_type == "text/csv":
                return csv_faults(content["text/csv"], text)
            values = values_of(answer.media_type, text)
        except ValueError as error:
            return [f"the body cannot be read: {error}"]
        return [fault for value in values for fault in self.faults_of(schema, value)]

    # Examples -------------------------------------------------------------------------------

    def examples(self):
        """(where, schema, value) of every example that a message or a parameter has."""
        for operation in self.operations:
            for given in operation.parameters:
                if "example" in given:
                    yield f"{operation.name} {given['name']}", given["schema"], given["example"]
            messages = [("body", operation.body)] + [
                (status, response.get("content", {}))
                for status, response in operation.responses.items()]
            for what, content in messages:
                for media, part in content.items():
                    for example in examples_of(part):
                        yield f"{operation.name} {what} {media}", part.get("schema", {}), example


def schemas_of(schema, name):
    """What a schema itself says about a member."""
    if name in schema.get("properties", {}):
        return [schema["properties"][name]]
    for pattern, found in schema.get("patternProperties", {}).items():
        if re.search(pattern, name):
            return [found]
    if "additionalProperties" in schema and schema["additionalProperties"] is not False:
        anything = schema["additionalProperties"]
        # What may be anything may have anything within.
        return [FREE if anything is True else anything]
    return []


FREE = {"additionalProperties": True}
FREE["items"] = FREE


def examples_of(part):
    given = [part["example"]] if "example" in part else []
    return given + [example["value"] for example in part.get("examples", {}).values()]


def values_of(media_type, text):
    """A line of NDJSON is what its schema is about; text is a text."""
    if media_type == LINES:
        return [json.loads(line) for line in text.splitlines()]
    return [json.loads(text) if media_type.endswith("json") else text]


def csv_faults(part, text):
    """The first row is the example's; where those differ by what is asked, the doc has several."""
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    heads = [next(csv.reader([example])) for example in
             (example.splitlines()[0] for example in examples_of(part))]
    faults = [] if rows and rows[0] in heads else [f"its columns are {rows[:1]}, not {heads}"]
    return faults + [f"row {number} has other columns than the first"
                     for number, row in enumerate(rows) if len(row) != len(rows[0])]
