//! Superposition: by hand-made rotations, and against `RDKit`'s `GetBestRMS`.

use serde::Deserialize;
use task_conformer_flow::geometry::{aligned, centred, rmsd, symmetric_rmsd};
use task_conformer_flow::{Automorphisms, Topology, frames};
use twirl_core::{Law, tolerance};
use twirl_data::{Bond, BondOrder};

use crate::{SEED, stream};

fn cloud(number: u64, count: usize) -> Vec<[f64; 3]> {
    let mut stream = stream(number);
    let molecule = Topology::new(&vec![6; count], &[]);
    molecule.source(
        task_conformer_flow::schedule::Prior::Gaussian,
        2.0,
        &mut stream,
    )
}

fn turned(points: &[[f64; 3]], number: u64) -> Vec<[f64; 3]> {
    let rotation = Law::Haar.draw(&mut stream(number));
    points.iter().map(|point| rotation.apply(*point)).collect()
}

fn distance(a: &[[f64; 3]], b: &[[f64; 3]]) -> f64 {
    let pairs = a.iter().flatten().zip(b.iter().flatten());
    (pairs.map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / a.len() as f64).sqrt()
}

#[test]
fn a_turned_cloud_is_brought_back() {
    for number in 0..20 {
        let points = cloud(number, 7);
        let found = distance(&aligned(&turned(&points, 100 + number), &points), &points);
        assert!(
            found < tolerance::F64.agreement,
            "cloud {number}: {found} (seed {SEED})"
        );
    }
}

#[test]
fn a_mirror_image_is_not_reached() {
    for number in 0..20 {
        let points = cloud(number, 7);
        let mirrored: Vec<[f64; 3]> = points.iter().map(|[x, y, z]| [*x, *y, -z]).collect();
        assert!(
            rmsd(&points, &mirrored) > 0.1,
            "cloud {number} (seed {SEED})"
        );
    }
}

/// The eigenvalue and the rotation are two ways to one number; no rotation does better.
#[test]
fn eigenvalue_and_rotation_agree() {
    for number in 0..20 {
        let (a, b) = (cloud(number, 9), cloud(500 + number, 9));
        let (found, expected) = (rmsd(&a, &b), distance(&aligned(&a, &b), &b));
        assert!(
            (found - expected).abs() < tolerance::F64.agreement * expected,
            "pair {number}: {found} and {expected} (seed {SEED})"
        );
        let other = distance(&turned(&a, 900 + number), &b);
        assert!(expected <= other, "pair {number}: {other} (seed {SEED})");
    }
}

/// Frames are right-handed, orthogonal, and the same set (as coordinates of the points) in every
/// pose.
#[test]
fn frames_turn_with_the_points() {
    for number in 0..20 {
        let points = cloud(number, 6);
        let moved = turned(&points, 300 + number);
        let seen = |points: &[[f64; 3]]| -> Vec<Vec<[f64; 3]>> {
            frames(points)
                .iter()
                .map(|frame| {
                    assert!((frame.determinant() - 1.0).abs() < tolerance::F64.agreement);
                    let place = |point: &[f64; 3]| {
                        (frame.transpose() * nalgebra::Vector3::from(*point)).into()
                    };
                    points.iter().map(place).collect()
                })
                .collect()
        };
        let (before, after) = (seen(&points), seen(&moved));
        for one in &before {
            let nearest = after
                .iter()
                .map(|other| distance(one, other))
                .fold(f64::INFINITY, f64::min);
            // Gaps of the principal moments of these clouds are a percent at least.
            assert!(
                nearest < 100.0 * tolerance::F64.agreement,
                "cloud {number}: {nearest} (seed {SEED})"
            );
        }
    }
}

