//! The results in the README are those of the committed folders.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn results_are_generated_and_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = fs::read_to_string(root.join("README.md")).expect("a README");
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("README.md");
    // Emptied, so that nothing but the results can fill it again.
    let (mut empty, mut names, mut inside) = (String::new(), Vec::new(), false);
    for line in readme.lines() {
        let name = line
            .strip_prefix("<!-- results: ")
            .and_then(|rest| rest.strip_suffix(" -->"));
        names.extend(name);
        inside = (inside || name.is_some()) && line != "<!-- end of results -->";
        if !inside || name.is_some() {
            empty += line;
            empty += "\n";
        }
    }
    assert!(!names.is_empty(), "the README shows results");
    fs::write(&copy, empty).expect("written");
    for name in names {
        let output = Command::new(env!("CARGO_BIN_EXE_twirlbench"))
            .arg("report")
            .arg(root.join("results").join(name))
            .arg("--readme")
            .arg(&copy)
            .output()
            .expect("the program starts");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
    }
    let remedy = "write it again with ci/readme";
    let made = fs::read_to_string(&copy).expect("a README");
    assert!(made == readme, "README.md is not up to date; {remedy}");
    for entry in fs::read_dir(folder.path().join("docs/figures")).expect("figures") {
        let name = entry.expect("an entry").file_name();
        let read = |base: &Path| fs::read(base.join("docs/figures").join(&name)).ok();
        assert!(
            read(&root) == read(folder.path()),
            "docs/figures/{} is not up to date; {remedy}",
            name.display()
        );
    }
}
