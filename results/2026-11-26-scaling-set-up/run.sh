#!/usr/bin/env bash
# Trains what `scaling` needs and fits it again, then precision and curvature, into FOLDER (default: runs/scaling
# below the present one), on one thread. Hours; what is there goes on where it stopped.
set -euo pipefail
out=$(realpath -m "${1:-runs/scaling}")
cd "$(dirname "$0")"
export RAYON_NUM_THREADS=1
for task in force flow; do
    for study in dynamics model-size data-size scaling; do
        twirlbench study "$study" --suite "$task.toml" --budgets budgets.toml --out "$out/$task"
    done
done
for study in precision landscape; do
    twirlbench study "$study" --suite force.toml --budgets budgets.toml --out "$out/force"
done
