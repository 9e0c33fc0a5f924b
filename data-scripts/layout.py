"""The project's HDF5 layout: rounding, pose, ragged arrays, and the checksum beside each file."""

import hashlib
import json
import os
from dataclasses import dataclass, field

import h5py
import numpy as np

POSITION_BITS = 16
FORCE_BITS = 12
CHUNK_ROWS = 16384


@dataclass
class Frame:
    """One structure: `position [n, 3]` in angstrom, optional `force [n, 3]` in eV/angstrom and `energy` in eV."""

    position: np.ndarray
    energy: float | None = None
    force: np.ndarray | None = None


@dataclass
class Entry:
    """One molecule with its structures; `bond [b, 3]` holds first atom, second atom, order (4 = aromatic)."""

    smiles: str
    charge: int
    atomic_number: np.ndarray
    bond: np.ndarray
    split: int
    frames: list[Frame] = field(default_factory=list)


def round_mantissa(values, bits):
    """float32 values rounded to nearest (ties to even) at `bits` explicit mantissa bits.

    The relative error is at most 2^-(bits + 1).
    """
    values = np.ascontiguousarray(values, dtype=np.float32)
    if not np.isfinite(values).all():
        raise ValueError("rounding: a value is not finite")
    drop = np.uint32(23 - bits)
    raw = values.view(np.uint32)
    last = (raw >> drop) & np.uint32(1)
    raw = raw + (np.uint32(1) << (drop - np.uint32(1))) - np.uint32(1) + last
    return ((raw >> drop) << drop).view(np.float32)


def principal_rotation(position):
    """Proper rotation `R [3, 3]` such that `(position - mean) @ R.T` lies in its principal axes.

    Axes of the unweighted second-moment tensor: x the longest extent, z the shortest. The signs of x and y make
    the third moment along them non-negative; z completes a right-handed frame. Where the moments are degenerate
    (symmetric tops, exact symmetry) the choice is whatever the eigensolver returns: fixed, but not unique.
    """
    centred = position - position.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    rotation = axes.T[::-1].copy()
    for axis in range(2):
        if ((centred @ rotation[axis]) ** 3).sum() < 0:
            rotation[axis] *= -1
    rotation[2] = np.cross(rotation[0], rotation[1])
    return rotation


def kabsch_rotation(position, reference):
    """Proper rotation `R` that brings centred `position` closest to centred `reference` (unweighted RMSD)."""
    a = position - position.mean(axis=0)
    b = reference - reference.mean(axis=0)
    u, _, vt = np.linalg.svd(a.T @ b)
    sign = np.sign(np.linalg.det(u @ vt))
    return (u @ np.diag([1.0, 1.0, sign]) @ vt).T


def posed(position, rotation):
    """Centred, rotated, and rounded as it will be stored."""
    centred = position - position.mean(axis=0)
    return round_mantissa(centred @ rotation.T, POSITION_BITS)


def _dataset(group, name, values, dtype):
    values = np.asarray(values, dtype=dtype)
    rows = min(max(len(values), 1), CHUNK_ROWS)
    group.create_dataset(
        name, data=values, chunks=(rows, *values.shape[1:]), compression="gzip", compression_opts=9, shuffle=True
    )


def _bond_order_check(entry):
    atoms = len(entry.atomic_number)
    bond = np.asarray(entry.bond).reshape(-1, 3)
    if len(bond) and (bond[:, :2].min() < 0 or bond[:, :2].max() >= atoms):
        raise ValueError(f"{entry.smiles}: a bond names an atom outside the molecule")
    if len(bond) and not set(bond[:, 2].tolist()) <= {1, 2, 3, 4}:
        raise ValueError(f"{entry.smiles}: a bond order is not 1, 2, 3 or 4 (aromatic)")


def write(path, meta, entries):
    """Write `entries` to `path` (through a temporary sibling) and `path.sha256` beside it; returns the digest."""
    entries = [entry for entry in entries if entry.frames]
    if not entries:
        raise ValueError(f"{path}: no structures to write")
    frames = [(index, frame) for index, entry in enumerate(entries) for frame in entry.frames]
    with_force = all(frame.force is not None for _, frame in frames)
    with_energy = all(frame.energy is not None for _, frame in frames)
    for index, frame in frames:
        shape = (len(entries[index].atomic_number), 3)
        for name, values in (("position", frame.position), ("force", frame.force)):
            if values is not None and (values.shape != shape or not np.isfinite(values).all()):
                raise ValueError(f"{entries[index].smiles}: {name} is not finite or not of shape {shape}")
    for entry in entries:
        _bond_order_check(entry)
    atoms = [len(entries[index].atomic_number) for index, _ in frames]
    temporary = f"{path}.part"
    with h5py.File(temporary, "w") as file:
        group = file.create_group("meta")
        for key, value in meta.items():
            if isinstance(value, dict):
                value = json.dumps(value, sort_keys=True)
            group.attrs[key] = np.bytes_(value.encode("ascii")) if isinstance(value, str) else np.int64(value)
        _dataset(file, "offset", np.concatenate([[0], np.cumsum(atoms)]), "<i8")
        _dataset(file, "atomic_number", np.concatenate([entries[index].atomic_number for index, _ in frames]), "u1")
        position = np.concatenate([frame.position for _, frame in frames])
        _dataset(file, "position", round_mantissa(position, POSITION_BITS), "<f4")
        if with_force:
            force = np.concatenate([frame.force for _, frame in frames])
            _dataset(file, "force", round_mantissa(force, FORCE_BITS), "<f4")
        if with_energy:
            _dataset(file, "energy", [frame.energy for _, frame in frames], "<f8")
        _dataset(file, "molecule_index", [index for index, _ in frames], "<i4")
        _dataset(file, "split", [entries[index].split for index, _ in frames], "u1")
        molecule = file.create_group("molecule")
        _dataset(molecule, "smiles", [entry.smiles.encode("ascii") for entry in entries], None)
        _dataset(molecule, "charge", [entry.charge for entry in entries], "<i4")
        bonds = [np.asarray(entry.bond, dtype=np.int32).reshape(-1, 3) for entry in entries]
        _dataset(molecule, "bond_offset", np.concatenate([[0], np.cumsum([len(b) for b in bonds])]), "<i8")
        _dataset(molecule, "bond", np.concatenate(bonds), "<i4")
    os.replace(temporary, path)
    with open(path, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    with open(f"{path}.sha256", "w", encoding="ascii") as file:
        file.write(f"{digest}  {os.path.basename(path)}\n")
    return digest
