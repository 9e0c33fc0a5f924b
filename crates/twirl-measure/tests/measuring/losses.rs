//! Losses: the cross-entropy of logits, and several terms at once.

use twirl_core::{Criterion, Design, Loss, Symmetry, log_sum_exp, split_cross_entropy};
use twirl_measure::{Array, Input, Kind, Term, parse_loss};

use crate::scene::{Scene, measured, normal, stream, tried};

const CLASSES: usize = 3;

type Pick = fn(&twirl_measure::Parts) -> f64;

#[test]
fn cross_entropy_of_class_numbers_and_of_probabilities() {
    let (molecules, rotations) = (12, 8);
    let mut rng = stream(50);
    let logits: Vec<f64> = (0..molecules * rotations * CLASSES)
        .map(|_| normal(&mut rng))
        .collect();
    let classes: Vec<i64> = (0..molecules as i64).map(|k| k % 3).collect();
    let mut one_hot = vec![0.0; molecules * CLASSES];
    for (row, class) in classes.iter().enumerate() {
        one_hot[row * CLASSES + *class as usize] = 1.0;
    }
    let shapes = [
        vec![molecules, rotations, CLASSES],
        vec![molecules],
        vec![molecules, CLASSES],
    ];
    let of = |target| {
        let mut input = Input::new(Array::f64(&shapes[0], &logits), target);
        input.terms[0].loss = Criterion::CrossEntropy;
        measured(&input)
    };
    let found = of(Array::i64(&shapes[1], &classes));
    assert_eq!(found, of(Array::f64(&shapes[2], &one_hot)));
    let term = &found.terms[0];
    // Against the definition, row by row.
    let design = Design::Iid { rotations };
    let (mut loss, mut equiv) = (0.0, 0.0);
    for (row, class) in classes.iter().enumerate() {
        let rows = &logits[row * rotations * CLASSES..(row + 1) * rotations * CLASSES];
        let samples = twirl_core::Samples::new(rotations, 1, CLASSES, rows, &[1.0]).expect("rows");
        let class = *class as usize;
        let parts = split_cross_entropy(&design, Symmetry::So3, &samples, &[class]);
        equiv += parts.expect("a split").equiv / molecules as f64;
        let of_row = |z: &[f64]| log_sum_exp(z) - z[class];
        let sum: f64 = rows.chunks_exact(CLASSES).map(of_row).sum();
        loss += sum / (molecules * rotations) as f64;
    }
    assert!((term.parts.loss.value - loss).abs() < 1e-12);
    assert!((term.parts.loss_equiv.value - equiv).abs() < 1e-12);
    // Logits of zero know nothing.
    assert!((term.parts.loss_of_zero - 3.0_f64.ln()).abs() < 1e-12);
    assert_eq!(term.squared, None);
    // A constant on all logits of a molecule changes nothing.
    let shifted: Vec<f64> = logits.iter().map(|z| z + 40.0).collect();
    let mut input = Input::new(
        Array::f64(&shapes[0], &shifted),
        Array::i64(&shapes[1], &classes),
    );
    input.terms[0].loss = Criterion::CrossEntropy;
    let again = measured(&input);
    let sizes = [&again, &found].map(|found| found.terms[0].relative_equiv.expect("a size"));
    assert!((sizes[0] / sizes[1] - 1.0).abs() < 1e-9, "{sizes:?}");
}

#[test]
fn labels_and_kinds_that_do_not_suit_logits_are_refused() {
    let logits = vec![0.5; 4 * 2 * 3];
    let shapes = [vec![4, 2, 3], vec![4], vec![4, 3], vec![4, 2]];
    let refused = |target, kind| {
        let mut input = Input::new(Array::f64(&shapes[0], &logits), target);
        input.terms[0].loss = Criterion::CrossEntropy;
        input.terms[0].kind = kind;
        tried(&input).expect_err("refused").to_string()
    };
    let error = refused(Array::i64(&shapes[1], &[0, 1, 3, 0]), Kind::Scalar);
    assert!(error.contains("class 2 of target is 3"), "{error}");
    let half = [0.5; 12];
    let error = refused(Array::f64(&shapes[2], &half), Kind::Scalar);
    assert!(
        error.contains("sum of the class probabilities of target, block 0 is 1.5"),
        "{error}"
    );
    let error = refused(Array::f64(&shapes[3], &[0.0; 8]), Kind::Scalar);
    assert!(
        error.contains("class numbers [4] or probabilities [4, 3]"),
        "{error}"
    );
    let error = refused(Array::i64(&shapes[1], &[0; 4]), Kind::Vector);
    assert!(
        error.contains("loss is cross-entropy but kind is vector"),
        "{error}"
    );
}

#[test]
fn the_sum_of_terms_is_measured_beside_them() {
    let scene = Scene::new(51, 30, Design::Iid { rotations: 8 });
    let mut rng = stream(52);
    let energy: Vec<f64> = (0..30 * 8).map(|_| normal(&mut rng)).collect();
    let labels: Vec<f64> = (0..30).map(|_| normal(&mut rng)).collect();
    let shapes = [vec![30, 8, 1], vec![30, 1]];
    let mut of_energy = Term::new(
        Array::f64(&shapes[0], &energy),
        Array::f64(&shapes[1], &labels),
    );
    of_energy.name = "energy".into();
    of_energy.kind = Kind::Scalar;
    of_energy.loss = Criterion::Residual(Loss::Norm);
    let mut input = scene.input();
    input.terms[0].name = "force".into();
    let alone = measured(&scene.input());
    input.terms.push(of_energy);
    let found = measured(&input);
    let names: Vec<&str> = found.terms.iter().map(|term| term.name.as_str()).collect();
    assert_eq!(names, ["force", "energy"]);
    assert_eq!(
        found.terms[0].parts, alone.terms[0].parts,
        "other terms change nothing"
    );
    let total = found.total.expect("two terms");
    let picks: [Pick; 3] = [
        |parts| parts.loss.value,
        |parts| parts.loss_equiv.value,
        |parts| parts.loss_of_zero,
    ];
    for pick in picks {
        let sum: f64 = found.terms.iter().map(|term| pick(&term.parts)).sum();
        assert!((pick(&total) / sum - 1.0).abs() < 1e-12);
    }
    let percent = total.percent_equiv.expect("a percentage");
    let expected = 100.0 * total.loss_equiv.value / total.loss.value;
    assert!((percent.value / expected - 1.0).abs() < 1e-12 && percent.interval.is_some());
    assert!(alone.total.is_none());
    // Flat: a row for each term and one for the sum, the same columns.
    let rows = twirl_measure::flat(&found);
    let columns = |row: &Vec<(String, twirl_measure::Cell)>| -> Vec<String> {
        row.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| columns(row) == columns(&rows[0])));
    // Terms of other molecules.
    let shapes = [vec![29, 8, 1], vec![29, 1]];
    input.terms[1].prediction = Array::f64(&shapes[0], &energy[..29 * 8]);
    input.terms[1].target = Array::f64(&shapes[1], &labels[..29]);
    let error = tried(&input).expect_err("other molecules").to_string();
    assert!(
        error.contains("all terms are of the same molecules"),
        "{error}"
    );
}

#[test]
fn losses_are_spelled() {
    for text in ["squared", "norm", "huber:0.5", "cross-entropy"] {
        assert_eq!(
            twirl_measure::loss_name(&parse_loss(text).expect(text)),
            text
        );
    }
    for text in ["l1", "huber", "huber:x", "huber:-1"] {
        assert!(parse_loss(text).is_err(), "{text}");
    }
}
