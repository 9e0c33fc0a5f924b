//! Atoms from densities: peaks, taken one by one.

use nalgebra::{DMatrix, DVector, Matrix3, Vector3};

use crate::Lattice;

/// An atom found in a grid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Atom {
    /// Atomic number.
    pub number: u8,
    /// Position about the centre of the box, angstrom.
    pub position: [f64; 3],
}

/// Most atoms taken from one channel: a density without peaks of their shape must end.
const MOST: usize = 64;
/// Half the edge of the window around an atom in which its density is not negligible, in widths.
const REACH: f64 = 2.2;
/// Rounds in which the neighbours of a new atom are fitted again, the others held fixed.
const ROUNDS: usize = 3;
/// A hidden atom must lower the squared rest by this share of its own square.
const HIDDEN: f64 = 0.05;
/// Most joint steps.
const STEPS: usize = 20;
/// Atoms have settled when a joint step lowers the squared rest by less than this, relatively.
const SETTLED: f64 = 1e-3;
/// Atoms of one channel closer than this, in widths, are one atom.
const APART: f64 = 0.5;

/// The atoms of a grid `[channels, n, n, n]`, of the element of each channel.
///
/// The highest voxel of what is left of a channel is the start of an atom: its position is fitted
/// by Gauss-Newton steps to the density of an atom, its neighbours are fitted again, and their
/// densities are taken away, until no voxel in the ball is above `peak` (an atom's own peak is 1);
/// then all atoms are fitted together, and more are tried where that leaves most.
///
/// # Panics
/// If the grid does not have the size of the lattice times the number of elements.
#[must_use]
pub fn find_atoms(grid: &[f32], elements: &[u8], lattice: &Lattice, peak: f64) -> Vec<Atom> {
    assert_eq!(
        grid.len(),
        elements.len() * lattice.voxels(),
        "find_atoms: grid"
    );
    let channels = grid.chunks(lattice.voxels()).zip(elements);
    channels
        .flat_map(|(channel, &number)| {
            let positions = Pursuit::new(channel, lattice).run(peak);
            positions
                .into_iter()
                .map(move |position| Atom { number, position })
        })
        .collect()
}

/// What is left of a channel, and the atoms taken from it.
struct Pursuit<'a> {
    lattice: &'a Lattice,
    inside: Vec<usize>,
    rest: Vec<f64>,
    atoms: Vec<Vector3<f64>>,
}

impl<'a> Pursuit<'a> {
    fn new(channel: &[f32], lattice: &'a Lattice) -> Self {
        Self {
            lattice,
            inside: lattice.inside(),
            rest: channel.iter().copied().map(f64::from).collect(),
            atoms: Vec::new(),
        }
    }

    fn run(mut self, peak: f64) -> Vec<[f64; 3]> {
        while self.atoms.len() < MOST && self.take(peak) {}
        self.settle();
        while self.atoms.len() < MOST && self.take_hidden() {}
        let mut kept: Vec<Vector3<f64>> = Vec::new();
        for atom in self.atoms {
            let apart = APART * self.lattice.width;
            if kept.iter().all(|other| (other - atom).norm() > apart) {
                kept.push(atom);
            }
        }
        kept.into_iter().map(Into::into).collect()
    }

    /// Takes the atom at the highest voxel above `peak`, if there is one.
    fn take(&mut self, peak: f64) -> bool {
        let voxels = self.inside.iter().copied();
        let highest = voxels.max_by(|&a, &b| self.rest[a].total_cmp(&self.rest[b]));
        let Some(highest) = highest.filter(|&voxel| self.rest[voxel] > peak) else {
            return false;
        };
        let found = self.fit(Vector3::from(self.lattice.position(highest)));
        self.add(found, -1.0);
        self.atoms.push(found);
        let reach = 2.0 * REACH * self.lattice.width;
        let near: Vec<usize> = (0..self.atoms.len())
            .filter(|&atom| (self.atoms[atom] - found).norm() < reach)
            .collect();
        for _ in 0..ROUNDS {
            for &atom in &near {
                self.refit(atom);
            }
        }
        true
    }

