"""The timings of ci/pytorch as a table: while they are made, and from a result into docs/pytorch.md."""
import json
import pathlib
import re
import sys

HEAD = ("| arm | size | threads | ours ms | eager ms | compile ms | ours / eager | ours / compile | CPU ms ours / eager / compile"
        " | GFLOP/s | % of a product | peak MiB ours / eager / compile |\n|---|---|--:|" + "--:|" * 9)
WAYS = ("ours", "eager", "compile")


def size(row):
    """What a case changes of an arm's defaults, and its batch."""
    changed = row["config"]
    words = [changed["size"]] if "size" in changed else [f"{key} {value}" for key, value in changed.items()
                                                         if not isinstance(value, list)]
    words += [f"{row['task']['grid']}^3"] if "grid" in row["task"] else []
    return ", ".join([*(words or ["small"]), f"batch {row['batch']}"])


def line(figures, row):
    of = lambda way, key, form: form.format(row[way][key]) if way in row else "-"
    each = lambda key: " / ".join(of(way, key, "{:.0f}" if key == "peak_mib" else "{:.1f}") for way in WAYS)
    ours = row["ours"]["wall_ms"]
    ratio = lambda way: f"{ours / row[way]['wall_ms']:.2f}" if way in row else "-"
    rate = 1e3 * row["gflop"] / ours
    share = 100 * rate / figures["product_gflop_per_s"]["ours"][str(row["threads"])]
    cells = [row["arm"], size(row), row["threads"], *(of(way, "wall_ms", "{:.2f}") for way in WAYS), ratio("eager"),
             ratio("compile"), each("cpu_ms"), f"{rate:.1f}", f"{share:.0f}", each("peak_mib")]
    return "| " + " | ".join(map(str, cells)) + " |"


def foot(figures):
    rates = "; ".join(f"{who} " + ", ".join(f"{rate:.0f} GFLOP/s with {count}" for count, rate in by_threads.items())
                      for who, by_threads in figures["product_gflop_per_s"].items())
    return (f"PyTorch {figures['pytorch']} ({figures['vectors']}) on {figures['processor']}; medians of {figures['rounds']} rounds of "
            f"{figures['seconds']:g} s in turn; load {figures['load'][0]:.1f} at the start, {figures['load'][1]:.1f} at the end. Large products, "
            f"the best of five: {rates} threads. Memory is ours in all, PyTorch's above its import. A dash: torch.compile failed.")


def table(folder):
    figures = json.loads((folder / "figures.json").read_text())
    rows = "\n".join(line(figures, row) for row in figures["rows"])
    return f"{HEAD}\n{rows}\n\n{foot(figures)} [{folder.name}](../results/{folder.name}/README.md)\n"


def main():
    """A table for each folder that is named, in the same order."""
    text = "\n".join(table(pathlib.Path(folder)) for folder in sys.argv[1:])
    page = pathlib.Path(__file__).resolve().parent.parent / "docs/pytorch.md"
    marked = re.compile(r"<!-- steps -->\n.*?<!-- /steps -->", re.DOTALL)
    page.write_text(marked.sub(lambda _: f"<!-- steps -->\n\n{text}\n<!-- /steps -->", page.read_text()))


if __name__ == "__main__":
    main()
