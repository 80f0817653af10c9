#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the package into an empty folder as a program would, with what the tests need beside it, and runs the program
# of the README there. Ends with 77 where npm cannot have the packages.
#   node_install.sh NODE NPM SOURCE_DIRECTORY WORK_DIRECTORY       WRN_LIBRARY names the library
set -euo pipefail
node=$1 npm=$2 source=$3 work=$4
package=$source/bindings/node
rm -rf "$work"
mkdir -p "$work"
cd "$work"

export npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false npm_config_fetch_retries=0
export npm_config_prefer_offline=true npm_config_ignore_scripts=true # koffi comes built
"$npm" pack --silent "$package" >packed
# shellcheck disable=SC2046 # one word for each package
if ! "$npm" install "./$(tail -n 1 packed)" $("$node" -p '
    Object.entries(require(process.argv[1]).devDependencies).map(([name, range]) => `${name}@${range}`).join(" ")' \
    "$package/package.json") >npm.log 2>&1; then
    echo "skipped: npm cannot have the packages: $(grep -m 1 -i error npm.log)"
    exit 77
fi

mkdir -p models
cp "$source/models/cifar10.wrn" models/
sed -n '/^```js$/,/^```$/{/^```/d;p}' "$package/README.md" >readme.mjs
grep -q classify readme.mjs
"$node" readme.mjs
