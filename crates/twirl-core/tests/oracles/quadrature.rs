//! Weighted nodes against closed forms: exact, where draws are only unbiased.

use twirl_core::{
    CoreError, Coverage, Design, Estimator, FiniteGroup, Loss, Molecule, Nodes, Symmetry,
    measure_molecule, spectrum, split, wigner,
};

use crate::mixed::Scene;
use crate::models::{distance, samples};
use crate::montecarlo::{Mean, assert_close, stream};

/// The scene has degree 4 on the rotations.
const ENOUGH: usize = 8;
const SYMMETRIES: [Symmetry; 2] = [Symmetry::So3, Symmetry::O3];

/// Largest entry of the node average of the Wigner matrices of a degree.
fn average(nodes: &Nodes, degree: usize) -> f64 {
    let weights = nodes.weights(Symmetry::So3).unwrap();
    let mut sums = vec![0.0; (2 * degree + 1).pow(2)];
    for (node, weight) in nodes.nodes().iter().zip(&weights) {
        let matrix = wigner(degree, node).pop().unwrap();
        sums.iter_mut()
            .zip(&matrix)
            .for_each(|(sum, entry)| *sum += weight * entry);
    }
    sums.iter().fold(0.0, |most, entry| most.max(entry.abs()))
}

#[test]
fn a_product_rule_integrates_wigner_matrices_up_to_its_degree_and_no_further() {
    for degree in 1..=9 {
        let nodes = Nodes::product(degree, Symmetry::So3);
        let weights = nodes.weights(Symmetry::So3).unwrap();
        let count = Design::Quadrature { degree }.rotations(Symmetry::So3);
        assert_eq!((nodes.nodes().len(), weights.len()), (count, count));
        assert_close(weights.iter().sum(), 1.0, 1.0, "sum of the weights");
        for l in 1..=degree {
            let left = average(&nodes, l);
            assert!(
                left < 1e-12,
                "rule of degree {degree}: degree {l} leaves {left:e}"
            );
        }
        let beyond = average(&nodes, degree + 1);
        assert!(
            beyond > 1e-3,
            "rule of degree {degree} claims too little: {beyond:e}"
        );
        for symmetry in SYMMETRIES {
            let product = Nodes::product(degree, symmetry);
            let weights = product.weights(symmetry).unwrap();
            let found = Nodes::new(product.nodes().to_vec(), &weights).unwrap();
            assert_eq!(found.degree(), degree, "{symmetry:?}");
        }
    }
}

#[test]
fn every_figure_of_the_squared_loss_is_the_closed_form() {
    let mut rng = stream(60, 0);
    let scene = Scene::new(&mut rng);
    for symmetry in SYMMETRIES {
        let design = Design::Quadrature { degree: ENOUGH };
        let rotations = design.draw(&mut rng, symmetry).unwrap();
        let predictions = scene.predictions(&rotations);
        let molecule = Molecule {
            predictions: &predictions,
            target: scene.y.as_flattened(),
            weights: &scene.weights,
            dim: 3,
            rotations: Some(&rotations),
        };
        let found = measure_molecule(&design, symmetry, Loss::Squared, &molecule, 6).unwrap();
        let (mean, equiv) = (scene.mean(symmetry), scene.equiv(symmetry));
        let what = |name: &str| format!("seed 60: {name} under {symmetry:?}");
        assert_close(found.split.mean, mean, mean + equiv, &what("L_mean"));
        assert_close(found.split.equiv, equiv, mean + equiv, &what("L_equiv"));
        let twirl = scene.model.twirl(&scene.x, symmetry);
        let of_twirl = distance(&twirl, &[[0.0; 3]; 3], &scene.weights, |r| r);
        assert_close(found.size, of_twirl + equiv, found.size, &what("size"));
        let zero = distance(&scene.y, &[[0.0; 3]; 3], &scene.weights, |r| r);
        assert_close(found.zero, zero, zero, &what("loss of zero"));
        if symmetry == Symmetry::So3 {
            // Half of the rule's degree is resolved.
            let powers = found.spectrum.unwrap();
            assert_eq!(powers.len(), ENOUGH / 2 + 1);
            let truth = scene.model.powers(&scene.x, &scene.weights);
            for (power, truth) in powers[1..].iter().zip(truth) {
                assert_close(*power, truth, found.size, &what("spectrum"));
            }
            assert_close(powers[0], of_twirl, found.size, &what("S_0"));
            assert_eq!(found.parity, None);
        } else {
            let parity = scene.model.parity(&scene.x, &scene.weights);
            assert_close(found.parity.unwrap(), parity, found.size, &what("parity"));
            assert_eq!(found.spectrum, None);
        }
    }
}

