//! One file per kind of bad input, and the one line that it is answered with.

use std::fs;

use hdf5_writer::{DatasetBuilder, Hdf5Builder};
use twirl_data::{DataSet, LengthUnit, OpenOptions};

use crate::bad_hdf5::project;
use crate::fixtures;
use crate::read;

const N: usize = 10;

/// An npz whose member `name` is replaced.
fn npz(name: &str, with: Vec<u8>) -> Vec<u8> {
    let mut members = fixtures::npz_members(N);
    let member = members
        .iter_mut()
        .find(|(member, _)| *member == name)
        .expect("a member");
    member.1 = with;
    fixtures::zip(&members, false)
}

fn xyz(from: &str, to: &str) -> Vec<u8> {
    let text = fixtures::xyz(N);
    let changed = text.replacen(from, to, 1);
    assert_ne!(text, changed, "the fixture lost {from}");
    changed.into_bytes()
}

fn group(array: DatasetBuilder) -> Vec<u8> {
    fixtures::encode(Hdf5Builder::new().dataset(array))
}

pub(crate) fn check(table: Vec<(&str, Vec<u8>, &str)>) {
    for (name, bytes, expected) in table {
        match read(name, &bytes) {
            Ok(set) => panic!(
                "{name} was read as {} frames; expected: {expected}",
                set.len()
            ),
            Err(error) => assert_eq!(error.to_string(), expected),
        }
    }
}

#[test]
fn unknown_and_empty_files() {
    check(vec![
        (
            "a.xyz",
            vec![],
            "a.xyz: holds no byte; use a file with at least three labelled frames",
        ),
        (
            "a.xyz",
            b"\n\n".to_vec(),
            "a.xyz: holds no frame; use a file with at least three labelled frames",
        ),
        (
            "a.csv",
            b"x,y\n1,2\n".to_vec(),
            "a.csv: unknown format (starts with \"x,y\\n1,2\\n\"); use HDF5 (the project's, SPICE, ANI, QM7-X), npz (MD17, sGDML), extended XYZ or SDF",
        ),
        (
            "a.h5",
            b"not hdf5".to_vec(),
            "a.h5: unknown format (named .h5 but does not start like HDF5); use HDF5 (the project's, SPICE, ANI, QM7-X), npz (MD17, sGDML), extended XYZ or SDF",
        ),
        (
            "a.h5",
            group(DatasetBuilder::typed_data("other", vec![1], &[1_i32]).expect("array")),
            "a.h5: unknown format (HDF5 with neither an array offset nor groups with an array conformations, coordinates or atXYZ); use HDF5 (the project's, SPICE, ANI, QM7-X), npz (MD17, sGDML), extended XYZ or SDF",
        ),
    ]);
}

#[test]
fn files_that_cannot_be_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gone.xyz");
    let shown = path.display();
    let error = DataSet::open(&path, &OpenOptions::default()).expect_err("no file");
    assert_eq!(
        error.to_string(),
        format!("{shown}: no such file; check the path, or prepare the data set first")
    );
    fs::write(&path, fixtures::xyz(N)).expect("a file");
    let options = OpenOptions {
        max_bytes: Some(10),
        ..OpenOptions::default()
    };
    let error = DataSet::open(&path, &options).expect_err("a limit of 10 bytes");
    assert_eq!(
        error.to_string(),
        format!(
            "{shown}: frame 0, line 1: claims 3 atoms, the limit is 10 bytes of arrays; give more, if they are there: --max-bytes, or use a part of the set"
        )
    );
    let error = DataSet::open(folder.path(), &OpenOptions::default()).expect_err("a folder");
    assert!(
        error
            .to_string()
            .starts_with(&format!("{}: cannot be read: ", folder.path().display()))
    );
    assert_eq!(
        DataSet::open(&path, &OpenOptions::default())
            .expect("whole")
            .name(),
        "gone"
    );
}

