"""Write links.h5.gz: more links in one group than fit one block of its heap. Needs h5py; run here.

h5py's libver="latest" keeps links in a fractal heap, which nests its blocks beyond 512 KiB: 8,000 names of
60 letters. All but four lead to one empty group; the four hold ten frames of water each.
"""

import gzip
import io

import h5py
import numpy as np

memory = io.BytesIO()
with h5py.File(memory, "w", libver="latest") as file:
    empty = file.create_group("empty")
    for link in range(8000):
        name = f"m{link:059d}"
        if link % 2000 != 1999:
            file[name] = empty
            continue
        group = file.create_group(name)
        group["atomic_numbers"] = np.array([8, 1, 1], dtype="i1")
        step = 0.001 * (np.arange(10) + 10 * (link // 2000))[:, None]
        water = np.array([0, 0, 0, 0.96, 0, 0, -0.24, 0.93, 0]) + step * np.array([0, 0, 0, 1, 0, 0, 0, -1, 0])
        group["conformations"] = water.reshape(10, 3, 3)
with open("links.h5.gz", "wb") as target:
    target.write(gzip.compress(memory.getvalue(), mtime=0))
