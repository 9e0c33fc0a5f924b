//! The statements of docs/statistics.md, by simulation.

use rand::RngExt;
use rand_distr::StandardNormal;
use twirl_core::{Design, Loss, Rotation, Samples, Stream, Symmetry, Tally, split};

use crate::montecarlo::{Mean, stream};

fn normal(rng: &mut Stream) -> f64 {
    rng.sample(StandardNormal)
}

/// A molecule of one vector: `f(x) = A x` with a diagonal `A`, target 0.8 x, and its residuals.
fn residuals(x: [f64; 3], rotations: &[Rotation]) -> Vec<f64> {
    let map = [1.4, 1.0, 0.7];
    let of = |rotation: &Rotation| {
        let turned = rotation.apply(x);
        let out = std::array::from_fn(|k| map[k] * turned[k]);
        let back = rotation.inverse().apply(out);
        [0, 1, 2].map(|k| back[k] - 0.8 * x[k])
    };
    rotations.iter().flat_map(of).collect()
}

/// `L_mean` and `L_equiv` per `|x|^2`: `(tr A / 3 - 0.8)^2` and `|A - tr A / 3|^2 / 3`.
fn truth() -> [f64; 2] {
    let map = [1.4, 1.0, 0.7];
    let third = map.iter().sum::<f64>() / 3.0;
    let rest = map.iter().map(|a| (a - third).powi(2)).sum::<f64>();
    [(third - 0.8).powi(2), rest / 3.0]
}

/// Share of repeats in which the interval of the percentage holds the truth.
fn coverage(seed: u64, rotations: usize, shared: bool, repeats: u64) -> f64 {
    const MOLECULES: u64 = 60;
    let design = Design::Iid { rotations };
    let [mean, equiv] = truth();
    let share = equiv / (mean + equiv);
    let mut covered = 0.0;
    for repeat in 0..repeats {
        let mut rng = stream(seed, repeat);
        let mut tally = Tally::new(400, repeat, 2).unwrap();
        let common = design.draw(&mut rng, Symmetry::So3).unwrap();
        for molecule in 0..MOLECULES {
            let drawn = design.draw(&mut rng, Symmetry::So3).unwrap();
            // One pose for all where rotations are shared too: as in a set of aligned molecules.
            let x = if shared {
                [0.0, 0.0, 1.0 + 0.2 * normal(&mut rng)]
            } else {
                [0; 3].map(|_| normal(&mut rng))
            };
            let rows = residuals(x, if shared { &common } else { &drawn });
            let samples = Samples::new(rotations, 1, 3, &rows, &[1.0]).unwrap();
            let parts = split(&design, Symmetry::So3, Loss::Squared, &samples).unwrap();
            tally
                .add(molecule, 1.0, &[parts.equiv, parts.loss])
                .unwrap();
        }
        let found = tally.ratio(0, 1).unwrap();
        covered += f64::from(u8::from((found.low..=found.high).contains(&share)));
    }
    covered / repeats as f64
}

#[test]
fn own_rotations_are_inside_the_interval_and_shared_ones_are_not() {
    let seed = 103;
    for rotations in [2, 8] {
        let own = coverage(seed, rotations, false, 300);
        let shared = coverage(seed, rotations, true, 300);
        println!("{rotations} rotations: coverage with own {own:.3}, with shared {shared:.3}");
        assert!(
            (0.90..=0.985).contains(&own),
            "seed {seed}: own rotations {own}"
        );
        assert!(
            shared < 0.5,
            "seed {seed}: shared rotations must not pass: {shared}"
        );
    }
}

