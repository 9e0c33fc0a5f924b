//! A trained arm, read back from its run folder.

use burn::tensor::Device;
use twirl_data::DataSet;
use twirl_record::{Folder, Weights};

use crate::build::build;
use crate::checkpoint;
use crate::error::RunError;
use crate::job::Restored;
use crate::task::{Arm, Task};
use crate::weights::load_weights;

/// Opens a finished or interrupted run: its task and the weights that it measured last.
pub(crate) fn restore<T: Task, A: Arm<T>>(
    folder: &Folder,
    data: &DataSet,
    device: &Device,
) -> Result<Restored<T, A>, RunError> {
    let Some(manifest) = folder.read_manifest()? else {
        return Err(RunError::content(
            folder.manifest(),
            "is missing",
            "give a run folder: DIR/<task>/<arm>/seed-<n>",
        ));
    };
    let job = manifest.job;
    let (task, model): (T, A) = build(&job, data, device)?;
    let averaged = job.train.measured_weights() == Weights::Ema;
    let Some(path) = checkpoint::latest_weights(folder, averaged)? else {
        return Err(RunError::content(
            folder.checkpoints(),
            "holds no valid checkpoint",
            "resume the run first",
        ));
    };
    Ok(Restored {
        task,
        model: load_weights(model.valid(), &path)?,
    })
}
