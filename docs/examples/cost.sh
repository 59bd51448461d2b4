#!/usr/bin/env bash
# What studies cost in evaluations, counted by the studies themselves: 20 fine-tunes of the miniature at 11 alphas, the same
# again, and with one more; then adaptive alphas against 101 points. Takes about five minutes on two cores.
#
# usage: docs/examples/cost.sh [OUT]
#   OUT  gets the server's data directory and the reports; default: watershed-out/cost
set -euo pipefail

out=${1:-watershed-out/cost}
watershed=$(dirname "${BASH_SOURCE[0]}")/../../watershed
mkdir -p "$out"
out=$(realpath "$out")
export WATERSHED_DATA=$out/server

"$watershed" serve --port 0 >"$out/serve.log" 2>&1 &
server=$!
trap 'kill "$server"; wait "$server" || true' EXIT
until "$watershed" checkpoints list >/dev/null 2>&1; do
  kill -0 "$server" || { cat "$out/serve.log"; exit 1; }
  sleep 1
done

"$watershed" train --name cost --initial miniature-pretrained --train builtin:miniature/train --lr 5e-4 --steps 600 \
  --dropout 0 --bias-correction --seeds 1..21 --wait >/dev/null 2>&1
read -ra models <<<"$("$watershed" runs list --name cost --json | python3 -c '
import json, sys
print(*[run["checkpoints"][-1]["checkpoint"].split("/")[1] for run in json.load(sys.stdin)["trainingRuns"]])')"

study() { # WHAT OPTION-OR-MODEL ...
  local what=$1
  shift
  "$watershed" study create --wait --in-domain builtin:miniature/validation,size=512,seed=1 --out "$out/$what" "$@" >"$out/study.txt" 2>/dev/null
  echo "$what: $(grep ' evaluations' "$out/study.txt")"
}

study "20 models, 11 alphas" "${models[@]:0:20}"
study "the same again" "${models[@]:0:20}"
study "with one more" "${models[@]}"
study "6 models, 101 alphas" --alphas 101 "${models[@]:0:6}"
study "6 models, adaptive" --alphas adaptive --tolerance .005 "${models[@]:0:6}"
python3 - "$out/6 models, 101 alphas/report.json" "$out/6 models, adaptive/report.json" <<'PYTHON'
import json
import sys

fine, adaptive = ([pair["metrics"].get("convexityGapNats", 0) for pair in json.load(open(path))["pairs"]] for path in sys.argv[1:])
changes = [b - a for a, b in zip(fine, adaptive)]
print("adaptive convexity gaps less those of 101 points, %d pairs: %+.4f to %+.4f nats; the gaps are %.3f to %.3f"
      % (len(fine), min(changes), max(changes), min(fine), max(fine)))
PYTHON
