"""Called by ci/reading: `reading.py PROGRAMS FOLDER [SAMPLES]`, the table. `reading.py read FILE`: one file, read
by the library that people use for it; JSON."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import h5py
import numpy as np

ROUNDS, MEGABYTES = int(os.environ.get("ROUNDS", 5)), float(os.environ.get("MEGABYTES", 200))
KCAL = 0.04336410424180094  # CODATA 2018
SPICE = pathlib.Path(__file__).parent.parent / "results/2026-11-26-data-cache/make_spice.py"


def by_ase(path):
    import ase.io
    return len(ase.io.read(path, ":", format="extxyz"))


def by_numpy(path):
    with np.load(path) as file:
        return len({name: file[name] for name in file}["energies"])


def by_h5py(path):
    """What a force field needs, group by group."""
    with h5py.File(path) as file:
        names = ("atomic_numbers", "conformations", "dft_total_gradient", "dft_total_energy", "smiles")
        return sum(len([group[name][()] for name in names][3]) for group in file.values())


THEIRS = {".xyz": ("ASE", by_ase), ".npz": ("numpy", by_numpy), ".hdf5": ("h5py", by_h5py)}


def frames_of(file, chosen):
    """Numbers, positions, forces (eV) and energies of the frames of a molecule, or of all."""
    offset = file["offset"][:]
    z, x, f = (file[name][:] for name in ("atomic_number", "position", "force"))
    for frame in np.flatnonzero(chosen):
        part = slice(offset[frame], offset[frame + 1])
        yield z[part], x[part].astype("f8"), f[part].astype("f8"), float(file["energy"][frame])


def make_xyz(forces, path):
    """Every frame over and over, each a little displaced, as ASE writes."""
    from ase.data import chemical_symbols
    numbers = np.random.default_rng(1)
    with h5py.File(forces) as file, open(path, "w") as out:
        frames = list(frames_of(file, np.ones(len(file["energy"]), dtype=bool)))
        while out.tell() < 1e6 * MEGABYTES:
            for z, x, f, energy in frames:
                x = x + numbers.normal(0, 0.004, x.shape)
                out.write(f'{len(z)}\nProperties=species:S:1:pos:R:3:forces:R:3 energy={energy} pbc="F F F"\n')
                for symbol, row in zip(z, np.hstack([x, f])):
                    out.write(f"{chemical_symbols[symbol]:<2}" + "".join(f" {value:16.8f}" for value in row) + "\n")


def make_npz(forces, path):
    """The molecule with most frames, over and over, in the layout of rMD17."""
    numbers = np.random.default_rng(2)
    with h5py.File(forces) as file:
        molecule = file["molecule_index"][:]
        frames = list(frames_of(file, molecule == np.bincount(molecule).argmax()))
    times = int(1e6 * MEGABYTES / sum(2 * x.nbytes + 8 for _, x, _, _ in frames)) + 1
    x, f = (np.tile(np.stack([frame[part] for frame in frames]), (times, 1, 1)) for part in (1, 2))
    x += numbers.normal(0, 0.004, x.shape)
    energies = np.tile([frame[3] for frame in frames], times)
    np.savez(path, nuclear_charges=frames[0][0], coords=x, forces=f / KCAL, energies=energies / KCAL)


def files(programs, folder, samples):
    forces = folder / "forces.h5"
    forces.unlink(missing_ok=True)
    subprocess.run([programs / "twirlbench", "data", "convert", "forces", forces], check=True, stdout=subprocess.DEVNULL)
    for name, make in (("made.xyz", make_xyz), ("made.npz", make_npz)):
        make(forces, folder / name)
        yield folder / name
    if samples:
        path = folder / "made.hdf5"
        subprocess.run([sys.executable, SPICE, samples, path, str(MEGABYTES / 1e3)], check=True, stdout=subprocess.DEVNULL)
        yield path


def seconds(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"reading.py: {' '.join(map(str, command))}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def copied(size):
    """Bytes a second at which memory is copied."""
    source = np.ones(int(size) // 8)
    begun = time.perf_counter()
    source.copy()
    return source.nbytes / (time.perf_counter() - begun)


def main(programs, folder, samples=None):
    programs, folder = pathlib.Path(programs), pathlib.Path(folder)
    print(f"Medians of {ROUNDS} rounds in turn, files in memory; copying: {1e-9 * copied(1e6 * MEGABYTES):.1f} GB/s\n")
    print("| file | MB | frames | ours s | MB/s | beside | theirs s | theirs / ours |\n|---|--:|--:|--:|--:|---|--:|--:|")
    for path in files(programs, folder, samples):
        ours, theirs = [], []
        for _ in range(ROUNDS + 1):
            ours.append(seconds(programs / "examples/read", path))
            theirs.append(seconds(sys.executable, __file__, "read", path))
        if ours[0]["frames"] != theirs[0]["frames"]:
            sys.exit(f"reading.py: {path}: {ours[0]['frames']} frames and {theirs[0]['frames']}")
        # The first round brings the file into memory.
        mine, other = (statistics.median(run["seconds"] for run in runs[1:]) for runs in (ours, theirs))
        size = path.stat().st_size / 1e6
        print(f"| {path.suffix[1:]} | {size:.0f} | {ours[0]['frames']} | {mine:.3f} | {size / mine:.0f} "
              f"| {THEIRS[path.suffix][0]} | {other:.3f} | {other / mine:.2f} |")


if sys.argv[1] == "read":
    read = THEIRS[pathlib.Path(sys.argv[2]).suffix][1]
    if read is by_ase:
        import ase.io  # not timed
    begun = time.perf_counter()
    count = read(sys.argv[2])
    print(json.dumps({"seconds": time.perf_counter() - begun, "frames": count}))
else:
    main(*sys.argv[1:])
