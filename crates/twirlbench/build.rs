//! Notes the commit and the state of the source tree for the manifests of runs.

use std::process::Command;

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn main() {
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
