//! Notes the commit and the state of the source tree for the manifests of runs.

mod source;

use std::path::Path;

fn main() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").expect("cargo names the folder");
    let source = source::Source::of(Path::new(&folder));
    println!("cargo::rustc-env=TWIRLBENCH_COMMIT={}", source.commit);
    println!("cargo::rustc-env=TWIRLBENCH_DIRTY={}", source.dirty);
    for path in source.watched {
        println!("cargo::rerun-if-changed={}", path.display());
    }
}
