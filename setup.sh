#!/usr/bin/env bash
# Sets up what Cargo cannot fetch: Debian packages and libtorch. Does nothing, and needs no network, once all is there.
#   setup.sh [cpu|cuda]     cuda adds NVIDIA's libraries; it is chosen by itself where an NVIDIA driver runs
set -euo pipefail
cd "$(dirname "$0")"

torch_version=2.11.0          # what the pinned tch wants, exactly
cpu_packages=(nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85)   # libtorch_cpu.so links these two
# What torch 2.11.0 and its cuda-toolkit 13.0.2 ask for beyond those.
cuda_packages=(nvidia-cublas==13.1.0.3 nvidia-cufft==12.0.0.61 nvidia-cufile==1.15.1.6 nvidia-curand==10.4.0.35
  nvidia-cusolver==12.0.4.66 nvidia-cusparse==12.6.3.3 nvidia-nvjitlink==13.0.88 nvidia-cuda-nvrtc==13.0.88
  nvidia-nvtx==13.0.85 nvidia-cudnn-cu13==9.19.0.56 nvidia-cusparselt-cu13==0.8.0 nvidia-nccl-cu13==2.28.9
  nvidia-nvshmem-cu13==3.4.5)
flavour=${1:-cpu}
[ -e /proc/driver/nvidia/version ] && flavour=cuda

say() { printf 'setup: %s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

# --- Debian packages -----------------------------------------------------------------------------
wanted=(g++ pkg-config libcfitsio-dev libhdf5-dev
  libvulkan1 mesa-vulkan-drivers libegl1 libgl1
  libxkbcommon0 libxkbcommon-x11-0 libwayland-client0 libwayland-cursor0 libwayland-egl1
  libx11-6 libx11-xcb1 libxcursor1 libxi6 libxrandr2)
python3 -m pip --version >/dev/null 2>&1 || wanted+=(python3-pip)
if command -v dpkg-query >/dev/null; then
  missing=()
  for package in "${wanted[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    line="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
    if [ "$(id -u)" = 0 ]; then as_root=""
    elif sudo -n true 2>/dev/null; then as_root="sudo"
    else stop "these packages are missing and need root; run once:  sudo sh -c '$line'"; fi
    say "installing ${missing[*]}"
    $as_root env DEBIAN_FRONTEND=noninteractive sh -c "$line" >&2 || stop "apt-get failed; run yourself:  sudo sh -c '$line'"
  fi
else
  for library in cfitsio hdf5; do
    pkg-config --exists "$library" 2>/dev/null || say "not a Debian system: install the development files of $library, and a Vulkan driver, yourself"
  done
fi
command -v cargo >/dev/null || stop "Rust is missing: install it from https://rustup.rs, then run this again"

# --- libtorch ------------------------------------------------------------------------------------
if [ -n "${LIBTORCH:-}" ]; then
  [ -e "$LIBTORCH/lib/libtorch_cpu.so" ] || stop "LIBTORCH=$LIBTORCH holds no lib/libtorch_cpu.so; unset it or point it at libtorch $torch_version"
  say "using libtorch from LIBTORCH=$LIBTORCH"
  exit 0
fi

store=${XDG_CACHE_HOME:-$HOME/.cache}/aquila/libtorch-$torch_version
case $(uname -m) in
  x86_64) platform=manylinux_2_28_x86_64 ;;
  aarch64) platform=manylinux_2_28_aarch64 ;;
  *) stop "no torch wheel for $(uname -m): build libtorch $torch_version and set LIBTORCH" ;;
esac

# Fetches wheels and unpacks them beside what lies in the store already.
add_wheels() {
  local folder; folder=$(mktemp -d "$store.XXXXXX")
  # One Python tag for every machine: only the C++ libraries inside are used.
  python3 -m pip download --no-deps --only-binary=:all: --implementation cp --python-version 311 --abi cp311 --abi none \
    --platform $platform --platform manylinux2014_$(uname -m) --platform manylinux_2_17_$(uname -m) --platform manylinux_2_25_$(uname -m) \
    --platform manylinux_2_27_$(uname -m) --dest "$folder" "$@" >&2 ||
    { rm -rf "$folder"; stop "could not fetch $*; check the network and run again"; }
  python3 - "$folder" "$store" <<'PY'
import pathlib, sys, zipfile
folder, store = map(pathlib.Path, sys.argv[1:])
for wheel in sorted(folder.glob("*.whl")):
    zipfile.ZipFile(wheel).extractall(store)
PY
  rm -rf "$folder"
}

mkdir -p "$(dirname "$store")"
if [ ! -e "$store/complete" ]; then
  say "fetching libtorch $torch_version (about 0.5 GB, once)"
  rm -rf "$store"; mkdir -p "$store"
  if [ "$platform" = manylinux_2_28_x86_64 ]; then add_wheels "torch==$torch_version" "${cpu_packages[@]}"
  else add_wheels "torch==$torch_version"; fi
  touch "$store/complete"
fi
if [ "$flavour" = cuda ] && [ ! -e "$store/complete-cuda" ]; then
  say "fetching the CUDA libraries (about 2 GB, once)"
  add_wheels "${cuda_packages[@]}"
  touch "$store/complete-cuda"
fi
ln -sfn "$store/torch" .libtorch
