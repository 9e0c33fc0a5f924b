//! Notes the commit and the state of the source tree, and the version of burn, for the manifests of
//! runs.

use std::path::{Path, PathBuf};
use std::process::Command;

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The lock file of the build: that of the workspace whose target folder this is, or, where the
/// target folder lies elsewhere, that of this source tree.
fn lock_file() -> Option<PathBuf> {
    ["OUT_DIR", "CARGO_MANIFEST_DIR"].iter().find_map(|name| {
        let folder = PathBuf::from(std::env::var_os(name)?);
        let mut files = folder.ancestors().map(|folder| folder.join("Cargo.lock"));
        files.find(|file| file.is_file())
    })
}

/// The version of a package in a lock file.
fn locked(lock: &Path, package: &str) -> Option<String> {
    let text = std::fs::read_to_string(lock).ok()?;
    let (_, rest) = text.split_once(&format!("\nname = \"{package}\"\nversion = \""))?;
    Some(rest.split_once('"')?.0.to_owned())
}

fn main() {
    let lock = lock_file();
    let burn = lock.as_deref().and_then(|lock| locked(lock, "burn"));
    println!(
        "cargo::rustc-env=TWIRLBENCH_BURN={}",
        burn.as_deref().unwrap_or("unknown")
    );
    if let Some(lock) = lock {
        println!("cargo::rerun-if-changed={}", lock.display());
    }
    let commit = git(&["rev-parse", "HEAD"]).unwrap_or_else(|| "unknown".into());
    // Without a repository (a packaged source) nothing can be said about changes.
    // Without locks, because a refreshed index would have this run again at the next build.
    let status = [
        "--no-optional-locks",
        "status",
        "--porcelain",
        "--untracked-files=no",
    ];
    let dirty = git(&status).map_or("unknown".to_owned(), |changes| {
        (!changes.is_empty()).to_string()
    });
    println!("cargo::rustc-env=TWIRLBENCH_COMMIT={commit}");
    println!("cargo::rustc-env=TWIRLBENCH_DIRTY={dirty}");
    if let Some(folder) = git(&["rev-parse", "--absolute-git-dir"]) {
        println!("cargo::rerun-if-changed={folder}/HEAD");
        println!("cargo::rerun-if-changed={folder}/index");
        println!("cargo::rerun-if-changed={folder}/refs/heads");
    }
}
