#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The house rules that a machine can check: SPDX line first, at most 400 lines, unique file names, and in the library
# no call that prints, ends the process or changes what belongs to the host.
#   check_sources.sh SOURCE_DIRECTORY
set -eu
cd "$1"
status=0
fail() {
    echo "$*"
    status=1
}

list=$(find . -name .git -prune -o -name 'build*' -type d -prune -o -name node_modules -prune -o -type f \( -name '*.[chS]' -o -name '*.hpp' -o -name '*.cpp' \
    -o -name '*.py' -o -name '*.js' -o -name '*.ts' -o -name '*.sh' -o -name '*.cmake' -o -name '*.in' -o -name '*.proto' -o -name '*.map' -o -name CMakeLists.txt \) -print |
    LC_ALL=C sort)
[ "$list" ] || fail "no source files found"

for file in $list; do
    # A script may open with its interpreter.
    if ! sed -n '1,2p' "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0'; then fail "$file:1: no SPDX line"; fi
    case $file in
    ./include/*) ;; # the public header is one manual, however long
    *.[ch] | *.hpp | *.cpp | *.py | *.js | *.ts | *.sh | *.cmake)
        lines=$(wc -l <"$file")
        if [ "$lines" -gt 400 ]; then fail "$file: $lines lines, 400 are allowed"; fi
        ;;
    esac
done

twice=$(echo "$list" | grep -v CMakeLists.txt | sed 's|.*/||' | sort | uniq -d)
for name in $twice; do fail "more than one file is called $name"; done

# shellcheck disable=SC2086 # the list is to be split
calls=$(for file in $(echo "$list" | grep -E '^\./(lib|importers|trainer)/.*\.[ch]$'); do
    awk -v file="$file" '
    {
        text = $0
        gsub(/\\./, "", text); gsub(/"[^"]*"/, "\"\"", text) # no strings
        if (comment) { if (sub(/^.*\*\//, "", text)) comment = 0; else next }
        gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, "", text); sub(/\/\/.*/, "", text)
        if (sub(/\/\*.*/, "", text)) comment = 1
        if (text ~ /(^|[^A-Za-z0-9_])(v?f?printf|puts|fputs|putc|fputc|putchar|perror|abort|_?exit|_Exit|quick_exit|atexit|assert|setlocale|signal|sigaction|fesetround|fesetenv|feenableexcept|alloca|system|popen)[ \t]*\(/)
            printf "%s:%d: not in the library: %s\n", file, FNR, $0
    }' "$file"
done)
if [ "$calls" ]; then fail "$calls"; fi

# shellcheck disable=SC2046 # the list is to be split
if grep -rnE '^[ \t]*#[ \t]*if[ \t]+0' $(ls -d lib importers trainer tools examples tests include 2>/dev/null) --include='*.[ch]'; then fail "#if 0 is dead code"; fi
exit $status
