"""A million frames: those of the embedded forces, over and over, each a little displaced.

make_million.py FORCES OUT FRAMES: FORCES is what `twirlbench data convert forces FORCES` writes.
"""
import sys, numpy as np, h5py
src, out, frames = sys.argv[1], sys.argv[2], int(sys.argv[3])
rng = np.random.default_rng(11)
f = h5py.File(src)
off, z, x, fo, e, mol, sp = (f[k][:] for k in ('offset', 'atomic_number', 'position', 'force', 'energy', 'molecule_index', 'split'))
n = len(e); size = np.diff(off)
order = np.arange(frames) % n
k = -(-frames // n)
with h5py.File(out, 'w') as o:
    sizes = size[order]; offset = np.concatenate([[0], np.cumsum(sizes)]).astype('i8'); N = int(offset[-1])
    o['offset'] = offset; o['energy'] = e[order]; o['molecule_index'] = mol[order].astype('i4'); o['split'] = sp[order].astype('u1')
    dz = o.create_dataset('atomic_number', (N,), 'u1'); dx = o.create_dataset('position', (N, 3), 'f4'); df = o.create_dataset('force', (N, 3), 'f4')
    a = 0
    for r in range(k):
        take = min(n, frames - r * n); m = int(off[take])
        dz[a:a+m] = z[:m]; dx[a:a+m] = (x[:m] + rng.normal(0, 0.004, (m, 3))).astype('f4'); df[a:a+m] = fo[:m]; a += m
    f.copy('molecule', o); f.copy('meta', o)
print(frames, N)
