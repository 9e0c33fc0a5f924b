"""Called by ci/python: `python_data.py PROGRAM FOLDER`.

Data sets by the programs that make them: ASE reads the extended XYZ that twirlbench writes, and
twirlbench what ASE, h5py and numpy write, in frames with random keys, units, periodicity and filters.
"""

import gzip
import io
import pathlib
import random
import subprocess
import sys

import ase
import ase.io
import ase.units
import h5py
import numpy as np
from ase.calculators.singlepoint import SinglePointCalculator

program, out = sys.argv[1], pathlib.Path(sys.argv[2]) / "data"
out.mkdir(parents=True, exist_ok=True)
FRAMES = 1000
SEED = 20261125
# CODATA 2018, as the program converts; ase.units has its own version of 2014.
HARTREE, BOHR, KCAL = 27.211386245988, 0.529177210903, 0.04336410424180094
print(f"ci/python: data: seed {SEED}")
numbers = np.random.default_rng(SEED)
chance = random.Random(SEED)

def run(*arguments):
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)

def converted(source, *options):
    """What the program reads, by way of its own HDF5."""
    target = out / "read.h5"
    target.unlink(missing_ok=True)
    done = run("data", "convert", source, target, *options)
    assert done.returncode == 0, (source, options, done.stderr)
    with h5py.File(target) as file:
        read = {name: file[name][()] for name in file if isinstance(file[name], h5py.Dataset)}
        read["charge"] = file["molecule/charge"][()][read["molecule_index"]]
        smiles = [text.decode() for text in file["molecule/smiles"][()]]
    read["smiles"] = [smiles[index] for index in read["molecule_index"]]
    return read

def molecule(frame):
    """Water, ammonia, methanol or formaldehyde, a little out of shape; no two frames are alike."""
    symbols, positions = [
        ("OHH", [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]]),
        ("NHHH", [[0, 0, 0.1], [0.94, 0, -0.25], [-0.47, 0.81, -0.25], [-0.47, -0.81, -0.25]]),
        ("COHHHH", [[0, 0, 0], [1.42, 0, 0], [-0.36, 1.03, 0], [-0.36, -0.51, 0.89], [-0.36, -0.51, -0.89], [1.75, 0.9, 0]]),
        ("OCHH", [[0, 0, 0], [1.21, 0, 0], [1.8, 0.94, 0], [1.8, -0.94, 0]]),
    ][frame % 4]
    positions = np.array(positions, dtype=float) + 0.04 * numbers.standard_normal((len(symbols), 3))
    forces = 2 * numbers.standard_normal(positions.shape)
    energy = sum({"O": -2040.0, "N": -1490.0, "C": -1036.0, "H": -16.0}[s] for s in symbols)
    return symbols, positions, energy + 0.1 * numbers.standard_normal(), forces

def random_info():
    """Entries of other programs, which must not stand in the way of the labels."""
    choices = {
        "config_type": lambda: chance.choice(["random", "IsolatedAtom", "a b", "it's", 'say "hi"', "{x}", "[1]"]),
        "note": lambda: chance.choice(["energy=3", 'q " energy=1 "', "x = y", "comma, list", "é"]),
        "time": lambda: chance.random(),
        "step": lambda: chance.randrange(1000),
        "ok": lambda: chance.random() < 0.5,
        "weights": lambda: np.array([chance.random() for _ in range(3)]),
        "table": lambda: np.array([[1, 2], [3, 4]]),
        "tags": lambda: {"a": [1, "b"]},
        "free_energy_correction": lambda: -chance.random(),
        "dipole": lambda: np.array([chance.random() for _ in range(3)]),
    }
    return {name: choices[name]() for name in chance.sample(sorted(choices), chance.randrange(len(choices)))}

def same(found, expected, what, tolerance=1e-12):
    assert np.shape(found) == np.shape(expected), (what, np.shape(found), np.shape(expected))
    assert np.allclose(found, expected, rtol=tolerance, atol=tolerance), what

