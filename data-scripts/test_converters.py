"""Tests of the converters on small inputs in the published layouts: prints `N passed, N failed`."""

import contextlib
import io
import json
import os
import pickle
import re
import sys
import tempfile
from pathlib import Path

import ase.units
import h5py
import numpy as np
from rdkit import Chem

import chemistry
import conversion
import convert_conformer_benchmark
import convert_geom
import convert_qm9
import layout

SEED = 11


def geometry(smiles, seed=SEED, count=1):
    """`(mol, [position])` from ETKDG and MMFF94."""
    mol = chemistry.hydrogenated(smiles)
    return mol, [position for _, position in chemistry.embeddings(mol, count, seed)]


def shuffled(mol, seed):
    """A random order of the atoms: new index -> old index."""
    return np.random.default_rng(seed).permutation(mol.GetNumAtoms())


def run(converter, *arguments):
    """The converter's printed lines."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        converter.main([str(argument) for argument in arguments])
    return printed.getvalue()


def read(path):
    """All arrays of a project file, and its attributes."""
    with h5py.File(path) as file:
        names = []
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        return {name: file[name][()] for name in names} | {"meta": dict(file["meta"].attrs)}


def structures(data):
    """`(smiles, numbers, position, bonds)` of each frame, after the ragged arrays are checked."""
    offset, bond_offset = data["offset"], data["molecule/bond_offset"]
    assert offset[-1] == len(data["position"]) == len(data["atomic_number"])
    assert bond_offset[-1] == len(data["molecule/bond"])
    for frame, molecule in enumerate(data["molecule_index"]):
        atoms = slice(offset[frame], offset[frame + 1])
        bond = data["molecule/bond"][bond_offset[molecule] : bond_offset[molecule + 1]]
        smiles = data["molecule/smiles"][molecule].decode()
        yield smiles, data["atomic_number"][atoms], data["position"][atoms].astype(float), bond


def check_structures(data):
    """Bonds agree with distances; C-O orders agree with bond lengths; positions are centred."""
    for smiles, numbers, position, bond in structures(data):
        chemistry.check_geometry(numbers, bond, position)
        assert np.abs(position.mean(axis=0)).max() < 1e-3
        assert (chemistry.bonds_of(chemistry.hydrogenated(smiles)) == bond).all()
        if "[O-]" in smiles:
            continue  # the two C-O bonds of a carboxylate are alike in length
        length = np.linalg.norm(position[bond[:, 0]] - position[bond[:, 1]], axis=1)
        carbonyl = [set(numbers[list(pair)]) == {6, 8} for pair in bond[:, :2]]
        for order, low, high in ((2, 1.15, 1.28), (1, 1.30, 1.50)):
            chosen = length[np.array(carbonyl) & (bond[:, 2] == order)]
            assert ((low < chosen) & (chosen < high)).all(), f"{smiles}: C-O bonds of order {order}: {chosen}"


def distances(position):
    """Sorted interatomic distances."""
    return np.sort(np.linalg.norm(position[:, None] - position[None], axis=-1).ravel())


def test_round_mantissa():
    values = np.random.default_rng(SEED).normal(size=10000).astype(np.float32)
    for bits in (8, 12, 16):
        rounded = layout.round_mantissa(values, bits)
        error = np.abs(rounded.astype(float) - values) / np.abs(values)
        assert error.max() <= 2.0 ** -(bits + 1) and error.max() > 2.0 ** -(bits + 3)
        assert not (rounded.view(np.uint32) & np.uint32((1 << (23 - bits)) - 1)).any()
    assert layout.round_mantissa(np.float32([1.0, -2.5, 0.0]), 12).tolist() == [1.0, -2.5, 0.0]


def test_poses():
    _, (position,) = geometry("CC(O)C(=O)NCC")
    rng = np.random.default_rng(SEED)
    poses = []
    for _ in range(5):
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        turn[0] *= np.sign(np.linalg.det(turn))
        moved = position @ turn.T + rng.normal(size=3)
        rotation = layout.principal_rotation(moved)
        assert abs(np.linalg.det(rotation) - 1.0) < 1e-12
        poses.append((moved - moved.mean(axis=0)) @ rotation.T)
        back = layout.kabsch_rotation(moved, position)
        centred = position - position.mean(axis=0)
        assert np.abs((moved - moved.mean(axis=0)) @ back.T - centred).max() < 1e-9
    assert max(np.abs(pose - poses[0]).max() for pose in poses) < 1e-9


def test_conformer_benchmark():
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "in.h5"), Path(folder, "out.h5")
        inputs = ["CC(=O)OCC", "OC(=O)c1ccccc1N", "C[NH3+]", "O=C([O-])CC", "N[C@@H](C)C(=O)O"]
        with h5py.File(source, "w") as file:
            for index, smiles in enumerate(inputs):
                mol, positions = geometry(smiles, count=3)
                order = shuffled(mol, index)
                group = file.create_group(f"molecule_{index}")
                group.attrs["smiles"] = smiles
                group.attrs["charge"] = Chem.GetFormalCharge(mol)
                group["atomic_numbers"] = chemistry.numbers_of(mol)[order]
                stack = np.array([position[order] for position in positions], dtype=np.float32)
                if index == 0:
                    stack[0, 0] += 3.0
                group.create_dataset("conformations", data=stack).attrs["units"] = "angstrom"
            for name, smiles, charge in (("other", "CCC", 0), ("charged", "CC", 1), ("nonsense", "C1CC", 0)):
                mol, positions = geometry("CC")
                group = file.create_group(name)
                group.attrs["smiles"], group.attrs["charge"] = smiles, charge
                group["atomic_numbers"] = chemistry.numbers_of(mol)
                group["conformations"] = np.array(positions, dtype=np.float32)
            total = sum(len(file[name]["conformations"]) for name in file if name.startswith("molecule"))
        printed = run(convert_conformer_benchmark, source, out)
        data = read(out)
        check_structures(data)
        assert len(data["molecule_index"]) == total - 1
        assert [text.decode() for text in data["molecule/smiles"]] == inputs
        assert data["molecule/charge"].tolist() == [0, 0, 1, -1, 0]
        assert "the structure has another number of bonds than the SMILES: 1 (molecule_0/0)" in printed
        assert "the structure has other atoms than the SMILES: 1 (other/0)" in printed
        assert "charge differs from the SMILES: 1 (charged)" in printed
        assert "SMILES does not parse: 1 (nonsense)" in printed
        assert "4 left out" in printed
        checksum = Path(f"{out}.sha256").read_text().split()
        assert checksum[1] == "out.h5" and len(checksum[0]) == 64


def write_geom(folder, smiles, conformers, weights, seed):
    """One pickle in the published layout; returns its row of the summary."""
    mol, positions = geometry(smiles, count=conformers)
    rows = []
    for index, position in enumerate(positions):
        order = shuffled(mol, seed + index)
        rd_mol = Chem.RenumberAtoms(chemistry.with_position(mol, position), order.tolist())
        rows.append(
            {
                "geom_id": index,
                "set": 1,
                "degeneracy": 1,
                "totalenergy": -10.0 - index,
                "relativeenergy": 0.1 * index,
                "boltzmannweight": weights[index],
                "conformerweights": [weights[index]],
                "rd_mol": rd_mol,
            }
        )
    path = Path(folder, "qm9", f"m{seed}.pickle")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(pickle.dumps({"conformers": rows, "uniqueconfs": len(rows), "charge": 0, "smiles": smiles}))
    return {"charge": 0, "uniqueconfs": len(rows), "pickle_path": f"qm9/{path.name}"}


class Forbidden:
    """Pickles to a call of os.getpid, which the unpickler must refuse."""

    def __reduce__(self):
        return os.getpid, ()


def test_geom():
    with tempfile.TemporaryDirectory() as folder:
        weights = [0.1, 0.6, 0.3, 0.0]
        listed = {"CCC(=O)OCCO": write_geom(folder, "CCC(=O)OCCO", 4, weights, 1)}
        listed["C[C@H](O)C(=O)O"] = write_geom(folder, "C[C@H](O)C(=O)O", 1, [1.0], 20)
        listed["CCCO"] = write_geom(folder, "CCOC", 1, [1.0], 30)
        listed["CCN"] = {"pickle_path": "qm9/missing.pickle"}
        Path(folder, "qm9", "bad.pickle").write_bytes(pickle.dumps({"conformers": [Forbidden()]}))
        Path(folder, "qm9", "cut.pickle").write_bytes(Path(folder, "qm9", "m1.pickle").read_bytes()[:300])
        listed["CCF"] = {"pickle_path": "qm9/bad.pickle"}
        listed["CCCl"] = {"pickle_path": "qm9/cut.pickle"}
        listed["CCS"] = {"charge": 0}
        summary, out = Path(folder, "summary_qm9.json"), Path(folder, "out.h5")
        summary.write_text(json.dumps(listed))
        printed = run(convert_geom, summary, out, "--conformers", "2")
        data = read(out)
        check_structures(data)
        assert sorted(text.decode() for text in data["molecule/smiles"]) == ["CCC(=O)OCCO", "C[C@H](O)C(=O)O"]
        energies = data["energy"] / ase.units.Hartree
        assert np.allclose(energies, [-11.0, -12.0, -10.0]), energies
        assert "the structure has another bond graph than the SMILES: 1 (CCCO/0)" in printed
        assert "pickle missing: 1 (CCN)" in printed
        assert "the pickle asks for posix.getpid: 1 (CCF)" in printed
        assert "pickle unreadable" in printed and "(CCCl)" in printed
        assert "summary gives no pickle_path: 1 (CCS)" in printed
        assert data["meta"]["name"] == b"geom-qm9" and "5 left out" in printed


def raw_qm9(index, smiles, seed):
    """A file in the raw QM9 layout, and its `(numbers, position)`."""
    mol, (position,) = geometry(smiles)
    order = shuffled(mol, seed)
    numbers, position = chemistry.numbers_of(mol)[order], position[order]
    symbols = [mol.GetAtomWithIdx(int(atom)).GetSymbol() for atom in order]
    properties = [f"{value:.4f}" for value in np.arange(10) + 0.5] + [f"{-40.0 - index:.6f}", "1.", "2.", "3.", "4."]
    lines = [str(len(numbers)), f"gdb {index}\t" + "\t".join(properties) + "\t"]
    for symbol, row in zip(symbols, position):
        text = "\t".join(f"{value:.10f}" if abs(value) > 1e-3 else f"{value * 1e6:.6f}*^-6" for value in row)
        lines.append(f"{symbol}\t{text}\t-0.123")
    lines += ["1341.307\t1341.3284", f"{smiles}\t{smiles}\t", "InChI=1S/x\tInChI=1S/x"]
    return "\n".join(lines) + "\n", numbers, position


def test_qm9_xyz():
    with tempfile.TemporaryDirectory() as folder:
        raw, out = Path(folder, "raw"), Path(folder, "out.h5")
        raw.mkdir()
        expected = []
        for index, smiles in enumerate(["C", "CC(=O)O", "c1cc[nH]c1", "C#N", "OC1CC1"], 1):
            text, numbers, position = raw_qm9(index, smiles, index)
            Path(raw, f"dsgdb9nsd_{index:06}.xyz").write_text(text)
            expected.append((smiles, numbers, position))
        text, _, _ = raw_qm9(6, "CCO", 6)
        Path(raw, "dsgdb9nsd_000006.xyz").write_text(text.replace("CCO\t", "CCN\t"))
        Path(raw, "dsgdb9nsd_000007.xyz").write_text("\n".join(text.splitlines()[:5]))
        exclude = Path(folder, "uncharacterized.txt")
        exclude.write_text("List of molecules\n\n   Index   SMILES\n     5    OC1CC1  x\n")
        printed = run(convert_qm9, raw, out, "--exclude", exclude)
        data = read(out)
        check_structures(data)
        assert np.allclose(data["energy"] / ase.units.Hartree, [-41.0, -42.0, -43.0, -44.0])
        for (smiles, _, position), (found, _, stored, _) in zip(expected, structures(data), strict=False):
            assert smiles == found and np.abs(distances(stored) - distances(position)).max() < 1e-3
        assert "named in the list to leave out: 1 (dsgdb9nsd_000005.xyz)" in printed
        assert "other atoms than the SMILES: 1 (dsgdb9nsd_000006.xyz)" in printed
        assert "not in the raw QM9 layout: 1 (dsgdb9nsd_000007.xyz)" in printed


def test_qm9_sdf():
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "gdb9.sdf"), Path(folder, "out.h5")
        writer = Chem.SDWriter(str(source))
        for index, smiles in enumerate(["CC(=O)O", "c1ccncc1", "C[NH2+]CC(=O)[O-]"]):
            mol, (position,) = geometry(smiles)
            mol = Chem.RenumberAtoms(chemistry.with_position(mol, position), shuffled(mol, index).tolist())
            mol.SetProp("_Name", f"gdb_{index + 1}")
            writer.write(mol)
        writer.close()
        block = source.read_text().split("$$$$\n")[0]
        broken, changed = re.subn(r"^(...)(...)  2  0$", r"\1\2  3  0", block, flags=re.MULTILINE)
        assert changed == 1
        source.write_text(source.read_text() + broken + "$$$$\n")
        printed = run(convert_qm9, source, out)
        data = read(out)
        check_structures(data)
        assert len(data["molecule_index"]) == 3 and "energy" not in data, printed
        assert set(data["molecule/bond"][:, 2]) == {1, 2, 4}
        assert "the record does not parse or sanitise: 1 (record 4)" in printed


def test_nothing_left():
    with tempfile.TemporaryDirectory() as folder:
        raw, out = Path(folder, "raw"), Path(folder, "out.h5")
        raw.mkdir()
        for expected in ("no .xyz files", "no structure could be used"):
            try:
                run(convert_qm9, raw, out)
                raise AssertionError("an empty source was accepted")
            except SystemExit as stop:
                assert expected in str(stop.code), stop.code
            Path(raw, "a.xyz").write_text("nonsense")
        assert not out.exists()


def test_overlap():
    numbers = np.array([6, 1, 1, 1, 1])
    try:
        conversion.distance_pairs(numbers, np.zeros((5, 3)))
        raise AssertionError("overlapping atoms were accepted")
    except conversion.Unmatched as error:
        assert str(error) == "two atoms overlap"


def main():
    tests = [value for name, value in sorted(globals().items()) if name.startswith("test_")]
    failed = 0
    for test in tests:
        try:
            test()
        except (Exception, SystemExit) as error:  # each failure is reported by name, then counted
            failed += 1
            print(f"FAILED {test.__name__} (seed {SEED}): {type(error).__name__}: {error}")
    print(f"{len(tests) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
