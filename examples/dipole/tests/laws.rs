//! The laws of the task and of its arms.

use serde_json::json;
use task_dipole::{Dipole, PainnArm, Plain, charges, label};
use twirl_data::{DataSet, Embedded};
use twirl_testkit::{Bench, Claim, arm_laws, task_laws};

fn bench() -> Bench<Dipole> {
    Bench::embedded(json!({}))
}

#[test]
fn task() {
    task_laws(&bench());
    task_laws(&Bench::<Dipole>::embedded(json!({"loss": "norm"})));
}

/// Moving a molecule leaves its dipole alone, turning it turns the dipole: the label is a vector.
#[test]
fn the_label_is_the_vector_that_the_task_says() {
    let data = DataSet::embedded(Embedded::Forces).expect("embedded data");
    for item in (0..data.len()).step_by(401) {
        let dipole = label(&data, item).expect("a label");
        let molecule = &data.molecules()[data.molecule(item)];
        let charges = charges(data.atomic_numbers(item), &molecule.bonds).expect("charges");
        assert!(charges.iter().sum::<f64>().abs() < 1e-12);
        // Seen from any atom the dipole is the same, because the charges sum to zero.
        let origin = data.positions(item)[0];
        for axis in 0..3 {
            let positions = data.positions(item).iter();
            let moved: f64 = charges
                .iter()
                .zip(positions)
                .map(|(q, position)| q * (position[axis] - origin[axis]))
                .sum();
            assert!((moved - dipole[axis]).abs() < 1e-10, "frame {item}");
        }
        // Small organic molecules have dipoles of a few debye.
        let length = dipole.iter().map(|value| value * value).sum::<f64>().sqrt();
        assert!(length < 3.0, "frame {item}: {length} e A");
    }
}

#[test]
fn plain() {
    arm_laws::<_, Plain>(&bench(), &Claim::default());
}

#[test]
fn painn() {
    arm_laws::<_, PainnArm>(&bench(), &Claim::default());
}
