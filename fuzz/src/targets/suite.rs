//! Suites: parsed, held against the list of entries, and their settings completed.

use twirlbench::{ENTRIES, Suite};

use crate::mutate;
use crate::scratch::Scratch;
use crate::target::{Outcome, Target, refused};

pub(super) const SUITE: Target = Target {
    name: "suite",
    make: |stream| {
        let corpus = [QUICK, CI, PAPER].map(|text| text.as_bytes().to_vec());
        mutate::bytes(&corpus, WORDS, stream)
    },
    check,
};

const QUICK: &str = include_str!("../../../crates/twirlbench/suites/quick.toml");
const CI: &str = include_str!("../../../crates/twirlbench/suites/ci.toml");
const PAPER: &str = include_str!("../../../crates/twirlbench/suites/paper.toml");

const WORDS: &[&str] = &[
    "[train]\n",
    "[train.search]\n",
    "[[task]]\n",
    "[[task.arm]]\n",
    "config = {}\n",
    "rates = []\n",
    "seeds = [0, 0]\n",
    "per_decade = 0\n",
    "design = { kind = \"iid\", rotations = 0 }\n",
    "kind = \"iid\"\n",
    "steps = 1e400\n",
    "budget_seconds = nan\n",
    "ema = inf\n",
    "width = 0\n",
    "a.b.c = 1\n",
    "\"\"\" ",
    "''",
    "[[[[[[[[",
    "{{{{{{{{",
    "2026-11-25\n",
    "0x7f\n",
    "= ",
];

fn check(input: &[u8], _: &Scratch) -> Outcome {
    let text = String::from_utf8_lossy(input);
    let suite = match Suite::parse("fuzz", &text) {
        Ok(suite) => suite,
        Err(error) => return refused(&format!("{error:#}")),
    };
    assert!(!suite.seeds.is_empty(), "a suite without a seed");
    for task in &suite.task {
        for arm in &task.arm {
            let entry = ENTRIES.iter();
            let mut entry = entry.filter(|entry| entry.task == task.name && entry.arm == arm.name);
            let Some(entry) = entry.next() else {
                continue;
            };
            if let Err(error) = suite.training(task, arm, entry.law) {
                return refused(&format!("{error:#}"));
            }
            let [task, arm] = [&task.config, &arm.config].map(|map| map.clone().into());
            if let Err(error) = entry.complete(&task, &arm) {
                return refused(&error.to_string());
            }
        }
    }
    Outcome::Accepted
}
