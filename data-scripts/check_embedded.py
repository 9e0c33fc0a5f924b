"""Check the embedded data sets: `python check_embedded.py [DIR]`; prints `N passed, N failed`.

Layout, checksum, poses, splits and geometry need h5py and numpy alone; the recomputed labels also need tblite,
ase and rdkit, and are reported as skipped where these are missing.
"""

import os

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"

import hashlib
import json
import sys
from pathlib import Path

import h5py
import numpy as np

import layout

EMBEDDED = Path(__file__).resolve().parent.parent / "crates" / "twirl-data" / "embedded"
META = ("name", "level_of_theory", "licence", "generator", "versions", "seed")
SIZE_LIMIT = {"forces": 4_500_000, "conformers": 2_000_000}
ATOMS = {"forces": (5, 24), "conformers": (7, 30)}
ELEMENTS = {1, 6, 7, 8, 9, 16, 17}
DTYPES = {
    "offset": "<i8",
    "atomic_number": "|u1",
    "position": "<f4",
    "molecule_index": "<i4",
    "split": "|u1",
    "energy": "<f8",
    "molecule/charge": "<i4",
    "molecule/bond_offset": "<i8",
    "molecule/bond": "<i4",
}
RECOMPUTED = 12
ENERGY_TOLERANCE = 1e-4
FORCE_TOLERANCE = 1e-3


class Set:
    """One file, read whole."""

    def __init__(self, path):
        self.path = path
        self.kind = path.stem
        with h5py.File(path, "r") as file:
            self.meta = dict(file["meta"].attrs)
            names = []
            file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
            self.data = {name: file[name][()] for name in names}
            self.filters = {name: (file[name].compression, file[name].shuffle) for name in names}

    def __getitem__(self, name):
        return self.data[name]

    def frames(self):
        """`(frame, molecule, slice of its atoms)` for each frame."""
        offset = self["offset"]
        for frame, molecule in enumerate(self["molecule_index"]):
            yield frame, int(molecule), slice(offset[frame], offset[frame + 1])

    def bonds(self, molecule):
        """`[b, 3]` bonds of one molecule."""
        start, stop = self["molecule/bond_offset"][molecule : molecule + 2]
        return self["molecule/bond"][start:stop]

    def smiles(self, molecule):
        """SMILES of one molecule."""
        return self["molecule/smiles"][molecule].decode("ascii")


def check_checksum(data):
    content = data.path.read_bytes()
    recorded, name = Path(f"{data.path}.sha256").read_text(encoding="ascii").split()
    assert name == data.path.name, f"the checksum is of {name}"
    assert hashlib.sha256(content).hexdigest() == recorded, "sha256 differs"
    assert len(content) <= SIZE_LIMIT[data.kind], f"{len(content)} bytes, more than {SIZE_LIMIT[data.kind]}"


def check_layout(data):
    expected = {**DTYPES, **({"force": "<f4"} if data.kind == "forces" else {})}
    assert set(data.data) == set(expected) | {"molecule/smiles"}, sorted(data.data)
    for name, dtype in expected.items():
        assert data[name].dtype.str == dtype, f"{name} is {data[name].dtype.str}, not {dtype}"
    for name, filters in data.filters.items():
        assert filters == ("gzip", True), f"{name} has filters {filters}"
    missing = [key for key in META if key not in data.meta]
    assert not missing, f"/meta lacks {missing}"
    assert json.loads(data.meta["versions"])["tblite"], "no tblite version"


def check_ragged(data):
    offset, total = data["offset"], len(data["atomic_number"])
    frames, molecules = len(offset) - 1, len(data["molecule/smiles"])
    assert offset[0] == 0 and offset[-1] == total
    low, high = ATOMS[data.kind]
    counts = np.diff(offset)
    assert low <= counts.min() and counts.max() <= high, f"{counts.min()} to {counts.max()} atoms"
    assert data["position"].shape == (total, 3)
    if data.kind == "forces":
        assert data["force"].shape == (total, 3)
    for name in ("molecule_index", "split", "energy"):
        assert data[name].shape == (frames,), name
    assert set(data["molecule_index"]) == set(range(molecules)), "a molecule has no frame"
    assert data["molecule/bond_offset"][0] == 0 and data["molecule/bond_offset"][-1] == len(data["molecule/bond"])
    assert len(data["molecule/bond_offset"]) == molecules + 1
    assert set(data["molecule/charge"]) == {0}
    assert set(np.unique(data["atomic_number"])) <= ELEMENTS


def check_numbers(data):
    for name in ("position", "energy", *(["force"] if data.kind == "forces" else [])):
        assert np.isfinite(data[name]).all(), f"{name} is not finite"
    position = data["position"]
    assert (layout.round_mantissa(position, layout.POSITION_BITS) == position).all(), "positions are not rounded"
    if data.kind == "forces":
        force = data["force"]
        assert (layout.round_mantissa(force, layout.FORCE_BITS) == force).all(), "forces are not rounded"
        for _, _, atoms in data.frames():
            assert np.abs(force[atoms].sum(axis=0)).max() < 0.02, "the net force is not zero"


