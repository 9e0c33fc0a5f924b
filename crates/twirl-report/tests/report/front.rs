//! What a report says first: three sentences, the verdicts of studies, and what fits a terminal.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use twirl_compare::{CompareError, RunSet};
use twirl_report::{brief, html, html_from, markdown, terminal};

use crate::synthetic::{Law, manifest, two_arms, write};

/// The committed folders.
fn results() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results");
    let mut folders: Vec<PathBuf> = fs::read_dir(root)
        .expect("results")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    folders.sort();
    folders
}

fn set(name: &str) -> RunSet {
    let mut folders = results().into_iter();
    let folder = folders
        .find(|path| path.ends_with(name))
        .expect("committed");
    RunSet::read(&folder).expect("readable")
}

#[test]
fn no_committed_folder_is_wider_than_a_terminal() {
    let mut seen = 0;
    for folder in results() {
        let set = match RunSet::read(&folder) {
            // Of measured predictions, not of runs.
            Err(CompareError::NoRuns(_)) => continue,
            set => set.expect("readable"),
        };
        assert!(set.broken.is_empty(), "{:?}", set.broken);
        for text in [brief(&set), terminal(&set)] {
            let wide = text.lines().find(|line| line.chars().count() > 120);
            assert_eq!(wide, None, "{}", folder.display());
        }
        // In one table a task, each arm in one line: nothing goes below for want of room.
        let text = brief(&set);
        for task in &set.tasks {
            let title = format!("{}: the last measurement", task.task);
            let table = text.split_once(&title).expect("a table").1;
            let rows = table
                .trim_start()
                .lines()
                .skip(1)
                .take_while(|line| !line.is_empty());
            assert_eq!(rows.count(), task.arms.len(), "{table}");
            seen += 1;
        }
    }
    assert!(seen >= 3);
}

#[test]
fn three_sentences_come_first_and_full_keeps_every_table() {
    let set = set("2026-11-26-quick-cpu");
    let (short, full) = (brief(&set), terminal(&set));
    let first: Vec<&str> = short.lines().take(4).collect();
    assert_eq!(first[0], "conformer-flow");
    assert!(first[1].starts_with("  Every arm has learned"), "{first:?}");
    assert!(
        first[2].starts_with("  After 499 steps, 2.00 % (95 % interval 1.46 to 2.75)"),
        "{first:?}"
    );
    assert!(
        first[3].starts_with("  At 10.0 s of device time the loss of plain is 1.16 times"),
        "{first:?}"
    );
    assert!(full.starts_with(&first.join("\n")));
    assert!(short.lines().count() < 60 && full.lines().count() > 200);
    for table in [
        "break-even",
        "Controls",
        "Figures of the finished models",
        "floor %",
    ] {
        assert!(full.contains(table) && !short.contains(table), "{table}");
    }
}

#[test]
fn why_there_is_no_statement_is_said() {
    let dir = tempfile::tempdir().expect("a folder");
    write(
        dir.path(),
        &manifest("plain", 0, "ok"),
        &Law::PLAIN.records(1.0),
    );
    let read = || RunSet::read(dir.path()).expect("readable");
    let none = "No statement at equal device seconds: no arm with exact symmetry has a record.";
    assert!(brief(&read()).contains(none), "{}", brief(&read()));
    let mut other = manifest("painn", 0, "ok");
    other["device"]["hardware"] = json!("another");
    write(dir.path(), &other, &Law::EXACT.records(1.0));
    let text = brief(&read());
    assert!(
        text.contains("No statement at equal device seconds: plain against painn: hardware is"),
        "{text}"
    );
    let page = html(&read());
    assert!(page.contains("No lower envelope: hardware is"), "{page}");
    // Twice the loss of zero, and records that do not know it.
    let mut set = read();
    for run in set.tasks[0].arms.iter_mut().flat_map(|arm| &mut arm.runs) {
        for record in &mut run.records {
            record.loss_zero = Some(0.5 * record.split.loss);
        }
    }
    assert!(
        brief(&set).contains("No arm has learned"),
        "{}",
        brief(&set)
    );
    for run in set.tasks[0].arms.iter_mut().flat_map(|arm| &mut arm.runs) {
        for record in &mut run.records {
            record.loss_zero = None;
        }
    }
    assert!(brief(&set).contains("Nothing says whether an arm has learned"));
}

