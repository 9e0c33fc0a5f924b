//! What makes a figure doubtful, and is said.

use twirl_core::{Design, Rotation};
use twirl_measure::{Array, Kind, NoteCode};

use crate::scene::{A, Scene, TARGET, apply, measured, normal, notes, stream, tried};

const IID: Design = Design::Iid { rotations: 8 };

fn identity(scale: f64) -> [[f64; 3]; 3] {
    [[scale, 0.0, 0.0], [0.0, scale, 0.0], [0.0, 0.0, scale]]
}

/// Inputs turned as `x @ R`, which is `R^T x`, by a model that is exactly equivariant.
#[test]
fn rotations_read_transposed_are_named() {
    let scene = Scene::new(20, 30, IID);
    let inverse = scene
        .turns
        .iter()
        .map(|turn| turn.iter().map(Rotation::inverse).collect());
    let turned = Scene::with(scene.x.clone(), inverse.collect(), |v| {
        apply(&identity(0.9), v)
    });
    // The file says R where R^T turned the inputs.
    let mut scene = scene;
    scene.prediction = turned.prediction;
    let found = measured(&scene.input());
    assert!(found.terms[0].relative_equiv.expect("a size") > 0.3);
    let other = notes(&found, NoteCode::OtherReading);
    assert!(other[0].starts_with("read with R transposed"), "{other:?}");
    // Read rightly there is nothing to say.
    let right = Scene::of(20, 30, IID, twirl_core::Symmetry::So3, &identity(0.9));
    assert!(notes(&measured(&right.input()), NoteCode::OtherReading).is_empty());
}

#[test]
fn a_forgotten_kind_and_permuted_components_are_named() {
    let scene = Scene::of(21, 30, IID, twirl_core::Symmetry::So3, &identity(0.9));
    let mut input = scene.input();
    input.terms[0].kind = Kind::Untwisted;
    let other = measured(&input);
    let other = notes(&other, NoteCode::OtherReading);
    assert!(other[0].contains("R as given, kind vector"), "{other:?}");
    // Components in the order y, z, x, as of spherical harmonics of degree 1.
    let mut permuted = scene.clone();
    let blocks = scene.prediction.as_chunks::<3>().0.iter();
    permuted.prediction = blocks.flat_map(|v| [v[1], v[2], v[0]]).collect();
    let other = measured(&permuted.input());
    let other = notes(&other, NoteCode::OtherReading);
    assert!(
        other[0].contains("components in the order y, z, x"),
        "{other:?}"
    );
    // Turned back already, and said to be raw.
    let mut untwisted = scene.clone();
    let rows = scene.prediction.chunks_exact(scene.atoms * 3);
    let rows = rows
        .zip(scene.turns.iter().flatten())
        .flat_map(|(row, turn)| {
            let back = turn.inverse();
            let blocks = row.as_chunks::<3>().0.iter();
            blocks.flat_map(|v| back.apply(*v)).collect::<Vec<_>>()
        });
    untwisted.prediction = rows.collect();
    let other = measured(&untwisted.input());
    let other = notes(&other, NoteCode::OtherReading);
    assert!(other[0].contains("kind untwisted"), "{other:?}");
}

/// As many molecules as rotations, and the two axes exchanged: no shape can tell.
#[test]
fn exchanged_axes_of_rotations_are_named() {
    let scene = Scene::of(31, 8, IID, twirl_core::Symmetry::So3, &identity(0.9));
    let exchanged = (0..8).flat_map(|row| (0..8).map(move |turn| (turn, row)));
    let exchanged = exchanged.flat_map(|(row, turn)| scene.turns[row][turn].matrix());
    let exchanged: Vec<f64> = exchanged.flatten().collect();
    let mut input = scene.input();
    input.rotation = Some(Array::f64(&scene.shapes[2], &exchanged));
    let found = measured(&input);
    let other = notes(&found, NoteCode::OtherReading);
    assert!(
        other[0].contains("rotation as [rotations, molecules, 3, 3]"),
        "{other:?}"
    );
}

