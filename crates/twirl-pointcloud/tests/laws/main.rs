//! The laws of tasks of labels of every kind, and refusals.

use serde_json::json;
use twirl_data::{DataError, DataSet, Embedded};
use twirl_harness::{Task, TaskError};
use twirl_pointcloud::{
    Label, Labels, PainnArm, Plain, PointCloud, PointCloudConfig, entries, label,
};
use twirl_testkit::{Bench, Claim, arm_laws, task_laws};

/// Four labels that are known in closed form: of every atom its offset from the mean position and
/// its length, of the molecule the offset of its first atom and its number of atoms.
struct Everything;

impl Labels for Everything {
    const NAME: &'static str = "everything";
    const ABOUT: &'static str = "labels of every kind";
    const LABELS: &'static [Label] = &[
        label!("offset", vector per atom, "A"),
        label!("count", scalar per molecule, ""),
        label!("distance", scalar per atom, "A"),
        label!("first", vector per molecule, "A"),
    ];

    fn values(data: &DataSet, item: usize) -> Result<Vec<Vec<f64>>, String> {
        let positions = data.positions(item);
        let count = positions.len() as f64;
        let centre: [f64; 3] = std::array::from_fn(|axis| {
            positions.iter().map(|point| point[axis]).sum::<f64>() / count
        });
        let offset = |point: &[f64; 3]| -> [f64; 3] {
            std::array::from_fn(|axis| point[axis] - centre[axis])
        };
        let offsets: Vec<[f64; 3]> = positions.iter().map(offset).collect();
        let length = |v: &[f64; 3]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
        Ok(vec![
            offsets.concat(),
            vec![count],
            offsets.iter().map(length).collect(),
            offsets[0].to_vec(),
        ])
    }
}

fn bench() -> Bench<PointCloud<Everything>> {
    Bench::embedded(json!({}))
}

#[test]
fn task() {
    task_laws(&bench());
    let norm = json!({"loss": "norm"});
    task_laws(&Bench::<PointCloud<Everything>>::embedded(norm));
}

#[test]
fn plain() {
    arm_laws::<_, Plain>(&bench(), &Claim::default());
}

#[test]
fn painn() {
    arm_laws::<_, PainnArm>(&bench(), &Claim::default());
}

/// Networks predict numbers of mean 0 and spread 1, and a score is in the label's unit.
#[test]
fn labels_are_seen_in_units_of_their_spread() {
    let bench = bench();
    let scales = bench.task.scales();
    assert_eq!(scales.len(), 4);
    assert!(scales.iter().all(|scale| scale.scale > 0.0));
    assert_eq!((scales[0].shift, scales[3].shift), (0.0, 0.0));
    let data = DataSet::embedded(Embedded::Forces).expect("embedded data");
    let train = data.split(twirl_data::Split::Train);
    let counts = train.iter().map(|&item| data.positions(item).len() as f64);
    let mean = counts.sum::<f64>() / train.len() as f64;
    assert!((scales[1].shift - mean).abs() < 1e-9, "{:?}", scales[1]);
    let names: Vec<&str> = entries::<Everything>()
        .iter()
        .map(|entry| entry.arm)
        .collect();
    assert_eq!(names, ["plain", "plain-unaugmented", "painn"]);
}

/// A label that is wrong for some frame.
struct Wrong<const CASE: usize>;

impl<const CASE: usize> Labels for Wrong<CASE> {
    const NAME: &'static str = "wrong";
    const ABOUT: &'static str = "a label that cannot be";
    const LABELS: &'static [Label] = &[label!("it", vector per molecule, "")];

    fn embedded() -> Result<DataSet, DataError> {
        DataSet::embedded(Embedded::Conformers)
    }

    fn values(_data: &DataSet, _item: usize) -> Result<Vec<Vec<f64>>, String> {
        match CASE {
            0 => Err("it has no such label".into()),
            1 => Ok(Vec::new()),
            2 => Ok(vec![vec![1.0]]),
            3 => Ok(vec![vec![1.0, f64::NAN, 0.0]]),
            _ => Ok(vec![vec![0.0; 3]]),
        }
    }
}

fn refusal<const CASE: usize>() -> String {
    type Opened<const CASE: usize> = Result<PointCloud<Wrong<CASE>>, TaskError>;
    let data = PointCloud::<Wrong<CASE>>::embedded().expect("embedded data");
    let opened: Opened<CASE> = Task::open(&PointCloudConfig::default(), &data);
    opened.err().expect("refused").to_string()
}

#[test]
fn a_label_that_cannot_be_is_refused_in_one_line() {
    assert!(refusal::<0>().contains("it has no such label; remove the frame"));
    assert!(refusal::<1>().contains("0 labels of 1"));
    assert!(refusal::<2>().contains("it has 1 values"));
    assert!(refusal::<3>().contains("not all finite"));
    assert!(refusal::<4>().contains("whose labels differ"));
}
