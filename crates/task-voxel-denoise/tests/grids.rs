//! Grids, noise, rotations on and off the lattice, and atoms from grids.

use burn::tensor::{Device, Tensor, TensorData};
use serde_json::{Value, json};
use task_voxel_denoise::{
    Atom, Batch, CleanGrid, CleanGridConfig, Lattice, Output, VoxelDenoise, VoxelDenoiseConfig,
    find_atoms, match_atoms, voxelise,
};
use twirl_core::{Design, FiniteGroup, Law, Purpose, Rotation, Stream, Symmetry, tolerance};
use twirl_data::{DataSet, Embedded, Split};
use twirl_harness::{Arm, Draw, Evaluation, Plan, Rotations, Task, measure};

const SEED: u64 = 20_260_402;

fn task(config: Value) -> VoxelDenoise {
    let data = DataSet::embedded(Embedded::Conformers).expect("embedded data");
    let config: VoxelDenoiseConfig = serde_json::from_value(config).expect("settings");
    VoxelDenoise::open(&config, &data).expect("the task")
}

fn batch(task: &VoxelDenoise, draw: Draw) -> Batch {
    let items = &task.items(Split::Test)[..4];
    task.load(&task.batch(items, draw).expect("a batch"), &Device::flex())
        .expect("a batch on the device")
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

fn haar(count: usize, which: u64) -> Vec<Rotation> {
    let draw = |place| Law::Haar.draw(&mut Stream::new(SEED, Purpose::Other(2), [which, place]));
    (0..count as u64).map(draw).collect()
}

fn turn(host: Vec<Rotation>) -> Rotations {
    Rotations::new(host, &Device::flex())
}

fn one_atom(lattice: &Lattice, position: [f64; 3]) -> Tensor<5> {
    let device = Device::flex();
    let positions = TensorData::new(position.to_vec(), [1, 1, 3]);
    voxelise(
        lattice,
        Tensor::from_data(positions, &device),
        Tensor::ones([1, 1, 1], &device),
    )
}

/// An atom's density integrates to `(pi w^2)^(3/2)`, and its centre of mass is the atom.
#[test]
fn a_voxelised_atom_has_its_integral_and_its_centre() {
    for (size, step, radius) in [(16, 0.8, 1.0), (32, 0.25, 0.5), (33, 0.25, 0.5)] {
        let lattice = Lattice::new(size, step, radius);
        let position = [0.13, -0.31, 0.47];
        let density = values(one_atom(&lattice, position));
        let integral = density.iter().sum::<f64>() * step.powi(3);
        let exact = (std::f64::consts::PI * lattice.width.powi(2)).powf(1.5);
        // The sum over a lattice differs from the integral by the transform at the first
        // reciprocal vector, 6 exp(-(pi w / h)^2): below 1e-5 in all three cases.
        assert!(
            (integral / exact - 1.0).abs() < 1e-4,
            "{size}: {integral}, exactly {exact}"
        );
        for (axis, exact) in position.into_iter().enumerate() {
            let moment: f64 = density
                .iter()
                .enumerate()
                .map(|(voxel, value)| value * lattice.position(voxel)[axis])
                .sum();
            let centre = moment * step.powi(3) / integral;
            assert!(
                (centre - exact).abs() < 1e-3,
                "{size}, axis {axis}: {centre}"
            );
        }
    }
}

#[test]
fn atoms_outside_the_ball_are_counted_in_every_pose() {
    let task = task(json!({"resolution": 0.5, "noise": "band-limited"}));
    let batch = batch(&task, Draw::measuring(1));
    let lattice = task.lattice();
    let outside = |batch: &Batch| {
        let positions = values(batch.positions.clone());
        let far = positions
            .chunks(3)
            .filter(|p| !lattice.holds([p[0], p[1], p[2]]));
        far.count() as f64
    };
    let counted: f64 = values(batch.outside.clone()).iter().sum();
    assert!(
        counted > 0.0,
        "the box is small enough for atoms to lie outside"
    );
    assert_eq!(counted, outside(&batch));
    let turned = task
        .rotate(&batch, &turn(haar(4, 1)))
        .expect("a turned batch");
    // Atoms within rounding of the surface may change sides; there are none here.
    assert_eq!(counted, outside(&turned), "seed {SEED}");
    assert_eq!(values(turned.outside), values(batch.outside));
}

/// Rotating the noise in two steps or at once gives the same field, off the lattice too.
#[test]
fn band_limited_noise_is_carried_by_every_rotation() {
    let task = task(json!({"noise": "band-limited"}));
    let batch = batch(&task, Draw::measuring(1));
    let (first, second) = (haar(4, 2), haar(4, 3));
    let both = first
        .iter()
        .zip(&second)
        .map(|(a, b)| b.compose(a))
        .collect();
    let stepwise = task
        .rotate(
            &task.rotate(&batch, &turn(first)).expect("a turned batch"),
            &turn(second),
        )
        .expect("a turned batch");
    let at_once = task.rotate(&batch, &turn(both)).expect("a turned batch");
    for (name, field) in [
        ("noisy", [stepwise.noisy(), at_once.noisy()]),
        ("clean", [stepwise.clean(), at_once.clean()]),
    ] {
        let [a, b] = field.map(values);
        let size = a.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        for (a, b) in a.iter().zip(&b) {
            // Phases reach some 20 radians, so agreement is 20 roundings worse than usual.
            let allowed = 20.0 * tolerance::F32.agreement * size;
            assert!((a - b).abs() < allowed, "{name}: {a} and {b} (seed {SEED})");
        }
    }
    // A turn of the lattice permutes the noisy grid; made anew from the turned waves it agrees.
    for rotation in FiniteGroup::Octahedral.elements() {
        let permuted = task
            .rotate(&batch, &turn(vec![rotation; 4]))
            .expect("a turned batch");
        let slightly = Rotation::about([1.0, 2.0, 3.0], 1e-7).compose(&rotation);
        let made = task
            .rotate(&batch, &turn(vec![slightly; 4]))
            .expect("a turned batch");
        let worst = values(permuted.noisy())
            .iter()
            .zip(values(made.noisy()))
            .fold(0.0_f64, |worst, (a, b)| worst.max((a - b).abs()));
        assert!(worst < 1e-3, "{worst} (seed {SEED})");
    }
}

/// Both laws have variance sigma^2 and mean 0 at every voxel, in every pose.
#[test]
fn noise_has_the_variance_that_is_asked_for() {
    for noise in ["iid", "band-limited"] {
        let task = task(json!({"noise": noise, "sigma": 0.7}));
        for step in 0..3 {
            let mut batch = batch(&task, Draw::training(SEED, step));
            if step == 2 {
                batch = task
                    .rotate(&batch, &turn(haar(4, 4)))
                    .expect("a turned batch");
            }
            let noise_only = values(batch.noisy() - batch.clean());
            let count = noise_only.len() as f64;
            let mean = noise_only.iter().sum::<f64>() / count;
            let variance = noise_only.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count;
            // 4 grids x 7 channels x 256 waves: a variance to about 2 %, with room for five
            // standard errors; a band-limited field has at least that many degrees of freedom.
            assert!(mean.abs() < 0.05, "{noise}: mean {mean} (seed {SEED})");
            let ratio = variance / 0.49;
            assert!((ratio - 1.0).abs() < 0.1, "{noise}: {ratio} (seed {SEED})");
        }
    }
}

/// Before a run begins and, should nobody ask, at the first rotation.
#[test]
fn noise_of_independent_voxels_is_not_measured_off_the_lattice() {
    let task = task(json!({}));
    let turned = task.rotate(&batch(&task, Draw::measuring(1)), &turn(haar(4, 1)));
    let refusal = "setting noise: independent voxels cannot be carried off their lattice; set noise \
                   = \"band-limited\", or measure under the octahedral group";
    assert_eq!(turned.expect_err("refused").to_string(), refusal);

    let (iid, group) = (Design::Iid { rotations: 2 }, FiniteGroup::Octahedral);
    let (rotations, orbits) = (2, 2);
    let (tetrahedral, icosahedral) = (FiniteGroup::Tetrahedral, FiniteGroup::Icosahedral);
    let designs = [
        (iid, false),
        (Design::Group { group }, true),
        (Design::Subset { group, rotations }, true),
        (Design::Group { group: tetrahedral }, true),
        (Design::Group { group: icosahedral }, false),
        (Design::Orbits { group, orbits }, false),
    ];
    let carried: VoxelDenoiseConfig =
        serde_json::from_value(json!({"noise": "band-limited"})).expect("settings");
    for (design, allowed) in designs {
        for symmetry in [Symmetry::So3, Symmetry::O3] {
            let asked = VoxelDenoise::carries(task.config(), &design, symmetry);
            assert_eq!(asked.is_ok(), allowed, "{design:?} {symmetry:?}");
            assert!(VoxelDenoise::carries(&carried, &design, symmetry).is_ok());
        }
    }
}

/// In training the same rotation is allowed: in law the noise stays what it is.
#[test]
fn noise_of_independent_voxels_stays_on_the_lattice_in_training() {
    let task = task(json!({}));
    let batch = batch(&task, Draw::training(1, 1));
    let turned = task
        .rotate(&batch, &turn(haar(4, 1)))
        .expect("a turned batch");
    let [before, after] = [batch, turned].map(|batch| values(batch.noisy() - batch.clean()));
    for (a, b) in before.iter().zip(&after) {
        assert!((a - b).abs() < 1e-5);
    }
}

/// Interpolation back from a rotated lattice: the floor of the figures under SO(3). Under the 24
/// turns there is none.
#[test]
fn the_interpolation_floor_is_small_and_falls_with_the_resolution() {
    let floor = |config: Value, design: Design| {
        let task = task(config);
        let device = Device::flex();
        let model = CleanGrid::init(&CleanGridConfig::default(), &task, 0, &device).expect("it");
        let evaluation = Evaluation {
            design,
            items: 0,
            batch: 4,
            ..Default::default()
        };
        let items = &task.items(Split::Test)[..4];
        let plan = Plan::new(&task, items, &evaluation, SEED);
        measure(&task, &model, &plan, &device)
            .expect("a measurement")
            .terms["density"]
            .relative()
            .expect("a prediction")
    };
    let carried =
        |grid: usize, step: f64| json!({"noise": "band-limited", "grid": grid, "resolution": step});
    let free = Design::Iid { rotations: 4 };
    let (coarse, fine) = (floor(carried(16, 0.8), free), floor(carried(24, 0.5), free));
    println!("relative interpolation floor: {coarse:e} at 0.8 A, {fine:e} at 0.5 A");
    assert!(coarse < 0.02, "{coarse}");
    // The error of cubic convolution is of third order, its square of sixth: (0.8 / 0.5)^6 = 17.
    assert!(fine < coarse / 5.0, "{fine} and {coarse}");
}

#[test]
fn the_turns_of_the_lattice_are_undone_exactly() {
    let task = task(json!({}));
    let batch = batch(&task, Draw::measuring(1));
    for rotation in FiniteGroup::Octahedral.elements() {
        let rotations = turn(vec![rotation; 4]);
        let turned = task.rotate(&batch, &rotations).expect("a turned batch");
        let back = task.untwist(Output::of(&turned, turned.noisy()), &rotations);
        assert_eq!(values(back.density), values(batch.noisy()));
    }
}

/// Untwisting inverts a rotation of a clean grid up to that floor.
#[test]
fn untwisting_a_turned_grid_gives_the_stored_one() {
    let task = task(json!({"noise": "band-limited"}));
    let batch = batch(&task, Draw::measuring(1));
    let rotations = turn(haar(4, 5));
    let turned = task.rotate(&batch, &rotations).expect("a turned batch");
    let back = task.untwist(Output::of(&turned, turned.clean()), &rotations);
    let terms = task.terms(&back, &batch);
    let error: f64 = values(terms[0].value()).iter().sum();
    let zero = Output::of(&batch, batch.clean() * 0.0);
    let power: f64 = values(task.terms(&zero, &batch)[0].value()).iter().sum();
    assert!(error / power < 0.02, "{} (seed {SEED})", error / power);
}

#[test]
fn atoms_are_recovered_from_clean_grids() {
    let task = task(json!({}));
    let lattice = task.lattice();
    let (mut pairs, mut truth, mut found) = (0, 0, 0);
    for &item in task.items(Split::Test).iter().step_by(8) {
        let host = task.batch(&[item], Draw::measuring(2)).expect("a batch");
        let batch = task
            .load(&host, &Device::flex())
            .expect("a batch on the device");
        let grid: Vec<f32> = batch.clean().into_data().iter::<f32>().collect();
        let atoms = find_atoms(&grid, task.elements(), lattice, 0.4);
        let positions = values(batch.positions.clone());
        let known: Vec<Atom> = task
            .data()
            .atomic_numbers(item)
            .iter()
            .zip(positions.chunks(3))
            .map(|(&number, p)| Atom {
                number,
                position: [p[0], p[1], p[2]],
            })
            .filter(|atom| lattice.holds(atom.position))
            .collect();
        let matched = match_atoms(&known, &atoms, 0.1);
        pairs += matched.pairs;
        truth += matched.truth;
        found += matched.found;
    }
    println!("{pairs} of {truth} atoms within 0.1 A, {found} found");
    assert!(pairs * 100 >= truth * 98, "{pairs} of {truth}");
    assert!(found * 100 <= truth * 103, "{found} found for {truth}");
}

#[test]
fn a_molecule_matches_itself_once_and_nothing_else() {
    let atom = |number, x| Atom {
        number,
        position: [x, 0.0, 0.0],
    };
    let truth = [atom(6, 0.0), atom(6, 1.5), atom(8, 3.0)];
    let found = [atom(6, 0.1), atom(6, 0.2), atom(6, 3.0)];
    let matched = match_atoms(&truth, &found, 0.5);
    assert_eq!((matched.pairs, matched.truth, matched.found), (1, 3, 3));
}

#[test]
fn bad_settings_are_refused_in_one_line() {
    let data = DataSet::embedded(Embedded::Conformers).expect("embedded data");
    let refused = |config: Value| {
        let config: VoxelDenoiseConfig = serde_json::from_value(config).expect("settings");
        VoxelDenoise::open(&config, &data)
            .expect_err("refused")
            .to_string()
    };
    assert_eq!(
        refused(json!({"elements": ["H", "C", "N", "O"]})),
        "data set embedded-conformers: holds F, for which there is no channel; add F to elements, \
         or leave elements empty"
    );
    assert_eq!(
        refused(json!({"elements": ["Xx"]})),
        "setting elements: Xx is no element; give symbols like C or Cl"
    );
    assert_eq!(
        refused(json!({"resolution": 0.0})),
        "setting resolution: is 0; give a positive number"
    );
}
