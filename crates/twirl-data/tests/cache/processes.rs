//! Several processes at once, and processes that are killed.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use twirl_data::{DataCache, DataSet, OpenOptions};

use crate::{assert_same, ending, file, fixtures};

/// Names a file and a folder of a cache for the process that opens them.
const TASK: &str = "TWIRL_DATA_CACHE_TASK";

/// Only does something in a process that a test here has started.
#[test]
fn opens_what_it_is_told() {
    let Some(task) = std::env::var_os(TASK) else {
        return;
    };
    let task = task.into_string().expect("text");
    let (path, folder) = task.split_once('\n').expect("two lines");
    let set = DataCache::new(folder).open(path, &OpenOptions::default());
    let set = set.expect("a set");
    let mut sum = 0_u64;
    for frame in 0..set.len() {
        for value in set.positions(frame).as_flattened() {
            sum = sum.rotate_left(7) ^ value.to_bits();
        }
    }
    fs::write(
        Path::new(folder).join(format!("{}.sum", std::process::id())),
        format!("{} {sum:x}", set.len()),
    )
    .expect("written");
}

fn start(path: &Path, folder: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["processes::opens_what_it_is_told", "--exact"])
        .env(TASK, format!("{}\n{}", path.display(), folder.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process")
}

#[test]
fn eight_processes_that_are_the_first_make_one_set() {
    let folder = tempfile::tempdir().expect("a folder");
    let bytes = fixtures::encode(fixtures::spice(400, 20, fixtures::WATER_SMILES));
    let path = file(folder.path(), "a.hdf5", &bytes);
    let cache = folder.path().join("cache");
    let children: Vec<Child> = (0..8).map(|_| start(&path, &cache)).collect();
    for mut child in children {
        assert!(child.wait().expect("an end").success());
    }
    let sums = ending(&cache, ".sum");
    assert_eq!(sums.len(), 8, "processes that read it");
    let text = |path| fs::read_to_string(path).expect("text");
    let first = text(&sums[0]);
    assert!(first.starts_with("8000 "), "{first}");
    assert!(
        sums.iter().all(|path| text(path) == first),
        "all read the same"
    );
    assert_eq!(ending(&cache, ".set").len(), 1);
    assert_eq!(ending(&cache, ".part").len(), 0, "nothing is left half");
}

/// Killed at many moments of reading and writing, and the next finds what it needs.
#[test]
fn a_process_that_is_killed_leaves_no_harm() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = file(
        folder.path(),
        "a.h5",
        &fixtures::Project::new(60_000).bytes(),
    );
    let options = OpenOptions::default();
    let read = DataSet::open(&path, &options).expect("a set");
    let cache = folder.path().join("cache");
    let (mut parts, mut whole) = (0, 0);
    for round in 0..40_u64 {
        // Without the hash remembered or with it, so that writing begins at several moments.
        for found in ending(&cache, ".set") {
            fs::remove_file(found).expect("removed");
        }
        let mut child = start(&path, &cache);
        let begun = std::time::Instant::now();
        // As soon as there is a half file, or at some moment.
        let patience = Duration::from_millis(20 + 23 * (round % 20));
        while match round % 2 {
            0 => begun.elapsed() < patience,
            _ => ending(&cache, ".part").is_empty() && child.try_wait().expect("it").is_none(),
        } {
            std::thread::sleep(Duration::from_micros(300));
        }
        let _ = child.kill();
        let _ = child.wait();
        parts += ending(&cache, ".part").len();
        whole += ending(&cache, ".set").len();
        for set in ending(&cache, ".set") {
            // Whole as soon as it has its name.
            assert!(fs::metadata(set).expect("a file").len() > 60_000 * 3 * 49);
        }
        if round % 10 == 9 {
            let opened = DataCache::new(&cache).open(&path, &options).expect("a set");
            assert_same(&read, &opened);
            assert_eq!(
                ending(&cache, ".part").len(),
                0,
                "what was left half is gone"
            );
        }
    }
    println!("{parts} half files met, {whole} whole ones");
    assert!(parts > 0, "no process was killed while it wrote");
}
