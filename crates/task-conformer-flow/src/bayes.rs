//! The least loss on molecules whose conformers are known.

use std::collections::BTreeMap;

use rayon::prelude::*;
use twirl_core::Loss;
use twirl_harness::{BayesError, Draw};

use crate::conformer_flow::{ConformerFlow, Point};
use crate::geometry::outer;
use crate::posterior::{Known, Seen};
use crate::schedule::Path;

/// Loss of the posterior mean over all conformers of each molecule in the data set, in the given draws.
pub(crate) fn error_of_set(task: &ConformerFlow, items: &[usize], draws: &[Draw]) -> BayesError {
    let flow = task.flow();
    let unknown = |why: &str| BayesError::Unknown { why: why.into() };
    if flow.loss != Loss::Squared {
        return unknown("the posterior mean is best under the squared loss only");
    }
    if flow.align && (flow.path == Path::Linear || flow.sigma == 0.0) {
        return unknown("an aligned source without noise gives the pose away");
    }
    let mut measured: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &item in items {
        measured
            .entry(task.data.molecule(item))
            .or_default()
            .push(item);
    }
    let mut frames: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for frame in 0..task.data.len() {
        let molecule = task.data.molecule(frame);
        if measured.contains_key(&molecule) {
            frames.entry(molecule).or_default().push(frame);
        }
    }
    let molecules: Vec<_> = measured.iter().collect();
    let sums: Option<Vec<f64>> = molecules
        .par_iter()
        .map(|(molecule, items)| of_molecule(task, &frames[molecule], items, draws))
        .collect();
    let Some(sums) = sums else {
        return unknown("a state of the flow holds no noise");
    };
    let of = if flow.align {
        "a predictor that knows the conformers of the molecule and the overlap of the aligned source"
    } else {
        "a predictor that knows the conformers of the molecule"
    };
    BayesError::LowerBound {
        loss: sums.iter().sum::<f64>() / (items.len() * draws.len()) as f64,
        of: of.into(),
    }
}

/// Sum of the loss over the items of one molecule, whose `frames` are its conformers, and over draws.
fn of_molecule(
    task: &ConformerFlow,
    frames: &[usize],
    items: &[usize],
    draws: &[Draw],
) -> Option<f64> {
    let topology = task.topology(task.data.molecule(frames[0]));
    let atoms = topology.atoms();
    if atoms < 2 {
        return Some(0.0);
    }
    let conformers: Vec<_> = frames.iter().map(|&frame| task.conformer(frame)).collect();
    let known = Known::new(&task.flow, &topology, &conformers)?;
    let mut sum = 0.0;
    for item in items {
        let place = frames.iter().position(|frame| frame == item);
        let place = place.expect("an item is a frame of its molecule");
        let conformer = &conformers[place];
        for draw in draws {
            let drawn = task.draw(&topology, conformer, &mut draw.stream(*item));
            let Point { state, target } = task.point(conformer, &drawn);
            let seen = Seen {
                time: drawn.time,
                state: &state,
                overlap: Some((place, outer(&drawn.source, conformer))),
            };
            let guess = known.guess(&seen)?;
            let pairs = guess.mean.iter().flatten().zip(target.iter().flatten());
            let squares: f64 = pairs.map(|(guess, target)| (guess - target).powi(2)).sum();
            sum += task.flow.weighting.at(drawn.time) * squares / (3 * atoms) as f64;
        }
    }
    Some(sum)
}
