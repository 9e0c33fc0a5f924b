//! Which crate may depend on which, held against `cargo metadata`, and sizes that stay readable.

mod circles;
mod packages;
mod source;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a workspace")
        .to_owned()
}

/// The crates of the workspace that a crate may depend on; `None`: all.
fn allowed(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "twirl-core" | "twirl-map" | "workspace-tests" => &[],
        "twirl-data" => &["twirl-core", "twirl-map"],
        "twirl-landscape" | "twirl-layers" | "twirl-record" => &["twirl-core"],
        "twirl-equivariant" => &["twirl-core", "twirl-layers"],
        "twirl-harness" => &["twirl-core", "twirl-data", "twirl-layers", "twirl-record"],
        "twirl-compare" => &["twirl-core", "twirl-record"],
        "twirl-measure" => &["twirl-core", "twirl-data"],
        "twirl-report" => &["twirl-compare", "twirl-core", "twirl-record"],
        "twirl-studies" => &[
            "twirl-compare",
            "twirl-core",
            "twirl-data",
            "twirl-harness",
            "twirl-landscape",
            "twirl-record",
            "twirl-report",
        ],
        "twirl-pointcloud" => &[
            "twirl-core",
            "twirl-data",
            "twirl-equivariant",
            "twirl-harness",
            "twirl-layers",
        ],
        "twirl-testkit" => &["twirl-core", "twirl-data", "twirl-harness", "twirl-layers"],
        "twirl-python" => &[
            "twirl-compare",
            "twirl-core",
            "twirl-measure",
            "twirl-record",
        ],
        "fuzz" | "twirlbench" => return None,
        task if task.starts_with("task-") => &[
            "twirl-core",
            "twirl-data",
            "twirl-equivariant",
            "twirl-harness",
            "twirl-layers",
            "twirl-pointcloud",
        ],
        other => panic!("crate {other} is not in the list of allowed dependencies: add it"),
    })
}

pub(crate) fn packages() -> Vec<Value> {
    packages_of("Cargo.toml")
}

/// The crate of the Python package, which is no member of the workspace.
pub(crate) fn python() -> Value {
    packages_of("crates/twirl-python/Cargo.toml").remove(0)
}

fn packages_of(manifest: &str) -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
            "--manifest-path",
            manifest,
        ])
        .current_dir(root())
        .output()
        .expect("cargo metadata");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

fn is_ours(name: &str) -> bool {
    ["twirl", "task-"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

#[test]
fn crates_depend_as_the_architecture_says() {
    let packages = packages();
    assert!(
        packages.len() > 8,
        "the workspace has {} packages",
        packages.len()
    );
    for package in packages.into_iter().chain([python()]) {
        let name = package["name"].as_str().expect("a name");
        let Some(allowed) = allowed(name) else {
            continue;
        };
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let other = dependency["name"].as_str().expect("a name");
            let normal = dependency["kind"].is_null();
            assert!(
                !normal || !is_ours(other) || allowed.contains(&other),
                "{name} must not depend on {other}"
            );
        }
    }
}

#[test]
fn only_the_command_line_turns_on_devices() {
    for package in packages() {
        let name = package["name"].as_str().expect("a name");
        let features = package["features"].as_object().expect("features");
        let devices = ["wgpu", "vulkan", "cuda", "metal", "rocm"];
        let named = features
            .keys()
            .any(|feature| devices.contains(&feature.as_str()));
        assert_eq!(named, name == "twirlbench", "device features of {name}");
    }
}

#[test]
fn source_files_stay_readable() {
    let mut folders = ["crates", "fuzz", "tests"]
        .map(|folder| root().join(folder))
        .to_vec();
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let lines = std::fs::read_to_string(&path)
                    .expect("text")
                    .lines()
                    .count();
                assert!(lines <= 450, "{} has {lines} lines", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 50, "{seen} files seen");
}
