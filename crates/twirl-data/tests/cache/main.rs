//! Decoded sets on disk: the same as those that are read, whoever opens them and whatever happens to them.

mod damage;
mod processes;
mod round_trip;

#[path = "../readers/fixtures.rs"]
mod fixtures;

use std::fs;
use std::path::{Path, PathBuf};

use twirl_data::{DataSet, Inspection, Split};

/// Refuses two sets that differ in anything that can be seen of them.
fn assert_same(one: &DataSet, other: &DataSet) {
    assert_eq!(one.len(), other.len());
    let bits = |vectors: &[[f64; 3]]| -> Vec<u64> {
        vectors.as_flattened().iter().map(|x| x.to_bits()).collect()
    };
    for frame in 0..one.len() {
        assert_eq!(one.atomic_numbers(frame), other.atomic_numbers(frame));
        assert_eq!(bits(one.positions(frame)), bits(other.positions(frame)));
        let forces = |set: &DataSet| set.forces(frame).map(bits);
        assert_eq!(forces(one), forces(other), "frame {frame}");
        let energy = |set: &DataSet| set.energy(frame).map(f64::to_bits);
        assert_eq!(energy(one), energy(other), "frame {frame}");
        assert_eq!(one.molecule(frame), other.molecule(frame));
    }
    assert_eq!(one.molecules(), other.molecules());
    for part in Split::ALL {
        assert_eq!(one.split(part), other.split(part));
    }
    assert_eq!(one.name(), other.name());
    assert_eq!(one.path(), other.path());
    assert_eq!(one.elements(), other.elements());
    assert_eq!(one.max_atoms(), other.max_atoms());
    // Format, hash, level, licence, units, origins, notes, rule of the split, what was left out, ranges.
    assert_eq!(Inspection::of(one), Inspection::of(other));
}

/// A file of bytes in a folder, old enough for its times to be believed.
fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).expect("written");
    let past = std::time::SystemTime::now() - std::time::Duration::from_mins(1);
    let file = fs::File::options().write(true).open(&path).expect("open");
    file.set_modified(past).expect("a time");
    path
}

/// Files of a folder whose names end so.
fn ending(folder: &Path, end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut found: Vec<PathBuf> = paths
        .filter(|path| path.to_string_lossy().ends_with(end))
        .collect();
    found.sort();
    found
}
