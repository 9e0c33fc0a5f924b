"""Golden distances for the tests of task-conformer-flow, by RDKit's GetBestRMS.

`python golden_best_rms.py ../crates/task-conformer-flow/tests/flow/best_rms.json`: pairs of
conformers with the least RMSD over heavy atoms, over all automorphisms and proper rotations. The
second of a pair is another embedding, or the mirror image of the first (which no rotation reaches
where the molecule is chiral or its conformation is). Conjugated end groups are not made equal.
"""

import argparse
import json
from importlib.metadata import version

import numpy as np
from rdkit import Chem
from rdkit.Chem import AllChem, rdMolAlign

import chemistry

SEED = 7
SMILES = [
    "CC(C)(C)C",
    "CCCC",
    "Cc1ccccc1",
    "c1ccc(-c2ccccc2)cc1",
    "FC(F)(F)CCC(F)(F)F",
    "CC(C)(C)c1ccc(O)cc1",
    "C[C@H](N)C(=O)O",
    "CS(=O)(=O)CCCl",
    "OCC(O)CO",
    "C1CCCCC1CC(=O)N(C)C",
    "N#CCC#N",
]


def places(mol, index):
    return mol.GetConformer(index).GetPositions().round(4)


def pair(mol, first, second):
    """One row of the file."""
    both = Chem.Mol(mol)
    both.RemoveAllConformers()
    for position in (first, second):
        conformer = Chem.Conformer(mol.GetNumAtoms())
        conformer.SetPositions(np.ascontiguousarray(position))
        both.AddConformer(conformer, assignId=True)
    heavy = Chem.RemoveHs(both, sanitize=True)
    distance = rdMolAlign.GetBestRMS(
        heavy, heavy, prbId=0, refId=1, symmetrizeConjugatedTerminalGroups=False
    )
    return {"a": first.ravel().tolist(), "b": second.ravel().tolist(), "rms": distance}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    options = parser.parse_args()
    rows = []
    for smiles in SMILES:
        mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
        parameters = AllChem.ETKDGv3()
        parameters.randomSeed = SEED
        AllChem.EmbedMultipleConfs(mol, 2, parameters)
        first, second = places(mol, 0), places(mol, 1)
        mirrored = first * np.array([1.0, 1.0, -1.0])
        rows.append(
            {
                "smiles": smiles,
                "atomic_number": chemistry.numbers_of(mol).tolist(),
                "bond": chemistry.bonds_of(mol).tolist(),
                "pairs": [pair(mol, first, second), pair(mol, first, mirrored)],
            }
        )
    content = {"generator": f"data-scripts/golden_best_rms.py, RDKit {version('rdkit')}", "molecules": rows}
    with open(options.out, "w", encoding="ascii") as file:
        json.dump(content, file, separators=(",", ":"))
        file.write("\n")
    print(f"{options.out}: {len(rows)} molecules")


if __name__ == "__main__":
    main()
