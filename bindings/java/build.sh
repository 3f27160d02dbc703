#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Build the Maven artifact without Maven, with a JDK and JNA as Debian has them (openjdk-17-jdk-headless, libjna-java):
# libllm-VERSION.jar, its sources and its pom.xml, as `mvn install:install-file` takes them.
#
# usage: build.sh FOLDER        (JNA names another jna.jar)
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$1" && folder=$(cd "$1" && pwd)
version=$(sed -n 's|^  <version>\(.*\)</version>|\1|p' "$here/pom.xml")
name=$folder/libllm-$version
classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT

javac --release 17 -encoding UTF-8 -Xlint:all -Xdoclint:all/protected -Werror -cp "${JNA:-/usr/share/java/jna.jar}" \
    -d "$classes" "$here"/src/main/java/io/github/libllm/*.java
printf 'Automatic-Module-Name: io.github.libllm\n' >"$classes/manifest"
jar --create --file "$name.jar" --manifest "$classes/manifest" -C "$classes" io
jar --create --file "$name-sources.jar" -C "$here/src/main/java" io
cp "$here/pom.xml" "$name.pom"
