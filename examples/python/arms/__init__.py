"""The arms of twirlbench in PyTorch, with its weights."""
import json
import os

from safetensors.torch import load_file

from .base import Trainer
from .conformers import Equivariant, Plain
from .force_field import CoordinateTransformer, Mace, NeighbourAttention, Painn, TensorField
from .voxels import SteerableUnet, Unet

ARMS = {
    "painn": Painn, "tensor-field": TensorField, "mace": Mace, "neighbour-attention": NeighbourAttention,
    "coordinate-transformer": CoordinateTransformer, "plain": Plain, "equivariant": Equivariant,
    "unet": Unet, "steerable-unet": SteerableUnet,
}


def load(folder):
    """The arm, its batches and the settings of a folder that `steps write` made."""
    read = lambda name: load_file(os.path.join(folder, name + ".safetensors"))
    with open(os.path.join(folder, "settings.json")) as file:
        settings = json.load(file)
    arm = ARMS[settings["arm"]](read("weights"), settings)
    arm.check()
    batches = [{} for _ in range(settings["batches"])]
    for name, tensor in read("batches").items():
        place, name = name.split(".", 1)
        batches[int(place)][name] = tensor
    return arm, [arm.batch(tensors, settings) for tensors in batches], settings


__all__ = ["ARMS", "Trainer", "load"]
