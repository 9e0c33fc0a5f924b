//! Measurements at the edges: every design, predictions of nothing, and the numerical floor.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor};
use serde_json::{Value, json};
use task_force_field::{
    Batch, CoordinateTransformer, ENTRIES, ForceField, ForceFieldConfig, Output, PainnArm,
    PainnArmConfig,
};
use twirl_core::{Design, FiniteGroup, Precision, Symmetry, tolerance};
use twirl_data::{DataSet, Embedded, Split};
use twirl_harness::{
    Arm, DeviceChoice, Evaluation, ExactSymmetry, Job, Plan, Prepared, Role, Task, TaskError,
    TermRecord, TrainConfig,
};

const SEED: u64 = 5;

fn task() -> ForceField {
    let data = DataSet::embedded(Embedded::Forces).expect("embedded data");
    ForceField::open(&ForceFieldConfig::default(), &data).expect("the task")
}

fn plan(task: &ForceField, design: Design, symmetry: Symmetry) -> Plan {
    let evaluation = Evaluation {
        design,
        items: 12,
        batch: 12,
        replicates: 200,
        ..Default::default()
    };
    Plan::new(task, task.items(Split::Test), &evaluation, SEED).under(design, symmetry)
}

fn arm<A: Arm<ForceField>>(task: &ForceField, device: &Device) -> A {
    A::init(&A::Config::default(), task, SEED, device).expect("an arm")
}

/// A factor on every parameter.
struct Scaled(f64);

impl ModuleMapper for Scaled {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        parameter.map(|values| values * self.0)
    }
}

#[test]
fn every_design_measures_both_groups() {
    let (task, device) = (task(), Device::flex());
    let model: CoordinateTransformer = arm(&task, &device);
    let group = FiniteGroup::Tetrahedral;
    let designs = [
        Design::Iid { rotations: 3 },
        Design::Group { group },
        Design::Orbits { group, orbits: 2 },
        Design::Quadrature { degree: 2 },
    ];
    for symmetry in [Symmetry::So3, Symmetry::O3] {
        for design in designs {
            let plan = plan(&task, design, symmetry);
            let prepared = Prepared::new(&task, &plan, &device).expect("batches");
            let measured = prepared.measure(&model).expect("a measurement");
            let term = &measured.terms["force"];
            let spectral = symmetry == Symmetry::So3 && !matches!(design, Design::Group { .. });
            assert_eq!(
                !term.spectrum.is_empty(),
                spectral,
                "{design:?}, {symmetry:?}"
            );
            assert!(measured.total.equiv > 0.0, "{design:?}, {symmetry:?}");
            assert_eq!(measured.loss_replicates.len(), 100);
        }
    }
}

#[test]
fn predictions_of_zero_have_no_relative_error_and_can_be_written() {
    let (task, device) = (task(), Device::flex());
    let model: CoordinateTransformer = arm(&task, &device);
    let model = model.map(&mut Scaled(0.0));
    let plan = plan(&task, Design::Iid { rotations: 3 }, Symmetry::So3);
    let prepared = Prepared::new(&task, &plan, &device).expect("batches");
    let floor = prepared
        .floor(&arm::<PainnArm>(&task, &device))
        .expect("a floor");
    let measured = prepared.measure(&model).expect("a measurement");
    assert!((measured.total.loss / measured.zero - 1.0).abs() < 1e-12);
    let terms = measured.term_records(&floor);
    let text = serde_json::to_string(&terms).expect("plain data");
    let back: std::collections::BTreeMap<String, twirl_harness::TermRecord> =
        serde_json::from_str(&text).expect("what was written can be read");
    assert_eq!(back, terms);
    assert_eq!(terms["force"].relative_equiv, None);
    assert!(terms["force"].spectrum.is_empty());
    assert_eq!(measured.split(&floor).floor, 0.0);
    let scores: Value = serde_json::to_value(measured.score_records()).expect("plain data");
    assert!(
        scores.get("force-cosine").is_none(),
        "a cosine of zeros: {scores}"
    );
    assert!(scores.get("force-rmse (meV/A)").is_some(), "{scores}");
}

/// Another arm with its outputs multiplied by a power of two, which rounds nothing.
#[derive(Module, Debug)]
struct Louder {
    arm: PainnArm,
    #[module(skip)]
    factor: f64,
}

impl Arm<ForceField> for Louder {
    type Config = PainnArmConfig;

    fn symmetry(config: &PainnArmConfig) -> Option<ExactSymmetry> {
        <PainnArm as Arm<ForceField>>::symmetry(config)
    }

