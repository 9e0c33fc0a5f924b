"""RDKit and GFN2-xTB: starting geometries, optimisation, Langevin frames, and sanity checks."""

import ase.data
import ase.units
import numpy as np
from ase import Atoms
from ase.optimize import BFGS
from rdkit import Chem
from rdkit.Chem import AllChem, rdMolAlign
from tblite.ase import TBLite
from tblite.interface import Calculator

FMAX = 0.02
LABEL_ACCURACY = 0.1
DYNAMICS_ACCURACY = 10.0
BOND_ORDER = {
    Chem.BondType.SINGLE: 1,
    Chem.BondType.DOUBLE: 2,
    Chem.BondType.TRIPLE: 3,
    Chem.BondType.AROMATIC: 4,
}


class Rejected(Exception):
    """A molecule that does not pass a check; the message says which."""


class Gfn2:
    """GFN2-xTB energy (eV) and forces (eV/angstrom) of one molecule; restarts from the last density."""

    def __init__(self, numbers, position, charge=0, accuracy=1.0):
        if (int(np.sum(numbers)) - charge) % 2:
            raise Rejected("odd number of electrons")
        self._calculator = Calculator("GFN2-xTB", np.asarray(numbers), position / ase.units.Bohr, charge=float(charge))
        self._calculator.set("verbosity", 0)
        self._calculator.set("accuracy", accuracy)
        self._last = None

    def __call__(self, position):
        self._calculator.update(np.asarray(position, dtype=np.float64) / ase.units.Bohr)
        self._last = self._calculator.singlepoint(self._last)
        energy = float(self._last.get("energy")) * ase.units.Hartree
        force = -np.array(self._last.get("gradient")) * (ase.units.Hartree / ase.units.Bohr)
        if not np.isfinite(energy) or not np.isfinite(force).all():
            raise Rejected("GFN2-xTB gave a value that is not finite")
        return energy, force


def hydrogenated(smiles):
    """The molecule of `smiles` with hydrogens: heavy atoms in SMILES order, then the hydrogens."""
    return Chem.AddHs(Chem.MolFromSmiles(smiles))


def bonds_of(mol):
    """`[b, 3]` int array: first atom < second atom, order, sorted."""
    rows = [
        (*sorted((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())), BOND_ORDER[bond.GetBondType()])
        for bond in mol.GetBonds()
    ]
    return np.array(sorted(rows), dtype=np.int32).reshape(-1, 3)


def numbers_of(mol):
    """Atomic numbers in atom order."""
    return np.array([atom.GetAtomicNum() for atom in mol.GetAtoms()], dtype=np.uint8)


def check_geometry(numbers, bond, position):
    """Raise unless the bonds of the graph, and no others, are seen in the distances (covalent radii)."""
    radius = ase.data.covalent_radii[numbers]
    ratio = np.linalg.norm(position[:, None] - position[None], axis=-1) / (radius[:, None] + radius[None])
    bonded = np.zeros_like(ratio, dtype=bool)
    bonded[bond[:, 0], bond[:, 1]] = True
    bonded |= bonded.T
    apart = ~bonded & ~np.eye(len(numbers), dtype=bool)
    if bonded.any() and not (0.7 < ratio[bonded].min() and ratio[bonded].max() < 1.3):
        raise Rejected("a bond is broken or too short")
    if apart.any() and ratio[apart].min() < 1.2:
        raise Rejected("two atoms that are not bonded are too close")


def check_stereo(mol, smiles, position):
    """Raise unless the geometry has the stereo that the SMILES states (C=N-H is left open by the SMILES)."""
    heavy = Chem.RemoveHs(with_position(mol, position))
    Chem.AssignStereochemistryFrom3D(heavy)
    if Chem.MolToSmiles(heavy) != smiles:
        raise Rejected("the geometry has another stereo than the SMILES")


def with_position(mol, position):
    """A copy of `mol` with one conformer at `position`."""
    copy = Chem.Mol(mol)
    copy.RemoveAllConformers()
    conformer = Chem.Conformer(copy.GetNumAtoms())
    conformer.SetPositions(np.ascontiguousarray(position, dtype=np.float64))
    copy.AddConformer(conformer, assignId=True)
    return copy


