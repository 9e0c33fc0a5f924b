//! What a prediction of an arm costs, beside what its training does.

mod cost;
mod tables;
mod ways;

use twirl_compare::{Cost, Envelopes, Ladder, Way};
use twirl_record::Training;

pub(super) use self::cost::cost;
use self::tables::{Row, chart, pair_table, size_table};
pub(super) use self::ways::Predicted;
use self::ways::Sizes;
use crate::outcome::Outcome;

/// Rotations that predictions of augmented arms are averaged over.
const ROTATIONS: [u32; 6] = [2, 4, 8, 16, 32, 64];

/// Adds what predictions cost, and losses at equal cost.
pub(super) fn compare(predicted: &[Predicted<'_>], outcome: &mut Outcome) {
    let mut arms: Vec<Sizes<'_>> = Vec::new();
    for one in predicted {
        let (arm, task) = (one.runs.arm.as_str(), one.runs.task.as_str());
        match arms
            .iter_mut()
            .find(|own| (own.arm, own.task) == (arm, task))
        {
            Some(own) => own.each.push(one),
            None => arms.push(Sizes {
                arm,
                task,
                training: one.training,
                each: vec![one],
            }),
        }
    }
    let ladders: Vec<Ladder<'_>> = arms.iter().map(Sizes::ladder).collect();
    let exact = |arm: &Sizes<'_>| arm.training == Training::Equivariant;
    let mut rows = Vec::new();
    for (one, plain) in arms.iter().zip(&ladders).filter(|(arm, _)| !exact(arm)) {
        let others = arms.iter().zip(&ladders);
        for (other, exact) in others.filter(|(arm, _)| exact(arm) && arm.task == one.task) {
            let envelopes = Envelopes::of(plain, exact, Cost::DeviceSeconds);
            let envelopes = envelopes.map_err(|why| why.to_string());
            for batched in [0, 1] {
                let [ways, of_exact] = [one, other].map(|arm| arm.ways(batched, &[]));
                let averaged = one.ways(batched, &ROTATIONS);
                let batches = other.each.iter().filter_map(|size| size.cost);
                for (way, cost) in of_exact.iter().zip(batches) {
                    let at = |ways: &[Way]| {
                        let envelopes = envelopes.as_ref().map_err(Clone::clone)?;
                        let found = envelopes.predicting([ways, &of_exact], way.seconds);
                        found.map_err(|why| why.to_string())
                    };
                    rows.push(Row {
                        pair: [one, other],
                        at_once: cost.each()[batched].0,
                        seconds: way.seconds,
                        as_it_is: at(&ways),
                        averaged: match one.averaged() {
                            Ok(()) => at(&averaged),
                            Err(why) => Err(why.into()),
                        },
                    });
                }
            }
        }
    }
    if !rows.is_empty() {
        outcome.tables.push(pair_table(&rows));
    }
    let sizes = size_table(predicted);
    if predicted.iter().any(|one| one.cost.is_some()) {
        outcome.further.push(("inference", chart(&sizes)));
    }
    outcome.tables.push(sizes);
}

#[cfg(test)]
mod tests {
    use twirl_compare::ArmRuns;

    use super::super::synthetic::{Synthetic, trained};
    use super::cost::PredictionCost;
    use super::*;

    /// Three equal seeds that end with this loss, half of which is `L_equiv`.
    fn arm(name: &str, loss: f64) -> ArmRuns {
        let point = |step| Synthetic {
            step,
            loss,
            percent: [50.0; 3],
            ..Synthetic::ONE
        };
        let seed = vec![point(1), point(100)];
        let arm = trained(&[seed.clone(), seed.clone(), seed]).arm;
        ArmRuns {
            arm: name.into(),
            ..arm
        }
    }

    fn cost(alone: f64, squared: bool) -> PredictionCost {
        PredictionCost {
            alone,
            batched: alone / 10.0,
            batch: 32,
            squared,
        }
    }

    /// Cells of a table by the keys of its columns, row by row.
    fn cells(outcome: &Outcome, name: &str, keys: &[&str]) -> Vec<Vec<String>> {
        let table = outcome.tables.iter().find(|table| table.name == name);
        let text = table.expect(name).csv();
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let head = lines.next().expect("keys");
        let place = |key: &&str| head.iter().position(|own| own == key).expect("a key");
        let places: Vec<usize> = keys.iter().map(place).collect();
        let pick = |line: Vec<&str>| places.iter().map(|&place| line[place].into()).collect();
        lines.map(pick).collect()
    }

    #[test]
    fn the_lowest_loss_that_is_as_fast_counts() {
        let (small, large) = (arm("plain", 0.4), arm("plain", 0.2));
        let (exact, slow) = (arm("painn", 0.3), arm("painn", 0.1));
        let outcome = |squared| {
            let costs = [1e-3, 3e-3, 2e-3, 5e-4].map(|alone| cost(alone, squared));
            let of = |size, runs, training, cost| Predicted {
                size: Some(size),
                training,
                runs,
                cost,
            };
            let predicted = [
                of("small", &small, Training::Augmented, Some(&costs[0])),
                of("large", &large, Training::Augmented, Some(&costs[1])),
                of("small", &exact, Training::Equivariant, Some(&costs[2])),
                of("tiny", &exact, Training::Equivariant, Some(&costs[3])),
                of("large", &slow, Training::Equivariant, None),
            ];
            let mut outcome = Outcome::default();
            compare(&predicted, &mut outcome);
            outcome
        };
        let keys = [
            "at_once",
            "seconds",
            "ratio",
            "augmented_size",
            "averaged_ratio",
            "averaged_size",
        ];
        let found = cells(&outcome(true), "predicting", &keys);
        let expected = |seconds: &str, at_once: &str, row: &[String]| {
            assert_eq!(row[..2], [at_once, seconds]);
            let [ratio, averaged] = [2, 4].map(|place| row[place].parse::<f64>().expect("a ratio"));
            // 0.4 / 0.3; at twice its time the small one has 0.75 of its loss, as the other has.
            assert!((ratio - 4.0 / 3.0).abs() < 1e-9 && (averaged - 1.0).abs() < 1e-9);
            assert_eq!([&row[3], &row[5]], ["small", "small x 2"]);
        };
        expected("0.002", "1", &found[0]);
        expected("0.0002", "32", &found[2]);
        // Nothing of the plain arm is as fast as the tiny one.
        assert_eq!(found[1], ["1", "0.0005", "", "", "", ""]);
        assert_eq!(found.len(), 4);
        let norm = cells(&outcome(false), "predicting", &keys);
        assert_eq!(norm[0][3..], ["small", "", ""]);
        let sizes = cells(
            &outcome(true),
            "inference",
            &["arm", "size", "at_once", "seconds"],
        );
        assert_eq!(sizes.len(), 10);
        assert_eq!(sizes[4], ["painn", "large", "", ""]);
        assert_eq!(sizes[8][..3], ["painn", "tiny", "32"]);
        let seconds: f64 = sizes[8][3].parse().expect("seconds");
        assert!((seconds - 5e-5).abs() < 1e-12, "{seconds}");
    }
}
