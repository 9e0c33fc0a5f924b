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

/// Path and content.
type Template = (&'static str, &'static str);

/// A file of `examples/dipole`, whose names are replaced; a link here, a file in the package.
macro_rules! example {
    ($path:literal) => {
        (
            $path,
            include_str!(concat!("../../templates/example/", $path)),
        )
    };
}

/// A file with `__NAME__` and the like for the names.
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
    example!("src/lib.rs"),
    example!("tests/laws.rs"),
    example!("suite.toml"),
];

/// What a new task has in place of the example's.
const OWN: &[Template] = &[template!("src/label.rs"), template!("README.md")];

/// The command line of its own that a task outside the workspace has.
const MAIN: Template = example!("src/main.rs");

/// All files but `Cargo.toml`.
pub(super) fn files(name: &Name, outside: bool) -> Vec<(&'static str, String)> {
    let suite = if outside {
        "suite.toml".to_owned()
    } else {
        format!("crates/{}/suite.toml", name.package())
    };
    let fill = |(path, text): &Template| {
        let filled = text
            .replace("__NAME__", &name.kebab)
            .replace("__PACKAGE__", &name.package())
            .replace("__SUITE__", &suite);
        (*path, filled)
    };
    let rename = |(path, text): &Template| {
        let renamed = text
            .replace("task_dipole", &name.crate_name())
            .replace("Dipole", &name.type_name())
            .replace("dipole", &name.kebab);
        (*path, renamed)
    };
    let main = outside.then_some(&MAIN);
    let renamed = COMMON.iter().chain(main).map(rename);
    renamed.chain(OWN.iter().map(fill)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_and_nothing_is_left() {
        let name = Name {
            kebab: "spin-count2".into(),
        };
        assert_eq!(name.type_name(), "SpinCount2");
        assert_eq!(name.crate_name(), "task_spin_count2");
        for outside in [false, true] {
            let files = files(&name, outside);
            assert_eq!(
                files.iter().any(|(path, _)| *path == "src/main.rs"),
                outside
            );
            for (path, text) in files {
                assert!(!text.contains("__"), "{path}");
                assert!(!text.to_lowercase().contains("dipole"), "{path}");
            }
        }
    }
}
