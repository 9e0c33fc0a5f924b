//! Linear layers whose weights divide into an equivariant part and a rest.

use twirl_core::FiniteGroup;

use crate::error::RunError;
use crate::parameters::ParameterInfo;

/// The orthogonal projection of a weight onto its equivariant part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projection {
    /// A matrix `[inputs, outputs]` whose outputs multiply the components of a vector one by one:
    /// equivariant if all outputs are the same. The projection is the mean over outputs.
    EqualOutputs,
    /// A convolution kernel `[.., k, k, k]` between scalar fields: equivariant under the 24
    /// octahedral turns if they leave it unchanged. The projection is the mean over the turns.
    OctahedralKernel,
}

/// A linear layer with an equivariant part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinearSplit {
    /// Path of the parameter, as in [`ParameterInfo::name`].
    pub parameter: String,
    /// Onto the equivariant part.
    pub projection: Projection,
    /// Whether `L_equiv` of the squared loss is exactly quadratic in the rest while all other
    /// weights are fixed.
    pub exact: bool,
}

impl LinearSplit {
    /// Finds the layer among the parameters and checks its shape.
    ///
    /// # Errors
    /// One line that names the parameter.
    pub fn place<'a>(
        &self,
        parameters: &'a [ParameterInfo],
    ) -> Result<&'a ParameterInfo, RunError> {
        let found = parameters.iter().find(|info| info.name == self.parameter);
        let Some(found) = found else {
            return Err(RunError::Config(format!(
                "linear split of {}: the arm has no such parameter; correct the arm",
                self.parameter
            )));
        };
        let fits = match self.projection {
            Projection::EqualOutputs => found.shape.len() == 2,
            Projection::OctahedralKernel => match found.shape[..] {
                [.., a, b, c] => a == b && b == c,
                _ => false,
            },
        };
        if fits {
            Ok(found)
        } else {
            Err(RunError::Config(format!(
                "linear split of {}: shape {:?} does not suit {:?}; correct the arm",
                self.parameter, found.shape, self.projection
            )))
        }
    }

    /// Dimension of the part that is not equivariant, of a weight of this shape: the trace of its
    /// projection.
    ///
    /// # Panics
    /// As [`LinearSplit::rest`].
    pub fn rest_dimension(&self, shape: &[usize]) -> usize {
        // The projection acts on blocks, all in the same way.
        let block = match self.projection {
            Projection::EqualOutputs => vec![1, shape[1]],
            Projection::OctahedralKernel => shape[shape.len() - 3..].to_vec(),
        };
        let width: usize = block.iter().product();
        let kept = |place: usize| {
            let mut unit = vec![0.0; width];
            unit[place] = 1.0;
            self.rest(&unit, &block)[place]
        };
        let trace: f64 = (0..width).map(kept).sum();
        trace.round() as usize * (shape.iter().product::<usize>() / width)
    }

    /// The part of a weight that is not equivariant: `weight - projection`.
    ///
    /// # Panics
    /// If `weight` does not have `shape`, which [`LinearSplit::place`] has checked.
    pub fn rest(&self, weight: &[f64], shape: &[usize]) -> Vec<f64> {
        assert_eq!(weight.len(), shape.iter().product::<usize>());
        match self.projection {
            Projection::EqualOutputs => {
                let rows = weight.chunks_exact(shape[1]);
                let centred = rows.flat_map(|row| {
                    let mean = row.iter().sum::<f64>() / row.len() as f64;
                    row.iter().map(move |value| value - mean)
                });
                centred.collect()
            }
            Projection::OctahedralKernel => {
                let size = shape[shape.len() - 1];
                let turns = turns(size);
                let kernels = weight.chunks_exact(size * size * size);
                let rest = kernels.flat_map(|kernel| {
                    let turns = &turns;
                    (0..kernel.len()).map(move |place| {
                        let sum: f64 = turns.iter().map(|turn| kernel[turn[place]]).sum();
                        kernel[place] - sum / turns.len() as f64
                    })
                });
                rest.collect()
            }
        }
    }
}

/// For each octahedral turn, where every voxel of a cube of edge `size` comes from.
fn turns(size: usize) -> Vec<Vec<usize>> {
    let centre = (size as f64 - 1.0) / 2.0;
    let source = |turn: &twirl_core::Rotation, place: usize| {
        let index = [place / (size * size), place / size % size, place % size];
        let from = turn.apply(index.map(|i| i as f64 - centre));
        let index = from.map(|x| (x + centre).round() as usize);
        (index[0] * size + index[1]) * size + index[2]
    };
    let elements = FiniteGroup::Octahedral.elements();
    let of = |turn| (0..size.pow(3)).map(|place| source(turn, place)).collect();
    elements.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(projection: Projection) -> LinearSplit {
        LinearSplit {
            parameter: "head.weight".into(),
            projection,
            exact: true,
        }
    }

    #[test]
    fn the_rest_is_a_projection_and_vanishes_on_equivariant_weights() {
        let heads = split(Projection::EqualOutputs);
        let rest = heads.rest(&[1.0, 2.0, 6.0, 4.0, 4.0, 4.0], &[2, 3]);
        assert_eq!(rest, [-2.0, -1.0, 3.0, 0.0, 0.0, 0.0]);
        assert_eq!(heads.rest_dimension(&[5, 3]), 5 * 2);
        for size in [3_usize, 4] {
            let kernel: Vec<f64> = (0..size.pow(3)).map(|i| (i * i % 17) as f64).collect();
            let shape = [1, 1, size, size, size];
            let kernels = split(Projection::OctahedralKernel);
            let rest = kernels.rest(&kernel, &shape);
            let again = kernels.rest(&rest, &shape);
            let kept: Vec<f64> = kernel.iter().zip(&rest).map(|(a, b)| a - b).collect();
            let none = kernels.rest(&kept, &shape);
            for place in 0..rest.len() {
                assert!((rest[place] - again[place]).abs() < 1e-12, "edge {size}");
                assert!(none[place].abs() < 1e-12, "edge {size}");
            }
            assert!(rest.iter().any(|value| value.abs() > 1.0));
            // Orbits of voxels: corners, edges, faces and the centre of 27; of 64, eight corners, 24 on
            // edges, 24 on faces and eight inside.
            let left = kernels.rest_dimension(&[2, 3, size, size, size]);
            assert_eq!(left, 6 * (size.pow(3) - 4), "edge {size}");
        }
    }

    #[test]
    fn a_split_of_a_missing_or_misshapen_parameter_is_refused() {
        let info = |name: &str, shape: &[usize]| ParameterInfo {
            name: name.into(),
            shape: shape.to_vec(),
            range: 0..shape.iter().product(),
        };
        let kernels = split(Projection::OctahedralKernel);
        let error = |list: &[ParameterInfo]| kernels.place(list).expect_err("refused").to_string();
        assert!(error(&[info("body.weight", &[3, 3])]).contains("no such parameter"));
        assert!(error(&[info("head.weight", &[1, 1, 3, 3, 2])]).contains("does not suit"));
    }
}
