//! A grid turned by a rotation that is none of its lattice: cubic interpolation.

use burn::tensor::{Int, Tensor, TensorData};
use twirl_harness::Rotations;
use twirl_layers::gather;

use crate::Lattice;

/// The field `x -> f(R x)` at the voxels in the ball, 0 outside: `[batch, channels, n, n, n]`.
///
/// Cubic convolution in each axis (Keys 1981, a = -1/2: exact for quadratic functions) over the
/// 4 x 4 x 4 nearest voxels.
pub(crate) fn unrotate(field: Tensor<5>, lattice: &Lattice, rotations: &Rotations) -> Tensor<5> {
    let [batch, channels, n, _, _] = field.dims();
    let device = field.device();
    let voxels = lattice.voxels();
    let positions: Vec<f64> = (0..voxels)
        .flat_map(|voxel| lattice.position(voxel))
        .map(|entry| entry / lattice.step)
        .collect();
    let points = Tensor::<3>::from_data(TensorData::new(positions, [1, voxels, 3]), &device);
    let points = rotations.rotate(points.expand([batch, voxels, 3]));
    let place: Tensor<2> = points.reshape([batch * voxels, 3]) + (n as f64 - 1.0) / 2.0;
    let corner = place.clone().floor();
    let fraction = place - corner.clone();
    let corner = corner.int();
    let taps = [-1, 0, 1, 2].map(|tap| {
        let index = (corner.clone() + tap).clamp(0, n as i64 - 1);
        (index, keys(fraction.clone() - f64::from(tap)))
    });
    let of_axis = |tap: usize, axis: usize| {
        let (index, weight) = &taps[tap];
        let index: Tensor<1, Int> = index.clone().narrow(1, axis, 1).squeeze_dim(1);
        (index, weight.clone().narrow(1, axis, 1))
    };
    let first = Tensor::<1, Int>::arange(0..batch as i64, &device)
        .reshape([batch, 1])
        .repeat_dim(1, voxels)
        .reshape([batch * voxels])
        * voxels as i64;
    let rows = field
        .reshape([batch, channels, voxels])
        .swap_dims(1, 2)
        .reshape([batch * voxels, channels]);
    let n = n as i64;
    let mut sum: Option<Tensor<2>> = None;
    for x in 0..4 {
        let (index_x, weight_x) = of_axis(x, 0);
        for y in 0..4 {
            let (index_y, weight_y) = of_axis(y, 1);
            let plane = first.clone() + (index_x.clone() * n + index_y) * n;
            let weight_xy = weight_x.clone() * weight_y;
            for z in 0..4 {
                let (index_z, weight_z) = of_axis(z, 2);
                let part =
                    gather(rows.clone(), plane.clone() + index_z) * (weight_xy.clone() * weight_z);
                sum = Some(match sum {
                    Some(sum) => sum + part,
                    None => part,
                });
            }
        }
    }
    let size = lattice.size;
    sum.expect("64 taps")
        .reshape([batch, voxels, channels])
        .swap_dims(1, 2)
        .reshape([batch, channels, size, size, size])
        * lattice.mask(&device)
}

/// Keys' kernel at distances of at most 2.
fn keys(distance: Tensor<2>) -> Tensor<2> {
    let x = distance.abs();
    let near = (x.clone() * 1.5 - 2.5) * x.clone() * x.clone() + 1.0;
    let far = ((x.clone() * -0.5 + 2.5) * x.clone() - 4.0) * x.clone() + 2.0;
    near.mask_where(x.greater_elem(1.0), far)
}
