"""RDKit's own conformers of the held-out molecules of the embedded conformer set.

`python rdkit_conformers.py ../crates/twirl-data/embedded/conformers.h5
../crates/task-conformer-flow/baseline/rdkit.json`: ETKDGv3 embeddings, not optimised, of every test
molecule from its SMILES (stereo marks included, which the trained arms are not told), in the atom
order of the data set, thousandths of an angstrom.
"""

import argparse
import hashlib
import json
from importlib.metadata import version

import h5py
import numpy as np
from rdkit import Chem
from rdkit.Chem import AllChem

TEST = 2
CONFORMERS = 8
SEED = 20251203


def embed(smiles, numbers):
    """`[conformers, atoms, 3]` in thousandths of an angstrom."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    found = [atom.GetAtomicNum() for atom in mol.GetAtoms()]
    if found != list(numbers):
        raise SystemExit(f"{smiles}: atoms are in another order than in the data set")
    parameters = AllChem.ETKDGv3()
    parameters.randomSeed = SEED
    ids = list(AllChem.EmbedMultipleConfs(mol, CONFORMERS, parameters))
    if len(ids) != CONFORMERS:
        raise SystemExit(f"{smiles}: {len(ids)} of {CONFORMERS} conformers could be embedded")
    places = [mol.GetConformer(index).GetPositions() for index in ids]
    centred = [place - place.mean(axis=0) for place in places]
    return [np.round(1000 * place).astype(int).ravel().tolist() for place in centred]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("out")
    options = parser.parse_args()
    with open(options.data, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    conformers = {}
    with h5py.File(options.data) as file:
        offset, numbers = file["offset"][()], file["atomic_number"][()]
        for frame in np.flatnonzero(file["split"][()] == TEST):
            smiles = file["molecule/smiles"][file["molecule_index"][frame]].decode("ascii")
            if smiles not in conformers:
                conformers[smiles] = embed(smiles, numbers[offset[frame] : offset[frame + 1]])
    content = {
        "generator": f"data-scripts/rdkit_conformers.py, RDKit {version('rdkit')}, ETKDGv3, seed {SEED}",
        "data": digest,
        "conformers": conformers,
    }
    with open(options.out, "w", encoding="ascii") as file:
        json.dump(content, file, separators=(",", ":"))
        file.write("\n")
    print(f"{options.out}: {len(conformers)} molecules with {CONFORMERS} conformers each")


if __name__ == "__main__":
    main()