/// Stress in the order of VASP, xx, yy, zz, xy, yz, zx, said to be in that of Voigt.
#[test]
fn another_order_of_a_symmetric_matrix_is_named() {
    let scene = Scene::new(32, 20, IID);
    let mut prediction = Vec::new();
    for (atoms, turns) in scene.x.chunks_exact(scene.atoms).zip(&scene.turns) {
        for turn in turns {
            let mut stress = [0.0; 6];
            for [x, y, z] in atoms.iter().map(|v| turn.apply(*v)) {
                let outer = [x * x, y * y, z * z, x * y, y * z, z * x];
                stress
                    .iter_mut()
                    .zip(outer)
                    .for_each(|(sum, entry)| *sum += entry);
            }
            prediction.extend(stress);
        }
    }
    let target = vec![0.1; 20 * 6];
    let shapes = [vec![20, 8, 6], vec![20, 6]];
    let mut input = scene.input();
    input.terms[0].prediction = Array::f64(&shapes[0], &prediction);
    input.terms[0].target = Array::f64(&shapes[1], &target);
    input.terms[0].kind = Kind::Symmetric;
    let found = measured(&input);
    let other = notes(&found, NoteCode::OtherReading);
    assert!(
        other[0].contains("in the order xx, yy, zz, xy, yz, xz"),
        "{other:?}"
    );
}

#[test]
fn a_real_symmetry_error_is_no_other_reading() {
    for seed in 22..25 {
        let mut rng = stream(seed);
        let matrix = [[0; 3]; 3].map(|row| row.map(|_| normal(&mut rng)));
        let scene = Scene::of(seed, 30, IID, twirl_core::Symmetry::So3, &matrix);
        let found = measured(&scene.input());
        assert!(
            notes(&found, NoteCode::OtherReading).is_empty(),
            "seed {seed}: {:?}",
            found.notes
        );
    }
}

#[test]
fn predictions_that_equal_targets_up_to_rounding_have_no_percentage() {
    let scene = Scene::of(26, 20, IID, twirl_core::Symmetry::So3, &identity(TARGET));
    let found = measured(&scene.input());
    assert_eq!(found.terms[0].parts.percent_equiv, None);
    assert!(notes(&found, NoteCode::Rounding)[0].contains("predictions equal targets"));
    // In single precision the same, and a loss well above rounding is one.
    let single = |values: &[f64]| -> Vec<f32> { values.iter().map(|v| *v as f32).collect() };
    let prediction = single(&scene.prediction);
    let mut input = scene.input();
    input.terms[0].prediction = Array::f32(&scene.shapes[0], &prediction);
    assert_eq!(measured(&input).terms[0].parts.percent_equiv, None);
    let off: Vec<f32> = prediction.iter().map(|v| v * 1.001).collect();
    input.terms[0].prediction = Array::f32(&scene.shapes[0], &off);
    assert!(measured(&input).terms[0].parts.percent_equiv.is_some());
    // Exactly equal: the loss is 0, and still there is something to read.
    let zeros = vec![0.0; scene.prediction.len()];
    let target = vec![0.0; scene.target.len()];
    input.terms[0].prediction = Array::f64(&scene.shapes[0], &zeros);
    input.terms[0].target = Array::f64(&scene.shapes[1], &target);
    let found = measured(&input);
    assert_eq!(found.terms[0].parts.percent_equiv, None);
    assert_eq!(found.terms[0].relative_equiv, None);
    assert_eq!(found.terms[0].parts.loss_over_zero, None);
}

#[test]
fn single_precision_energies_and_offsets_are_remarked_on() {
    // Energies of -2e4 eV with a symmetry error of 1e-4 eV.
    let (molecules, rotations) = (30, 8);
    let mut rng = stream(27);
    let target: Vec<f64> = (0..molecules).map(|_| -2e4 + normal(&mut rng)).collect();
    let noise = |rng: &mut _| 0.01 + 1e-4 * normal(rng);
    let prediction: Vec<f64> = target
        .iter()
        .flat_map(|y| [0; 8].map(|_| y + noise(&mut rng)))
        .collect();
    let single: Vec<f32> = prediction.iter().map(|value| *value as f32).collect();
    let shapes = [vec![molecules, rotations, 1], vec![molecules, 1]];
    let of = |array| {
        let input = twirl_measure::Input::new(array, Array::f64(&shapes[1], &target));
        measured(&input)
    };
    let found = of(Array::f32(&shapes[0], &single));
    let rounding = notes(&found, NoteCode::Rounding);
    assert!(
        rounding[0].contains("float32 rounds predictions of this size"),
        "{rounding:?}"
    );
    let offset = notes(&found, NoteCode::Offset);
    assert!(offset[0].contains("an offset of 2.000e4"), "{offset:?}");
    // A file hands over double precision that holds single precision.
    let widened: Vec<f64> = single.iter().map(|value| f64::from(*value)).collect();
    let found = of(Array::f64(&shapes[0], &widened));
    assert_eq!(notes(&found, NoteCode::Rounding).len(), 1);
    let found = of(Array::f64(&shapes[0], &prediction));
    assert!(notes(&found, NoteCode::Rounding).is_empty());
}

