//! Parts by element: sums, a closed form, and inputs that are wrong.

use twirl_core::{Criterion, Design, FiniteGroup, Loss};
use twirl_measure::{
    Array, ElementFigures, Figures, Input, Meter, Options, Predictions, Sampling, text,
};

use crate::scene::{Scene, measured, tried};

const NUMBERS: [i64; 4] = [6, 1, 8, 1];
const ROWS: usize = 30;
const SHAPE: [usize; 2] = [ROWS, 4];

fn elements(figures: &Figures) -> &[ElementFigures] {
    &figures.terms[0].elements
}

fn close(found: f64, expected: f64, scale: f64, what: &str) {
    let off = (found - expected).abs();
    assert!(off <= 1e-11 * scale, "{what}: {found}, not {expected}");
}

#[test]
fn parts_by_element_add_up_under_every_loss_and_weight() {
    let scene = Scene::new(71, ROWS, Design::Iid { rotations: 5 });
    let numbers = NUMBERS.repeat(ROWS);
    let weights: Vec<f64> = (0..4 * ROWS).map(|k| 0.25 * (k % 5) as f64).collect();
    for loss in [Loss::Squared, Loss::Norm, Loss::Huber { delta: 0.7 }] {
        let mut input = scene.input();
        input.terms[0].loss = loss.into();
        input.terms[0].weight = Some(Array::f64(&SHAPE, &weights));
        input.atomic_number = Some(Array::i64(&SHAPE, &numbers));
        let found = measured(&input);
        let parts = &found.terms[0].parts;
        let named: Vec<_> = elements(&found)
            .iter()
            .map(|e| e.symbol.as_deref())
            .collect();
        assert_eq!(named, [Some("H"), Some("C"), Some("O")]);
        let sum = |of: fn(&ElementFigures) -> f64| elements(&found).iter().map(of).sum::<f64>();
        let scale = parts.loss.value;
        close(sum(|e| e.loss), scale, scale, "L");
        close(sum(|e| e.loss_mean), parts.loss_mean.value, scale, "L_mean");
        close(
            sum(|e| e.loss_equiv),
            parts.loss_equiv.value,
            scale,
            "L_equiv",
        );
        let counted = weights.iter().filter(|w| **w > 0.0).count();
        assert_eq!(
            elements(&found).iter().map(|e| e.atoms).sum::<usize>(),
            counted
        );
    }
}

/// A push on carbon that does not turn: over the turns of a cube its symmetry error is `|c| / sqrt 3` in
/// each component, and other atoms have none.
#[test]
fn a_constant_vector_on_carbon_is_symmetry_error_of_carbon_alone() {
    let push = [0.3, -0.1, 0.2];
    let square: f64 = push.iter().map(|c| c * c).sum();
    let group = FiniteGroup::Octahedral;
    let mut scene = Scene::new(72, ROWS, Design::Group { group });
    scene.prediction.clear();
    for (atoms, turns) in scene.x.chunks_exact(4).zip(&scene.turns) {
        for turn in turns {
            for (place, number) in atoms.iter().zip(NUMBERS) {
                let turned = turn.apply(*place);
                let off = if number == 6 { push } else { [0.0; 3] };
                scene
                    .prediction
                    .extend([0, 1, 2].map(|k| 0.8 * turned[k] + off[k]));
            }
        }
    }
    let numbers = NUMBERS.repeat(ROWS);
    let mut input = scene.input();
    input.sampling = Some(Sampling::Group(group));
    input.atomic_number = Some(Array::i64(&SHAPE, &numbers));
    let found = measured(&input);
    for element in elements(&found) {
        let expected = if element.number == 6 { square } else { 0.0 };
        close(element.loss_equiv, expected, square, "L_equiv");
        let rms = element.rms_equiv.expect("a square");
        close(rms, (expected / 3.0).sqrt(), 1e3, "rms");
        assert_eq!(
            element.atoms,
            ROWS * if element.number == 1 { 2 } else { 1 }
        );
    }
    let lines = text("file", &[], &found);
    let carbon = format!("\nC                {ROWS}   ");
    assert!(
        lines.contains("\nby element: ") && lines.contains(&carbon),
        "{lines}"
    );
    input.atomic_number = None;
    assert!(!text("file", &[], &measured(&input)).contains("by element"));
}