    /// Adds an atom where most is left, below any peak, if all atoms together then fit much better:
    /// atoms that overlap can hide one among them.
    fn take_hidden(&mut self) -> bool {
        let (atoms, rest, before) = (self.atoms.clone(), self.rest.clone(), self.cost());
        if atoms.is_empty() || !self.take(0.0) {
            return false;
        }
        self.settle();
        let squared = self.lattice.width.powi(2) * std::f64::consts::FRAC_PI_2;
        let energy = squared.powf(1.5) / self.lattice.step.powi(3);
        let better = before - self.cost() > HIDDEN * energy;
        if !better {
            (self.atoms, self.rest) = (atoms, rest);
        }
        better
    }

    /// Fits all atoms together by damped Gauss-Newton steps, since atoms that overlap settle slowly
    /// one by one.
    fn settle(&mut self) {
        let mut damping = 1e-3;
        let mut cost = self.cost();
        for _ in 0..STEPS {
            let (mut normal, right) = self.normal_equations();
            for place in 0..right.len() {
                normal[(place, place)] *= 1.0 + damping;
                normal[(place, place)] += f64::MIN_POSITIVE;
            }
            let Some(factors) = normal.cholesky() else {
                return;
            };
            let step = factors.solve(&right);
            let before = self.atoms.clone();
            for (atom, moved) in step.as_slice().chunks(3).enumerate() {
                self.place(atom, before[atom] + Vector3::from_column_slice(moved));
            }
            let after = self.cost();
            if after < cost {
                damping *= 0.1;
                let settled = cost - after < SETTLED * cost;
                cost = after;
                if settled {
                    return;
                }
            } else {
                damping *= 10.0;
                for (atom, &position) in before.iter().enumerate() {
                    self.place(atom, position);
                }
            }
        }
    }

    fn cost(&self) -> f64 {
        self.rest.iter().map(|value| value * value).sum()
    }

    fn place(&mut self, atom: usize, position: Vector3<f64>) {
        self.add(self.atoms[atom], 1.0);
        self.atoms[atom] = position;
        self.add(position, -1.0);
    }

    /// `J^T J` and `J^T rest` for the positions of all atoms.
    fn normal_equations(&self) -> (DMatrix<f64>, DVector<f64>) {
        let count = self.atoms.len();
        let squared = self.lattice.width.powi(2);
        let mut normal = DMatrix::zeros(3 * count, 3 * count);
        let mut right = DVector::zeros(3 * count);
        let slopes = self.atoms.iter().enumerate().map(|(atom, &position)| {
            let mut slopes = Vec::new();
            self.window(position, |voxel, away, density| {
                let slope = away * (2.0 * density / squared);
                for axis in 0..3 {
                    right[3 * atom + axis] += slope[axis] * self.rest[voxel];
                }
                slopes.push((voxel, slope));
            });
            slopes
        });
        let slopes: Vec<Vec<(usize, Vector3<f64>)>> = slopes.collect();
        let reach = 2.0 * REACH * self.lattice.width;
        let mut of_first = vec![Vector3::zeros(); self.rest.len()];
        for first in 0..count {
            for &(voxel, slope) in &slopes[first] {
                of_first[voxel] = slope;
            }
            for second in first..count {
                if (self.atoms[first] - self.atoms[second]).norm() > 2.0 * reach {
                    continue;
                }
                let mut block = Matrix3::zeros();
                for &(voxel, slope) in &slopes[second] {
                    block += of_first[voxel] * slope.transpose();
                }
                for (row, column) in (0..9).map(|entry| (entry / 3, entry % 3)) {
                    normal[(3 * first + row, 3 * second + column)] = block[(row, column)];
                    normal[(3 * second + column, 3 * first + row)] = block[(row, column)];
                }
            }
            for &(voxel, _) in &slopes[first] {
                of_first[voxel] = Vector3::zeros();
            }
        }
        (normal, right)
    }

    fn refit(&mut self, atom: usize) {
        let before = self.atoms[atom];
        self.add(before, 1.0);
        self.atoms[atom] = self.fit(before);
        self.add(self.atoms[atom], -1.0);
    }

