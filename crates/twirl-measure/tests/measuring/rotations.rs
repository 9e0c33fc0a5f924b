//! How rotations were chosen: own, shared, repeated, groups, orbits, subsets, quadrature.

use twirl_core::{Design, Estimator, FiniteGroup, Nodes, Rotation, Symmetry};
use twirl_measure::{Array, NoteCode, Sampling};

use crate::scene::{
    A, Scene, apply, loss_over_zero, measured, normal, notes, percent, percent_of, stream, tried,
};

const IID: Design = Design::Iid { rotations: 8 };

#[test]
fn own_rotations_give_the_closed_form_inside_an_interval_and_no_note() {
    let scene = Scene::new(1, 120, IID);
    let found = measured(&scene.input());
    let (value, interval) = percent_of(&found);
    let [low, high] = interval.expect("120 molecules");
    assert!(
        (low..=high).contains(&percent()),
        "{low} {} {high}",
        percent()
    );
    assert!(low < value && value < high);
    assert_eq!((found.group.as_str(), found.resolves), ("SO(3)", None));
    assert!(found.notes.is_empty(), "{:?}", found.notes);
    let ratio = found.terms[0].parts.loss_over_zero.expect("targets");
    assert!((ratio / loss_over_zero() - 1.0).abs() < 0.05, "{ratio}");
}

#[test]
fn shared_rotations_leave_no_interval_whichever_shape_says_so() {
    let mut scene = Scene::new(2, 40, IID);
    scene.turns = vec![scene.turns[0].clone(); 40];
    let scene = Scene::with(scene.x, scene.turns, |v| apply(&A, v));
    let long = measured(&scene.input());
    let mut input = scene.input();
    let short = [8, 3, 3];
    input.rotation = Some(Array::f64(&short, &scene.matrices[..72]));
    for found in [&long, &measured(&input)] {
        assert_eq!(
            found.no_interval.as_deref(),
            Some("molecules share rotations")
        );
        let parts = found.terms[0].parts;
        assert_eq!(percent_of(found).1, None);
        assert!(parts.loss.interval.is_none() && parts.loss_equiv.interval.is_none());
        let powers = found.terms[0].spectrum.as_ref().expect("a spectrum");
        assert!(powers.iter().all(|power| power.interval.is_none()));
        let shared = notes(found, NoteCode::SharedRotations);
        assert!(shared[0].starts_with("320 of 320 rotations"), "{shared:?}");
    }
    // Frames of one molecule may share: they are resampled together.
    let molecules: Vec<i64> = (0..40).map(|row| row / 2).collect();
    let mut turns = Scene::new(3, 20, IID).turns;
    turns = turns
        .into_iter()
        .flat_map(|turn| [turn.clone(), turn])
        .collect();
    let scene = Scene::with(scene.x, turns, |v| apply(&A, v));
    let mut input = scene.input();
    let shape = [40];
    input.molecule = Some(Array::i64(&shape, &molecules));
    let found = measured(&input);
    assert!(found.no_interval.is_none() && found.molecules == 20);
    assert!(percent_of(&found).1.is_some());
}

#[test]
fn one_shared_rotation_is_found_in_any_row() {
    let mut scene = Scene::new(4, 30, IID);
    scene.turns[29][7] = scene.turns[11][2];
    let scene = Scene::with(scene.x, scene.turns, |v| apply(&A, v));
    let found = measured(&scene.input());
    assert!(notes(&found, NoteCode::SharedRotations)[0].starts_with("2 of 240 rotations"));
}

#[test]
fn a_repeated_rotation_is_found_in_any_row() {
    let mut scene = Scene::new(5, 30, IID);
    scene.turns[23][6] = scene.turns[23][1];
    let scene = Scene::with(scene.x, scene.turns, |v| apply(&A, v));
    let found = measured(&scene.input());
    let repeated = notes(&found, NoteCode::RepeatedRotations);
    assert!(
        repeated[0].starts_with("rotation 6 of molecule 23 occurs twice"),
        "{repeated:?}"
    );
}

#[test]
fn rotations_about_one_axis_do_not_look_uniform() {
    let mut rng = stream(6);
    let turns: Vec<Vec<Rotation>> = (0..40)
        .map(|_| {
            (0..8)
                .map(|_| Rotation::about([0.0, 0.0, 1.0], 3.0 * normal(&mut rng)))
                .collect()
        })
        .collect();
    let scene = Scene::with(Scene::new(6, 40, IID).x, turns, |v| apply(&A, v));
    let found = measured(&scene.input());
    let doubt = notes(&found, NoteCode::NotUniform);
    assert!(
        doubt[0].contains("standard deviations from that of uniform"),
        "{doubt:?}"
    );
}

/// The finding that a model which is exactly equivariant under the cube's turns prints `SO(3)`, 0 %.
#[test]
fn a_finite_group_is_called_by_its_name_and_degree() {
    let group = FiniteGroup::Octahedral;
    let cube = |v: [f64; 3]| v.map(|x| x.powi(3));
    let draw = |design: Design| {
        let scene = Scene::new(7, 60, design);
        Scene::with(scene.x, scene.turns, cube)
    };
    let scene = draw(Design::Group { group });
    let mut input = scene.input();
    input.sampling = Some(Sampling::Group(group));
    let found = measured(&input);
    assert!(found.terms[0].relative_equiv.expect("a size") < 1e-28);
    assert_eq!(
        (found.group.as_str(), found.resolves),
        ("octahedral", Some(3))
    );
    let named = notes(&found, NoteCode::FiniteDegree);
    assert!(
        named[0].contains("24 rotations of the octahedral group"),
        "{named:?}"
    );
    assert!(named[0].contains("degree up to 3"), "{named:?}");
    // A group is enumerated, not drawn: sharing it costs nothing.
    assert!(found.no_interval.is_none());
    // Uniform rotations see what the group does not: 12/175 over 3/7 of the size.
    let found = measured(&draw(IID).input());
    let seen = found.terms[0].relative_equiv.expect("a size");
    let truth = 12.0 / 175.0 / (3.0 / 7.0);
    assert!((seen / truth - 1.0).abs() < 0.1, "{seen} and {truth}");
    let powers = found.terms[0].spectrum.as_ref().expect("a spectrum");
    assert!((powers[4].value / truth - 1.0).abs() < 0.3, "{powers:?}");
}

