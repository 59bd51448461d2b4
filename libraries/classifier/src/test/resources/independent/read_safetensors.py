"""Prints name, shape and SHA-256 of each tensor of a safetensors file, by nothing but the format."""
import hashlib
import json
import struct
import sys

with open(sys.argv[1], "rb") as file:
    content = file.read()
(length,) = struct.unpack("<Q", content[:8])
header = json.loads(content[8 : 8 + length])
data = content[8 + length :]
if header.pop("__metadata__") != {"format": "pt"}:
    sys.exit("metadata")
end = 0
for name, entry in header.items():
    first, last = entry["data_offsets"]
    elements = 1
    for size in entry["shape"]:
        elements *= size
    if entry["dtype"] != "F32" or first != end or last - first != 4 * elements:
        sys.exit("entry of " + name)
    end = last
    shape = "x".join(str(size) for size in entry["shape"])
    print(name, shape, hashlib.sha256(data[first:last]).hexdigest())
if end != len(data):
    sys.exit("%d bytes of data, %d of tensors" % (len(data), end))
