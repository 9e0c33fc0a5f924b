//! Reference bands, and runs held against them.

use std::sync::LazyLock;

use twirl_compare::{BAND_WIDTH, Band, RunSet, check_band, make_band};

use super::runs;
use crate::mutate;
use crate::scratch::Scratch;
use crate::target::{Outcome, Target, refused};

pub(super) const BANDS: Target = Target {
    name: "bands",
    make: |stream| {
        mutate::bytes(
            std::slice::from_ref(&BASE.1),
            &["NaN", "-1", "{", "[", "\"arms\""],
            stream,
        )
    },
    check,
};

/// Runs, and the file of the bands around them.
static BASE: LazyLock<(RunSet, Vec<u8>)> = LazyLock::new(|| {
    let scratch = Scratch::new().expect("a scratch folder");
    // As many as a band needs.
    for seed in 0..3 {
        runs::lay(&scratch, seed);
    }
    let set = RunSet::read(scratch.path()).expect("the runs");
    let band = make_band(&set, BAND_WIDTH).expect("bands");
    (set, serde_json::to_vec_pretty(&band).expect("a file"))
});

fn check(input: &[u8], scratch: &Scratch) -> Outcome {
    let file = scratch.write("band.json", input);
    let band = match Band::read(&file) {
        Ok(band) => band,
        Err(error) => return refused(&error.to_string()),
    };
    match check_band(&BASE.0, &band) {
        Ok(findings) => {
            for finding in findings {
                refused(&twirl_report::finding(&finding));
            }
            Outcome::Accepted
        }
        Err(error) => refused(&error.to_string()),
    }
}