#[test]
fn other_losses_are_split_at_the_exact_twirl_and_agree_with_draws() {
    let seed = 61;
    let mut rng = stream(seed, 0);
    let scene = Scene::new(&mut rng);
    let twirl = scene.model.twirl(&scene.x, Symmetry::So3);
    let mean = distance(&twirl, &scene.y, &scene.weights, f64::sqrt);
    // The norm is no polynomial: two rules show how much is left.
    let [coarse, fine] = [12, 20].map(|degree| {
        let design = Design::Quadrature { degree };
        let rows = scene.rows(&design.draw(&mut rng, Symmetry::So3).unwrap());
        let rows = samples(&rows, &scene.weights);
        split(&design, Symmetry::So3, Loss::Norm, &rows).unwrap()
    });
    assert_close(fine.mean, mean, mean, "seed 61: L_mean of the norm");
    assert!(
        (coarse.loss / fine.loss - 1.0).abs() < 1e-3,
        "{coarse:?} {fine:?}"
    );
    let iid = Design::Iid { rotations: 32 };
    let mut drawn = Mean::default();
    for _ in 0..2000 {
        let rows = scene.rows(&iid.draw(&mut rng, Symmetry::So3).unwrap());
        let rows = samples(&rows, &scene.weights);
        drawn.add(split(&iid, Symmetry::So3, Loss::Norm, &rows).unwrap().loss);
    }
    let off = (drawn.value() - fine.loss).abs();
    let room = (coarse.loss - fine.loss).abs();
    assert!(
        off < 5.0 * drawn.standard_error() + room,
        "seed {seed}: draws give {}, nodes {}",
        drawn.value(),
        fine.loss
    );
}

#[test]
fn a_finite_group_is_a_rule_of_equal_weights_and_its_own_degree() {
    let mut rng = stream(62, 0);
    let scene = Scene::new(&mut rng);
    for group in [
        FiniteGroup::Tetrahedral,
        FiniteGroup::Octahedral,
        FiniteGroup::Icosahedral,
    ] {
        for symmetry in SYMMETRIES {
            let elements = group.elements_under(symmetry);
            // The scale of the weights does not matter.
            let nodes = Nodes::new(elements.clone(), &vec![0.3; elements.len()]).unwrap();
            assert_eq!(nodes.degree(), group.degree(), "{group:?} {symmetry:?}");
            assert_eq!(nodes.coverage(), Coverage::Degree(group.degree()));
            let rows = scene.rows(&elements);
            let rows = samples(&rows, &scene.weights);
            for loss in [Loss::Squared, Loss::Norm] {
                let design = Design::Group { group };
                let expected = split(&design, symmetry, loss, &rows).unwrap();
                let found = split(&nodes, symmetry, loss, &rows).unwrap();
                let what = format!("seed 62: {group:?} {loss:?}");
                assert_close(found.loss, expected.loss, expected.loss, &what);
                assert_close(found.equiv, expected.equiv, expected.loss, &what);
            }
        }
    }
}

#[test]
fn weights_may_be_negative_and_uneven() {
    // The octahedral group four times minus the tetrahedral group three times is a rule of degree 2.
    let mut rng = stream(63, 0);
    let scene = Scene::new(&mut rng);
    let (octahedral, tetrahedral) = (
        FiniteGroup::Octahedral.elements(),
        FiniteGroup::Tetrahedral.elements(),
    );
    let weights = [
        vec![4.0 / 24.0; octahedral.len()],
        vec![-3.0 / 12.0; tetrahedral.len()],
    ]
    .concat();
    let nodes = Nodes::new([octahedral, tetrahedral].concat(), &weights).unwrap();
    assert_eq!(nodes.degree(), 2);
    let mut linear = Scene::new(&mut rng);
    linear.model.cube = 0.0;
    let rows = linear.rows(nodes.nodes());
    let found = split(
        &nodes,
        Symmetry::So3,
        Loss::Squared,
        &samples(&rows, &scene.weights),
    );
    let (found, mean) = (found.unwrap(), linear.mean(Symmetry::So3));
    assert_close(found.mean, mean, found.loss.abs() + mean, "seed 63: L_mean");
}

#[test]
fn what_is_no_rule_or_beyond_it_is_refused() {
    let elements = FiniteGroup::Tetrahedral.elements();
    let error = |weights: &[f64]| {
        Nodes::new(elements.clone(), weights)
            .unwrap_err()
            .to_string()
    };
    assert!(error(&[1.0; 3]).contains("weights of the rotations has 3 entries, expected 12"));
    assert!(error(&[0.0; 12]).contains("sum of the weights of rotations is 0"));
    let mut weights = [1.0; 12];
    weights[5] = f64::NAN;
    assert!(error(&weights).contains("weight of rotation 5 is NaN"));
    for degree in [0, 41] {
        let design = Design::Quadrature { degree };
        let error = design.validate(Symmetry::So3).unwrap_err();
        assert!(
            matches!(error, CoreError::QuadratureDegree { .. }),
            "{error}"
        );
        assert!(design.draw(&mut stream(64, 0), Symmetry::So3).is_err());
    }
    let design = Design::Quadrature { degree: 4 };
    let rotations = design.draw(&mut stream(64, 0), Symmetry::So3).unwrap();
    let rows = vec![1.0; 3 * rotations.len()];
    let rows = samples(&rows, &[1.0]);
    assert!(spectrum(&design, &rotations, &rows, 2).is_ok());
    assert_eq!(
        spectrum(&design, &rotations, &rows, 3),
        Err(CoreError::SpectrumDegree {
            degree: 3,
            resolved: 2
        })
    );
}
