//! What makes two runs the same, and what a run says of the program that made it.

use std::process::Command;

use serde_json::json;

use crate::{RUN, SUITE, complaint, diverging, edit_json, folder_with, output, read_json, run_in};

/// A key that has come since a run was written stands in it with its default.
#[test]
fn a_key_with_a_default_that_a_run_lacks_is_no_other_setting_and_another_value_is() {
    let folder = folder_with(SUITE);
    let manifest = run_in(&folder).join("manifest.json");
    let finished = read_json(&manifest);
    for (settings, key) in [
        ("arm_config", "radial"),
        ("task_config", "cutoff"),
        ("train", "clip"),
    ] {
        edit_json(&manifest, |manifest| {
            *manifest = finished.clone();
            let settings = manifest["job"][settings].as_object_mut().expect("settings");
            assert!(settings.remove(key).is_some(), "{key} has a default");
        });
        let resumed = output(&["resume", "out"], folder.path());
        let error = String::from_utf8_lossy(&resumed.stderr);
        assert!(resumed.status.success(), "{key}: {error}");

        edit_json(&manifest, |manifest| {
            *manifest = finished.clone();
            manifest["job"][settings][key] = json!(17);
        });
        let error = complaint(&["resume", "out"], folder.path(), 1);
        let named = format!("job.{settings}.{key} is 17");
        assert!(error.contains(&named), "{error}");
    }
}

/// The version is that which was built, not one that was typed.
#[test]
fn a_run_names_its_program_as_cargo_resolved_it() {
    let folder = folder_with(SUITE);
    let manifest = read_json(&run_in(&folder).join("manifest.json"));
    // Not `cargo metadata`, which wants the packages of all systems to have been fetched.
    let found = Command::new(env!("CARGO"))
        .args(["pkgid", "--offline", "burn"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo pkgid");
    let found = String::from_utf8(found.stdout).expect("text");
    let (_, version) = found.trim().rsplit_once('@').expect("a version");
    assert_eq!(manifest["program"]["burn"], version);
    assert_eq!(manifest["program"]["twirlbench"], env!("CARGO_PKG_VERSION"));
}

/// A step that cannot be taken leaves enough to be taken again.
#[test]
fn the_evidence_of_a_step_that_is_not_finite_is_kept_and_repeats() {
    let folder = folder_with(&diverging());
    let run = folder.path().join("out").join(RUN);
    let mut before = None;
    for arguments in [
        &["run", "--suite", "tiny.toml", "--out", "out"][..],
        &["resume", "out"],
    ] {
        let error = complaint(arguments, folder.path(), 1);
        assert!(
            error.contains("lower the learning rate or clip gradients"),
            "{error}"
        );
        let failure = read_json(&run.join("failure.json"));
        let manifest = read_json(&run.join("manifest.json"));
        assert_eq!(manifest["status"], "failed");
        let told = manifest["error"].as_str().expect("an error");
        assert!(error.contains(told), "{error} and {told}");
        let step = failure["step"].as_u64().expect("a step");
        assert_eq!(manifest["steps"], step);
        assert_eq!(failure["seed"], 0);
        let saved = format!("checkpoints/step-{step:09}/checkpoint.json");
        assert_eq!(read_json(&run.join(saved))["counters"]["step"], step);
        let items: Vec<u64> = serde_json::from_value(failure["items"].clone()).expect("items");
        let frames = manifest["data"]["frames"].as_u64().expect("a count");
        assert_eq!(items.len(), 4);
        assert!(items.iter().all(|&item| item < frames), "{items:?}");
        assert!(
            before
                .replace(failure.clone())
                .is_none_or(|before| before == failure)
        );
    }
}