def check_pose(data):
    first, angles = {}, {}
    for frame, molecule, atoms in data.frames():
        position = data["position"][atoms].astype(np.float64)
        assert np.abs(position.mean(axis=0)).max() < 1e-3, f"frame {frame} is not centred"
        if data.kind == "conformers":
            moment = position.T @ position
            scale = np.trace(moment)
            assert np.abs(moment - np.diag(np.diag(moment))).max() < 1e-3 * scale, f"frame {frame}: not principal axes"
            assert (np.diff(np.diag(moment)) < 1e-3 * scale).all(), f"frame {frame}: axes out of order"
        else:
            reference = first.setdefault(molecule, position)
            rotation = layout.kabsch_rotation(position, reference)
            angle = np.degrees(np.arccos(np.clip((np.trace(rotation) - 1.0) / 2.0, -1.0, 1.0)))
            angles.setdefault(molecule, []).append(angle)
    if angles:  # random poses would give a median of 126 degrees
        medians = np.array([np.median(found[1:]) for found in angles.values() if len(found) > 1])
        # A molecule that changes its conformation superposes on its minimum in another way: few do.
        far = np.quantile(medians, 0.99)
        assert np.median(medians) < 15.0 and far < 60.0, f"poses differ by {far:.0f} degrees in 1 % of the molecules"
        print(f"{data.kind}: rotation between frames of a molecule, median {np.median(medians):.1f}, largest "
              f"{medians.max():.1f} degrees")


def check_split(data):
    by_molecule = {}
    for frame, molecule, _ in data.frames():
        assert by_molecule.setdefault(molecule, data["split"][frame]) == data["split"][frame], "split within a molecule"
    share = np.bincount(list(by_molecule.values()), minlength=3) / len(by_molecule)
    assert len(share) == 3 and share[0] > 0.7 and share[1:].min() > 0.05, f"split shares {share}"
    smiles = [data.smiles(molecule) for molecule in by_molecule]
    assert len(set(smiles)) == len(smiles), "a SMILES occurs twice"


def check_geometry(data):
    import chemistry

    for _, molecule, atoms in data.frames():
        chemistry.check_geometry(data["atomic_number"][atoms], data.bonds(molecule), data["position"][atoms])


def check_graph(data):
    import chemistry
    import molecules

    numbers = {molecule: data["atomic_number"][atoms] for _, molecule, atoms in data.frames()}
    split = {molecule: data["split"][frame] for frame, molecule, _ in data.frames()}
    for molecule, atomic_number in numbers.items():
        smiles = data.smiles(molecule)
        mol = chemistry.hydrogenated(smiles)
        assert (chemistry.numbers_of(mol) == atomic_number).all(), f"{smiles}: other atoms"
        assert (chemistry.bonds_of(mol) == data.bonds(molecule)).all(), f"{smiles}: other bonds"
        assert split[molecule] == molecules.split_of(smiles), f"{smiles}: split is not that of its hash"


def check_labels(data):
    import chemistry

    rng = np.random.default_rng(7)
    frames = list(data.frames())
    for index in rng.choice(len(frames), size=min(RECOMPUTED, len(frames)), replace=False):
        frame, molecule, atoms = frames[index]
        position = data["position"][atoms]
        label = chemistry.Gfn2(data["atomic_number"][atoms], position, accuracy=chemistry.LABEL_ACCURACY)
        energy, force = label(position)
        assert abs(energy - data["energy"][frame]) < ENERGY_TOLERANCE, f"{data.smiles(molecule)}: energy differs"
        if data.kind == "forces":
            allowed = FORCE_TOLERANCE + np.abs(force) * 2.0 ** -(layout.FORCE_BITS + 1)
            assert (np.abs(force - data["force"][atoms]) <= allowed).all(), f"{data.smiles(molecule)}: forces differ"
        else:
            assert np.linalg.norm(force, axis=1).max() < 0.03, f"{data.smiles(molecule)}: not a minimum"


CHECKS = (
    (check_checksum, False),
    (check_layout, False),
    (check_ragged, False),
    (check_numbers, False),
    (check_pose, False),
    (check_split, False),
    (check_geometry, True),
    (check_graph, True),
    (check_labels, True),
)


def cross_split(sets):
    """The same SMILES has the same split in both files."""
    seen = {}
    for data in sets:
        for frame, molecule, _ in data.frames():
            smiles = data.smiles(molecule)
            assert seen.setdefault(smiles, data["split"][frame]) == data["split"][frame], smiles


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else EMBEDDED
    passed = failed = skipped = 0
    try:
        sets = [Set(folder / f"{kind}.h5") for kind in ("forces", "conformers")]
    except OSError as error:
        sys.exit(f"check_embedded.py: {folder}: {error}; run generate.py first")
    jobs = [(f"{data.kind}: {check.__name__}", check, data, needs) for data in sets for check, needs in CHECKS]
    jobs.append(("both: cross_split", cross_split, sets, False))
    for name, check, argument, needs_chemistry in jobs:
        try:
            check(argument)
            passed += 1
        except ModuleNotFoundError as error:
            if not needs_chemistry:
                raise
            skipped += 1
            print(f"skipped {name}: {error.name} is not installed")
        except Exception as error:  # each failure is reported by name, then counted
            failed += 1
            print(f"FAILED {name}: {error}")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
