#!/usr/bin/env bash
# Trains and judges every set-up of this folder again, into FOLDER (default: runs/dynamics below the present
# one); a set-up that is there goes on where it stopped. Two hours on one core, of which flow to 10,000
# steps takes half.
set -euo pipefail
out=$(realpath -m "${1:-runs/dynamics}")
cd "$(dirname "$0")"
for suite in force flow-ditmc flow-tabasco flow-et-flow voxel-sigma voxel-ratio; do
    twirlbench study dynamics --suite "$suite.toml" --budgets budgets.toml --out "$out/$suite"
done
for suite in flow-ditmc flow-ditmc-annealed flow-tabasco flow-et-flow; do
    twirlbench study dynamics --suite "$suite.toml" --budgets budgets-10k.toml --out "$out/$suite-10k"
done
