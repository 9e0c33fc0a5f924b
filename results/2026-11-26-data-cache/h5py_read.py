"""The arrays that a force field needs, read by h5py group by group: h5py_read.py FILE."""
import sys, h5py, numpy as np
out = []
with h5py.File(sys.argv[1]) as f:
    for g in f.values():
        out.append((g['atomic_numbers'][:], g['conformations'][:], g['dft_total_gradient'][:], g['dft_total_energy'][:], g['smiles'][0]))
print(len(out), sum(len(o[3]) for o in out), sum(o[1].nbytes + o[2].nbytes + o[3].nbytes for o in out))
