"""A predictor whose answer is known: f(x) = A x for every atom, target c x.

Turning the input by a uniform rotation and the output back averages A to tr(A)/3 times the
identity. With the traceless rest B = A - tr(A)/3, split into its antisymmetric part (degree 1) and
its symmetric part (degree 2), the squared loss is, in units of |x|^2,

    L_mean = (tr(A)/3 - c)^2      L_equiv = |B|_F^2 / 3      S_1, S_2 = |B_anti|_F^2 / 3, |B_sym|_F^2 / 3

so that the percentage depends on no molecule. Writes analytic.h5 (raw vectors in single precision
with the rotations to turn them back, padding masked) and analytic.npz (turned back already, double
precision) into the folder given, and prints the closed forms as JSON.

    python analytic.py FOLDER
"""

import json
import pathlib
import sys

import h5py
import numpy as np

MOLECULES, ROTATIONS, ATOMS = 60, 8, 5
A = np.array([[1.1, 0.3, 0.0], [-0.1, 0.9, 0.2], [0.15, 0.0, 1.3]])
C = 0.8


def haar(draw, count):
    """Uniform rotations [count, 3, 3] from normalised Gaussian quaternions."""
    w, x, y, z = (q := draw.standard_normal((count, 4))).T / np.linalg.norm(q, axis=1)
    rows = [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
            2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
            2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]
    return np.stack(rows, axis=-1).reshape(count, 3, 3)


def main(folder):
    draw = np.random.default_rng(20251201)
    atoms = draw.integers(2, ATOMS + 1, MOLECULES)
    mask = np.arange(ATOMS) < atoms[:, None]
    positions = draw.standard_normal((MOLECULES, ATOMS, 3)) * mask[..., None]
    rotation = haar(draw, MOLECULES * ROTATIONS).reshape(MOLECULES, ROTATIONS, 3, 3)
    turned = np.einsum("mrij,maj->mrai", rotation, positions)
    raw = np.einsum("ij,mraj->mrai", A, turned)
    untwisted = np.einsum("mrji,mraj->mrai", rotation, raw)
    target = C * positions
    weight = np.repeat(1.0 / atoms[:, None], ATOMS, axis=1)
    with h5py.File(folder / "analytic.h5", "w", track_order=True) as file:
        file.attrs["kind"], file.attrs["loss"] = "vector", "squared"
        for name, array in [("prediction", raw), ("rotation", rotation), ("target", target)]:
            file.create_dataset(name, data=array.astype(np.float32), compression="gzip")
        file["mask"], file["weight"] = mask, weight
        file["molecule"] = np.arange(MOLECULES)
    np.savez_compressed(
        folder / "analytic.npz", prediction=untwisted, rotation=rotation, target=target,
        mask=mask, weight=weight, kind="untwisted", loss="squared", design="iid",
    )
    trace = np.trace(A) / 3
    rest = A - trace * np.eye(3)
    anti, sym = (rest - rest.T) / 2, (rest + rest.T) / 2
    mean, first, second = (trace - C) ** 2, (anti**2).sum() / 3, (sym**2).sum() / 3
    size = trace**2 + first + second
    print(json.dumps({
        "percent_equiv": 100 * (first + second) / (mean + first + second),
        "relative_equiv": (first + second) / size,
        "spectrum": [trace**2 / size, first / size, second / size, 0.0, 0.0, 0.0, 0.0],
    }))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
