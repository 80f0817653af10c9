#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a command of cargo on a package; skips where cargo is too old for it, or the crates it needs cannot be had.
#   with_cargo.sh CARGO FOLDER COMMAND [ARGUMENT...]
set -eu
cargo=$1 folder=$2 command=$3
shift 3
cd "$(dirname "$0")"
wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
version=$("$cargo" --version | cut -d ' ' -f 2)
if [ "$(printf '%s\n%s\n' "$wanted" "$version" | sort -V | head -n 1)" != "$wanted" ]; then
    echo "skipped: cargo $version is older than $wanted"
    exit 77
fi
manifest=$folder/Cargo.toml
if ! "$cargo" fetch --quiet --locked --offline --manifest-path "$manifest" 2>/dev/null &&
    ! why=$("$cargo" fetch --quiet --locked --manifest-path "$manifest" 2>&1); then
    echo "skipped: $why"
    exit 77
fi
exec "$cargo" "$command" --locked --offline --manifest-path "$manifest" "$@"
