"""Write the predictions of a JAX model at random rotations to predictions.npz.

pip install jax; python jax_predictions.py; twirlbench measure predictions.npz
"""

import jax
import jax.numpy as jnp
import numpy as np

ROTATIONS = 16


def haar(key, shape):
    """Uniform rotation matrices [*shape, 3, 3] from normalised Gaussian quaternions."""
    quaternion = jax.random.normal(key, (*shape, 4))
    w, x, y, z = jnp.moveaxis(quaternion / jnp.linalg.norm(quaternion, axis=-1, keepdims=True), -1, 0)
    rows = [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
            2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
            2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]
    return jnp.stack(rows, axis=-1).reshape(*shape, 3, 3)


data, first, second, draw = jax.random.split(jax.random.key(0), 4)
# Replace these by your data and your model: positions in, one vector per atom out.
positions, forces = jax.random.normal(data, (2, 64, 9, 3))
weights = jax.random.normal(first, (3, 32)), jax.random.normal(second, (32, 3)) / 6
model = jax.jit(lambda x: jax.nn.silu(x @ weights[0]) @ weights[1])

rotation = haar(draw, (64, ROTATIONS))
# x -> R x for every molecule, rotation and atom; noise, if the model has any, held fixed
# in full precision: what rounds differently with the pose is counted as symmetry error
prediction = model(jnp.einsum("mrij,maj->mrai", rotation, positions, precision="highest"))
np.savez_compressed(
    "predictions.npz", prediction=prediction, rotation=rotation, target=forces,
    weight=np.full((64, 9), 1 / 9),  # the mean over 9 atoms
    kind="vector", loss="squared",
)
