//! The commit in manifests is that of this source, or unknown; never that of a repository around it.

#[path = "../build/source.rs"]
mod source;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use source::Source;

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=test", "-c", "user.email=test@example.org"])
        .args(arguments)
        .current_dir(folder)
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .output()
        .expect("git");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {error}");
    String::from_utf8(output.stdout)
        .expect("text")
        .trim()
        .to_owned()
}

/// A crate below `root`, in the place `place`.
fn lay(root: &Path, place: &str) -> PathBuf {
    let folder = root.join(place);
    fs::create_dir_all(folder.join("src")).expect("a folder");
    fs::write(folder.join("Cargo.toml"), "[package]\n").expect("a manifest");
    fs::write(folder.join("src/main.rs"), "fn main() {}\n").expect("a source");
    folder
}

/// Makes `root` a repository of all that is in it and gives its commit.
fn commit(root: &Path) -> String {
    git(root, &["init", "--quiet"]);
    git(root, &["add", "--all"]);
    git(root, &["commit", "--quiet", "--message", "all"]);
    git(root, &["rev-parse", "HEAD"])
}

fn said(folder: &Path) -> (String, String) {
    let source = Source::of(folder);
    (source.commit, source.dirty)
}

fn pair(commit: &str, dirty: &str) -> (String, String) {
    (commit.to_owned(), dirty.to_owned())
}

#[test]
fn the_own_repository_is_believed() {
    let root = tempfile::tempdir().expect("a folder");
    let folder = lay(root.path(), "crates/twirlbench");
    let other = lay(root.path(), "crates/twirl-core");
    let head = commit(root.path());
    assert_eq!(said(&folder), pair(&head, "false"));

    let source = other.join("src/main.rs");
    fs::write(&source, "fn main() { panic!() }\n").expect("a source");
    assert_eq!(said(&folder), pair(&head, "true"));
    let watched = Source::of(&folder).watched;
    assert!(
        watched.iter().any(|path| source.starts_with(path)),
        "an edit in another crate goes unseen: {watched:?}"
    );

    // A linked worktree has its own HEAD and index, and none of them is missing.
    let tree = root.path().join("tree");
    let text = tree.to_str().expect("a name");
    git(
        root.path(),
        &["worktree", "add", "--quiet", "--detach", text],
    );
    let linked = tree.join("crates/twirlbench");
    assert_eq!(said(&linked), pair(&head, "false"));
    assert!(Source::of(&linked).watched.iter().all(|path| path.exists()));
}

#[test]
fn a_repository_around_the_crate_is_not_asked() {
    let root = tempfile::tempdir().expect("a folder");
    // Vendored and tracked; unpacked where a member would lie, and not tracked.
    let vendored = lay(root.path(), "third-party/vendor/twirlbench");
    commit(root.path());
    let unpacked = lay(root.path(), "crates/twirlbench");
    assert_eq!(said(&vendored), pair("unknown", "unknown"));
    assert_eq!(said(&unpacked), pair("unknown", "unknown"));
}

#[test]
fn a_packed_crate_has_the_commit_that_cargo_noted() {
    let root = tempfile::tempdir().expect("a folder");
    let folder = lay(root.path(), "crates/twirlbench");
    let sha1 = "0123456789abcdef0123456789abcdef01234567";
    let note = |git: &str| {
        let text = format!("{{\n  \"git\": {{\n    {git}\n  }},\n  \"path_in_vcs\": \"a\"\n}}");
        fs::write(folder.join(".cargo_vcs_info.json"), text).expect("a note");
    };
    note(&format!("\"sha1\": \"{sha1}\""));
    // Tracked by someone, just where a member of this workspace would be.
    commit(root.path());
    assert_eq!(said(&folder), pair(sha1, "false"));
    note(&format!("\"sha1\": \"{sha1}\",\n    \"dirty\": true"));
    assert_eq!(said(&folder), pair(sha1, "true"));
    note("\"sha1\": \"0123\"");
    assert_eq!(said(&folder), pair("unknown", "unknown"));
}

#[test]
fn a_source_without_git_is_unknown() {
    let root = tempfile::tempdir().expect("a folder");
    let folder = lay(root.path(), "crates/twirlbench");
    // Else git would look above the temporary folder.
    fs::write(root.path().join(".git"), "gitdir: nowhere\n").expect("a file");
    assert_eq!(said(&folder), pair("unknown", "unknown"));
}
