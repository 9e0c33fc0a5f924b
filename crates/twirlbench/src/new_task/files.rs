//! The files of a new task, with its name filled in.

/// A name in the forms that code needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// `dipole-moment`
    pub(super) kebab: String,
}

impl Name {
    /// The package: `task-dipole-moment`.
    pub(super) fn package(&self) -> String {
        format!("task-{}", self.kebab)
    }

    /// The crate in code: `task_dipole_moment`.
    pub(super) fn crate_name(&self) -> String {
        self.package().replace('-', "_")
    }

    /// The type: `DipoleMoment`.
    fn type_name(&self) -> String {
        let word = |word: &str| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        };
        self.kebab.split('-').map(word).collect()
    }
}

/// Path and content with `__NAME__`, `__CRATE__`, `__TYPE__` and `__PACKAGE__` for the names.
type Template = (&'static str, &'static str);

macro_rules! template {
    ($path:literal) => {
        (
            $path,
            include_str!(concat!("../../templates/task/", $path, ".tpl")),
        )
    };
}

/// Inside the workspace and outside alike.
const COMMON: &[Template] = &[
    template!("src/lib.rs"),
    template!("src/config.rs"),
    template!("src/label.rs"),
    template!("src/task.rs"),
    template!("src/arms/mod.rs"),
    template!("src/arms/painn.rs"),
    template!("src/arms/plain.rs"),
    template!("tests/laws.rs"),
    template!("suite.toml"),
    template!("README.md"),
];

/// The command line of its own that a task outside the workspace has.
const MAIN: Template = template!("src/main.rs");

/// All files but `Cargo.toml`.
pub(super) fn files(name: &Name, outside: bool) -> Vec<(&'static str, String)> {
    let commands = if outside {
        [
            "cargo run --release -- tasks",
            "cargo run --release -- run --suite suite.toml",
        ]
        .map(str::to_owned)
    } else {
        [
            "cargo run --release -- tasks".to_owned(),
            format!(
                "cargo run --release -- run --suite crates/{}/suite.toml",
                name.package()
            ),
        ]
    };
    let fill = |text: &str| {
        text.replace("__NAME__", &name.kebab)
            .replace("__CRATE__", &name.crate_name())
            .replace("__TYPE__", &name.type_name())
            .replace("__PACKAGE__", &name.package())
            .replace("__TASKS__", &commands[0])
            .replace("__RUN__", &commands[1])
    };
    COMMON
        .iter()
        .chain(outside.then_some(&MAIN))
        .map(|(path, text)| (*path, fill(text)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_and_nothing_is_left() {
        let name = Name {
            kebab: "dipole-moment2".into(),
        };
        assert_eq!(name.type_name(), "DipoleMoment2");
        assert_eq!(name.crate_name(), "task_dipole_moment2");
        for outside in [false, true] {
            let files = files(&name, outside);
            assert_eq!(
                files.iter().any(|(path, _)| *path == "src/main.rs"),
                outside
            );
            for (path, text) in files {
                assert!(!text.contains("__"), "{path}");
            }
        }
    }
}
