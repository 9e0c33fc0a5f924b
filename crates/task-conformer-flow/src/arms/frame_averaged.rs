//! The `frame-averaged` arm.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use nalgebra::{Matrix3, SymmetricEigen, Vector3};
use twirl_harness::{Arm, ExactSymmetry, ParameterRoles, TaskError};
use twirl_layers::{Init, matmul_full};

use super::finish;
use super::plain::Plain;
use crate::batch::{Batch, Output};
use crate::conformer_flow::ConformerFlow;
use crate::size::Shape;

/// Frames of a molecule: principal axes with the signs that leave them right-handed.
pub const FRAMES: usize = 4;

/// [`Plain`] averaged over the four right-handed frames of principal axes of each `x_t` (frame
/// averaging, arXiv 2110.03336): exactly SO(3)-equivariant, at four passes.
///
/// Frames are computed at every prediction, from the positions as they come, in f64 on the host.
/// They depend on inputs alone, so they are constants of the gradient. Two equal principal moments
/// leave axes undetermined: the average is then a function of whatever axes the eigensolver gives
/// and not equivariant. Near that place rounding turns the frame by about `2e-8 / gap` (gap:
/// difference of principal moments over the largest), and the relative `L_equiv` of that sample is
/// of the order of the square. Noise makes equal moments an event of probability zero, except for
/// molecules whose atoms are all on a line, for which no frame exists.
#[derive(Module, Debug)]
pub struct FrameAveraged {
    plain: Plain,
}

/// Four right-handed frames, as columns, of centred points.
pub fn frames(points: &[[f64; 3]]) -> [Matrix3<f64>; FRAMES] {
    let moments = points.iter().fold(Matrix3::zeros(), |sum, point| {
        let point = Vector3::from(*point);
        sum + point * point.transpose()
    });
    // The eigensolver need not end on what is not a number, which must reach the output as such.
    let axes = if moments.iter().all(|value| value.is_finite()) {
        let eigen = SymmetricEigen::new(moments);
        let mut order = [0, 1, 2];
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        order.map(|place| eigen.eigenvectors.column(place).into_owned())
    } else {
        [Vector3::x(), Vector3::y(), Vector3::z()]
    };
    [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)].map(|(first, second)| {
        let (first, second) = (axes[0] * first, axes[1] * second);
        Matrix3::from_columns(&[first, second, first.cross(&second)])
    })
}

impl FrameAveraged {
    /// Positions in every frame `[4 B, N, 3]`, and matrices that turn row vectors back
    /// `[4 B, 3, 3]`.
    fn posed(batch: &Batch) -> (Tensor<3>, Tensor<3>) {
        let positions = &batch.state.positions;
        let [count, atoms, _] = positions.dims();
        let device = positions.device();
        let values: Vec<f64> = positions.clone().into_data().iter::<f64>().collect();
        let points: Vec<[f64; 3]> = values
            .chunks_exact(3)
            .map(|point| [point[0], point[1], point[2]])
            .collect();
        let (mut posed, mut back) = (
            vec![0.0; FRAMES * values.len()],
            vec![0.0; FRAMES * count * 9],
        );
        for molecule in 0..count {
            // Padding lies at the origin and adds nothing to the moments.
            let points = &points[molecule * atoms..(molecule + 1) * atoms];
            for (index, frame) in frames(points).iter().enumerate() {
                let row = index * count + molecule;
                for (atom, point) in points.iter().enumerate() {
                    let place = frame.transpose() * Vector3::from(*point);
                    let start = (row * atoms + atom) * 3;
                    posed[start..start + 3].copy_from_slice(place.as_slice());
                }
                for (slot, value) in back[row * 9..(row + 1) * 9]
                    .iter_mut()
                    .zip(frame.as_slice())
                {
                    // Columns in order are the rows of the transpose.
                    *slot = *value;
                }
            }
        }
        (
            Tensor::from_data(TensorData::new(posed, [FRAMES * count, atoms, 3]), &device),
            Tensor::from_data(TensorData::new(back, [FRAMES * count, 3, 3]), &device),
        )
    }
}

impl Arm<ConformerFlow> for FrameAveraged {
    type Config = Shape;

    fn sizes() -> Vec<(&'static str, Shape)> {
        Shape::sizes()
    }

    fn symmetry(_config: &Shape) -> Option<ExactSymmetry> {
        Some(ExactSymmetry::So3)
    }

    fn init(
        config: &Shape,
        _task: &ConformerFlow,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TaskError> {
        Ok(Self {
            plain: Plain::new(&mut Init::new(seed, device), &config.checked()?),
        })
    }

    fn predict(&self, batch: &Batch) -> Output {
        let [count, atoms] = batch.graphs.dims();
        let (posed, back) = Self::posed(batch);
        let context = self.plain.context(batch).repeated(FRAMES);
        let gain = batch.state.input.clone().repeat_dim(0, FRAMES);
        let network = matmul_full(self.plain.network(&posed, &gain, &context), back);
        let network = network
            .reshape([FRAMES, count, atoms * 3])
            .mean_dim(0)
            .reshape([count, atoms, 3]);
        finish(network, batch)
    }

    fn parameter_roles(&self) -> ParameterRoles {
        Arm::<ConformerFlow>::parameter_roles(&self.plain)
    }
}
