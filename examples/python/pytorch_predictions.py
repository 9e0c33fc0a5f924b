"""Write the predictions of a PyTorch model at random rotations to predictions.h5.

pip install torch h5py; python pytorch_predictions.py; twirlbench measure predictions.h5
"""

import h5py
import torch

ROTATIONS = 16


def haar(count, generator):
    """Uniform rotation matrices [count, 3, 3] from normalised Gaussian quaternions."""
    w, x, y, z = torch.nn.functional.normalize(torch.randn(count, 4, generator=generator)).T
    rows = [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
            2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
            2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]
    return torch.stack(rows, dim=-1).reshape(count, 3, 3)


torch.manual_seed(0)
draw = torch.Generator().manual_seed(1)
# Replace these two by your data and your model: positions in, one vector per atom out.
positions, forces = torch.randn(64, 9, 3), torch.randn(64, 9, 3)
model = torch.nn.Sequential(torch.nn.Linear(3, 32), torch.nn.SiLU(), torch.nn.Linear(32, 3)).eval()

rotation = haar(64 * ROTATIONS, draw).reshape(64, ROTATIONS, 3, 3)
with torch.no_grad():  # x -> R x for every molecule, rotation and atom; noise, if any, held fixed
    prediction = model(torch.einsum("mrij,maj->mrai", rotation, positions))
with h5py.File("predictions.h5", "w") as file:
    file.attrs["kind"], file.attrs["loss"] = "vector", "squared"
    file["prediction"], file["rotation"] = prediction.numpy(), rotation.numpy()
    file["target"] = forces.numpy()
    file["weight"] = torch.full((64, 9), 1 / 9).numpy()  # the mean over 9 atoms
