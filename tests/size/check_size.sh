#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The stripped library is no larger than LIMIT bytes.
#   check_size.sh STRIP LIBRARY LIMIT
set -eu
stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
"$1" -o "$stripped" "$2"
size=$(wc -c <"$stripped")
echo "$2: $size bytes stripped, at most $3"
[ "$size" -le "$3" ]
