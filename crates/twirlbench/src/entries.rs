//! Everything that can be run: the one list.

use twirl_harness::Entry;

/// The arms of all tasks, in the order of `twirlbench tasks`.
pub const ENTRIES: &[Entry] = &join::<ALL>(TASKS);

const TASKS: &[&[Entry]] = &[
    task_force_field::ENTRIES,
    task_conformer_flow::ENTRIES,
    task_voxel_denoise::ENTRIES,
];

const ALL: usize = {
    let (mut task, mut count) = (0, 0);
    while task < TASKS.len() {
        count += TASKS[task].len();
        task += 1;
    }
    count
};

const fn join<const N: usize>(lists: &[&[Entry]]) -> [Entry; N] {
    let mut joined = [lists[0][0]; N];
    let (mut list, mut place) = (0, 0);
    while list < lists.len() {
        let mut index = 0;
        while index < lists[list].len() {
            joined[place] = lists[list][index];
            (index, place) = (index + 1, place + 1);
        }
        list += 1;
    }
    joined
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use twirl_harness::{ExtraMeasurement, Job, TrainConfig, Training};

    use super::*;

    fn job(entry: &Entry, task: &Value, arm: &Value) -> Job {
        let complete = entry.complete(task, arm).expect("settings");
        Job {
            task: entry.task.into(),
            arm: entry.arm.into(),
            data: "embedded".into(),
            data_options: serde_json::Map::new(),
            seed: 0,
            measure_seed: 0,
            task_config: complete.task_config,
            arm_config: complete.arm_config,
            train: TrainConfig::default(),
        }
    }

    #[test]
    fn a_control_is_of_an_augmented_arm_of_its_task() {
        let mut controls = 0;
        for entry in ENTRIES {
            let Some(of) = entry.control_of else { continue };
            let found = |other: &&Entry| other.task == entry.task && other.arm == of;
            let base = ENTRIES.iter().find(found).expect("the arm it is of");
            assert_eq!(base.training, Training::Augmented, "{entry:?}");
            assert_eq!(base.control_of, None, "{entry:?}");
            controls += 1;
        }
        let unaugmented = |entry: &&Entry| entry.training == Training::Unaugmented;
        assert!(controls > ENTRIES.iter().filter(unaugmented).count());
    }

    #[test]
    fn every_named_size_is_what_its_name_completes_to() {
        for entry in ENTRIES {
            let sizes = entry.sizes().expect("sizes");
            let complete = |arm: Value| entry.complete(&json!({}), &arm).expect("settings");
            for (name, settings) in &sizes {
                let found = complete(json!({"size": name})).arm_config;
                assert_eq!(found, *settings, "{entry:?}: {name}");
            }
            let small = sizes.iter().find(|(name, _)| *name == "small");
            let (_, small) = small.expect("every arm has a small size");
            assert_eq!(complete(json!({})).arm_config, *small, "{entry:?}");
            let refused = entry.complete(&json!({}), &json!({"size": "huge"}));
            let text = refused.expect_err("no such size").to_string();
            assert!(text.contains("give one of"), "{text}");
        }
    }

    #[test]
    fn every_suite_that_comes_with_the_program_is_a_list_of_jobs() {
        for (name, _) in crate::suite::BUILT_IN {
            let suite = crate::suite::Suite::read(name).expect("a suite");
            assert_eq!(suite.name, *name);
            let all = crate::options::Selection::default();
            let plan = crate::plan::plan(&suite, &all, ENTRIES, "cpu").expect("jobs");
            assert!(plan.jobs.len() >= suite.seeds.len() * suite.task.len());
        }
    }

    /// `6m` has about six million. The largest take long to make.
    #[test]
    fn a_size_that_is_named_after_its_parameters_has_as_many() {
        let device = twirl_harness::DeviceChoice::cpu();
        let mut named = 0;
        for entry in ENTRIES {
            for (name, settings) in entry.sizes().expect("sizes") {
                let millions = name
                    .strip_suffix('m')
                    .and_then(|count| count.parse::<f64>().ok());
                let Some(millions) = millions.filter(|&millions| millions <= 30.0) else {
                    continue;
                };
                let job = job(entry, &json!({}), &settings);
                let data = entry.open_data(&job, None).expect("embedded data");
                let count = entry.parameters(&job, &data, &device).expect("the arm") as f64;
                let off = (count / (1e6 * millions)).ln().abs();
                // Equivariant arms share the shapes of plain ones, and have more.
                let allowed = if entry.task == "conformer-flow" {
                    0.35
                } else {
                    0.2
                };
                assert!(off < allowed, "{entry:?} {name}: {count}");
                named += 1;
            }
        }
        assert!(named > 10);
    }

    #[test]
    fn rotations_that_a_batch_cannot_carry_are_refused_before_the_run() {
        let unet = |entry: &&Entry| entry.arm == "unet";
        let entry = ENTRIES.iter().find(unet).expect("the arm");
        let extra: ExtraMeasurement =
            serde_json::from_value(json!({"design": {"kind": "iid", "rotations": 2}}))
                .expect("an extra measurement");
        let check = |noise: &str| {
            let mut job = job(entry, &json!({"noise": noise}), &json!({}));
            let evaluation = &mut job.train.evaluation;
            evaluation.design =
                serde_json::from_value(json!({"kind": "group", "group": "octahedral"}))
                    .expect("a design");
            entry.check(&job).expect("the 24 turns");
            job.train.evaluation.companions.insert("so3".into(), extra);
            entry.check(&job)
        };
        check("band-limited").expect("carried by every rotation");
        let text = check("iid").expect_err("refused").to_string();
        assert!(
            text.starts_with("train.evaluation.companions.so3: setting noise"),
            "{text}"
        );
    }
}
