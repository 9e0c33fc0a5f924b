"""conformer-benchmark.h5 (10.1002/qua.26381) to the project's HDF5: `python convert_conformer_benchmark.py IN OUT`.

Input: one group per molecule with attributes `smiles`, `charge` and datasets `atomic_numbers [n]`,
`conformations [c, n, 3]` (angstrom). Bond orders come from the SMILES, mapped onto the atoms by the distance graph.
"""

import h5py

import conversion


def convert_group(name, group, tally):
    """The entry of one molecule, or None; every conformer left out is counted."""
    try:
        target = conversion.Target(str(group.attrs["smiles"]))
        if int(group.attrs["charge"]) != target.charge:
            raise conversion.Unmatched("charge differs from the SMILES")
    except conversion.Unmatched as error:
        tally.add(str(error), name)
        return None
    if group["conformations"].attrs.get("units", "angstrom") not in ("angstrom", b"angstrom"):
        raise SystemExit(f"{name}: conformations are not in angstrom; convert them first")
    numbers = group["atomic_numbers"][()]
    entry = target.entry()
    for index, position in enumerate(group["conformations"][()]):
        try:
            order = target.order_of(numbers, conversion.distance_pairs(numbers, position))
            entry.frames.append(conversion.frame(position, order))
        except conversion.Unmatched as error:
            tally.add(str(error), f"{name}/{index}")
    return entry


def main(arguments=None):
    options = conversion.parser_of(__doc__).parse_args(arguments)
    tally = conversion.Tally()
    with h5py.File(options.source) as file:
        names = sorted(file)[: options.limit]
        entries = [convert_group(name, file[name], tally) for name in names]
    meta = {
        "name": "conformer-benchmark",
        "level_of_theory": "B3LYP-D3BJ/def2-SVP geometries",
        "licence": "MIT",
        "generator": "data-scripts/convert_conformer_benchmark.py; pose: principal axes of each conformer",
    }
    conversion.finish(options.out, meta, [entry for entry in entries if entry], tally)


if __name__ == "__main__":
    main()
