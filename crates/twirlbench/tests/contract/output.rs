//! Standard output that goes away.

use std::fs::{self, File};
use std::io::Read;
use std::process::Stdio;

use crate::{RUN, SUITE, command, diverging, folder_with, read_json};

#[test]
fn a_reader_that_goes_away_changes_neither_files_nor_exit_code() {
    let failing = diverging();
    for (suite, code, status) in [(SUITE, 0, "ok"), (&failing[..], 1, "failed")] {
        let folder = folder_with(suite);
        let arguments = ["run", "--suite", "tiny.toml", "--out", "out"];
        let mut run = command(&arguments, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        drop(run.stdout.take());
        assert_eq!(run.wait().expect("a status").code(), Some(code));
        let out = folder.path().join("out");
        assert_eq!(
            read_json(&out.join(RUN).join("manifest.json"))["status"],
            status
        );
        let page = fs::read_to_string(out.join("report.html")).expect("a page");
        assert!(page.contains("coordinate-transformer"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error_and_files_are_whole() {
    let folder = folder_with(SUITE);
    let full = File::options()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full");
    let arguments = ["run", "--suite", "tiny.toml", "--out", "out"];
    let mut run = command(&arguments, folder.path())
        .stdout(full)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut error = String::new();
    let stderr = run.stderr.as_mut().expect("piped");
    stderr.read_to_string(&mut error).expect("text");
    assert_eq!(run.wait().expect("a status").code(), Some(1));
    assert!(error.starts_with("error: standard output: "), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(folder.path().join("out/report.html").exists());
}
