//! Harmonics, Clebsch-Gordan tensors and Wigner matrices, in f64 on the host.

use rand::RngExt;
use twirl_core::{Law, Purpose, Rotation, Stream, tolerance};
use twirl_equivariant::angular::{PATHS, clebsch_gordan, components, harmonics, wigner};

use crate::fixture::SEED;

fn stream(counter: u64) -> Stream {
    Stream::new(SEED, Purpose::Other(2), [counter, 0])
}

fn rotations(count: usize) -> Vec<Rotation> {
    let mut stream = stream(0);
    (0..count).map(|_| Law::Haar.draw(&mut stream)).collect()
}

fn unit_vectors(count: usize) -> Vec<[f64; 3]> {
    // A column of a random rotation is a random direction.
    let turns = rotations(count);
    turns
        .iter()
        .map(|turn| turn.apply([0.0, 0.0, 1.0]))
        .collect()
}

fn random(count: usize, counter: u64) -> Vec<f64> {
    let mut stream = stream(counter);
    (0..count).map(|_| stream.random_range(-1.0..1.0)).collect()
}

fn close(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (a, b) in found.iter().zip(expected) {
        assert!(
            (a - b).abs() <= tolerance::F64.agreement,
            "{what}, seed {SEED}: {found:?} for {expected:?}"
        );
    }
}

fn apply(matrix: &[f64], vector: &[f64]) -> Vec<f64> {
    let rows = matrix.chunks_exact(vector.len());
    rows.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
        .collect()
}

fn product(path: [usize; 3], x: &[f64], y: &[f64]) -> Vec<f64> {
    let tensor = clebsch_gordan(path);
    let size = components(path[2]);
    let mut out = vec![0.0; size];
    for (place, entry) in tensor.iter().enumerate() {
        let (first, second) = (place / (size * y.len()), place / size % y.len());
        out[place % size] += entry * x[first] * y[second];
    }
    out
}

#[test]
fn wigner_matrices_represent_the_group() {
    let turns = rotations(8);
    for degree in 0..=2 {
        let size = components(degree);
        for pair in turns.windows(2) {
            let (first, second) = (wigner(degree, &pair[0]), wigner(degree, &pair[1]));
            let both = wigner(degree, &pair[1].compose(&pair[0]));
            let inverse = wigner(degree, &pair[0].inverse());
            for column in 0..size {
                let mut unit = vec![0.0; size];
                unit[column] = 1.0;
                let step = apply(&second, &apply(&first, &unit));
                close("product", &step, &apply(&both, &unit));
                close("inverse", &apply(&inverse, &apply(&first, &unit)), &unit);
            }
        }
    }
}

#[test]
fn harmonics_turn_with_the_vector() {
    for (turn, r) in rotations(8)
        .iter()
        .zip(unit_vectors(16).into_iter().skip(8))
    {
        for degree in 0..=2 {
            let turned = harmonics(degree, turn.apply(r));
            let expected = apply(&wigner(degree, turn), &harmonics(degree, r));
            close("harmonics", &turned, &expected);
            let mirrored = harmonics(degree, r.map(|x| -x));
            let sign = if degree == 1 { -1.0 } else { 1.0 };
            let expected: Vec<f64> = harmonics(degree, r).iter().map(|y| sign * y).collect();
            close("parity", &mirrored, &expected);
        }
    }
}

#[test]
fn addition_theorem_gives_legendre_polynomials() {
    for pair in unit_vectors(12).windows(2) {
        let cosine: f64 = (0..3).map(|axis| pair[0][axis] * pair[1][axis]).sum();
        let legendre = [1.0, cosine, 1.5 * cosine * cosine - 0.5];
        for (degree, polynomial) in legendre.into_iter().enumerate() {
            let (a, b) = (harmonics(degree, pair[0]), harmonics(degree, pair[1]));
            let sum: f64 = a.iter().zip(&b).map(|(x, y)| x * y).sum();
            close("sum", &[sum], &[components(degree) as f64 * polynomial]);
        }
    }
}

#[test]
fn paths_are_those_of_the_triangle_rule() {
    let mut expected = Vec::new();
    for input in 0..=2_usize {
        for edge in 0..=2 {
            for output in input.abs_diff(edge)..=(input + edge).min(2) {
                expected.push([input, edge, output]);
            }
        }
    }
    assert_eq!(PATHS.to_vec(), expected);
    let even = PATHS
        .iter()
        .filter(|path| path.iter().sum::<usize>() % 2 == 0);
    assert_eq!(even.count(), 11);
}

#[test]
fn couplings_are_orthonormal() {
    // Columns of different output degree are orthogonal too, by Schur's lemma.
    for first in PATHS {
        for second in PATHS {
            if first[..2] != second[..2] {
                continue;
            }
            let (a, b) = (clebsch_gordan(first), clebsch_gordan(second));
            let (rows, columns) = (components(first[2]), components(second[2]));
            for row in 0..rows {
                for column in 0..columns {
                    let pairs = a[row..].iter().step_by(rows);
                    let others = b[column..].iter().step_by(columns);
                    let sum: f64 = pairs.zip(others).map(|(x, y)| x * y).sum();
                    let same = first == second && row == column;
                    close("overlap", &[sum], &[f64::from(u8::from(same))]);
                }
            }
        }
    }
}

#[test]
fn couplings_commute_with_rotations_and_odd_ones_feel_inversion() {
    for (place, turn) in rotations(4).into_iter().enumerate() {
        for path in PATHS {
            let [x, y] = [0, 1]
                .map(|side| random(components(path[side]), 10 + 2 * place as u64 + side as u64));
            let before = product(path, &x, &y);
            for (turn, sign) in [
                (turn, 1.0),
                (-turn, [1.0, -1.0][path.iter().sum::<usize>() % 2]),
            ] {
                let [first, second, third] = path.map(|degree| wigner(degree, &turn));
                let turned = product(path, &apply(&first, &x), &apply(&second, &y));
                let expected: Vec<f64> = apply(&third, &before).iter().map(|z| sign * z).collect();
                close(&format!("path {path:?}"), &turned, &expected);
            }
            assert!(
                before.iter().any(|z| z.abs() > 1e-3),
                "path {path:?} vanishes"
            );
        }
    }
}

#[test]
#[should_panic(expected = "no coupling")]
fn a_path_against_the_triangle_rule_is_refused() {
    let _ = clebsch_gordan([0, 1, 2]);
}
