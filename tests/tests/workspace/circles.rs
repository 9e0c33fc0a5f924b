//! No circle of files inside a crate: whoever reads a file needs only files below it.

use std::collections::{BTreeMap, BTreeSet};

use crate::root;
use crate::source::{Module, Named, modules, named};

/// Which files of a crate a file needs.
type Arrows = BTreeMap<Module, BTreeSet<Module>>;

fn arrows(words: &BTreeMap<Module, Vec<String>>) -> Arrows {
    let children = |module: &Module| -> Vec<String> {
        let below = words
            .keys()
            .filter(|other| other.len() == module.len() + 1 && other.starts_with(module));
        below
            .map(|other| other.last().expect("a name").clone())
            .collect()
    };
    let names: BTreeMap<&Module, Vec<Named>> = words
        .iter()
        .map(|(module, words)| (module, named(module, words, &children(module))))
        .collect();
    names
        .iter()
        .map(|(&module, all)| {
            let own = all.iter().filter(|name| !name.public);
            let needs = own.filter_map(|name| defined_in(&names, &name.path));
            let needs = needs.filter(|other| other != module);
            (module.clone(), needs.collect())
        })
        .collect()
}

/// The file that defines what a path names, through the re-exports on its way; none for what is
/// declared elsewhere or brought in from another crate.
fn defined_in(names: &BTreeMap<&Module, Vec<Named>>, path: &[String]) -> Option<Module> {
    let mut path = path.to_vec();
    for _ in 0..8 {
        let length = (0..=path.len())
            .rev()
            .find(|&length| names.contains_key(&path[..length].to_vec()))?;
        let module = path[..length].to_vec();
        let Some(item) = path.get(length) else {
            return Some(module);
        };
        let handed_on = names[&module]
            .iter()
            .find(|name| name.public && name.alias == *item);
        match handed_on {
            Some(name) => {
                let rest = path[length + 1..].to_vec();
                path = name.path.clone();
                path.extend(rest);
            }
            None => return Some(module),
        }
    }
    None
}

/// A circle of files, if there is one.
fn circle(arrows: &Arrows) -> Option<Vec<Module>> {
    let mut done = BTreeSet::new();
    for start in arrows.keys() {
        let mut way = Vec::new();
        if let Some(found) = visit(arrows, start, &mut way, &mut done) {
            return Some(found);
        }
    }
    None
}

fn visit(
    arrows: &Arrows,
    at: &Module,
    way: &mut Vec<Module>,
    done: &mut BTreeSet<Module>,
) -> Option<Vec<Module>> {
    if let Some(place) = way.iter().position(|module| module == at) {
        return Some(way[place..].to_vec());
    }
    if done.contains(at) {
        return None;
    }
    way.push(at.clone());
    for other in arrows.get(at).into_iter().flatten() {
        if let Some(found) = visit(arrows, other, way, done) {
            return Some(found);
        }
    }
    way.pop();
    done.insert(at.clone());
    None
}

#[test]
fn no_circle_of_files_inside_a_crate() {
    let mut circles = Vec::new();
    let mut files = 0;
    for entry in std::fs::read_dir(root().join("crates")).expect("crates") {
        let package = entry.expect("an entry").path();
        let words = modules(&package.join("src"));
        files += words.len();
        if let Some(found) = circle(&arrows(&words)) {
            let way: Vec<String> = found.iter().map(|module| module.join("::")).collect();
            let name = package.file_name().expect("a name").to_string_lossy();
            circles.push(format!("{name}: {} -> (the first again)", way.join(" -> ")));
        }
    }
    assert!(files > 100, "{files} files seen");
    assert!(
        circles.is_empty(),
        "circles of files:\n{}",
        circles.join("\n")
    );
}

#[test]
fn a_circle_is_found_through_re_exports_and_nested_lists() {
    let module = |path: &str| -> Module {
        path.split("::")
            .filter(|part| !part.is_empty())
            .map(Into::into)
            .collect()
    };
    let text = |text: &str| -> Vec<String> {
        let spaced = text.replace("::", " :: ");
        let marks = ["{", "}", ",", ";"];
        let spaced = marks.iter().fold(spaced, |text, mark| {
            text.replace(mark, &format!(" {mark} "))
        });
        spaced.split_whitespace().map(Into::into).collect()
    };
    let mut files = BTreeMap::from([
        (
            module(""),
            text("pub use upper::high::Top; pub use lower::Bottom;"),
        ),
        (module("upper"), text("pub use high::Top;")),
        (
            module("upper::high"),
            text("use std::{fmt, io}; use crate::{Bottom as B, other};"),
        ),
        (module("lower"), text("pub struct Bottom;")),
        (module("other"), text("use crate::lower::{self, Bottom};")),
    ]);
    assert_eq!(circle(&arrows(&files)), None);
    let back = text("use super::upper::Top; pub struct Bottom;");
    files.insert(module("lower"), back);
    let found = circle(&arrows(&files)).expect("lower -> upper::high -> lower");
    assert!(found.contains(&module("lower")) && found.contains(&module("upper::high")));
}
