#!/usr/bin/env bash
# From nothing to basins on real text: pretrains a small BERT with the real uncased vocabulary by masked language
# modelling on the sentences of MNLI, fine-tunes four seeds on CoLA, and studies them in domain and out of domain.
#
# usage: docs/examples/cola.sh DATA [OUT]
#   DATA  holds cola/{in_domain_train,in_domain_dev,out_of_domain_dev}.tsv, vocab/bert-base-uncased-vocab.txt and
#         mnli/mnli_matched_dev_from_hans_repo.tsv
#   OUT   gets the data directory of the server and the report; default: watershed-out/cola
set -euo pipefail

data=$(realpath "${1:?usage: cola.sh DATA [OUT]}")
out=${2:-watershed-out/cola}
watershed=$(dirname "${BASH_SOURCE[0]}")/../../watershed
export WATERSHED_DATA=$out/server
mkdir -p "$out"

"$watershed" serve --port 0 --threads 2 --data-root "$data" >"$out/serve.log" 2>&1 &
server=$!
trap 'kill "$server"; wait "$server" || true' EXIT
until "$watershed" checkpoints list >/dev/null 2>&1; do
  kill -0 "$server" || { cat "$out/serve.log"; exit 1; }
  sleep 1
done

# The last checkpoint of the runs with a name, as "checkpoint=seed-N" where a label is asked for.
checkpoints() {
  "$watershed" runs list --json | python3 -c '
import json, sys
for run in json.load(sys.stdin)["trainingRuns"]:
    if run["spec"]["displayName"] == sys.argv[1]:
        last = run["checkpoints"][-1]["checkpoint"].split("/")[1]
        print(last + ("=seed-" + run["seeds"]["dataSeed"] if sys.argv[2:] else ""))
' "$@"
}

if [ -z "$(checkpoints pretraining)" ]; then
  "$watershed" train --name pretraining --objective mlm --wait \
    --random bert --tokenizer vocab/bert-base-uncased-vocab.txt \
    --layers 2 --hidden-size 128 --heads 2 --intermediate-size 512 --positions 128 \
    --init-seed 1 --head-seed 1 --data-seed 1 \
    --train file:mnli/mnli_matched_dev_from_hans_repo.tsv,text=premise,pair=hypothesis,header=true \
    --max-tokens 64 --batch-size 32 --steps 2000 --lr 1e-3 --warmup-steps 100 --weight-decay .01 --dropout .1
fi

"$watershed" train --name cola --wait --initial "$(checkpoints pretraining)" \
  --train file:cola/in_domain_train.tsv,text=3,label=1,header=false,label_names='unacceptable|acceptable' \
  --validation file:cola/in_domain_dev.tsv,text=3,label=1,header=false,label_names='unacceptable|acceptable' \
  --epochs 6 --batch-size 32 --lr 3e-4 --warmup-fraction .1 --weight-decay .01 --dropout .1 --seeds 1..4 \
  --request-id cola-seeds-1-4

mapfile -t models < <(checkpoints cola label)
"$watershed" study create --name cola --wait --out "$out/report" --protocol paper \
  --in-domain file:cola/in_domain_dev.tsv,text=3,label=1,header=false,label_names='unacceptable|acceptable',name=in-domain \
  --diagnostic file:cola/in_domain_dev.tsv,text=3,label=1,header=false,label_names='unacceptable|acceptable',name=in-domain-mcc,score=mcc \
  --diagnostic file:cola/out_of_domain_dev.tsv,text=3,label=1,header=false,label_names='unacceptable|acceptable',name=out-of-domain,score=mcc \
  "${models[@]}"
