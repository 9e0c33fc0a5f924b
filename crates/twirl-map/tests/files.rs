//! Files that are mapped, replaced, deleted, or no files.

use std::fs;

use twirl_map::Map;

#[test]
fn bytes_stay_when_the_file_is_replaced_or_deleted() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, other) = (folder.path().join("a"), folder.path().join("b"));
    let bytes: Vec<u8> = (0..20_000_u32).map(|place| (place % 251) as u8).collect();
    fs::write(&path, &bytes).expect("written");
    let map = Map::open(&path).expect("a map");
    assert_eq!(map.as_ptr() as usize % 64, 0, "aligned");
    if cfg!(unix) {
        fs::write(&other, b"another").expect("written");
        fs::rename(&other, &path).expect("replaced");
        fs::remove_file(&path).expect("deleted");
    }
    assert_eq!(map[..], bytes[..]);
}

#[test]
fn an_empty_file_has_no_bytes_and_a_folder_is_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("empty");
    fs::write(&path, b"").expect("written");
    assert_eq!(Map::open(&path).expect("a map").len(), 0);
    assert!(Map::open(folder.path()).is_err());
    assert!(Map::open(&folder.path().join("none")).is_err());
}
