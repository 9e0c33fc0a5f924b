//! A member of the workspace: one line each in the root manifest, the program's manifest and the
//! list of entries.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::Manifest;
use super::files::Name;

/// `Cargo.toml` of the member.
pub(super) fn manifest(root: &Path, name: &Name) -> Result<Manifest> {
    // Fail before anything is written if a line has no place.
    edits(root, name)?;
    let ours = ["twirl-data", "twirl-harness", "twirl-pointcloud"];
    let line = |name: &&str| format!("{name}.workspace = true\n");
    let toml = format!(
        "[package]\nname = \"{}\"\ndescription = \"One vector per molecule\"\n{}publish = false\n\n\
         [dependencies]\n{}\n[dev-dependencies]\n{}\n[lib]\nbench = false\n\n[lints]\nworkspace = \
         true\n",
        name.package(),
        [
            "version",
            "edition",
            "rust-version",
            "license",
            "repository"
        ]
        .iter()
        .map(line)
        .collect::<String>(),
        ours.iter().map(line).collect::<String>(),
        ["serde_json", "twirl-testkit"]
            .iter()
            .map(line)
            .collect::<String>(),
    );
    Ok(Manifest { toml, lock: None })
}

/// Adds the three lines.
pub(super) fn register(root: &Path, name: &Name) -> Result<()> {
    for (path, text) in edits(root, name)? {
        let file = root.join(path);
        fs::write(&file, text).with_context(|| format!("{}", file.display()))?;
    }
    Ok(())
}

/// Files with their line added.
fn edits(root: &Path, name: &Name) -> Result<Vec<(&'static str, String)>> {
    let package = name.package();
    let lines = [
        (
            "Cargo.toml",
            "task-",
            format!(
                "{package} = {{ path = \"crates/{package}\", version = \"{}\" }}\n",
                env!("CARGO_PKG_VERSION")
            ),
        ),
        (
            "crates/twirlbench/Cargo.toml",
            "task-",
            format!("{package}.workspace = true\n"),
        ),
    ];
    let read = |path: &str| {
        let file = root.join(path);
        fs::read_to_string(&file).with_context(|| format!("{}", file.display()))
    };
    let mut edits = Vec::new();
    for (path, prefix, line) in lines {
        let text = after_last(&read(path)?, prefix, &line)
            .with_context(|| format!("{path}: no line begins with {prefix}; add {line}"))?;
        edits.push((path, text));
    }
    let path = "crates/twirlbench/src/entries.rs";
    let entry = format!("{}::ENTRIES", name.crate_name());
    let text = into_list(&read(path)?, &entry)
        .with_context(|| format!("{path}: no list TASKS; add {entry} to it"))?;
    edits.push((path, text));
    Ok(edits)
}

/// The text with a line added after the last one that begins with a prefix.
fn after_last(text: &str, prefix: &str, line: &str) -> Option<String> {
    let mut end = None;
    let mut place = 0;
    for known in text.split_inclusive('\n') {
        place += known.len();
        if known.starts_with(prefix) {
            end = Some(place);
        }
    }
    let (before, after) = text.split_at(end?);
    Some(format!("{before}{line}{after}"))
}

/// The text with an entry at the end of the list `TASKS`.
fn into_list(text: &str, entry: &str) -> Option<String> {
    let start = text.find("const TASKS:")?;
    let open = start + text[start..].find("= &[")? + 4;
    let close = open + text[open..].find("];")?;
    let list = text[open..close].trim().trim_end_matches(',');
    let (before, after) = (&text[..open], &text[close..]);
    let known: Vec<&str> = list.split(',').map(str::trim).collect();
    let one_line = format!("{before}{}, {entry}{after}", known.join(", "));
    let width = one_line
        .lines()
        .find(|line| line.starts_with("const TASKS:"))?;
    if !text[open..close].contains('\n') && width.chars().count() <= 100 {
        return Some(one_line);
    }
    let rows = known
        .iter()
        .chain([&entry])
        .fold(String::new(), |rows, entry| rows + "    " + entry + ",\n");
    Some(format!("{before}\n{rows}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_where_their_like_are() {
        let text = "a = 1\ntask-a = 1\n\nburn = 2\n";
        assert_eq!(
            after_last(text, "task-", "task-b = 1\n").as_deref(),
            Some("a = 1\ntask-a = 1\ntask-b = 1\n\nburn = 2\n")
        );
        assert_eq!(after_last(text, "zip", "x"), None);
        let one = "const TASKS: &[&[Entry]] = &[task_a::ENTRIES];\n";
        assert_eq!(
            into_list(one, "task_b::ENTRIES").as_deref(),
            Some("const TASKS: &[&[Entry]] = &[task_a::ENTRIES, task_b::ENTRIES];\n")
        );
        let many = "const TASKS: &[&[Entry]] = &[\n    task_long_name::ENTRIES,\n    task_longer_name::ENTRIES,\n];\n";
        assert_eq!(
            into_list(many, "task_b::ENTRIES").as_deref(),
            Some(
                "const TASKS: &[&[Entry]] = &[\n    task_long_name::ENTRIES,\n    task_longer_name::ENTRIES,\n    task_b::ENTRIES,\n];\n"
            )
        );
    }

    #[test]
    fn this_workspace_has_a_place_for_every_line() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let name = Name {
            kebab: "unheard-of".into(),
        };
        let edits = edits(&root, &name).expect("places");
        assert_eq!(edits.len(), 3);
        for (path, text) in edits {
            assert!(text.contains("unheard"), "{path}");
        }
    }
}
