//! What is read from a cache is what is read from the file.

use std::fs;

use twirl_data::{
    DataCache, DataSet, Embedded, Geometry, LeaveOut, LengthUnit, OpenOptions, Split, write_extxyz,
    write_project, write_sdf,
};

use crate::{assert_same, ending, file, fixtures};

/// Numbers from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % count
    }

    fn yes(&mut self) -> bool {
        self.below(2) == 1
    }
}

/// Frames of an embedded set, moved a little, without some of what is known of them.
fn geometries(random: &mut Random) -> Vec<Geometry> {
    let which = Embedded::ALL[random.below(2)];
    let set = DataSet::embedded(which).expect("embedded data");
    let (forces, energy, smiles, bonds) = (random.yes(), random.yes(), random.yes(), random.yes());
    let count = 40 + random.below(100);
    let start = random.below(set.len() - 2 * count);
    let one = |place: usize| {
        let mut geometry = Geometry::of(&set, start + 2 * place);
        for value in geometry.positions.as_flattened_mut() {
            *value += 1e-4 * random.below(100) as f64;
        }
        geometry.forces = geometry.forces.filter(|_| forces);
        geometry.energy = geometry.energy.filter(|_| energy);
        geometry.smiles = geometry.smiles.filter(|_| smiles);
        geometry.bonds.retain(|_| bonds);
        geometry
    };
    (0..count).map(one).collect()
}

#[test]
fn every_field_of_random_sets_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut forces, mut energies, mut bonds, mut left_out) = (0, 0, 0, 0);
    for seed in 0..32 {
        println!("seed {seed}");
        let mut random = Random(seed);
        let geometries = geometries(&mut random);
        let kind = random.below(3);
        let path = folder.path().join(["ü set.xyz", "b.sdf", "c.h5"][kind]);
        match kind {
            0 => write_extxyz(&path, &geometries).expect("written"),
            1 => write_sdf(&path, &geometries).expect("written"),
            _ => {
                let xyz = folder.path().join("c.xyz");
                write_extxyz(&xyz, &geometries).expect("written");
                let set = DataSet::open(&xyz, &OpenOptions::default()).expect("a set");
                write_project(&path, &set).expect("written");
            }
        }
        let options = OpenOptions {
            max_atoms: random.yes().then(|| 8 + random.below(20)),
            leave_out: LeaveOut::ALL.into_iter().filter(|_| random.yes()).collect(),
            max_bytes: random.yes().then_some(1 << 30),
            ..OpenOptions::default()
        };
        let cache = DataCache::new(folder.path().join("cache"));
        let Ok(read) = DataSet::open(&path, &options) else {
            assert!(cache.open(&path, &options).is_err(), "refused alike");
            continue;
        };
        for start in ["first", "second"] {
            println!("{start} start");
            assert_same(&read, &cache.open(&path, &options).expect("a set"));
        }
        forces += usize::from(read.has_forces());
        energies += usize::from(read.has_energies());
        bonds += usize::from(read.molecules().iter().any(|m| !m.bonds.is_empty()));
        left_out += usize::from(!read.left_out().is_empty());
    }
    let met = [forces, energies, bonds, left_out];
    assert!(met.iter().all(|&count| (3..30).contains(&count)), "{met:?}");
}

#[test]
fn every_format_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let spice = fixtures::encode(fixtures::spice(40, 7, fixtures::WATER_SMILES));
    let files = [
        ("a.h5", fixtures::Project::new(500).bytes()),
        ("a.hdf5", spice),
        ("a.npz", fixtures::npz(300)),
        ("a.xyz", fixtures::xyz(200).into_bytes()),
    ];
    let cache = DataCache::new(folder.path().join("cache"));
    let options = OpenOptions::default();
    for (name, bytes) in files {
        let path = file(folder.path(), name, &bytes);
        let read = DataSet::open(&path, &options).expect("a set");
        for _ in 0..2 {
            assert_same(&read, &cache.open(&path, &options).expect("a set"));
            assert_same(&read, &cache.look_at(&path, &options).expect("a set"));
        }
    }
    assert_eq!(ending(cache.folder(), ".set").len(), 4);
}

/// Another file, other options and another name are other sets; where nothing differs none is made.
#[test]
fn what_shapes_a_set_names_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = DataCache::new(folder.path().join("cache"));
    let bytes = fixtures::Project::new(200).bytes();
    let path = file(folder.path(), "a.h5", &bytes);
    let sets = || ending(cache.folder(), ".set").len();
    let default = OpenOptions::default();
    let first = cache.open(&path, &default).expect("a set");
    let bounded = OpenOptions {
        max_bytes: Some(1 << 20),
        ..OpenOptions::default()
    };
    cache.open(&path, &bounded).expect("a set");
    assert_eq!(sets(), 1, "a bound on memory changes no set");
    let smaller = OpenOptions {
        leave_out: [LeaveOut::Implausible].into(),
        ..OpenOptions::default()
    };
    cache.open(&path, &smaller).expect("a set");
    assert_eq!(sets(), 2, "options do");
    let refused = OpenOptions {
        length_unit: Some(LengthUnit::Nanometre),
        ..OpenOptions::default()
    };
    let plain = DataSet::open(&path, &refused).expect_err("a wrong unit");
    let error = cache.open(&path, &refused).expect_err("a wrong unit");
    assert_eq!(error.to_string(), plain.to_string());
    assert_eq!(sets(), 2, "what is refused is not kept");
    let other = file(folder.path(), "b.h5", &bytes);
    assert_same(
        &cache.open(&other, &default).expect("a set"),
        &DataSet::open(&other, &default).expect("a set"),
    );
    assert_eq!(sets(), 3, "and so does the name");

    let changed = fixtures::Project::new(210).bytes();
    file(folder.path(), "a.h5", &changed);
    let second = cache.open(&path, &default).expect("a set");
    assert_eq!((first.len(), second.len()), (200, 210));
    assert_ne!(first.sha256(), second.sha256());
    // The first is whole as long as it is used.
    assert_eq!(first.positions(199).len(), 3);
}

