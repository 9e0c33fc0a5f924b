"""Does a plain network learn rotation symmetry from data? Follow it through training.

pip install twirl-measure torch matplotlib; python train_and_watch.py rmd17_ethanol.npz [--steps 5000]

Trains one network on forces of rMD17 ethanol (doi.org/10.6084/m9.figshare.12672038) twice, on molecules as
they are and on randomly turned ones, measures held-out molecules as training goes, and draws the share of the loss
that is imperfect symmetry to train_and_watch.png. Both see held-out molecules in random poses, so that what
differs is what was learned.
"""

import argparse
import json

import numpy as np
import torch

import twirl


class Plain(torch.nn.Module):
    """Positions in, forces out: a dense network of all coordinates, which knows nothing of rotations."""

    def __init__(self, atoms, width):
        super().__init__()
        size = 3 * atoms
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(size, width),
            torch.nn.SiLU(),
            torch.nn.Linear(width, width),
            torch.nn.SiLU(),
            torch.nn.Linear(width, width),
            torch.nn.SiLU(),
            torch.nn.Linear(width, size),
        )

    def forward(self, x):
        return self.layers(x.flatten(1)).reshape(x.shape)


def turned(arrays, seed):
    """Every molecule by a rotation of its own."""
    rotation = torch.as_tensor(twirl.haar(len(arrays[0]), seed), dtype=arrays[0].dtype)
    return [torch.einsum("mij,maj->mai", rotation, array) for array in arrays]


def measured(model, x, y):
    model.eval()
    with torch.no_grad():
        weight = np.full(x.shape[:2], 1 / x.shape[1])
        split = twirl.measure_model(model, x, y, rotations=8, weight=weight)
    model.train()
    return split


def trained(augment, train, test, arguments):
    torch.manual_seed(0)
    model = Plain(train[0].shape[1], arguments.width)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, arguments.steps)
    meet = sorted({*np.unique(np.geomspace(1, arguments.steps, 24).astype(int)).tolist()})
    history = [(0, measured(model, *test))]
    for step in range(1, arguments.steps + 1):
        rows = torch.randint(len(train[0]), (64,))
        x, y = (array[rows] for array in train)
        if augment:
            x, y = turned((x, y), seed=1000 + step)
        loss = (model(x) - y).pow(2).sum(-1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step in meet:
            split = measured(model, *test)
            history.append((step, split))
            print(f"{'augmented' if augment else 'as they are':<12} step {step:>5}  L/L0 {split.of_zero:.3f}  percent {split.percent}")
    return history


def drawn(curves, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), constrained_layout=True)
    for name, history in curves.items():
        steps = np.array([max(step, 0.7) for step, _ in history])
        percent = np.array([split.percent for _, split in history], dtype=float)
        axes[0].plot(steps, percent[:, 0], label=name)
        axes[0].fill_between(steps, percent[:, 1], percent[:, 2], alpha=0.2)
        axes[1].plot(steps, [split.of_zero for _, split in history], label=name)
    for axis, label in zip(axes, ["imperfect symmetry, % of the loss", "loss / loss of predicting zero"]):
        axis.set(xscale="log", xlabel="step", ylabel=label)
    axes[0].legend(frameon=False)
    figure.savefig(path, dpi=150)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train", help="npz with nuclear_charges, coords, forces")
    parser.add_argument("test", nargs="?", help="another one; without it the last 200 frames are held out")
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--picture", default="train_and_watch.png")
    parser.add_argument("--json", help="write the last figures to this file")
    arguments = parser.parse_args()

    def frames(path):
        with np.load(path) as file:
            coords = file["coords"] - file["coords"].mean(axis=1, keepdims=True)
            return [torch.as_tensor(array, dtype=torch.float32) for array in (coords, file["forces"])]

    train = frames(arguments.train)
    if arguments.test:
        test = [array[:200] for array in frames(arguments.test)]
    else:
        train, test = [array[:-200] for array in train], [array[-200:] for array in train]
    scale = train[1].pow(2).sum(-1).mean().sqrt()  # forces of length 1 on average
    train[1], test[1] = train[1] / scale, test[1] / scale
    test = turned(test, seed=1)
    curves = {name: trained(name == "augmented", train, test, arguments) for name in ("as they are", "augmented")}
    drawn(curves, arguments.picture)
    if arguments.json:
        last = {name: history[-1][1].to_dict() for name, history in curves.items()}
        with open(arguments.json, "w") as file:
            json.dump(last, file, indent=1)


if __name__ == "__main__":
    main()
