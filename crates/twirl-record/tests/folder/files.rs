//! Files that are whole, new, locked, and no links.

use std::fs::{self, File};
use std::os::unix::fs::symlink;

use twirl_record::{Folder, Kept, Plan, RecordError, write_new, write_whole};

use crate::{folder, hidden, record};

#[test]
fn a_link_is_replaced_and_what_it_leads_to_stays() {
    let dir = tempfile::tempdir().expect("a folder");
    let (target, path) = (dir.path().join("target"), dir.path().join("file"));
    fs::write(&target, "precious").expect("written");
    symlink(&target, &path).expect("a link");
    write_whole(&path, b"new").expect("written");
    assert_eq!(fs::read_to_string(&target).expect("text"), "precious");
    assert_eq!(fs::read_to_string(&path).expect("text"), "new");
    assert!(!path.is_symlink());
    assert!(hidden(dir.path()).is_empty());
}

#[test]
fn no_file_of_a_run_is_written_through_a_link() {
    let (dir, folder) = folder();
    let target = dir.path().join("target");
    fs::write(&target, "precious").expect("written");
    for name in ["records.jsonl", ".lock"] {
        let link = folder.path().join(name);
        symlink(&target, &link).expect("a link");
        let refused = match name {
            ".lock" => folder.lock().map(|_| ()),
            _ => folder.append(&record(0), &Kept::default()).map(|_| ()),
        };
        let error = refused.expect_err("a link").to_string();
        assert!(error.contains("is a link"), "{error}");
        assert_eq!(fs::read_to_string(&target).expect("text"), "precious");
        fs::remove_file(link).expect("removed");
    }
}

/// A report does not follow links, so a run behind one would not be found again.
#[test]
fn no_folder_of_a_run_is_a_link_but_the_results_folder_may_be_one() {
    for linked in [
        "task",
        "task/arm",
        "task/arm/seed-3",
        "task/arm/seed-3/checkpoints",
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        let elsewhere = tempfile::tempdir().expect("a folder");
        let link = dir.path().join(linked);
        fs::create_dir_all(link.parent().expect("a parent")).expect("made");
        symlink(elsewhere.path(), &link).expect("a link");
        let refused = Folder::of(dir.path(), "task", "arm", 3).create();
        let error = refused.expect_err(linked).to_string();
        assert!(error.contains("is a link"), "{error}");
        assert!(
            fs::read_dir(elsewhere.path())
                .expect("a folder")
                .next()
                .is_none()
        );
    }
    let (scratch, dir) = (tempfile::tempdir(), tempfile::tempdir());
    let (scratch, dir) = (scratch.expect("a folder"), dir.expect("a folder"));
    let out = dir.path().join("out");
    symlink(scratch.path(), &out).expect("a link");
    let folder = Folder::of(&out, "task", "arm", 3);
    folder.create().expect("a results folder may lie elsewhere");
}

#[test]
fn a_lock_holds_also_where_its_file_is_deleted() {
    let (_dir, folder) = folder();
    let lock = folder.lock().expect("free");
    let taken = |folder: &Folder| matches!(folder.lock(), Err(RecordError::Locked(_)));
    assert!(taken(&folder));
    fs::remove_file(folder.path().join(".lock")).expect("removed");
    assert!(taken(&folder), "the folder itself is locked");
    drop(lock);
    drop(folder.lock().expect("free again"));

    // Programs of version 0.1.0 know the file alone.
    let file = File::create(folder.path().join(".lock")).expect("a file");
    file.try_lock().expect("free");
    assert!(taken(&folder));
}

#[test]
fn what_a_killed_process_was_about_to_rename_is_removed() {
    let (_dir, folder) = folder();
    fs::write(
        folder.path().join(".twirlbench-0123456789abcdef.tmp"),
        "torn",
    )
    .expect("written");
    fs::write(folder.path().join(".own"), "kept").expect("written");
    drop(folder.lock().expect("free"));
    assert_eq!(hidden(folder.path()), [".own"]);
}

#[test]
fn of_many_that_write_a_plan_at_once_one_does_and_its_own_is_there() {
    let dir = tempfile::tempdir().expect("a folder");
    let plan = |number: usize| Plan {
        suite: format!("suite {number}"),
        device: "cpu".into(),
        at_once: None,
        slice_seconds: None,
        jobs: Vec::new(),
        study: None,
    };
    let written: Vec<usize> = std::thread::scope(|scope| {
        let write = |number| plan(number).write(dir.path()).is_ok();
        let threads: Vec<_> = (0..16)
            .map(|number| (number, scope.spawn(move || write(number))))
            .collect();
        let ended = threads.into_iter();
        ended
            .filter_map(|(number, thread)| thread.join().expect("no panic").then_some(number))
            .collect()
    });
    assert_eq!(written.len(), 1, "{written:?}");
    let read = Plan::read(dir.path()).expect("a plan");
    assert_eq!(read, plan(written[0]));
    let again = plan(99)
        .write(dir.path())
        .expect_err("it is there")
        .to_string();
    assert!(
        again.contains("the folder holds a run; go on with `twirlbench resume`"),
        "{again}"
    );
    let new = write_new(&Plan::path(dir.path()), b"x");
    assert!(matches!(new, Err(RecordError::File { cause, .. })
        if cause.kind() == std::io::ErrorKind::AlreadyExists));
    assert!(hidden(dir.path()).is_empty());
}
