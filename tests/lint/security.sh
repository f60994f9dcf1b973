#!/bin/sh
# What SECURITY.md says that a test shows is shown by a test that there is: each file, and each name.
set -eu
cd "$(dirname "$0")/../.."
echo 1..2

rows=$(grep '^| \*\*API' SECURITY.md)

report() { # NUMBER NAME FINDINGS
    if [ -z "$3" ]; then echo "ok $1 - $2"; else
        echo "not ok $1 - $2"
        printf '%s\n' "$3" | sed 's/^/# /'
    fi
}

missing_files() {
    for name in $(printf '%s\n' "$rows" | grep -oE '\btest_[a-z0-9_]+(\.sql)?' | sort -u); do
        found=$(find tests -name "$name" -o -name "$name.c" -o -name "$name.sh" | head -n 1)
        [ -n "$found" ] || grep -rqw "$name" tests/docker || echo "there is no $name"
    done
}

# A test is called by a sentence: no word of the table but a test's name has two underscores.
missing_names() {
    for name in $(printf '%s\n' "$rows" | sed 's/.* | //' | grep -oE '[a-z0-9]+(_[a-z0-9]+){2,}' |
                  sort -u); do
        grep -rqw --include='*.c' --include='*.py' "$name" tests ||
            [ -n "$(find tests -name "$name*")" ] ||
            echo "no test is called $name"
    done
}

report 1 'the files of tests that SECURITY.md names' "$(missing_files)"
report 2 'the tests that SECURITY.md names' "$(missing_names)"
