#!/bin/sh
# clmd under valgrind, for tests that start the program that CLMD names.
cd "$(dirname "$0")/../.."
exec sh tests/valgrind/memcheck.sh "$PWD/build-valgrind/clmd" "$@"