def from_ase():
    """Frames by ASE, each batch with keys, units and a spelling of pbc of its own."""
    frames = [molecule(k) for k in range(FRAMES)]
    batches = 20
    size = FRAMES // batches
    seen = 0
    for batch in range(batches):
        energy_key, forces_key = chance.choice(
            [("energy", "forces"), ("REF_energy", "REF_forces"), ("dft_energy", "dft_force"), ("energy_x", "forces_x")]
        )
        length, energy_unit = chance.choice([(1.0, 1.0), (1.0, HARTREE), (1.0, KCAL), (BOHR, HARTREE)])
        options = []
        if length != 1.0:
            options += ["--length-unit", "bohr"]
        if energy_unit != 1.0:
            options += ["--energy-unit", "hartree" if energy_unit == HARTREE else "kcal/mol"]
        images = []
        for symbols, positions, energy, forces in frames[batch * size : (batch + 1) * size]:
            atoms = ase.Atoms(symbols, positions / length, info=random_info())
            energy, forces = energy / energy_unit, forces * length / energy_unit
            if energy_key == "energy":
                atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces)
            else:
                atoms.info[energy_key] = energy
                atoms.arrays[forces_key] = forces
            if batch % 3 == 0:
                atoms.info["charge"] = 0
            if batch % 4 == 1:
                atoms.cell = [9, 9, 9]
            images.append(atoms)
        file = out / f"ase-{batch}.xyz"
        text = io.StringIO()
        ase.io.write(text, images, format="extxyz")
        # ASE does not mark line ends in texts, and always writes pbc in one way.
        spelling = chance.choice(['pbc="F F F"', "pbc=F", 'pbc="0 0 0"', 'pbc = "false false false"', "pbc=[F, F, F]"])
        file.write_text(text.getvalue().replace('pbc="F F F"', spelling))
        if batch % 5 == 0:
            packed = file.with_suffix(".xyz.gz")
            packed.write_bytes(gzip.compress(file.read_bytes()))
            file = packed
        read = converted(file, *options)
        for k, (symbols, positions, energy, forces) in enumerate(frames[batch * size : (batch + 1) * size]):
            start, end = read["offset"][k : k + 2]
            what = (file, k)
            assert list(read["atomic_number"][start:end]) == [ase.data.atomic_numbers[s] for s in symbols], what
            # ASE writes eight decimals.
            same(read["position"][start:end], positions, what, 1e-7)
            same(read["energy"][k], energy, what, 1e-9)
            same(read["force"][start:end], forces, what, 1e-6)
            seen += 1
    for pbc in ["T F F", "TTT", "yes"]:
        file = out / "periodic.xyz"
        file.write_text("".join(f'3\npbc="{pbc}" energy={k}\nO 0 0 0\nH 0.96 0 0.0{k}\nH -0.24 0.93 0\n' for k in range(5)))
        assert run("data", "inspect", file).returncode == 2, pbc
    return f"{seen} frames"

def to_ase():
    """Both embedded sets by ASE, and back again."""
    count = 0
    for name in ["forces", "conformers"]:
        file = out / f"{name}.xyz"
        assert run("data", "export", name, "--out", file, "--count", 500).returncode == 0
        images = ase.io.read(file, index=":")
        read = converted(file, "--leave-out", "duplicates")
        assert len(images) == 500 and len(read["energy"] if name == "forces" else read["split"]) == 500
        lines = iter(file.read_text().splitlines())
        for k, atoms in enumerate(images):
            atoms_count, _ = int(next(lines)), next(lines)
            rows = np.array([next(lines).split()[1:] for _ in range(atoms_count)], dtype=float)
            start, end = read["offset"][k : k + 2]
            assert not atoms.pbc.any()
            assert np.array_equal(atoms.positions, rows[:, :3])
            assert np.array_equal(atoms.positions, read["position"][start:end])
            assert atoms.info["smiles"] == read["smiles"][k]
            if name == "forces":
                assert atoms.get_potential_energy() == read["energy"][k]
                assert np.array_equal(atoms.get_forces(), read["force"][start:end])
            count += 1
    return f"{count} frames"

