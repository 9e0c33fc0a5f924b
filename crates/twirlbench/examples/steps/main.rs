//! Training steps of an arm, for comparison with the same in another program.
//!
//! ```text
//! steps write FOLDER CASE      weights, batches, predictions, gradients, losses of 20 steps
//! steps time SECONDS CASE      milliseconds of a step, processor time, peak memory, operations; JSON
//! steps product                operations a second of a large product; JSON
//! ```
//!
//! A case is JSON: `{"arm": "painn", "batch": 8, "batches": 16, "task": {}, "config": {}}`, and may name
//! the `weights` of a checkpoint; without, they are initial ones, perturbed.

mod tensors;
mod training;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use serde_json::{Value, json};
use task_conformer_flow as flow;
use task_force_field as force;
use task_voxel_denoise as voxel;
use twirl_harness::{Arm, Task, product_rate};

use tensors::{Named, floats, integers, list};
use training::{Case, Training};

/// What the command line asks for.
enum Job {
    Write(PathBuf),
    Time(f64),
}

fn main() -> Result<()> {
    twirlbench::keep_memory();
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words == ["product"] {
        let rate = in_pool(|| product_rate(&Device::flex()));
        println!("{}", json!({"gflop_per_s": 1e-9 * rate}));
        return Ok(());
    }
    let [verb, object, case] = words.as_slice() else {
        bail!("give: write FOLDER CASE, time SECONDS CASE, or product");
    };
    let job = match verb.as_str() {
        "write" => Job::Write(object.into()),
        "time" => Job::Time(object.parse().context("seconds")?),
        other => bail!("{other} is neither write nor time"),
    };
    let case: Value = serde_json::from_str(case).context("case")?;
    let number = |key: &str| {
        case[key]
            .as_u64()
            .with_context(|| format!("{key} of the case"))
    };
    let arm = case["arm"].as_str().context("arm of the case")?.to_owned();
    let object = |key: &str| case.get(key).cloned().unwrap_or_else(|| json!({}));
    let case = Case {
        augmented: ["neighbour-attention", "coordinate-transformer", "plain"].contains(&&*arm),
        batch: number("batch")? as usize,
        batches: number("batches")? as usize,
        task_config: object("task"),
        arm_config: object("config"),
        weights: case["weights"].as_str().map(PathBuf::from),
        arm,
    };
    in_pool(|| of_arm(&job, &case))
}

/// Inside rayon's pool, as the command line works.
fn in_pool<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    rayon::scope(|_| work())
}

fn of_arm(job: &Job, case: &Case) -> Result<()> {
    match case.arm.as_str() {
        "painn" => on_forces::<force::PainnArm>(job, case),
        "tensor-field" => on_forces::<force::TensorFieldArm>(job, case),
        "mace" => on_forces::<force::MaceArm>(job, case),
        "neighbour-attention" => on_forces::<force::NeighbourAttention>(job, case),
        "coordinate-transformer" => on_forces::<force::CoordinateTransformer>(job, case),
        "plain" => on_conformers::<flow::Plain>(job, case),
        "equivariant" => on_conformers::<flow::Equivariant>(job, case),
        "unet" => on_voxels::<voxel::Unet>(job, case),
        "steerable-unet" => on_voxels::<voxel::SteerableUnetArm>(job, case),
        other => bail!("no arm {other}"),
    }
}

fn on_forces<A: Arm<force::ForceField>>(job: &Job, case: &Case) -> Result<()> {
    let batch = |batch: &force::Batch| {
        let cloud = &batch.cloud;
        let mut named = vec![
            integers("species", cloud.species.clone()),
            floats("offsets", cloud.offsets.clone()),
            integers("index", cloud.slots.index()),
            floats("held", cloud.edge_mask.clone()),
            list("sizes", cloud.slots.sizes().iter().map(|&size| size as f64)),
            floats("force", batch.force.clone()),
            floats("share", batch.share.clone()),
        ];
        named.extend(batch.energy.clone().map(|energy| floats("energy", energy)));
        named
    };
    let output = |output: &force::Output| {
        vec![
            floats("force", output.force.clone()),
            floats("energy", output.energy.clone()),
        ]
    };
    let facts = |task: &force::ForceField| json!({"mean_neighbours": task.mean_neighbours()});
    run::<_, A>(job, case, batch, output, facts)
}

