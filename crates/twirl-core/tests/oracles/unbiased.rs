//! Every estimator under every design, against closed forms, by z-tests over many draws.

use twirl_core::{
    Design, FiniteGroup, Loss, Symmetry, energy, parity_error, plug_in, split, split_with,
    twirled_loss,
};

use crate::mixed::Scene;
use crate::models::samples;
use crate::montecarlo::{Mean, assert_close, stream};

const DRAWS: usize = 4000;
const SYMMETRIES: [Symmetry; 2] = [Symmetry::So3, Symmetry::O3];

fn haar_designs() -> [Design; 5] {
    [
        Design::Iid { rotations: 2 },
        Design::Iid { rotations: 5 },
        Design::Orbits {
            group: FiniteGroup::Tetrahedral,
            orbits: 2,
        },
        Design::Orbits {
            group: FiniteGroup::Octahedral,
            orbits: 3,
        },
        Design::Orbits {
            group: FiniteGroup::Icosahedral,
            orbits: 2,
        },
    ]
}

fn finite_designs() -> [Design; 5] {
    let group = FiniteGroup::Tetrahedral;
    [
        Design::Group { group },
        Design::Subset {
            group,
            rotations: 2,
        },
        Design::Subset {
            group,
            rotations: 7,
        },
        Design::Subset {
            group,
            rotations: 12,
        },
        Design::Subset {
            group: FiniteGroup::Octahedral,
            rotations: 5,
        },
    ]
}

#[test]
fn haar_designs_give_the_closed_form() {
    let seed = 30;
    let mut rng = stream(seed, 0);
    let scene = Scene::new(&mut rng);
    for symmetry in SYMMETRIES {
        let (mean, equiv) = (scene.mean(symmetry), scene.equiv(symmetry));
        for design in haar_designs() {
            let [mut loss_found, mut mean_found, mut equiv_found] = [Mean::default(); 3];
            for _ in 0..DRAWS {
                let rows = scene.rows(&design.draw(&mut rng, symmetry).unwrap());
                let found = split(
                    &design,
                    symmetry,
                    Loss::Squared,
                    &samples(&rows, &scene.weights),
                )
                .unwrap();
                loss_found.add(found.loss);
                mean_found.add(found.mean);
                equiv_found.add(found.equiv);
            }
            let what = format!("{design:?} under {symmetry:?}");
            loss_found.assert_mean(mean + equiv, seed, &format!("loss, {what}"));
            mean_found.assert_mean(mean, seed, &format!("mean, {what}"));
            equiv_found.assert_mean(equiv, seed, &format!("equiv, {what}"));
        }
    }
}

#[test]
fn finite_designs_give_the_group_average() {
    let seed = 31;
    let mut rng = stream(seed, 0);
    let scene = Scene::new(&mut rng);
    for symmetry in SYMMETRIES {
        for design in finite_designs() {
            let (Design::Group { group } | Design::Subset { group, .. }) = design else {
                unreachable!()
            };
            // The definition, written out: E|u|^2 - |E u|^2 over all elements.
            let all = scene.rows(&group.elements_under(symmetry));
            let (count, width) = (group.order_under(symmetry), 9);
            let average = |k: usize| all.iter().skip(k).step_by(width).sum::<f64>() / count as f64;
            let square = |k: usize| {
                all.iter()
                    .skip(k)
                    .step_by(width)
                    .map(|v| v * v)
                    .sum::<f64>()
                    / count as f64
            };
            let weighted = |value: &dyn Fn(usize) -> f64| {
                (0..width)
                    .map(|k| scene.weights[k / 3] * value(k))
                    .sum::<f64>()
            };
            let mean = weighted(&|k| average(k).powi(2));
            let equiv = weighted(&|k| square(k) - average(k).powi(2));
            let [mut mean_found, mut equiv_found] = [Mean::default(); 2];
            for _ in 0..DRAWS {
                let rows = scene.rows(&design.draw(&mut rng, symmetry).unwrap());
                let found = split(
                    &design,
                    symmetry,
                    Loss::Squared,
                    &samples(&rows, &scene.weights),
                )
                .unwrap();
                mean_found.add(found.mean);
                equiv_found.add(found.equiv);
            }
            mean_found.assert_mean(mean, seed, &format!("mean, {design:?} under {symmetry:?}"));
            equiv_found.assert_mean(
                equiv,
                seed,
                &format!("equiv, {design:?} under {symmetry:?}"),
            );
        }
    }
}

#[test]
fn jackknife_of_the_squared_loss_is_the_unbiased_estimator() {
    let mut rng = stream(32, 0);
    let scene = Scene::new(&mut rng);
    for symmetry in SYMMETRIES {
        for design in haar_designs().into_iter().chain(finite_designs()) {
            let rows = scene.rows(&design.draw(&mut rng, symmetry).unwrap());
            let rows = samples(&rows, &scene.weights);
            let direct = split(&design, symmetry, Loss::Squared, &rows).unwrap();
            let jackknife = split_with(&design, symmetry, &rows, |row| {
                rows.loss(Loss::Squared, row)
            })
            .unwrap();
            assert_close(
                jackknife.equiv,
                direct.equiv,
                direct.loss,
                &format!("seed 32: {design:?}"),
            );
            assert_close(
                jackknife.loss,
                direct.loss,
                direct.loss,
                &format!("seed 32: {design:?}"),
            );
        }
    }
}

