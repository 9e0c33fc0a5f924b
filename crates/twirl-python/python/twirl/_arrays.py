"""Arrays of any framework as contiguous numpy arrays, copied only where they must be."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def is_torch(x: Any) -> bool:
    """Whether this is a PyTorch tensor, without importing PyTorch."""
    return type(x).__module__.split(".")[0] == "torch" or (hasattr(x, "detach") and hasattr(x, "cpu"))


def as_numpy(x: Any, name: str) -> Array:
    """``x`` as float32, float64 or int64, row-major.

    A tensor is moved to the host once. Arrays of these types that are contiguous are not copied; half
    precision becomes float32, truth values and other whole numbers become int64.
    """
    if is_torch(x):
        x = x.detach()
        if x.is_floating_point() and x.element_size() < 4:
            x = x.float()
        x = x.cpu().numpy()
    try:
        array = np.asarray(x)
    except (TypeError, ValueError) as error:
        raise ValueError(f"array {name}: {error}") from None
    dtype: type[np.float32 | np.float64 | np.int64]
    if array.dtype.kind == "f":
        dtype = np.float32 if array.dtype.itemsize <= 4 else np.float64
    elif array.dtype.kind in "biu":
        dtype = np.int64
    elif array.dtype.name.startswith(("bfloat", "float")):  # ml_dtypes, from JAX
        dtype = np.float32
    else:
        raise ValueError(f"array {name}: it holds {array.dtype}, not numbers; give float32, float64 or whole numbers")
    return np.ascontiguousarray(array, dtype=dtype)


def optional(x: Any, name: str) -> Array | None:
    """The same, or none."""
    return None if x is None else as_numpy(x, name)


def like(values: Array, x: Any) -> Any:
    """Numbers in the framework, precision and device of ``x``."""
    if is_torch(x):
        import torch

        dtype = x.dtype if x.is_floating_point() else torch.get_default_dtype()
        return torch.as_tensor(values, dtype=dtype, device=x.device)
    if type(x).__module__.split(".")[0] in ("jax", "jaxlib"):
        import jax.numpy as jnp

        return jnp.asarray(values, dtype=x.dtype)
    if isinstance(x, np.ndarray) and x.dtype.kind == "f":
        return values.astype(x.dtype)
    return values
