#!/usr/bin/env bash
# BERT and RoBERTa of base size with random weights: two training steps of 32 sentences, the checkpoint read back, one
# evaluation of 64 sentences, and what each took.
#
# usage: docs/examples/base-size.sh DATA [fp32|bf16] [ACCUMULATION]
#   DATA  holds cola/in_domain_train.tsv and vocab/{bert-base-uncased-vocab.txt,roberta-base-vocab.json,roberta-base-merges.txt}
set -euo pipefail

data=$(realpath "${1:?usage: base-size.sh DATA [fp32|bf16] [ACCUMULATION]}")
precision=${2:-fp32}
parts=${3:-1}
watershed=$(dirname "${BASH_SOURCE[0]}")/../../watershed
"$watershed" --version
out=$(mktemp -d)
server=
stop() {
  [ -z "$server" ] || { kill "$server"; wait "$server" || true; }
  server=
}
trap 'stop; rm -rf "$out"' EXIT
mkdir "$out/roberta"
cp "$data/vocab/roberta-base-vocab.json" "$out/roberta/vocab.json"
cp "$data/vocab/roberta-base-merges.txt" "$out/roberta/merges.txt"

peak() {
  awk '/VmHWM/ { printf "%d MiB", $2 / 1024 }' "/proc/$server/status"
}

for family in bert roberta; do
  export WATERSHED_DATA=$out/$family-server
  "$watershed" serve --port 0 --data-root "$data" --data-root "$out" >"$out/serve.log" 2>&1 &
  server=$!
  until "$watershed" checkpoints list >/dev/null 2>&1; do
    kill -0 "$server" || { cat "$out/serve.log"; exit 1; }
    sleep 1
  done
  tokenizer=$data/vocab/bert-base-uncased-vocab.txt
  [ "$family" = bert ] || tokenizer=$out/roberta
  echo "$family: $(peak) before"
  "$watershed" train --name base --random "$family" --tokenizer "$tokenizer" --layers 12 --hidden-size 768 --heads 12 \
    --positions 512 --init-seed 1 --seeds 1 --train task:cola/train --lr 2e-5 --steps 2 --dropout .1 --precision "$precision" \
    --accumulate "$parts" --wait 2>/dev/null
  "$watershed" runs list --name base --json | python3 -c '
import json, sys
run = json.load(sys.stdin)["trainingRuns"][0]
print("  %.1f examples a second, loss %.4f, %s, in all" % (run["progress"]["examplesPerSecond"], run["progress"]["trainingLossNats"], run["provenance"]["precision"]),
      run["startTime"][11:19], "to", run["endTime"][11:19])'
  echo "  trained: $(peak) at most"
  checkpoint=$("$watershed" runs list --name base --json |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["trainingRuns"][0]["checkpoints"][-1]["checkpoint"].split("/")[1])')
  "$watershed" checkpoints show "$checkpoint" | head -3
  started=$(date +%s%N)
  "$watershed" evaluate "$checkpoint" --combination 1 --sample task:cola/train,size=64,seed=1
  echo "  evaluated 64 sentences in $((($(date +%s%N) - started) / 1000000)) ms, command and reading of weights included; $(peak) at most"
  stop
done
