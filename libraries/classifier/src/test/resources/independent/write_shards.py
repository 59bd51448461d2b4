"""Writes tensors as shards of several types, by nothing but the format.

Arguments: the directory, then name and shape of each tensor, such as a.weight 2x3. Prints name,
type and SHA-256 of what each tensor is as little-endian fp32.
"""
import hashlib
import json
import os
import struct
import sys

directory = sys.argv[1]
tensors = list(zip(sys.argv[2::2], sys.argv[3::2]))
state = 12345


def draw():
    """A number that fp16 and bf16 hold exactly: at most eight significant bits."""
    global state
    state = (state * 1103515245 + 12345) % 2**31
    return (state // 65536 % 255 - 127) / 2.0 ** (7 + state // 2**25 % 5)


def encode(kind, value):
    if kind == "F32":
        return struct.pack("<f", value + 2.0**-20)  # more bits than half precision has
    if kind == "F16":
        return struct.pack("<e", value)
    return struct.pack("<f", value)[2:]


shards = 3
entries = [{} for _ in range(shards)]
data = [b"" for _ in range(shards)]
names = ["model-%05d-of-%05d.safetensors" % (i + 1, shards) for i in range(shards)]
weight_map = {}
for place, (name, shape) in enumerate(tensors):
    kind = ("BF16", "F32", "F16")[place % 3]
    sizes = [int(size) for size in shape.split("x")]
    count = 1
    for size in sizes:
        count *= size
    values = [draw() for _ in range(count)]
    packed = b"".join(encode(kind, value) for value in values)
    exact = [value + (2.0**-20 if kind == "F32" else 0) for value in values]
    shard = place // 2 % shards
    entries[shard][name] = {
        "dtype": kind,
        "shape": sizes,
        "data_offsets": [len(data[shard]), len(data[shard]) + len(packed)],
    }
    data[shard] += packed
    weight_map[name] = names[shard]
    wide = struct.pack("<%df" % count, *exact)
    print(name, kind, hashlib.sha256(wide).hexdigest())
for name, entry, content in zip(names, entries, data):
    header = json.dumps(entry).encode()
    with open(os.path.join(directory, name), "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header + content)
with open(os.path.join(directory, "model.safetensors.index.json"), "w") as file:
    json.dump({"metadata": {"total_size": sum(map(len, data))}, "weight_map": weight_map}, file)
