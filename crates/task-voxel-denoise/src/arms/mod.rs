//! The models.

pub(crate) mod clean;
pub(crate) mod octahedral;
pub(crate) mod steerable;
pub(crate) mod unet;
mod unet_blocks;
pub(crate) mod unet_sizes;

use twirl_harness::TaskError;

use crate::VoxelDenoise;

/// Size of the first predictions: a density is nearly empty.
const FIRST_SCALE: f64 = 0.05;

/// Refuses a grid that cannot be halved once per level beyond the first.
fn check_grid(task: &VoxelDenoise, levels: usize) -> Result<(), TaskError> {
    let grid = task.config().grid;
    let multiple = 1_usize << (levels.max(1) - 1).min(16);
    if grid.is_multiple_of(multiple) {
        return Ok(());
    }
    Err(TaskError::setting(
        "grid",
        format!("{grid} cannot be halved for {levels} levels"),
        format!("give a multiple of {multiple}, or fewer levels"),
    ))
}
