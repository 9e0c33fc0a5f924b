//! What a packed crate holds and says, and that there is one version.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{packages, root};

fn published() -> Vec<Value> {
    let is_published = |package: &Value| package["publish"].is_null();
    let list: Vec<Value> = packages().into_iter().filter(is_published).collect();
    assert!(list.len() > 8, "{} packages are published", list.len());
    list
}

fn folder(package: &Value) -> PathBuf {
    let manifest = package["manifest_path"].as_str().expect("a path");
    Path::new(manifest).parent().expect("a folder").to_owned()
}

fn words<'a>(package: &'a Value, key: &str) -> Vec<&'a str> {
    let list = package[key].as_array().expect("a list");
    list.iter()
        .map(|word| word.as_str().expect("text"))
        .collect()
}

#[test]
fn every_package_has_the_text_of_both_licences() {
    for package in published() {
        for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
            let file = folder(&package).join(name);
            let own = fs::read_to_string(&file).unwrap_or_default();
            let text = fs::read_to_string(root().join(name)).expect("a licence");
            assert!(
                own == text,
                "{}: not the licence; ln -s ../../{name} {}",
                file.display(),
                file.display()
            );
        }
    }
}

/// The limits are those of crates.io.
#[test]
fn every_package_can_be_found() {
    for package in published() {
        let name = package["name"].as_str().expect("a name");
        let keywords = words(&package, "keywords");
        assert!(
            (1..=5).contains(&keywords.len()),
            "{name}: {} keywords, not 1 to 5",
            keywords.len()
        );
        for word in keywords {
            let first = word.starts_with(|letter: char| letter.is_ascii_alphanumeric());
            let known = |letter: char| letter.is_ascii_alphanumeric() || "_-+".contains(letter);
            assert!(
                first && word.len() <= 20 && word.chars().all(known),
                "{name}: keyword {word}"
            );
        }
        let categories = words(&package, "categories");
        assert!(
            (1..=5).contains(&categories.len()),
            "{name}: {} categories, not 1 to 5",
            categories.len()
        );
        assert!(package["description"].is_string(), "{name}: no description");
    }
}

/// A README whose example is not compiled would rot.
#[test]
fn every_package_has_a_readme_whose_example_is_a_test() {
    for package in published() {
        let name = package["name"].as_str().expect("a name");
        assert_eq!(package["readme"], "README.md", "{name}: key readme");
        let readme = fs::read_to_string(folder(&package).join("README.md"));
        let readme = readme.unwrap_or_else(|error| panic!("{name}: README.md: {error}"));
        assert!(
            readme.starts_with(&format!("# {name}\n")),
            "{name}: heading of the README"
        );
        assert!(
            readme.contains("\n```rust\n"),
            "{name}: no example in the README that is run"
        );
        let source = fs::read_to_string(folder(&package).join("src/lib.rs")).expect("a library");
        assert!(
            source.contains("[doc = include_str!(\"../README.md\")]"),
            "{name}: the README's example is no documentation test"
        );
    }
}

/// `ci/version` writes it in every place.
#[test]
fn there_is_one_version() {
    let text = fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let of_workspace = text.split("[workspace.package]\nversion = \"").nth(1);
    let version = of_workspace.and_then(|rest| rest.split('"').next());
    let version = version.expect("a version of the workspace");
    for package in packages() {
        assert_eq!(package["version"], version, "{}", package["name"]);
    }
    for line in text
        .lines()
        .filter(|line| line.contains("path = \"crates/"))
    {
        assert!(
            line.contains(&format!("version = \"{version}\"")),
            "Cargo.toml: {line}: not version {version}; ci/version {version} writes it"
        );
    }
}
