"""Seconds and memory of the streaming meter beside the same sums in numpy.

python meter_speed.py [--molecules 10000] [--rotations 8] [--atoms 20] [--batch 500] [--json FILE]

Both take the same batches of float32 predictions and give loss, parts, percentage and an interval from 2,000
Poisson resamples over molecules. The meter also gives the spectrum to degree 6, checks every array, and
compares all rotations with each other; numpy's share does not. Each runs in a process of its own, so that
peak memory is its own; the batches are made before, and their size is printed. Then the cost of a
measurement every 100 steps of a training loop, if PyTorch is there.
"""

import argparse
import json
import multiprocessing
import resource
import time

import numpy as np


def batches(arguments):
    import twirl

    random = np.random.default_rng(0)
    for first in range(0, arguments.molecules, arguments.batch):
        rows = min(arguments.batch, arguments.molecules - first)
        x = random.normal(size=(rows, arguments.atoms, 3))
        rotation = twirl.haar((rows, arguments.rotations), seed=first)
        turned = np.einsum("mrij,maj->mrai", rotation, x)
        prediction = (turned * [1.0, 1.1, 0.9]).astype(np.float32)
        yield prediction, (1.2 * x).astype(np.float32), rotation


def by_meter(data):
    import twirl

    meter = twirl.Twirl(kind="vector")
    for prediction, target, rotation in data:
        meter.update(prediction, target, rotation)
    return tuple(meter.compute().percent)


def by_numpy(data):
    random = np.random.default_rng(1)
    sums = np.zeros(2)
    resampled = np.zeros((2, 2000))
    for prediction, target, rotation in data:
        untwisted = np.einsum("mrji,mraj->mrai", rotation, prediction.astype(np.float64))
        residual = untwisted - target[:, None]
        loss = np.square(residual).sum(axis=(2, 3)).mean(axis=1)
        equiv = residual.var(axis=1, ddof=1).sum(axis=(1, 2))
        columns = np.stack([loss, equiv])
        sums += columns.sum(axis=1)
        resampled += columns @ random.poisson(1.0, size=(len(loss), 2000)).astype(np.float64)
    low, high = np.quantile(100 * resampled[1] / resampled[0], [0.025, 0.975])
    return 100 * sums[1] / sums[0], low, high


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(function, arguments):
    data = list(batches(arguments))
    size = sum(array.nbytes for batch in data for array in batch) / 2**20
    function(data[:1])
    before, start = peak(), time.perf_counter()
    percent = function(data)
    seconds = time.perf_counter() - start
    return {"percent": percent, "seconds": seconds, "MiB above its data": peak() - before, "MiB of data": size}


def training(steps=400, every=100):
    """A plain network of 3 x 128 on 9 atoms: seconds of a step with and without measurements."""
    import torch

    import twirl

    torch.manual_seed(0)
    x, y = torch.randn(1000, 9, 3), torch.randn(1000, 9, 3)
    held_out, labels = torch.randn(200, 9, 3), torch.randn(200, 9, 3)
    layers = [torch.nn.Flatten(), torch.nn.Linear(27, 128), torch.nn.SiLU(), torch.nn.Linear(128, 128), torch.nn.SiLU()]
    model = torch.nn.Sequential(*layers, torch.nn.Linear(128, 27), torch.nn.Unflatten(1, (9, 3)))
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    of_steps = of_meter = 0.0
    for step in range(1, steps + 1):
        start = time.perf_counter()
        rows = torch.randint(len(x), (64,))
        loss = (model(x[rows]) - y[rows]).pow(2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        of_steps += time.perf_counter() - start
        if step % every == 0:
            start = time.perf_counter()
            model.eval()
            with torch.no_grad():
                twirl.measure_model(model, held_out, labels, rotations=4)
            model.train()
            of_meter += time.perf_counter() - start
    return {
        "ms of a step": 1000 * of_steps / steps,
        "ms of a measurement": 1000 * of_meter / (steps // every),
        "percent of the steps": 100 * of_meter / of_steps,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in {"molecules": 10000, "rotations": 8, "atoms": 20, "batch": 500}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--json", help="write the figures to this file")
    arguments = parser.parse_args()
    found = {}
    context = multiprocessing.get_context("spawn")
    for name, function in {"meter": by_meter, "numpy": by_numpy}.items():
        with context.Pool(1) as pool:
            found[name] = pool.apply(measured, (function, arguments))
    try:
        found["training"] = training()
    except ImportError:
        print("training: left out: no PyTorch")
    for name, figures in found.items():
        print(name, {key: value if isinstance(value, tuple) else round(value, 3) for key, value in figures.items()})
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
