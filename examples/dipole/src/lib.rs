//! `dipole`: one vector per molecule, predicted from atomic numbers and positions.
//!
//! What the vector is stands in `label.rs` alone.

mod label;

use twirl_data::DataSet;
use twirl_harness::Entry;
use twirl_pointcloud::{Label, Labels, entries, label};

pub use label::{ABOUT, UNIT, label};

/// The task.
#[derive(Debug)]
pub struct Dipole;

impl Labels for Dipole {
    const NAME: &'static str = "dipole";
    const ABOUT: &'static str = ABOUT;
    const LABELS: &'static [Label] = &[label!("vector", vector per molecule, UNIT)];

    fn values(data: &DataSet, item: usize) -> Result<Vec<Vec<f64>>, String> {
        Ok(vec![label(data, item)?.to_vec()])
    }
}

/// The arms of this task.
pub const ENTRIES: &[Entry] = &entries::<Dipole>();
