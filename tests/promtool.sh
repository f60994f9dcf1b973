#!/bin/sh
# Prints where promtool is: on the PATH, or unpacked from Debian's package prometheus, which is not
# installed, because that would start a daemon. Nothing where it is not to be had.
set -u
cd "$(dirname "$0")/.."
if command -v promtool; then exit 0; fi
place=build-test/prometheus
if [ ! -x "$place/usr/bin/promtool" ]; then
    mkdir -p "$place"
    { cd "$place" && apt-get download prometheus && dpkg-deb -x prometheus_*.deb .; } \
        >/dev/null 2>&1 || exit 0
    cd "$OLDPWD" || exit 0
fi
echo "$PWD/$place/usr/bin/promtool"
