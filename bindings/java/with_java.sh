#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles the binding, its tests and its example, and runs a class of them; skips where the JDK is older than 17, or JNA and
# JUnit cannot be had: from Debian's packages (libjna-java, junit4), else by Maven.
#   with_java.sh JAVAC BUILD_FOLDER CLASS [ARGUMENT...]
set -eu
javac=$1 build=$2
shift 2
mkdir -p "$build"
cd "$(dirname "$0")"
java=$(dirname "$javac")/java

version=$("$javac" -version 2>&1 | sed 's/^javac \([0-9]*\).*/\1/')
if [ "$version" -lt 17 ]; then
    echo "skipped: javac $version is older than 17"
    exit 77
fi
debian=/usr/share/java
if [ -e $debian/jna.jar ] && [ -e $debian/junit4.jar ] && [ -e $debian/hamcrest.jar ]; then
    path=$debian/jna.jar:$debian/junit4.jar:$debian/hamcrest.jar
else
    if [ ! -d "$build/jars" ] && ! mvn -q -B -f pom.xml dependency:copy-dependencies -DoutputDirectory="$build/new" >"$build/maven.log" 2>&1; then
        echo "skipped: neither the packages libjna-java and junit4 nor Maven's are here; Maven said:"
        cat "$build/maven.log"
        exit 77
    fi
    [ -d "$build/jars" ] || mv "$build/new" "$build/jars"
    path=$build/jars/*
fi

rm -rf "$build/classes"
"$javac" --release 17 -encoding UTF-8 -Xlint:all -Xdoclint:all,-missing -Werror -cp "$path" -d "$build/classes" \
    src/main/java/wrn/*.java src/test/java/wrn/*.java examples/*.java
exec "$java" -cp "$build/classes:$path" -Djava.awt.headless=true -Djna.boot.library.path="/usr/lib/jni:$(echo /usr/lib/*/jni | tr ' ' :)" "$@"
