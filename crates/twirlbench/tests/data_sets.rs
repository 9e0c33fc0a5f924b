//! Data sets as a user meets them: looked at, exported, converted, and read with options.

#[path = "water/mod.rs"]
mod water;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use water::water;

fn twirlbench(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_twirlbench"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the program starts")
}

/// What the program prints when all is well.
fn printed(arguments: &[&str], folder: &Path) -> String {
    let output = twirlbench(arguments, folder);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The one line of a refusal.
fn refused(arguments: &[&str], folder: &Path) -> String {
    let output = twirlbench(arguments, folder);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

/// The line of an inspection that starts with a word.
fn line<'t>(text: &'t str, word: &str) -> &'t str {
    let found = text
        .lines()
        .find(|line| line.trim_start().starts_with(word));
    found.unwrap_or_else(|| panic!("no line {word} in {text}"))
}

#[test]
fn embedded_sets_are_inspected_by_name_and_come_back_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for name in ["forces", "conformers"] {
        let shown = printed(&["data", "inspect", name], folder);
        assert!(line(&shown, "level").ends_with("GFN2-xTB"), "{shown}");
        for out in ["out.xyz", "out.sdf"] {
            printed(
                &["data", "export", name, "--out", out, "--count", "200"],
                folder,
            );
            printed(&["data", "convert", out, "out.h5"], folder);
            let (first, second) = (
                printed(&["data", "inspect", out], folder),
                printed(&["data", "inspect", "out.h5"], folder),
            );
            for word in [
                "molecules",
                "frames",
                "atoms",
                "elements",
                "energy",
                "force",
                "distance",
            ] {
                let values = |text: &str| {
                    let lines = text.lines().filter(|line| !line.contains(" from "));
                    let lines: Vec<&str> = lines.collect();
                    line(&lines.join("\n"), word).to_owned()
                };
                assert_eq!(values(&first), values(&second), "{name} {out}");
            }
            let labelled = !line(&first, "force").contains("none");
            assert_eq!(labelled, name == "forces", "{first}");
            assert!(
                !line(&first, "molecules").contains(" 0 with bonds"),
                "{first}"
            );
        }
    }
    let error = refused(
        &["data", "inspect", "forces", "--length-unit", "bohr"],
        folder,
    );
    assert!(
        error.contains("give units, keys and limits with a file"),
        "{error}"
    );
}

/// A suite of three steps.
fn suite(file: &str, data: &str) -> String {
    format!(
        "name = 'tiny'\nseeds = [0]\n{data}\n[train]\nsteps = 3\nbatch = 4\n\
         [train.search]\nrates = [1e-3]\nsteps = 1\nitems = 2\n\
         [train.evaluation]\nitems = 4\nbatch = 4\nper_decade = 1\nreplicates = 100\n\
         design = {{ kind = 'iid', rotations = 2 }}\n\
         [[task]]\nname = 'force-field'\ndata = '{file}'\n\
         [[task.arm]]\nname = 'coordinate-transformer'\n\
         config = {{ width = 16, layers = 1, heads = 2, expansion = 1 }}\n"
    )
}

#[test]
fn a_long_and_relative_path_is_read_whole_and_found_again_from_another_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let deep = ["molecules-of-water"; 14].join("/");
    fs::create_dir_all(folder.join(&deep)).expect("made");
    let file = format!("{deep}/water.xyz");
    fs::write(folder.join(&file), water(None)).expect("written");
    fs::write(folder.join("suite.toml"), suite(&file, "")).expect("written");
    printed(&["run", "--suite", "suite.toml", "--out", "out"], folder);
    let run = folder.join("out/force-field/coordinate-transformer/seed-0");
    let records = fs::read(run.join("records.jsonl")).expect("records");
    fs::remove_dir_all(&run).expect("removed");

    let elsewhere = tempfile::tempdir().expect("a folder");
    let out = folder.join("out");
    printed(&["resume", out.to_str().expect("a path")], elsewhere.path());
    let text = fs::read_to_string(run.join("manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(manifest["data"]["name"], "water");
    let again = fs::read_to_string(run.join("records.jsonl")).expect("records");
    assert_eq!(
        again.lines().count(),
        records.split(|&byte| byte == b'\n').count() - 1
    );
}

#[test]
fn options_of_the_command_line_and_of_a_suite_are_kept_in_the_job() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fs::write(folder.join("water.xyz"), water(Some(2400.0))).expect("written");
    let error = refused(&["data", "inspect", "water.xyz"], folder);
    assert!(
        error.contains("frame 10, atom 1: a force of 2400.0 eV/A"),
        "{error}"
    );
    let shown = printed(
        &["data", "inspect", "water.xyz", "--leave-out", "implausible"],
        folder,
    );
    assert!(
        line(&shown, "left out").contains("1 with implausible"),
        "{shown}"
    );

    fs::write(folder.join("plain.toml"), suite("water.xyz", "")).expect("written");
    fs::write(
        folder.join("table.toml"),
        suite("water.xyz", "[data]\nleave_out = ['implausible']"),
    )
    .expect("written");
    let error = refused(&["run", "--suite", "plain.toml", "--out", "none"], folder);
    assert!(error.contains("--leave-out implausible"), "{error}");
    let by_option = ["--leave-out", "implausible"];
    for (suite, options) in [("plain.toml", &by_option[..]), ("table.toml", &[])] {
        let arguments = [
            &[
                "run",
                "--suite",
                suite,
                "--out",
                suite.trim_end_matches(".toml"),
            ],
            options,
        ];
        printed(&arguments.concat(), folder);
        let run = folder.join(suite.trim_end_matches(".toml"));
        let manifest = run.join("force-field/coordinate-transformer/seed-0/manifest.json");
        let text = fs::read_to_string(manifest).expect("a manifest");
        let manifest: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(
            manifest["job"]["data_options"]["leave_out"][0],
            "implausible"
        );
        assert_eq!(manifest["data"]["left_out"]["implausible"], 1);
        assert_eq!(manifest["data"]["frames"], 59);
        let page = fs::read_to_string(run.join("report.html")).expect("a page");
        assert!(page.contains("1 frames left out with implausible"));
        printed(&["resume", run.to_str().expect("a path")], folder);
    }
    let error = refused(&["run", "--suite", "quick", "--max-atoms", "9"], folder);
    assert!(error.contains("--data PATH"), "{error}");
}
