//! What every data set promises, whatever it was read from; extended XYZ.

use twirl_data::{DataSet, Geometry, OpenOptions, Split, write_extxyz};

use super::fixtures;
use crate::mutate;
use crate::scratch::Scratch;
use crate::target::{Outcome, Target, refused};

pub(super) const XYZ: Target = Target {
    name: "xyz",
    make: |stream| {
        let water = fixtures::xyz(6);
        let lattice = water.replace("pbc=", "Lattice=\"9 0 0 0 9 0 0 0 9\" pbc=");
        let bare = water.replace("Properties=species:S:1:pos:R:3:forces:R:3 ", "");
        let named = water.replace("energy=", "config_type=\"a b\" REF_energy=");
        let corpus = [water, lattice, bare, named].map(String::into_bytes);
        mutate::bytes(&corpus, WORDS, stream)
    },
    check: |input, scratch| check("fuzz.xyz", input, scratch),
};

const WORDS: &[&str] = &[
    "energy=",
    "Energy=nan",
    "forces:R:3",
    "pos:R:3",
    "species:S:1",
    "Z:I:1",
    "id:L:1",
    "Properties=",
    "pbc=\"T T F\"",
    "Lattice=",
    "charge=-1",
    "smiles=\"O\"",
    "smiles=\"C/C=C\\\\C\"",
    "\\\"",
    "{",
    "}",
    "0\n",
    "1\n",
    "3\n",
    "100000000\n",
    "\n\n",
    "\t",
    "Og",
    "X",
    "99",
    "virial=",
];

/// Reads a file and holds it to the promises.
pub(super) fn check(name: &str, input: &[u8], scratch: &Scratch) -> Outcome {
    match DataSet::from_bytes(name, input.into(), &OpenOptions::default()) {
        Ok(set) => {
            hold(&set);
            again(&set, scratch);
            Outcome::Accepted
        }
        Err(error) => {
            let line = error.to_string();
            assert!(line.starts_with(name), "no file in: {line}");
            assert!(line.contains("; "), "no remedy in: {line}");
            assert!(!line.contains(char::is_control), "control bytes: {line:?}");
            refused(&line)
        }
    }
}

fn hold(set: &DataSet) {
    assert!(set.len() > 2, "{} frames", set.len());
    let finite = |vectors: &[[f64; 3]]| vectors.as_flattened().iter().all(|x| x.is_finite());
    for frame in 0..set.len() {
        let numbers = set.atomic_numbers(frame);
        assert!(
            !numbers.is_empty() && !numbers.contains(&0),
            "frame {frame}: {numbers:?}"
        );
        let positions = set.positions(frame);
        assert!(
            positions.len() == numbers.len() && finite(positions),
            "frame {frame}: positions"
        );
        if let Some(forces) = set.forces(frame) {
            assert!(
                forces.len() == numbers.len() && finite(forces),
                "frame {frame}: forces"
            );
        }
        assert!(
            set.energy(frame).is_none_or(f64::is_finite),
            "frame {frame}: energy"
        );
    }
    let mut parts: Vec<usize> = Vec::new();
    for split in [Split::Train, Split::Validation, Split::Test] {
        assert!(!set.split(split).is_empty(), "{split:?} is empty");
        parts.extend(set.split(split));
    }
    let count = parts.len();
    parts.sort_unstable();
    parts.dedup();
    assert_eq!(parts.len(), count, "a frame is in two parts of the split");
    assert!(
        parts.last().is_none_or(|&last| last < set.len()),
        "a frame beyond the last"
    );
}

/// What is written of a set is read again as it was, bit for bit. It may be refused: extended XYZ has no
/// place for the split, and frames without it may fall into parts that share what they must not.
fn again(set: &DataSet, scratch: &Scratch) {
    let geometries: Vec<Geometry> = (0..set.len())
        .map(|frame| Geometry {
            atomic_numbers: set.atomic_numbers(frame).to_vec(),
            positions: set.positions(frame).to_vec(),
            ..Geometry::default()
        })
        .collect();
    let file = scratch.path().join("again.xyz");
    write_extxyz(&file, &geometries).expect("an accepted set can be written");
    let read = match DataSet::open(&file, &OpenOptions::default()) {
        Ok(read) => read,
        Err(error) => {
            refused(&error.to_string());
            return;
        }
    };
    assert_eq!(read.len(), set.len(), "frames read again");
    for frame in 0..set.len() {
        assert_eq!(
            read.atomic_numbers(frame),
            set.atomic_numbers(frame),
            "frame {frame}"
        );
        assert_eq!(read.positions(frame), set.positions(frame), "frame {frame}");
    }
}