#[test]
fn extended_xyz() {
    check(vec![
        (
            "a.xyz",
            xyz("3\nP", "three\nP"),
            "a.xyz: frame 0, line 1: damaged or truncated: expected a number of atoms, found \"three\"; fetch or write the file again",
        ),
        (
            "a.xyz",
            fixtures::xyz(N)
                .trim_end()
                .rsplit_once('\n')
                .expect("lines")
                .0
                .into(),
            "a.xyz: frame 9, line 49: damaged or truncated: the file ends inside a frame of 3 atoms; fetch or write the file again",
        ),
        (
            "a.xyz",
            xyz("O 0 0 0", "O 0 NaN 0"),
            "a.xyz: frame 0, atom 0: position is NaN; recompute the frame, or leave it out: --leave-out implausible",
        ),
        (
            "a.xyz",
            xyz("-0.5 0 0\n", "-0.5 inf 0\n"),
            "a.xyz: frame 0, atom 1: force is inf; recompute the frame, or leave it out: --leave-out implausible",
        ),
        (
            "a.xyz",
            xyz("energy=-2079 ", "energy=nan "),
            "a.xyz: frame 0: energy is NaN; recompute the frame, or leave it out: --leave-out implausible",
        ),
        (
            "a.xyz",
            xyz("energy=-2079 ", "energy=low "),
            "a.xyz: frame 0, line 2: damaged or truncated: energy \"low\" is not a number; fetch or write the file again",
        ),
        (
            "a.xyz",
            xyz("energy=-2079.125 ", ""),
            "a.xyz: frame 1: 1 of 10 frames have no energy, the first here; add them, or leave those frames out: --leave-out unlabelled",
        ),
        (
            "a.xyz",
            xyz("O 0 0 0", "Xx 0 0 0"),
            "a.xyz: frame 0, line 3: unknown element Xx; elements 1 (H) to 96 (Cm) are known",
        ),
        (
            "a.xyz",
            xyz("O 0 0 0 ", "O 0 0 "),
            "a.xyz: frame 0, line 3: damaged or truncated: fewer than 7 columns; fetch or write the file again",
        ),
        (
            "a.xyz",
            xyz("O 0 0 0 ", "O 0 0 0 0 "),
            "a.xyz: frame 0, line 3: damaged or truncated: more than 7 columns; fetch or write the file again",
        ),
        (
            "a.xyz",
            xyz("forces:R:3", "forces:R:2"),
            "a.xyz: frame 0, line 2: column forces is R:2, expected R:3; correct the record and write the file again",
        ),
        (
            "a.xyz",
            xyz("forces:R:3", "forces:R"),
            "a.xyz: frame 0, line 2: damaged or truncated: Properties=species:S:1:pos:R:3:forces:R is not name:type:columns; fetch or write the file again",
        ),
        (
            "a.xyz",
            xyz("pbc=\"F F F\"", "pbc=\"F F T\""),
            "a.xyz: frame 0, line 2: the frame is periodic; use molecules; if this is one, write pbc=\"F F F\"",
        ),
        (
            "a.xyz",
            xyz("pbc=\"F F F\"", "pbc=\"F F F"),
            "a.xyz: frame 0, line 2: damaged or truncated: the value of pbc is not closed; fetch or write the file again",
        ),
        (
            "a.xyz",
            xyz("H 0.96 0 0", "H 0.1 0 0"),
            "a.xyz: frame 0: atoms 0 (O) and 1 (H) overlap at 0.100 A; recompute the frame, or leave it out: --leave-out implausible",
        ),
        (
            "a.xyz",
            xyz("H 0.96 0 0", "H 1e200 0 0"),
            "a.xyz: frame 0: a position of 1e200 A, beyond 1e5 A; correct the record and write the file again",
        ),
        (
            "a.xyz",
            [fixtures::xyz(N).as_bytes(), b"\xff\n"].concat(),
            "a.xyz: line 51: damaged or truncated: not text; fetch or write the file again",
        ),
        (
            "a.xyz",
            fixtures::xyz(2).into(),
            "a.xyz: 2 frames cannot be split into train, validation and test; use at least 3",
        ),
    ]);
}

