//! Outputs that turn otherwise than vectors, against functions of positions that turn so.

use twirl_core::{Design, FiniteGroup, Rotation, Symmetry};
use twirl_measure::{Array, Input, Kind, MeasureError};

use crate::scene::{Scene, measured, tried};

const GROUP: Design = Design::Group {
    group: FiniteGroup::Octahedral,
};

type Function = fn([f64; 3]) -> Vec<f64>;

fn outer([x, y, z]: [f64; 3]) -> Vec<f64> {
    vec![
        x * x,
        x * y,
        x * z,
        y * x,
        y * y,
        y * z,
        z * x,
        z * y,
        z * z,
    ]
}

fn voigt([x, y, z]: [f64; 3]) -> Vec<f64> {
    vec![x * x, y * y, z * z, y * z, x * z, x * y]
}

/// Real harmonics of degree 2 times the squared length, `m = -2..=2`.
fn second([x, y, z]: [f64; 3]) -> Vec<f64> {
    let root = 3.0_f64.sqrt();
    vec![
        root * x * y,
        root * y * z,
        0.5 * (2.0 * z * z - x * x - y * y),
        root * x * z,
        0.5 * root * (x * x - y * y),
    ]
}

/// `(y, z, x)` times the squared length.
fn first([x, y, z]: [f64; 3]) -> Vec<f64> {
    let size = x * x + y * y + z * z;
    vec![size * y, size * z, size * x]
}

/// Odd under the inversion as a vector is, and a pseudovector only up to its sign.
fn vector(v: [f64; 3]) -> Vec<f64> {
    v.to_vec()
}

/// The cross product of a position and its mirror image in a fixed order: even, turns like a vector
/// only for rotations that keep the z axis, so it is used as the wrong answer.
fn squares(v: [f64; 3]) -> Vec<f64> {
    v.iter().map(|x| x * x).collect()
}

/// Predictions of a function at every rotation, and its value in the unrotated pose less a tenth as
/// target.
fn relative(function: Function, kind: Kind, symmetry: Symmetry) -> Result<f64, MeasureError> {
    let scene = Scene::of(40, 10, GROUP, symmetry, &[[0.0; 3]; 3]);
    let mut prediction = Vec::new();
    for (atoms, turns) in scene.x.chunks_exact(scene.atoms).zip(&scene.turns) {
        for turn in turns {
            prediction.extend(atoms.iter().flat_map(|v| function(turn.apply(*v))));
        }
    }
    let target: Vec<f64> = scene
        .x
        .iter()
        .flat_map(|v| function(*v))
        .map(|y| 0.9 * y)
        .collect();
    let dim = target.len() / scene.x.len();
    let shapes = [
        vec![10, scene.rotations, scene.atoms, dim],
        vec![10, scene.atoms, dim],
    ];
    let mut input = Input::new(
        Array::f64(&shapes[0], &prediction),
        Array::f64(&shapes[1], &target),
    );
    input.terms[0].kind = kind;
    input.rotation = Some(Array::f64(&scene.shapes[2], &scene.matrices));
    let found = tried(&input)?;
    let term = &found.terms[0];
    // Turned back the prediction is the unrotated one: residual a tenth, no symmetry error.
    let loss = term.parts.loss.value / term.parts.loss_of_zero;
    let equiv = term.relative_equiv.expect("a size");
    assert!(
        equiv > 1e-20 || (loss - 1.0 / 81.0).abs() < 1e-9,
        "{kind}: {loss}"
    );
    Ok(equiv)
}

