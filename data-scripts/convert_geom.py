"""GEOM (arXiv 2006.05531) to the project's HDF5: `python convert_geom.py FOLDER/summary_qm9.json OUT [--conformers N]`.

Input as published in `rdkit_folder`: a summary json `{smiles: {"pickle_path": ..., ...}}` and, beside it, one pickle
per molecule, a dict with `conformers`: a list of dicts with `rd_mol` (an RDKit molecule with one conformer),
`boltzmannweight`, and `totalenergy` (hartree). Pickles are read by an unpickler that knows only these types.
"""

import json
import pickle
from pathlib import Path

import ase.units
import numpy as np

import conversion

ALLOWED = {
    ("rdkit.Chem.rdchem", "Mol"),
    ("rdkit.Chem", "Mol"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
}


class Unpickler(pickle.Unpickler):
    """Loads RDKit molecules, numpy numbers and plain containers; anything else is an error."""

    def find_class(self, module, name):
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"the pickle asks for {module}.{name}")
        return super().find_class(module, name)


def load(path):
    """The dict of one molecule."""
    try:
        with open(path, "rb") as file:
            content = Unpickler(file).load()
    except FileNotFoundError:
        raise conversion.Unmatched("pickle missing") from None
    except Exception as error:  # a damaged pickle can raise nearly anything; it is counted with its reason
        raise conversion.Unmatched(f"pickle unreadable: {str(error).splitlines()[0]}") from None
    if not isinstance(content, dict) or not content.get("conformers"):
        raise conversion.Unmatched("pickle holds no conformers")
    return content


def convert_molecule(smiles, path, most, tally):
    """The entry of one molecule, its conformers of largest weight first, or None."""
    try:
        target = conversion.Target(smiles)
        conformers = load(path)["conformers"]
        weights = [float(conformer["boltzmannweight"]) for conformer in conformers]
    except conversion.Unmatched as error:
        tally.add(str(error), smiles)
        return None
    except (KeyError, TypeError):
        tally.add("a conformer has no boltzmannweight", smiles)
        return None
    entry = target.entry()
    for index in sorted(range(len(conformers)), key=lambda i: -weights[i])[:most]:
        try:
            mol = conformers[index].get("rd_mol")
            if mol is None or mol.GetNumConformers() != 1:
                raise conversion.Unmatched("rd_mol does not hold one conformer")
            numbers = np.array([atom.GetAtomicNum() for atom in mol.GetAtoms()])
            pairs = np.array([(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds()])
            energy = conformers[index].get("totalenergy")
            energy = None if energy is None else float(energy) * ase.units.Hartree
            order = target.order_of(numbers, pairs.reshape(-1, 2))
            entry.frames.append(conversion.frame(mol.GetConformer().GetPositions(), order, energy))
        except conversion.Unmatched as error:
            tally.add(str(error), f"{smiles}/{index}")
    return entry


def main(arguments=None):
    parser = conversion.parser_of(__doc__)
    parser.add_argument("--conformers", type=int, default=5, help="at most this many of each molecule, by weight")
    options = parser.parse_args(arguments)
    summary = Path(options.source)
    listed = json.loads(summary.read_text(encoding="utf-8"))
    tally, entries = conversion.Tally(), []
    for smiles, row in sorted(listed.items())[: options.limit]:
        if "pickle_path" not in row:
            tally.add("summary gives no pickle_path", smiles)
            continue
        entry = convert_molecule(smiles, summary.parent / row["pickle_path"], options.conformers, tally)
        if entry:
            entries.append(entry)
    meta = {
        "name": summary.stem.replace("summary_", "geom-"),
        "level_of_theory": "GFN2-xTB (CREST)",
        "licence": "as published with GEOM (arXiv 2006.05531)",
        "generator": f"data-scripts/convert_geom.py, at most {options.conformers} conformers by Boltzmann weight; "
        "pose: principal axes of each conformer",
    }
    conversion.finish(options.out, meta, entries, tally)


if __name__ == "__main__":
    main()
