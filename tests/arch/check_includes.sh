#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails on an #include "…" against the one-way dependencies of docs/architecture.md, and prints the line.
#   check_includes.sh SOURCE_DIRECTORY
set -eu
cd "$1"
folders=
for folder in include lib importers trainer tools examples bindings bench tests; do
    if [ -d "$folder" ]; then folders="$folders $folder"; fi
done

# shellcheck disable=SC2086 # the list is to be split
find $folders -name '*.[ch]' -o -name '*.hpp' | LC_ALL=C sort | awk '
BEGIN {
    # layer: the layers it may include besides itself
    may["base"] = ""
    may["graph"] = "base"
    may["kernels"] = "base"
    may["conv"] = "kernels base"
    may["image"] = "base"
    may["plan"] = "graph conv kernels base"
    may["exec"] = "plan conv kernels base"
    may["importers"] = "graph base"
    may["api"] = "base graph kernels conv image plan exec importers"
    may["trainer"] = "graph kernels conv image base"
    may["tools"] = may["examples"] = may["bindings"] = may["include"] = ""
    may["bench"] = "conv kernels base trainer"
    may["tests"] = "base graph kernels conv image plan exec importers api trainer tools generated"
    # System headers that one place alone may use.
    only["cblas.h"] = "lib/kernels/gemm_blas.c"
}
{ files[++count] = $0; exists[$0] = 1 }

function layer_of(path,    part) {
    split(path, part, "/")
    if (part[1] == "lib") return part[3] == "" ? "api" : part[2]
    return part[1]
}

# "a/b/../c" is "a/c"
function normal(path) {
    while (match(path, /[^\/]+\/\.\.\//)) path = substr(path, 1, RSTART - 1) substr(path, RSTART + RLENGTH)
    return path
}

function folder_of(path) { sub(/[^\/]*$/, "", path); return path }

# The file that the compiler finds, by the include paths of lib/CMakeLists.txt and tests/CMakeLists.txt.
function resolve(from, name,    path) {
    path = normal(folder_of(from) name); if (path in exists) return path
    path = "include/" name; if (path in exists) return path
    path = "lib/" name; if (path in exists) return path
    path = "importers/" name; if (path in exists) return path
    path = "trainer/" name; if (from ~ /^(trainer|bench|tests)\// && path in exists) return path
    path = "tests/support/" name; if (path in exists) return path
    path = "tools/" name; if (from ~ /^tests\// && path in exists) return path
    return ""
}

function complain(path, line, text, why) {
    printf "%s:%d: %s  (%s)\n", path, line, text, why
    bad = 1
}

function check(path, line, text, name,    to, from, target) {
    from = layer_of(path)
    if (!(from in may)) { complain(path, line, text, "\"" from "\" is no layer of docs/architecture.md"); return }
    if (name ~ /\.pb-c\.h$/) {
        if (path !~ /^importers\/onnx\// && from != "tests") complain(path, line, text, "generated code is for importers/onnx")
        return
    }
    target = resolve(path, name)
    if (target == "") { complain(path, line, text, "not found"); return }
    to = layer_of(target)
    if (to != from && to != "include" && index(" " may[from] " ", " " to " ") == 0)
        complain(path, line, text, from " must not include " to)
}

END {
    for (i = 1; i <= count; i++) {
        path = files[i]; line = 0
        while ((getline text < path) > 0) {
            line++
            if (text !~ /^[ \t]*#[ \t]*include/) continue
            if (match(text, /"[^"]+"/)) {
                arrows++
                check(path, line, text, substr(text, RSTART + 1, RLENGTH - 2))
            } else if (match(text, /<[^>]+>/)) {
                name = substr(text, RSTART + 1, RLENGTH - 2)
                if (name in only && path != only[name]) complain(path, line, text, "for " only[name] " alone")
                if (name ~ /^protobuf-c/ && path !~ /^importers\/onnx\//) complain(path, line, text, "for importers/onnx alone")
            }
        }
        close(path)
    }
    if (arrows == 0) { print "no #include found: is this the source directory?"; bad = 1 }
    exit bad
}'
