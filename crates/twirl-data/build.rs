//! A number of all sources of this crate, which names what they decode: a cache made by other sources is
//! never taken.

use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo names the folder");
    let root = Path::new(&root);
    let mut files = vec![root.join("Cargo.toml")];
    gather(&root.join("src"), &mut files);
    files.sort();
    // FNV-1a.
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for file in &files {
        for byte in fs::read(file).expect("a source file") {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }
    println!("cargo::rustc-env=TWIRL_DATA_SOURCES={hash:016x}");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=Cargo.toml");
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            gather(&path, files);
        } else {
            files.push(path);
        }
    }
}
