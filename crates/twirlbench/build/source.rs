//! Which commit a source tree is of, asked of the repository that holds it, or of cargo's note in a
//! packed crate. A repository that merely surrounds the crate (a vendored copy, an unpacked archive)
//! is not asked: its commit would say nothing of this source.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const UNKNOWN: &str = "unknown";

/// What cargo writes into a packed crate.
const NOTE: &str = ".cargo_vcs_info.json";

/// The state of a source tree.
pub(crate) struct Source {
    /// Commit as 40 hexadecimal digits, or `unknown`.
    pub(crate) commit: String,
    /// Whether tracked files differ from it: `true`, `false` or `unknown`.
    pub(crate) dirty: String,
    /// Files and folders whose change may change the above.
    pub(crate) watched: Vec<PathBuf>,
}

impl Source {
    /// The state of the crate in `folder`.
    pub(crate) fn of(folder: &Path) -> Self {
        let note = folder.join(NOTE);
        if let Ok(text) = fs::read_to_string(&note) {
            return Self::packed(&text, note);
        }
        Self::checkout(folder).unwrap_or_else(|| Self {
            commit: UNKNOWN.to_owned(),
            dirty: UNKNOWN.to_owned(),
            watched: vec![folder.join("Cargo.toml")],
        })
    }

    fn packed(note: &str, path: PathBuf) -> Self {
        let letters: String = note.split_whitespace().collect();
        let commit = letters
            .split_once("\"sha1\":\"")
            .and_then(|(_, rest)| rest.get(..40))
            .filter(|commit| commit.bytes().all(|digit| digit.is_ascii_hexdigit()));
        // Cargo leaves the key out where nothing had changed.
        let dirty = match commit {
            Some(_) => letters.contains("\"dirty\":true").to_string(),
            None => UNKNOWN.to_owned(),
        };
        Self {
            commit: commit.unwrap_or(UNKNOWN).to_owned(),
            dirty,
            watched: vec![path],
        }
    }

    /// None unless the crate is a tracked part of a repository whose root is its workspace's.
    fn checkout(folder: &Path) -> Option<Self> {
        let root = folder.parent()?.parent()?.canonicalize().ok()?;
        let top = PathBuf::from(git(folder, &["rev-parse", "--show-toplevel"])?);
        if top.canonicalize().ok()? != root {
            return None;
        }
        git(folder, &["ls-files", "--error-unmatch", "Cargo.toml"])?;
        let commit = git(folder, &["rev-parse", "--verify", "HEAD"])?;
        // Without locks, because a refreshed index would have this run again at the next build.
        let status = [
            "--no-optional-locks",
            "status",
            "--porcelain",
            "--untracked-files=no",
        ];
        let changes = git(folder, &status)?;
        Some(Self {
            commit,
            dirty: (!changes.is_empty()).to_string(),
            watched: watched(folder, &root),
        })
    }
}

/// What a commit, a checkout or an edit changes: git's own files, and the sources of the program.
fn watched(folder: &Path, root: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = ["Cargo.toml", "Cargo.lock"]
        .map(|file| root.join(file))
        .into();
    let branch = git(folder, &["symbolic-ref", "--quiet", "HEAD"]);
    let of_git = ["HEAD", "index", "packed-refs"];
    for name in of_git.into_iter().chain(branch.as_deref()) {
        let path = git(folder, &["rev-parse", "--git-path", name]);
        // Relative to the folder in which git was asked.
        paths.extend(path.map(|path| folder.join(path)));
    }
    for member in fs::read_dir(root.join("crates")).into_iter().flatten() {
        let member = member.map(|entry| entry.path()).unwrap_or_default();
        paths.extend(["Cargo.toml", "src"].map(|part| member.join(part)));
    }
    // Cargo takes a path that is not there for one that has changed.
    paths.retain(|path| path.exists());
    paths
}

/// What git prints, without the last line break; none if it is not installed or refuses.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        // A hook of git has these set, for the repository that it was called in.
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim_end().to_owned())
}
