"""The split of arrays: closed forms, the command line's digits, results, refusals."""

import pickle
import re

import numpy as np
import pytest
from conftest import Scene

import twirl


def test_the_closed_form_lies_in_its_interval(scene):
    found = twirl.split(*scene.arrays, kind="vector")
    low, high = found.percent.interval
    assert low < Scene.percent() < high and high - low < 10
    assert found.loss.value == pytest.approx(found.mean.value + found.equiv.value, rel=1e-12)
    value, low, high = found.percent
    assert (value, low) == (float(found.percent), found.percent.low)
    assert f"{found.percent:.2f}" == f"{value:.2f}" and "to" in f"{found.percent}"
    # Turned back by hand it is the same.
    untwisted = np.einsum("mrji,mraj->mrai", scene.rotation, scene.prediction)
    by_hand = twirl.split(untwisted, scene.target)
    assert float(by_hand.percent) == pytest.approx(value, rel=1e-12)
    assert by_hand.spectrum is None and len(found.spectrum) == 7
    assert sum(power.value for power in found.spectrum[1:]) == pytest.approx(found.relative, rel=0.2)


def test_the_estimator_is_the_textbook_one(scene):
    untwisted = np.einsum("mrji,mraj->mrai", scene.rotation, scene.prediction)
    residual = untwisted - scene.target[:, None]
    loss = np.sum(residual**2, axis=(2, 3)).mean(axis=1)
    equiv = np.var(residual, axis=1, ddof=1).sum(axis=(1, 2))
    found = twirl.split(*scene.arrays, kind="vector")
    rows = found.per_molecule
    np.testing.assert_allclose(rows["loss"], loss, rtol=1e-12)
    np.testing.assert_allclose(rows["loss_equiv"], equiv, rtol=1e-10)
    assert found.percent.value == pytest.approx(100 * equiv.mean() / loss.mean(), rel=1e-12)
    assert found.of_zero == pytest.approx(loss.mean() / np.sum(scene.target**2, axis=(1, 2)).mean(), rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", ["squared", "norm", "huber:0.5"])
def test_every_figure_is_that_of_the_command_line(program, dtype, loss):
    scene = Scene(dtype=dtype)
    prediction, target, rotation = scene.arrays
    weight = np.random.default_rng(3).uniform(0.5, 1.5, target.shape[:2])
    mask = np.ones(target.shape[:2], dtype=bool)
    mask[::3, -1] = False
    molecule = np.arange(len(target)) // 2
    optional = {"weight": weight, "molecule": molecule}
    found = twirl.split(prediction, target, rotation, kind="vector", loss=loss, mask=mask, **optional)
    expected = program(
        prediction=prediction, target=target, rotation=rotation, mask=mask.astype(int), kind="vector", loss=loss, **optional
    )
    assert found.figures == expected
    # From float32 in memory too: npz and numpy hold the same numbers.
    assert len(found.notes) == len(expected["notes"])


def test_several_terms(program, scene):
    energy = scene.prediction[..., :1].sum(axis=2) + 1.0
    labels = {"force": scene.target, "energy": scene.target[..., :1].sum(axis=1)}
    found = twirl.split(
        {"force": scene.prediction, "energy": energy}, labels, scene.rotation, kind={"force": "vector", "energy": "scalar"}
    )
    assert list(found.terms) == ["force", "energy"]
    assert found.loss.value == pytest.approx(found["force"].loss.value + found["energy"].loss.value, rel=1e-12)
    flat = found.to_dict("val/")
    assert flat["val/force/loss"] == found["force"].loss.value and "val/percent_equiv_low" in flat
    assert all(isinstance(value, (int, float)) for value in flat.values())
    sums = found.per_molecule["loss_equiv"]
    np.testing.assert_allclose(sums, sum(found[name].per_molecule["loss_equiv"] for name in found.terms))
    expected = program(
        **{
            "force.prediction": scene.prediction,
            "force.target": scene.target,
            "force.kind": "vector",
            "energy.prediction": energy,
            "energy.target": labels["energy"],
            "energy.kind": "scalar",
            "rotation": scene.rotation,
        }
    )
    # The file's terms are in alphabetical order.
    terms = {term["name"]: term for term in expected["terms"]}
    assert {name: split._term for name, split in found.terms.items()} == terms
    with pytest.raises(ValueError, match=r"^array energy.target is missing \(found: force.prediction, energy.prediction\)$"):
        twirl.split({"force": scene.prediction, "energy": energy}, {"force": scene.target})


def test_refusals_are_the_command_line_s_one_line(program, scene):
    prediction, target, rotation = scene.arrays
    holes = prediction.copy()
    holes[3, 1, 2, 0] = np.nan
    for arrays in [
        {"prediction": prediction, "target": target[:, :2], "rotation": rotation, "kind": "vector"},
        {"prediction": holes, "target": target},
        {"prediction": prediction, "target": target, "kind": "vector"},
        {"prediction": prediction, "target": target, "kind": "vectors"},
        {"prediction": prediction[:, :1], "target": target},
        {"prediction": prediction, "target": target, "loss": "l1"},
        {"prediction": prediction, "target": target, "design": "octahedral"},
        {"prediction": prediction, "target": target, "rotation": 2 * rotation},
        {"prediction": prediction, "target": target, "weight": -np.ones(target.shape[:2])},
    ]:
        line = program(**arrays)
        with pytest.raises(ValueError) as error:
            twirl.split(**arrays)
        assert "\n" not in str(error.value)
        assert line.endswith(str(error.value)), (line, error.value)
    for options, line in [
        ({"seed": -1}, "seed is -1; give 0 or more"),
        ({"replicates": 10}, "replicates"),
    ]:
        with pytest.raises(ValueError, match=line):
            twirl.split(prediction, target, **options)
    with pytest.raises(ValueError, match="array prediction: it holds <U1, not numbers"):
        twirl.split(np.array([["a"]]), target)
    with pytest.raises(ValueError, match="array target"):
        twirl.split(prediction, [[1.0], [1.0, 2.0]])


def test_types_and_strides(scene):
    prediction, target, rotation = scene.arrays
    expected = twirl.split(prediction, target, rotation, kind="vector").figures
    swapped = np.asfortranarray(prediction)
    assert twirl.split(swapped, target[::1], rotation, kind="vector").figures == expected
    big = prediction.astype(">f8")
    assert twirl.split(big, target.tolist(), rotation, kind="vector").figures == expected
    frozen = prediction.copy()
    frozen.flags.writeable = False
    assert twirl.split(frozen, target, rotation, kind="vector").figures == expected
    half = twirl.split(prediction.astype(np.float16), target, rotation, kind="vector")
    assert float(half.percent) == pytest.approx(float(expected["terms"][0]["parts"]["percent_equiv"]["value"]), rel=1e-2)
    assert half.figures == twirl.split(prediction.astype(np.float16).astype(np.float32), target, rotation, kind="vector").figures


def test_results_are_shown_kept_and_tabulated(scene):
    found = twirl.split(*scene.arrays, kind="vector")
    text = repr(found)
    assert text.startswith("twirl: 60 rows of 60 molecules at 6 rotations") and "percent" in text
    page = found._repr_html_()
    assert page.count("<tr>") == page.count("</tr>") and f"{found.percent.value:.5g}" in page
    again = pickle.loads(pickle.dumps(found))
    assert again.figures == found.figures and repr(again) == text
    row = found.to_dict(texts=True)
    assert row["kind"] == "vector" and row["percent_equiv"] == found.percent.value
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([found.to_dict(), found.to_dict()])
    assert frame["loss"].tolist() == [found.loss.value] * 2
    assert len(pandas.DataFrame(found.per_molecule)) == 60
    polars = pytest.importorskip("polars")
    assert polars.DataFrame(found.per_molecule).height == 60
    assert polars.DataFrame([row])["percent_equiv"][0] == found.percent.value


def test_notes_and_missing_figures(scene):
    shared = twirl.haar(6, seed=2)
    turned = np.einsum("rij,maj->mrai", shared, scene.x)
    found = twirl.split(turned * [1, 1.2, 0.9], scene.target, shared, kind="vector")
    assert found.percent.interval is None and found.percent.low is None
    assert [note.code for note in found.notes] == ["shared-rotations"]
    assert np.isnan(found.to_dict()["percent_equiv_low"])
    exact = np.einsum("mrij,maj->mrai", scene.rotation, scene.target)
    perfect = twirl.split(exact, scene.target, scene.rotation, kind="vector")
    assert perfect.percent is None and perfect.notes[0].code == "rounding"
    zero = twirl.split(scene.prediction, np.zeros_like(scene.target), scene.rotation, kind="vector")
    assert zero.of_zero is None
    assert zero.relative == pytest.approx(float(zero.percent) / 100, rel=1e-12)


def test_rotations():
    matrices = twirl.haar((50, 40), seed=7)
    assert matrices.shape == (50, 40, 3, 3) and matrices.dtype == np.float64
    np.testing.assert_allclose(matrices @ matrices.swapaxes(-1, -2), np.broadcast_to(np.eye(3), matrices.shape), atol=1e-14)
    assert np.allclose(np.linalg.det(matrices), 1)
    assert np.abs((matrices**2).mean(axis=(0, 1)) - 1 / 3).max() < 0.03
    assert np.array_equal(twirl.haar(2000, seed=7).reshape(50, 40, 3, 3), matrices)
    assert not np.array_equal(twirl.haar(5, seed=8), twirl.haar(5, seed=9))
    assert twirl.haar(1, seed=7).shape == (1, 3, 3) and twirl.haar((0, 4), seed=1).shape == (0, 4, 3, 3)
    assert np.array_equal(twirl.haar(1, seed=7)[0], matrices[0, 0])
    signs = np.linalg.det(twirl.haar(400, seed=1, inversions=True))
    assert 150 < (signs > 0).sum() < 250
    for name, order in [("tetrahedral", 12), ("octahedral", 24), ("icosahedral", 60)]:
        elements = twirl.group(name)
        assert elements.shape == (order, 3, 3) and np.array_equal(elements[0], np.eye(3))
        products = np.einsum("aij,bjk->abik", elements, elements).reshape(-1, 1, 9)
        assert np.abs(products - elements.reshape(1, -1, 9)).max(axis=2).min(axis=1).max() < 1e-12
        assert len(twirl.group(name, inversions=True)) == 2 * order
    with pytest.raises(ValueError, match="^group is cube; give one of tetrahedral, octahedral, icosahedral$"):
        twirl.group("cube")
    with pytest.raises(ValueError, match="seed -1"):
        twirl.haar(3, seed=-1)


def test_groups_and_quadrature(scene):
    for name in ["tetrahedral", "octahedral", "icosahedral"]:
        elements = twirl.group(name)
        turned = np.einsum("rij,maj->mrai", elements, scene.x) @ np.array([[1.1, 0.3, 0], [0, 1, 0.2], [0.1, 0, 1.3]])
        found = twirl.split(turned, scene.target, elements, kind="vector", design=name)
        assert found.figures["group"] == name and found.percent.interval
    nodes, weights = twirl.quadrature(4)
    assert len(nodes) == len(weights) == 75 and weights.sum() == pytest.approx(1)
    turned = np.einsum("rij,maj->mrai", nodes, scene.x) @ np.array([[1.1, 0.3, 0], [-0.1, 0.9, 0.2], [0.15, 0, 1.3]]).T
    exact = twirl.split(turned, scene.target, nodes, kind="vector", rotation_weight=weights)
    # Every molecule has the closed form's share.
    assert float(exact.percent) == pytest.approx(Scene.percent(), rel=1e-10)


def test_threads_run_side_by_side(scene):
    """The interpreter's lock is free while figures are computed."""
    import threading
    import time

    big = Scene(molecules=3000, rotations=8, atoms=12)
    ticks, stop = [], threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.0005)

    thread = threading.Thread(target=tick)
    thread.start()
    start = time.perf_counter()
    twirl.split(*big.arrays, kind="vector")
    end = time.perf_counter()
    stop.set()
    thread.join()
    during = [t for t in ticks if start < t < end]
    # Held all the time, the lock would let the thread run once or twice.
    assert len(during) > 10, (len(during), end - start)


def test_documented_examples_run():
    import doctest

    from twirl import _meter

    for module in (twirl, _meter):
        found = doctest.testmod(module)
        assert found.attempted > 0 and found.failed == 0


def test_the_read_me_runs(tmp_path, monkeypatch):
    import pathlib

    monkeypatch.chdir(tmp_path)
    for page in ["README.md", "../../docs/python.md"]:
        text = (pathlib.Path(__file__).parent.parent / page).read_text()
        blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        assert blocks
        for block in blocks:
            needs = re.findall(r"^(?:import|from) (\w+)", block, re.MULTILINE)
            try:
                for name in needs:
                    __import__(name)
            except ImportError:
                continue
            exec(compile(block, page, "exec"), {"__name__": "block"})
