"""What criterion measured of own operations and of burn's: own_table.py FOLDER SINCE, as a table."""
import json
import pathlib
import sys


def measured(folder, since):
    """Milliseconds by the parts of a name, of what was measured since."""
    for file in sorted(pathlib.Path(folder).rglob("new/estimates.json")):
        if file.stat().st_mtime >= since:
            name = json.loads(file.with_name("benchmark.json").read_text())["full_id"]
            yield tuple(name.split("/")), json.loads(file.read_text())["median"]["point_estimate"] * 1e-6


def main():
    times = dict(measured(sys.argv[1], float(sys.argv[2])))
    rows = []
    for name, own in times.items():
        if "own" in name:
            other = tuple("burn" if part == "own" else part for part in name)
            if other not in times:
                sys.exit(f"own_table.py: {'/'.join(name)} has no burn beside it; name both alike")
            rows.append((", ".join(part for part in name if part != "own"), own, times[other]))
    if not rows:
        sys.exit("own_table.py: no own operation was measured; give another filter")
    print("| operation | own ms | burn ms | burn / own |\n|---|--:|--:|--:|")
    for name, own, burn in sorted(rows, key=lambda row: row[2] / row[1]):
        print(f"| {name} | {own:.3f} | {burn:.3f} | {burn / own:.2f} |")


main()