#[test]
fn npz_archives() {
    let vectors = |frames: usize| vec![0.5; 9 * frames];
    let array =
        |shape: &str, values: &[f64]| fixtures::npy("<f8", shape, &fixtures::floats(values));
    let whole = fixtures::npz(N);
    check(vec![
        (
            "a.npz",
            npz("forces.npy", array("(10, 9)", &vectors(N))),
            "a.npz: array forces: shape [10, 9], expected [10, 3, 3]; write the arrays again",
        ),
        (
            "a.npz",
            npz("forces.npy", array("(9, 3, 3)", &vectors(9))),
            "a.npz: array forces: shape [9, 3, 3], expected [10, 3, 3]; write the arrays again",
        ),
        (
            "a.npz",
            npz("coords.npy", array("(10, 4, 3)", &[0.5; 120])),
            "a.npz: array nuclear_charges: shape [3], expected [4] or [10, 4]; write the arrays again",
        ),
        (
            "a.npz",
            npz("energies.npy", array("(2,)", &[0.0; 2])),
            "a.npz: array energies: shape [2], expected [10] or [10, 1]; write the arrays again",
        ),
        (
            "a.npz",
            npz(
                "coords.npy",
                array("(4611686018427387904, 4611686018427387904, 3)", &[0.5; 3]),
            ),
            "a.npz: array coords: damaged or truncated: shape [4611686018427387904, 4611686018427387904, 3] of 8-byte numbers does not fit the 24 bytes stored; fetch or write the file again",
        ),
        (
            "a.npz",
            npz("coords.npy", fixtures::npy("<f2", "(10, 3, 3)", &[0; 180])),
            "a.npz: array coords: holds numbers of type <f2; write it with numpy.savez as an array of integers, float32 or float64",
        ),
        (
            "a.npz",
            npz("coords.npy", b"nothing".to_vec()),
            "a.npz: array coords: damaged or truncated: no readable npy header; fetch or write the file again",
        ),
        (
            "a.npz",
            npz(
                "nuclear_charges.npy",
                fixtures::npy("|u1", "(3,)", &[8, 1, 0]),
            ),
            "a.npz: array nuclear_charges: unknown element 0; elements 1 (H) to 96 (Cm) are known",
        ),
        (
            "a.npz",
            fixtures::zip(&fixtures::npz_members(N)[1..], false),
            "a.npz: archive: array nuclear_charges is missing; add it, or check the layout of the file",
        ),
        (
            "a.npz",
            whole[..whole.len() / 2].to_vec(),
            "a.npz: zip directory: damaged or truncated: invalid Zip archive: Could not find EOCD; fetch or write the file again",
        ),
    ]);
}

#[test]
fn wrong_units_are_named_with_the_unit_that_fits() {
    let scaled = |factor: f32| project(|p| p.position.iter_mut().for_each(|x| *x *= factor));
    let force = |factor: f32| project(|p| p.force.iter_mut().for_each(|x| *x *= factor));
    check(vec![
        (
            "a.h5",
            scaled(1.889_726),
            "a.h5: read as angstrom, the median distance to the nearest atom is 1.811 A, 1.87 of a bond; the file looks like bohr: give --length-unit bohr",
        ),
        (
            "a.h5",
            scaled(0.1),
            "a.h5: read as angstrom, the median distance to the nearest atom is 0.096 A, 0.10 of a bond; the file looks like nm: give --length-unit nm",
        ),
        (
            "a.h5",
            scaled(100.0),
            "a.h5: read as angstrom, the median distance to the nearest atom is 95.853 A, 98.82 of a bond; no known length unit fits: check the file",
        ),
        (
            "a.h5",
            force(40.0),
            "a.h5: read as eV/angstrom, the median force on an atom is 24.2 eV/A (plausible up to 15); give the right unit: --force-unit kcal/mol/angstrom",
        ),
    ]);
    let options = OpenOptions {
        length_unit: Some(LengthUnit::Bohr),
        ..OpenOptions::default()
    };
    let error = DataSet::from_bytes("a.xyz", fixtures::xyz(N).as_bytes().into(), &options);
    assert_eq!(
        error.expect_err("angstrom").to_string(),
        "a.xyz: read as bohr, the median distance to the nearest atom is 0.507 A, 0.52 of a bond; the file looks like angstrom: give --length-unit angstrom"
    );
}

/// Claims of a size that the file cannot back are refused before the memory is asked for.
#[test]
fn claims_of_size_are_not_believed() {
    // Written by make_claims.py beside this file.
    let table: [(&[u8], &str); 2] = [
        (
            include_bytes!("claims_chunked.h5"),
            "a.h5: array atomic_number: claims shape [1125899906842624] of 1 bytes each, the limit is CHUNKED; the file is damaged or truncated: fetch it again",
        ),
        (
            include_bytes!("claims_contiguous.h5"),
            "a.h5: group m, array conformations: claims shape [1099511627776, 3, 3] of 4 bytes each, the limit is LENGTH bytes for a file of LENGTH; the file is damaged or truncated: fetch it again",
        ),
    ];
    for (bytes, expected) in table {
        let length = bytes.len();
        let chunked = format!("{} bytes for a file of {length}", 1032 * length);
        let expected = expected
            .replace("CHUNKED", &chunked)
            .replace("LENGTH", &length.to_string());
        assert_eq!(
            read("a.h5", bytes).expect_err("a claim").to_string(),
            expected
        );
    }
    let text = fixtures::xyz(N).replacen("3\nP", "999999999999\nP", 1);
    let error = read("a.xyz", text.as_bytes())
        .expect_err("a claim")
        .to_string();
    assert_eq!(
        error,
        "a.xyz: frame 0, line 1: claims 999999999999 atoms, the limit is 8589934592 bytes of arrays; give more, if they are there: --max-bytes, or use a part of the set"
    );
}