#[test]
fn dividing_by_m_is_rejected() {
    let seed = 33;
    let mut rng = stream(seed, 0);
    let scene = Scene::new(&mut rng);
    let equiv = scene.equiv(Symmetry::So3);
    for rotations in [2, 4, 8] {
        let mut found = Mean::default();
        for _ in 0..DRAWS {
            let rows = scene.rows(
                &Design::Iid { rotations }
                    .draw(&mut rng, Symmetry::So3)
                    .unwrap(),
            );
            found.add(
                plug_in(Loss::Squared, &samples(&rows, &scene.weights))
                    .unwrap()
                    .equiv,
            );
        }
        assert!(
            found.z(equiv) > 10.0,
            "seed {seed}: dividing by M = {rotations} passes for unbiased"
        );
        found.assert_mean(equiv * (1.0 - 1.0 / rotations as f64), seed, "plug-in");
    }
}

#[test]
fn twirled_loss_falls_as_one_over_m() {
    let seed = 34;
    let mut rng = stream(seed, 0);
    let scene = Scene::new(&mut rng);
    for rotations in [1, 2, 5, 16] {
        let mut found = Mean::default();
        for _ in 0..DRAWS {
            // One rotation is no design, but it is a twirl.
            let mut drawn = Design::Iid {
                rotations: rotations.max(2),
            }
            .draw(&mut rng, Symmetry::So3)
            .unwrap();
            drawn.truncate(rotations);
            let rows = scene.rows(&drawn);
            found.add(twirled_loss(Loss::Squared, &samples(&rows, &scene.weights)).unwrap());
        }
        let expected = scene.mean(Symmetry::So3) + scene.equiv(Symmetry::So3) / rotations as f64;
        found.assert_mean(expected, seed, &format!("L(M) at M = {rotations}"));
    }
}

/// Variance under iid draws over variance under two orbits, at equal forward passes: of `equiv` and
/// of `mean`.
fn variance_factors(seed: u64, group: FiniteGroup, cube: f64) -> [f64; 2] {
    let mut rng = stream(seed, 0);
    let mut scene = Scene::new(&mut rng);
    scene.model.cube = cube;
    let orbits = Design::Orbits { group, orbits: 2 };
    let iid = Design::Iid {
        rotations: orbits.rotations(Symmetry::So3),
    };
    let [randomised, independent] = [orbits, iid].map(|design| {
        let [mut equiv, mut mean] = [Mean::default(); 2];
        for _ in 0..DRAWS / 4 {
            let rows = scene.rows(&design.draw(&mut rng, Symmetry::So3).unwrap());
            let rows = samples(&rows, &scene.weights);
            let found = split(&design, Symmetry::So3, Loss::Squared, &rows).unwrap();
            equiv.add(found.equiv);
            mean.add(found.mean);
        }
        [equiv.variance(), mean.variance()]
    });
    let factors = [
        independent[0] / randomised[0],
        independent[1] / randomised[1],
    ];
    println!(
        "{group:?}, cube {cube}: variance iid / orbits: equiv {:.3e}, mean {:.3e}",
        factors[0], factors[1]
    );
    factors
}

#[test]
fn orbits_beat_iid_draws_where_the_group_covers_the_degree() {
    let seed = 35;
    for group in [
        FiniteGroup::Tetrahedral,
        FiniteGroup::Octahedral,
        FiniteGroup::Icosahedral,
    ] {
        let weak = variance_factors(seed, group, 0.1);
        assert!(
            weak[0] > 100.0 && weak[1] > 5.0,
            "seed {seed}: {group:?}: factors {weak:?}"
        );
    }
    let strong = variance_factors(seed, FiniteGroup::Icosahedral, 0.8);
    assert!(
        strong[0] > 5.0,
        "seed {seed}: degree 4 lies within the group's 5: factors {strong:?}"
    );
    let beyond = variance_factors(seed, FiniteGroup::Octahedral, 0.8);
    assert!(
        beyond[1] < 0.5,
        "seed {seed}: degree 4 lies beyond the group's 3: factors {beyond:?}"
    );
}

#[test]
fn parity_error_is_what_the_inversion_sees() {
    let mut rng = stream(36, 0);
    let scene = Scene::new(&mut rng);
    let proper = Design::Iid { rotations: 7 }
        .draw(&mut rng, Symmetry::So3)
        .unwrap();
    let inverted: Vec<_> = proper.iter().map(|&rotation| -rotation).collect();
    let (a, b) = (scene.predictions(&proper), scene.predictions(&inverted));
    let (a, b) = (samples(&a, &scene.weights), samples(&b, &scene.weights));
    let expected = scene.model.parity(&scene.x, &scene.weights);
    assert_close(
        parity_error(&a, &b).unwrap(),
        expected,
        energy(&a).unwrap(),
        "seed 36: parity error",
    );
}
