#!/usr/bin/env bash
# Trains and judges every set-up of this folder again, into FOLDER (default: runs/dynamics); a set-up that is
# there goes on where it stopped. An hour on two cores.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-runs/dynamics}
for suite in force flow-ditmc flow-tabasco flow-et-flow voxel-sigma voxel-ratio; do
    twirlbench study dynamics --suite "$here/$suite.toml" --budgets "$here/budgets.toml" --out "$out/$suite"
done
