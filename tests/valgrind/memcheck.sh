#!/bin/sh
# memcheck.sh PROGRAM ARGUMENTS...: under valgrind, which ends it with status 99 where it finds a
# fault or a leak. Of its children, forks are looked at too, other programs are not.
exec valgrind --quiet --error-exitcode=99 --leak-check=full --num-callers=24 --vgdb=no \
    --show-leak-kinds=definite,possible --errors-for-leak-kinds=definite,possible \
    --suppressions=tests/valgrind/suppressions "$@"
