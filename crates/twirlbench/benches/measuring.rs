//! What a measurement costs over the bare forward passes in it, for every arm, as the suite `quick` measures.
//!
//! Bare passes are turning and predicting at the same rotations. Both are timed in turn, with one, two and
//! four rotations evaluated in a pass, and ratios are taken within a round, whose parts see the same machine.
//! Wants a quiet one. `cargo bench --workspace --bench measuring` does all arms, with `-- NAME` those whose
//! names hold it.

use std::time::Instant;

use burn::tensor::Device;
use serde_json::{Value, json};
use task_conformer_flow::{ConformerFlow, Equivariant, FrameAveraged, Plain};
use task_force_field::{
    CoordinateTransformer, ForceField, MaceArm, NeighbourAttention, PainnArm, TensorFieldArm,
};
use task_voxel_denoise::{OctahedralUnetArm, SteerableUnetArm, Unet, VoxelDenoise};
use twirl_core::{Design, FiniteGroup, Symmetry};
use twirl_data::Split;
use twirl_harness::{Arm, Draw, Evaluation, Plan, Prepared, Rotations, Task};

/// Rotations in a pass.
const TOGETHER: [usize; 3] = [1, 2, 4];
/// Rounds, and seconds after which there are no more, but some.
const ROUNDS: usize = 61;
const SECONDS: f64 = 15.0;
const LEAST: usize = 7;

/// A task with the items and rotations of its measurements.
struct Bench<T> {
    task: T,
    items: usize,
    design: Design,
}

fn bench<T: Task>(config: Value, items: usize, design: Design) -> Bench<T> {
    let data = T::embedded().expect("embedded data");
    let config: T::Config = serde_json::from_value(config).expect("settings of the task");
    let task = T::open(&config, &data).expect("task on embedded data");
    Bench {
        task,
        items,
        design,
    }
}

impl<T: Task> Bench<T> {
    /// A row of the table, if the arm is asked for.
    fn arm<A: Arm<T>>(&self, name: &str) {
        let asked = std::env::args()
            .skip(1)
            .find(|word| !word.starts_with("--"));
        if asked.is_some_and(|asked| !name.contains(&asked)) {
            return;
        }
        let (task, device) = (&self.task, Device::flex());
        let model = A::init(&A::Config::default(), task, 0, &device).expect("the arm");
        let plans = TOGETHER.map(|together| {
            let evaluation = Evaluation {
                design: self.design,
                batch: self.items * together,
                items: self.items,
                ..Evaluation::default()
            };
            Plan::new(task, task.items(Split::Test), &evaluation, 1)
        });
        let prepared: Vec<_> = plans
            .iter()
            .map(|plan| Prepared::new(task, plan, &device).expect("batches"))
            .collect();
        let plan = &plans[0];
        let host = task.batch(plan.items(), Draw::measuring(1));
        let batch = task.load(&host.expect("a batch"), &device);
        let batch = batch.expect("a batch on the device");
        let drawn: Vec<_> = plan
            .items()
            .iter()
            .map(|&item| plan.draw(item, 0).expect("rotations"))
            .collect();
        let turns: Vec<Rotations> = (0..plan.rotations())
            .map(|turn| {
                let of_turn = drawn.iter().map(|of_item| of_item[turn]);
                Rotations::new(of_turn.collect(), &device)
            })
            .collect();
        let bare = || {
            for turn in &turns {
                let turned = task.rotate(&batch, turn).expect("a turned batch");
                std::hint::black_box(model.predict(&turned));
            }
        };
        let model = &model;
        let mut parts: Vec<Box<dyn Fn() + '_>> = vec![Box::new(bare)];
        for prepared in &prepared {
            parts.push(Box::new(move || {
                std::hint::black_box(prepared.measure(model).expect("a measurement"));
            }));
        }
        let rounds = rounds(&parts);
        let all = |of: &dyn Fn(&[f64]) -> f64| rounds.iter().map(|round| of(round)).collect();
        let passes = Spread::of(all(&|round| 1e3 * round[0]));
        print!(
            "{name:<22} {:>2} x {:<2} {:>9.2}",
            plan.items().len(),
            plan.rotations(),
            passes.median
        );
        for part in 1..parts.len() {
            let over = Spread::of(all(&|round| 100.0 * (round[part] / round[0] - 1.0)));
            let Spread { low, median, high } = over;
            print!("   {median:>6.1} ({low:>6.1} {high:>6.1})");
        }
        println!();
    }
}

/// Seconds of every part in every round, the parts in turn, each round beginning with another.
fn rounds(parts: &[Box<dyn Fn() + '_>]) -> Vec<Vec<f64>> {
    for part in parts {
        part();
    }
    let mut rounds = Vec::new();
    let begun = Instant::now();
    while rounds.len() < ROUNDS && (rounds.len() < LEAST || begun.elapsed().as_secs_f64() < SECONDS)
    {
        let mut round = vec![0.0; parts.len()];
        for place in 0..parts.len() {
            let part = (place + rounds.len()) % parts.len();
            let begun = Instant::now();
            parts[part]();
            round[part] = begun.elapsed().as_secs_f64();
        }
        rounds.push(round);
    }
    rounds
}

/// A median with its 95 % interval (order statistics, binomial).
struct Spread {
    low: f64,
    median: f64,
    high: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let (count, middle) = (values.len(), values.len() / 2);
        let half = (1.96 * (count as f64).sqrt() / 2.0).ceil() as usize;
        Self {
            low: values[middle.saturating_sub(half)],
            median: values[middle],
            high: values[(middle + half).min(count - 1)],
        }
    }
}

fn table() {
    println!("Percent over bare passes, with 1, 2 and 4 rotations in a pass (95 % interval)");
    println!("arm                 items x rotations  bare ms");
    let iid = Design::Iid { rotations: 4 };
    let force = bench::<ForceField>(json!({}), 24, iid);
    force.arm::<NeighbourAttention>("neighbour-attention");
    force.arm::<CoordinateTransformer>("coordinate-transformer");
    force.arm::<PainnArm>("painn");
    force.arm::<TensorFieldArm>("tensor-field");
    force.arm::<MaceArm>("mace");
    let flow = bench::<ConformerFlow>(json!({}), 24, iid);
    flow.arm::<Plain>("plain");
    flow.arm::<Equivariant>("equivariant");
    flow.arm::<FrameAveraged>("frame-averaged");
    let group = FiniteGroup::Octahedral;
    let voxel = json!({"noise": "band-limited"});
    let voxel = bench::<VoxelDenoise>(voxel, 12, Design::Group { group });
    assert_eq!(voxel.design.rotations(Symmetry::So3) % 4, 0);
    voxel.arm::<Unet>("unet");
    voxel.arm::<SteerableUnetArm>("steerable-unet");
    voxel.arm::<OctahedralUnetArm>("octahedral-unet");
}

fn main() {
    // As the command line works.
    twirlbench::keep_memory();
    rayon::scope(|_| table());
}
