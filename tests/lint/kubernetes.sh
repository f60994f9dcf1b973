#!/bin/sh
# Checks the manifests of ops/kubernetes against the schemas of the Kubernetes API, and prints TAP.
set -eu
# shellcheck source=tests/lint/npm
. "$(dirname "$0")/npm"

check_manifests() {
    (cd "$1" && node "$cache/check.js" ./*.yaml)
}

# After a sed command over them, they are refused for what these words tell, and for nothing else:
# refuses WORDS COMMAND
refuses() {
    rm -rf "$cache/spoilt"
    mkdir "$cache/spoilt"
    for file in "$root"/ops/kubernetes/*.yaml; do
        sed "$2" "$file" >"$cache/spoilt/$(basename "$file")"
    done
    if check_manifests "$cache/spoilt" >"$cache/told"; then return 1; fi
    cat "$cache/told"
    [ -s "$cache/told" ] && ! grep -qvF "$1" "$cache/told"
}

begin kubernetes 4
cp "$tests/kubernetes/check.js" "$cache"
check 'the manifests of ops/kubernetes are as Kubernetes wants them' \
    check_manifests "$root/ops/kubernetes"
check 'a misspelt field is refused' \
    refuses 'there is no field /spec/template/spec/containers/0/securityContext/readOnlyRootFileSystem' \
    s/readOnlyRootFilesystem/readOnlyRootFileSystem/
check 'a field in the wrong place is refused' \
    refuses 'there is no field /spec/terminationMessagePolicy' \
    '/^  replicas:/a\  terminationMessagePolicy: File'
check 'a value of the wrong kind is refused' \
    refuses '/spec/replicas must be integer' 's/^  replicas: 2/  replicas: two/'
