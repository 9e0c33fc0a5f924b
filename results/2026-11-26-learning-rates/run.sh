#!/usr/bin/env bash
# Trains five arms at six learning rates and with searched ones again, into FOLDER (default: runs/rates).
set -euo pipefail
out=$(realpath -m "${1:-runs/rates}")
cd "$(dirname "$0")"
mkdir -p "$out"
for arm in tensor-field neighbour-attention mace painn coordinate-transformer; do
    for rate in 3e-4 1e-3 3e-3 9e-3 2.7e-2 8.1e-2; do
        sed -e "/^\[train.search\]/,/^items/d" -e "s/^batch = 8$/&\nlearning_rate = $rate/" searched.toml > "$out/$rate.toml"
        twirlbench run --suite "$out/$rate.toml" --arm "$arm" --out "$out/$arm-$rate"
    done
    twirlbench run --suite searched.toml --arm "$arm" --out "$out/$arm-searched"
done
