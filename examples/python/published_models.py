"""Symmetry error of published force fields, through their ASE calculators.

pip install twirl-measure sevenn chgnet; python published_models.py [FRAMES.xyz] [--json FILE]

SevenNet-0 is equivariant by construction; CHGNet is invariant in its energy and takes forces as its
gradient. What is left is rounding, so these figures are floors: those of plain networks stand beside them.
Without a file, a few molecules in boxes and crystals with random displacements are measured.
"""

import argparse
import json
import warnings

import numpy as np
from ase.build import bulk, molecule
from ase.io import read

import twirl


def structures():
    random = np.random.default_rng(0)
    frames = []
    for name in ["CH3CH2OH", "C6H6", "CH3CONH2", "C2H6", "HCOOH"]:
        frame = molecule(name)
        frame.set_cell([14.0, 15.0, 16.0])
        frame.center()
        frame.pbc = True
        frames.append(frame)
    frames.append(bulk("NaCl", "rocksalt", a=5.64, cubic=True))
    frames.append(bulk("Si", "diamond", a=5.43, cubic=True))
    frames.append(bulk("Cu", "fcc", a=3.61, cubic=True) * (2, 1, 1))
    for frame in frames:
        frame.positions += 0.05 * random.normal(size=frame.positions.shape)
    return frames


def sevennet():
    from sevenn.calculator import SevenNetCalculator

    return SevenNetCalculator("7net-0", device="cpu")


def chgnet():
    from chgnet.model import CHGNetCalculator

    return CHGNetCalculator(use_device="cpu")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("frames", nargs="?", help="structures in any format that ASE reads")
    parser.add_argument("--rotations", type=int, default=8)
    parser.add_argument("--json", help="write the figures to this file")
    arguments = parser.parse_args()
    frames = read(arguments.frames, ":") if arguments.frames else structures()
    table = {}
    for name, make in {"SevenNet-0": sevennet, "CHGNet": chgnet}.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                calculator = make()
        except ImportError as error:
            print(f"{name}: left out: {error}")
            continue
        found = twirl.split_calculator(calculator, frames, rotations=arguments.rotations)
        for term, split in found.items():
            table[f"{name} {term}"] = {"relative_equiv": split.relative, "rms": split.equiv.value**0.5}
            print(f"{name:<12}{term:<8}L_equiv / E|f|^2 = {split.relative:.1e}   root of L_equiv = {split.equiv.value**0.5:.1e}")
            for note in split.notes:
                if note.code not in ("no-labels", "rounding"):
                    print(f"{'':<20}note: {note.text}")
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(table, file, indent=1)


if __name__ == "__main__":
    main()
