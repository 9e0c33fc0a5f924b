//! Whether memory grows while an arm trains: whole runs at toy size, measurements and checkpoints among them,
//! each in a process of its own, with the resident memory after 1,000 steps and at the end.
//!
//! ```text
//! memory [STEPS]               every arm, 10,000 steps; exit code 1 if one grows
//! memory STEPS ARM             one arm, in this process
//! ```

use std::collections::BTreeMap;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};
use twirl_harness::{
    DeviceChoice, Entry, Evaluation, Job, Observer, Progress, Record, TrainConfig,
};
use twirlbench::ENTRIES;

/// Steps after which memory is looked at first: caches are full by then.
const SETTLED: u64 = 1000;
/// MiB that a run may grow by from there: an allocator never stands still.
const ALLOWED: f64 = 4.0;

fn main() -> Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let steps = words.first().map_or("10000", String::as_str);
    let count: u64 = steps.parse().context("steps")?;
    ensure!(count > SETTLED, "give more than {SETTLED} steps");
    if let Some(arm) = words.get(1) {
        let entry = ENTRIES.iter().find(|entry| entry.arm == arm);
        let entry = entry.with_context(|| format!("no arm {arm}"))?;
        let grown = rayon::scope(|_| run(entry, count))?;
        return Ok(ExitCode::from(u8::from(grown > ALLOWED)));
    }
    println!("| arm | MiB after {SETTLED} steps | after {count} | grown | peak |");
    println!("|---|--:|--:|--:|--:|");
    let mut code = ExitCode::SUCCESS;
    // A control is the same arm on other poses.
    for entry in ENTRIES.iter().filter(|entry| entry.control_of.is_none()) {
        let status = Command::new(std::env::current_exe()?)
            .args([steps, entry.arm])
            .status()?;
        if !status.success() {
            eprintln!("{}: memory grows, or the run failed", entry.arm);
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

/// Settings of task and arm that make a step take a millisecond or few.
fn toy(entry: &Entry) -> (Value, Value) {
    let task = match entry.task {
        "force-field" => json!({"closing_frames": 0, "counted_frames": 20}),
        "conformer-flow" => json!({"closing_molecules": 0}),
        _ => json!({"grid": 8, "resolution": 1.6, "closing": {"molecules": 0, "samples": 0}}),
    };
    let arm = match entry.arm {
        "neighbour-attention" | "coordinate-transformer" => {
            json!({"width": 8, "layers": 1, "heads": 2, "radial": 8})
        }
        "mace" => json!({"width": 4, "layers": 1, "radial": 4, "hidden": 4}),
        "unet" => json!({"base": 4, "multipliers": [1, 2]}),
        "steerable-unet" => json!({"scalars": [2, 3], "vectors": [1, 1], "blocks": [1, 1]}),
        "octahedral-unet" => json!({"widths": [1, 1], "blocks": [0, 1]}),
        _ if entry.task == "conformer-flow" => json!({"width": 16, "layers": 1, "heads": 2}),
        _ => json!({"width": 4, "layers": 1, "radial": 4}),
    };
    (task, arm)
}

/// Prints a row of the table; the MiB by which the run has grown.
fn run(entry: &Entry, steps: u64) -> Result<f64> {
    let (task, arm) = toy(entry);
    let complete = entry.complete(&task, &arm)?;
    let job = Job {
        task: entry.task.into(),
        arm: entry.arm.into(),
        data: "embedded".into(),
        data_options: Map::new(),
        seed: 0,
        measure_seed: 0,
        task_config: complete.task_config,
        arm_config: complete.arm_config,
        train: TrainConfig {
            steps,
            batch: 2,
            checkpoint_every: 250,
            checkpoint_seconds: 0.0,
            evaluation: Evaluation {
                items: 8,
                per_decade: 10,
                ..Evaluation::default()
            },
            ..TrainConfig::default()
        },
    };
    let job = if entry.task == "voxel-denoise" {
        on_the_lattice(job)
    } else {
        job
    };
    let data = entry.open_data(&job, None)?;
    let folder = tempfile::tempdir()?;
    let watch = Watch::default();
    let (device, program) = (DeviceChoice::cpu(), BTreeMap::new());
    entry.run(&job, folder.path(), &data, &device, &program, &watch)?;
    let [settled, end] = [&watch.settled, &watch.end].map(mebibytes);
    let peak = kibibytes("VmHWM:").context("no peak in /proc/self/status")? as f64 / 1024.0;
    let grown = end - settled;
    println!(
        "| {} | {settled:.1} | {end:.1} | {grown:+.1} | {peak:.1} |",
        entry.arm
    );
    Ok(grown)
}

/// Independent noise is carried by the turns of the lattice alone.
fn on_the_lattice(mut job: Job) -> Job {
    let group = twirl_core::FiniteGroup::Octahedral;
    job.train.evaluation.design = twirl_core::Design::Subset {
        group,
        rotations: 4,
    };
    job
}

/// Looks at the memory of this process, KiB.
#[derive(Default)]
struct Watch {
    settled: AtomicU64,
    end: AtomicU64,
}

fn mebibytes(kept: &AtomicU64) -> f64 {
    kept.load(Ordering::Relaxed) as f64 / 1024.0
}

impl Observer for Watch {
    fn progress(&self, progress: &Progress) {
        let kept = match progress.step {
            SETTLED => &self.settled,
            step if step == progress.steps => &self.end,
            _ => return,
        };
        kept.store(kibibytes("VmRSS:").unwrap_or(0), Ordering::Relaxed);
    }

    fn measured(&self, _record: &Record) {}

    fn searching(&self, _index: usize, _count: usize, _rate: f64) {}
}

/// A line of `/proc/self/status`.
fn kibibytes(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