def hdf5():
    """SPICE's layout by h5py: versions of the library, filters, many groups."""
    frames = [molecule(4 * k) for k in range(40)]
    x = np.array([frame[1] for frame in frames])
    energy = np.array([frame[2] for frame in frames])
    forces = np.array([frame[3] for frame in frames])
    filters = {
        "none": {},
        "gzip": {"compression": "gzip"},
        "lzf": {"compression": "lzf"},
        "shuffle": {"compression": "gzip", "shuffle": True},
        "lzf-shuffle": {"compression": "lzf", "shuffle": True},
        "fletcher32": {"fletcher32": True, "chunks": True},
    }
    szip = h5py.h5z.FILTER_SZIP
    if h5py.h5z.filter_avail(szip) and h5py.h5z.get_filter_info(szip) & h5py.h5z.FILTER_CONFIG_ENCODE_ENABLED:
        filters["szip"] = {"compression": "szip"}
    tried = []
    for libver in ["earliest", "latest"]:
        for name, setting in filters.items():
            file = out / f"{libver}-{name}.h5"
            with h5py.File(file, "w", libver=libver) as target:
                group = target.create_group("water")
                group["atomic_numbers"] = np.array([8, 1, 1], dtype="i2")
                group.create_dataset("conformations", data=x / BOHR, **setting)
                group.create_dataset("dft_total_energy", data=energy / HARTREE, **setting)
                group.create_dataset("dft_total_gradient", data=-forces * BOHR / HARTREE, **setting)
            read = converted(file)
            same(read["position"].reshape(x.shape), x, file)
            same(read["energy"], energy, file)
            same(read["force"].reshape(x.shape), forces, file, 1e-10)
            tried.append(name)
        file = out / f"{libver}-scaleoffset.h5"
        with h5py.File(file, "w", libver=libver) as target:
            group = target.create_group("water")
            group.create_dataset("atomic_numbers", data=np.array([8, 1, 1]), scaleoffset=0)
            group.create_dataset("conformations", data=x, scaleoffset=6)
        same(converted(file)["position"].reshape(x.shape), x, file, 1e-6)
        tried.append("scale-offset")
    file = out / "links.h5"
    with h5py.File(file, "w", libver="latest") as target:
        for k in range(30_000):
            group = target.create_group(f"m{k:07d}")
            if k % 1000 == 0:
                group["atomic_numbers"] = np.array([8, 1, 1], dtype="i2")
                group["conformations"] = x[k // 1000 : k // 1000 + 1]
    same(converted(file)["position"].reshape(-1, 3, 3), x[:30], file)
    return f"{len(tried)} files, 30000 groups"

def npz():
    """sGDML's keys by numpy, in both orders of memory and several types."""
    frames = [molecule(4 * k) for k in range(60)]
    x, e, f = (np.array([frame[k] for frame in frames]) for k in [1, 2, 3])
    tried = 0
    for order in "CF":
        for kind in ["f8", ">f8", "f4"]:
            for unit, factor in [("eV", 1.0), ("kcal/mol", KCAL), ("Hartree", HARTREE)]:
                file = out / "sgdml.npz"
                arrays = {"R": x, "E": (e / factor)[:, None], "F": f / factor}
                arrays = {name: np.asarray(array, dtype=kind, order=order) for name, array in arrays.items()}
                save = np.savez_compressed if tried % 2 else np.savez
                save(file, z=np.array([8, 1, 1]), e_unit=unit, r_unit="Ang", name="water", **arrays)
                read = converted(file)
                tolerance = 1e-5 if kind == "f4" else 1e-12
                same(read["position"].reshape(x.shape), x, kind, tolerance)
                same(read["energy"], e, kind, tolerance)
                same(read["force"].reshape(x.shape), f, kind, tolerance)
                tried += 1
    return f"{tried} files"

for check in [from_ase, to_ase, hdf5, npz]:
    print(f"ci/python: data: {check.__name__}: {check()}")
