#!/bin/sh
# The gate of the Java code: format, compiler warnings as errors, and unit tests. Needs Java 17 and Maven.
#
# `./check.sh format` formats.
set -eu
cd "$(dirname "$0")"

formatter=.build/google-java-format-1.28.0-all-deps.jar
if [ ! -f "$formatter" ]; then
  mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy -DoutputDirectory=.build \
    -Dartifact=com.google.googlejavaformat:google-java-format:1.28.0:jar:all-deps
fi
format() {
  # The formatter reads the compiler's own trees. Generated code stays as it was made.
  find library/src scenario/src ../../examples/shopping-cart/billing/src -name '*.java' \
    -not -path '*/java/samspel/*' -not -path '*/billing/v1/*' -not -path '*/cart/v1/*' -not -path '*/shipping/v1/*' |
    xargs java \
      --add-exports jdk.compiler/com.sun.tools.javac.api=ALL-UNNAMED \
      --add-exports jdk.compiler/com.sun.tools.javac.code=ALL-UNNAMED \
      --add-exports jdk.compiler/com.sun.tools.javac.file=ALL-UNNAMED \
      --add-exports jdk.compiler/com.sun.tools.javac.parser=ALL-UNNAMED \
      --add-exports jdk.compiler/com.sun.tools.javac.tree=ALL-UNNAMED \
      --add-exports jdk.compiler/com.sun.tools.javac.util=ALL-UNNAMED \
      -jar "$formatter" "$@"
}

if [ "${1:-}" = format ]; then
  format --replace
  exit
fi
format --dry-run --set-exit-if-changed
mvn -B -ntp -Dsamspel.target=target-check package
