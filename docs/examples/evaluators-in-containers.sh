#!/usr/bin/env bash
# How much faster a study is on two evaluators than on one, in containers that have a share of a
# processor each, so that one machine does not stand in the way: seconds of the same study on 1 and on
# 2, three times in turn, and the ratio of their medians. Needs Docker, images by deploy/images/build.sh,
# and what './mvnw package' makes. Writes into the folder DIR.
# Usage: evaluators-in-containers.sh DIR [TAG] [PROCESSORS]
set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
tag=${2:-test}
processors=${3:-0.4}
mkdir -p "$1"
cd "$1"
watershed() { WATERSHED_NO_BUILD=1 "$project/watershed" "$@"; }

[ -d models ] || watershed quickstart --seeds 8 --steps 20 --data models --out quickstart >/dev/null
mapfile -t checkpoints < <(find models/checkpoints -maxdepth 1 -name '*-step-20' -printf '%f\n' | sort)

network=watershed-throughput-$$
remove() { docker ps -aq --filter "network=$network" | xargs -r docker rm -f >/dev/null; }
trap 'remove; docker network rm "$network" >/dev/null' EXIT
docker network create "$network" >/dev/null

# Waits until a container serves.
await() {
  until docker logs "$1" 2>&1 | grep -q ' listens on '; do sleep 0.2; done
}

# Prints the seconds of a study on so many evaluators.
study() {
  local count=$1 i port
  for ((i = 0; i < count; i++)); do
    docker run -d --name "$network-eval-$i" --network "$network" --network-alias eval --memory 1g \
      -e WATERSHED_SERVER_ALLOW_PLAINTEXT=true -v "$PWD/models/checkpoints:/data/checkpoints:ro" \
      "watershed/eval:$tag" >/dev/null
    await "$network-eval-$i"
    docker update --cpus "$processors" "$network-eval-$i" >/dev/null
  done
  docker run -d --name "$network-analysis" --network "$network" -p 127.0.0.1::8981 \
    -e WATERSHED_SERVER_ALLOW_PLAINTEXT=true -e WATERSHED_ANALYSIS_EVALUATOR_ADDRESS=dns:///eval:8980 \
    "watershed/analysis:$tag" >/dev/null
  await "$network-analysis"
  port=$(docker port "$network-analysis" 8981 | head -n 1)
  watershed study create "${checkpoints[@]}" --in-domain builtin:miniature/validation,size=512,seed=1 \
    --intervals 30 --wait --out "study-$count" --address "analysis=$port" >/dev/null 2>study.log ||
    { cat study.log >&2; exit 1; }
  sed -n 's/.*"elapsedSeconds": \([0-9.]*\).*/\1/p' "study-$count/report.json" | head -n 1
  remove
}

rm -f seconds
for round in 1 2 3; do
  for count in 1 2; do
    study "$count" >measured
    printf '%d evaluator(s), round %d: %.1f s\n' "$count" "$round" "$(cat measured)" >&2
    printf '%d %s\n' "$count" "$(cat measured)" >>seconds
  done
done
sort -k 1,1n -k 2,2n seconds | awk '
  { s[$1, ++n[$1]] = $2 }
  END {
    printf "median: %.1f s on one, %.1f s on two: %.2f times as fast\n", s[1, 2], s[2, 2], s[1, 2] / s[2, 2]
  }'
