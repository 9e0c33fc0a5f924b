"""Make an embedded data set: `python generate.py forces|conformers OUT.h5 [options]`."""

import os

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import hashlib
import multiprocessing
import pickle
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from rdkit import RDLogger

import chemistry
import layout
import molecules

SEED = 20260917
TEMPERATURE = 500.0
BURN = 60
SPACING = 15
EMBEDDINGS = 10
OPTIMISED = 4
CONFORMERS = 4
MINIMUM_RMSD = 0.25


def seed_of(seed, smiles):
    """A 31-bit seed of its own for each molecule, so that the order of the work does not matter."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{smiles}".encode()).digest()[:4], "big") >> 1


def entry_of(smiles, mol):
    """The molecule's row, without structures."""
    return layout.Entry(
        smiles=smiles,
        charge=0,
        atomic_number=chemistry.numbers_of(mol),
        bond=chemistry.bonds_of(mol),
        split=molecules.split_of(smiles),
    )


def force_entry(smiles, seed, frames):
    """Langevin frames of one molecule, aligned to its minimum in the minimum's principal axes, then labelled."""
    mol = chemistry.hydrogenated(smiles)
    entry = entry_of(smiles, mol)
    numbers = entry.atomic_number
    _, start = chemistry.embeddings(mol, 4, seed_of(seed, smiles))[0]
    _, minimum = chemistry.optimise(numbers, start)
    chemistry.check_geometry(numbers, entry.bond, minimum)
    chemistry.check_stereo(mol, smiles, minimum)
    minimum = (minimum - minimum.mean(axis=0)) @ layout.principal_rotation(minimum).T
    rng = np.random.default_rng(seed_of(seed, smiles))
    label = chemistry.Gfn2(numbers, minimum, accuracy=chemistry.LABEL_ACCURACY)
    for raw in chemistry.langevin(numbers, minimum, TEMPERATURE, BURN, SPACING, frames, rng):
        position = layout.posed(raw, layout.kabsch_rotation(raw, minimum))
        chemistry.check_geometry(numbers, entry.bond, position)
        energy, force = label(position)
        entry.frames.append(layout.Frame(position, energy, force))
    return entry


def conformer_entry(smiles, seed, _frames):
    """Distinct GFN2-xTB minima of one molecule, lowest energy first, each in its own principal axes."""
    mol = chemistry.hydrogenated(smiles)
    entry = entry_of(smiles, mol)
    numbers = entry.atomic_number
    starts = [position for _, position in chemistry.embeddings(mol, EMBEDDINGS, seed_of(seed, smiles))]
    starts = [starts[i] for i in chemistry.distinct(mol, starts, MINIMUM_RMSD)][:OPTIMISED]
    minima = sorted((chemistry.optimise(numbers, start) for start in starts), key=lambda pair: pair[0])
    kept = chemistry.distinct(mol, [position for _, position in minima], MINIMUM_RMSD)[:CONFORMERS]
    for index in kept:
        _, raw = minima[index]
        chemistry.check_geometry(numbers, entry.bond, raw)
        chemistry.check_stereo(mol, smiles, raw)
        position = layout.posed(raw, layout.principal_rotation(raw))
        energy, _ = chemistry.Gfn2(numbers, position, accuracy=chemistry.LABEL_ACCURACY)(position)
        entry.frames.append(layout.Frame(position, energy))
    return entry


MAKERS = {"forces": force_entry, "conformers": conformer_entry}


def work(task):
    """One molecule in a worker process: `(smiles, entry or None, reason)`."""
    kind, smiles, seed, frames, cache = task
    RDLogger.DisableLog("rdApp.*")
    recipe = (kind, smiles, seed, frames if kind == "forces" else 0, BURN, SPACING, EMBEDDINGS, OPTIMISED)
    kept = Path(cache) / hashlib.sha256(repr(recipe).encode()).hexdigest()[:24] if cache else None
    if kept and kept.exists():
        return pickle.loads(kept.read_bytes())
    try:
        result = smiles, MAKERS[kind](smiles, seed, frames), ""
    except (chemistry.Rejected, RuntimeError) as error:
        result = smiles, None, str(error).splitlines()[0]
    if kept:
        part = kept.with_suffix(".part")
        part.write_bytes(pickle.dumps(result))
        part.replace(kept)
    return result


