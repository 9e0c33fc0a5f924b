#!/usr/bin/env bash
# Trains what `scaling` needs and fits it again, into FOLDER (default: runs/scaling below the present one), on one
# thread. An hour and a half; what is there goes on where it stopped.
set -euo pipefail
out=$(realpath -m "${1:-runs/scaling}")
cd "$(dirname "$0")"
export RAYON_NUM_THREADS=1
for study in dynamics model-size data-size scaling; do
    twirlbench study "$study" --suite force.toml --budgets budgets.toml --out "$out"
done
