//! Figures of samples whose quality is known.

use task_conformer_flow::quality::{AUTOMORPHISM_LIMIT, BondLengths, Judged, figures};
use task_conformer_flow::{Automorphisms, ConformerFlow, FlowConfig, Plain, Shape};
use twirl_core::Law;
use twirl_data::{DataSet, Embedded, Split};
use twirl_harness::{Arm, Task};

use crate::{SEED, stream};

fn task() -> ConformerFlow {
    let data = DataSet::embedded(Embedded::Conformers).expect("embedded data");
    ConformerFlow::open(&FlowConfig::default(), &data).expect("the task")
}

/// Known conformers, turned, are found again; the same with every length doubled are not.
#[test]
fn known_conformers_are_perfect_samples() {
    let task = task();
    let data = task.data();
    let lengths = BondLengths::of(data);
    let rotation = Law::Haar.draw(&mut stream(0));
    let items = &data.split(Split::Test)[..20];
    let run = |factor: f64| {
        let sets: Vec<_> = items
            .iter()
            .map(|&item| {
                let topology = task.topology(data.molecule(item));
                let automorphisms = Automorphisms::of(&topology, AUTOMORPHISM_LIMIT);
                let known = vec![data.positions(item).to_vec()];
                let turned = known[0]
                    .iter()
                    .map(|place| rotation.apply(place.map(|value| factor * value)))
                    .collect();
                (item, topology, automorphisms, known, vec![turned])
            })
            .collect();
        let judged: Vec<Judged<'_>> = sets
            .iter()
            .map(|(item, topology, automorphisms, known, made)| Judged {
                molecule: data.molecule(*item),
                topology,
                automorphisms,
                known,
                made,
            })
            .collect();
        figures(&judged, &lengths, SEED).expect("figures")
    };
    let perfect = run(1.0);
    for name in ["coverage-recall", "coverage-precision"] {
        assert_eq!(perfect[name].value, 100.0, "{name}");
    }
    for name in ["amr-recall", "amr-precision"] {
        assert!(
            perfect[name].value < 1e-6,
            "{name}: {}",
            perfect[name].value
        );
    }
    // A few relaxed bonds lie beyond the tolerance in themselves.
    assert!(
        perfect["valid-bonds"].value > 99.0,
        "{:?}",
        perfect["valid-bonds"]
    );
    assert_eq!(perfect["automorphisms-capped"].value, 0.0);
    let doubled = run(2.0);
    assert_eq!(doubled["valid-bonds"].value, 0.0);
    assert_eq!(doubled["valid-samples"].value, 0.0);
    assert!(
        doubled["amr-recall"].value > 0.5,
        "{:?}",
        doubled["amr-recall"]
    );
}

/// `RDKit`'s conformers belong to the embedded data and are far better than random geometries.
#[test]
fn baselines_stand_beside_an_arm() {
    let data = DataSet::embedded(Embedded::Conformers).expect("embedded data");
    let config = FlowConfig {
        closing_molecules: 55,
        closing_samples: 4,
        closing_steps: 1,
        ..FlowConfig::default()
    };
    let task = ConformerFlow::open(&config, &data).expect("the task");
    let device = burn::tensor::Device::flex();
    let model = Plain::init(&Shape::default(), &task, 0, &device).expect("plain");
    let closing = task
        .closing(&model, SEED, &device)
        .expect("closing figures");
    let (random, rdkit) = (
        &closing.baselines["random geometry"],
        &closing.baselines["RDKit"],
    );
    for (name, figure) in rdkit {
        println!(
            "{name}: RDKit {:.3}, random {:.3}, an untrained arm {:.3} {}",
            figure.value, random[name].value, closing.figures[name].value, figure.unit
        );
    }
    assert!(rdkit["coverage-recall"].value > random["coverage-recall"].value + 20.0);
    assert!(rdkit["amr-recall"].value < 0.7 * random["amr-recall"].value);
    assert!(rdkit["valid-bonds"].value > 95.0 && random["valid-bonds"].value < 30.0);
    assert!(
        rdkit["coverage-recall"].low.is_some(),
        "an interval over molecules"
    );
}
