#!/usr/bin/env bash
# The trainer, the evaluator and the analysis as three processes over one store of checkpoints, in the
# folder DIR, until Ctrl-C. Needs what './mvnw package' makes, and a JDK 25 in JAVA_HOME or on the PATH.
# Usage: three-processes.sh DIR
set -euo pipefail

deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../deploy" && pwd -P)
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
mkdir -p "$1"
cd "$1"

# Starts the process of a module with more in its environment.
start() {
  local name=$1 jar
  shift
  jar=$(find "$deploy/$name/target" -maxdepth 1 -name "watershed-$name-*.jar" | head -n 1)
  env "$@" "$java" --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
    -cp "$jar:$(cat "$deploy/$name/target/classpath")" "dev.watershed.$name.Main" &
}

trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
start trainer "WATERSHED_CHECKPOINTS_ROOT=$PWD/checkpoints"
start eval "WATERSHED_CHECKPOINTS_ROOT=$PWD/checkpoints"
start analysis WATERSHED_ANALYSIS_EVALUATOR_ADDRESS=127.0.0.1:8980
wait