/// A folder of studies has a page of claims; one of runs links to the studies beside it.
#[test]
fn claims_come_with_their_verdicts_by_set_up() {
    let studies = set("2026-11-27-studies-quick-cpu");
    assert_eq!((studies.studies.len(), studies.tasks.len()), (12, 0));
    let page = html_from(&studies, "../a b");
    let text = brief(&studies);
    for study in &studies.studies {
        assert!(
            page.contains(&format!("<h3>{}</h3>", study.claim)),
            "{}",
            study.claim
        );
        assert!(page.contains(&format!("href=\"../a%20b/{}/table.md\"", study.study)));
        assert!(markdown(&studies).contains(&study.claim));
        assert!(!study.findings.is_empty(), "{}", study.study);
        for finding in &study.findings {
            let figures = finding.figures.replace('<', "&lt;");
            assert!(page.contains(&figures), "{figures}");
            assert!(text.contains(&format!("  {}: {}", finding.place, finding.verdict)));
        }
    }
    let runs = set("2026-11-26-quick-cpu");
    assert_eq!(runs.studies.len(), 0);
    let link = "href=\"../2026-11-27-studies-quick-cpu/dynamics/table.md\"";
    assert!(html(&runs).contains(link));
    let one = results()
        .into_iter()
        .find(|path| path.ends_with("2026-11-26-force-10k-cpu"));
    let one = RunSet::read(&one.expect("committed").join("dynamics")).expect("readable");
    assert!(html(&one).contains("href=\"table.md\"") && one.studies.len() == 1);
}

#[test]
fn a_study_that_cannot_be_read_is_left_out_with_its_reason() {
    let dir = tempfile::tempdir().expect("a folder");
    two_arms(dir.path());
    let study = dir.path().join("dynamics");
    fs::create_dir_all(study.join("force-field/painn/seed-0")).expect("writable");
    fs::create_dir_all(dir.path().join("runs/x/seed-0")).expect("writable");
    fs::write(
        study.join("verdict.txt"),
        "supported: c -- a: b (supported)",
    )
    .expect("writable");
    let set = RunSet::read(dir.path()).expect("readable");
    assert_eq!(set.broken.len(), 1, "{:?}", set.broken);
    assert!(set.broken[0].reason.starts_with("manifest.json: "));
    let listed = json!({
        "study": "dynamics", "claim": "c", "verdict": "supported: c -- a: b (supported)",
        "findings": [{ "place": "a", "verdict": "supported", "figures": "b", "forbidden": ["z"] }],
    });
    fs::write(study.join("manifest.json"), listed.to_string()).expect("writable");
    let set = RunSet::read(dir.path()).expect("readable");
    assert!(set.broken.is_empty(), "{:?}", set.broken);
    assert_eq!(set.studies[0].findings[0].forbidden, ["z"]);
    assert_eq!(set.tasks[0].arms.len(), 2);
}

#[test]
fn a_gpu_is_named_only_where_there_was_one() {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, hardware, gpu) in [
        ("cpu", "AMD EPYC", false),
        ("vulkan:0", "llvmpipe (LLVM 15)", false),
        ("cuda:0", "NVIDIA H100", true),
    ] {
        let mut run = manifest("plain", 0, "ok");
        run["device"]["name"] = json!(name);
        run["device"]["hardware"] = json!(hardware);
        write(dir.path(), &run, &Law::PLAIN.records(1.0));
        let page = html(&RunSet::read(dir.path()).expect("readable"));
        assert_eq!(page.contains("GPU-hour"), gpu, "{name}");
    }
}

#[test]
fn the_page_of_the_quick_suite_is_small_and_every_row_says_whose_it_is() {
    let set = set("2026-11-26-quick-cpu");
    let page = html(&set);
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    for arm in set.arms() {
        let rows = page
            .matches(&format!("<tr data-arm=\"{}\">", arm.arm))
            .count();
        assert!(rows >= 3, "{}: {rows} rows", arm.arm);
        let figure = format!("<figure data-arm=\"{}\">", arm.arm);
        assert!(page.contains(&figure), "{figure}");
    }
    assert!(page.contains("<fieldset class=\"filter\" hidden=\"hidden\">"));
}
