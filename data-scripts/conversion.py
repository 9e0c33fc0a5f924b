"""What the converters share: mapping structures onto their SMILES, counting what is left out, writing."""

import argparse
import os
from collections import Counter
from importlib.metadata import version

import ase.data
import numpy as np
from rdkit import Chem, RDLogger

import chemistry
import layout
import molecules

BOND_RATIO = 1.3
LONGEST_LISTING = 10


class Unmatched(Exception):
    """A structure that cannot be used; the message is the category it is counted under."""


def bare_graph(numbers, pairs):
    """A molecule graph with elements and single bonds only, for matching."""
    graph = Chem.RWMol()
    for number in numbers:
        atom = Chem.Atom(int(number))
        atom.SetNoImplicit(True)
        graph.AddAtom(atom)
    for first, second in pairs:
        graph.AddBond(int(first), int(second), Chem.BondType.SINGLE)
    return graph.GetMol()


def distance_pairs(numbers, position):
    """Pairs closer than 1.3 times the sum of their covalent radii; a hydrogen keeps only its nearest neighbour."""
    radius = ase.data.covalent_radii[numbers]
    ratio = np.linalg.norm(position[:, None] - position[None], axis=-1) / (radius[:, None] + radius[None])
    np.fill_diagonal(ratio, np.inf)
    if ratio.min() < 0.5:
        raise Unmatched("two atoms overlap")
    near = ratio < BOND_RATIO
    for atom in np.flatnonzero(numbers == 1):
        others = near[atom] & (np.arange(len(numbers)) != ratio[atom].argmin())
        near[atom, others] = near[others, atom] = False
    return np.argwhere(np.triu(near))


class Target:
    """The graph of a SMILES with hydrogens: heavy atoms in SMILES order, then the hydrogens."""

    def __init__(self, smiles):
        if not smiles.isascii():
            raise Unmatched("SMILES is not ASCII")
        parsed = Chem.MolFromSmiles(smiles)
        if parsed is None:
            raise Unmatched("SMILES does not parse")
        mol = Chem.AddHs(parsed)
        self.smiles = smiles
        self.charge = Chem.GetFormalCharge(mol)
        self.numbers = chemistry.numbers_of(mol)
        try:
            self.bond = chemistry.bonds_of(mol)
        except KeyError as error:
            raise Unmatched(f"bond type {error} has no code") from None
        self.graph = bare_graph(self.numbers, self.bond[:, :2])

    def order_of(self, numbers, pairs):
        """Indices that bring a structure's atoms into this order, by graph isomorphism on elements and bonds."""
        if sorted(numbers) != sorted(self.numbers):
            raise Unmatched("the structure has other atoms than the SMILES")
        if len(pairs) != len(self.bond):
            raise Unmatched("the structure has another number of bonds than the SMILES")
        match = bare_graph(numbers, pairs).GetSubstructMatch(self.graph)
        if len(match) != len(self.numbers):
            raise Unmatched("the structure has another bond graph than the SMILES")
        return np.array(match)

    def entry(self):
        """An entry without structures."""
        return layout.Entry(self.smiles, self.charge, self.numbers, self.bond, molecules.split_of(self.smiles))


def frame(position, order, energy=None):
    """A structure in SMILES order, centred, in its principal axes."""
    position = np.asarray(position, dtype=np.float64)[order]
    if not np.isfinite(position).all():
        raise Unmatched("a coordinate is not finite")
    return layout.Frame(layout.posed(position, layout.principal_rotation(position)), energy)


class Tally:
    """Counts what was left out, by reason, and remembers the first few names."""

    def __init__(self):
        self.counts = Counter()
        self.names = {}

    def add(self, reason, name):
        """Count `name` under `reason`."""
        self.counts[reason] += 1
        self.names.setdefault(reason, []).append(name)

    def report(self):
        """One line per reason."""
        for reason, count in self.counts.most_common():
            names = self.names[reason][:LONGEST_LISTING]
            more = f" and {count - len(names)} more" if count > len(names) else ""
            print(f"left out, {reason}: {count} ({', '.join(names)}{more})")


def parser_of(doc):
    """The arguments every converter takes."""
    RDLogger.DisableLog("rdApp.*")
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("source")
    parser.add_argument("out")
    parser.add_argument("--limit", type=int, help="at most this many molecules")
    return parser


def finish(out, meta, entries, tally):
    """Write the file, then print the counts: kept and left out."""
    entries = [entry for entry in entries if entry.frames]
    tally.report()
    if not entries:
        raise SystemExit(f"{out}: no structure could be used; nothing was written")
    digest = layout.write(out, {**meta, "versions": {name: version(name) for name in ("rdkit", "ase", "h5py", "numpy")}, "seed": 0}, entries)
    structures = sum(len(entry.frames) for entry in entries)
    print(
        f"{out}: {len(entries)} molecules, {structures} structures, {sum(tally.counts.values())} left out, "
        f"{os.path.getsize(out)} bytes, sha256 {digest}"
    )
