//! What the task refuses, each in one line with a remedy.

use serde_json::json;
use task_conformer_flow::{ConformerFlow, FlowConfig, Plain, Shape};
use twirl_data::{DataSet, Embedded, OpenOptions};
use twirl_harness::{Arm, Generate, GenerateRequest, Task};

fn embedded() -> DataSet {
    DataSet::embedded(Embedded::Conformers).expect("embedded data")
}

#[test]
fn settings() {
    let table = [
        (
            json!({"prior_scale": 0.0}),
            "setting prior_scale: is 0; give a positive length in angstrom",
        ),
        (
            json!({"sigma": -1.0}),
            "setting sigma: is -1; give 0 or more",
        ),
        (
            json!({"time": {"uniform": {"low": 0.5, "high": 0.2}}}),
            "setting time: is Uniform { low: 0.5, high: 0.2 }; give 0 <= low < high <= 1, or \
             positive exponents",
        ),
        (
            json!({"preset": "et-flow", "time": {"uniform": {"low": 0.0, "high": 1.0}}}),
            "setting time: from 0 to 1 holds times at which the bridge's velocity is infinite; give \
             uniform times with low > 0 and high < 1",
        ),
        (
            json!({"weighting": {"inverse-square": {"until": 1.0}}}),
            "setting weighting: is InverseSquare { until: 1.0 }; give 0 <= until < 1, or 0 <= low \
             <= high",
        ),
        (
            json!({"closing_steps": 0}),
            "setting closing_samples and closing_steps: are 8 and 0; give at least 1, or \
             closing_molecules = 0 for no samples",
        ),
    ];
    for (config, expected) in table {
        let config: FlowConfig = serde_json::from_value(config).expect("settings");
        let error = ConformerFlow::open(&config, &embedded()).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    }
    let shape: Shape = serde_json::from_value(json!({"heads": 5})).expect("settings");
    assert_eq!(
        shape.checked().expect_err("5 heads").to_string(),
        "setting heads: 5 heads do not divide 64 / 4 channels; choose a width that is a multiple of \
         4 heads"
    );
}

#[test]
fn data_without_bonds() {
    let frame = |shift: f64| {
        format!("3\nProperties=species:S:1:pos:R:3\nO 0 0 0\nH 0.96 0 {shift}\nH -0.24 0.93 0\n")
    };
    let text: String = (0..6).map(|index| frame(0.01 * f64::from(index))).collect();
    let data = DataSet::from_bytes(
        "water.xyz",
        text.into_bytes().into(),
        &OpenOptions::default(),
    )
    .expect("a data set");
    let error = ConformerFlow::open(&FlowConfig::default(), &data).expect_err("no bonds");
    assert_eq!(
        error.to_string(),
        "data set water: molecule H2O has no bonds; conformer-flow needs them: convert the file with \
         a script of data-scripts/ (convert_conformer_benchmark.py, convert_geom.py, convert_qm9.py)"
    );
}

#[test]
fn requests() {
    let device = burn::tensor::Device::flex();
    let task = ConformerFlow::open(&FlowConfig::default(), &embedded()).expect("the task");
    let model = Plain::init(&Shape::default(), &task, 0, &device).expect("plain");
    let request = |smiles: &str, method: &str| GenerateRequest {
        smiles: Some(smiles.to_owned()),
        count: 3,
        seed: 1,
        method: Some(method.to_owned()),
        steps: Some(2),
    };
    let table = [
        (
            "CCO",
            "midpoint",
            "setting method: midpoint is not a sampler of conformer-flow; give euler or heun",
        ),
        (
            "C(",
            "euler",
            "setting smiles: C(: an unmatched '(' at character 2; correct the SMILES",
        ),
        (
            "CC[Si](C)(C)C",
            "euler",
            "setting smiles: CC[Si](C)(C)C: element Si was not trained on; train on a data set that \
             holds it",
        ),
        (
            "CC.CC",
            "euler",
            "setting smiles: CC.CC: is in pieces, so the harmonic prior is infinite; give one piece, \
             or train with prior = \"gaussian\"",
        ),
    ];
    for (smiles, method, expected) in table {
        let error = task
            .generate(&model, &request(smiles, method), &device)
            .expect_err(expected);
        assert_eq!(error.to_string(), expected);
    }
    let made = task
        .generate(&model, &request("CCO", "heun"), &device)
        .expect("conformers");
    assert_eq!(made.len(), 3);
    assert_eq!(made[0].atomic_numbers, [6, 6, 8, 1, 1, 1, 1, 1, 1]);
    assert_eq!(made[0].bonds.len(), 8);
    assert_ne!(made[0].positions, made[1].positions);
    let again = task
        .generate(&model, &request("CCO", "heun"), &device)
        .expect("conformers");
    assert_eq!(made, again, "equal seeds, equal conformers");
}
