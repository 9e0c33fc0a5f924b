"""ASE calculators: cells turn, labels come with frames, neighbours are counted."""

import numpy as np
import pytest

import twirl

ase = pytest.importorskip("ase")
from ase import Atoms  # noqa: E402
from ase.build import bulk, molecule  # noqa: E402
from ase.calculators.calculator import Calculator, all_changes  # noqa: E402
from ase.calculators.emt import EMT  # noqa: E402
from ase.calculators.singlepoint import SinglePointCalculator  # noqa: E402


class Favouring(Calculator):
    """Forces along x count more: a known symmetry error."""

    implemented_properties = ["energy", "forces"]

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        centred = atoms.positions - atoms.positions.mean(axis=0)
        self.results = {"energy": float((centred**2).sum()), "forces": -centred * [1.3, 1.0, 1.0]}


def molecules():
    frames = []
    for place, name in enumerate(["H2O", "NH3", "CH4", "C2H6", "CH3OH", "H2CO", "C2H4", "HCOOH"]):
        frame = molecule(name)
        frame.rattle(0.05, seed=place)
        centred = frame.positions - frame.positions.mean(axis=0)
        frame.calc = SinglePointCalculator(frame, energy=float((centred**2).sum()), forces=-1.2 * centred)
        frames.append(frame)
    return frames


def test_a_known_symmetry_error():
    frames = molecules()
    found = twirl.split_calculator(Favouring(), frames, rotations=8, molecule=range(8))
    assert found["energy"].relative < 1e-28 and found["energy"].percent is None
    forces = found["forces"]
    # f = -B x with B = diag(1.3, 1, 1): L_equiv = |B - tr(B)/3|^2 / 3 of the squared length, per atom.
    b = np.diag([1.3, 1.0, 1.0])
    off = b - np.trace(b) / 3 * np.eye(3)
    share = np.sum(off**2) / 3
    lengths = np.array([np.mean(np.sum((f.positions - f.positions.mean(axis=0)) ** 2, axis=1)) for f in frames])
    mean = (np.trace(b) / 3 - 1.2) ** 2
    assert float(forces.percent) == pytest.approx(100 * share / (share + mean), rel=0.15)
    assert forces.loss_of_zero == pytest.approx(1.44 * lengths.mean(), rel=1e-12)
    assert frames[0].calc.results["energy"] > 0, "frames are left as they were"


def test_cells_turn_with_their_atoms():
    frames = []
    for seed in range(3):
        frame = bulk("Cu", cubic=True) * (2, 1, 1)
        frame.set_cell(frame.cell @ (np.eye(3) + 0.02 * np.random.default_rng(seed).normal(size=(3, 3))), scale_atoms=True)
        frame.rattle(0.05, seed=seed)
        frames.append(frame)
    found = twirl.split_calculator(EMT(), frames, rotations=3, properties=("energy", "forces", "stress"))
    for name in ("energy", "forces", "stress"):
        assert found[name].relative < 1e-18, name
        assert found[name].notes[0].code == "no-labels"
    assert "3 of 3 frames have no stress" in repr(found["stress"])


def test_neighbours_that_change_are_counted():
    # Two pairs exactly at the cutoff: rounding decides.
    frame = Atoms("H3", positions=[[0, 0, 0], [1.5, 0, 0], [0, 1.5, 0]])
    found = twirl.split_calculator(Favouring(), [frame], rotations=16, properties=["forces"], cutoff=1.5)
    assert "neighbours" in [note.code for note in found["forces"].notes]
    found = twirl.split_calculator(Favouring(), [frame], rotations=16, properties=["forces"], cutoff=1.7)
    assert "neighbours" not in [note.code for note in found["forces"].notes]


def test_refusals():
    with pytest.raises(ValueError, match="^property is force; give some of energy"):
        twirl.split_calculator(Favouring(), molecules(), properties=["force"])
    with pytest.raises(ValueError, match="there are no frames"):
        twirl.split_calculator(Favouring(), [])
