//! Bases of kernels between scalar and vector fields, sampled on the lattice.
//!
//! A kernel `K(d)` that takes fields of type `a` to type `b` commutes with rotations if
//! `K(R d) = rho_b(R) K(d) rho_a(R)^T`. With `u = d / |d|` and any radial function `p`:
//!
//! | from | to | kernels |
//! |---|---|---|
//! | scalar | scalar | `p(r)` |
//! | scalar | vector | `p(r) u` |
//! | vector | scalar | `p(r) u^T` |
//! | vector | vector | `p(r) 1`, `p(r) [u x]`, `p(r) (u u^T - 1/3)` |
//!
//! Sampled on the lattice they obey this for the 24 turns of the lattice exactly, and for other
//! rotations as well as the samples resolve them.

/// Radial functions of a kernel of odd size k: Gaussians whose centres and width are spaced evenly
/// up to the cutoff `(k + 1) / 2` lattice steps, times a polynomial that ends there smoothly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Radial {
    pub(crate) size: usize,
    pub(crate) functions: usize,
}

/// Offset of every point of a kernel from its centre, in lattice steps, last axis fastest.
fn offsets(size: usize) -> Vec<[f64; 3]> {
    let half = (size / 2) as f64;
    let mut offsets = Vec::with_capacity(size.pow(3));
    for x in 0..size {
        for y in 0..size {
            for z in 0..size {
                offsets.push([x as f64 - half, y as f64 - half, z as f64 - half]);
            }
        }
    }
    offsets
}

fn length(offset: [f64; 3]) -> f64 {
    offset.iter().map(|entry| entry * entry).sum::<f64>().sqrt()
}

impl Radial {
    fn value(&self, function: usize, radius: f64) -> f64 {
        let cutoff = f64::midpoint(self.size as f64, 1.0);
        let step = cutoff / self.functions as f64;
        let x = radius / cutoff;
        if x >= 1.0 {
            return 0.0;
        }
        let gauss = (-0.5 * ((radius - step * function as f64) / step).powi(2)).exp();
        gauss * (1.0 - x * x).powi(2)
    }

    /// Samples of `matrix(u)` times every radial function, `[functions, entries, size^3]`, each
    /// function scaled so that the squares of one output component sum to 1.
    ///
    /// `degree` is that of `matrix` in `u`: above 0 it has no value at the centre, where it is 0.
    fn sample<const E: usize>(
        &self,
        degree: usize,
        outputs: usize,
        matrix: impl Fn([f64; 3]) -> [f64; E],
    ) -> Vec<f32> {
        let offsets = offsets(self.size);
        let mut values = Vec::with_capacity(self.functions * E * offsets.len());
        for function in 0..self.functions {
            let at = |offset: &[f64; 3]| {
                let radius = length(*offset);
                if radius == 0.0 && degree > 0 {
                    return [0.0; E];
                }
                let unit = offset.map(|entry| entry / radius.max(f64::MIN_POSITIVE));
                matrix(unit).map(|entry| entry * self.value(function, radius))
            };
            let samples: Vec<[f64; E]> = offsets.iter().map(at).collect();
            let squares: f64 = samples.iter().flatten().map(|value| value * value).sum();
            // A kernel of one point has no direction: its kernels of degree 1 and 2 are zero.
            let scale = if squares > 0.0 {
                (outputs as f64 / squares).sqrt()
            } else {
                0.0
            };
            for entry in 0..E {
                values.extend(samples.iter().map(|sample| (scale * sample[entry]) as f32));
            }
        }
        values
    }

    /// Scalar to scalar: `[functions, size^3]`.
    pub(crate) fn scalar(&self) -> Vec<f32> {
        self.sample(0, 1, |_| [1.0])
    }

    /// Scalar to vector (`outputs` 3) or vector to scalar (`outputs` 1): `[functions, 3 size^3]`.
    pub(crate) fn vector(&self, outputs: usize) -> Vec<f32> {
        self.sample(1, outputs, |unit| unit)
    }

