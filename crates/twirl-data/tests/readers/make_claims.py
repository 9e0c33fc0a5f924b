"""Write claims_*.h5: arrays that claim a size of which nothing is stored. Needs h5py; run here."""

import h5py

with h5py.File("claims_chunked.h5", "w") as file:
    file["offset"] = [0, 2**50]
    file.create_dataset("atomic_number", shape=(2**50,), chunks=(64,), dtype="u1")

with h5py.File("claims_contiguous.h5", "w") as file:
    file["m/atomic_numbers"] = [8, 1, 1]
    file.create_dataset("m/conformations", shape=(2**40, 3, 3), dtype="f4")
