//! Laws of the posterior mean.

use serde_json::json;
use twirl_core::{Law, Purpose, Stream};
use twirl_data::Split;
use twirl_harness::{BayesError, Draw, Task};

use super::{Known, Seen};
use crate::conformer_flow::{ConformerFlow, Point};
use crate::geometry::outer;

fn task(config: serde_json::Value) -> ConformerFlow {
    let config = serde_json::from_value(config).expect("settings");
    let data = ConformerFlow::embedded().expect("embedded data");
    ConformerFlow::open(&config, &data).expect("a task")
}

/// Frames of the first test molecule that has at least three conformers.
fn conformers(task: &ConformerFlow) -> Vec<usize> {
    let of = |molecule| -> Vec<usize> {
        let frames = 0..task.data.len();
        frames
            .filter(|&frame| task.data.molecule(frame) == molecule)
            .collect()
    };
    let items = task.items(Split::Test).iter();
    let mut sets = items.map(|&item| of(task.data.molecule(item)));
    sets.find(|frames| frames.len() > 2)
        .expect("a molecule of some conformers")
}

/// Mean and standard error of what `of` makes of many draws of one molecule: guess, target, state,
/// probabilities and squared sizes of the conformers.
fn over_draws<const N: usize>(
    task: &ConformerFlow,
    count: u64,
    of: impl Fn(&[f64], &[f64], &[f64], f64) -> [f64; N],
) -> [[f64; 2]; N] {
    let frames = conformers(task);
    let topology = task.topology(task.data.molecule(frames[0]));
    let positions: Vec<_> = frames.iter().map(|&frame| task.conformer(frame)).collect();
    let size = |points: &[[f64; 3]]| points.iter().flatten().map(|x| x * x).sum::<f64>();
    let known = Known::new(&task.flow, &topology, &positions).expect("conformers");
    let (mut sums, mut squares) = ([0.0; N], [0.0; N]);
    for draw in 0..count {
        let place = draw as usize % frames.len();
        let conformer = &positions[place];
        let mut stream = Draw::training(draw, 0).stream(frames[place]);
        let drawn = task.draw(&topology, conformer, &mut stream);
        let Point { state, target } = task.point(conformer, &drawn);
        let guess = known
            .guess(&Seen {
                time: drawn.time,
                state: &state,
                overlap: Some((place, outer(&drawn.source, conformer))),
            })
            .expect("a guess");
        let sizes = positions.iter().zip(&guess.weights);
        let sizes: f64 = sizes.map(|(points, weight)| weight * size(points)).sum();
        let flat = |points: &[[f64; 3]]| points.iter().flatten().copied().collect::<Vec<f64>>();
        let values = of(&flat(&guess.mean), &flat(&target), &flat(&state), sizes);
        for place in 0..N {
            sums[place] += values[place];
            squares[place] += values[place] * values[place];
        }
    }
    let n = count as f64;
    std::array::from_fn(|place| {
        let mean = sums[place] / n;
        [mean, ((squares[place] / n - mean * mean) / n).sqrt()]
    })
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// A conditional mean errs by the posterior's own variance, and its error is orthogonal to everything that
/// is a function of what was seen. Holds for a right posterior alone.
#[test]
fn what_it_errs_by_is_what_it_says() {
    for preset in [
        json!({"preset": "tabasco"}),
        json!({"preset": "ditmc"}),
        json!({"preset": "ditmc", "prior": "gaussian", "path": "bridge", "sigma": 1.5,
               "time": {"uniform": {"low": 0.05, "high": 0.95}}}),
    ] {
        let task = task(preset.clone());
        let [variance, with_guess, with_state] =
            over_draws(&task, 1500, |guess, target, state, sizes| {
                let error: Vec<f64> = target.iter().zip(guess).map(|(y, f)| y - f).collect();
                [
                    dot(&error, &error) - (sizes - dot(guess, guess)),
                    dot(&error, guess),
                    dot(&error, state),
                ]
            });
        for ([mean, error], what) in [
            (variance, "variance"),
            (with_guess, "guess"),
            (with_state, "state"),
        ] {
            println!("{preset}: {what} {mean:.4} +- {error:.4}");
            assert!(
                mean.abs() < 4.0 * error,
                "{preset}: {what} {mean} +- {error}"
            );
        }
    }
}

#[test]
fn velocities_are_guessed_without_bias_too() {
    for preset in [
        json!({"preset": "et-flow", "loss": "squared", "sigma": 0.5}),
        json!({"preset": "tabasco", "target": "velocity"}),
    ] {
        let task = task(preset.clone());
        let found = over_draws(&task, 1500, |guess, target, state, _| {
            let error: Vec<f64> = target.iter().zip(guess).map(|(y, f)| y - f).collect();
            [dot(&error, guess), dot(&error, state)]
        });
        for [mean, error] in found {
            assert!(mean.abs() < 4.0 * error, "{preset}: {mean} +- {error}");
        }
    }
}

/// The loss that is stated is that of a predictor that turns with the state, and any other has more.
#[test]
fn the_posterior_mean_has_no_symmetry_error_and_the_stated_loss() {
    for preset in ["ditmc", "tabasco"] {
        let task = task(json!({"preset": preset}));
        let frames = conformers(&task);
        let topology = task.topology(task.data.molecule(frames[0]));
        let positions: Vec<_> = frames.iter().map(|&frame| task.conformer(frame)).collect();
        let known = Known::new(&task.flow, &topology, &positions).expect("conformers");
        let draws: Vec<Draw> = (0..40).map(|draw| Draw::measuring_again(3, draw)).collect();
        let stated = task.bayes_error(&frames, &draws).expect("an error");
        let BayesError::LowerBound { loss: stated, .. } = stated else {
            panic!("{stated:?}");
        };
        let mut turning = Stream::new(1, Purpose::Other(8), [0, 0]);
        let [
            mut loss,
            mut shrunk,
            mut wrong_time,
            mut told_less,
            mut count,
        ] = [0.0; 5];
        for draw in &draws {
            let host = task.batch(&frames, *draw).expect("a batch");
            for (place, (sample, &item)) in host.0.iter().zip(&frames).enumerate() {
                let drawn = task.draw(&topology, &positions[place], &mut draw.stream(item));
                let overlap = Some((place, outer(&drawn.source, &positions[place])));
                let at = |time: f64, state: &[[f64; 3]]| {
                    let seen = Seen {
                        time,
                        state,
                        overlap,
                    };
                    known.guess(&seen).expect("a guess").mean
                };
                let guess = at(sample.time, &sample.state);
                let turn = Law::Haar.draw(&mut turning);
                let turned: Vec<[f64; 3]> = sample
                    .state
                    .iter()
                    .map(|&point| turn.apply(point))
                    .collect();
                let back = at(sample.time, &turned);
                let untold = known.guess(&Seen {
                    time: sample.time,
                    state: &sample.state,
                    overlap: None,
                });
                let untold = untold.expect("a guess").mean;
                for (a, b) in guess.iter().zip(&back) {
                    let b = turn.inverse().apply(*b);
                    let away = a.iter().zip(b).map(|(a, b)| (a - b).abs());
                    assert!(away.fold(0.0, f64::max) < 1e-6, "{preset}: {a:?} and {b:?}");
                }
                let error = |factor: f64, guess: &[[f64; 3]]| {
                    let pairs = guess.iter().flatten().zip(sample.target.iter().flatten());
                    let squares: f64 = pairs.map(|(f, y)| (factor * f - y).powi(2)).sum();
                    sample.weight * squares / (3 * guess.len()) as f64
                };
                loss += error(1.0, &guess);
                shrunk += error(0.95, &guess);
                wrong_time += error(1.0, &at(0.7 * sample.time, &sample.state));
                told_less += error(1.0, &untold);
                count += 1.0;
            }
        }
        println!(
            "{preset}: {stated}, of a source that is taken for normal {}",
            told_less / count
        );
        assert!(told_less >= loss, "{preset}: {told_less} {loss}");
        assert!((loss / count / stated - 1.0).abs() < 1e-9, "{preset}");
        assert!(
            loss < shrunk && loss < wrong_time,
            "{preset}: {loss} {shrunk} {wrong_time}"
        );
    }
}

#[test]
fn where_there_is_no_bound_the_reason_is_said() {
    for (settings, reason) in [
        (json!({"preset": "et-flow"}), "squared loss"),
        (json!({"preset": "tabasco", "align": true}), "without noise"),
    ] {
        let task = task(settings);
        let found = task.bayes_error(&[0], &[Draw::measuring(0)]);
        let found = found.expect("an answer");
        let BayesError::Unknown { why } = &found else {
            panic!("{found:?}");
        };
        assert!(why.contains(reason), "{why}");
    }
}

/// Embedded molecules and all presets: no model is told so much, and all that is left is some of the loss
/// of predicting zero.
#[test]
fn it_is_a_part_of_the_loss_of_zero() {
    for (settings, name) in [
        (json!({}), "ditmc"),
        (json!({"preset": "tabasco"}), "tabasco"),
        (
            json!({"preset": "et-flow", "loss": "squared"}),
            "et-flow squared",
        ),
    ] {
        let task = task(settings);
        let items = task.items(Split::Test);
        let draws: Vec<Draw> = (0..2).map(|draw| Draw::measuring_again(0, draw)).collect();
        let found = task.bayes_error(items, &draws).expect("an error");
        let [mut zero, mut count] = [0.0; 2];
        for draw in &draws {
            for sample in task.batch(items, *draw).expect("a batch").0 {
                let squares: f64 = sample.target.iter().flatten().map(|x| x * x).sum();
                zero += sample.weight * squares / (3 * sample.target.len()) as f64;
                count += 1.0;
            }
        }
        let share = found.loss().expect("a bound") / (zero / count);
        println!(
            "{name}: {:?}, {share:.4} of the loss of zero {:.4}",
            found,
            zero / count
        );
        assert!(share > 0.0 && share < 0.9, "{name}: {share}");
    }
}
