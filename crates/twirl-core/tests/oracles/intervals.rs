//! Bootstrap intervals: coverage over molecules, and what they must not be.

use rand::RngExt;
use rand_distr::StandardNormal;
use twirl_core::Tally;

use crate::montecarlo::{assert_close, stream};

const REPEATS: u64 = 400;
const FRAMES: u64 = 8;

/// Coverage of the interval of a ratio over repeated data sets of `molecules`, each with several
/// noisy frames; `key` names the cluster of `(molecule, frame)`.
fn coverage(seed: u64, molecules: u64, key: impl Fn(u64, u64) -> u64) -> f64 {
    let mut covered = 0;
    for repeat in 0..REPEATS {
        let mut rng = stream(seed, repeat);
        let mut normal = || -> f64 { rng.sample(StandardNormal) };
        let mut tally = Tally::new(300, repeat, 2).unwrap();
        for molecule in 0..molecules {
            // Skewed and correlated, as losses are: E numerator = 1, E denominator = 3.
            let (a, b) = (normal(), normal());
            for frame in 0..FRAMES {
                let (above, below) = (a * a + 0.1 * normal(), a * a + 2.0 * b * b + 0.1 * normal());
                tally
                    .add(key(molecule, frame), 1.0, &[above, below])
                    .unwrap();
            }
        }
        let interval = tally.ratio(0, 1).unwrap();
        assert!(interval.low <= interval.value && interval.value <= interval.high);
        covered += u32::from(interval.low <= 1.0 / 3.0 && 1.0 / 3.0 <= interval.high);
    }
    f64::from(covered) / REPEATS as f64
}

#[test]
fn molecules_are_the_clusters() {
    let seed = 100;
    let right = coverage(seed, 60, |molecule, _| molecule);
    let few = coverage(seed, 10, |molecule, _| molecule);
    let wrong = coverage(seed, 60, |molecule, frame| molecule * FRAMES + frame);
    println!(
        "coverage of 95 % intervals: 60 molecules {right:.3}, 10 molecules {few:.3}, by frame {wrong:.3}"
    );
    assert!(
        (0.90..=0.98).contains(&right),
        "seed {seed}: coverage {right}"
    );
    assert!(
        (0.90..=0.98).contains(&few),
        "seed {seed}: coverage of few molecules {few}"
    );
    assert!(
        wrong < 0.7,
        "seed {seed}: resampling frames or rotations must not pass, coverage {wrong}"
    );
}

/// Coverage of the intervals of a loss, of the part of it that is symmetry, and of their ratio, over
/// repeated data sets whose molecules differ in size by a law.
fn coverages(molecules: u64, size: impl Fn(f64) -> f64, mean_size: f64) -> [f64; 3] {
    let mut covered = [0; 3];
    let share = 0.1 * (0.125_f64).exp();
    for repeat in 0..REPEATS {
        let mut rng = stream(103, repeat);
        let mut tally = Tally::new(400, repeat, 2).unwrap();
        for molecule in 0..molecules {
            let mut normal = || -> f64 { rng.sample(StandardNormal) };
            let size = size(normal());
            // Means of 4 and of 2 squares: relative spreads 0.7 and 1.
            let mut squares = |count: u32| {
                let sum: f64 = (0..count).map(|_| normal().powi(2)).sum();
                sum / f64::from(count)
            };
            let (loss, part) = (size * squares(4), squares(2));
            let equiv = loss * 0.1 * (0.5 * normal()).exp() * part;
            tally.add(molecule, 1.0, &[loss, equiv]).unwrap();
        }
        let figures = [
            (tally.interval(0), mean_size),
            (tally.interval(1), mean_size * share),
            (tally.ratio(1, 0), share),
        ];
        for (count, (interval, truth)) in covered.iter_mut().zip(figures) {
            let interval = interval.unwrap();
            *count += u32::from(interval.low <= truth && truth <= interval.high);
        }
    }
    covered.map(|count| f64::from(count) / REPEATS as f64)
}

/// The table of `docs/statistics.md`, with three standard errors of its 400 data sets.
#[test]
fn intervals_over_few_molecules_cover_what_the_docs_say() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/statistics.md");
    let page = std::fs::read_to_string(page).expect("the page beside the crates");
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| light") || line.starts_with("| heavy"));
    let mut compared = 0;
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let molecules = cells[2].parse().expect("molecules");
        let found = match cells[1] {
            "light" => coverages(molecules, |_| 1.0, 1.0),
            _ => coverages(molecules, f64::exp, 0.5_f64.exp()),
        };
        println!("{} tails, {molecules} molecules: {found:?}", cells[1]);
        for (found, stated) in found.iter().zip(&cells[3..6]) {
            let stated: f64 = stated.parse().expect("a coverage");
            let error = 3.0 * (stated * (1.0 - stated) / REPEATS as f64).sqrt();
            assert!((found - stated).abs() < error, "{row}: {found} (seed 103)");
            compared += 1;
        }
    }
    assert_eq!(compared, 18);
}

#[test]
fn intervals_match_the_normal_theory_of_a_mean() {
    let seed = 101;
    let mut rng = stream(seed, 0);
    let mut tally = Tally::new(4000, 5, 1).unwrap();
    let values: Vec<f64> = (0..500).map(|_| rng.sample(StandardNormal)).collect();
    for (molecule, value) in values.iter().enumerate() {
        tally.add(molecule as u64, 1.0, &[*value]).unwrap();
    }
    let mean = values.iter().sum::<f64>() / 500.0;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 500.0;
    let expected = 2.0 * 1.96 * (variance / 500.0).sqrt();
    let interval = tally.interval(0).unwrap();
    assert_close(interval.value, mean, 1.0, "seed 101: mean");
    // A 2.5 % point of 4000 replicates is known to 4 % of the half width.
    let width = (interval.high - interval.low) / expected;
    assert!(
        (width - 1.0).abs() < 0.1,
        "seed {seed}: width is {width} of the normal one"
    );
}

#[test]
fn order_and_merging_do_not_matter() {
    let mut rng = stream(102, 0);
    let items: Vec<(u64, f64, [f64; 2])> = (0..60)
        .map(|k| {
            (
                k % 20,
                rng.random_range(0.5..2.0),
                [rng.random(), rng.random_range(1.0..2.0)],
            )
        })
        .collect();
    let fill = |items: &[(u64, f64, [f64; 2])]| {
        let mut tally = Tally::new(200, 9, 2).unwrap();
        for (key, weight, values) in items {
            tally.add(*key, *weight, values).unwrap();
        }
        tally
    };
    let whole = fill(&items);
    let mut merged = fill(&items[40..]);
    merged.merge(&fill(&items[..40])).unwrap();
    let (a, b) = (whole.ratio(0, 1).unwrap(), merged.ratio(0, 1).unwrap());
    for (found, expected) in [(b.value, a.value), (b.low, a.low), (b.high, a.high)] {
        assert_close(found, expected, 1.0, "seed 102: merged");
    }
    let mut from_sums = fill(&items[40..]);
    let sums: Vec<f64> = fill(&items[..40]).sums().collect();
    assert_eq!(sums.len(), 3 * 201);
    from_sums.add_sums(&sums).unwrap();
    assert_eq!(from_sums.ratio(0, 1).unwrap(), b, "sums are all there is");
    let weights: f64 = items.iter().map(|item| item.1).sum();
    let mean = items.iter().map(|item| item.1 * item.2[0]).sum::<f64>() / weights;
    assert_close(whole.mean(0).unwrap(), mean, 1.0, "seed 102: weighted mean");
}
