"""QM9 (10.1038/sdata.2014.22) to the project's HDF5: `python convert_qm9.py SOURCE OUT [--exclude LIST]`.

SOURCE is a folder of raw `dsgdb9nsd_*.xyz` files, or an `.sdf` (geometry and bonds, no energy). In the raw layout
line 2 holds the tag, the index and 15 properties (the eleventh of these is U0, hartree); each atom line ends with a
charge; the last two lines hold two SMILES (GDB, relaxed) and two InChI. Numbers may read `1.2*^-6`. LIST names indices
to leave out, one at the start of a line, as in the published `uncharacterized.txt`.
"""

import re
from pathlib import Path

import ase.data
import ase.units
import numpy as np
from rdkit import Chem

import conversion

PROPERTIES = 17
U0 = 12


def number(text):
    """A float, Mathematica notation included."""
    return float(text.replace("*^", "e"))


def read_xyz(text):
    """`(index, numbers, position, energy in eV, relaxed SMILES)` of one raw file."""
    lines = text.splitlines()
    try:
        atoms = int(lines[0])
        fields = lines[1].split()
        if len(fields) != PROPERTIES or fields[0] != "gdb":
            raise ValueError
        rows = [line.split() for line in lines[2 : 2 + atoms]]
        if any(len(row) != 5 for row in rows) or len(rows) != atoms:
            raise ValueError
        numbers = np.array([ase.data.atomic_numbers[row[0]] for row in rows])
        position = np.array([[number(value) for value in row[1:4]] for row in rows])
        smiles = lines[3 + atoms].split()[1]
        return int(fields[1]), numbers, position, number(fields[U0]) * ase.units.Hartree, smiles
    except (ValueError, IndexError, KeyError):
        raise conversion.Unmatched("the file is not in the raw QM9 layout") from None


def from_xyz(path, exclude):
    """The entry of one raw file."""
    index, numbers, position, energy, smiles = read_xyz(path.read_text(encoding="ascii", errors="replace"))
    if index in exclude:
        raise conversion.Unmatched("named in the list to leave out")
    target = conversion.Target(smiles)
    entry = target.entry()
    order = target.order_of(numbers, conversion.distance_pairs(numbers, position))
    entry.frames.append(conversion.frame(position, order, energy))
    return entry


def from_mol(index, mol, exclude):
    """The entry of one SDF record."""
    if index in exclude:
        raise conversion.Unmatched("named in the list to leave out")
    if mol is None:
        raise conversion.Unmatched("the record does not parse or sanitise")
    target = conversion.Target(Chem.MolToSmiles(Chem.RemoveHs(mol)))
    numbers = np.array([atom.GetAtomicNum() for atom in mol.GetAtoms()])
    pairs = np.array([(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds()]).reshape(-1, 2)
    entry = target.entry()
    entry.frames.append(conversion.frame(mol.GetConformer().GetPositions(), target.order_of(numbers, pairs)))
    return entry


def records(source, limit):
    """`(name, maker of the entry)` for every record of the source."""
    if source.is_dir():
        paths = sorted(source.glob("*.xyz"))[:limit]
        if not paths:
            raise SystemExit(f"{source}: no .xyz files; unpack dsgdb9nsd.xyz.tar.bz2 there")
        for path in paths:
            yield path.name, lambda exclude, path=path: from_xyz(path, exclude)
    elif source.suffix == ".sdf" and source.is_file():
        for count, mol in enumerate(Chem.SDMolSupplier(str(source), removeHs=False), 1):
            if limit is not None and count > limit:
                return
            yield f"record {count}", lambda exclude, mol=mol, count=count: from_mol(count, mol, exclude)
    else:
        raise SystemExit(f"{source}: neither a folder of .xyz files nor an .sdf file")


def main(arguments=None):
    parser = conversion.parser_of(__doc__)
    parser.add_argument("--exclude", help="file with indices to leave out")
    options = parser.parse_args(arguments)
    exclude = set()
    if options.exclude:
        text = Path(options.exclude).read_text(encoding="ascii", errors="replace")
        exclude = {int(match) for match in re.findall(r"^\s*(\d+)\b", text, flags=re.MULTILINE)}
    tally, entries = conversion.Tally(), []
    for name, make in records(Path(options.source), options.limit):
        try:
            entries.append(make(exclude))
        except conversion.Unmatched as error:
            tally.add(str(error), name)
    meta = {
        "name": "qm9",
        "level_of_theory": "B3LYP/6-31G(2df,p)",
        "licence": "as published with QM9 (10.1038/sdata.2014.22)",
        "generator": "data-scripts/convert_qm9.py; pose: principal axes of each molecule",
    }
    conversion.finish(options.out, meta, entries, tally)


if __name__ == "__main__":
    main()
