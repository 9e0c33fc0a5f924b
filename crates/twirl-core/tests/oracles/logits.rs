//! Cross-entropy on logits.

use rand::RngExt;
use rand_distr::StandardNormal;
use twirl_core::{
    Criterion, Design, FiniteGroup, Molecule, Rotation, Samples, Symmetry, equiv_cross_entropy,
    log_sum_exp, measure_molecule, plug_in_with, split_cross_entropy,
};

use crate::montecarlo::{Mean, assert_close, stream};

const CLASSES: usize = 4;

/// Logits `v_k . x + s (v_k . x)^2` of two points: scalar outputs need no untwisting.
fn logits(directions: &[[f64; 3]; CLASSES], x: &[[f64; 3]; 2], rotations: &[Rotation]) -> Vec<f64> {
    let mut rows = Vec::new();
    for rotation in rotations {
        for point in x {
            let turned = rotation.apply(*point);
            for v in directions {
                let product: f64 = v.iter().zip(&turned).map(|(a, b)| a * b).sum();
                rows.push(product + 0.2 * product * product);
            }
        }
    }
    rows
}

fn softmax(z: &[f64]) -> Vec<f64> {
    z.iter().map(|v| (v - log_sum_exp(z)).exp()).collect()
}

#[test]
fn labels_do_not_matter_and_the_gap_is_a_divergence() {
    let mut rng = stream(80, 0);
    let directions = std::array::from_fn(|_| std::array::from_fn(|_| rng.sample(StandardNormal)));
    let x = std::array::from_fn(|_| std::array::from_fn(|_| rng.sample(StandardNormal)));
    let weights = [1.0, 2.5];
    let design = Design::Iid { rotations: 6 };
    let rows = logits(
        &directions,
        &x,
        &design.draw(&mut rng, Symmetry::So3).unwrap(),
    );
    let samples = Samples::new(6, 2, CLASSES, &rows, &weights).unwrap();
    let free = equiv_cross_entropy(&design, Symmetry::So3, &samples).unwrap();
    for classes in [[0, 0], [1, 3], [2, 1]] {
        let labelled = split_cross_entropy(&design, Symmetry::So3, &samples, &classes).unwrap();
        assert_close(labelled.equiv, free, labelled.loss, "seed 80: label-free");
        // Labels as probabilities, through the measurement of a molecule.
        let mut target = vec![0.0; 2 * CLASSES];
        for (block, class) in classes.into_iter().enumerate() {
            target[block * CLASSES + class] = 1.0;
        }
        let molecule = Molecule {
            predictions: &rows,
            target: &target,
            weights: &weights,
            dim: CLASSES,
            rotations: None,
        };
        let so3 = Symmetry::So3;
        let found = measure_molecule(&design, so3, Criterion::CrossEntropy, &molecule, 0).unwrap();
        assert_close(found.split.loss, labelled.loss, labelled.loss, "seed 80: L");
        assert_close(found.split.equiv, free, labelled.loss, "seed 80: L_equiv");
        // Equal logits know nothing: ln 4 for each block.
        assert_close(found.zero, 3.5 * 4.0_f64.ln(), found.zero, "loss of zero");
    }
    // Bregman form: the plug-in gap is the mean of KL(softmax(zbar) || softmax(z_g)).
    let all = |row: &[f64]| -> f64 {
        row.chunks_exact(CLASSES)
            .zip(weights)
            .map(|(z, w)| w * log_sum_exp(z))
            .sum()
    };
    let gap = plug_in_with(&samples, all).unwrap().equiv;
    let width = 2 * CLASSES;
    let zbar: Vec<f64> = (0..width)
        .map(|k| rows.iter().skip(k).step_by(width).sum::<f64>() / 6.0)
        .collect();
    let mut divergence = 0.0;
    for row in rows.chunks_exact(width) {
        for (block, weight) in weights.iter().enumerate() {
            let at = block * CLASSES..(block + 1) * CLASSES;
            let (p, q) = (softmax(&zbar[at.clone()]), softmax(&row[at]));
            divergence +=
                weight * p.iter().zip(&q).map(|(p, q)| p * (p / q).ln()).sum::<f64>() / 6.0;
        }
    }
    assert_close(gap, divergence, 1.0, "seed 80: Bregman form");
}

#[test]
fn jackknife_removes_most_of_the_bias() {
    let seed = 81;
    let mut rng = stream(seed, 0);
    let directions = std::array::from_fn(|_| std::array::from_fn(|_| rng.sample(StandardNormal)));
    let x = std::array::from_fn(|_| std::array::from_fn(|_| rng.sample(StandardNormal)));
    let dense = Design::Orbits {
        group: FiniteGroup::Icosahedral,
        orbits: 400,
    };
    let weights = [1.0, 1.0];
    let all = |row: &[f64]| -> f64 { row.chunks_exact(CLASSES).map(log_sum_exp).sum() };
    let rows = logits(
        &directions,
        &x,
        &dense.draw(&mut rng, Symmetry::So3).unwrap(),
    );
    let count = dense.rotations(Symmetry::So3);
    let truth = plug_in_with(
        &Samples::new(count, 2, CLASSES, &rows, &weights).unwrap(),
        all,
    )
    .unwrap()
    .equiv;
    let design = Design::Iid { rotations: 8 };
    let [mut plug, mut jack] = [Mean::default(); 2];
    for _ in 0..6000 {
        let rows = logits(
            &directions,
            &x,
            &design.draw(&mut rng, Symmetry::So3).unwrap(),
        );
        let samples = Samples::new(8, 2, CLASSES, &rows, &weights).unwrap();
        plug.add(plug_in_with(&samples, all).unwrap().equiv);
        jack.add(equiv_cross_entropy(&design, Symmetry::So3, &samples).unwrap());
    }
    let [plug_ratio, jack_ratio] = [plug.value() / truth, jack.value() / truth];
    println!("cross-entropy, M = 8: plug-in {plug_ratio:.3}, jackknife {jack_ratio:.3}");
    assert!(
        plug.z(truth) > 10.0,
        "seed {seed}: plug-in passes for unbiased, ratio {plug_ratio}"
    );
    assert!(
        (jack_ratio - 1.0).abs() < 0.2 * (1.0 - plug_ratio),
        "seed {seed}: ratio {jack_ratio}"
    );
}
