#!/bin/sh
# No function that writes past its place, keeps hidden state, or ends the process in the midst.
set -eu
cd "$(dirname "$0")/../.."
echo 1..3
number=0

# check NAME PATTERN FILES...: no line of code outside comments and texts has the pattern.
check() {
    number=$((number + 1))
    name=$1 pattern=$2
    shift 2
    found=$(awk -v pattern="$pattern" '
        { line = $0 }
        inside { if (!sub(/.*\*\//, "", line)) next; inside = 0 }
        {
            gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
            gsub(/\/\*([^*]|\*[^\/])*\*\//, "", line)
            if (sub(/\/\*.*/, "", line)) inside = 1
            if (line ~ pattern) print "# " FILENAME ":" FNR ": " $0
        }
        FNR == 1 && NR > 1 { inside = 0 }' "$@")
    if [ -z "$found" ]; then echo "ok $number - $name"; else
        echo "not ok $number - $name"
        printf '%s\n' "$found"
    fi
}

word='(^|[^A-Za-z0-9_])'
# shellcheck disable=SC2046 # no file of ours has a space in its name
check 'no banned function' \
    "$word(strcpy|strcat|sprintf|vsprintf|strtok|gets|atoi|gmtime|localtime|system|alloca)[ ]*[(]" \
    $(find src include tests -name '*.[ch]')
# shellcheck disable=SC2046
check 'exit is main'"'"'s alone' "${word}exit[ ]*[(]" \
    $(find src -name '*.c' ! -name main.c)
# shellcheck disable=SC2046
check 'no typedef of a struct' 'typedef +(struct|union|enum)' $(find src include -name '*.[ch]')
