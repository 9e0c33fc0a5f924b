//! Oracle 2: octahedral turns of a voxel grid are permutations, so nothing is interpolated.

use rand::RngExt;
use rand_distr::StandardNormal;
use twirl_core::{Design, FiniteGroup, Loss, Rotation, Samples, Symmetry, split};

use crate::montecarlo::{Mean, assert_close, stream};

const SIDE: usize = 4;
const VOXELS: usize = SIDE * SIDE * SIDE;

/// Twice the position relative to the centre: odd integers.
fn position(voxel: usize) -> [f64; 3] {
    [voxel / (SIDE * SIDE), voxel / SIDE % SIDE, voxel % SIDE]
        .map(|i| 2.0 * i as f64 - (SIDE as f64 - 1.0))
}

fn turn(rotation: &Rotation, grid: &[f64]) -> Vec<f64> {
    let mut out = vec![f64::NAN; VOXELS];
    for (voxel, value) in grid.iter().enumerate() {
        let place = rotation
            .apply(position(voxel))
            .map(|p| f64::midpoint(p, SIDE as f64 - 1.0) as usize);
        out[(place[0] * SIDE + place[1]) * SIDE + place[2]] = *value;
    }
    out
}

/// `f(v) = mask * v`, so `f_g(v) = (g^-1 mask) * v`.
fn masked(mask: &[f64], grid: &[f64], target: &[f64], rotations: &[Rotation]) -> Vec<f64> {
    let row = |rotation: &Rotation| {
        let product: Vec<f64> = turn(rotation, grid)
            .iter()
            .zip(mask)
            .map(|(v, m)| v * m)
            .collect();
        turn(&rotation.inverse(), &product)
            .iter()
            .zip(target)
            .map(|(u, y)| u - y)
            .collect::<Vec<_>>()
    };
    rotations.iter().flat_map(row).collect()
}

/// Voxels that turns carry into each other. On a side of 4 no voxel has three different distances
/// from the mid-planes, so the sorted distances name the orbit.
fn orbit(voxel: usize) -> [u8; 3] {
    let mut distances = position(voxel).map(|p| p.abs() as u8);
    distances.sort_unstable();
    distances
}

#[test]
fn a_masked_grid_splits_into_orbit_mean_and_variance() {
    let seed = 70;
    let mut rng = stream(seed, 0);
    let mut normal = || -> Vec<f64> { (0..VOXELS).map(|_| rng.sample(StandardNormal)).collect() };
    let (mask, grid, target) = (normal(), normal(), normal());
    let (mut mean, mut equiv) = (0.0, 0.0);
    for voxel in 0..VOXELS {
        let masks: Vec<f64> = (0..VOXELS)
            .filter(|v| orbit(*v) == orbit(voxel))
            .map(|v| mask[v])
            .collect();
        let centre = masks.iter().sum::<f64>() / masks.len() as f64;
        let variance = masks.iter().map(|m| (m - centre).powi(2)).sum::<f64>() / masks.len() as f64;
        mean += (centre * grid[voxel] - target[voxel]).powi(2);
        equiv += variance * grid[voxel].powi(2);
    }
    let group = FiniteGroup::Octahedral;
    let design = Design::Group { group };
    let rows = masked(&mask, &grid, &target, &group.elements());
    let samples = Samples::new(24, 1, VOXELS, &rows, &[1.0]).unwrap();
    let found = split(&design, Symmetry::So3, Loss::Squared, &samples).unwrap();
    assert_close(found.mean, mean, mean + equiv, "seed 70: twirled loss");
    assert_close(
        found.equiv,
        equiv,
        mean + equiv,
        "seed 70: equivariance error",
    );

    let design = Design::Subset {
        group,
        rotations: 3,
    };
    let mut sampled = Mean::default();
    for _ in 0..2000 {
        let rows = masked(
            &mask,
            &grid,
            &target,
            &design.draw(&mut rng, Symmetry::So3).unwrap(),
        );
        let samples = Samples::new(3, 1, VOXELS, &rows, &[1.0]).unwrap();
        sampled.add(
            split(&design, Symmetry::So3, Loss::Squared, &samples)
                .unwrap()
                .equiv,
        );
    }
    sampled.assert_mean(equiv, seed, "three of 24 turns");
}

#[test]
fn a_symmetric_mask_has_no_error_at_all() {
    let mut rng = stream(71, 0);
    let mask: Vec<f64> = (0..VOXELS)
        .map(|v| f64::from(orbit(v).iter().sum::<u8>()))
        .collect();
    let grid: Vec<f64> = (0..VOXELS).map(|_| rng.sample(StandardNormal)).collect();
    let group = FiniteGroup::Octahedral;
    let rows = masked(
        &mask,
        &grid,
        &[0.5; VOXELS],
        &group.elements_under(Symmetry::O3),
    );
    let samples = Samples::new(48, 1, VOXELS, &rows, &[1.0]).unwrap();
    let found = split(
        &Design::Group { group },
        Symmetry::O3,
        Loss::Squared,
        &samples,
    )
    .unwrap();
    assert_eq!(found.equiv, 0.0);
}
