//! The trace against closed forms, a numerical Jacobian, and the posterior of a single atom.

use std::f64::consts::PI;

use nalgebra::{DMatrix, DVector};
use rand::RngExt;
use rand_distr::StandardNormal;
use serde_json::json;
use twirl_core::{Purpose, Stream};
use twirl_data::Split;
use twirl_harness::{BayesError, Draw, Task};

use super::directions;
use crate::{Lattice, VoxelDenoise};

fn density(lattice: &Lattice, atoms: &[[f64; 3]]) -> DVector<f64> {
    let at = |voxel: usize, _| {
        let place = lattice.position(voxel);
        let squared = |atom: &[f64; 3]| -> f64 {
            let away = place.iter().zip(atom).map(|(a, b)| (a - b).powi(2));
            away.sum()
        };
        let one = |atom| (-squared(atom) / lattice.width.powi(2)).exp();
        atoms.iter().map(one).sum()
    };
    DVector::from_fn(lattice.voxels(), at)
}

#[test]
fn each_atom_well_inside_has_three_directions_also_where_atoms_overlap() {
    let lattice = Lattice::new(16, 0.8, 1.0);
    let ball = lattice.in_ball();
    for (atoms, expected) in [
        (vec![[0.1, -0.2, 0.3]], 3.0),
        (vec![[0.1, -0.2, 0.3], [1.2, 0.1, 0.4]], 6.0),
        (vec![[0.0; 3], [0.9, 0.0, 0.0], [0.0, 0.9, 0.0]], 9.0),
        (vec![[60.0, 0.0, 0.0]], 0.0),
        (vec![], 0.0),
    ] {
        let found = directions(&lattice, &ball, &atoms).expect("atoms apart");
        assert!((found - expected).abs() < 1e-3, "{atoms:?}: {found}");
    }
}

/// Atoms inside, across the sphere and across the face of the box.
#[test]
fn the_trace_is_that_of_a_numerical_jacobian() {
    let lattice = Lattice::new(12, 0.6, 1.0);
    let ball = lattice.in_ball();
    let atoms = [
        [0.3, 0.2, -0.1],
        [1.5, 0.4, 0.2],
        [2.6, 0.9, 0.3],
        [3.4, -1.0, 2.9],
    ];
    let step = 1e-5;
    let columns: Vec<DVector<f64>> = (0..12)
        .map(|place| {
            let moved = |by: f64| {
                let mut moved = atoms;
                moved[place / 3][place % 3] += by;
                density(&lattice, &moved)
            };
            (moved(step) - moved(-step)) / (2.0 * step)
        })
        .collect();
    let all = DMatrix::from_columns(&columns);
    let mut inside = all.clone();
    for (voxel, kept) in ball.iter().enumerate() {
        if !kept {
            inside.row_mut(voxel).fill(0.0);
        }
    }
    let law = (all.transpose() * &all).cholesky().expect("atoms apart");
    let expected = law.solve(&(inside.transpose() * &inside)).trace();
    let found = directions(&lattice, &ball, &atoms).expect("atoms apart");
    println!("{found} {expected}");
    assert!((found - expected).abs() < 1e-5, "{found} and {expected}");
    assert!(found < 11.9, "an atom at the face has less than three");
}

/// Squared error of the posterior mean density of one atom over `3 sigma^2`, the figure. The atom is at one
/// of the points of a cubic lattice of places, all alike in advance, so that the posterior is exact.
fn over_figure(lattice: &Lattice, reach: f64, spacing: f64, sigma: f64, draws: u64) -> [f64; 2] {
    let per_axis = (2.0 * reach / spacing).round() as usize + 1;
    let place = |index: usize| -reach + index as f64 * spacing;
    // A density is a product over the axes: one row for each place on an axis.
    let rows: Vec<Vec<f64>> = (0..per_axis)
        .map(|index| {
            let at = |voxel| {
                let away = (lattice.coordinate(voxel) - place(index)) / lattice.width;
                (-away * away).exp()
            };
            (0..lattice.size).map(at).collect()
        })
        .collect();
    let row = DMatrix::from_fn(per_axis, lattice.size, |index, voxel| rows[index][voxel]);
    // [places, places, places] of a grid by products along the axes, and back.
    let along = |field: &[f64], matrix: &DMatrix<f64>| -> Vec<f64> {
        let mut field = field.to_vec();
        for _ in 0..3 {
            // The first axis is transformed and becomes the last.
            let (from, to) = (matrix.ncols(), matrix.nrows());
            let rest = field.len() / from;
            let grid = DMatrix::from_column_slice(rest, from, &field);
            let moved = matrix * grid.transpose();
            field = moved.as_slice().to_vec();
            assert_eq!(field.len(), to * rest);
        }
        field
    };
    let back = row.transpose();
    let norms: Vec<f64> = rows
        .iter()
        .map(|row| row.iter().map(|x| x * x).sum())
        .collect();
    let count = per_axis.pow(3);
    let axes = |index: usize| {
        [
            index / (per_axis * per_axis),
            index / per_axis % per_axis,
            index % per_axis,
        ]
    };
    let (mut sum, mut squares) = (0.0, 0.0);
    for draw in 0..draws {
        let mut stream = Stream::new(2, Purpose::Other(9), [draw, 0]);
        let truth = stream.random_range(0..count);
        let mut one = vec![0.0; count];
        one[truth] = 1.0;
        let clean = along(&one, &back);
        let noisy: Vec<f64> = clean
            .iter()
            .map(|value| value + sigma * stream.sample::<f64, _>(StandardNormal))
            .collect();
        let mut posterior = along(&noisy, &row);
        for (index, value) in posterior.iter_mut().enumerate() {
            let energy: f64 = axes(index).map(|axis| norms[axis]).iter().product();
            *value = (*value - energy / 2.0) / (sigma * sigma);
        }
        let most = posterior.iter().copied().fold(f64::MIN, f64::max);
        for value in &mut posterior {
            *value = (*value - most).exp();
        }
        let all: f64 = posterior.iter().sum();
        for value in &mut posterior {
            *value /= all;
        }
        let mean = along(&posterior, &back);
        let error: f64 = mean.iter().zip(&clean).map(|(a, b)| (a - b).powi(2)).sum();
        let error = error / (3.0 * sigma * sigma);
        sum += error;
        squares += error * error;
    }
    let mean = sum / draws as f64;
    let spread = squares / draws as f64 - mean * mean;
    [mean, (spread / draws as f64).sqrt()]
}