    /// Least squares of `rest - exp(-|x - p|^2 / w^2)` over p; at most a voxel from the start.
    fn fit(&self, start: Vector3<f64>) -> Vector3<f64> {
        let squared = self.lattice.width.powi(2);
        let mut position = start;
        for _ in 0..4 {
            let (mut normal, mut right) = (Matrix3::zeros(), Vector3::zeros());
            self.window(position, |voxel, away, density| {
                let slope = away * (2.0 * density / squared);
                normal += slope * slope.transpose();
                right += slope * (self.rest[voxel] - density);
            });
            // Levenberg's damping keeps the step finite where the window is nearly empty.
            normal += Matrix3::identity() * (1e-3 * normal.trace() + f64::MIN_POSITIVE);
            let Some(inverse) = normal.try_inverse() else {
                return position;
            };
            let moved = position + inverse * right;
            let limit = self.lattice.step.max(self.lattice.width);
            if (moved - start).norm() > limit {
                return position;
            }
            position = moved;
        }
        position
    }

    fn add(&mut self, position: Vector3<f64>, sign: f64) {
        let mut changes = Vec::new();
        self.window(position, |voxel, _, density| changes.push((voxel, density)));
        for (voxel, density) in changes {
            self.rest[voxel] += sign * density;
        }
    }

    /// Visits the voxels near a position: number, vector from the position, density of an atom.
    fn window(&self, position: Vector3<f64>, mut visit: impl FnMut(usize, Vector3<f64>, f64)) {
        let (n, step, width) = (self.lattice.size, self.lattice.step, self.lattice.width);
        let reach = REACH * width;
        let range = |axis: usize| {
            let first = self.lattice.coordinate(0);
            let low = ((position[axis] - reach - first) / step).ceil().max(0.0) as usize;
            let high = ((position[axis] + reach - first) / step).floor();
            low..if high < 0.0 {
                low
            } else {
                (high as usize + 1).min(n)
            }
        };
        let along = |axis: usize| -> Vec<(usize, f64, f64)> {
            let at = |index| {
                let away = self.lattice.coordinate(index) - position[axis];
                (index, away, (-(away / width).powi(2)).exp())
            };
            range(axis).map(at).collect()
        };
        let (xs, ys, zs) = (along(0), along(1), along(2));
        for &(i, x, by_x) in &xs {
            for &(j, y, by_y) in &ys {
                for &(k, z, by_z) in &zs {
                    visit(
                        (i * n + j) * n + k,
                        Vector3::new(x, y, z),
                        by_x * by_y * by_z,
                    );
                }
            }
        }
    }
}

/// How many atoms of a molecule were found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Matched {
    /// Pairs of a true and a found atom.
    pub pairs: usize,
    /// True atoms.
    pub truth: usize,
    /// Found atoms.
    pub found: usize,
}

/// Pairs true and found atoms of one element at most `distance` apart, each at most once, nearest
/// pairs first.
#[must_use]
pub fn match_atoms(truth: &[Atom], found: &[Atom], distance: f64) -> Matched {
    let mut candidates = Vec::new();
    for (a, atom) in truth.iter().enumerate() {
        for (b, other) in found.iter().enumerate() {
            let apart = apart(atom, other);
            if atom.number == other.number && apart <= distance {
                candidates.push((apart, a, b));
            }
        }
    }
    candidates.sort_by(|left, right| left.0.total_cmp(&right.0));
    let (mut taken, mut given) = (vec![false; truth.len()], vec![false; found.len()]);
    for (_, a, b) in candidates {
        if !taken[a] && !given[b] {
            (taken[a], given[b]) = (true, true);
        }
    }
    Matched {
        pairs: taken.into_iter().filter(|taken| *taken).count(),
        truth: truth.len(),
        found: found.len(),
    }
}

/// Distance of two atoms, angstrom.
pub(crate) fn apart(a: &Atom, b: &Atom) -> f64 {
    (Vector3::from(a.position) - Vector3::from(b.position)).norm()
}