def embeddings(mol, count, seed):
    """Up to `count` ETKDGv3 geometries relaxed by MMFF94, lowest force-field energy first: `[(energy, position)]`."""
    mol = Chem.Mol(mol)
    parameters = AllChem.ETKDGv3()
    parameters.randomSeed = seed
    parameters.numThreads = 1
    found = AllChem.EmbedMultipleConfs(mol, count, parameters)
    if not len(found):
        raise Rejected("ETKDG found no geometry")
    if not AllChem.MMFFHasAllMoleculeParams(mol):
        raise Rejected("MMFF94 has no parameters for it")
    relaxed = AllChem.MMFFOptimizeMoleculeConfs(mol, numThreads=1, maxIters=2000)
    order = sorted(range(len(relaxed)), key=lambda i: relaxed[i][1])
    return [(relaxed[i][1], mol.GetConformer(found[i]).GetPositions()) for i in order]


def optimise(numbers, position, steps=400):
    """GFN2-xTB minimum (largest force 0.02 eV/angstrom): `(energy in eV, position)`."""
    atoms = Atoms(numbers=numbers, positions=position)
    atoms.calc = TBLite(method="GFN2-xTB", charge=0.0, verbosity=0)
    if not BFGS(atoms, logfile=None).run(fmax=FMAX, steps=steps):
        raise Rejected("the GFN2-xTB optimisation did not converge")
    return float(atoms.get_potential_energy()), atoms.get_positions()


def skeleton(mol):
    """`mol` without the hydrogens on carbon, and the indices of the atoms kept."""
    drop = [
        atom.GetIdx()
        for atom in mol.GetAtoms()
        if atom.GetAtomicNum() == 1 and atom.GetNeighbors()[0].GetAtomicNum() == 6
    ]
    kept = [index for index in range(mol.GetNumAtoms()) if index not in set(drop)]
    editable = Chem.RWMol(mol)
    for index in reversed(drop):
        editable.RemoveAtom(index)
    return editable.GetMol(), kept


def distinct(mol, positions, threshold):
    """Indices of structures that differ by more than `threshold` angstrom from every one kept before.

    RMSD over all atoms but hydrogens on carbon, after optimal proper rotation, least over symmetric permutations.
    Mirror-image conformers count as distinct.
    """
    small, kept_atoms = skeleton(mol)
    shapes = [with_position(small, position[kept_atoms]) for position in positions]
    kept = []
    for index, shape in enumerate(shapes):
        if all(
            rdMolAlign.GetBestRMS(Chem.Mol(shape), Chem.Mol(shapes[other]), maxMatches=5000) > threshold
            for other in kept
        ):
            kept.append(index)
    return kept


def langevin(numbers, start, temperature, burn, spacing, frames, rng):
    """`frames` structures from GFN2-xTB Langevin dynamics at `temperature` (K), every `spacing` steps after `burn`.

    BAOAB, 2 fs steps, friction 10/ps. Hydrogen is given a mass of 4 u, which leaves the distribution of the
    configurations as it is and slows the fastest vibration enough for the step. Velocities start at twice the
    temperature, half of which the potential energy takes up.
    """
    mass = np.where(numbers == 1, 4.0, ase.data.atomic_masses[numbers])[:, None]
    step = 2.0 * ase.units.fs
    thermal = ase.units.kB * temperature
    decay = np.exp(-0.01 / ase.units.fs * step)
    position = start.copy()
    velocity = rng.normal(size=position.shape) * np.sqrt(2.0 * thermal / mass)
    potential = Gfn2(numbers, position, accuracy=DYNAMICS_ACCURACY)
    _, force = potential(position)
    kept = []
    for count in range(1, burn + spacing * frames + 1):
        velocity += 0.5 * step * force / mass
        position = position + 0.5 * step * velocity
        velocity = decay * velocity + np.sqrt((1.0 - decay**2) * thermal / mass) * rng.normal(size=position.shape)
        position = position + 0.5 * step * velocity
        _, force = potential(position)
        velocity += 0.5 * step * force / mass
        if count > burn and (count - burn) % spacing == 0:
            kept.append(position.copy())
    return kept
