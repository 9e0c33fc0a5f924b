//! Parts of the data, in any order, on any machine: the figures of the whole.

use twirl_core::{Design, Loss};
use twirl_measure::{
    Array, Figures, Input, MeasureError, Meter, NoteCode, Options, Predictions, Sampling, Values,
    figures, flat, text,
};

use crate::scene::{Scene, notes, tried};

const OPTIONS: Options = Options {
    replicates: 200,
    seed: 4,
    degree: 3,
};

/// Rows `from..to` of an array whose axis 0 are molecules.
fn cut<'a>(array: &Array<'a>, shape: &'a [usize], from: usize) -> Array<'a> {
    let width: usize = shape[1..].iter().product();
    let Values::F64(values) = array.values else {
        panic!("f64")
    };
    Array::f64(shape, &values[from * width..(from + shape[0]) * width])
}

/// A meter of the parts `lengths` of a scene, each with its molecules' numbers.
fn meter(scene: &Scene, lengths: &[usize], change: impl Fn(&mut Input<'_>)) -> Vec<Meter> {
    let whole = scene.input();
    let mut from = 0;
    let part = |&length: &usize| {
        let shapes = scene.shapes.each_ref().map(|shape| {
            let mut shape = shape.clone();
            shape[0] = length;
            shape
        });
        let numbers: Vec<i64> = (from..from + length).map(|k| k as i64).collect();
        let extent = [length];
        let mut input = Input::new(
            cut(&whole.terms[0].prediction, &shapes[0], from),
            cut(&whole.terms[0].target, &shapes[1], from),
        );
        input.terms[0].kind = whole.terms[0].kind;
        input.rotation = Some(cut(&whole.rotation.expect("rotations"), &shapes[2], from));
        input.molecule = Some(Array::i64(&extent, &numbers));
        change(&mut input);
        from += length;
        let mut meter = Meter::new(OPTIONS);
        let predictions = Predictions::new(&input).expect("arrays");
        let rows = meter.add(&predictions).expect("a part");
        assert_eq!(rows.row.len(), length);
        meter
    };
    lengths.iter().map(part).collect()
}

fn joined(meters: &[Meter]) -> Meter {
    let mut all = Meter::new(OPTIONS);
    for meter in meters {
        all.merge(meter).expect("parts of one");
    }
    all
}

/// The same but for the order of sums.
fn close(a: &Figures, b: &Figures) {
    let cells = |figures| flat(figures).into_iter().flatten();
    for ((name, a), (_, b)) in cells(a).zip(cells(b)) {
        match (a, b) {
            (twirl_measure::Cell::Number(Some(a)), twirl_measure::Cell::Number(Some(b))) => {
                assert!((a - b).abs() <= 1e-12 * a.abs(), "{name}: {a} and {b}");
            }
            (a, b) => assert_eq!(a, b, "{name}"),
        }
    }
    assert_eq!(a.notes, b.notes);
    for (a, b) in a.terms.iter().zip(&b.terms) {
        let powers = |term: &twirl_measure::TermFigures| {
            let spectrum = term.spectrum.as_ref().expect("a spectrum").iter();
            spectrum.map(|power| power.value).collect::<Vec<_>>()
        };
        for (a, b) in powers(a).iter().zip(powers(b)) {
            assert!((a - b).abs() < 1e-12, "{a} and {b}");
        }
    }
}

#[test]
fn parts_give_the_figures_of_the_whole() {
    let scene = Scene::new(41, 40, Design::Iid { rotations: 4 });
    for loss in [Loss::Squared, Loss::Norm] {
        let change = |input: &mut Input<'_>| input.terms[0].loss = loss.into();
        let mut whole = scene.input();
        change(&mut whole);
        let whole = figures(&Predictions::new(&whole).expect("arrays"), &OPTIONS).expect("figures");
        let mut meters = meter(&scene, &[1, 20, 19], change);
        let found = joined(&meters).figures().expect("figures");
        close(&whole, &found);
        assert_eq!((found.rows, found.molecules), (40, 40));
        meters.reverse();
        close(&whole, &joined(&meters).figures().expect("figures"));
        // Through bytes, and from several meters' bytes one after the other.
        let bytes: Vec<u8> = meters.iter().flat_map(Meter::save).collect();
        let loaded = Meter::load(&bytes).expect("bytes");
        assert_eq!(loaded.figures(), joined(&meters).figures());
        assert_eq!(loaded.given(), 40);
        assert!(text("loaded", &[], &found).contains("40 rows of 40 molecules at 4 rotations"));
    }
}

#[test]
fn rows_average_to_the_figures() {
    let scene = Scene::new(42, 25, Design::Iid { rotations: 3 });
    let input = scene.input();
    let mut meter = Meter::new(OPTIONS);
    let rows = meter
        .add(&Predictions::new(&input).expect("arrays"))
        .expect("rows");
    let parts = meter.figures().expect("figures").terms[0].parts;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / 25.0;
    let term = &rows.terms[0];
    for (values, value) in [
        (&term.loss, parts.loss.value),
        (&term.loss_mean, parts.loss_mean.value),
        (&term.loss_equiv, parts.loss_equiv.value),
        (&term.loss_of_zero, parts.loss_of_zero),
    ] {
        assert!(
            (mean(values) - value).abs() < 1e-12 * value.abs(),
            "{value}"
        );
    }
}

#[test]
fn what_only_the_whole_shows_is_found_from_parts() {
    // Every part has the same rotations: each alone shares none.
    let mut scene = Scene::new(43, 12, Design::Iid { rotations: 3 });
    let shared = scene.turns[0].clone();
    scene = Scene::with(scene.x, vec![shared; 12], |v| {
        crate::scene::apply(&crate::scene::A, v)
    });
    let meters = meter(&scene, &[1; 12], |_| {});
    let alone = meters[0].figures().expect("figures");
    assert!(notes(&alone, NoteCode::SharedRotations).is_empty());
    let found = joined(&meters).figures().expect("figures");
    assert_eq!(
        found.no_interval.as_deref(),
        Some("molecules share rotations")
    );
    assert_eq!(found.terms[0].parts.loss.interval, None);
    let note = notes(&found, NoteCode::SharedRotations);
    assert!(note[0].starts_with("36 of 36 rotations"), "{note:?}");

    // Rotations about one axis: three of them say little, 120 say that they are not uniform.
    let about = |k: usize| twirl_core::Rotation::about([0.0, 0.0, 1.0], 0.37 * (k + 1) as f64);
    let turns = (0..40).map(|row| (0..3).map(|k| about(3 * row + k)).collect());
    let base = Scene::new(44, 40, Design::Iid { rotations: 3 });
    let scene = Scene::with(base.x, turns.collect(), |v| v);
    let found = joined(&meter(&scene, &[1; 40], |_| {}))
        .figures()
        .expect("figures");
    assert_eq!(notes(&found, NoteCode::NotUniform).len(), 1);

    // An equivariant map whose rotations are given transposed.
    let base = Scene::new(45, 30, Design::Iid { rotations: 3 });
    let mut scene = Scene::with(base.x, base.turns, |v| v);
    for matrix in scene.matrices.chunks_exact_mut(9) {
        for (a, b) in [(1, 3), (2, 6), (5, 7)] {
            matrix.swap(a, b);
        }
    }
    let found = joined(&meter(&scene, &[10; 3], |_| {}))
        .figures()
        .expect("figures");
    let note = notes(&found, NoteCode::OtherReading);
    assert!(note[0].contains("with R transposed"), "{note:?}");
}

#[test]
fn parts_that_cannot_be_averaged_are_refused() {
    let four = Scene::new(46, 6, Design::Iid { rotations: 4 });
    let three = Scene::new(46, 6, Design::Iid { rotations: 3 });
    let mut meter_of_four = meter(&four, &[6], |_| {}).remove(0);
    let before = meter_of_four.figures().expect("figures");
    let refused =
        |meter: &mut Meter, other: &Meter| meter.merge(other).expect_err("a refusal").to_string();
    let of_three = meter(&three, &[6], |_| {}).remove(0);
    assert_eq!(
        refused(&mut meter_of_four, &of_three),
        "rotations: 3 here but 4 before; measure them apart"
    );
    let norm = meter(&four, &[6], |input| input.terms[0].loss = Loss::Norm.into()).remove(0);
    assert_eq!(
        refused(&mut meter_of_four, &norm),
        "loss: norm here but squared before; measure them apart"
    );
    let untwisted = meter(&four, &[6], |input| {
        input.terms[0].kind = twirl_measure::Kind::Axial;
    });
    assert!(refused(&mut meter_of_four, &untwisted[0]).starts_with("kind: axial here"));
    let subset = Sampling::Subset(twirl_core::FiniteGroup::Octahedral);
    let other = meter(&four, &[6], |input| input.sampling = Some(subset));
    assert!(refused(&mut meter_of_four, &other[0]).starts_with("design: subset:octahedral here"));
    let other_seed = Meter::new(Options { seed: 5, ..OPTIONS });
    assert!(meter_of_four.merge(&other_seed).is_err());
    assert_eq!(
        meter_of_four.figures().expect("figures"),
        before,
        "refusals leave no trace"
    );
    assert!(matches!(
        Meter::new(OPTIONS).figures(),
        Err(MeasureError::Empty { .. })
    ));
    assert!(tried(&four.input()).is_ok());
}

#[test]
fn damaged_bytes_are_refused() {
    let scene = Scene::new(47, 6, Design::Iid { rotations: 3 });
    let meter = meter(&scene, &[6], |_| {}).remove(0);
    let bytes = meter.save();
    assert!(Meter::load(&bytes).is_ok());
    assert!(
        Meter::load(&Meter::new(OPTIONS).save())
            .expect("empty")
            .figures()
            .is_err()
    );
    for end in (0..bytes.len()).step_by(97) {
        assert!(Meter::load(&bytes[..end]).is_err(), "cut at {end}");
    }
    // Another byte anywhere: refused, or other numbers, but no panic.
    for place in (0..bytes.len()).step_by(53) {
        let mut other = bytes.clone();
        other[place] ^= 0x5a;
        if let Ok(meter) = Meter::load(&other) {
            let _ = meter.figures();
        }
    }
    let error = Meter::load(b"something else").expect_err("no meter");
    assert_eq!(
        error.to_string(),
        "saved meter: these bytes are none; save it again with this version"
    );
}
