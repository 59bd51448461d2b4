#!/usr/bin/env bash
# Every recipe and every task by name, on real data, at a size that a laptop takes: a small BERT is pretrained by masked
# language modelling, then fine-tuned by the papers' recipes. Only lengths and learning rates are overridden.
#
# usage: docs/examples/papers.sh DATA [OUT]
#   DATA  holds cola/{in_domain_train,in_domain_dev,out_of_domain_dev}.tsv, paws/paws_qqp_{train,dev_and_test}.tsv,
#         mnli/mnli_matched_dev_from_hans_repo.tsv, hans/regenerated/hans_like_eval_30000.tsv,
#         vocab/{bert-base-uncased-vocab.txt,roberta-base-vocab.json,roberta-base-merges.txt}
#   OUT   gets the server's data directory and the reports; default: watershed-out/papers
# Interrupted, it goes on where it was when started again.
set -euo pipefail

data=$(realpath "${1:?usage: papers.sh DATA [OUT]}")
out=${2:-watershed-out/papers}
watershed=$(dirname "${BASH_SOURCE[0]}")/../../watershed
mkdir -p "$out/roberta"
out=$(realpath "$out")
export WATERSHED_DATA=$out/server
cp "$data/vocab/roberta-base-vocab.json" "$out/roberta/vocab.json"
cp "$data/vocab/roberta-base-merges.txt" "$out/roberta/merges.txt"

"$watershed" serve --port 0 --threads 2 --data-root "$data" --data-root "$out/roberta" >"$out/serve.log" 2>&1 &
server=$!
trap 'kill "$server"; wait "$server" || true' EXIT
until "$watershed" checkpoints list >/dev/null 2>&1; do
  kill -0 "$server" || { cat "$out/serve.log"; exit 1; }
  sleep 1
done

# The last checkpoints of a sweep, as "checkpoint=name-seed".
last() {
  "$watershed" runs list --name "$1" --json | python3 -c '
import json, sys
for run in json.load(sys.stdin)["trainingRuns"]:
    print(run["checkpoints"][-1]["checkpoint"].split("/")[1] + "=" + sys.argv[1] + "-" + run["seeds"]["dataSeed"])
' "$1"
}

# Trains a sweep and says how long it took and what it scored.
sweep() { # NAME OPTION ...
  local name=$1 started=$SECONDS
  shift
  "$watershed" train --name "$name" --wait "$@"
  echo "--- $name: $((SECONDS - started)) s for"
  echo "    train $*"
  "$watershed" runs list --name "$name" --json | python3 -c '
import json, sys
for run in json.load(sys.stdin)["trainingRuns"]:
    rows = {split["name"]: (split["rowCount"], split["digest"]["sha256"][:12]) for split in run["splits"]}
    for score in [written for written in run["checkpoints"] if "validation" in written][-1:]:
        m = score["validation"]
        seeds = run["seeds"]["headSeed"] + "/" + run["seeds"]["dataSeed"]
        print("    seeds", seeds, "step", score["step"], "loss %.4f" % m["meanLossNats"],
              "accuracy %.4f F1 %.4f MCC %.4f" % tuple(m.get(k, 0) for k in ("accuracy", "f1", "matthewsCorrelation")), rows)
'
}

mnli=task:mnli/validation-matched=mnli/mnli_matched_dev_from_hans_repo.tsv
text=file:mnli/mnli_matched_dev_from_hans_repo.tsv,text=premise,pair=hypothesis,header=true

sweep mlm-bert --recipe mlm --objective mlm --random bert --tokenizer vocab/bert-base-uncased-vocab.txt \
  --layers 2 --hidden-size 128 --heads 2 --intermediate-size 512 --positions 128 --init-seed 1 --seeds 1 \
  --train "$text,subset=0..0.95,subset-seed=1" --validation "$text,subset=0.95..1,subset-seed=1" \
  --max-tokens 64 --batch-size 32 --steps 2000 --lr 1e-3 --warmup-steps 100 --bias-correction --checkpoint-every 500
sweep mlm-roberta --recipe mlm --objective mlm --random roberta --tokenizer "$out/roberta" \
  --layers 2 --hidden-size 128 --heads 2 --intermediate-size 512 --positions 130 --init-seed 1 --seeds 1 \
  --train "$text,subset=0..0.95,subset-seed=1" --validation "$text,subset=0.95..1,subset-seed=1" \
  --max-tokens 64 --batch-size 32 --steps 100 --lr 1e-3 --warmup-steps 10 --bias-correction
base=$(last mlm-bert | cut -d= -f1)

sweep cola --recipe paper-cola --initial "$base" --train task:cola/train --validation task:cola/in-domain-dev \
  --lr 3e-4 --epochs 4 --checkpoint-every 536 --seeds 1..2
sweep mnli --recipe paper-mnli --initial "$base" --lr 1e-4 --epochs 4 --seeds 1..2 \
  --train "$mnli,subset=0..0.8,subset-seed=42" --validation "$mnli,subset=0.8..1,subset-seed=42"
sweep lp-ft --recipe lp-ft --initial "$base" --lr 1e-4 --epochs 4 --seeds 1..2 \
  --train "$mnli,subset=0..0.8,subset-seed=42" --validation "$mnli,subset=0.8..1,subset-seed=42"
sweep report-mnli --recipe report-mnli --initial "$base" --lr 3e-4 --steps 150 --warmup-steps 7 --checkpoint-every 50 \
  --train "$mnli,subset=0..0.08,subset-seed=42" --validation "$mnli,subset=0.08..0.1,subset-seed=42" --seeds 42,43
sweep qqp --recipe paper-qqp --initial "$base" --lr 1e-4 --epochs 2 --checkpoint-at 300,600 --seeds 1..2 \
  --train task:paws-qqp/train --validation task:paws-qqp/dev-and-test --accumulate 2
sweep report-qqp --recipe report-qqp --initial "$base" --lr 3e-4 --steps 75 --warmup-steps 4 --checkpoint-every 25 \
  --train task:paws-qqp/train,subset=0..0.08,subset-seed=42 --precision bf16 \
  --validation task:paws-qqp/train,subset=0.08..0.1,subset-seed=42 --seeds 42,43

# Not HANS: sentences made anew from its templates.
hans=()
for heuristic in lexical-overlap subsequence constituent; do
  for label in entailment non-entailment; do
    hans+=(--diagnostic "task:hans/$heuristic/$label=hans/regenerated/hans_like_eval_30000.tsv,mapping=max,name=$heuristic-$label")
  done
done
mapfile -t models < <(last mnli; last lp-ft)
"$watershed" study create --name mnli --wait --out "$out/mnli" --in-domain "$mnli,subset=0.8..1,subset-seed=42,size=512,seed=1,name=mnli" \
  "${hans[@]}" "${models[@]}"
mapfile -t models < <(last cola)
"$watershed" study create --name cola --wait --out "$out/cola" --in-domain task:cola/in-domain-dev \
  --diagnostic task:cola/out-of-domain-dev "${models[@]}"
"$watershed" dynamics --name report-mnli --protocol nested --out "$out/dynamics" \
  --in-domain "$mnli,subset=0.08..0.1,subset-seed=42,name=validation"
