"""The molecule lists: every SMILES is composed here from fragments and templates, or listed by hand.

A template has one or two attachment points, `{a}` and `{b}`; a fragment attaches by its first atom.
Products are canonicalised by RDKit, filtered for plausible chemistry, and made unique.
"""

import hashlib
import itertools
from dataclasses import dataclass

from rdkit import Chem
from rdkit.Chem import rdMolDescriptors
from rdkit.Chem.EnumerateStereoisomers import EnumerateStereoisomers, StereoEnumerationOptions

ELEMENTS = {"H", "C", "N", "O", "F", "S", "Cl"}
TRAIN, VALIDATION, TEST = 0, 1, 2

ALKYL = [
    "C", "CC", "CCC", "C(C)C", "CCCC", "CC(C)C", "C(C)(C)C", "C(C)CC", "CC=C", "C=C", "CC#C", "CCC=C",
    "C1CC1", "C1CCC1", "C1CCCC1", "C1CCCCC1", "CC1CC1",
]
ARYL = [
    "c1ccccc1", "Cc1ccccc1", "c1ccccn1", "c1cccnc1", "c1ccncc1", "c1ccco1", "c1ccoc1", "c1cccs1", "c1ccsc1",
    "c1ccc[nH]1", "c1ncc[nH]1", "c1cncnc1", "c1cnco1", "c1cncs1", "c1ccn[nH]1", "c1ccc(F)cc1", "c1ccc(Cl)cc1",
    "c1ccccc1C", "c1cccc(F)c1", "Cc1ccco1", "Cc1cccs1",
]
POLAR = [
    "CCO", "CCOC", "CCN(C)C", "CC#N", "CCCl", "CC(F)F", "CC(F)(F)F", "CCF", "CCS", "CCSC", "CC(N)=O", "CCC(N)=O",
    "CC(C)O", "CCCO", "CCCN", "C1COC1", "C1CCCO1", "C1CCOC1", "C1CCOCC1", "C1CCNC1", "C1CCSC1", "C1CCC(=O)C1",
    "CC1CO1", "CC(=O)C", "CC(=O)OC", "CC(O)CC",
]
ONE_SITE = {
    "hydrocarbon": "[H]{a}",
    "methylated": "C{a}",
    "alcohol": "O{a}",
    "amine": "N{a}",
    "thiol": "S{a}",
    "fluoride": "F{a}",
    "chloride": "Cl{a}",
    "nitrile": "N#C{a}",
    "aldehyde": "O=C{a}",
    "acid": "OC(=O){a}",
    "primary amide": "NC(=O){a}",
    "tertiary amine": "CN(C){a}",
    "urea": "NC(=O)N{a}",
    "sulfonamide": "NS(=O)(=O){a}",
    "trifluoromethyl": "FC(F)(F){a}",
    "difluoromethyl": "FC(F){a}",
    "thioamide": "NC(=S){a}",
    "amidine": "NC(=N){a}",
    "amino acid": "OC(=O)C(N){a}",
    "oxime": "ON=C{a}",
    "lactam": "O=C1CCCN1{a}",
    "piperidine": "C1CCCCN1{a}",
    "morpholine": "C1COCCN1{a}",
    "imidazole": "c1cncn1{a}",
    "dimethylamide": "CN(C)C(=O){a}",
    "nitro": "[O-][N+](=O){a}",
    "alkyne": "C#C{a}",
}
TWO_SITE = {
    "ether": "O({a}){b}",
    "secondary amine": "N({a}){b}",
    "thioether": "S({a}){b}",
    "ketone": "C(=O)({a}){b}",
    "ester": "C(=O)({a})O{b}",
    "amide": "C(=O)({a})N{b}",
    "carbinol": "C(O)({a}){b}",
    "carbinamine": "C(N)({a}){b}",
    "fluoromethylene": "C(F)({a}){b}",
    "sulfone": "S(=O)(=O)({a}){b}",
    "sulfoxide": "S(=O)({a}){b}",
    "alkene": "C({a})=C{b}",
    "cyanohydrin carbon": "C(C#N)({a}){b}",
    "thioester": "C(=O)({a})S{b}",
    "carbamate": "O({a})C(=O)N{b}",
    "diol": "C(O)({a})C(O){b}",
    "amino alcohol": "C(O)({a})C(N){b}",
    "fluorohydrin": "C(O)({a})C(F){b}",
    "para-arene": "c9({a})ccc({b})cc9",
    "meta-pyridine": "c9({a})cncc({b})c9",
    "thiazole": "c9({a})ncc({b})s9",
    "cyclobutane": "C9({a})CC({b})C9",
    "cyclohexane": "C9({a})CCC({b})CC9",
}
LISTED = [
    "C", "CO", "CF", "CCl", "CS", "OC=O", "NC=O", "C=C", "CC#N", "C1CO1", "C1CN1", "C1CS1", "C1=CC1", "C=C=C",
    "c1ccccc1", "c1ccncc1", "c1cnccn1", "c1ccnnc1", "c1cncnc1", "c1ccoc1", "c1ccsc1", "c1cc[nH]c1", "c1c[nH]cn1",
    "c1cn[nH]c1", "c1cocn1", "c1cscn1", "c1conc1", "c1csnc1", "c1ccc2[nH]ccc2c1", "c1ccc2occc2c1", "c1ccc2sccc2c1",
    "c1ccc2ccccc2c1", "c1ccc2ncccc2c1", "O=c1cc[nH]c(=O)[nH]1", "Nc1cc[nH]c(=O)n1", "Nc1ncnc2[nH]cnc12",
    "Cc1c[nH]c(=O)[nH]c1=O", "O=C1CCCO1", "O=C1CCCN1", "O=C1CCC(=O)N1", "O=C1C=CC(=O)C=C1", "O=C1CCCCC1", "C1CCNCC1",
    "C1CNCCN1", "C1COCCN1", "C1COCCO1", "C1CSCCN1", "C1CCSC1", "C1CCOC1", "C1CCNC1", "C1=CCCC1", "C1=CCCCC1", "C1=CCC=C1",
    "C1CC2CCC1C2", "C1CC2CC1C=C2", "OCCO", "OCC(O)CO", "NCCO", "NCCN", "NCC(=O)O", "CC(N)C(=O)O", "CC(O)C(=O)O", "CSCCC(N)=O",
    "OC(=O)C(=O)O", "OC(=O)CC(=O)O", "O=CC=O", "O=CCC=O", "CC(=O)C(C)=O", "CC(=O)CC(C)=O", "NC(=O)N", "NC(=S)N", "NC(=N)N",
    "COC(=O)OC", "O=C1OCCO1", "CS(C)(=O)=O", "CS(C)=O", "FC(F)F", "FC(F)(F)F", "ClC(Cl)Cl", "ClCCl", "FCCl", "FCF",
    "FC=C", "ClC=C", "FC(F)=C", "FC=CF", "ClC=CCl", "C=CC=C", "C=CC=O", "C=CC#N", "C#CC#N", "C=CC(=O)O", "CC(=O)NC", "CNC(C)=O",
    "CC(=O)NCC(=O)NC", "CC(=O)NC(C)C(=O)NC", "NC(=O)C(N)CO", "Oc1ccccc1O", "Oc1ccc(O)cc1", "Nc1ccccc1N", "OC(=O)c1ccccc1O",
    "O=Cc1ccccc1O", "COc1ccccc1O", "Fc1ccccc1F", "Clc1ccccc1Cl", "Cc1ccccc1C", "Cc1ccc(C)cc1", "C=Cc1ccccc1", "C#Cc1ccccc1",
    "N#Cc1ccccc1", "Oc1ccccn1", "O=c1cccc[nH]1", "Nc1ccccn1", "Sc1ccccc1", "CSc1ccccc1", "Clc1ncccn1", "Fc1cccnc1",
    "CC1CCCCC1C", "OC1CCCCC1O", "OC1COCC(O)C1O", "OC1CCOC1CO", "NC1CCCCC1O", "FC1CCCCC1F", "CC1CCC(C)CC1", "C1CCC2OC2C1",
]
IMPLAUSIBLE = [
    Chem.MolFromSmarts(pattern)
    for pattern in [
        "[N,O,S;!a]-[O,F,Cl]",
        "[NX3;!$([N+]);!a]-[NX3;!a]",
        "[S;X2]-[S,N,O]",
        "[CX4]([OH,NH2,SH,NX3;!$(N~[C,S]=O),$([OX2]),$([SX2])])[OH,NH2,SH,Cl,F,$([NX3])]",
        "[CX3;!$(C=[O,N,S])](=[CX3])[OH,NH2,SH]",
        "[C;$(C=C),$(C#C)]-[OH,NH2,SH]",
        "[OH,NH2,SH]-C#*",
        "[$(C#C)]-[N,O,S,F,Cl]",
        "O=C-[F,Cl]",
        "[SX3](=O)-[OH,NX3]",
        "[OX2]1[CX4][CX4]1[OH]",
    ]
]
ALLOWED_HETERO = Chem.MolFromSmarts("[$([N+](=O)[O-]),$(N(-[OH])=C),$(S(=O)(=O)N),$(S(=O)(=O)O)]")


