//! Slices and projections of a grid.

use burn::tensor::Tensor;
use twirl_data::Split;
use twirl_harness::{Panel, Picture, Task};

use crate::walk_jump::split;
use crate::{Batch, VoxelDenoise};

/// The first molecule of a batch: clean, noisy and denoised densities of all elements together,
/// each as the plane of voxels nearest the centre and as the mean along the same axis.
pub(crate) fn picture(task: &VoxelDenoise, batch: &Batch, denoised: Tensor<5>) -> Picture {
    let n = task.lattice().size;
    let mut panels = Vec::new();
    let kinds = [
        ("clean", batch.clean()),
        ("noisy", batch.noisy()),
        ("denoised", denoised),
    ];
    for (name, grids) in kinds {
        let first = grids.narrow(0, 0, 1).sum_dim(1);
        let grid = split(first, 1).remove(0);
        let mut panel = |what: &str, value: &dyn Fn(usize) -> f32| {
            panels.push(Panel {
                name: format!("{name}, {what}"),
                height: n,
                width: n,
                values: (0..n * n).map(value).collect(),
            });
        };
        panel("slice", &|pixel| grid[pixel * n + n / 2]);
        panel("projection", &|pixel| {
            grid[pixel * n..(pixel + 1) * n].iter().sum::<f32>() / n as f32
        });
    }
    let formula = task.items(Split::Test).first().map_or("", |&item| {
        let molecule = task.data().molecule(item);
        task.data().molecules()[molecule].formula.as_str()
    });
    Picture {
        title: format!("{formula}, held out"),
        caption: format!(
            "Sum over elements; an atom's peak is 1. {n} x {n} voxels of {} angstrom; slice: the \
             plane at +{} angstrom; projection: mean along the third axis.",
            task.config().resolution,
            task.config().resolution / 2.0
        ),
        panels,
    }
}