    /// Vector to vector: `[3 functions, 9 size^3]`, entries by row (output component) and column;
    /// on a kernel of size 1 the identity alone, `[functions, 9]`.
    pub(crate) fn matrix(&self) -> Vec<f32> {
        let mut values = self.sample(0, 3, |_| {
            std::array::from_fn::<_, 9, _>(|entry| delta(entry / 3, entry % 3))
        });
        if self.size > 1 {
            values.extend(self.sample(1, 3, |[x, y, z]| [0.0, -z, y, z, 0.0, -x, -y, x, 0.0]));
            values.extend(self.sample(2, 3, |unit| {
                std::array::from_fn::<_, 9, _>(|entry| {
                    unit[entry / 3] * unit[entry % 3] - delta(entry / 3, entry % 3) / 3.0
                })
            }));
        }
        values
    }

    /// Kinds of vector-to-vector kernel.
    pub(crate) fn kinds(&self) -> usize {
        if self.size > 1 { 3 } else { 1 }
    }
}

fn delta(row: usize, column: usize) -> f64 {
    f64::from(u8::from(row == column))
}

#[cfg(test)]
mod tests {
    use twirl_core::{FiniteGroup, Rotation};

    use super::*;

    /// `K(R d) = rho_b(R) K(d) rho_a(R)^T` on the lattice, for all 24 turns.
    #[test]
    fn kernels_obey_the_constraint_under_all_turns() {
        for (size, functions) in [(1, 1), (3, 2), (3, 3), (5, 4)] {
            let radial = Radial { size, functions };
            let points = offsets(size);
            let count = points.len();
            let place = |offset: [f64; 3]| {
                points
                    .iter()
                    .position(|point| length(std::array::from_fn(|a| point[a] - offset[a])) < 1e-9)
                    .expect("a turn maps the kernel's points onto each other")
            };
            for turn in FiniteGroup::Octahedral.elements() {
                for (point, &offset) in points.iter().enumerate() {
                    let turned = place(turn.apply(offset));
                    check_vectors(&radial.vector(3), [point, turned, count], &turn);
                    check_matrices(&radial.matrix(), [point, turned, count], &turn);
                    let scalar = radial.scalar();
                    for function in scalar.chunks(count) {
                        assert!((function[point] - function[turned]).abs() < 1e-6);
                    }
                }
            }
        }
    }

    fn check_vectors(values: &[f32], [point, turned, count]: [usize; 3], turn: &Rotation) {
        for function in values.chunks(3 * count) {
            let at = |p: usize| std::array::from_fn(|a| f64::from(function[a * count + p]));
            let expected = turn.apply(at(point));
            for (a, b) in expected.iter().zip(at(turned)) {
                assert!((a - b).abs() < 1e-6, "u at point {point}: {a} and {b}");
            }
        }
    }

    fn check_matrices(values: &[f32], [point, turned, count]: [usize; 3], turn: &Rotation) {
        let r = turn.matrix();
        for kind in values.chunks(9 * count) {
            let at = |p: usize, a: usize, b: usize| f64::from(kind[(3 * a + b) * count + p]);
            for (a, b) in (0..9).map(|entry| (entry / 3, entry % 3)) {
                let expected: f64 = (0..9)
                    .map(|entry| (entry / 3, entry % 3))
                    .map(|(c, d)| r[a][c] * at(point, c, d) * r[b][d])
                    .sum();
                let found = at(turned, a, b);
                assert!(
                    (expected - found).abs() < 1e-6,
                    "point {point}: {expected} and {found}"
                );
            }
        }
    }

    #[test]
    fn every_function_has_the_same_weight() {
        let radial = Radial {
            size: 3,
            functions: 3,
        };
        let sum = |values: &[f32]| values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
        for function in radial.scalar().chunks(27) {
            assert!((sum(function) - 1.0).abs() < 1e-5);
        }
        for function in radial.matrix().chunks(9 * 27) {
            assert!((sum(function) - 3.0).abs() < 1e-5);
        }
    }
}