@dataclass(frozen=True)
class Molecule:
    """A canonical SMILES, stereo included, and the template family it came from."""

    smiles: str
    family: str
    atoms: int
    rotors: int


def flat(smiles):
    """Canonical SMILES without stereo marks: the key of the split."""
    return Chem.MolToSmiles(Chem.MolFromSmiles(smiles), isomericSmiles=False)


def split_of(smiles):
    """0 train, 1 validation, 2 test (80/10/10), from a hash of the stereo-free canonical SMILES.

    The same molecule, and every stereoisomer of it, falls in the same split in every data set.
    """
    bucket = int.from_bytes(hashlib.sha256(flat(smiles).encode()).digest()[:8], "big") % 10
    return TEST if bucket == 9 else VALIDATION if bucket == 8 else TRAIN


def order_key(seed, text):
    """A fixed pseudo-random order, independent of the platform."""
    return hashlib.sha256(f"{seed}:{text}".encode()).digest()


def plausible(mol):
    """Neutral, one fragment, our elements, even electron count, no exotic groups."""
    full = Chem.AddHs(mol)
    if len(Chem.GetMolFrags(mol)) != 1 or Chem.GetFormalCharge(mol) != 0:
        return False
    if any(atom.GetSymbol() not in ELEMENTS for atom in full.GetAtoms()):
        return False
    if sum(atom.GetAtomicNum() for atom in full.GetAtoms()) % 2:
        return False
    allowed = {index for match in mol.GetSubstructMatches(ALLOWED_HETERO) for index in match}
    for pattern in IMPLAUSIBLE:
        for match in mol.GetSubstructMatches(pattern):
            if not allowed.intersection(match):
                return False
    return True


