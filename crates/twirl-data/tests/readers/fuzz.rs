//! Damaged files: cut, bits flipped, runs overwritten. Each is refused or valid, and quickly.

use std::time::{Duration, Instant};

use crate::fixtures::{self, Project, WATER_SMILES};
use crate::read;
use twirl_data::DataSet;

const SEED: u64 = 20_260_101;
const VARIANTS: usize = 400;
/// No file of a few kilobytes may take longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// `SplitMix64` (Steele et al., OOPSLA 2014).
struct Stream(u64);

impl Stream {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % below as u64) as usize
    }
}

fn damage(bytes: &[u8], stream: &mut Stream) -> Vec<u8> {
    let mut out = bytes.to_vec();
    match stream.next(4) {
        0 => out.truncate(stream.next(bytes.len())),
        1 => {
            for _ in 0..=stream.next(4) {
                out[stream.next(bytes.len())] ^= 1 << stream.next(8);
            }
        }
        2 => {
            let start = stream.next(bytes.len());
            let end = (start + 1 + stream.next(16)).min(bytes.len());
            let with = [0x00, 0xFF, 0x7F, b'9'][stream.next(4)];
            out[start..end].fill(with);
        }
        _ => {
            // Headers are dense in the first bytes, directories of archives in the last.
            let reach = bytes.len().min(600);
            let at = stream.next(reach);
            let place = if stream.next(2) == 0 {
                at
            } else {
                bytes.len() - 1 - at
            };
            out[place] = stream.next(256) as u8;
        }
    }
    out
}

/// What holds for every set that is accepted.
fn check_valid(set: &DataSet, what: &str) {
    for frame in 0..set.len() {
        let count = set.atomic_numbers(frame).len();
        assert_eq!(set.positions(frame).len(), count, "{what}");
        assert!(
            set.positions(frame)
                .as_flattened()
                .iter()
                .all(|x| x.is_finite()),
            "{what}"
        );
        if let Some(forces) = set.forces(frame) {
            assert!(forces.len() == count && forces.as_flattened().iter().all(|x| x.is_finite()));
        }
        assert!(set.energy(frame).is_none_or(f64::is_finite), "{what}");
    }
}

fn run(name: &str, bytes: &[u8], variants: usize) {
    read(name, bytes).unwrap_or_else(|error| panic!("undamaged {name}: {error}"));
    let mut stream = Stream(SEED);
    let (mut refused, mut accepted) = (0, 0);
    for variant in 0..variants {
        let damaged = damage(bytes, &mut stream);
        let what = format!("{name}, seed {SEED}, variant {variant}");
        let start = Instant::now();
        let result = std::panic::catch_unwind(|| read(name, &damaged));
        assert!(
            start.elapsed() < PATIENCE,
            "{what}: took {:?}",
            start.elapsed()
        );
        match result.unwrap_or_else(|_| panic!("{what}: panicked")) {
            Ok(set) => {
                check_valid(&set, &what);
                accepted += 1;
            }
            Err(error) => {
                let line = error.to_string();
                assert!(line.starts_with(&format!("{name}: ")), "{what}: {line}");
                assert!(
                    line.contains("; ") && !line.contains(char::is_control),
                    "{what}: {line}"
                );
                refused += 1;
            }
        }
    }
    println!("{name}: {refused} refused, {accepted} still valid of {variants}");
    assert!(
        refused > variants / 10,
        "{name}: only {refused} of {variants} refused"
    );
}

#[test]
fn project_hdf5() {
    run("fuzz.h5", &Project::new(20).bytes(), VARIANTS);
}

#[test]
fn spice_hdf5() {
    run(
        "fuzz.hdf5",
        &fixtures::encode(fixtures::spice(3, 10, WATER_SMILES)),
        VARIANTS,
    );
}

#[test]
fn npz() {
    run("stored.npz", &fixtures::npz(20), VARIANTS);
    run(
        "deflated.npz",
        &fixtures::zip(&fixtures::npz_members(20), true),
        VARIANTS,
    );
}

#[test]
fn extended_xyz() {
    run("fuzz.xyz", fixtures::xyz(20).as_bytes(), VARIANTS);
}

/// Files as h5py writes them: superblock 0, symbol tables, deflate and shuffle.
#[test]
fn embedded_hdf5() {
    let bytes = include_bytes!("../../embedded/conformers.h5");
    run("conformers.h5", &bytes[..], 60);
}
