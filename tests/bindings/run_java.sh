#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The Java runner of the scenario, which is compiled first; README.md beside this file describes what it reads and
# writes. With `test`, the package's own tests, its documentation and its examples.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/tests/bindings/skip.sh"
jna=/usr/share/java/jna.jar
build=$root/build/bindings/java-${1:-scenario}
classes=$build/classes

javac -version 2>&1 | awk '{exit !(int($2) >= 17)}' || skip "${1:-}" 'there is no Java from 17 on (openjdk-17-jdk-headless)'
[ -f "$jna" ] || skip "${1:-}" 'there is no JNA (libjna-java)'
rm -rf "$build" && mkdir -p "$classes"

compile() { # CLASSPATH SOURCE...
    javac --release 17 -encoding UTF-8 -Xlint:all -Werror -cp "$1:$jna" -d "$classes" "${@:2}" >&2
}

if [ "${1:-}" = test ]; then
    "$root/bindings/java/build.sh" "$build" || exit
    libllm=$(echo "$build"/libllm-*[0-9].jar)
    version=$(sed -n 's/.* VERSION = "\(.*\)";/\1/p' "$root/bindings/java/src/main/java/io/github/libllm/Ffi.java")
    [ "$(basename "$libllm")" = "libllm-$version.jar" ] || { echo "pom.xml is not of the version $version" && exit 1; }
    cd "$root/bindings/java" &&
        compile "$libllm" src/test/java/io/github/libllm/Tests.java &&
        java -cp "$classes:$libllm:$jna" io.github.libllm.Tests &&
        java -cp "$libllm:$jna" examples/Estimate.java &&
        echo 'It is sunny.' | java -cp "$libllm:$jna" examples/Chat.java "$root/tests/data/chat/scripted.gguf" &&
        python3 "$root/tests/bindings/programs.py" classify java -cp "$libllm:$jna" examples/Classify.java
    exit
fi
# Memory is watched: what the machine compiles, and keeps for later, would grow for some time.
export MALLOC_ARENA_MAX=1
compile "$classes" "$root"/bindings/java/src/main/java/io/github/libllm/*.java "$root/tests/bindings/RunJava.java" || exit
cd "$root" && exec java -Xint -XX:+UseSerialGC -Xms48m -Xmx48m -Xmn16m -XX:+AlwaysPreTouch -cp "$classes:$jna" \
    io.github.libllm.RunJava