def finite_differences(entries, seed):
    """Largest |force + dE/dx| in eV/angstrom over one component of each of 20 frames (central, 0.005 angstrom)."""
    rng = np.random.default_rng(seed)
    worst = 0.0
    for index in rng.choice(len(entries), size=min(20, len(entries)), replace=False):
        entry = entries[index]
        frame = entry.frames[rng.integers(len(entry.frames))]
        atom, axis = rng.integers(len(entry.atomic_number)), rng.integers(3)
        label = chemistry.Gfn2(entry.atomic_number, frame.position, accuracy=0.01)
        energies = []
        for sign in (1.0, -1.0):
            moved = frame.position.astype(np.float64)
            moved[atom, axis] += sign * 0.005
            energies.append(label(moved)[0])
        worst = max(worst, abs(frame.force[atom, axis] + (energies[0] - energies[1]) / 0.01))
    return worst


def meta_of(kind, seed, frames):
    """The attributes of `/meta`."""
    recipe = {
        "forces": f"RDKit ETKDGv3, MMFF94, GFN2-xTB minimum, GFN2-xTB Langevin at {TEMPERATURE:g} K (2 fs, hydrogen mass "
        f"4 u), {frames} frames every {SPACING} steps after {BURN}; pose: principal axes of the minimum, frames "
        "superposed on it",
        "conformers": f"RDKit ETKDGv3, MMFF94, GFN2-xTB minima (fmax {chemistry.FMAX} eV/angstrom), distinct by RMSD > "
        f"{MINIMUM_RMSD} angstrom, at most {CONFORMERS}; pose: principal axes of each conformer",
    }[kind]
    versions = {name: version(name) for name in ("rdkit", "tblite", "ase", "h5py", "numpy")}
    return {
        "name": f"embedded-{kind}",
        "level_of_theory": "GFN2-xTB",
        "licence": "CC0-1.0",
        "generator": f"data-scripts/generate.py {kind}: {recipe}",
        "versions": {**versions, "python": platform.python_version()},
        "seed": seed,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(MAKERS))
    parser.add_argument("out")
    parser.add_argument("--molecules", type=int, required=True)
    parser.add_argument("--frames", type=int, default=18, help="frames per molecule (forces)")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--cache", help="folder that keeps finished molecules, so that a stopped run goes on")
    options = parser.parse_args()
    if options.cache:
        Path(options.cache).mkdir(parents=True, exist_ok=True)
    RDLogger.DisableLog("rdApp.*")
    began = time.time()
    choose = {"forces": molecules.force_molecules, "conformers": molecules.conformer_molecules}[options.kind]
    chosen = choose(options.seed, options.molecules)
    print(f"{len(chosen)} molecules listed in {time.time() - began:.1f} s", flush=True)
    entries, rejected = {}, []
    tasks = [(options.kind, molecule.smiles, options.seed, options.frames, options.cache) for molecule in chosen]
    with multiprocessing.get_context("spawn").Pool(options.processes) as workers:
        for done, (smiles, entry, reason) in enumerate(workers.imap_unordered(work, tasks, chunksize=1), 1):
            if entry is None:
                rejected.append((smiles, reason))
                print(f"rejected {smiles}: {reason}", flush=True)
            else:
                entries[smiles] = entry
            if done % 50 == 0:
                print(f"{done}/{len(tasks)} molecules, {time.time() - began:.0f} s", flush=True)
    ordered = [entries[molecule.smiles] for molecule in chosen if molecule.smiles in entries]
    if options.kind == "forces":
        worst = finite_differences(ordered, options.seed)
        print(f"forces against finite differences of the energy: largest deviation {worst:.1e} eV/angstrom")
        if worst > 5e-3:
            sys.exit("generate.py: the forces are not the energy's negative gradient; nothing was written")
    digest = layout.write(options.out, meta_of(options.kind, options.seed, options.frames), ordered)
    structures = sum(len(entry.frames) for entry in ordered)
    print(
        f"{options.out}: {len(ordered)} molecules ({len(rejected)} rejected), {structures} structures, "
        f"{os.path.getsize(options.out)} bytes, sha256 {digest}, {time.time() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
