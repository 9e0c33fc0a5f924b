//! What a run is asked for and what it writes, as plain data: the contract between the program that
//! trains, the report that reads, and whoever reads the files otherwise.
//!
//! A [`Job`] is everything that decides a run's figures; a [`Manifest`] says what the run was and how
//! it stands; a [`Record`] is one measurement; a [`Folder`] is where they lie.

mod device;
mod difference;
mod error;
mod failure;
mod figures;
mod folder;
mod format;
mod job;
mod manifest;
mod plan;
mod record;
mod search;
mod settings;
mod training;
mod whole;

pub use device::DeviceIdentity;
pub use difference::first_difference;
pub use error::RecordError;
pub use failure::Failure;
pub use figures::{Figure, FinalFigures, Panel, Picture};
pub use folder::{Folder, Lock};
pub use format::{Document, FORMAT, document_text, read_document, upgrade, write_document};
pub use job::{DataIdentity, Job};
pub use manifest::{Manifest, Status, Stop};
pub use plan::Plan;
pub use record::{EXACT, ExtraRecord, Record, Split, TRAINING_PASSES, TermRecord, read_records};
pub use search::{Candidate, SearchReport};
pub use settings::{
    Evaluation, ExtraMeasurement, Optimizer, OptimizerKind, Schedule, ScheduleKind, Search,
    TrainConfig, Weights,
};
pub use training::{ExactSymmetry, Training};
pub use whole::{sync_folder, write_whole};
