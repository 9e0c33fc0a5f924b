use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use twirl_core::{Purpose, Stream, tolerance};

use super::*;
use crate::angular::quadrupoles;

const SEED: u64 = 47;
/// Components of the features of an atom.
const COMPONENTS: usize = 9;
type Matrix = [[f64; 3]; 3];

/// Every product by itself, scaled as in the sum: `[point][component][product]`, from one channel for
/// each with weight 1 for it and 0 for all others.
fn products(points: &[[f64; COMPONENTS]]) -> Vec<[[f64; TRIPLES.len()]; COMPONENTS]> {
    let (device, atoms, channels) = (Device::flex(), points.len(), TRIPLES.len());
    let features = (0..3).map(|degree| {
        let [start, count] = place(degree);
        let in_channels = |value: &f64| std::iter::repeat_n(*value, channels);
        let values: Vec<f64> = points
            .iter()
            .flat_map(|point| point[start..start + count].iter().flat_map(in_channels))
            .collect();
        Tensor::<2>::from_data(TensorData::new(values, [atoms, count * channels]), &device)
    });
    let weights: Vec<f64> = (0..atoms * channels * channels)
        .map(|at| f64::from(u8::from(at / channels % channels == at % channels)))
        .collect();
    let weights = TensorData::new(weights, [atoms, channels * channels]);
    let slots = Slots::new(vec![atoms], &vec![Vec::new(); atoms], 1, &device);
    let sums = ManyBody::new(2).forward(
        features.collect(),
        Tensor::from_data(weights, &device),
        &slots,
    );
    let sums: Vec<f64> = sums.into_data().iter::<f64>().collect();
    sums.chunks_exact(COMPONENTS * channels)
        .map(|atom| {
            std::array::from_fn(|component| {
                let row = &atom[component * channels..][..channels];
                row.try_into().expect("a number for every product")
            })
        })
        .collect()
}

fn random_points(count: usize) -> Vec<[f64; COMPONENTS]> {
    let mut stream = Stream::new(SEED, Purpose::Other(0), [0, 0]);
    (0..count)
        .map(|_| std::array::from_fn(|_| stream.random_range(-1.5..1.5)))
        .collect()
}

fn of_degree(degree: usize) -> Vec<usize> {
    let all = 0..TRIPLES.len();
    all.filter(|&place| TRIPLES[place].degree == degree)
        .collect()
}

/// How often a degree with its natural parity is in the symmetric powers 1 to 3 of the features: the
/// multisets of components whose orders add up to it, less those that add up to one more.
fn multiplicity(degree: usize) -> usize {
    let orders: Vec<(i32, i32)> = (0..3)
        .flat_map(|of| (-of..=of).map(move |order| (order, of % 2)))
        .collect();
    let mut multisets: Vec<Vec<usize>> = vec![vec![]];
    let mut found = [0, 0];
    for _ in 0..3 {
        multisets = multisets
            .iter()
            .flat_map(|set| {
                let least = set.last().copied().unwrap_or(0);
                (least..orders.len()).map(move |next| [set.clone(), vec![next]].concat())
            })
            .collect();
        for set in &multisets {
            let order: i32 = set.iter().map(|&one| orders[one].0).sum();
            let parity: i32 = set.iter().map(|&one| orders[one].1).sum();
            let more = order - degree as i32;
            if parity % 2 == degree as i32 % 2 && (0..2).contains(&more) {
                found[more as usize] += 1;
            }
        }
    }
    found[0] - found[1]
}

