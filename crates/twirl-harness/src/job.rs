//! What a job needs and leaves: the identity of its data, its trained arm.

use twirl_data::DataSet;
use twirl_record::DataIdentity;

/// Describes a data set for the manifest.
pub fn data_identity(data: &DataSet) -> DataIdentity {
    DataIdentity {
        name: data.name().into(),
        sha256: data.sha256().into(),
        level: data.level().map(Into::into),
        split_rule: data.split_rule().into(),
        frames: data.len(),
        molecules: data.molecules().len(),
        left_out: data
            .left_out()
            .iter()
            .map(|(reason, count)| (reason.name().to_owned(), *count))
            .collect(),
    }
}

/// A trained arm, read back from a run folder.
pub struct Restored<T, A> {
    /// The task, opened as the run opened it.
    pub task: T,
    /// The weights that were measured, without autodiff.
    pub model: A,
}
