#!/usr/bin/env bash
# Lays libtorch 2.7.1 for CUDA 12 out in the folder DIR, from Maven Central alone: for
# 'deploy/images/build.sh --libtorch DIR', or PYTORCH_LIBRARY_PATH=DIR (docs/gpu.md). PyTorch and OpenBLAS
# are the JavaCPP presets' builds, CUDA and cuDNN NVIDIA's own files, under NVIDIA's licence. Of CUDA 12.9
# they have a part there, of 12.6 all; one minor version of CUDA 12 runs with another.
# Needs a JDK 25 and unzip; downloads 3 GB, leaves 3.6 GB.
# Usage: libtorch-cuda.sh DIR
set -euo pipefail

case ${1:-} in
  -h | --help) sed -n '2,/^set -/ { /^set -/d; s/^# \{0,1\}//; p }' "${BASH_SOURCE[0]}"; exit 0 ;;
  '') echo "libtorch-cuda.sh: name the folder; see --help" >&2; exit 2 ;;
esac
mkdir -p "$1"
directory=$(cd "$1" && pwd -P)
[ -z "$(ls -A "$directory")" ] || { echo "libtorch-cuda.sh: $directory is not empty" >&2; exit 2; }
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
downloads=$(mktemp -d)
trap 'rm -rf "$downloads"' EXIT

# Takes files, by patterns, out of a jar of the JavaCPP presets: GROUP:ARTIFACT:VERSION:jar:CLASSIFIER.
take() {
  local artifact=$1
  shift
  echo "$artifact ..." >&2
  # A repository of its own: nobody needs these jars again.
  ./mvnw -B -ntp -q -N -Dmaven.repo.local="$downloads/repository" dependency:copy \
    -Dartifact="$artifact" -DoutputDirectory="$downloads/jar" </dev/null
  unzip -q -j -n "$downloads"/jar/*.jar "$@" -d "$directory"
  rm -rf "$downloads/jar" "$downloads/repository/org/bytedeco"
}

take org.bytedeco:pytorch:2.7.1-1.5.12:jar:linux-x86_64-gpu '*/libtorch*.so' '*/libc10*.so' '*/libgomp.so.*'
take org.bytedeco:openblas:0.3.30-1.5.12:jar:linux-x86_64 '*/libopenblas.so.*' '*/libgfortran.so.*' '*/libquadmath.so.*'
take org.bytedeco:cuda-redist:12.9-9.10-1.5.12:jar:linux-x86_64 \
  '*/libcudart.so.*' '*/libcufft.so.*' '*/libcufile.so.*' '*/libcupti.so.*' '*/libcurand.so.*' '*/libnvJitLink.so.*' '*/libnvrtc*'
take org.bytedeco:cuda:12.6-9.5-1.5.11:jar:linux-x86_64-redist \
  '*/libcublas*' '*/libcudnn*' '*/libcusolver.so.*' '*/libcusparse.so.*'

missing=$(LD_LIBRARY_PATH=$directory ldd "$directory"/libtorch_cuda*.so | grep 'not found' | sort -u || true)
[ -z "$missing" ] || { printf 'libtorch-cuda.sh: these are missing:\n%s\n' "$missing" >&2; exit 1; }
cat <<END
libtorch 2.7.1 for CUDA 12 lies in $directory. Without an image:
export PYTORCH_LIBRARY_PATH=$directory LD_LIBRARY_PATH=$directory PYTORCH_VERSION=2.7.1 PYTORCH_FLAVOR=cu128
END
