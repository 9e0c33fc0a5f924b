"""Any function as a model: the loop over rotations."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ._arrays import Array, as_numpy, is_torch, like
from ._meter import split
from ._result import Note, Split
from ._rotations import group, haar

# Squared difference of two calls over the squared output: rounding of parallel sums stays far below.
_SAME = 1e-8


def design_rotations(
    rotations: int, design: str | None, molecules: int, seed: int, inversions: bool
) -> Array:
    """``[molecules, rotations, 3, 3]`` of a design by its name."""
    if design in (None, "iid"):
        return haar((molecules, rotations), seed, inversions=inversions)
    assert design is not None
    kind, _, name = design.partition(":")
    elements = group(name or kind, inversions=inversions)
    if not name:
        return np.broadcast_to(elements, (molecules, *elements.shape)).copy()
    if kind == "orbits":
        orbits = max(2, rotations // len(elements))
        starts = haar((molecules, orbits), seed)
        whole: Array = np.einsum("hij,mojk->mohik", elements, starts)
        return whole.reshape(molecules, -1, 3, 3)
    raise ValueError(f"design is {design}; give iid, a group by its name, or orbits:GROUP")


def _turned(inputs: Any, rotation: Array) -> Any:
    """``[molecules, atoms, 3]`` after ``x -> R x``, in the precision and on the device of the input."""
    if np.ndim(inputs) != 3 or np.shape(inputs)[-1] != 3:
        raise ValueError(
            f"inputs have shape {list(np.shape(inputs))}; give positions [molecules, atoms, 3], or say how they turn by rotate"
        )
    return inputs @ like(np.ascontiguousarray(rotation.transpose(0, 2, 1)), inputs)


def _outputs(found: Any, name: str = "") -> dict[str, Array]:
    outputs = found if isinstance(found, Mapping) else {name: found}
    return {str(key): as_numpy(value, f"{key}.prediction" if key else "prediction") for key, value in outputs.items()}


def _device_notes(found: Any) -> list[Note]:
    """What the device does to digits."""
    values = list(found.values()) if isinstance(found, Mapping) else [found]
    if any(is_torch(value) and getattr(value, "is_cuda", False) for value in values):
        torch = sys.modules["torch"]
        if torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32:
            text = (
                "TF32 is on: matrix products keep 10 bits, which counts as symmetry error; set "
                "torch.backends.cuda.matmul.allow_tf32 and torch.backends.cudnn.allow_tf32 to False to see "
                "the model's own"
            )
            return [Note("tf32", text)]
    return []


def measure_model(
    f: Callable[[Any], Any],
    inputs: Any,
    target: Any,
    *,
    rotations: int = 8,
    seed: int = 0,
    design: str | None = None,
    inversions: bool = False,
    rotate: Callable[[Any, Any], Any] | None = None,
    untwist: Callable[[Any, Any], Any] | None = None,
    kind: Any = "vector",
    check: bool = True,
    **options: Any,
) -> Split:
    """Split the loss of a function of molecules: turns inputs, calls it, turns outputs back.

    Parameters
    ----------
    f
        The model: of the inputs, all molecules at once, to outputs ``[molecules, ...blocks, dim]`` or a
        mapping of names to such arrays. A PyTorch module must be in evaluation mode. Noise must be held
        fixed: draw it once outside, and let it turn with the input if it is a part of it.
    inputs
        Positions ``[molecules, atoms, 3]``; with ``rotate`` anything.
    target
        Labels of the unrotated molecules, ``[molecules, ...blocks, dim]`` or a mapping.
    rotations, seed, design, inversions
        Number of uniform rotations of each molecule, drawn for each of them by :func:`haar`. A design may
        also be the name of a :func:`group`, all of whose elements are used, or ``orbits:GROUP``.
    rotate
        ``rotate(inputs, R)`` with ``R`` ``[molecules, 3, 3]``: the inputs after ``x -> R x``, everything
        that turns included: cells, fields, velocities, noise. ``R`` is float64 of numpy, or of the
        framework, precision and device of ``inputs`` if that is an array.
    untwist
        ``untwist(outputs, R)``: outputs turned back by the inverse. Without it ``kind`` says how they turn.
    check
        Call ``f`` twice at the first rotation and refuse outputs that differ.
    options
        ``loss``, ``weight``, ``mask``, ``molecule``, ``position``, ``degree``, ``replicates`` of
        :func:`split`.

    Gradients are left to the caller: wrap the call in ``torch.no_grad()`` unless forces are gradients.
    """
    if getattr(f, "training", False) is True:
        raise ValueError("the model is in training mode, so dropout and batch statistics count as symmetry error; call model.eval() first")
    labels = next(iter(target.values())) if isinstance(target, Mapping) else target
    molecules = int(np.shape(labels)[0])
    drawn = design_rotations(rotations, design, molecules, seed, inversions)
    is_array = hasattr(inputs, "dtype") and hasattr(inputs, "shape")

    def called(place: int) -> Any:
        matrices = np.ascontiguousarray(drawn[:, place])
        given = like(matrices, inputs) if is_array else matrices
        turned = _turned(inputs, matrices) if rotate is None else rotate(inputs, given)
        found = f(turned)
        return found if untwist is None else untwist(found, given)

    first = called(0)
    notes = _device_notes(first)
    parts = [_outputs(first)]
    if check:
        for name, again in _outputs(called(0)).items():
            before = parts[0][name].astype(np.float64)
            if np.sum((again - before) ** 2) > _SAME * np.sum(before**2):
                raise ValueError(
                    f"the model gives different outputs{f' {name}' if name else ''} for the same input; hold its noise fixed "
                    "(draw it once, outside; no dropout), or it counts as symmetry error"
                )
    parts += [_outputs(called(place)) for place in range(1, drawn.shape[1])]
    stacked: Any = {name: np.stack([part[name] for part in parts], axis=1) for name in parts[0]}
    if list(stacked) == [""]:
        stacked = stacked[""]
    if untwist is not None:
        kind = "untwisted"
    found = split(stacked, target, drawn, kind=kind, design=design, **options)
    return found._with_notes(notes)
