//! Notes the commit and the state of the source tree, and the version of burn, for the manifests of
//! runs.

mod lock;
mod source;

use std::path::Path;

fn main() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").expect("cargo names the folder");
    let source = source::Source::of(Path::new(&folder));
    let lock = lock::file();
    let burn = lock.as_deref().and_then(|lock| lock::version(lock, "burn"));
    let burn = burn.as_deref().unwrap_or("unknown");
    println!("cargo::rustc-env=TWIRLBENCH_COMMIT={}", source.commit);
    println!("cargo::rustc-env=TWIRLBENCH_DIRTY={}", source.dirty);
    println!("cargo::rustc-env=TWIRLBENCH_BURN={burn}");
    for path in source.watched.into_iter().chain(lock) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
}