#[test]
fn seeds_and_molecules_drawn_together_have_the_crossed_variance() {
    const SEEDS: usize = 8;
    const MOLECULES: usize = 40;
    let seed = 104;
    let (v_s, v_m, v_sm): (f64, f64, f64) = (0.04, 0.5, 0.3);
    let (mut found, mut means) = (Mean::default(), Mean::default());
    let mut seeds_alone = Mean::default();
    for repeat in 0..400 {
        let mut rng = stream(seed, repeat);
        let of_seed: Vec<f64> = (0..SEEDS).map(|_| v_s.sqrt() * normal(&mut rng)).collect();
        let of_molecule: Vec<f64> = (0..MOLECULES)
            .map(|_| v_m.sqrt() * normal(&mut rng))
            .collect();
        let values: Vec<Vec<f64>> = of_seed
            .iter()
            .map(|a| {
                let row = of_molecule.iter();
                row.map(|b| a + b + v_sm.sqrt() * normal(&mut rng))
                    .collect()
            })
            .collect();
        let of_row = |row: &Vec<f64>| row.iter().sum::<f64>() / MOLECULES as f64;
        means.add(values.iter().map(of_row).sum::<f64>() / SEEDS as f64);
        // One tally for each seed of the model, all under the same bootstrap weights.
        let replicates: Vec<Vec<f64>> = values
            .iter()
            .map(|row| {
                let mut tally = Tally::new(200, repeat, 1).unwrap();
                for (molecule, value) in row.iter().enumerate() {
                    tally.add(molecule as u64, 1.0, &[*value]).unwrap();
                }
                tally.resampled(0, 200).unwrap().expect("40 molecules")
            })
            .collect();
        let (mut draws, mut alone) = (Mean::default(), Mean::default());
        for replicate in 0..200 {
            let picked: Vec<usize> = (0..SEEDS).map(|_| rng.random_range(0..SEEDS)).collect();
            let pick = |of: &dyn Fn(usize) -> f64| {
                picked.iter().map(|&s| of(s)).sum::<f64>() / SEEDS as f64
            };
            let centre = replicates.iter().map(|row| row[replicate]).sum::<f64>() / SEEDS as f64;
            let widened = (SEEDS as f64 / (SEEDS as f64 - 1.0)).sqrt();
            draws.add(centre + widened * (pick(&|s| replicates[s][replicate]) - centre));
            alone.add(pick(&|s| of_row(&values[s])));
        }
        found.add(draws.variance());
        seeds_alone.add(alone.variance());
    }
    let (s, m) = (SEEDS as f64, MOLECULES as f64);
    let crossed = v_s / s + v_m / m + v_sm / (s * m);
    let of_draws = v_s / s + v_m / m + 3.0 * v_sm / (s * m);
    println!(
        "variance of the mean {:.4} (formula {crossed:.4}); draws {:.4} (formula {of_draws:.4}); \
         seeds alone {:.4}",
        means.variance(),
        found.value(),
        seeds_alone.value()
    );
    // The variance of 400 means is known to 7 %, the mean of 400 variances better.
    assert!(
        (means.variance() / crossed - 1.0).abs() < 0.25,
        "seed {seed}"
    );
    assert!((found.value() / of_draws - 1.0).abs() < 0.06, "seed {seed}");
    assert!(
        seeds_alone.value() < 0.5 * crossed,
        "seed {seed}: seeds alone must not pass"
    );
}

/// Residuals of one block at isotropic perturbations of standard deviation `size` per component.
fn perturbed(rng: &mut Stream, residual: [f64; 3], size: f64, rows: usize) -> Vec<f64> {
    let mut rows_of = Vec::with_capacity(3 * rows);
    for _ in 0..rows {
        rows_of.extend(residual.map(|r| r + size * normal(rng)));
    }
    rows_of
}

/// `L_equiv` under a loss over that under the squared loss, summed over blocks of these residuals.
fn exchange(rng: &mut Stream, loss: Loss, lengths: &[f64], size: f64) -> f64 {
    let design = Design::Iid { rotations: 64 };
    let (mut of_loss, mut of_squared) = (0.0, 0.0);
    for &length in lengths {
        for _ in 0..60 {
            let rows = perturbed(rng, [length, 0.0, 0.0], size, 64);
            let samples = Samples::new(64, 1, 3, &rows, &[1.0]).unwrap();
            let equiv = |loss| split(&design, Symmetry::So3, loss, &samples).unwrap().equiv;
            of_loss += equiv(loss);
            of_squared += equiv(Loss::Squared);
        }
    }
    of_loss / of_squared
}

#[test]
fn the_floor_of_another_loss_follows_from_the_squared_one_by_the_exchange_factor() {
    let seed = 105;
    let mut rng = stream(seed, 0);
    let lengths = [0.5, 1.0, 2.0];
    let expected = lengths.iter().map(|r| 1.0 / (3.0 * r)).sum::<f64>() / 3.0;
    // An arm's own symmetry error of 5 % of the residual predicts what rounding a hundred times
    // smaller costs: the factor does not depend on the size, and is the closed form.
    let own = exchange(&mut rng, Loss::Norm, &lengths, 0.02);
    let rounding = exchange(&mut rng, Loss::Norm, &lengths, 2e-4);
    println!("exchange of the norm: own {own:.4}, of rounding {rounding:.4}, closed {expected:.4}");
    assert!((own / expected - 1.0).abs() < 0.03, "seed {seed}: {own}");
    assert!(
        (rounding / expected - 1.0).abs() < 0.03,
        "seed {seed}: {rounding}"
    );
    // Huber below its delta is half of the square.
    let huber = exchange(&mut rng, Loss::Huber { delta: 10.0 }, &lengths, 0.02);
    assert!((huber - 0.5).abs() < 1e-6, "seed {seed}: {huber}");
    // Beyond the expansion the factor is too small, as the page says.
    let large = exchange(&mut rng, Loss::Norm, &[0.5], 2.0);
    assert!(large < 0.7 * 2.0 / 3.0, "seed {seed}: {large}");
}
