#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a command of Go in this module; skips where Go is too old for it, or has no cgo. The command downloads nothing.
#   with_go.sh GO ARGUMENT...
set -eu
go=$1
shift
cd "$(dirname "$0")"
export GOTOOLCHAIN=local GOPROXY=off GOWORK=off
if ! why=$("$go" list -f '{{.GoVersion}}' -m 2>&1); then
    echo "skipped: $why"
    exit 77
fi
if [ "$("$go" env CGO_ENABLED)" != 1 ]; then
    echo "skipped: cgo is off"
    exit 77
fi
exec "$go" "$@"
