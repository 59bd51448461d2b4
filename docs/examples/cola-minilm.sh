#!/usr/bin/env bash
# Sixteen fine-tunes of a real pretrained encoder on CoLA, and what can be said of their basins.
#
# usage: docs/examples/cola-minilm.sh MODEL DATA [OUT]
#   MODEL  a Hugging Face directory: config.json, model.safetensors, tokenizer.json (all-MiniLM-L6-v2 in the document)
#   DATA   holds cola/{in_domain_train,in_domain_dev,out_of_domain_dev}.tsv
#   OUT    gets the data directory of the server and the report; default: watershed-out/cola-minilm
#
# Interrupted, it goes on where it was when started again.
set -euo pipefail

model=$(realpath "${1:?usage: cola-minilm.sh MODEL DATA [OUT]}")
data=$(realpath "${2:?usage: cola-minilm.sh MODEL DATA [OUT]}")
out=${3:-watershed-out/cola-minilm}
watershed=$(dirname "${BASH_SOURCE[0]}")/../../watershed
export WATERSHED_DATA=$out/server
mkdir -p "$out"

"$watershed" serve --port 0 --threads 2 --data-root "$data" --data-root "$(dirname "$model")" >"$out/serve.log" 2>&1 &
server=$!
trap 'kill "$server"; wait "$server" || true' EXIT
until "$watershed" checkpoints list >/dev/null 2>&1; do
  kill -0 "$server" || { cat "$out/serve.log"; exit 1; }
  sleep 1
done

"$watershed" checkpoints show minilm >/dev/null 2>&1 || "$watershed" checkpoints register "$model" minilm

columns=text=3,label=1,header=false,label_names='unacceptable|acceptable'
"$watershed" train --name cola --wait --initial minilm \
  --train "file:cola/in_domain_train.tsv,$columns" --validation "file:cola/in_domain_dev.tsv,$columns" \
  --epochs 3 --batch-size 32 --lr 1e-4 --warmup-fraction .1 --weight-decay .01 --dropout .1 --seeds 1..16

mapfile -t models < <("$watershed" runs list --json | python3 -c '
import json, sys
for run in sorted(json.load(sys.stdin)["trainingRuns"], key=lambda run: int(run["seeds"]["dataSeed"])):
    print(run["checkpoints"][-1]["checkpoint"].split("/")[1] + "=seed-" + run["seeds"]["dataSeed"])
')
"$watershed" study create --name cola --wait --out "$out/report" --protocol paper \
  --in-domain "file:cola/in_domain_dev.tsv,$columns,name=in-domain" \
  --diagnostic "file:cola/in_domain_dev.tsv,$columns,name=in-domain-mcc,score=mcc" \
  --diagnostic "file:cola/out_of_domain_dev.tsv,$columns,name=out-of-domain-mcc,score=mcc" \
  "${models[@]}"
