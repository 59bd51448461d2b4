#!/usr/bin/env bash
# Compiles DJL's JNI library against the libtorch of python3's PyTorch (docs/gpu.md), and puts both into one folder.
#
# usage: docs/examples/other-libtorch.sh DJL OUT
#   DJL  a checkout of https://github.com/deepjavalibrary/djl at the tag v0.35.1
#   OUT  gets libdjl_torch.so and links to libtorch's libraries
#
# Needs JAVA_HOME (a JDK), g++, and CUDA's headers below CUDA_HOME (default: /usr/local/cuda). Prints what to export.
set -euo pipefail

djl=$(realpath "${1:?usage: other-libtorch.sh DJL OUT}")
out=$(realpath -m "${2:?usage: other-libtorch.sh DJL OUT}")
cuda=${CUDA_HOME:-/usr/local/cuda}
read -r torch version flavor < <(python3 -c '
import os, torch
version, _, flavor = torch.__version__.partition("+")
print(os.path.dirname(torch.__file__), version, flavor)
')
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$djl/engines/pytorch/pytorch-native"

"$JAVA_HOME/bin/javac" -sourcepath ../pytorch-engine/src/main/java -h "$scratch/jni" -d "$scratch/classes" \
  ../pytorch-engine/src/main/java/ai/djl/pytorch/jni/PyTorchLibrary.java
for source in src/main/native/*.cc; do
  g++ -std=c++17 -O1 -fPIC -w -DUSE_CUDA -c "$source" -o "$scratch/$(basename "$source" .cc).o" \
    -I"$scratch/jni" -I../../../api/src/main/native -I"$JAVA_HOME/include" -I"$JAVA_HOME/include/linux" -I"$cuda/include" \
    -I"$torch/include" -I"$torch/include/torch/csrc/api/include"
done
mkdir -p "$out"
ln -sf "$torch"/lib/lib{c10,c10_cuda,torch,torch_cpu,torch_cuda,torch_cuda_linalg,caffe2_nvrtc}.so "$out"
g++ -shared -o "$out/libdjl_torch.so" "$scratch"/*.o -L"$torch/lib" -ltorch -ltorch_cpu -ltorch_cuda -lc10 -lc10_cuda

libraries=$torch/lib$(find "$torch/../nvidia" -name lib -type d -printf ':%p' 2>/dev/null || true)
echo "export PYTORCH_LIBRARY_PATH=$out PYTORCH_VERSION=$version PYTORCH_FLAVOR=$flavor"
echo "export LD_LIBRARY_PATH=$libraries"
