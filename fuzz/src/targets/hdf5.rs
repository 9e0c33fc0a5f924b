//! The layouts in HDF5: damaged files, and damaged values in intact ones.

use rand::RngExt;
use twirl_core::Stream;

use super::data;
use super::fixtures::{self, Project, WATER_SMILES};
use crate::mutate;
use crate::target::Target;

pub(super) const PROJECT: Target = Target {
    name: "project-hdf5",
    make: |stream| {
        if stream.random_range(0..3) == 0 {
            mutate::bytes(&[Project::new(20).bytes()], &[], stream)
        } else {
            values(stream)
        }
    },
    check: |input, scratch| data::check("fuzz.h5", input, scratch),
};

pub(super) const SPICE: Target = Target {
    name: "spice-hdf5",
    make: |stream| {
        if stream.random_range(0..4) == 0 {
            let smiles = mutate::bytes(&[WATER_SMILES.into()], &["[H:2]", "[O:1]", "."], stream);
            return fixtures::encode(fixtures::spice(3, 4, &text(&smiles)));
        }
        let file = fixtures::encode(fixtures::spice(3, 4, WATER_SMILES));
        mutate::bytes(&[file], WORDS, stream)
    },
    check: |input, scratch| data::check("fuzz.hdf5", input, scratch),
};

/// Files by h5py whose headers claim arrays of many gigabytes.
pub(super) const CLAIMING: Target = Target {
    name: "claiming-hdf5",
    make: |stream| mutate::bytes(&[CHUNKED.to_vec(), CONTIGUOUS.to_vec()], WORDS, stream),
    check: |input, scratch| data::check("fuzz.h5", input, scratch),
};

const CHUNKED: &[u8] = include_bytes!("../../../crates/twirl-data/tests/readers/claims_chunked.h5");
const CONTIGUOUS: &[u8] =
    include_bytes!("../../../crates/twirl-data/tests/readers/claims_contiguous.h5");

const WORDS: &[&str] = &[
    "bohr",
    "angstrom",
    "hartree",
    "kcal/mol",
    "conformations",
    "smiles",
    "units",
];

/// A well-formed file with other values, in one to three places.
fn values(stream: &mut Stream) -> Vec<u8> {
    let mut project = Project::new(20);
    let reals = [0.0, -0.0, 1e-30, 1e30, 1e300, f64::NAN, f64::INFINITY, 1.0];
    for _ in 0..=stream.random_range(0..3) {
        let integer = *mutate::pick(&[0, 1, 2, 3, -1, 4, 20, 60, i64::MAX, i64::MIN], stream);
        let real = *mutate::pick(&reals, stream);
        match stream.random_range(0..11) {
            0 => *any(&mut project.offset, stream) = integer,
            1 => *any(&mut project.numbers, stream) = integer as u8,
            2 => *any(&mut project.position, stream) = real as f32,
            3 => *any(&mut project.force, stream) = real as f32,
            4 => *any(&mut project.energy, stream) = real,
            5 => *any(&mut project.split, stream) = integer as u8,
            6 => *any(&mut project.molecule, stream) = integer as i32,
            7 => *any(&mut project.bond, stream) = integer as i32,
            8 => *any(&mut project.bond_offset, stream) = integer,
            9 => *any(&mut project.charge, stream) = integer as i32,
            _ => {
                let smiles = mutate::bytes(&[b"CCO".to_vec()], &["[", "(", "."], stream);
                project.smiles[0] = text(&smiles);
            }
        }
    }
    if stream.random_range(0..8) == 0 {
        project.energy.pop();
    }
    project.bytes()
}

/// Text as HDF5 holds it, which ends at the first zero.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "")
}

fn any<'a, T>(list: &'a mut [T], stream: &mut Stream) -> &'a mut T {
    let place = stream.random_range(0..list.len());
    &mut list[place]
}
