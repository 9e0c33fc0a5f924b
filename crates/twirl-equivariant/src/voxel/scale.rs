//! Changes of lattice size that commute with the turns of the lattice.

use burn::tensor::{Device, Tensor, TensorData};
use twirl_layers::matmul;

/// Means over blocks of 2 x 2 x 2: `[batch, channels, n, n, n]` to half the size.
///
/// Unlike a convolution of kernel 3 and stride 2, whose samples of an even lattice lie off its
/// centre, this treats both ends of an axis alike.
///
/// # Panics
/// If the size is odd.
#[must_use]
pub fn average_pool(field: Tensor<5>) -> Tensor<5> {
    let n = field.dims()[2];
    assert!(n.is_multiple_of(2), "average_pool: a lattice of size {n}");
    let mut means = vec![0.0_f32; n * n / 2];
    for place in 0..n {
        means[place / 2 * n + place] = 0.5;
    }
    along_axes(field, means, n / 2)
}

/// Linear interpolation to twice the size, constant beyond the outermost points: the points of the
/// fine lattice lie a quarter of a step to both sides of those of the coarse one.
#[must_use]
pub fn linear_upsample(field: Tensor<5>) -> Tensor<5> {
    let n = field.dims()[2];
    let mut weights = vec![0.0_f32; 2 * n * n];
    for place in 0..2 * n {
        let near = place / 2;
        let far = if place % 2 == 0 {
            near.saturating_sub(1)
        } else {
            (near + 1).min(n - 1)
        };
        weights[place * n + near] += 0.75;
        weights[place * n + far] += 0.25;
    }
    along_axes(field, weights, 2 * n)
}

/// Applies one matrix `[m, n]` along each of the three axes.
fn along_axes(field: Tensor<5>, matrix: Vec<f32>, m: usize) -> Tensor<5> {
    let [batch, channels, x, y, z] = field.dims();
    assert!(x == y && y == z, "a lattice of {x} x {y} x {z}");
    let device: Device = field.device();
    let n = x;
    let matrix = Tensor::<2>::from_data(TensorData::new(matrix, [m, n]), &device);
    let matrix = matrix.cast(field.dtype());
    let fields = batch * channels;
    let rows = field.reshape([fields * n * n, n]);
    let last = matmul(rows, matrix.clone().transpose());
    let left: Tensor<3> = matrix.unsqueeze_dim(0);
    let middle = matmul(
        left.clone().expand([fields * n, m, n]),
        last.reshape([fields * n, n, m]),
    );
    let first = matmul(
        left.expand([fields, m, n]),
        middle.reshape([fields, n, m * m]),
    );
    first.reshape([batch, channels, m, m, m])
}