#[test]
fn every_kind_turns_back_what_turns_so() {
    let spherical = |degree, odd| Kind::Spherical { degree, odd };
    for symmetry in [Symmetry::So3, Symmetry::O3] {
        for (function, kind) in [
            (vector as Function, Kind::Vector),
            (outer, Kind::Tensor),
            (voigt, Kind::Symmetric),
            (second, spherical(2, false)),
            (first, spherical(1, true)),
        ] {
            let equiv = relative(function, kind, symmetry).expect("figures");
            assert!(equiv < 1e-27, "{kind} under {symmetry:?}: {equiv:e}");
        }
    }
    // The wrong reading is a large error, so the above says something.
    for (function, kind) in [
        (squares as Function, Kind::Vector),
        (second, spherical(2, true)),
        (first, spherical(1, false)),
        (vector, Kind::Axial),
    ] {
        let equiv = relative(function, kind, Symmetry::O3).expect("figures");
        assert!(equiv > 0.1, "{kind}: {equiv:e}");
    }
    // Without the inversion there is no difference.
    let equiv = relative(vector, Kind::Axial, Symmetry::So3).expect("figures");
    assert!(equiv < 1e-27, "axial under rotations: {equiv:e}");
}

#[test]
fn the_length_of_a_symmetric_matrix_counts_both_triangles() {
    let scene = Scene::of(41, 6, GROUP, Symmetry::So3, &[[0.0; 3]; 3]);
    let prediction = vec![0.0; 6 * 24 * 6];
    let target: Vec<f64> = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0].repeat(6);
    let shapes = [vec![6, 24, 6], vec![6, 6]];
    let mut input = Input::new(
        Array::f64(&shapes[0], &prediction),
        Array::f64(&shapes[1], &target),
    );
    input.terms[0].kind = Kind::Symmetric;
    input.rotation = Some(Array::f64(&scene.shapes[2], &scene.matrices));
    let found = measured(&input);
    assert_eq!(found.terms[0].dim, 9);
    // 1 + 4 + 9 + 2 (16 + 25 + 36)
    assert_eq!(found.terms[0].parts.loss_of_zero, 168.0);
}

#[test]
fn kinds_are_spelled_and_refused_by_their_components() {
    for text in [
        "untwisted",
        "scalar",
        "vector",
        "axial",
        "tensor",
        "symmetric",
        "spherical:0",
        "spherical:3",
        "spherical:2o",
        "spherical:1e",
    ] {
        let kind: Kind = text.parse().expect(text);
        assert_eq!(kind.to_string(), text);
    }
    for text in [
        "spherical",
        "spherical:",
        "spherical:x",
        "spherical:21",
        "spherical:2x",
        "matrix",
    ] {
        let error = text.parse::<Kind>().expect_err(text).to_string();
        assert!(
            error.starts_with(&format!("kind is {text}; give untwisted")),
            "{error}"
        );
    }
    let error = relative(outer, Kind::Vector, Symmetry::So3).expect_err("9 components");
    let error = error.to_string();
    assert!(
        error.contains("the last axis of prediction is 9; a vector has 3 components"),
        "{error}"
    );
}

/// A rotation about z by a quarter: components go where the convention says.
#[test]
fn the_order_of_spherical_components_is_that_of_e3nn() {
    let quarter = Rotation::about([0.0, 0.0, 1.0], std::f64::consts::FRAC_PI_2);
    let turned = quarter.apply([1.0, 0.0, 0.0]);
    let matrices: Vec<f64> = [quarter, Rotation::identity()]
        .iter()
        .flat_map(Rotation::matrix)
        .flatten()
        .collect();
    // x as (y, z, x) in the first pose, y in the turned one.
    let prediction = [turned[1], turned[2], turned[0], 0.0, 0.0, 1.0];
    let shapes = [vec![1, 2, 3], vec![1, 3], vec![2, 3, 3]];
    let mut input = Input::new(
        Array::f64(&shapes[0], &prediction),
        Array::f64(&shapes[1], &[0.0, 0.0, 2.0]),
    );
    input.terms[0].kind = Kind::Spherical {
        degree: 1,
        odd: true,
    };
    input.rotation = Some(Array::f64(&shapes[2], &matrices));
    let found = measured(&input);
    assert!((found.terms[0].parts.loss.value - 1.0).abs() < 1e-12);
    assert!(found.terms[0].parts.loss_equiv.value.abs() < 1e-12);
}