def products(seed):
    """`(family, SMILES in a fixed pseudo-random order)` for every family, before canonicalisation."""
    fragments = ALKYL + ARYL + POLAR
    yield "listed", sorted(LISTED, key=lambda text: order_key(seed, text))
    for family, template in ONE_SITE.items():
        made = [template.format(a=fragment) for fragment in fragments]
        yield family, sorted(made, key=lambda text: order_key(seed, text))
    for family, template in TWO_SITE.items():
        made = [template.format(a=a, b=b) for a, b in itertools.product(fragments, repeat=2)]
        yield family, sorted(made, key=lambda text: order_key(seed, text))


def parsed(family, smiles):
    """The molecule of `smiles` and its canonical form, read back so that the atom order is the canonical one."""
    mol = Chem.MolFromSmiles(smiles)
    if mol is None:
        raise ValueError(f"molecules.py: {family}: SMILES {smiles} does not parse; correct the fragment")
    canonical = Chem.MolToSmiles(mol)
    return Chem.MolFromSmiles(canonical), canonical


def pool(seed, least, most, isomers, cap):
    """Plausible molecules of `least` to `most` atoms, at most `cap` of each family.

    Unassigned stereo is assigned: up to `isomers` stereoisomers of each molecule.
    """
    options = StereoEnumerationOptions(onlyUnassigned=True, unique=True, maxIsomers=16)
    seen, found = set(), []
    for family, made in products(seed):
        accepted = 0
        for smiles in made:
            mol, canonical = parsed(family, smiles)
            atoms = Chem.AddHs(mol).GetNumAtoms()
            if canonical in seen or not least <= atoms <= most or not plausible(mol):
                continue
            seen.add(canonical)
            rotors = rdMolDescriptors.CalcNumRotatableBonds(mol)
            forms = {Chem.MolToSmiles(form) for form in EnumerateStereoisomers(mol, options=options)}
            for form in sorted(forms, key=lambda text: order_key(seed, text))[:isomers]:
                found.append(Molecule(form, family, atoms, rotors))
            accepted += 1
            if accepted == cap:
                break
    return found


def round_robin(found, seed):
    """All molecules, families taking turns, in a fixed pseudo-random order within each."""
    families = {}
    for molecule in sorted(found, key=lambda m: order_key(seed, m.smiles)):
        families.setdefault(molecule.family, []).append(molecule)
    turns = itertools.zip_longest(*families.values())
    return [molecule for turn in turns for molecule in turn if molecule is not None]


def interleaved(common, rare, period):
    """`common` with one of `rare` after every `period - 1`: any beginning of the list has the same mixture."""
    rare = iter(rare)
    mixed = []
    for index, molecule in enumerate(common, 1):
        mixed.append(molecule)
        if index % (period - 1) == 0:
            mixed.extend(itertools.islice(rare, 1))
    return mixed


def force_molecules(seed, count):
    """Small molecules, 5 to 24 atoms, one stereoisomer each; three quarters of at most 14 atoms."""
    small = round_robin(pool(seed, 5, 14, 1, 40), seed)
    large = round_robin(pool(seed, 15, 24, 1, 20), seed)
    return interleaved(small, large, 4)[:count]


def conformer_molecules(seed, count):
    """Molecules of 7 to 30 atoms, up to two stereoisomers each; one in eight without a rotatable bond."""
    small = pool(seed, 7, 16, 2, 40)
    large = round_robin([m for m in pool(seed, 17, 30, 2, 20) if m.rotors > 0], seed)
    rigid = round_robin([m for m in small if m.rotors == 0], seed)
    flexible = round_robin([m for m in small if m.rotors > 0], seed)
    return interleaved(interleaved(flexible, large, 4), rigid, 8)[:count]