/// Where the figure is the Bayes error of a single atom, and where it is not: in noise that hides the atom
/// (ratio 3.8 of signal to noise) what is known of its place beforehand makes the error less, and at
/// `VoxMol`'s ratio of 16 noise is taken for an atom that may be anywhere within a few widths.
#[test]
fn the_figure_is_the_bayes_error_of_a_single_atom_where_it_stands_out() {
    let coarse = Lattice::new(12, 0.8, 1.0);
    let fine = Lattice::new(24, 0.25, 0.5);
    let of = |lattice: &Lattice, reach, sigma| {
        let found = over_figure(lattice, reach, lattice.width / 6.0, sigma, 60);
        println!(
            "sigma {sigma} on {} A, within {reach} A: {found:?}",
            lattice.step
        );
        found
    };
    for [mean, error] in [
        of(&coarse, 1.0, 0.1),
        of(&coarse, 1.0, 0.25),
        of(&coarse, 2.0, 0.25),
        of(&coarse, 1.0, 0.44),
    ] {
        assert!((mean - 1.0).abs() < 3.0 * error, "{mean} +- {error}");
    }
    for [mean, error] in [of(&coarse, 1.0, 0.9), of(&coarse, 2.0, 0.9)] {
        assert!(mean + 3.0 * error < 1.0, "no bound: {mean} +- {error}");
    }
    let [mean, error] = of(&fine, 1.5, 0.9);
    assert!(mean - 3.0 * error > 1.0, "{mean} +- {error}");
}

/// Of embedded molecules: it goes with the variance of the noise, and is less than three directions an atom
/// because some atoms lie at the sphere.
#[test]
fn the_reference_goes_with_the_variance_of_the_noise() {
    let of = |settings: serde_json::Value| {
        let config = serde_json::from_value(settings).expect("settings");
        let data = VoxelDenoise::embedded().expect("data");
        let task = VoxelDenoise::open(&config, &data).expect("a task");
        let items: Vec<usize> = task
            .items(Split::Test)
            .iter()
            .step_by(16)
            .copied()
            .collect();
        let found = task.bayes_error(&items, &[Draw::measuring(0)]);
        let atoms = items
            .iter()
            .map(|&item| task.data().atomic_numbers(item).len());
        let voxels = task.lattice().inside().len() * task.elements().len();
        let per_atom = atoms.sum::<usize>() as f64 / (items.len() * voxels) as f64;
        (found.expect("an answer"), per_atom)
    };
    let loss = |found: &BayesError| found.loss().expect("known");
    let (quarter, per_atom) = of(json!({"sigma": 0.25}));
    assert_eq!(quarter.kind(), "reference");
    let directions = loss(&quarter) / (0.25_f64.powi(2) * per_atom);
    assert!((2.5..=3.0).contains(&directions), "{directions}");
    let close = |found: f64, expected: f64| (found / expected - 1.0).abs() < 1e-12;
    let (half, _) = of(json!({"sigma": 0.5}));
    assert!(close(loss(&half), 4.0 * loss(&quarter)));
    let (waves, _) = of(json!({"noise": "band-limited"}));
    assert!(close(loss(&waves), loss(&quarter) * 6.0 / PI));
    let (half_band, _) = of(json!({"noise": "band-limited", "band": 0.5}));
    assert_eq!(half_band.kind(), "unknown");
}
