//! Files of predictions, read, checked and measured.

use rand::RngExt;
use twirl_data::arrays;
use twirl_measure::{Options, Predictions, figures, layout};

use super::fixtures::{floats, npy};
use super::npz::members;
use crate::mutate;
use crate::scratch::Scratch;
use crate::target::{Outcome, Target, refused};

pub(super) const NPZ: Target = Target {
    name: "measure-npz",
    make: |stream| {
        // 2 molecules, 2 rotations, 1 block of 3 components.
        let values = |count: usize| -> Vec<f64> { (0..count).map(|i| 0.1 * i as f64).collect() };
        let array = |shape, count| npy("<f8", shape, &floats(&values(count)));
        let text = "norm"
            .chars()
            .flat_map(|letter| u32::from(letter).to_le_bytes());
        let text: Vec<u8> = text.collect();
        let list = [
            ("prediction.npy", array("(2, 2, 1, 3)", 12)),
            ("target.npy", array("(2, 1, 3)", 6)),
            ("rotation.npy", array("(2, 2, 3, 3)", 36)),
            ("weight.npy", array("(2, 1)", 2)),
            ("loss.npy", npy("<U4", "()", &text)),
        ];
        members(&list, stream)
    },
    check: |input, scratch| check("fuzz.npz", input, scratch),
};

pub(super) const HDF5: Target = Target {
    name: "measure-hdf5",
    make: |stream| {
        let mut input = mutate::bytes(&[ANALYTIC.to_vec()], &["norm", "squared", "iid"], stream);
        if stream.random_range(0..50) == 0 {
            input.truncate(8);
        }
        input
    },
    check: |input, scratch| check("fuzz.h5", input, scratch),
};

/// Predictions written by h5py.
const ANALYTIC: &[u8] = include_bytes!("../../../crates/twirlbench/tests/fixtures/analytic.h5");

fn check(name: &str, input: &[u8], scratch: &Scratch) -> Outcome {
    let file = scratch.write(name, input);
    let read = match arrays(&file) {
        Ok(read) => read,
        Err(error) => return refused(&error.to_string()),
    };
    for (name, array) in &read.numbers {
        let product: usize = array.shape.iter().product();
        assert_eq!(
            array.values.len(),
            product,
            "array {name:?} of shape {:?}",
            array.shape
        );
    }
    let measured = layout::input(&read, &layout::Override::default())
        .and_then(|input| Predictions::new(&input))
        .and_then(|predictions| figures(&predictions, &Options::default()));
    let found = match measured {
        Ok(found) => found,
        Err(error) => return refused(&error.to_string()),
    };
    for term in &found.terms {
        let loss = term.parts.loss.value;
        assert!(loss.is_finite(), "a loss of {loss}");
    }
    Outcome::Accepted
}
