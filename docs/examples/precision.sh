#!/usr/bin/env bash
# What bfloat16 inference does to losses, barrier heights and convexity gaps: the same models studied in both precisions,
# once eight fine-tunes of the miniature, once three of BERT-base's size that learned to find two words among others, 5 %
# of the labels wrong. Also: how far the same seeds trained in bf16 come to lie. Takes about ten minutes on two cores.
#
# usage: docs/examples/precision.sh [OUT]
#   OUT  gets the server's data directory and the reports; default: watershed-out/precision
set -euo pipefail

out=${1:-watershed-out/precision}
watershed=$(dirname "${BASH_SOURCE[0]}")/../../watershed
mkdir -p "$out/files"
out=$(realpath "$out")
export WATERSHED_DATA=$out/server

python3 - "$(dirname "${BASH_SOURCE[0]}")/../../libraries/classifier/src/main/resources/dev/watershed/classifier/text/miniature-vocab.txt" "$out/files" <<'PYTHON'
import random
import sys

words = [word for word in open(sys.argv[1]).read().split() if word.isalpha()]
marked, plain = words[::20], [word for word in words if word not in words[::20]]
random = random.Random(1)
for name, count in (("train", 6400), ("validation", 512)):
    with open(f"{sys.argv[2]}/{name}.tsv", "w") as file:
        file.write("text\tlabel\n")
        for _ in range(count):
            sentence = [random.choice(plain) for _ in range(random.randint(6, 14))]
            label = random.randrange(2)
            if label:
                sentence[random.randrange(len(sentence))] = random.choice(marked)
            if random.random() < 0.05:
                label = 1 - label
            file.write(" ".join(sentence) + "\t" + ("plain", "marked")[label] + "\n")
PYTHON

"$watershed" serve --port 0 --data-root "$out/files" >"$out/serve.log" 2>&1 &
server=$!
trap 'kill "$server"; wait "$server" || true' EXIT
until "$watershed" checkpoints list >/dev/null 2>&1; do
  kill -0 "$server" || { cat "$out/serve.log"; exit 1; }
  sleep 1
done

models() {
  "$watershed" runs list --name "$1" --json | python3 -c '
import json, sys
print(*[run["checkpoints"][-1]["checkpoint"].split("/")[1] for run in json.load(sys.stdin)["trainingRuns"]])'
}

# Studies a sweep's models in both precisions and compares.
compare() { # NAME DATA
  local name=$1 checkpoints
  read -ra checkpoints <<<"$(models "$name")"
  for precision in fp32 bf16; do
    options=()
    [ "$precision" = fp32 ] || options=(--bf16 --allow-slow-precision)
    "$watershed" study create --name "$name-$precision" --wait --in-domain "$2" --out "$out/$name-$precision" \
      "${options[@]}" "${checkpoints[@]}" >/dev/null 2>&1
  done
  python3 - "$name" "$out/$name-fp32/report.json" "$out/$name-bf16/report.json" <<'PYTHON'
import json
import statistics
import sys

name, exact, rounded = sys.argv[1], json.load(open(sys.argv[2])), json.load(open(sys.argv[3]))
pairs = list(zip(exact["pairs"], rounded["pairs"]))
print(f"{name}: {len(exact['models'])} models, {len(pairs)} pairs, {exact['elapsedSeconds']:.0f} s in fp32, {rounded['elapsedSeconds']:.0f} s in bf16")
def row(what, values):
    fp32 = [a for a, _ in values]
    change = [b - a for a, b in values]
    print("  %-22s %9.5f to %9.5f   changed by %+.1e to %+.1e, median of sizes %.1e"
          % (what, min(fp32), max(fp32), min(change), max(change), statistics.median(map(abs, change))))
row("loss of a point", [p for a, b in pairs for p in zip(a["curve"]["lossesNats"], b["curve"]["lossesNats"])])
row("accuracy of a point", [p for a, b in pairs for p in zip(a["accuracies"], b["accuracies"])])
for metric in ("barrierHeightNats", "convexityGapNats"):
    row(metric, [(a["metrics"].get(metric, 0), b["metrics"].get(metric, 0)) for a, b in pairs])
same = exact["clustering"]["assignments"] == rounded["clustering"]["assignments"]
print("  clusters:", "the same" if same else "others")
PYTHON
}

for precision in fp32 bf16; do
  "$watershed" train --name "miniature-$precision" --initial miniature-pretrained --train builtin:miniature/train --lr 5e-4 \
    --steps 600 --dropout 0 --bias-correction --precision "$precision" --seeds 1..8 --wait >/dev/null 2>&1
done
compare miniature-fp32 builtin:miniature/validation,size=512,seed=1

read -ra checkpoints <<<"$(models miniature-fp32) $(models miniature-bf16)"
"$watershed" study create --name trained --wait --in-domain builtin:miniature/validation,size=512,seed=1 --out "$out/trained" \
  "${checkpoints[@]}" >/dev/null 2>&1
python3 - "$out/trained/report.json" <<'PYTHON'
import json
import statistics
import sys

gaps = {True: [], False: []}
for pair in json.load(open(sys.argv[1]))["pairs"]:
    a, b = pair["modelA"], pair["modelB"]
    if (a < 8) != (b < 8):
        gaps[abs(a - b) == 8].append(pair["metrics"].get("convexityGapNats", 0))
print("trained in fp32 against trained in bf16, convexity gap in fp32")
for same, what in ((True, "same seed"), (False, "other seeds")):
    print("  %-12s %2d pairs: %.4f to %.4f, median %.4f" % (what, len(gaps[same]), min(gaps[same]), max(gaps[same]), statistics.median(gaps[same])))
PYTHON

# Two begin with the same weights, one with others: without a pretrained model in common, there is a barrier.
for start in "1 1..2" "2 3"; do
  "$watershed" train --name base --random bert --tokenizer builtin:miniature --layers 12 --hidden-size 768 --heads 12 \
    --positions 64 --init-seed "${start% *}" --seeds "${start#* }" --train file:train.tsv,text=text,label=label --lr 1e-4 \
    --steps 100 --warmup-steps 20 --bias-correction --wait >/dev/null 2>&1
done
compare base file:validation.tsv,text=text,label=label
