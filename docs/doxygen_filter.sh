#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The headers' plain comments as Doxygen wants them: /** before a declaration, /**< behind a member. The first long one is
# about the file; a function on the line after another one shares that one's comment.
awk '/^\/\*$/ && !about { about = 1; print "/** @file"; next }
     /^ *\/\* (-----|SPDX)/ { print; next }
     /^WRN_API/ && ended { print "/** @copydoc " name " */" }
     /^WRN_API/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
     { ended = name != "" && /;( \/\*.*\*\/)?$/ }
     /^ *\/\*/ { sub(/\/\*/, "/**") }
     /[^ \/*].*\/\* / { sub(/\/\* /, "/**< ") }
     { print }
     /^$/ { name = "" }' "$1"
