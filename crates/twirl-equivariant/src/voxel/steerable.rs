//! Fields of scalars and vectors on a lattice, and the layers that act on them.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, TensorData, activation};
use twirl_layers::{GroupNorm, Init, conv3d, matmul};

use super::kernel::Radial;
use super::scale::{average_pool, linear_upsample};

/// Inside square roots of squared lengths, so that gradients stay finite at zero.
const EPSILON: f64 = 1e-6;

/// Scalars and vectors at every point of a lattice.
#[derive(Debug, Clone)]
pub struct Field {
    /// `[batch, scalars, n, n, n]`.
    pub scalars: Tensor<5>,
    /// `[batch, vectors * 3, n, n, n]`, components next to each other; none without vectors.
    pub vectors: Option<Tensor<5>>,
}

impl Field {
    /// A field without vectors.
    #[must_use]
    pub fn of_scalars(scalars: Tensor<5>) -> Self {
        Self {
            scalars,
            vectors: None,
        }
    }

    fn map(self, change: impl Fn(Tensor<5>) -> Tensor<5>) -> Self {
        Self {
            scalars: change(self.scalars),
            vectors: self.vectors.map(change),
        }
    }

    /// Means over blocks of 2 x 2 x 2.
    #[must_use]
    pub fn average_pool(self) -> Self {
        self.map(average_pool)
    }

    /// Linear interpolation to twice the size.
    #[must_use]
    pub fn linear_upsample(self) -> Self {
        self.map(linear_upsample)
    }
}

impl std::ops::Add for Field {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let vectors = match (self.vectors, other.vectors) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
        Self {
            scalars: self.scalars + other.scalars,
            vectors,
        }
    }
}

/// Channels of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channels {
    /// Scalars.
    pub scalars: usize,
    /// Vectors.
    pub vectors: usize,
}

/// Kernel shape of a [`SteerableConv`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KernelShape {
    /// Odd size.
    pub size: usize,
    /// Radial functions.
    pub radial: usize,
}

impl KernelShape {
    /// A kernel of size 1: it mixes the channels of a point.
    pub(crate) const POINT: Self = Self { size: 1, radial: 1 };
}

/// A convolution whose kernel is a learned combination of steerable kernels: for every pair of
/// channels a radial profile times each of the kernels from the one type to the other (see the
/// table in the source of the bases).
#[derive(Module, Debug)]
pub struct SteerableConv {
    scalar_scalar: Param<Tensor<2>>,
    scalar_vector: Option<Param<Tensor<2>>>,
    vector_scalar: Option<Param<Tensor<2>>>,
    vector_vector: Option<Param<Tensor<2>>>,
    bias: Param<Tensor<1>>,
    #[module(skip)]
    inputs: [usize; 2],
    #[module(skip)]
    outputs: [usize; 2],
    #[module(skip)]
    shape: [usize; 2],
    #[module(skip)]
    stride: usize,
}

impl SteerableConv {
    /// Weights normal, scaled so that a field of unit variance gives one; the bias of scalars
    /// starts at 0. A stride above 1 does not commute with the turns of an even lattice.
    ///
    /// # Panics
    /// If inputs or outputs have no scalars.
    pub fn new(
        init: &mut Init,
        inputs: Channels,
        outputs: Channels,
        shape: KernelShape,
        stride: usize,
        gain: f64,
    ) -> Self {
        let (s, v) = (inputs.scalars, inputs.vectors);
        let (to_s, to_v) = (outputs.scalars, outputs.vectors);
        let radial = radial(shape);
        let mixed = shape.size > 1;
        let weight = |init: &mut Init, present: bool, [to, from]: [usize; 2], functions, paths| {
            let std = gain / ((from * functions * paths) as f64).sqrt();
            let some = present && to > 0 && from > 0;
            some.then(|| init.normal([to * from, functions], std))
        };
        let paths = 1 + usize::from(v > 0 && mixed);
        let r = shape.radial;
        let scalar_scalar = weight(init, true, [to_s, s], r, paths).expect("a field has scalars");
        let scalar_vector = weight(init, mixed, [to_v, s], r, 1 + usize::from(v > 0));
        let vector_scalar = weight(init, mixed, [to_s, v], r, paths);
        let kinds = radial.kinds() * r;
        let vector_vector = weight(init, true, [to_v, v], kinds, 1 + usize::from(mixed));
        Self {
            scalar_scalar,
            scalar_vector,
            vector_scalar,
            vector_vector,
            bias: init.zeros([to_s]),
            inputs: [s, v],
            outputs: [to_s, to_v],
            shape: [shape.size, shape.radial],
            stride,
        }
    }

