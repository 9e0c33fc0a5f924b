//! The part of every tensor product that depends on geometry alone.

use burn::tensor::{Device, Tensor, TensorData};
use twirl_layers::matmul_full;

use crate::angular::{PATHS, clebsch_gordan, components, quadrupoles};
use crate::cloud::Edges;

/// `B_p[in][out] = sum_edge C_p[in][edge][out] Y[edge](rhat)` of every edge for each path p.
///
/// Made once per forward pass and shared by all layers; it needs no gradient.
pub(crate) struct Couplings {
    /// `[E, places]`.
    pub(crate) values: Tensor<2>,
    starts: [Option<usize>; PATHS.len()],
}

impl Couplings {
    pub(crate) fn new(edges: &Edges, wanted: impl Fn([usize; 3]) -> bool) -> Self {
        let mut places = 0;
        let starts = PATHS.map(|path| {
            wanted(path).then(|| {
                let [input, _, output] = path.map(components);
                places += input * output;
                places - input * output
            })
        });
        let mut table = vec![0.0; 9 * places];
        for (path, start) in PATHS.into_iter().zip(starts) {
            let Some(start) = start else { continue };
            let [input, edge, output] = path.map(components);
            let tensor = clebsch_gordan(path);
            for (first, second) in (0..input).flat_map(|a| (0..edge).map(move |b| (a, b))) {
                let from = &tensor[(first * edge + second) * output..][..output];
                let row = path[1] * path[1] + second;
                table[row * places + start + first * output..][..output].copy_from_slice(from);
            }
        }
        let table = constant(table, [9, places], &edges.unit);
        Self {
            values: matmul_full(harmonics(&edges.unit), table),
            starts,
        }
    }

    /// Where a path's `[in, out]` begin within a row.
    pub(crate) fn start(&self, path: usize) -> usize {
        self.starts[path].expect("a path of this symmetry")
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
    let second = matmul_full(outer.reshape([edges, 9]), quadratic);
    Tensor::cat(vec![ones, unit.clone() * 3.0_f64.sqrt(), second], 1)
}

fn constant(values: Vec<f64>, shape: [usize; 2], like: &Tensor<2>) -> Tensor<2> {
    let device: Device = like.device();
    Tensor::from_data(TensorData::new(values, shape), (&device, like.dtype()))
}
