"""Run folders as columns."""

import json
import pathlib
import shutil

import numpy as np
import pytest

import twirl

RESULTS = pathlib.Path(__file__).parents[3] / "results/2026-11-26-quick-cpu"


@pytest.fixture
def folder(tmp_path):
    if not RESULTS.exists():
        pytest.skip("no committed results beside these tests")
    return shutil.copytree(RESULTS / "force-field", tmp_path / "force-field")


def test_columns_are_those_of_the_files(folder):
    found = twirl.curve(folder)
    lengths = {len(values) for values in found.values()}
    assert len(lengths) == 1
    total = found["term"] == "total"
    for path in folder.rglob("records.jsonl"):
        records = [json.loads(line) for line in path.read_text().splitlines()]
        rows = total & (found["arm"] == path.parent.parent.name)
        assert found["step"][rows].tolist() == [record["step"] for record in records]
        assert found["percent_equiv"][rows].tolist() == [record["percent_equiv"] for record in records]
        assert found["device_seconds"][rows].tolist() == [record["device_seconds"] for record in records]
    runs = twirl.read_runs([folder, folder])
    assert len(runs["arm"]) == 2 * len(set(found["arm"])) and set(runs["status"]) == {"ok"}
    last = {arm: found["loss"][total & (found["arm"] == arm)][-1] for arm in set(found["arm"])}
    assert dict(zip(runs["arm"].tolist(), runs["loss"].tolist(), strict=True)) == last
    assert set(runs["folder"]) == {str(folder)}


def test_tables_take_them(folder):
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    found = twirl.curve(folder)
    by_arm = pandas.DataFrame(found).groupby("arm")["percent_equiv"].last()
    assert len(by_arm) == len(polars.DataFrame(found)["arm"].unique())


def test_broken_and_missing(folder, tmp_path):
    path = next(folder.rglob("records.jsonl"))
    path.write_text("{\n" + path.read_text())
    with pytest.warns(UserWarning, match="is left out"):
        runs = twirl.read_runs(folder)
    assert path.parent.parent.name not in runs["arm"]
    with pytest.raises(ValueError, match="no-such"):
        twirl.curve(tmp_path / "no-such")
    assert np.isnan(twirl.read_runs(RESULTS)["percent_equiv_low"]).sum() == 0
