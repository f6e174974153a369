#!/usr/bin/env bash
# Compares burn-losses with PyTorch on a machine with an NVIDIA GPU that has no Rust: builds the bench and packs it with
# PyTorch's side (here), and runs both and prints one table (there).
#
#   benches/gpu_compare.sh pack DIR [--runtimes "cuda wgpu"]   builds and packs, at most 60 MiB
#   bash DIR/gpu_compare.sh run DIR [NAME ...]                 measures, at most ten minutes; DIR/results has the files
#   benches/gpu_compare.sh --dry-run [DIR]                     both with tiny tensors, on what this machine has
#
# PYTHON is the interpreter that has PyTorch (default: python3), SECONDS_IN_ALL the time for all (default: 570), BENCH an
# already built bench (with `pack` and `--dry-run`), SIZE the size of tensors (default: full), MODES those of PyTorch
# (default: eager compile; max-autotune is a third), RESULTS where they go, BUILD where `pack` builds (default:
# target/gpu_compare). CUDA_LLVM=1 builds for CUDA with CubeCL's LLVM, which is downloaded, and not with NVRTC.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${PYTHON:-python3}

fail() {
    printf 'gpu_compare: %s\n' "$*" >&2
    exit 1
}

# Builds the bench in a copy of the working tree, whose manifest may differ from ours, and prints where it is.
build() {
    local root build=${BUILD:-$here/../target/gpu_compare}
    root=$(cd "$here/.." && pwd)
    mkdir -p "$build/source"
    build=$(cd "$build" && pwd)
    (cd "$root" && git ls-files -z | while IFS= read -r -d '' file; do
        [ -e "$file" ] && printf '%s\0' "$file"
    done | tar cf - --null -T -) | tar xmf - -C "$build/source" || return
    case " $1 " in
    *" cuda "*)
        # Of CUDA 13.0, so that drivers from there on are enough.
        export CUDARC_CUDA_VERSION=${CUDARC_CUDA_VERSION:-13000}
        if [ -z "${CUDA_LLVM:-}" ]; then
            cat >>"$build/source/Cargo.toml" <<'TOML'

[dev-dependencies.cubecl-cuda]
version = "0.11.3"
default-features = false
features = ["cpp"]

[patch.crates-io]
cubecl-llvm = { path = "benches/gpu_compare/no-llvm" }
TOML
        fi
        ;;
    esac
    CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$build/target} cargo build --manifest-path "$build/source/Cargo.toml" \
        --profile bench --bench gpu --no-default-features --features "$1" --message-format json-render-diagnostics |
        grep -o '"executable":"[^"]*"' | tail -n 1 | cut -d '"' -f 4
}

pack() {
    local folder=${1:-} runtimes="cuda wgpu" binary size loader
    [ -n "$folder" ] || fail "pack needs a folder"
    shift
    if [ "${1:-}" = --runtimes ]; then
        runtimes=$2
    fi
    binary=${BENCH:-$(build "$runtimes")}
    [ -x "$binary" ] || fail "the bench was not built"
    mkdir -p "$folder/peers"
    cp "$binary" "$folder/gpu"
    strip "$folder/gpu"
    xz -T0 -6 -f "$folder/gpu"
    printf '%s\n' "$runtimes" >"$folder/runtimes"
    cp "$here/gpu_compare.sh" "$folder/"
    cp "$here/peers/gpu.py" "$here/peers/gpu_table.py" "$here/peers/splitmix.py" "$folder/peers/"
    # The loader of Vulkan's drivers, for a machine that lacks it.
    loader=$(ldconfig -p 2>/dev/null | sed -n 's/.*libvulkan\.so\.1 .* => //p' | head -n 1)
    [ -z "$loader" ] || { mkdir -p "$folder/lib" && cp -L "$loader" "$folder/lib/libvulkan.so.1"; }
    git -C "$here" rev-parse HEAD >"$folder/commit" 2>/dev/null || true
    size=$(du -sk "$folder" | cut -f 1)
    printf 'packed %s KiB into %s\n' "$size" "$folder"
    [ "$size" -le $((60 * 1024)) ] || fail "more than 60 MiB"
}

