#!/bin/sh
# Every operation and status (tests/contract) of a service under valgrind.
export CLMD=tests/valgrind/clmd.sh
exec tests/contract/contract.py --quick
