#!/bin/sh
# A few random histories (tests/model) with both servers under valgrind: posts, imports, exports,
# merges, erasures, metrics; each server must end without a fault or a leak.
export CLMD=tests/valgrind/clmd.sh MODEL_RUNS="${MODEL_RUNS:-4}"
exec tests/model/test_model.py