fn on_conformers<A: Arm<flow::ConformerFlow>>(job: &Job, case: &Case) -> Result<()> {
    let batch = |batch: &flow::Batch| {
        let (graphs, state) = (&batch.graphs, &batch.state);
        vec![
            integers("species", graphs.species.clone()),
            floats("features", graphs.features.clone()),
            floats("adjacency", graphs.adjacency.clone()),
            floats("pairs", graphs.pairs.clone()),
            floats("mask", graphs.mask.clone()),
            floats("share", graphs.share.clone()),
            floats("positions", state.positions.clone()),
            floats("time", state.time.clone()),
            floats("input", state.input.clone()),
            floats("skip", state.skip.clone()),
            floats("output", state.output.clone()),
            floats("target", batch.target.clone()),
            floats("weight", batch.weight.clone()),
        ]
    };
    let output = |output: &flow::Output| vec![floats("output", output.0.clone())];
    run::<_, A>(job, case, batch, output, |_| json!({}))
}

/// Grids are made before the clock starts, by both programs.
fn on_voxels<A: Arm<voxel::VoxelDenoise>>(job: &Job, case: &Case) -> Result<()> {
    let batch = |batch: &voxel::Batch| {
        let inside = batch.lattice.inside();
        vec![
            floats("noisy", batch.noisy()),
            floats("clean", batch.clean()),
            list("inside", inside.iter().map(|&voxel| voxel as f64)),
        ]
    };
    let output = |output: &voxel::Output| vec![floats("density", output.density.clone())];
    run::<_, A>(job, case, batch, output, |_| json!({}))
}

fn run<T: Task, A: Arm<T>>(
    job: &Job,
    case: &Case,
    batch: impl Fn(&T::Batch) -> Vec<Named>,
    output: impl Fn(&T::Output) -> Vec<Named>,
    facts: impl Fn(&T) -> Value,
) -> Result<()> {
    let mut training = Training::<T, A>::new(case)?;
    let seconds = match job {
        Job::Write(folder) => {
            let facts = facts(&training.task);
            return training.write(folder, &facts, batch, output);
        }
        Job::Time(seconds) => *seconds,
    };
    // Every batch once, or as many as fit, before the clock starts.
    let begun = Instant::now();
    let mut step = 0;
    while step < 3 || (step < case.batches && begun.elapsed().as_secs_f64() < seconds) {
        (training, _) = training.step(step)?;
        step += 1;
    }
    let (begun, busy) = (Instant::now(), processor_seconds());
    let mut times = Vec::new();
    while times.len() < 3 || begun.elapsed().as_secs_f64() < seconds {
        let start = Instant::now();
        (training, _) = training.step(step)?;
        times.push(start.elapsed().as_secs_f64());
        step += 1;
    }
    let busy = (processor_seconds() - busy) / times.len() as f64;
    let mean = times.iter().sum::<f64>() / times.len() as f64;
    let peak = peak_mib();
    let line = json!({
        "steps": times.len(), "wall_ms": 1e3 * mean, "cpu_ms": 1e3 * busy, "peak_mib": peak,
        "gflop": 1e-9 * training.flops(),
    });
    println!("{line}");
    Ok(())
}

/// Processor time of this process so far; not a number where the system does not say.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(f64::NAN))
        .collect();
    match fields.get(11..13) {
        // In hundredths of a second on Linux.
        Some(times) => times.iter().sum::<f64>() / 100.0,
        None => f64::NAN,
    }
}

/// Largest memory of this process so far, in MiB; not a number where the system does not say.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    number.map_or(f64::NAN, |number| number / 1024.0)
}
