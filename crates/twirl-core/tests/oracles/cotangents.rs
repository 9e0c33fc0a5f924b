//! Cotangents against differences of the split, for every estimator.

use rand::RngExt;
use twirl_core::{
    Design, Estimator, FiniteGroup, Loss, Nodes, Part, Samples, Symmetry, cotangent, split,
};

use crate::montecarlo::stream;

#[test]
fn a_cotangent_is_the_derivative_of_the_split() {
    let (seed, group) = (66, FiniteGroup::Tetrahedral);
    let mut rng = stream(seed, 0);
    let elements = group.elements();
    let uneven: Vec<f64> = elements
        .iter()
        .map(|_| rng.random_range(0.1..1.0))
        .collect();
    let nodes = Nodes::new(elements, &uneven).unwrap();
    let estimators: [(&dyn Estimator, Symmetry); 7] = [
        (&Design::Iid { rotations: 5 }, Symmetry::So3),
        (&Design::Group { group }, Symmetry::So3),
        (&Design::Group { group }, Symmetry::O3),
        (
            &Design::Subset {
                group,
                rotations: 7,
            },
            Symmetry::O3,
        ),
        (&Design::Orbits { group, orbits: 2 }, Symmetry::O3),
        (&Design::Quadrature { degree: 2 }, Symmetry::So3),
        (&nodes, Symmetry::So3),
    ];
    for (estimator, symmetry) in estimators {
        let rotations = estimator.rotations(symmetry);
        let mut draw = |count: usize| -> Vec<f64> {
            (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
        };
        let (mut residuals, along) = (draw(rotations * 6), draw(rotations * 6));
        let weights = [0.3, 1.7];
        for part in [Part::Loss, Part::Mean, Part::Equiv] {
            let samples = Samples::new(rotations, 2, 3, &residuals, &weights).unwrap();
            let slope = cotangent(estimator, symmetry, part, &samples).unwrap();
            let expected: f64 = slope.iter().zip(&along).map(|(a, b)| a * b).sum();
            let mut value = |step: f64| {
                for (value, along) in residuals.iter_mut().zip(&along) {
                    *value += step * along;
                }
                let samples = Samples::new(rotations, 2, 3, &residuals, &weights).unwrap();
                let split = split(estimator, symmetry, Loss::Squared, &samples).unwrap();
                match part {
                    Part::Loss => split.loss,
                    Part::Mean => split.mean,
                    Part::Equiv => split.equiv,
                }
            };
            // Central differences of a quadratic are exact for any step.
            let (ahead, behind) = (value(0.5), value(-1.0));
            value(0.5);
            assert!(
                (ahead - behind - expected).abs() < 1e-10,
                "seed {seed}: {} {symmetry:?} {part:?}: {} and {expected}",
                estimator.name(),
                ahead - behind
            );
        }
    }
}