/// Principal moments that differ by a share `gap` leave the frame to rounding: positions turned in
/// f32 have frames that differ by about `2e-8 / gap`, as the documentation of the arm says.
#[test]
fn nearly_equal_moments_amplify_rounding() {
    let last = |points: &[[f64; 3]]| frames(points)[0].column(2).into_owned();
    for (number, gap) in [(0, 1e-2), (1, 1e-3), (2, 1e-4_f64)] {
        let mut worst = 0.0_f64;
        for try_number in 0..20 {
            // Points on the axes: moments 8, 8 (1 - gap) and, along z, 8 (1 - 2 gap).
            let length = |order: f64| 2.0 * (1.0 - order * gap).sqrt();
            let points: Vec<[f64; 3]> = (0..6)
                .map(|index| {
                    let mut point = [0.0; 3];
                    let sign = if index < 3 { 1.0 } else { -1.0 };
                    point[index % 3] = sign * length((index % 3) as f64);
                    point.map(|value| f64::from(value as f32))
                })
                .collect();
            let rotation = Law::Haar.draw(&mut stream(700 + 20 * number + try_number));
            let moved: Vec<[f64; 3]> = points
                .iter()
                .map(|point| rotation.apply(*point).map(|value| f64::from(value as f32)))
                .collect();
            let expected = nalgebra::Vector3::from(rotation.apply(last(&points).into()));
            worst = worst.max(expected.cross(&last(&moved)).norm());
        }
        let amplified = worst * gap;
        assert!(
            (1e-9..2e-7).contains(&amplified),
            "gap {gap}: the frame turns by {worst:e} (seed {SEED})"
        );
    }
}

#[derive(Deserialize)]
struct Golden {
    molecules: Vec<Molecule>,
}

#[derive(Deserialize)]
struct Molecule {
    smiles: String,
    atomic_number: Vec<u8>,
    bond: Vec<[usize; 3]>,
    pairs: Vec<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    a: Vec<f64>,
    b: Vec<f64>,
    rms: f64,
}

/// Made by `data-scripts/golden_best_rms.py`: symmetric molecules, and mirror images.
#[test]
fn distances_are_those_of_rdkit() {
    let golden: Golden = serde_json::from_str(include_str!("best_rms.json")).expect("the file");
    let (mut pairs, mut apart) = (0, 0);
    for molecule in golden.molecules {
        let order = |code| match code {
            1 => BondOrder::Single,
            2 => BondOrder::Double,
            3 => BondOrder::Triple,
            _ => BondOrder::Aromatic,
        };
        let bond = |&[first, second, code]: &[usize; 3]| Bond {
            first,
            second,
            order: order(code),
        };
        let bonds: Vec<Bond> = molecule.bond.iter().map(bond).collect();
        let topology = Topology::new(&molecule.atomic_number, &bonds);
        let automorphisms = Automorphisms::of(&topology, 1000);
        assert!(!automorphisms.capped, "{}", molecule.smiles);
        for (number, pair) in molecule.pairs.iter().enumerate() {
            let heavy = |values: &[f64]| {
                let places: Vec<[f64; 3]> = values
                    .chunks_exact(3)
                    .map(|place| [place[0], place[1], place[2]])
                    .collect();
                automorphisms.heavy_positions(&places)
            };
            let found = symmetric_rmsd(&heavy(&pair.a), &heavy(&pair.b), &automorphisms.maps);
            // RDKit ends its own eigenvalue iteration at 1e-6 of the squared distance.
            assert!(
                (found - pair.rms).abs() < 1e-5 + 1e-5 * pair.rms,
                "{} pair {number}: {found}, RDKit {}",
                molecule.smiles,
                pair.rms
            );
            pairs += 1;
            apart += usize::from(number == 1 && pair.rms > 0.1);
        }
    }
    assert!(
        pairs >= 20 && apart >= 3,
        "{pairs} pairs, {apart} mirror images apart"
    );
    // Centring twice changes nothing.
    let points = cloud(1, 5);
    assert!(distance(&centred(&points), &points) < tolerance::F64.agreement);
}
