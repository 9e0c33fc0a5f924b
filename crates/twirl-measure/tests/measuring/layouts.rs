//! Names in files: ours, those of other programs, and slips of the pen.

use std::collections::BTreeMap;

use twirl_data::{Arrays, NumberArray};
use twirl_measure::layout::{Override, foreign, input};
use twirl_measure::{Kind, Sampling, loss_name};

fn numbers(names: &[(&str, &[usize])]) -> BTreeMap<String, NumberArray> {
    let array = |shape: &[usize]| NumberArray {
        shape: shape.to_vec(),
        values: (0..shape.iter().product::<usize>())
            .map(|k| (k * k % 7) as f64)
            .collect(),
    };
    let named = names
        .iter()
        .map(|(name, shape)| ((*name).to_owned(), array(shape)));
    named.collect()
}

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = pairs
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    pairs.collect()
}

fn one_term() -> Arrays {
    Arrays {
        numbers: numbers(&[("prediction", &[6, 2, 3]), ("target", &[6, 3])]),
        ..Arrays::default()
    }
}

#[test]
fn attributes_and_arrays_of_other_programs_are_left_alone() {
    let mut arrays = one_term();
    // As PyTables and NetCDF write them.
    arrays.attributes = texts(&[
        ("CLASS", "GROUP"),
        ("TITLE", ""),
        ("VERSION", "1.0"),
        ("PYTABLES_FORMAT_VERSION", "2.1"),
        ("_NCProperties", "version=2,netcdf=4.9.2"),
        ("kind", "vector"),
    ]);
    arrays
        .numbers
        .extend(numbers(&[("phony_dim_0", &[6]), ("cell_lengths", &[6, 3])]));
    arrays.texts = texts(&[("comment", "epoch 12")]);
    arrays.others = texts(&[("names", "not one string")]);
    let found = input(&arrays, &Override::default()).expect("an input");
    assert_eq!(
        found.terms[0].kind,
        Kind::Vector,
        "an attribute that is ours counts"
    );
    assert_eq!(
        foreign(&arrays),
        ["cell_lengths", "phony_dim_0", "comment", "names"]
    );
    // An array of one string comes before an attribute, an argument before both.
    arrays.texts.insert("kind".into(), "scalar".into());
    let found = input(&arrays, &Override::default()).expect("an input");
    assert_eq!(found.terms[0].kind, Kind::Scalar);
    let over = Override {
        kind: Some("untwisted"),
        loss: Some("norm"),
        design: Some("orbits:octahedral"),
    };
    let found = input(&arrays, &over).expect("an input");
    assert_eq!(found.terms[0].kind, Kind::Untwisted);
    assert_eq!(loss_name(&found.terms[0].loss), "norm");
    let group = twirl_core::FiniteGroup::Octahedral;
    assert_eq!(found.sampling, Some(Sampling::Orbits(group)));
}

#[test]
fn arrays_of_molecules_are_found_by_name() {
    let mut arrays = one_term();
    let common: [(&str, &[usize]); 3] = [
        ("molecule", &[6]),
        ("position", &[6, 4, 3]),
        ("atomic_number", &[6, 4]),
    ];
    arrays.numbers.extend(numbers(&common));
    let found = input(&arrays, &Override::default()).expect("an input");
    let shapes = [found.molecule, found.position, found.atomic_number].map(|array| {
        let array = array.expect("an array of the layout");
        array.shape.to_vec()
    });
    assert_eq!(shapes, common.map(|(_, shape)| shape.to_vec()));
    assert!(foreign(&arrays).is_empty());
}

#[test]
fn a_slip_of_the_pen_is_refused() {
    for name in [
        "wieght",
        "Weight",
        "targets",
        "predictions",
        "rotations",
        "molecules",
        "masks",
        "atomic_numbers",
    ] {
        let mut arrays = one_term();
        arrays.numbers.extend(numbers(&[(name, &[6])]));
        let error = input(&arrays, &Override::default())
            .expect_err(name)
            .to_string();
        assert!(
            error.starts_with(&format!("array {name} is not part of the layout")),
            "{error}"
        );
    }
    let mut arrays = one_term();
    arrays.texts = texts(&[("kinds", "vector")]);
    let error = input(&arrays, &Override::default())
        .expect_err("a slip")
        .to_string();
    assert!(
        error.starts_with("text kinds is not part of the layout"),
        "{error}"
    );
}

#[test]
fn an_array_of_ours_without_numbers_is_refused_with_the_reason() {
    let mut arrays = one_term();
    arrays.others = texts(&[("weight", "holds numbers of type <c16; write real numbers")]);
    let error = input(&arrays, &Override::default())
        .expect_err("complex")
        .to_string();
    assert_eq!(
        error,
        "array weight: holds numbers of type <c16; write real numbers"
    );
}

#[test]
fn terms_have_names_before_a_dot_and_settings_of_their_own() {
    let arrays = Arrays {
        numbers: numbers(&[
            ("force.prediction", &[6, 2, 4, 3]),
            ("force.target", &[6, 4, 3]),
            ("force.mask", &[6, 4]),
            ("energy.prediction", &[6, 2, 1]),
            ("energy.target", &[6, 1]),
        ]),
        texts: texts(&[
            ("loss", "norm"),
            ("energy.loss", "squared"),
            ("force.kind", "vector"),
        ]),
        ..Arrays::default()
    };
    let found = input(&arrays, &Override::default()).expect("an input");
    let of: Vec<(&str, String, Kind, bool)> = found
        .terms
        .iter()
        .map(|term| {
            (
                term.name.as_str(),
                loss_name(&term.loss),
                term.kind,
                term.mask.is_some(),
            )
        })
        .collect();
    let expected = [
        ("energy", "squared".to_owned(), Kind::Untwisted, false),
        ("force", "norm".to_owned(), Kind::Vector, true),
    ];
    assert_eq!(of, expected);
    let mut arrays = arrays;
    arrays.numbers.remove("force.target");
    let error = input(&arrays, &Override::default())
        .expect_err("a gap")
        .to_string();
    assert!(
        error.starts_with("array force.target is missing (found: energy.prediction"),
        "{error}"
    );
}
