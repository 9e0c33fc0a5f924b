"""What ci/pytorch compares: quick sizes, and a large one of each."""
import json
import os
import shutil
import subprocess

VOXELS = {"noise": "band-limited"}
LARGE_VOXELS = {"grid": 32, "resolution": 0.4, "radius": 0.7, "noise": "band-limited"}
LARGE_UNET = {"base": 32, "multipliers": [1, 2, 2], "blocks": 1, "attention": 1, "heads": 4, "groups": 16}
WIDE = {"width": 128, "layers": 6}


def case(arm, batch, batches, config=None, task=None):
    return {"arm": arm, "batch": batch, "batches": batches, "config": config or {}, "task": task or {}}


QUICK = {
    "painn": case("painn", 8, 24),
    "tensor-field": case("tensor-field", 8, 24),
    "mace": case("mace", 8, 24),
    "neighbour-attention": case("neighbour-attention", 8, 24),
    "coordinate-transformer": case("coordinate-transformer", 8, 24),
    "plain": case("plain", 16, 24),
    "equivariant": case("equivariant", 16, 24),
    "unet": case("unet", 4, 8, task=VOXELS),
    "steerable-unet": case("steerable-unet", 4, 8, task=VOXELS),
}
LARGE = {
    "painn-large": case("painn", 64, 4, {**WIDE, "radial": 20}),
    "tensor-field-large": case("tensor-field", 64, 4, {"width": 64, "layers": 3, "radial": 20}),
    "mace-large": case("mace", 64, 4, {"width": 64, "radial": 8, "hidden": 64}),
    "neighbour-attention-large": case("neighbour-attention", 64, 4, {**WIDE, "heads": 8}),
    "coordinate-transformer-large": case("coordinate-transformer", 64, 4, {**WIDE, "heads": 8}),
    "plain-large": case("plain", 64, 4, {"size": "4m"}),
    "equivariant-large": case("equivariant", 64, 4, {"size": "4m"}),
    "unet-large": case("unet", 2, 2, LARGE_UNET, LARGE_VOXELS),
}
ALL = {**QUICK, **LARGE}


def written(out, name):
    """Folder with weights, batches and answers of a case."""
    folder = os.path.join(out, name)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([os.environ["STEPS"], "write", folder, json.dumps(ALL[name])], check=True)
    return folder