# Runs a step for so many seconds at most; a step that fails or is ended leaves the others alone.
step() {
    local seconds=$1
    shift
    printf '\n== %s (%s s of %s)\n' "$*" "$SECONDS" "$all"
    if [ "$seconds" -le 5 ]; then
        echo "no time left"
        return 0
    fi
    timeout --kill-after 5 "$seconds" "$@" || echo "ended with status $?"
}

# Finds what the runtimes of CubeCL load: the drivers, NVRTC and CUDA's headers, the loader of Vulkan's drivers.
find_libraries() {
    local site
    site=$("$python" -c 'import os, nvidia; print(list(nvidia.__path__)[0])' 2>/dev/null || true)
    if [ -z "${CUDA_PATH:-}" ] && [ ! -d /usr/local/cuda/include ]; then
        local header
        header=$(find "${site:-/nonexistent}" -name cuda_fp16.h 2>/dev/null | head -n 1)
        [ -n "$header" ] && CUDA_PATH=$(dirname "$(dirname "$header")") && export CUDA_PATH
    fi
    local library folders="${CUDA_PATH:-/usr/local/cuda}/lib64"
    library=$(find "${site:-/nonexistent}" -name 'libnvrtc.so*' 2>/dev/null | head -n 1)
    [ -n "$library" ] && folders+=":$(dirname "$library")"
    [ -d /usr/local/nvidia/lib64 ] && folders+=:/usr/local/nvidia/lib64
    ldconfig -p 2>/dev/null | grep -q 'libvulkan\.so\.1' || folders+=:$1/lib
    export LD_LIBRARY_PATH="$folders${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    # Where the driver's loaders say nothing, they are told where its files are.
    local icd=/usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json
    [ -z "${VK_DRIVER_FILES:-}" ] && [ -e "$icd" ] && export VK_DRIVER_FILES=$icd
    return 0
}

run() {
    local folder=${1:-} size=${SIZE:-full} runtime
    [ -n "$folder" ] || fail "run needs the folder that was packed"
    shift
    folder=$(cd "$folder" && pwd)
    export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/tmp}
    all=${SECONDS_IN_ALL:-570} SECONDS=0
    local results=${RESULTS:-$folder/results}
    mkdir -p "$results"
    [ -x "$folder/gpu" ] || xz -dk "$folder/gpu.xz"
    chmod +x "$folder/gpu"
    find_libraries "$folder"
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null || echo "no nvidia-smi"
    local sized=()
    [ "$size" = small ] && sized=(--small)
    [ "$size" = tiny ] && sized=(--test)
    # PyTorch has a third and a bit; then our fused path, on each runtime; then both paths on the first, with the rest.
    local left runtimes
    read -ra runtimes <"$folder/runtimes"
    left=$((all - SECONDS))
    step $((left * 2 / 5)) "$python" "$folder/peers/gpu.py" --size "$size" --out "$results/torch.json" \
        --total $((left * 2 / 5 - 5)) ${MODES:+--modes $MODES} "$@"
    for runtime in "${runtimes[@]}"; do
        left=$(((all - SECONDS) / 2))
        step "$left" "$folder/gpu" --bench --device "$runtime" --fused --limit 30 --total $((left - 5)) \
            --out "$results/$runtime.json" "${sized[@]}" "$@"
    done
    runtime=${runtimes[0]}
    left=$((all - SECONDS))
    step "$left" "$folder/gpu" --bench --device "$runtime" --total $((left - 5)) \
        --out "$results/${runtime}_both.json" "${sized[@]}" "$@"
    printf '\n'
    "$python" "$folder/peers/gpu_table.py" "$results"
}

dry_run() {
    local folder=${1:-}
    [ -n "$folder" ] || folder=$(mktemp -d)
    [ -n "${BENCH:-}" ] || BENCH=$(build wgpu)
    export BENCH
    pack "$folder" --runtimes wgpu
    SIZE=tiny SECONDS_IN_ALL=${SECONDS_IN_ALL:-570} run "$folder"
}

main() {
    case "${1:-}" in
    pack) shift && pack "$@" ;;
    run) shift && run "$@" ;;
    --dry-run) shift && dry_run "$@" ;;
    *) sed -n '2,12p' "${BASH_SOURCE[0]}" && exit 2 ;;
    esac
}

main "$@"