#[test]
fn orbits_and_subsets_have_their_own_estimators() {
    let group = FiniteGroup::Tetrahedral;
    for (design, sampling, rotations) in [
        (
            Design::Orbits { group, orbits: 2 },
            Sampling::Orbits(group),
            24,
        ),
        (
            Design::Subset {
                group,
                rotations: 5,
            },
            Sampling::Subset(group),
            5,
        ),
    ] {
        let scene = Scene::new(8, 100, design);
        let mut input = scene.input();
        input.sampling = Some(sampling);
        let found = measured(&input);
        assert_eq!(found.design, sampling.to_string());
        assert_eq!(found.rotations, rotations);
        // Degree 2 lies within the group.
        let (value, _) = percent_of(&found);
        assert!(
            (value / percent() - 1.0).abs() < 0.1,
            "{value} and {}",
            percent()
        );
        let shared = !notes(&found, NoteCode::SharedRotations).is_empty();
        assert_eq!(
            shared,
            matches!(sampling, Sampling::Subset(_)),
            "{:?}",
            found.notes
        );
        assert_eq!(found.resolves.is_some(), shared);
    }
    // Orbits that are none.
    let scene = Scene::new(9, 10, Design::Iid { rotations: 24 });
    let mut input = scene.input();
    input.sampling = Some(Sampling::Orbits(group));
    let error = tried(&input).expect_err("no group").to_string();
    assert!(
        error.contains("the rotations of molecule 0 are no group"),
        "{error}"
    );
    input.sampling = Some(Sampling::Orbits(FiniteGroup::Icosahedral));
    let error = tried(&input).expect_err("too few").to_string();
    assert!(error.contains("at least 2 whole orbits of 60"), "{error}");
}

#[test]
fn nodes_with_weights_are_exact_and_say_to_which_degree() {
    let nodes = Nodes::product(4, Symmetry::So3);
    let weights = nodes.weights(Symmetry::So3).expect("weights");
    let count = nodes.nodes().len();
    let x = Scene::new(10, 12, IID).x;
    let scene = Scene::with(x, vec![nodes.nodes().to_vec(); 12], |v| apply(&A, v));
    // Single precision is enough, and the scale of the weights is free.
    let matrices: Vec<f32> = scene.matrices.iter().map(|entry| *entry as f32).collect();
    let weights: Vec<f64> = weights.iter().map(|weight| 8.0 * weight).collect();
    let shapes = [vec![12, count, 3, 3], vec![count]];
    let mut input = scene.input();
    input.rotation = Some(Array::f32(&shapes[0], &matrices));
    input.rotation_weight = Some(Array::f64(&shapes[1], &weights));
    let found = measured(&input);
    assert_eq!(
        (found.design.as_str(), found.resolves),
        ("quadrature", Some(4))
    );
    let (value, interval) = percent_of(&found);
    assert!(
        (value / percent() - 1.0).abs() < 1e-6,
        "{value} and {}",
        percent()
    );
    assert!(interval.is_some(), "nodes are not drawn");
    let powers = found.terms[0].spectrum.as_ref().expect("a spectrum");
    assert_eq!(powers.len(), 3, "to half of the degree");
    let equiv = found.terms[0].relative_equiv.expect("a size");
    assert!((powers[1].value + powers[2].value - equiv).abs() < 1e-6 * equiv);
    // Weights without the design, or the design without weights.
    input.sampling = Some(Sampling::Iid);
    let error = tried(&input).expect_err("weights").to_string();
    assert!(
        error.contains("design is iid but there is an array rotation_weight"),
        "{error}"
    );
    input.sampling = Some(Sampling::Quadrature);
    input.rotation_weight = None;
    let error = tried(&input).expect_err("no weights").to_string();
    assert!(
        error.contains("add the arrays rotation and rotation_weight"),
        "{error}"
    );
}

#[test]
fn improper_rotations_are_measured_as_o3_with_a_parity_error() {
    let group = FiniteGroup::Octahedral;
    let scene = Scene::of(11, 20, Design::Group { group }, Symmetry::O3, &A);
    let mut input = scene.input();
    input.sampling = Some(Sampling::Group(group));
    let found = measured(&input);
    let parity = found.terms[0].parity.expect("pairs");
    assert!(parity < 1e-28, "a linear map is odd: {parity}");
    assert!(found.terms[0].spectrum.is_none());
    // The squared length as a vector along x: the inversion changes its sign.
    let length = |v: [f64; 3]| {
        let size = v.iter().map(|x| x * x).sum::<f64>();
        [size, 0.0, 0.0]
    };
    let scene = Scene::with(scene.x, scene.turns, length);
    let mut input = scene.input();
    input.sampling = Some(Sampling::Group(group));
    let found = measured(&input);
    let parity = found.terms[0].parity.expect("pairs");
    assert!(
        (parity - 1.0).abs() < 1e-12,
        "all of it changes sign: {parity}"
    );
}