    fn init(
        config: &PainnArmConfig,
        task: &ForceField,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TaskError> {
        let arm = PainnArm::init(config, task, seed, device)?;
        Ok(Self { arm, factor: 1.0 })
    }

    fn predict(&self, batch: &Batch) -> Output {
        let Output { force, energy } = self.arm.predict(batch);
        Output {
            force: force * self.factor,
            energy: energy * self.factor,
        }
    }
}

/// The floor is what the reference rounds, relative to the size of what is predicted. The reference
/// itself therefore measures at its floor, and with outputs k times as large the floor of its squared
/// error is k^2 times as large.
#[test]
fn the_floor_grows_with_the_predictions() {
    let (task, device) = (task(), Device::flex());
    let plan = plan(&task, Design::Iid { rotations: 4 }, Symmetry::So3);
    let prepared = Prepared::new(&task, &plan, &device).expect("batches");
    let reference: PainnArm = arm(&task, &device);
    let floor = prepared.floor(&reference).expect("a floor");
    let absolute = |factor: f64| {
        let mut model: Louder = arm(&task, &device);
        model.factor = factor;
        let terms = prepared.measure(&model).expect("a measurement");
        let terms = terms.term_records(&floor);
        let floor_of = |(name, term): (String, TermRecord)| {
            let TermRecord { split, trained, .. } = term;
            let ratio = split.percent_equiv.abs() / split.floor;
            assert!(
                (ratio - 1.0).abs() < 1e-9,
                "factor {factor}, {name}: {ratio}"
            );
            (trained, (name, split.floor * split.loss))
        };
        let floors: Vec<_> = terms.into_iter().map(floor_of).collect();
        let trained = floors.into_iter().filter(|(trained, _)| *trained);
        trained.map(|(_, floor)| floor).collect::<Vec<_>>()
    };
    let own = absolute(1.0);
    assert!(own.len() == 2 && own.iter().all(|(_, floor)| *floor > 0.0));
    for factor in [1.0 / 1024.0, 1024.0] {
        for ((name, floor), (_, own)) in absolute(factor).into_iter().zip(&own) {
            let ratio = floor / (own * factor * factor);
            assert!(
                (ratio - 1.0).abs() < 1e-9,
                "factor {factor}, {name}: {ratio}"
            );
        }
    }
}

/// Rounding the operands of products breaks the symmetry of exact arms by about the unit roundoff, and
/// changes next to nothing of what an arm that learns symmetry has of it.
#[test]
fn rounded_products_break_symmetry_by_their_unit_roundoff() {
    let (data, device) = (task().data().clone(), DeviceChoice::cpu());
    let evaluation = Evaluation {
        design: Design::Iid { rotations: 3 },
        items: 12,
        batch: 12,
        replicates: 200,
        ..Default::default()
    };
    let errors = |arm: &str| -> [f64; 3] {
        let entry = ENTRIES.iter().find(|entry| entry.arm == arm);
        let entry = entry.expect("an arm");
        let complete = entry.complete(&json!({}), &json!({})).expect("settings");
        let job = Job {
            data_options: serde_json::Map::new(),
            task: entry.task.into(),
            arm: arm.into(),
            data: "embedded".into(),
            seed: SEED,
            measure_seed: SEED,
            task_config: complete.task_config,
            arm_config: complete.arm_config,
            train: TrainConfig {
                batch: 3,
                ..TrainConfig::default()
            },
        };
        let mut lab = entry.lab(&job, &data, &device).expect("a lab");
        lab.advance(3).expect("three steps");
        let weights = lab.weights();
        Precision::ALL.map(|products| {
            let measured = lab.measure(&weights, &evaluation, SEED, products);
            let measured = measured.expect("a measurement");
            let terms = measured.terms.values();
            let trained = terms.filter(|term| term.role == Role::Train);
            let shares = trained.map(|term| term.relative().expect("predictions"));
            shares.fold(0.0, f64::max).sqrt()
        })
    };
    for arm in ["painn", "tensor-field", "mace"] {
        let [full, tf32, bf16] = errors(arm);
        let exact = 100.0 * tolerance::F32.floor;
        assert!(full > 0.0 && full.powi(2) < exact, "{arm}: {full}");
        for (error, products) in [(tf32, Precision::Tf32), (bf16, Precision::Bf16)] {
            let units = error / products.unit_roundoff();
            assert!((0.1..10.0).contains(&units), "{arm}, {products:?}: {units}");
        }
        // Eight times the roundoff, and results that are rounded too.
        let factor = bf16 / tf32;
        assert!((5.0..20.0).contains(&factor), "{arm}: {factor}");
    }
    let [full, _, bf16] = errors("coordinate-transformer");
    assert!((bf16 / full - 1.0).abs() < 0.1, "{full} and {bf16}");
}
