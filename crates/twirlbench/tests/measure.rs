//! `twirlbench measure` on a predictor with a closed form, and on files that are wrong.
//!
//! `tests/fixtures/` was written by `examples/python/analytic.py` with numpy and h5py.

use std::io::{Cursor, Write};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn measure(file: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_twirlbench"))
        .arg("measure")
        .arg(file)
        .args(arguments)
        .output()
        .expect("the program starts")
}

fn json(file: &Path, arguments: &[&str]) -> Value {
    let output = measure(file, &[arguments, &["--json"]].concat());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn holds(estimate: &Value, truth: f64) -> bool {
    let end = |place: usize| estimate["interval"][place].as_f64().expect("an end");
    (end(0)..=end(1)).contains(&truth)
}

#[test]
fn a_linear_map_has_the_percentage_of_its_closed_form() {
    let text = std::fs::read_to_string(fixture("analytic.json")).expect("closed forms");
    let truth: Value = serde_json::from_str(&text).expect("JSON");
    let percent = truth["percent_equiv"].as_f64().expect("a number");
    let files = ["analytic.h5", "analytic.npz"].map(fixture);
    let found = files.each_ref().map(|file| json(file, &[]));
    for found in &found {
        let term = &found["terms"][0];
        assert!(holds(&term["parts"]["percent_equiv"], percent), "{found}");
        let powers = term["spectrum"].as_array().expect("a spectrum");
        let truths = truth["spectrum"].as_array().expect("closed forms");
        for (power, truth) in powers.iter().zip(truths) {
            let truth = truth.as_f64().expect("a number");
            assert!(holds(power, truth), "{power} should hold {truth}");
        }
    }
    // Raw vectors in single precision turned back here, against numpy's in double precision.
    let parts = found.each_ref().map(|found| {
        found["terms"][0]["parts"]["loss_equiv"]["value"]
            .as_f64()
            .expect("a number")
    });
    assert!((parts[0] / parts[1] - 1.0).abs() < 1e-5, "{parts:?}");
}

#[test]
fn another_loss_is_measured_beside_the_squared_one() {
    let file = fixture("analytic.npz");
    let found = [&[][..], &["--loss", "norm"]].map(|more| json(&file, more));
    let [squared, norm] = found.each_ref().map(|found| &found["terms"][0]);
    assert_eq!(norm["squared"], squared["parts"]);
    let percent = |found: &Value| found["parts"]["percent_equiv"]["value"].as_f64();
    assert!(percent(norm) < percent(squared), "{norm}");
    assert!(squared["squared"].is_null());
    assert!(norm["twirled"].as_array().is_some_and(Vec::is_empty));
}

/// An `.npy` file of double precision.
fn npy(shape: &[usize], values: &[f64]) -> Vec<u8> {
    let shape = shape
        .iter()
        .fold(String::new(), |text, size| text + &size.to_string() + ",");
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({shape}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

type Named<'a> = (&'a str, &'a [usize], Vec<f64>);

fn npz(path: &Path, arrays: &[Named]) {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, shape, values) in arrays {
        let options = zip::write::SimpleFileOptions::default();
        archive
            .start_file(format!("{name}.npy"), options)
            .expect("an entry");
        archive.write_all(&npy(shape, values)).expect("written");
    }
    std::fs::write(path, archive.finish().expect("finished").into_inner()).expect("written");
}

/// Two molecules, three rotations, one block of two: enough for every check.
fn small() -> (Named<'static>, Named<'static>) {
    let prediction = (0..12).map(|value| f64::from(value * value % 7)).collect();
    (
        ("prediction", &[2, 3, 2], prediction),
        ("target", &[2, 2], vec![1.0; 4]),
    )
}

#[test]
fn few_molecules_have_figures_and_no_interval() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("small.npz");
    let (prediction, target) = small();
    npz(&file, &[prediction, target]);
    let output = measure(&file, &[]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("no interval (2 molecules)"), "{text}");
    assert!(
        text.contains("no spectrum: there is no array rotation"),
        "{text}"
    );
    assert!(!text.contains("NaN"), "{text}");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of wrong files")]
fn a_wrong_file_is_one_line_and_exit_code_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let (prediction, target) = small();
    let changed = |change: &dyn Fn(&mut Vec<f64>)| {
        let mut prediction = prediction.clone();
        change(&mut prediction.2);
        prediction
    };
    let cases: Vec<(Vec<Named>, &[&str], &str)> = vec![
        (
            vec![target.clone()],
            &[],
            "array prediction is missing (found: target)",
        ),
        (vec![prediction.clone()], &[], "array target is missing"),
        (
            vec![("prediction", &[2, 3], vec![1.0; 6]), target.clone()],
            &[],
            "prediction has shape [2, 3]; it needs [molecules, rotations, ...blocks, dim]",
        ),
        (
            vec![("prediction", &[2, 1, 2], vec![1.0; 4]), target.clone()],
            &[],
            "one rotation of each molecule; give at least 2",
        ),
        (
            vec![prediction.clone(), ("target", &[2, 3], vec![1.0; 6])],
            &[],
            "target has shape [2, 3], but prediction asks for [2, 2]",
        ),
        (
            vec![changed(&|values| values[7] = f64::NAN), target.clone()],
            &[],
            "prediction at [1, 0, 1] is NaN",
        ),
        (
            vec![changed(&|values| values[0] = f64::INFINITY), target.clone()],
            &[],
            "prediction at [0, 0, 0] is inf",
        ),
        (
            vec![
                prediction.clone(),
                target.clone(),
                ("wieght", &[2], vec![1.0; 2]),
            ],
            &[],
            "array wieght is not part of the layout",
        ),
        (
            vec![
                prediction.clone(),
                target.clone(),
                ("mask", &[2], vec![1.0, 0.5]),
            ],
            &[],
            "mask of molecule 1, block 0 is 0.5; give 0 or 1",
        ),
        (
            vec![
                prediction.clone(),
                target.clone(),
                ("rotation", &[3, 3, 3], vec![0.5; 27]),
            ],
            &[],
            "rotation 0 of molecule 0 is not orthogonal",
        ),
        (
            vec![prediction.clone(), target.clone()],
            &["--kind", "vector"],
            "there is no array rotation",
        ),
        (
            vec![prediction.clone(), target.clone()],
            &["--kind", "tensors"],
            "kind is tensors; give untwisted, scalar or vector",
        ),
        (
            vec![prediction.clone(), target.clone()],
            &["--loss", "l1"],
            "give squared, norm or huber:DELTA",
        ),
        (
            vec![prediction.clone(), target.clone()],
            &["--design", "octahedral"],
            "there are 3 rotations; the group has 24",
        ),
    ];
    for (number, (arrays, arguments, expected)) in cases.iter().enumerate() {
        let file = folder.path().join(format!("case-{number}.npz"));
        npz(&file, arrays);
        let output = measure(&file, arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{expected}: {error}");
        assert!(error.contains(expected), "expected {expected}: {error}");
        assert!(error.contains(&format!("case-{number}.npz")), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    let text = folder.path().join("text.npz");
    std::fs::write(&text, "not an archive").expect("written");
    for (file, expected) in [
        (text, "write HDF5 (h5py) or npz"),
        (folder.path().join("no.h5"), "no such file"),
    ] {
        let output = measure(&file, &[]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(
            error.contains(expected) && error.lines().count() == 1,
            "{error}"
        );
    }
}

#[test]
fn rotations_that_are_not_what_they_are_said_to_be_are_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let identity = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    let (prediction, target) = small();
    let file = folder.path().join("same.npz");
    let turns: Named = ("rotation", &[3, 3, 3], identity.repeat(3));
    npz(&file, &[prediction, target, turns]);
    let text = String::from_utf8_lossy(&measure(&file, &[]).stdout).into_owned();
    assert!(
        text.contains("rotation 1 of molecule 0 occurs twice"),
        "{text}"
    );

    // 24 copies of the identity are not the group of the cube.
    let prediction = (0..48).map(|value| f64::from(value * value % 7)).collect();
    let file = folder.path().join("group.npz");
    npz(
        &file,
        &[
            ("prediction", &[1, 24, 2], prediction),
            ("target", &[1, 2], vec![1.0; 2]),
            ("rotation", &[24, 3, 3], identity.repeat(24)),
        ],
    );
    let output = measure(&file, &["--design", "octahedral"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(
        error.contains("occurs twice; a group holds each once"),
        "{error}"
    );
}

#[test]
fn several_files_make_a_table_and_a_list() {
    let files = ["analytic.h5", "analytic.npz"].map(|name| fixture(name).display().to_string());
    let second = files[1].as_str();
    let output = measure(Path::new(&files[0]), &[second, "--csv"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(
        lines.iter().all(|line| line.len() == lines[0].len()),
        "{text}"
    );
    let column = |name: &str| {
        let place = lines[0].iter().position(|head| *head == name);
        place.unwrap_or_else(|| panic!("no column {name}: {text}"))
    };
    assert_eq!((lines[1][0], lines[2][0]), (files[0].as_str(), second));
    let list = measure(Path::new(&files[0]), &[second, "--json"]);
    let list: Value = serde_json::from_slice(&list.stdout).expect("JSON");
    for (line, found) in lines[1..].iter().zip(list.as_array().expect("a list")) {
        let percent = &found["terms"][0]["parts"]["percent_equiv"];
        let number = |text: &str| text.parse::<f64>().expect("a number");
        assert_eq!(
            number(line[column("percent_equiv")]),
            percent["value"],
            "{found}"
        );
        assert_eq!(
            number(line[column("percent_equiv_low")]),
            percent["interval"][0]
        );
        assert_eq!(found["schema"], 2);
    }
    let deep = json(Path::new(second), &["--degree", "9"]);
    assert_eq!(
        deep["terms"][0]["spectrum"].as_array().map(Vec::len),
        Some(10)
    );
}

#[test]
fn shared_rotations_and_foreign_arrays_are_said_on_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shared.npz");
    let third = std::f64::consts::TAU / 3.0;
    let turns = [0.0, third, 2.0 * third].map(|angle| {
        let (s, c) = f64::sin_cos(angle);
        [c, -s, 0.0, s, c, 0.0, 0.0, 0.0, 1.0]
    });
    let prediction = (0..12).map(|value| f64::from(value * value % 7)).collect();
    npz(
        &file,
        &[
            ("prediction", &[2, 3, 2], prediction),
            ("target", &[2, 2], vec![1.0; 4]),
            ("rotation", &[3, 3, 3], turns.concat()),
            ("cell_lengths", &[2, 3], vec![0.0; 6]),
        ],
    );
    let output = measure(&file, &[]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for expected in [
        "left alone: cell_lengths",
        "no interval (molecules share rotations)",
        "note: 6 of 6 rotations also turn another molecule",
        "L / L0",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}
