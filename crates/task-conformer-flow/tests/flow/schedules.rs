//! Times, weights, noise, and the gains of the networks.

use rand::RngExt;
use rand_distr::StandardNormal;
use task_conformer_flow::schedule::{Flow, Moments, Path, Target, TimeLaw, Weighting};
use task_conformer_flow::{FlowConfig, Preset};
use twirl_core::tolerance::{self, STANDARD_ERRORS};

use crate::{SEED, stream};

const PRESETS: [Preset; 3] = [Preset::Ditmc, Preset::Tabasco, Preset::EtFlow];

#[test]
fn weights_are_those_published() {
    let at = |preset: Preset, time| preset.flow().weighting.at(time);
    let table = [
        (Preset::Ditmc, 0.0, 1.0),
        (Preset::Ditmc, 0.5, 4.0),
        (Preset::Ditmc, 0.9, 100.0),
        (Preset::Ditmc, 1.0, 100.0),
        (Preset::Tabasco, 0.0, 1.0),
        (Preset::Tabasco, 0.8, 25.0),
        (Preset::Tabasco, 0.99, 100.0),
        (Preset::EtFlow, 0.7, 1.0),
    ];
    for (preset, time, expected) in table {
        let found = at(preset, time);
        let close = (found - expected).abs() <= tolerance::F64.agreement * expected;
        assert!(close, "{preset:?} at {time}: {found}, expected {expected}");
    }
    let low = Weighting::Bounded {
        low: 3.0,
        high: 100.0,
    };
    assert_eq!(low.at(0.0), 3.0);
}

#[test]
fn noise_rates_are_derivatives() {
    for preset in PRESETS {
        for path in [Path::Linear, Path::Noisy, Path::Bridge] {
            let flow = Flow {
                path,
                sigma: 0.3,
                ..preset.flow()
            };
            for time in [0.1, 0.35, 0.5, 0.9] {
                let step = 1e-5;
                let slope = (flow.noise(time + step) - flow.noise(time - step)) / (2.0 * step);
                let found = flow.noise_rate(time);
                // The difference is off by step^2 / 6 of the third derivative, below 200 here.
                assert!(
                    (found - slope).abs() < 1e-8,
                    "{path:?} at {time}: {found}, difference {slope}"
                );
            }
        }
    }
}

#[test]
fn times_follow_their_laws() {
    const COUNT: usize = 20_000;
    let beta = TimeLaw::Beta {
        alpha: 1.8,
        beta: 1.0,
    };
    let uniform = TimeLaw::Uniform {
        low: 0.25,
        high: 0.75,
    };
    // Means and variances in closed form.
    let table = [
        (beta, 1.8 / 2.8, 1.8 / (2.8 * 2.8 * 3.8)),
        (uniform, 0.5, 0.25 / 12.0),
    ];
    for (number, (law, mean, variance)) in table.into_iter().enumerate() {
        let mut stream = stream(number as u64);
        let sum: f64 = (0..COUNT).map(|_| law.draw(&mut stream)).sum();
        let error = (sum / COUNT as f64 - mean) / f64::sqrt(variance / COUNT as f64);
        assert!(
            error.abs() < STANDARD_ERRORS,
            "{law:?}: {error} standard errors from {mean} (seed {SEED})"
        );
    }
}

/// With normal source and conformer of the given moments, the target less `skip x_t` has no
/// correlation with `x_t` and the size `output`, and `input x_t` has size one.
#[test]
fn gains_take_out_the_best_linear_guess() {
    const COUNT: usize = 40_000;
    let moments = Moments {
        source: 0.8,
        conformer: 2.5,
        cross: 0.6,
    };
    for (number, preset) in PRESETS.into_iter().enumerate() {
        for target in [Target::X1, Target::Velocity] {
            let flow = Flow {
                target,
                sigma: 0.4,
                ..preset.flow()
            };
            let mut stream = stream(100 + number as u64);
            let mut normal = || stream.sample::<f64, _>(StandardNormal);
            for time in [0.15, 0.6, 0.85] {
                let gains = flow.gains(&moments, time);
                let mut sums = [0.0; 3];
                for _ in 0..COUNT {
                    let (a, b, z) = (normal(), normal(), normal());
                    let x0 = moments.source.sqrt() * a;
                    let slope = moments.cross / moments.source;
                    let rest = moments.conformer - slope * moments.cross;
                    let x1 = slope * x0 + rest.sqrt() * b;
                    let state = (1.0 - time) * x0 + time * x1 + flow.noise(time) * z;
                    let left = flow.target_of(time, x0, x1, z) - gains.skip * state;
                    let (state, left) = (state * gains.input, left / gains.output);
                    let each = [state * left, state * state - 1.0, left * left - 1.0];
                    for (sum, value) in sums.iter_mut().zip(each) {
                        *sum += value;
                    }
                }
                // Variances of products and squares of unit normals: 1, 2, 2.
                for (sum, variance) in sums.into_iter().zip([1.0, 2.0, 2.0_f64]) {
                    let error = sum / (variance * COUNT as f64).sqrt();
                    assert!(
                        error.abs() < STANDARD_ERRORS,
                        "{preset:?} {target:?} at {time}: {sums:?}, {error} standard errors \
                         (seed {SEED})"
                    );
                }
            }
        }
    }
}

#[test]
fn overrides_replace_one_key_of_a_preset() {
    let config = FlowConfig {
        preset: Preset::Tabasco,
        align: Some(true),
        ..FlowConfig::default()
    };
    let expected = Flow {
        align: true,
        ..Preset::Tabasco.flow()
    };
    assert_eq!(config.flow().expect("a flow"), expected);
}