#[test]
fn parts_of_the_data_add_up_through_bytes() {
    let scene = Scene::new(73, ROWS, Design::Iid { rotations: 3 });
    let numbers = NUMBERS.repeat(ROWS);
    let mut input = scene.input();
    input.atomic_number = Some(Array::i64(&SHAPE, &numbers));
    let once = |input: &Input<'_>| {
        let mut meter = Meter::new(Options::default());
        meter
            .add(&Predictions::new(input).expect("arrays"))
            .expect("rows");
        meter
    };
    let meter = once(&input);
    let bytes = [meter.save(), meter.save()].concat();
    let twice = Meter::load(&bytes)
        .expect("bytes")
        .figures()
        .expect("figures");
    for (twice, once) in elements(&twice)
        .iter()
        .zip(elements(&meter.figures().expect("figures")))
    {
        assert_eq!(twice.atoms, 2 * once.atoms);
        close(
            twice.loss_equiv,
            once.loss_equiv,
            once.loss,
            "a mean over rows",
        );
    }
    // Parts with and without elements cannot be averaged.
    let mut without = input.clone();
    without.atomic_number = None;
    let error = once(&without)
        .merge(&meter)
        .expect_err("elements of some rows");
    assert!(
        error
            .to_string()
            .starts_with("atomic numbers given: true here"),
        "{error}"
    );
}

#[test]
fn wrong_numbers_are_refused_with_their_place() {
    let scene = Scene::new(74, ROWS, Design::Iid { rotations: 3 });
    let refused = |numbers: &[f64], shape: &[usize], mask: Option<&[f64]>| {
        let mut input = scene.input();
        input.terms[0].mask = mask.map(|mask| Array::f64(&SHAPE, mask));
        input.atomic_number = Some(Array::f64(shape, numbers));
        tried(&input).err().map(|error| error.to_string())
    };
    let good = NUMBERS.map(|number| number as f64).repeat(ROWS);
    assert_eq!(refused(&good, &SHAPE, None), None);
    let changed = |value: f64| {
        let mut numbers = good.clone();
        numbers[4 * 2 + 3] = value;
        numbers
    };
    let place = "atomic_number of molecule 2, atom 3 is ";
    for (value, rest) in [
        (
            1.5,
            "1.5; give whole numbers from 1 to 118, and 0 at padding",
        ),
        (
            -1.0,
            "-1; give whole numbers from 1 to 118, and 0 at padding",
        ),
        (0.0, "0; give its element, or mask 0 at padding"),
    ] {
        let found = refused(&changed(value), &SHAPE, None);
        assert_eq!(found, Some(format!("{place}{rest}")));
    }
    // Padding is what the mask says.
    let mut mask = vec![1.0; 4 * ROWS];
    mask[4 * 2 + 3] = 0.0;
    assert_eq!(refused(&changed(0.0), &SHAPE, Some(&mask)), None);
    let error = refused(&good, &[ROWS * 2, 2], None).expect("another shape");
    assert!(
        error.starts_with("atomic_number has shape [60, 2], but prediction has 30"),
        "{error}"
    );
    let error = refused(&good, &[4 * ROWS], None).expect("one axis");
    assert!(error.ends_with("; it needs [30, atoms]"), "{error}");
}

#[test]
fn logits_have_no_residual() {
    let scene = Scene::new(75, ROWS, Design::Iid { rotations: 3 });
    let numbers = NUMBERS.repeat(ROWS);
    let classes: Vec<f64> = (0..4 * ROWS).map(|k| (k % 3) as f64).collect();
    let mut input = scene.input();
    input.terms[0].kind = twirl_measure::Kind::Scalar;
    input.terms[0].loss = Criterion::CrossEntropy;
    input.terms[0].target = Array::f64(&SHAPE, &classes);
    input.atomic_number = Some(Array::i64(&SHAPE, &numbers));
    let found = measured(&input);
    let all = elements(&found);
    assert!(
        all.iter()
            .all(|e| e.rms_error.is_none() && e.rms_equiv > Some(0.0))
    );
    let sum: f64 = all.iter().map(|e| e.loss_equiv).sum();
    let expected = found.terms[0].parts.loss_equiv.value;
    close(
        sum,
        expected,
        found.terms[0].parts.loss.value,
        "cross-entropy",
    );
}
