"""Any ASE calculator as a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._arrays import Array
from ._meter import split
from ._model import design_rotations
from ._result import Note, Split

# How a property turns, and whether every atom has one.
_PROPERTIES = {
    "energy": ("scalar", False),
    "free_energy": ("scalar", False),
    "energies": ("scalar", True),
    "forces": ("vector", True),
    "stress": ("symmetric", False),
    "stresses": ("symmetric", True),
    "dipole": ("vector", False),
    "charges": ("scalar", True),
    "magmom": ("scalar", False),
    "magmoms": ("scalar", True),
}


def _rotated(frame: Any, rotation: Array) -> Any:
    """A copy after ``x -> R x``: positions, cell, momenta, and magnetic moments if they are vectors."""
    turned = frame.copy()
    turned.set_constraint()
    turned.set_cell(np.asarray(frame.cell) @ rotation.T, scale_atoms=False)
    turned.set_positions(frame.positions @ rotation.T)
    if frame.has("momenta"):
        turned.set_momenta(frame.get_momenta() @ rotation.T)
    if frame.has("initial_magmoms"):
        moments = frame.get_initial_magnetic_moments()
        if moments.ndim == 2:  # an axial vector
            turned.set_initial_magnetic_moments(moments @ rotation.T * np.linalg.det(rotation))
    return turned


def _property(calculator: Any, name: str, frame: Any) -> Array:
    found = calculator.get_property(name, frame) if hasattr(calculator, "get_property") else None
    if found is None:
        found = getattr(calculator, f"get_{'potential_energy' if name == 'energy' else name}")(frame)
    values = np.asarray(found)
    return values.astype(np.float32 if values.dtype == np.float32 else np.float64)


def _label(frame: Any, name: str) -> Array | None:
    """The value that came with a frame, as ASE's readers attach it."""
    results = getattr(frame.calc, "results", None) or {}
    found = results.get(name)
    return None if found is None else np.asarray(found, dtype=np.float64)


def _neighbours(frame: Any, cutoff: float) -> Array:
    """Pairs within a cutoff, with positions in single precision, as most models hold them."""
    from ase.neighborlist import neighbor_list

    single = frame.copy()
    single.set_positions(frame.positions.astype(np.float32).astype(np.float64))
    i, j = neighbor_list("ij", single, cutoff)  # type: ignore[no-untyped-call]
    return np.asarray(sorted(zip(i.tolist(), j.tolist(), strict=True)))


def _padded(values: list[Array], atoms: int) -> Array:
    """``[frames, ...]``, atoms filled up with zeros."""
    dtype = np.result_type(*values)
    shape = (len(values), *values[0].shape[:-2], atoms, values[0].shape[-1])
    out = np.zeros(shape, dtype)
    for place, value in enumerate(values):
        out[place, ..., : value.shape[-2], :] = value
    return out


def split_calculator(
    calculator: Any,
    frames: Sequence[Any],
    rotations: int = 8,
    properties: Sequence[str] = ("energy", "forces"),
    *,
    seed: int = 0,
    design: str | None = None,
    inversions: bool = False,
    cutoff: float | None = None,
    molecule: Any = None,
    **options: Any,
) -> dict[str, Split]:
    """Split the loss of any ASE calculator: frames are turned with their cells, outputs turned back.

    Parameters
    ----------
    calculator
        An ASE calculator.
    frames
        ``ase.Atoms``, unrotated. Labels are what came with them: ``frame.calc.results``, where ASE's readers
        put energies (eV), forces (eV/angstrom) and stresses (eV/angstrom^3).
    rotations, seed, design, inversions
        As for :func:`measure_model`; every frame has rotations of its own.
    properties
        Of ``energy``, ``free_energy``, ``energies``, ``forces``, ``stress``, ``stresses``, ``dipole``,
        ``charges``, ``magmom``, ``magmoms``.
    cutoff
        In angstrom, of the calculator's neighbours; its attribute ``cutoff`` where it has one. Pairs that
        come and go with the rotation, by rounding or by the cell, are counted in a note.
    molecule
        Whole numbers, one for each frame: frames with the same number are resampled together.
    options
        ``loss``, ``degree``, ``replicates`` of :func:`split`.

    Returns
    -------
    a mapping of properties to :class:`Split`. The loss of values that each atom has is their mean over
    atoms. Where a frame has no label the target is zero, a note says so, and ``Split.relative``, the
    squared symmetry error over the mean squared prediction, is the figure to read.
    """
    for name in properties:
        if name not in _PROPERTIES:
            raise ValueError(f"property is {name}; give some of {', '.join(_PROPERTIES)}")
    if not frames:
        raise ValueError("there are no frames; give at least one")
    drawn = design_rotations(rotations, design, len(frames), seed, inversions)
    found: dict[str, list[Array]] = {name: [] for name in properties}
    reach = cutoff if cutoff is not None else getattr(calculator, "cutoff", None)
    reach = float(reach) if isinstance(reach, (int, float)) else None
    changed = 0
    for frame, matrices in zip(frames, drawn, strict=True):
        rows: dict[str, list[Array]] = {name: [] for name in properties}
        before = _neighbours(frame, reach) if reach else None
        for rotation in matrices:
            turned = _rotated(frame, rotation)
            if before is not None and reach:
                changed += not np.array_equal(before, _neighbours(turned, reach))
            turned.calc = calculator
            for name in properties:
                values = _property(calculator, name, turned)
                rows[name].append(values.reshape(_shape(name, len(frame))))
        for name in properties:
            found[name].append(np.stack(rows[name]))
    notes = []
    if changed:
        text = (
            f"neighbours within {reach:g} angstrom change in {changed} of {drawn.shape[0] * drawn.shape[1]} rotations: a pair "
            "lies at the cutoff, where a model that is not smooth jumps"
        )
        notes.append(Note("neighbours", text))
    return {name: _one(name, found[name], frames, drawn, design, molecule, notes, options) for name in properties}


def _shape(name: str, atoms: int) -> tuple[int, ...]:
    kind, of_atoms = _PROPERTIES[name]
    dim = {"scalar": 1, "vector": 3, "symmetric": 6}[kind]
    return (atoms, dim) if of_atoms else (dim,)


def _one(
    name: str,
    found: list[Array],
    frames: Sequence[Any],
    drawn: Array,
    design: str | None,
    molecule: Any,
    notes: list[Note],
    options: dict[str, Any],
) -> Split:
    kind, of_atoms = _PROPERTIES[name]
    counts = [len(frame) for frame in frames]
    shapes = [_shape(name, count) for count in counts]
    labels = [_label(frame, name) for frame in frames]
    targets = [
        np.zeros(shape) if label is None else label.reshape(shape) for label, shape in zip(labels, shapes, strict=True)
    ]
    missing = sum(label is None for label in labels)
    own = list(notes)
    if missing:
        text = (
            f"{missing} of {len(frames)} frames have no {name} of their own: their target is zero, so that L and the percentage "
            "are of the prediction's size"
        )
        own.append(Note("no-labels", text))
    weight = None
    if of_atoms:
        prediction, target = _padded(found, max(counts)), _padded(targets, max(counts))
        weight = np.zeros((len(frames), max(counts)))
        for row, count in enumerate(counts):
            weight[row, :count] = 1.0 / count
    else:
        prediction, target = np.stack(found), np.stack(targets)
    measured = split(
        prediction, target, drawn, kind=kind, weight=weight, molecule=molecule, design=design, **options
    )
    return measured._with_notes(own)
