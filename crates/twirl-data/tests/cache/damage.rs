//! Files that are cut, changed or foreign: none of them is ever used.

use std::fs;

use twirl_data::{DataCache, DataSet, OpenOptions};

use crate::{assert_same, ending, file, fixtures};

#[test]
fn a_cut_or_changed_file_is_made_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cache, options) = (
        DataCache::new(folder.path().join("cache")),
        OpenOptions::default(),
    );
    let bytes = fixtures::encode(fixtures::spice(20, 5, fixtures::WATER_SMILES));
    let path = file(folder.path(), "a.hdf5", &bytes);
    let read = DataSet::open(&path, &options).expect("a set");
    cache.open(&path, &options).expect("a set");
    let set = ending(cache.folder(), ".set").remove(0);
    let whole = fs::read(&set).expect("bytes");

    for length in [0, 1, 7, 31, 32, 100, whole.len() / 2, whole.len() - 1] {
        fs::write(&set, &whole[..length]).expect("written");
        assert_same(&read, &cache.open(&path, &options).expect("a set"));
        assert_eq!(fs::read(&set).expect("bytes"), whole, "{length} bytes");
    }
    let longer = [&whole[..], b"more"].concat();
    fs::write(&set, longer).expect("written");
    assert_same(&read, &cache.open(&path, &options).expect("a set"));

    // A bit in every part: those between sections are the only ones that say nothing.
    let mut harmless = 0;
    for place in (0..whole.len()).step_by(whole.len() / 400 + 1).chain(0..64) {
        let mut changed = whole.clone();
        changed[place] ^= 1 << (place % 8);
        fs::write(&set, &changed).expect("written");
        assert_same(&read, &cache.open(&path, &options).expect("a set"));
        let after = fs::read(&set).expect("bytes");
        if after != whole {
            assert_eq!(whole[place], 0, "byte {place} was believed");
            harmless += 1;
        }
    }
    assert!(harmless < 20, "{harmless} bits between sections");
}

#[test]
fn a_foreign_file_of_the_right_name_is_not_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cache, options) = (
        DataCache::new(folder.path().join("cache")),
        OpenOptions::default(),
    );
    let one = file(folder.path(), "a.xyz", fixtures::xyz(60).as_bytes());
    let other = file(folder.path(), "b.xyz", fixtures::xyz(90).as_bytes());
    cache.open(&one, &options).expect("a set");
    let of_one = ending(cache.folder(), ".set").remove(0);
    cache.open(&other, &options).expect("a set");
    let of_other = ending(cache.folder(), ".set");
    let of_other = of_other.iter().find(|path| **path != of_one).expect("two");
    // A whole file of another set, one of bytes, and a folder.
    fs::copy(of_other, &of_one).expect("copied");
    assert_eq!(cache.open(&one, &options).expect("a set").len(), 60);
    fs::write(&of_one, "no set").expect("written");
    assert_eq!(cache.open(&one, &options).expect("a set").len(), 60);
    fs::remove_file(&of_one).expect("removed");
    fs::create_dir(&of_one).expect("a folder");
    assert_eq!(cache.open(&one, &options).expect("a set").len(), 60);
}

#[test]
fn a_folder_that_cannot_be_is_refused_and_a_full_one_does_without() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = OpenOptions::default();
    let path = file(folder.path(), "a.xyz", fixtures::xyz(60).as_bytes());
    let error = DataCache::new(path.join("inside"))
        .open(&path, &options)
        .expect_err("a file is no folder")
        .to_string();
    assert!(error.ends_with("give another: --data-cache DIR"), "{error}");
    assert_eq!(error.lines().count(), 1);
    // Nothing can be written where the name of the set is taken by a folder with something in it.
    let cache = DataCache::new(folder.path().join("cache"));
    cache.open(&path, &options).expect("a set");
    let set = ending(cache.folder(), ".set").remove(0);
    fs::remove_file(&set).expect("removed");
    fs::create_dir_all(set.join("full")).expect("folders");
    assert_eq!(cache.open(&path, &options).expect("a set").len(), 60);
    assert_eq!(ending(cache.folder(), ".part").len(), 0, "no litter");
}