#[test]
fn one_molecule_that_carries_most_of_the_loss_is_named() {
    let mut scene = Scene::new(28, 20, IID);
    let width = scene.atoms * 3;
    scene.target[7 * width..8 * width].fill(2400.0);
    let found = measured(&scene.input());
    let one = notes(&found, NoteCode::OneMolecule);
    assert!(
        one[0].starts_with("molecule 7 alone carries 100 %"),
        "{one:?}"
    );
}

#[test]
fn molecules_that_cannot_show_symmetry_are_left_out_by_their_positions() {
    let scene = Scene::new(29, 20, IID);
    let atoms = scene.atoms;
    let mut positions = scene.x.clone();
    // Row 3: one atom, the others masked. Row 5: atoms on one line.
    let mut mask = vec![1.0; 20 * atoms];
    mask[3 * atoms + 1..4 * atoms].fill(0.0);
    for atom in 0..atoms {
        positions[5 * atoms + atom] = [0.1, 0.2, 0.3].map(|v| v * (1.0 + atom as f64));
    }
    let shapes = [vec![20, atoms, 3], vec![20, atoms]];
    let mut input = scene.input();
    input.position = Some(Array::f64(&shapes[0], positions.as_flattened()));
    input.terms[0].mask = Some(Array::f64(&shapes[1], &mask));
    let found = measured(&input);
    assert_eq!((found.rows, found.molecules), (18, 18));
    assert!(notes(&found, NoteCode::NoSymmetry)[0].starts_with("2 of 20 rows were left out"));
    // Scalars of a line can change with the pose.
    input.terms[0].kind = Kind::Scalar;
    assert_eq!(measured(&input).rows, 19);
    // Nothing left.
    let points = vec![0.5; 20 * atoms * 3];
    input.position = Some(Array::f64(&shapes[0], &points));
    let error = tried(&input).expect_err("nothing left").to_string();
    assert!(
        error.contains("none of 20 molecules can show symmetry"),
        "{error}"
    );
}

#[test]
fn few_rotations_of_a_loss_that_is_not_squared_are_remarked_on() {
    for (rotations, said) in [(4, true), (8, false)] {
        let scene = Scene::of(
            30,
            20,
            Design::Iid { rotations },
            twirl_core::Symmetry::So3,
            &A,
        );
        let mut input = scene.input();
        input.terms[0].loss = twirl_core::Loss::Norm.into();
        let found = measured(&input);
        assert_eq!(
            !notes(&found, NoteCode::FewRotations).is_empty(),
            said,
            "{rotations}"
        );
    }
}

#[test]
fn rows_that_say_nothing_are_counted() {
    let mut scene = Scene::new(33, 20, IID);
    let (width, turns) = (scene.atoms * 3, scene.rotations);
    // Row 4 holds only zeros, row 9 a single atom.
    scene.target[4 * width..5 * width].fill(0.0);
    scene.prediction[4 * turns * width..5 * turns * width].fill(0.0);
    let mut mask = vec![1.0; 20 * scene.atoms];
    mask[9 * scene.atoms + 1..10 * scene.atoms].fill(0.0);
    let shape = [20, scene.atoms];
    let mut input = scene.input();
    input.terms[0].mask = Some(Array::f64(&shape, &mask));
    let found = measured(&input);
    let said = notes(&found, NoteCode::NoSymmetry);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(
        said[0].starts_with("1 of 20 rows hold only zeros"),
        "{said:?}"
    );
    assert!(
        said[1].starts_with("1 of 20 rows have one block of 4"),
        "{said:?}"
    );
}
