#!/usr/bin/env bash
# Builds the container images of the trainer, the evaluator and the analysis with Docker.
#
# Usage: deploy/images/build.sh [OPTION...] [trainer|eval|analysis...]
#   --base IMAGE    an image with a Java 25 and a shell (eclipse-temurin:25-jre)
#   --tag TAG       images are watershed/SERVICE:TAG (the project's version)
#   --prefix NAME   instead of watershed, such as registry.example/team/watershed
#   --libtorch DIR  its lib folder with libtorch for CUDA, as docs/gpu.md says; the tag gets -gpu at its end.
#                   Without it libtorch for CPUs is taken, which comes with the jars
#   --no-package    take the jars of the last ./mvnw package
#   --contexts      only lay the folders out that 'docker build' takes, in deploy/images/target
#
# docs/images.md says how to run them.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
base=eclipse-temurin:25-jre
prefix=watershed
tag=
suffix=
libtorch=
package=yes
build=yes
services=()

usage() {
  sed -n '2,/^set -/ { /^set -/d; s/^# \{0,1\}//; p }' "${BASH_SOURCE[0]}"
}

fail() {
  printf 'build.sh: %s\n' "$*" >&2
  exit 2
}

while [ "$#" -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --base | --tag | --prefix | --libtorch)
      [ -n "${2:-}" ] || fail "$1 needs a value; see --help"
      case $1 in
        --base) base=$2 ;;
        --tag) tag=$2 ;;
        --prefix) prefix=$2 ;;
        --libtorch) libtorch=$2 suffix=-gpu ;;
      esac
      shift
      ;;
    --no-package) package= ;;
    --contexts) build= ;;
    trainer | eval | analysis) services+=("$1") ;;
    *) fail "'$1' is no option and no service; see --help" ;;
  esac
  shift
done
all=(trainer eval analysis)
[ "${#services[@]}" -gt 0 ] || services=("${all[@]}")
[ -z "$libtorch" ] || [ -f "$libtorch/libtorch_cuda.so" ] ||
  fail "--libtorch is $libtorch, where there is no libtorch_cuda.so"
docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=${DOCKER_BUILDKIT:-0}

if [ -n "$package" ]; then
  ./mvnw -B -ntp -q -Psbom -Dmaven.test.skip=true -Dspotless.check.skip=true package </dev/null
fi
version=$(sed -n 's,.*<version>\(.*\)</version>.*,\1,p' pom.xml | head -n 1)
tag=${tag:-$version}
target=deploy/images/target
rm -rf "$target"
mkdir -p "$target"

# Prints the jars of a service by name, its own first.
jars() {
  local own=deploy/$1/target/watershed-$1-$version.jar
  [ -f "$own" ] || fail "deploy/$1 has not been packaged; leave --no-package out"
  [ -f "deploy/$1/target/classpath" ] ||
    fail "deploy/$1 has not been packaged; leave --no-package out"
  echo "$PWD/$own"
  # libtorch lies in the image unpacked, so its jar is not needed.
  tr ':' '\n' <"deploy/$1/target/classpath" | grep -v '/pytorch-native-cpu-' | LC_ALL=C sort
}

for service in "${all[@]}"; do
  jars "$service" >"$target/$service.jars"
done
# Others' jars that all services have: a layer that nodes pull and keep once.
cat "$target"/*.jars | grep -v '/watershed-[^/]*$' | LC_ALL=C sort | uniq -c |
  sed -n 's/^ *3 //p' >"$target/shared.jars"

# Lays libtorch out in a folder, with DJL's library between it and Java.
lay_libtorch() {
  local flavor=cpu jar
  mkdir -p "$1"
  # Not every service computes.
  grep -q '/pytorch-jni-' "$target/$2.jars" || return 0
  if [ -n "$libtorch" ]; then
    flavor=cu128
    cp -rL "$libtorch"/. "$1"
  else
    jar=$(tr ':' '\n' <"deploy/$2/target/classpath" | grep '/pytorch-native-cpu-')
    unzip -q -j "$jar" 'pytorch/cpu/linux-x86_64/*.so*' -d "$1"
  fi
  # One made for another libtorch lies beside it already.
  [ -f "$1/libdjl_torch.so" ] ||
    unzip -q -j "$(grep '/pytorch-jni-' "$target/$2.jars")" "jnilib/linux-x86_64/$flavor/libdjl_torch.so" -d "$1"
}

# The library by which DJL looks for GPUs; it would unpack itself at start.
lay_jna() {
  local jar
  mkdir -p "$1"
  ! jar=$(grep '/jna-[0-9]' "$target/$2.jars") ||
    unzip -q -j "$jar" com/sun/jna/linux-x86-64/libjnidispatch.so -d "$1"
}

for service in "${services[@]}"; do
  context=$target/$service
  mkdir -p "$context/shared" "$context/own" "$context/about"
  xargs cp -p -t "$context/shared" <"$target/shared.jars"
  grep -vxFf "$target/shared.jars" "$target/$service.jars" | xargs cp -p -t "$context/own"
  lay_libtorch "$context/libtorch" "$service"
  lay_jna "$context/natives" "$service"
  cp -p deploy/images/Dockerfile "$context"
  cp -p LICENSE NOTICE "$context/about"
  # That of the service, or else that of the whole, which holds more.
  bom=deploy/$service/target/bom.json
  [ -f "$bom" ] || bom=target/bom.json
  [ -f "$bom" ] || fail "there is no bill of materials; leave --no-package out, or package with -Psbom"
  cp -p "$bom" "$context/about/sbom.json"
  {
    cat deploy/images/java.args
    printf -- '-cp '
    # Named one by one: the order must be the same at each start.
    while IFS= read -r jar; do
      name=$(basename "$jar")
      if [ -f "$context/shared/$name" ]; then
        printf '/opt/watershed/shared/%s:' "$name"
      else
        printf '/opt/watershed/own/%s:' "$name"
      fi
    done <"$target/$service.jars" | sed 's/:$//'
    printf '\ndev.watershed.%s.Main\n' "$service"
  } >"$context/own/java.args"
  # The same files make the same layers, whenever and by whomever they are laid out.
  find "$context" -exec touch -h -d "@${SOURCE_DATE_EPOCH:-1763596800}" {} +
  find "$context" -type d -exec chmod 755 {} +
  find "$context" -type f -exec chmod 644 {} +
  if [ -n "$build" ]; then
    image=$prefix/$service:$tag$suffix
    docker build --quiet --build-arg "BASE=$base" \
      --label "org.opencontainers.image.title=watershed-$service" \
      --label "org.opencontainers.image.version=$version" \
      --label org.opencontainers.image.licenses=Apache-2.0 \
      -t "$image" "$context" >"$target/build.log" 2>&1 || {
      cat "$target/build.log" >&2
      exit 1
    }
    printf '%s %d MB\n' "$image" "$(($(docker image inspect -f '{{.Size}}' "$image") / 1000000))"
  fi
done
