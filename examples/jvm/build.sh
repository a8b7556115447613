#!/bin/sh
# build.sh JAR: makes the jar to deploy. A build of your own (Maven, Gradle, sbt) does as well, as long as the jar has
# all that the function needs; `io.kubeless.Event` and `io.kubeless.Context` are there already.
set -eu
jar=$1
here=$(cd "$(dirname "$0")" && pwd)
params=${KUBELESS_PARAMS:-$here/../../services/kubeless/runtimes/java/params}
classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT
javac --release 8 -nowarn -Xlint:-options -encoding UTF-8 -d "$classes" -sourcepath "$params" "$here"/src/io/ino/*.java
rm -rf "$classes/io/kubeless"
jar cf "$jar" -C "$classes" .
