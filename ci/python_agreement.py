"""Called by ci/python --all: `python_agreement.py [WHEEL] [--published JSON] [--ethanol JSON PICTURE]`.

Writes what the Python package agrees with, and to how many digits, to results/DATE-python-agreement: the
command line, an own quadrature, metatomic, published models, a plain network on rMD17 ethanol where
../shared/data or RMD17 names a folder with it. Then the table in docs/python.md. The two options take what
`examples/python/published_models.py --json` and `train_and_watch.py --json --picture` wrote before.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np

root = pathlib.Path(__file__).resolve().parent.parent
parser = argparse.ArgumentParser()
parser.add_argument("wheel", type=pathlib.Path, nargs="?")
parser.add_argument("--published", type=pathlib.Path)
parser.add_argument("--ethanol", type=pathlib.Path, nargs=2)
arguments = parser.parse_args()
wheel = arguments.wheel
program = os.environ.get("TWIRLBENCH", root / "target/release/twirlbench")
sys.path.insert(0, str(root / "crates/twirl-python/tests"))

import twirl  # noqa: E402
from conftest import Scene  # noqa: E402
from test_models import cubic, legendre, symmetrized  # noqa: E402

found = {}


def command_line():
    largest = 0.0
    for dtype in (np.float32, np.float64):
        prediction, target, rotation = Scene(dtype=dtype).arrays
        split = twirl.split(prediction, target, rotation, kind="vector")
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "predictions.npz"
            np.savez(file, prediction=prediction, target=target, rotation=rotation, kind="vector")
            out = json.loads(subprocess.check_output([program, "measure", file, "--json"]))
        numbers = out["terms"][0]["parts"]
        own = split.figures["terms"][0]["parts"]
        largest = max(largest, abs(numbers["percent_equiv"]["value"] - own["percent_equiv"]["value"]))
        assert {name: value for name, value in out.items() if name not in ("file", "ignored")} == split.figures
    return {"largest difference of a figure": largest}


def quadrature():
    scene = Scene(molecules=200, rotations=2)
    nodes, weights = legendre(10)
    untwisted = np.stack([cubic(scene.x @ R.T) @ R for R in nodes], axis=1)
    mean = np.einsum("r,mrai->mai", weights, untwisted)
    equiv = np.einsum("r,mrai->m", weights, (untwisted - mean[:, None]) ** 2)
    rule, of_rule = twirl.quadrature(8)
    turned = np.stack([cubic(scene.x @ R.T) for R in rule], axis=1)
    exact = twirl.split(turned, scene.target, rule, kind="vector", rotation_weight=of_rule)
    drawn = twirl.measure_model(cubic, scene.x, scene.target, rotations=64, seed=3)
    errors = drawn.per_molecule["loss_equiv"] - equiv
    return {
        "largest relative difference of a molecule, by nodes": float(np.abs(exact.per_molecule["loss_equiv"] / equiv - 1).max()),
        "mean difference of 64 draws, in standard errors": float(errors.mean() / errors.std() * len(errors) ** 0.5),
    }


def metatomic():
    scene = Scene(molecules=20, rotations=2)
    expected = symmetrized(scene)
    rule, weights = twirl.quadrature(8, inversions=True)
    turned = np.stack([cubic(scene.x @ R.T) for R in rule], axis=1)
    options = {"kind": "vector", "weight": np.full(scene.x.shape[:2], 1 / scene.x.shape[1])}
    ours = twirl.split(turned, scene.target, rule, rotation_weight=weights, **options)
    drawn = twirl.measure_model(cubic, scene.x, scene.target, rotations=64, seed=3, inversions=True, weight=options["weight"])
    errors = drawn.per_molecule["loss_equiv"] - expected
    return {
        "largest relative difference of a molecule, by nodes": float(np.abs(ours.per_molecule["loss_equiv"] / expected - 1).max()),
        "mean difference of 64 draws, in standard errors": float(errors.mean() / errors.std() * len(errors) ** 0.5),
    }


def example(name, *arguments):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "figures.json"
        subprocess.run([sys.executable, root / "examples/python" / name, *map(str, arguments), "--json", file], check=True)
        return json.loads(file.read_text())


def import_seconds():
    def seconds(code):
        best = []
        for _ in range(5):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            best.append(time.perf_counter() - start)
        return min(best)

    return {"beyond numpy": seconds("import twirl") - seconds("import numpy"), "of numpy": seconds("import numpy") - seconds("pass")}


found["command line"] = command_line()
found["own Gauss-Legendre quadrature"] = quadrature()
found["metatomic"] = metatomic()
found["published"] = json.loads(arguments.published.read_text()) if arguments.published else example("published_models.py")
if wheel:
    found["wheel"] = {"file": wheel.name, "bytes": wheel.stat().st_size, "import seconds": import_seconds()}
folder = root / "results" / f"{datetime.date.today()}-python-agreement"
folder.mkdir(parents=True, exist_ok=True)
data = pathlib.Path(os.environ.get("RMD17", root.parent / "shared/data/rmd17"))
ethanol = [data / f"rmd17_ethanol_{part}_01.npz" for part in ("train", "test")]
if arguments.ethanol:
    found["ethanol"] = json.loads(arguments.ethanol[0].read_text())
    shutil.copy(arguments.ethanol[1], folder / "ethanol.png")
elif all(file.exists() for file in ethanol):
    found["ethanol"] = example("train_and_watch.py", *ethanol, "--picture", folder / "ethanol.png")
else:
    print("ci/python: agreement: rMD17 ethanol is not there (RMD17 names a folder): left out")
packages = ["numpy", "torch", "metatomic-torch", "sevenn", "chgnet", "ase"]
found["versions"] = {name: importlib.metadata.version(name) for name in packages} | {"python": platform.python_version()}
(folder / "figures.json").write_text(json.dumps(found, indent=1) + "\n")

rows = [
    ("`twirlbench measure`, float32 and float64", "figures that differ", "none"),
    *(
        (what, key, f"{value:.1e}" if "relative" in key else f"{value:.2f}")
        for what in ("own Gauss-Legendre quadrature", "metatomic")
        for key, value in found[what].items()
    ),
    *((f"{name}", "squared symmetry error over squared prediction", f"{value['relative_equiv']:.1e}") for name, value in found["published"].items()),
]
versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
table = "| beside | figure | |\n| --- | --- | --: |\n" + "".join(f"| {a} | {b} | {c} |\n" for a, b, c in rows)
text = f"{table}\nWith {versions}; [{folder.name}](../results/{folder.name}/figures.json).\n"
page = root / "docs/python.md"
page.write_text(
    re.sub(r"<!-- agreement -->\n.*?<!-- /agreement -->", lambda _: f"<!-- agreement -->\n{text}<!-- /agreement -->", page.read_text(), flags=re.DOTALL)
)
read_me = ["# What the Python package agrees with\n", "Written by `ci/python --all`; every figure is in `figures.json`.\n", table]
if "ethanol" in found:
    read_me.append("![A plain network on rMD17 ethanol: share of the loss that is imperfect symmetry](ethanol.png)\n")
(folder / "README.md").write_text("\n".join(read_me))
print(f"ci/python: agreement: {folder}")
