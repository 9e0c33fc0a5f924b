//! Roots of ratios: their value, their sign, and how often their intervals hold the truth.

use rand::RngExt;
use rand_distr::StandardNormal;
use twirl_core::{CoreError, Tally};

use crate::montecarlo::{assert_close, stream};

const REPEATS: u64 = 400;

/// Coverage of the interval of a root mean square over the components of one element, of which the first
/// `having` of `molecules` have some.
fn coverage(seed: u64, molecules: u64, having: u64) -> f64 {
    let mut covered = 0;
    for repeat in 0..REPEATS {
        let mut rng = stream(seed, repeat);
        let mut tally = Tally::new(400, repeat, 2).unwrap();
        for molecule in 0..molecules {
            let count = if molecule < having {
                3 * rng.random_range(1..=4)
            } else {
                0
            };
            // Errors of a molecule differ in size from those of another: mean square 1.
            let size = 0.4 * rng.sample::<f64, _>(StandardNormal);
            let squares = (0..count).map(|_| rng.sample::<f64, _>(StandardNormal).powi(2));
            let sum = size.exp() * squares.sum::<f64>() / 0.08_f64.exp();
            tally.add(molecule, 1.0, &[sum, f64::from(count)]).unwrap();
        }
        let interval = tally.root(0, 1).unwrap();
        assert!(interval.low <= interval.value && interval.value <= interval.high);
        covered += u32::from(interval.low <= 1.0 && 1.0 <= interval.high);
    }
    f64::from(covered) / REPEATS as f64
}

#[test]
fn intervals_of_roots_hold_the_truth_and_those_of_a_rare_element_too() {
    for (molecules, having) in [(100, 100), (30, 30), (12, 12), (100, 12)] {
        let found = coverage(130, molecules, having);
        println!("{having} of {molecules} molecules: coverage {found:.3}");
        assert!(
            (0.91..=0.985).contains(&found),
            "seed 130, {having} of {molecules}: {found}"
        );
    }
}

#[test]
fn a_root_is_that_of_the_ratio_and_refuses_what_has_none() {
    let mut rng = stream(131, 0);
    let mut tally = Tally::new(200, 1, 3).unwrap();
    for molecule in 0..20 {
        let values = [rng.random::<f64>(), rng.random_range(1.0..2.0), -0.1];
        tally.add(molecule, 1.0, &values).unwrap();
    }
    let (root, ratio) = (tally.root(0, 1).unwrap(), tally.ratio(0, 1).unwrap());
    assert_close(root.value, ratio.value.sqrt(), 1.0, "seed 131");
    assert_eq!(
        tally.root(2, 1),
        Err(CoreError::NegativeRoot { columns: [2, 1] })
    );
}