/// Only where size, times and number of a file are the same is its hash believed, and that can be
/// forbidden.
#[test]
fn a_hash_is_remembered_until_the_file_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = DataCache::new(folder.path().join("cache"));
    let options = OpenOptions::default();
    let path = file(folder.path(), "a.xyz", fixtures::xyz(100).as_bytes());
    // The number of a file changes with it, its times may not be old enough yet.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    let first = cache.open(&path, &options).expect("a set");
    let remembered = ending(cache.folder(), ".sha256.json");
    assert_eq!(remembered.len(), 1);
    let text = fs::read_to_string(&remembered[0]).expect("text");
    assert!(text.contains(first.sha256()), "{text}");

    // Another hash there is believed, and leads to no set, so the file is decoded under that name: this
    // is what --verify-data is for.
    let wrong = "0".repeat(64);
    let forged = text.replace(first.sha256(), &wrong);
    fs::write(&remembered[0], &forged).expect("written");
    assert_eq!(cache.open(&path, &options).expect("a set").sha256(), wrong);
    let verified = cache
        .clone()
        .verifying(true)
        .open(&path, &options)
        .expect("a set");
    assert_eq!(verified.sha256(), first.sha256());
    assert_eq!(
        cache.open(&path, &options).expect("a set").sha256(),
        first.sha256()
    );

    // What is no hash is not believed, nor one of a file of another size or time.
    for damaged in [
        text.replace(first.sha256(), "../../x"),
        text.replace("\"bytes\":", "\"bytes\":1"),
        text.replace("\"modified\":[", "\"modified\":[1"),
        "{".to_owned(),
    ] {
        fs::write(&remembered[0], &damaged).expect("written");
        let again = cache.open(&path, &options).expect("a set");
        assert_eq!(again.sha256(), first.sha256(), "{damaged}");
    }
}

/// A set that was read is kept for the next, and small files are left alone.
#[test]
fn a_set_that_was_read_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = OpenOptions::default();
    let path = file(folder.path(), "a.xyz", fixtures::xyz(100).as_bytes());
    let read = DataSet::open(&path, &options).expect("a set");
    let large = DataCache::new(folder.path().join("large")).from_bytes(1 << 20);
    large.keep(&read, &options).expect("kept");
    assert_same(&read, &large.open(&path, &options).expect("a set"));
    assert!(!large.folder().exists(), "a small file");

    let cache = DataCache::new(folder.path().join("cache"));
    cache.keep(&read, &options).expect("kept");
    let set = &ending(cache.folder(), ".set")[0];
    let before = fs::metadata(set)
        .expect("a file")
        .modified()
        .expect("a time");
    assert_same(&read, &cache.open(&path, &options).expect("a set"));
    let after = fs::metadata(set)
        .expect("a file")
        .modified()
        .expect("a time");
    assert_eq!(before, after, "not written again");
    let embedded = DataSet::embedded(Embedded::Conformers).expect("embedded data");
    cache.keep(&embedded, &options).expect("nothing to keep");
    assert_eq!(ending(cache.folder(), ".set").len(), 1);
}

/// Isolated atoms can be looked at, and are refused from the cache as from the file.
#[test]
fn a_set_that_shows_no_symmetry_is_not_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let atom = |symbol: &&str| format!("1\n\n{symbol} 0 0 0\n");
    let atoms: String = ["H", "C", "N", "O", "F"].iter().map(atom).collect();
    let path = file(folder.path(), "atoms.xyz", atoms.as_bytes());
    let (cache, options) = (
        DataCache::new(folder.path().join("cache")),
        OpenOptions::default(),
    );
    for _ in 0..2 {
        assert_eq!(cache.look_at(&path, &options).expect("a look").len(), 5);
        let error = cache.open(&path, &options).expect_err("no symmetry");
        assert!(
            error.to_string().contains("cannot show rotation symmetry"),
            "{error}"
        );
    }
}

/// Groups are read on several threads and put together in their order.
#[test]
fn threads_change_no_bit() {
    let folder = tempfile::tempdir().expect("a folder");
    let bytes = fixtures::encode(fixtures::spice(3000, 3, fixtures::WATER_SMILES));
    let path = file(folder.path(), "many.hdf5", &bytes);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let read = || DataSet::open(&path, &OpenOptions::default()).expect("a set");
        pool.expect("threads").install(read)
    };
    let one = with(1);
    assert_eq!((one.len(), one.molecules().len()), (9000, 3000));
    assert_eq!(
        one.molecules()[2999].name.as_deref(),
        Some("m999"),
        "in the order of the file"
    );
    for threads in [2, 3, 8] {
        assert_same(&one, &with(threads));
    }
    let total: usize = Split::ALL.map(|part| one.split(part).len()).iter().sum();
    assert_eq!(total, 9000);
}
