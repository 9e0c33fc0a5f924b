"""A synthetic SPICE file with the published layout: real molecules, displaced; labels of springs.

make_spice.py SAMPLES OUT GIGABYTES: SAMPLES has spice/SPICE-1.1.4_n2.hdf5 and a conformer benchmark.
"""
import sys, numpy as np, h5py
samples, out, target = sys.argv[1], sys.argv[2], float(sys.argv[3]) * 1e9
rng = np.random.default_rng(7)
BOHR = 0.529177210903
mols = []
f = h5py.File(samples + '/spice/SPICE-1.1.4_n2.hdf5')
units = {k: dict(d.attrs) for k, d in f['103147721'].items()}
for g in f.values():
    mols.append((g['atomic_numbers'][:].astype('i2'), g['conformations'][:].astype('f8'), g['smiles'][0]))
import glob
c = h5py.File(glob.glob(samples + '/conformer-benchmark/*.h*5')[0])
for g in c.values():
    s = g.attrs['smiles']
    mols.append((g['atomic_numbers'][:].astype('i2'), g['conformations'][:].astype('f8') / BOHR, s.encode() if isinstance(s, str) else s))
E0 = {z: -0.02 * z for z in range(1, 97)}
CONF, K = 50, 0.4
f32 = np.float32
total = 0; n_groups = 0; frames = 0; atoms = 0
with h5py.File(out, 'w') as o:
    while total < target:
        z, base, smiles = mols[n_groups % len(mols)]
        n = len(z)
        start = base[rng.integers(len(base), size=CONF)]
        d = rng.normal(0, 0.03, (CONF, n, 3))
        e = sum(E0[int(a)] for a in z) + 0.5 * K * (d ** 2).sum((1, 2))
        big = lambda *s: np.resize(rng.normal(size=997).astype(f32), (CONF,) + s)
        arrays = dict(conformations=(start + d).astype(f32), dft_total_gradient=(K * d).astype(f32), dft_total_energy=e,
            formation_energy=e - e.min(), mayer_indices=big(n, n), wiberg_lowdin_indices=big(n, n), mbis_charges=big(n, 1),
            mbis_dipoles=big(n, 3), mbis_quadrupoles=big(n, 3, 3), mbis_octupoles=big(n, 3, 3, 3), scf_dipole=big(3),
            scf_quadrupole=big(3, 3), atomic_numbers=z)
        g = o.create_group(f'{100000000 + n_groups * 7919 % 99999989}')
        for k, v in arrays.items():
            ds = g.create_dataset(k, data=v)
            for a, b in units.get(k, {}).items(): ds.attrs[a] = b
            total += v.nbytes
        g.create_dataset('smiles', data=[smiles], dtype=h5py.string_dtype())
        g.create_dataset('subset', data=['synthetic'], dtype=h5py.string_dtype())
        n_groups += 1; frames += CONF; atoms += CONF * n
print(n_groups, 'groups', frames, 'frames', atoms, 'atoms')
