#!/usr/bin/env bash
# Checks 1 to 5 of docs/gpu.md: whether a device computes what the CPU does, and the same bits twice.
#
# usage: docs/examples/gpu-check.sh DEVICE [--tf32]      DEVICE: cuda:0, or cpu to check the check
set -euo pipefail

device=${1:?usage: gpu-check.sh DEVICE [--tf32]}
shift
watershed=$(dirname "${BASH_SOURCE[0]}")/../../watershed
out=$(mktemp -d)
export WATERSHED_DATA=$out/server
tolerance=1e-5
[ "${1:-}" = --tf32 ] && tolerance=2e-3
server=

stop() {
  [ -z "$server" ] || { kill "$server"; wait "$server" || true; }
  server=
}
trap 'stop; rm -rf "$out"' EXIT

serve() {
  stop
  "$watershed" serve --port 0 "$@" >"$out/serve.log" 2>&1 &
  server=$!
  until "$watershed" checkpoints list >/dev/null 2>&1; do
    kill -0 "$server" 2>/dev/null || { cat "$out/serve.log"; exit 1; }
    sleep 1
  done
}

train() { # NAME STEPS SEEDS [MORE ...]
  local name=$1 steps=$2 seeds=$3
  shift 3
  [[ " $* " == *" --dropout "* ]] || set -- --dropout .1 "$@"
  "$watershed" train --name "$name" --initial miniature-pretrained --train builtin:miniature/train \
    --steps "$steps" --lr 5e-4 --seeds "$seeds" --resume-every 50 --again "$@"
}

last() { # NAME: its runs' last checkpoints
  "$watershed" runs list --name "$1" --json |
    python3 -c 'import json, sys; [print(r["checkpoints"][-1]["checkpoint"].split("/")[1]) for r in json.load(sys.stdin)["trainingRuns"]]'
}

loss() { # NAME: the last training loss
  "$watershed" runs list --name "$1" --json |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["trainingRuns"][0]["progress"]["trainingLossNats"])'
}

digest() { # CHECKPOINT
  "$watershed" checkpoints get "$1" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["digest"]["sha256"])'
}

curve() {
  "$watershed" evaluate "${models[@]}" --sample builtin:miniature/validation,name=validation --json
}

serve --device cpu
train pair 200 1,2 --wait >/dev/null
train cpu 50 3 --dropout 0 --wait >/dev/null
mapfile -t models < <(last pair)
curve >"$out/cpu.json"

serve --device "$device" "$@"
curve >"$out/device.json"
python3 - "$out/cpu.json" "$out/device.json" "$device" "$tolerance" <<'PYTHON'
import json, sys


def values(path):
    decoder, text, found, device = json.JSONDecoder(), open(path).read(), [], None
    while text.strip():
        message, end = decoder.raw_decode(text.lstrip())
        text = text.lstrip()[end:]
        device = message.get("header", {}).get("provenance", {}).get("device", device)
        if "point" in message:
            found.append((message["point"]["metrics"]["meanLossNats"], message["point"]["metrics"]["accuracy"]))
    return device, found


(cpu, a), (device, b) = values(sys.argv[1]), values(sys.argv[2])
assert cpu == "cpu" and device == sys.argv[3], f"computed on {cpu} and {device}"
print(f"1 device: {device}")
worst = max(abs(x[0] - y[0]) for x, y in zip(a, b, strict=True))
assert len(a) > 1 and worst <= float(sys.argv[4]), f"losses differ by {worst}"
accuracy = max(abs(x[1] - y[1]) for x, y in zip(a, b, strict=True))
print(f"2 parity: {len(a)} points, largest difference {worst:.3g} nats, of accuracy {accuracy:.3g}")
PYTHON

# Without dropout, whose random numbers are another generator's on a GPU.
train parity 50 3 --dropout 0 --wait >/dev/null
train device 50 3 --wait >/dev/null
train twice 50 3 --wait >/dev/null
python3 -c 'import sys; a, b = map(float, sys.argv[1:]); d = abs(a - b) / abs(a); print(f"3 training parity: loss {a:.6f} and {b:.6f}, relative difference {d:.3g}"); sys.exit(d > 1e-3)' \
  "$(loss cpu)" "$(loss parity)"

first=$(digest "$(last device)")
second=$(digest "$(last twice)")
[ "$first" = "$second" ] || { echo "4 determinism: FAILED, $first and $second"; exit 1; }
echo "4 determinism: twice ${first:0:16}"

train whole 2000 4 --wait >/dev/null
train stopped 2000 4 >/dev/null
until [ "$("$watershed" runs list --name stopped --json | python3 -c 'import json, sys; print(int(json.load(sys.stdin)["trainingRuns"][0]["progress"].get("step", 0)) > 300)')" = True ]; do
  sleep 0.2
done
serve --device "$device" "$@"
"$watershed" runs watch --name stopped >/dev/null
attempts=$("$watershed" runs list --name stopped --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["trainingRuns"][0]["attemptCount"])')
first=$(digest "$(last whole)")
second=$(digest "$(last stopped)")
[ "$first" = "$second" ] || { echo "5 resume: FAILED, $first and $second"; exit 1; }
echo "5 resume: ${first:0:16} in $attempts attempts"
