"""Rotation matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from . import _twirl


def haar(shape: int | Sequence[int], seed: int, *, inversions: bool = False) -> NDArray[np.float64]:
    """Independent uniform (Haar) rotation matrices.

    Parameters
    ----------
    shape
        Number of rotations, or shape of the array of them: ``(molecules, rotations)`` for
        :func:`split`, which needs rotations of their own for every molecule.
    seed
        The same seed gives the same rotations on every machine.
    inversions
        Draw from O(3): each rotation times an independent random sign.

    Returns
    -------
    array ``[*shape, 3, 3]`` of float64; a matrix ``R`` acts on column vectors, ``x -> R x``.
    """
    axes = (shape,) if isinstance(shape, int) else tuple(int(n) for n in shape)
    if any(n < 0 for n in axes) or seed < 0:
        raise ValueError(f"haar: shape is {axes} and seed {seed}; give numbers of 0 or more")
    matrices = _twirl.haar(int(np.prod(axes, dtype=np.int64)), seed, inversions)
    return matrices.reshape((*axes, 3, 3))


def group(name: str, *, inversions: bool = False) -> NDArray[np.float64]:
    """All rotations of a finite group: ``tetrahedral`` (12), ``octahedral`` (24), ``icosahedral`` (60).

    With ``inversions`` they are followed by their negatives. Returns ``[order, 3, 3]``, identity first.
    Give the name to :func:`split` as ``design``: its estimator divides by the order, and what is measured
    is the symmetry under the group, that of all rotations for outputs of degree up to 2, 3 and 5.
    """
    return _twirl.group(name, inversions)


def quadrature(degree: int, *, inversions: bool = False) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes ``[nodes, 3, 3]`` and weights ``[nodes]`` of the product rule of a degree.

    ``(degree + 1)^2 (degree / 2 + 1)`` nodes; figures of the squared loss of outputs up to degree
    ``degree / 2`` are exact. Give them to :func:`split` as ``rotation`` and ``rotation_weight``.
    """
    return _twirl.nodes(degree, inversions)
