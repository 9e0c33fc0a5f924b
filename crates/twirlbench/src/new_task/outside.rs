//! A package outside the workspace, which depends on a checkout by path.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::Manifest;
use super::files::Name;

/// Crates of the checkout that a task uses.
const OURS: [&str; 4] = [
    "twirl-data",
    "twirl-harness",
    "twirl-pointcloud",
    "twirlbench",
];

/// `Cargo.toml` and `Cargo.lock`, with the versions, features and profile of the checkout: cargo
/// then compiles nothing twice if both share `CARGO_TARGET_DIR`.
pub(super) fn manifest(root: &Path, name: &Name) -> Result<Manifest> {
    let file = root.join("Cargo.toml");
    let read =
        |path: &Path| fs::read_to_string(path).with_context(|| format!("{}", path.display()));
    let place = || format!("{}", file.display());
    let workspace: Table = read(&file)?.parse().with_context(place)?;
    let shared = |name: &str| -> Result<&Value> {
        workspace
            .get("workspace")
            .and_then(|table| table.get("dependencies")?.get(name))
            .with_context(|| format!("{}: no dependency {name}", file.display()))
    };
    let package = workspace
        .get("workspace")
        .and_then(|table| table.get("package"))
        .with_context(|| format!("{}: no [workspace.package]", file.display()))?;
    let of_package = |key: &str| {
        let value = package.get(key).with_context(place)?;
        Ok::<String, anyhow::Error>(value.to_string())
    };
    let ours = |crate_name: &str| {
        let path = root.join("crates").join(crate_name);
        let path = Value::String(path.display().to_string());
        format!("{crate_name} = {{ path = {path} }}\n")
    };
    let theirs = |crate_name: &str| -> Result<String> {
        Ok(format!("{crate_name} = {}\n", inline(shared(crate_name)?)))
    };
    let mut toml = format!(
        "[package]\nname = \"{}\"\ndescription = \"A task for twirlbench\"\nversion = \"0.1.0\"\n\
         edition = {}\nrust-version = {}\npublish = false\n\n\
         # A workspace of its own.\n[workspace]\n\n[dependencies]\n",
        name.package(),
        of_package("edition")?,
        of_package("rust-version")?,
    );
    for name in OURS {
        toml += &ours(name);
    }
    let _ = write!(
        toml,
        "\n[dev-dependencies]\n{}{}\n[lib]\nbench = false\n\n[[bin]]\nname = \"{}\"\npath = \
         \"src/main.rs\"\nbench = false\n",
        theirs("serde_json")?,
        ours("twirl-testkit"),
        name.kebab,
    );
    if let Some(Value::Table(profile)) = workspace.get("profile").and_then(|p| p.get("release")) {
        toml += "\n# That of twirlbench, so that its dependencies need not be compiled again.\n";
        toml += "[profile.release]\n";
        for (key, value) in profile {
            let _ = writeln!(toml, "{key} = {}", inline(value));
        }
    }
    Ok(Manifest {
        toml,
        lock: Some(read(&root.join("Cargo.lock"))?),
    })
}

/// A value on one line.
fn inline(value: &Value) -> String {
    match value {
        Value::Table(table) => {
            let pairs: Vec<String> = table
                .iter()
                .map(|(key, value)| format!("{key} = {}", inline(value)))
                .collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}
