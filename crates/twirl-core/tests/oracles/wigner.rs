//! Wigner matrices of real spherical harmonics: group laws and explicit polynomials.

use twirl_core::{Design, Rotation, Symmetry, character, wigner};

use crate::montecarlo::{assert_close, stream};

const DEGREE: usize = 8;

fn product(a: &[f64], b: &[f64]) -> Vec<f64> {
    let width = a.len().isqrt();
    let entry =
        |k: usize| (0..width).map(move |j| a[k / width * width + j] * b[j * width + k % width]);
    (0..a.len()).map(|k| entry(k).sum()).collect()
}

fn rotations(counter: u64) -> Vec<Rotation> {
    Design::Iid { rotations: 20 }
        .draw(&mut stream(65, counter), Symmetry::So3)
        .unwrap()
}

#[test]
fn they_multiply_as_the_rotations_do_and_have_the_characters_as_traces() {
    for (a, b) in rotations(0).iter().zip(&rotations(1)) {
        let (of_a, of_b, of_ab) = (
            wigner(DEGREE, a),
            wigner(DEGREE, b),
            wigner(DEGREE, &(*a * *b)),
        );
        for l in 0..=DEGREE {
            let width = 2 * l + 1;
            for (found, expected) in product(&of_a[l], &of_b[l]).iter().zip(&of_ab[l]) {
                assert_close(*found, *expected, 1.0, &format!("seed 65: degree {l}"));
            }
            let trace: f64 = of_a[l].iter().step_by(width + 1).sum();
            let expected = character(l, a.angle());
            assert_close(trace, expected, width as f64, "seed 65: trace");
            // A rotation times the inversion: that of the rotation.
            assert_eq!(wigner(DEGREE, &-*a)[l], of_a[l]);
        }
    }
}

/// Real spherical harmonics of degrees 1 to 3 times `r^l`, without normalisation to the sphere:
/// polynomials of a table, `m = -l..=l`.
fn harmonics([x, y, z]: [f64; 3]) -> [Vec<f64>; 3] {
    let root = f64::sqrt;
    [
        vec![y, z, x],
        vec![
            root(3.0) * x * y,
            root(3.0) * y * z,
            0.5 * (2.0 * z * z - x * x - y * y),
            root(3.0) * x * z,
            0.5 * root(3.0) * (x * x - y * y),
        ],
        vec![
            root(5.0 / 8.0) * y * (3.0 * x * x - y * y),
            root(15.0) * x * y * z,
            root(3.0 / 8.0) * y * (4.0 * z * z - x * x - y * y),
            0.5 * z * (2.0 * z * z - 3.0 * x * x - 3.0 * y * y),
            root(3.0 / 8.0) * x * (4.0 * z * z - x * x - y * y),
            0.5 * root(15.0) * z * (x * x - y * y),
            root(5.0 / 8.0) * x * (x * x - 3.0 * y * y),
        ],
    ]
}

#[test]
fn they_turn_the_polynomials() {
    let point = [0.4, -1.1, 0.7];
    for rotation in rotations(2) {
        let matrices = wigner(3, &rotation);
        let (before, after) = (harmonics(point), harmonics(rotation.apply(point)));
        for (l, (before, after)) in before.iter().zip(&after).enumerate() {
            let rows = matrices[l + 1].chunks_exact(before.len());
            for (row, expected) in rows.zip(after) {
                let found: f64 = row.iter().zip(before).map(|(d, y)| d * y).sum();
                assert_close(
                    found,
                    *expected,
                    10.0,
                    &format!("seed 65: degree {}", l + 1),
                );
            }
        }
    }
}
