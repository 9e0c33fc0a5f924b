#![doc = include_str!("../README.md")]

mod attempts;
mod bayes;
mod device;
mod difference;
mod error;
mod failure;
mod figures;
mod folder;
mod format;
mod job;
mod kept;
mod lines;
mod link;
mod lock;
mod manifest;
mod plan;
mod record;
mod search;
mod settings;
mod standing;
mod training;
mod whole;

pub use attempts::{Attempts, Event};
pub use bayes::BayesError;
pub use device::DeviceIdentity;
pub use difference::first_difference;
pub use error::{RecordError, one_line};
pub use failure::Failure;
pub use figures::{Figure, FinalFigures, Panel, Picture};
pub use folder::Folder;
pub use format::{Document, FORMAT, document_text, read_document, upgrade, write_document};
pub use job::{DataIdentity, Job};
pub use kept::{Kept, sha256};
pub use lock::Lock;
pub use manifest::{Manifest, Status, Stop, TrainingSet};
pub use plan::{Cell, Plan, StudyPlan};
pub use record::{EXACT, ExtraRecord, Record, Split, TRAINING_PASSES, TermRecord, read_records};
pub use search::{Candidate, SearchReport};
pub use settings::{
    Evaluation, ExtraMeasurement, Optimizer, OptimizerKind, Schedule, ScheduleKind, Search,
    TrainConfig, Weights,
};
pub use standing::{JobStanding, Standing};
pub use training::{ExactSymmetry, Training};
pub use whole::{sync_folder, write_new, write_whole};
