"""Makes README.md of this folder from rates.csv and searched.csv."""

import csv
import pathlib

here = pathlib.Path(__file__).parent
rates = list(csv.DictReader((here / "rates.csv").open()))
searched = list(csv.DictReader((here / "searched.csv").open()))
STEPS = 2500


def figure(text):
    return f"{float(text):.3g}" if text else "-"


def loss(arm, rate, step):
    found = [row["loss"] for row in rates if (row["arm"], row["rate"], int(row["step"])) == (arm, rate, step)]
    return float(found[0]) if found else None


arms = list(dict.fromkeys(row["arm"] for row in rates))
grid = sorted({row["rate"] for row in rates}, key=float)
lines = [
    "The loss of force-field arms after 2,500 steps at constant learning rates, and what a search of 60 steps takes:",
    "size small, squared loss of forces and energies, batch 8, one seed, 48 held-out molecules. `-`: not run.",
    "`annealed`: every candidate on a cosine over the 60 steps, the best taken as it is (until 2026-11-26).",
    "`carried over`: every candidate at a constant rate, as the run, and the best times (60 / 2,500)^0.32.",
    "`times the best`: the loss with that rate over the least of the row. `best after`: the best of the rates after",
    "so many steps. `run.sh` makes the runs again, `table.py` this file from the two tables.",
    "",
    "| arm | " + " | ".join(figure(rate) for rate in grid) + " | best after 56 | 562 | 2,500 "
    "| annealed | its loss | times the best | carried over | its loss | times the best |",
    "| --- |" + " --: |" * (len(grid) + 9),
]
for arm in arms:
    last = {rate: loss(arm, rate, STEPS) for rate in grid}
    takes = {row["rule"]: row for row in searched if row["arm"] == arm}
    least = min([value for value in last.values() if value] + [float(row["loss"]) for row in takes.values()])
    row = [arm] + [figure(last[rate]) for rate in grid]
    for step in (56, 562, STEPS):
        there = {rate: loss(arm, rate, step) for rate in grid if loss(arm, rate, step)}
        row.append(figure(min(there, key=there.get)))
    for rule in ("annealed", "carried over"):
        take = takes[rule]
        row += [figure(take["rate"]), figure(take["loss"]), f"{float(take['loss']) / least:.2f}"]
    lines.append("| " + " | ".join(row) + " |")
(here / "README.md").write_text("\n".join(lines) + "\n")
