#!/usr/bin/env bash
# Trains and compares the ladders of sizes again, into FOLDER (default: runs/ladder below the present one), on
# one thread, so that processor seconds are those of the work. One to one and a half hours for each task; what is
# there goes on where it stopped.
set -euo pipefail
out=$(realpath -m "${1:-runs/ladder}")
cd "$(dirname "$0")"
for suite in force flow voxel; do
    RAYON_NUM_THREADS=1 twirlbench study per-hour --suite "$suite.toml" --budgets budgets.toml --out "$out/$suite"
done