#[test]
fn they_are_a_basis_of_the_symmetric_equivariant_products() {
    let found = products(&random_points(400));
    for degree in 0..3 {
        let places = of_degree(degree);
        assert_eq!(places.len(), multiplicity(degree), "degree {degree}");
        let [start, count] = place(degree);
        let mut rows: Vec<Vec<f64>> = places
            .iter()
            .map(|&product| {
                let numbers = found.iter().flat_map(|point| &point[start..start + count]);
                numbers.map(|component| component[product]).collect()
            })
            .collect();
        // What is left of each beside all before it.
        for row in 0..rows.len() {
            let (before, rest) = rows.split_at_mut(row);
            let size = norm(&rest[0]);
            for other in before {
                let along: f64 = other.iter().zip(&rest[0]).map(|(a, b)| a * b).sum();
                for (value, other) in rest[0].iter_mut().zip(other) {
                    *value -= along * *other;
                }
            }
            let left = norm(&rest[0]);
            assert!(
                left > 0.01 * size,
                "degree {degree}: product {row} is {left} beside the others, of {size} (seed {SEED})"
            );
            rest[0].iter_mut().for_each(|value| *value /= left);
        }
    }
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// Gaussian quadrature with 4 nodes an axis is exact to degree 7; squares of products have 6.
#[test]
fn each_has_mean_square_one_for_normal_features() {
    let root = 6.0_f64.sqrt();
    let rule: Vec<(f64, f64)> = [-1.0, 1.0]
        .iter()
        .flat_map(|sign| {
            [
                (sign * (3.0 - root).sqrt(), (3.0 + root) / 12.0),
                (sign * (3.0 + root).sqrt(), (3.0 - root) / 12.0),
            ]
        })
        .collect();
    let mut squares = [[0.0; TRIPLES.len()]; COMPONENTS];
    let nodes: Vec<usize> = (0..4_usize.pow(COMPONENTS as u32)).collect();
    for chunk in nodes.chunks(1 << 12) {
        let digit = |node: usize, axis: usize| rule[node / 4_usize.pow(axis as u32) % 4];
        let points: Vec<[f64; COMPONENTS]> = chunk
            .iter()
            .map(|&node| std::array::from_fn(|axis| digit(node, axis).0))
            .collect();
        for (&node, found) in chunk.iter().zip(products(&points)) {
            let weight: f64 = (0..COMPONENTS).map(|axis| digit(node, axis).1).product();
            for (squares, found) in squares.iter_mut().flatten().zip(found.iter().flatten()) {
                *squares += weight * found * found;
            }
        }
    }
    for (product, triple) in TRIPLES.iter().enumerate() {
        let (share, [start, count]) = (of_degree(triple.degree).len(), place(triple.degree));
        for (component, row) in squares.iter().enumerate() {
            let inside = (start..start + count).contains(&component);
            let expected = if inside { 1.0 / share as f64 } else { 0.0 };
            assert!(
                (row[product] - expected).abs() < tolerance::F32.agreement,
                "product {product}, component {component}: {} for {expected}",
                row[product]
            );
        }
    }
}

/// Matrices and vectors written out: s a number, u a vector, m a symmetric traceless matrix.
#[test]
fn each_is_what_its_formula_in_matrices_says() {
    let points = random_points(20);
    let found = products(&points);
    for product in 0..TRIPLES.len() {
        let [start, count] = place(TRIPLES[product].degree);
        let pairs: Vec<(f64, f64)> = points
            .iter()
            .zip(&found)
            .flat_map(|(point, found)| {
                let expected = formulas(point)[product].clone();
                assert_eq!(expected.len(), count, "product {product}");
                let found = found[start..start + count].iter().map(|row| row[product]);
                found.zip(expected).collect::<Vec<_>>()
            })
            .collect();
        let sum = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>();
        let factor = sum(|(a, b)| a * b) / sum(|(_, b)| b * b);
        let size = pairs.iter().fold(0.0_f64, |most, (a, _)| most.max(a.abs()));
        assert!(factor > 0.0, "product {product}: factor {factor}");
        for (a, b) in pairs {
            assert!(
                (a - factor * b).abs() <= tolerance::F32.agreement * size,
                "product {product}, seed {SEED}: {a} for {}",
                factor * b
            );
        }
    }
}

/// In the order of [`TRIPLES`].
fn formulas(point: &[f64; COMPONENTS]) -> Vec<Vec<f64>> {
    let s = point[0];
    let u: [f64; 3] = [point[1], point[2], point[3]];
    let basis = quadrupoles();
    let each = |of: &dyn Fn(usize, usize) -> f64| -> Matrix {
        std::array::from_fn(|row| std::array::from_fn(|column| of(row, column)))
    };
    let m = each(&|i, j| (0..5).map(|a| point[4 + a] * basis[a][i][j]).sum());
    let outer = each(&|i, j| u[i] * u[j]);
    let times = |a: &Matrix, b: &Matrix| each(&|i, j| (0..3).map(|k| a[i][k] * b[k][j]).sum());
    let on = |a: &Matrix, v: [f64; 3]| a.map(|row| (0..3).map(|k| row[k] * v[k]).sum::<f64>());
    let trace = |a: &Matrix| a[0][0] + a[1][1] + a[2][2];
    let traceless = |a: &Matrix| {
        let third = trace(a) / 3.0;
        each(&|i, j| f64::midpoint(a[i][j], a[j][i]) - if i == j { third } else { 0.0 })
    };
    let (uu, mm) = (trace(&outer), trace(&times(&m, &m)));
    let (d, q) = (traceless(&outer), traceless(&times(&m, &m)));
    let vector = |factor: f64, v: [f64; 3]| v.map(|x| factor * x).to_vec();
    let matrix = |factor: f64, a: &Matrix| -> Vec<f64> {
        let component = |of: &Matrix| factor * trace(&times(of, a));
        basis.iter().map(component).collect()
    };
    vec![
        vec![s],
        vec![s * s],
        vec![uu],
        vec![mm],
        vec![s * s * s],
        vec![uu * s],
        vec![mm * s],
        vec![trace(&times(&outer, &m))],
        vec![trace(&times(&m, &times(&m, &m)))],
        vector(1.0, u),
        vector(s, u),
        vector(1.0, on(&m, u)),
        vector(s * s, u),
        vector(uu, u),
        vector(mm, u),
        vector(s, on(&m, u)),
        vector(1.0, on(&q, u)),
        matrix(1.0, &m),
        matrix(s, &m),
        matrix(1.0, &d),
        matrix(1.0, &q),
        matrix(s * s, &m),
        matrix(uu, &m),
        matrix(mm, &m),
        matrix(s, &d),
        matrix(s, &q),
        matrix(1.0, &traceless(&times(&d, &m))),
    ]
}
