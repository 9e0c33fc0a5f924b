//! Plans of results folders.

use twirl_record::Plan;

use crate::mutate;
use crate::scratch::Scratch;
use crate::target::{Outcome, Target, refused};

pub(super) const PLAN: Target = Target {
    name: "plan",
    make: |stream| mutate::bytes(&[TEXT.as_bytes().to_vec()], WORDS, stream),
    check,
};

/// In the first format.
const TEXT: &str = include_str!("../../../crates/twirlbench/tests/fixtures/format-1/plan.json");

const WORDS: &[&str] = &[
    "\"format\": 0,",
    "\"format\": 1,",
    "\"format\": 2,",
    "\"format\": 1e3,",
    "\"jobs\": [",
    "\"seed\":",
    "null",
    "{",
    "}",
    "[[[[[[[[",
    "\"train\": {},",
];

fn check(input: &[u8], scratch: &Scratch) -> Outcome {
    scratch.write("plan.json", input);
    match Plan::read(scratch.path()) {
        Ok(plan) => {
            // A plan that is there is never written over.
            std::fs::remove_file(scratch.path().join("plan.json")).expect("a file");
            plan.write(scratch.path())
                .expect("an accepted plan can be written");
            let again = Plan::read(scratch.path()).expect("and read again");
            assert_eq!(again, plan, "a plan read again");
            Outcome::Accepted
        }
        Err(error) => refused(&error.to_string()),
    }
}