    /// The kernel `[scalars + 3 vectors out, scalars + 3 vectors in, k, k, k]`.
    fn kernel(&self) -> Tensor<5> {
        let [size, functions] = self.shape;
        let radial = Radial { size, functions };
        let points = size.pow(3);
        let [s, v] = self.inputs;
        let [to_s, to_v] = self.outputs;
        let block = |weight: &Param<Tensor<2>>, basis: Vec<f32>| {
            let weight = weight.val();
            let rows = weight.dims()[1];
            let columns = basis.len() / rows;
            let basis = TensorData::new(basis, [rows, columns]);
            let basis = Tensor::<2>::from_data(basis, &weight.device()).cast(weight.dtype());
            matmul(weight, basis)
        };
        let mut to_scalars =
            vec![block(&self.scalar_scalar, radial.scalar()).reshape([to_s, s, points])];
        if let Some(weight) = &self.vector_scalar {
            let kernel = block(weight, radial.vector(1));
            to_scalars.push(kernel.reshape([to_s, v * 3, points]));
        }
        let mut rows = vec![padded(to_scalars, [to_s, s + 3 * v, points])];
        if to_v > 0 {
            let mut to_vectors: Vec<Tensor<3>> = Vec::new();
            if let Some(weight) = &self.scalar_vector {
                let kernel: Tensor<4> =
                    block(weight, radial.vector(3)).reshape([to_v, s, 3, points]);
                to_vectors.push(kernel.swap_dims(1, 2).reshape([to_v * 3, s, points]));
            } else {
                to_vectors.push(Tensor::zeros(
                    [to_v * 3, s, points],
                    &self.scalar_scalar.val().device(),
                ));
            }
            if let Some(weight) = &self.vector_vector {
                let kernel: Tensor<5> =
                    block(weight, radial.matrix()).reshape([to_v, v, 3, 3, points]);
                let kernel = kernel.swap_dims(1, 2);
                to_vectors.push(kernel.reshape([to_v * 3, v * 3, points]));
            }
            rows.push(Tensor::cat(to_vectors, 1));
        }
        let kernel = Tensor::cat(rows, 0);
        kernel.reshape([to_s + 3 * to_v, s + 3 * v, size, size, size])
    }

    /// Convolves a field, padded with zeros.
    ///
    /// # Panics
    /// If the field has other channels.
    #[must_use]
    pub fn forward(&self, field: Field) -> Field {
        let [to_s, to_v] = self.outputs;
        let input = match field.vectors {
            Some(vectors) => Tensor::cat(vec![field.scalars, vectors], 1),
            None => field.scalars,
        };
        assert_eq!(
            input.dims()[1],
            self.inputs[0] + 3 * self.inputs[1],
            "SteerableConv: channels"
        );
        let output = conv3d(input, self.kernel(), None, self.stride, self.shape[0] / 2);
        let scalars = output.clone().narrow(1, 0, to_s);
        let bias = self.bias.val().reshape([1, to_s, 1, 1, 1]);
        Field {
            scalars: scalars + bias,
            vectors: (to_v > 0).then(|| output.narrow(1, to_s, 3 * to_v)),
        }
    }
}

fn radial(shape: KernelShape) -> Radial {
    Radial {
        size: shape.size,
        functions: shape.radial,
    }
}

/// Blocks side by side, filled up with zeros to `[outputs, inputs, points]`.
fn padded(mut blocks: Vec<Tensor<3>>, [outputs, inputs, points]: [usize; 3]) -> Tensor<3> {
    let filled: usize = blocks.iter().map(|block| block.dims()[1]).sum();
    if filled < inputs {
        let device = blocks[0].device();
        blocks.push(Tensor::zeros([outputs, inputs - filled, points], &device));
    }
    Tensor::cat(blocks, 1)
}

/// Normalises scalars by groups and vectors by their mean squared length, then applies `SiLU` to
/// scalars and multiplies vectors by `sigmoid(a |v| + b)`.
#[derive(Module, Debug)]
pub struct NormGate {
    norm: GroupNorm,
    gate: Option<Gate>,
}

#[derive(Module, Debug)]
struct Gate {
    gain: Param<Tensor<1>>,
    slope: Param<Tensor<1>>,
    offset: Param<Tensor<1>>,
}

impl NormGate {
    /// Gains start at 1, slopes at 1, offsets at 0.
    pub fn new(init: &mut Init, channels: Channels, groups: usize) -> Self {
        let vectors = channels.vectors;
        Self {
            norm: GroupNorm::new(init, channels.scalars, groups),
            gate: (vectors > 0).then(|| Gate {
                gain: init.ones([vectors]),
                slope: init.ones([vectors]),
                offset: init.zeros([vectors]),
            }),
        }
    }

    /// A field of the same channels.
    #[must_use]
    pub fn forward(&self, field: Field) -> Field {
        let scalars = self.norm.forward_silu(field.scalars);
        let vectors = match (&self.gate, field.vectors) {
            (Some(gate), Some(vectors)) => Some(gate.forward(vectors)),
            _ => None,
        };
        Field { scalars, vectors }
    }
}

impl Gate {
    fn forward(&self, field: Tensor<5>) -> Tensor<5> {
        let dims = field.dims();
        let [batch, width, x, y, z] = dims;
        let (vectors, points) = (width / 3, x * y * z);
        let per_channel =
            |param: &Param<Tensor<1>>| -> Tensor<4> { param.val().reshape([1, vectors, 1, 1]) };
        let field: Tensor<4> = field.reshape([batch, vectors, 3, points]);
        let squared = (field.clone() * field.clone()).sum_dim(2);
        let mean: Tensor<2> = squared
            .clone()
            .reshape([batch, vectors * points])
            .mean_dim(1);
        let scale: Tensor<4> = (mean + EPSILON).sqrt().reshape([batch, 1, 1, 1]);
        let length = (squared + EPSILON).sqrt() / scale.clone();
        let gate =
            activation::sigmoid(length * per_channel(&self.slope) + per_channel(&self.offset));
        let factor = gate * per_channel(&self.gain) / scale;
        (field * factor).reshape(dims)
    }
}
