"""Called by ci/python: reads with other programs what twirlbench wrote, and the other way round."""

import csv
import json
import pathlib
import py_compile
import subprocess
import sys

import ase.io
import h5py
import numpy as np
from safetensors.numpy import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

program, out, torch = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
root = pathlib.Path(__file__).parent.parent
run = out / "run/force-field/coordinate-transformer/seed-0"


def tensorboard():
    events = EventAccumulator(str(run), size_guidance={"scalars": 0})
    events.Reload()
    records = [json.loads(line) for line in (run / "records.jsonl").read_text().splitlines()]
    expected = {}
    for record in records:
        splits = {"total": record} | record["terms"]
        for name, split in splits.items():
            for figure in ["loss", "loss_mean", "loss_equiv", "percent_equiv", "floor", "percent_low", "percent_high"]:
                if split[figure] is not None:
                    expected.setdefault(f"{figure}/{name}", []).append((record["step"], split[figure]))
        for name, score in record["scores"].items():
            expected.setdefault(f"score/{name}", []).append((record["step"], score))
        for name in ["device_seconds", "model_flops", "samples"]:
            expected.setdefault(f"cost/{name}", []).append((record["step"], record[name]))
        for name in ["grad_norm", "learning_rate"]:
            if record[name] is not None:
                expected.setdefault(f"train/{name}", []).append((record["step"], record[name]))
    tags = events.Tags()["scalars"]
    assert sorted(tags) == sorted(expected), set(tags) ^ set(expected)
    for tag, points in expected.items():
        found = [(scalar.step, scalar.value) for scalar in events.Scalars(tag)]
        assert found == [(step, float(np.float32(value))) for step, value in points], tag
    return f"{len(tags)} tags of {len(records)} records"


def safetensors():
    parameters = json.loads((run / "manifest.json").read_text())["parameters"]
    files = sorted((run / "checkpoints").rglob("*.safetensors"))
    weights = [file for file in files if sum(a.size for a in load_file(file).values()) == parameters]
    assert weights, f"no checkpoint holds {parameters} parameters: {files}"
    for file in weights:
        arrays = load_file(file)
        assert all(array.dtype == np.float32 and np.isfinite(array).all() for array in arrays.values())
    read = f"{len(weights)} checkpoints of {parameters} parameters by numpy"
    if not torch:
        return f"{read} (torch is not installed)"
    sums = "{name: float(tensor.double().sum()) for name, tensor in load_file(sys.argv[1]).items()}"
    code = f"import json, sys; from safetensors.torch import load_file; print(json.dumps({sums}))"
    found = json.loads(subprocess.check_output([torch, "-c", code, weights[0]], text=True))
    expected = {name: array.astype(np.float64).sum() for name, array in load_file(weights[0]).items()}
    assert found.keys() == expected.keys()
    assert all(np.isclose(found[name], expected[name], rtol=1e-12, atol=1e-9) for name in found), found
    return f"{read} and torch"


def geometries():
    frames = ase.io.read(out / "conformers.xyz", index=":")
    lines = iter((out / "conformers.xyz").read_text().splitlines())
    for frame in frames:
        count, comment = int(next(lines)), next(lines)
        atoms = [next(lines).split() for _ in range(count)]
        assert frame.get_chemical_symbols() == [atom[0] for atom in atoms]
        assert np.array_equal(frame.positions, np.array([atom[1:] for atom in atoms], dtype=float))
        assert not frame.pbc.any()
        # A backslash of a SMILES is escaped in the file and plain when read.
        assert f'smiles="{frame.info["smiles"]}"'.replace("\\", "\\\\") in comment, comment
    assert any("\\" in frame.info["smiles"] or "/" in frame.info["smiles"] for frame in frames)
    records = (out / "conformers.sdf").read_text().split("$$$$\n")[:-1]
    for frame, record in zip(frames, records, strict=True):
        (out / "one.sdf").write_text(record)
        other = ase.io.read(out / "one.sdf")
        assert other.get_chemical_symbols() == frame.get_chemical_symbols()
        assert np.abs(other.positions - frame.positions).max() < 1e-4
    return f"{len(frames)} frames of extended XYZ and of SDF"


def predictions():
    folder = out / "analytic"
    folder.mkdir(exist_ok=True)
    script = root / "examples/python/analytic.py"
    truth = json.loads(subprocess.check_output([sys.executable, script, folder], text=True))
    fixtures = root / "crates/twirlbench/tests/fixtures"
    committed = json.loads((fixtures / "analytic.json").read_text())
    assert np.isclose(truth["percent_equiv"], committed["percent_equiv"], rtol=1e-12)
    with h5py.File(folder / "analytic.h5") as new, h5py.File(fixtures / "analytic.h5") as old:
        assert sorted(new) == sorted(old)
        assert all(np.allclose(new[name], old[name], rtol=1e-6, atol=1e-6) for name in new), "fixture"
    for name in ["analytic.h5", "analytic.npz"]:
        found = json.loads(subprocess.check_output([program, "measure", folder / name, "--json"]))
        low, high = found["terms"][0]["parts"]["percent_equiv"]["interval"]
        assert low <= truth["percent_equiv"] <= high, found
    notes = []
    for framework, script in [("jax", "jax_predictions"), ("torch", "pytorch_predictions")]:
        path = root / f"examples/python/{script}.py"
        py_compile.compile(str(path), cfile=str(out / "compiled.pyc"), doraise=True)
        interpreter = torch if framework == "torch" else sys.executable
        if not interpreter:
            notes.append(f"{framework} is not installed: example compiled only")
            continue
        subprocess.run([interpreter, path], cwd=out, check=True)
        file = out / ("predictions.npz" if framework == "jax" else "predictions.h5")
        subprocess.run([program, "measure", file, "--json"], check=True, stdout=subprocess.DEVNULL)
        notes.append(f"{framework} example run")
    return f"percent {truth['percent_equiv']:.3f} within its interval; " + ", ".join(notes)


def tables():
    types = {"text": str, "integer": int, "real": float, "flag": bool}
    files = sorted((out / "csv").glob("*.csv"))
    assert files
    for file in files:
        table = json.loads((out / "json" / f"{file.stem}.json").read_text())
        fields = {field["key"]: types[field["type"]] for field in table["fields"]}
        with open(file, newline="") as text:
            head, *rows = csv.reader(text)
        assert list(fields) == head, file
        missing = {(absent["row"], absent["key"]): absent["why"] for absent in table["missing"]}
        for number, (values, row) in enumerate(zip(table["rows"], rows, strict=True)):
            assert list(values) == head, file
            for name, cell in zip(head, row, strict=True):
                value, kind = values[name], fields[name]
                if value is None:
                    assert cell == "" and missing.pop((number, name)), (file, number, name)
                elif kind is float:
                    assert float(cell) == value, (file, number, name)
                elif kind is bool:
                    assert cell == str(value).lower(), (file, number, name)
                else:
                    assert isinstance(value, kind) and cell == str(value), (file, number, name)
        assert not missing, (file, missing)
    return f"{len(files)} tables as CSV and JSON"


for check in [tensorboard, safetensors, geometries, predictions, tables]:
    print(f"ci/python: {check.__name__}: {check()}")
