"""What the tests share."""

import json
import os
import subprocess

import numpy as np
import pytest

import twirl

try:
    import torch

    # Debian's 1.13.0a0 is 1.13, which Lightning takes for an older one.
    if not hasattr(torch, "_UntypedStorage"):
        torch._UntypedStorage = torch.UntypedStorage
except ImportError:
    pass

A = np.array([[1.1, 0.3, 0.0], [-0.1, 0.9, 0.2], [0.15, 0.0, 1.3]])


class Scene:
    """f(x) = A x for every atom, target 0.8 x: the percentage is known in closed form."""

    def __init__(self, molecules=60, rotations=6, atoms=4, seed=0, dtype=np.float64):
        self.x = np.random.default_rng(seed).normal(size=(molecules, atoms, 3))
        self.rotation = twirl.haar((molecules, rotations), seed=seed + 1)
        turned = np.einsum("mrij,maj->mrai", self.rotation, self.x)
        self.prediction = (turned @ A.T).astype(dtype)
        self.target = (0.8 * self.x).astype(dtype)

    @property
    def arrays(self):
        return self.prediction, self.target, self.rotation

    @staticmethod
    def percent():
        third = np.trace(A) / 3
        equiv = np.sum((A - third * np.eye(3)) ** 2) / 3
        return 100 * equiv / ((third - 0.8) ** 2 + equiv)


@pytest.fixture
def scene():
    return Scene()


@pytest.fixture
def program(tmp_path):
    """`twirlbench measure --json` of arrays, by the program that TWIRLBENCH names."""
    path = os.environ.get("TWIRLBENCH")
    if not path:
        pytest.skip("TWIRLBENCH names no program")

    def measure(**arrays):
        file = tmp_path / "predictions.npz"
        np.savez(file, **arrays)
        done = subprocess.run([path, "measure", file, "--json"], capture_output=True, text=True)
        if done.returncode:
            return done.stderr.strip()
        found = json.loads(done.stdout)
        return {name: value for name, value in found.items() if name not in ("file", "ignored")}

    measure.path = path
    return measure
