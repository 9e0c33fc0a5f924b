//! The part of every tensor product that depends on geometry alone.

use burn::tensor::{Device, Tensor, TensorData};
use twirl_layers::matmul;

use crate::angular::{PATHS, clebsch_gordan, components, quadrupoles};
use crate::{Cloud, Edges};

/// `B_p[i, out, (neighbour, in)] = sum_edge C_p[in][edge][out] Y[edge](rhat)` for each path p.
///
/// Made once per forward pass and shared by all layers. A layer's sum over neighbours and input
/// components is then one batched product `B_p x (w_p h_j)`, and `B_p` needs no gradient.
pub(crate) struct Couplings {
    tensors: Vec<Option<Tensor<3>>>,
}

impl Couplings {
    pub(crate) fn new(cloud: &Cloud, edges: &Edges, wanted: impl Fn([usize; 3]) -> bool) -> Self {
        let rows = cloud.batch * cloud.atoms;
        let harmonics = harmonics(&edges.unit);
        let tensors = PATHS.map(|path| {
            wanted(path).then(|| {
                let [input, edge, output] = path.map(components);
                let first = path[1] * path[1];
                let part = harmonics.clone().narrow(1, first, edge);
                let table = table(path, &edges.unit);
                matmul(part, table)
                    .reshape([rows, cloud.neighbours * input, output])
                    .swap_dims(1, 2)
            })
        });
        Self {
            tensors: tensors.into(),
        }
    }

    /// `[A, out, neighbours * in]`.
    pub(crate) fn of(&self, path: usize) -> Tensor<3> {
        self.tensors[path].clone().expect("a path of this symmetry")
    }
}

/// Spherical harmonics of degree 0, 1 and 2 in columns 0, 1..4 and 4..9: `[E, 9]`.
fn harmonics(unit: &Tensor<2>) -> Tensor<2> {
    let [edges, _] = unit.dims();
    let column = unit.clone().reshape([edges, 3, 1]);
    let outer = column.clone() * column.swap_dims(1, 2);
    let quadratic: Vec<f64> = (0..9)
        .flat_map(|place| {
            quadrupoles().map(|element| 7.5_f64.sqrt() * element[place / 3][place % 3])
        })
        .collect();
    let quadratic = constant(quadratic, [9, 5], unit);
    let ones = unit.clone().narrow(1, 0, 1).ones_like();
    let second = matmul(outer.reshape([edges, 9]), quadratic);
    Tensor::cat(vec![ones, unit.clone() * 3.0_f64.sqrt(), second], 1)
}

/// The Clebsch-Gordan tensor as a matrix `[edge, in * out]`.
fn table(path: [usize; 3], like: &Tensor<2>) -> Tensor<2> {
    let tensor = clebsch_gordan(path);
    let [input, edge, output] = path.map(components);
    let mut values = Vec::with_capacity(tensor.len());
    for second in 0..edge {
        for first in 0..input {
            let start = (first * edge + second) * output;
            values.extend_from_slice(&tensor[start..start + output]);
        }
    }
    constant(values, [edge, input * output], like)
}

fn constant(values: Vec<f64>, shape: [usize; 2], like: &Tensor<2>) -> Tensor<2> {
    let device: Device = like.device();
    Tensor::from_data(TensorData::new(values, shape), (&device, like.dtype()))
}
