//! The modules of a crate as files, and the paths that a file names.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A path of modules from the root of a crate; empty: the root.
pub(crate) type Module = Vec<String>;

/// The words and marks of every module file of a crate, tests and comments left out.
pub(crate) fn modules(src: &Path) -> BTreeMap<Module, Vec<String>> {
    let mut found = BTreeMap::new();
    collect(src, &mut Module::new(), &mut found);
    found
}

fn collect(folder: &Path, module: &mut Module, found: &mut BTreeMap<Module, Vec<String>>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().expect("a name").to_string_lossy();
        let is_source = path.extension().is_some_and(|ending| ending == "rs");
        if path.is_dir() {
            module.push(stem.into_owned());
            collect(&path, module, found);
            module.pop();
        } else if is_source && stem != "main" && stem != "tests" {
            let text = fs::read_to_string(&path).expect("text");
            let mut own = module.clone();
            if stem != "lib" && stem != "mod" {
                own.push(stem.into_owned());
            }
            found.insert(own, words(&text));
        }
    }
}

/// Identifiers, `::` and single marks of a source text, up to its test module.
fn words(text: &str) -> Vec<String> {
    let text = text.split("#[cfg(test)]\nmod ").next().expect("a part");
    let mut words = Vec::new();
    for line in text.lines() {
        let line = without_strings(line);
        let line = line.split("//").next().expect("a part");
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if first.is_alphanumeric() || first == '_' {
                let other = |letter: char| !(letter.is_alphanumeric() || letter == '_');
                rest.find(other).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            words.push(rest[..length].to_owned());
            rest = rest[length..].trim_start();
        }
    }
    words
}

/// The line with what stands between double quotes taken out.
fn without_strings(line: &str) -> String {
    let escaped = line.replace("\\\"", "").replace("'\"'", "");
    let parts = escaped.split('"').step_by(2);
    parts.collect::<Vec<_>>().join(" ")
}

/// A name that a file brings in or calls by its path.
pub(crate) struct Named {
    /// From the root of the crate, its last part an item or a module.
    pub(crate) path: Vec<String>,
    /// Name under which it is known here.
    pub(crate) alias: String,
    /// Whether the file hands it on.
    pub(crate) public: bool,
}

/// Every path of the own crate in a file: its `use` lines, and paths that begin with `crate`, `super`
/// or `self`.
pub(crate) fn named(module: &[String], words: &[String], children: &[String]) -> Vec<Named> {
    let mut all = Vec::new();
    let mut at = 0;
    while at < words.len() {
        if words[at] == "use" {
            let end = (at..words.len()).find(|&place| words[place] == ";");
            let end = end.unwrap_or(words.len());
            let public = at > 0 && (words[at - 1] == "pub" || words[at - 1] == ")");
            let mut place = at + 1;
            tree(
                &words[..end],
                &mut place,
                &mut Vec::new(),
                &mut |path, alias| {
                    all.extend(resolve(module, path, children).map(|path| Named {
                        path,
                        alias: alias.to_owned(),
                        public,
                    }));
                },
            );
            at = end;
        } else if matches!(words[at].as_str(), "crate" | "super" | "self") {
            let mut path = vec![words[at].clone()];
            let mut place = at + 1;
            while words.get(place).is_some_and(|word| word == "::") && place + 1 < words.len() {
                path.push(words[place + 1].clone());
                place += 2;
            }
            if path.len() > 1 {
                let alias = path.last().expect("parts").clone();
                let path = resolve(module, &path, children);
                all.extend(path.map(|path| Named {
                    path,
                    alias,
                    public: false,
                }));
            }
            at = place - 1;
        }
        at += 1;
    }
    all
}

/// Walks a tree of a `use` line and hands every leaf on, with the name it gets.
fn tree(
    words: &[String],
    place: &mut usize,
    path: &mut Vec<String>,
    leaf: &mut impl FnMut(&[String], &str),
) {
    let depth = path.len();
    while *place < words.len() {
        let word = words[*place].as_str();
        *place += 1;
        match word {
            "{" => {
                while words.get(*place).is_some_and(|word| word != "}") {
                    tree(words, place, path, leaf);
                    if words.get(*place).is_some_and(|word| word == ",") {
                        *place += 1;
                    }
                }
                *place += 1;
                path.truncate(depth);
                return;
            }
            "::" => {}
            other => {
                path.push(other.to_owned());
                if words.get(*place).is_some_and(|word| word == "::") {
                    continue;
                }
                let mut alias = other.to_owned();
                if words.get(*place).is_some_and(|word| word == "as") {
                    alias.clone_from(&words[*place + 1]);
                    *place += 2;
                }
                if other == "self" {
                    path.pop();
                }
                leaf(path, &alias);
                path.truncate(depth);
                return;
            }
        }
    }
}

/// The path from the root of the crate; none for a path into another crate.
fn resolve(module: &[String], path: &[String], children: &[String]) -> Option<Vec<String>> {
    let mut own = module.to_vec();
    let first = path.first()?.as_str();
    let rest = match first {
        "crate" => {
            own.clear();
            &path[1..]
        }
        "self" => &path[1..],
        "super" => {
            let up = path.iter().take_while(|part| *part == "super").count();
            own.truncate(own.len().checked_sub(up)?);
            &path[up..]
        }
        other if children.iter().any(|child| child == other) => path,
        _ => return None,
    };
    own.extend_from_slice(rest);
    Some(own)
}
