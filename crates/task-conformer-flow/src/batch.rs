//! Batches on the host and on the device.

use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::layout::Layout;
use crate::schedule::Gains;
use crate::topology::{ATOM_FEATURES, BOND_KINDS, PAIR_KINDS, Topology};

/// Sines and cosines of the flow time that networks are given.
pub(crate) const TIME_FEATURES: usize = 32;

/// Bins of the flow time in which the loss is reported, each a quarter.
pub(crate) const TIME_BINS: usize = 4;

/// One molecule of a batch, with everything random already drawn.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) topology: Arc<Topology>,
    pub(crate) time: f64,
    pub(crate) gains: Gains,
    pub(crate) weight: f64,
    /// `x_t`, angstrom, centred.
    pub(crate) state: Vec<[f64; 3]>,
    pub(crate) target: Vec<[f64; 3]>,
}

/// A batch on the host.
#[derive(Debug, Clone)]
pub struct Host(pub(crate) Vec<Sample>);

impl Host {
    /// Flow times.
    pub fn times(&self) -> Vec<f64> {
        self.0.iter().map(|sample| sample.time).collect()
    }

    /// States `x_t` of every molecule, angstrom.
    pub fn states(&self) -> Vec<&[[f64; 3]]> {
        self.0
            .iter()
            .map(|sample| sample.state.as_slice())
            .collect()
    }
}

/// Bond graphs on the device: A atoms of B molecules, N of the largest, P pairs as in
/// [`Layout::spans`].
#[derive(Debug, Clone)]
pub struct Graphs {
    /// Where the atoms are.
    pub layout: Layout,
    /// Atomic numbers `[A]`.
    pub species: Tensor<1, Int>,
    /// `[A, 4]`: heavy neighbours / 4, hydrogens / 4, aromatic, in a ring.
    pub features: Tensor<2>,
    /// `[B, 4 N, N]`: row `4 i + k` marks the atoms bonded to i by a bond of kind k.
    pub adjacency: Tensor<3>,
    /// `[P, 11]`: the kind of every pair, one-hot.
    pub pairs: Tensor<2>,
    /// `[B, N]`, 1 at atoms and 0 at padding.
    pub mask: Tensor<2>,
    /// `[B, N]`: 1 / atoms at atoms, 0 at padding.
    pub share: Tensor<2>,
}

impl Graphs {
    /// Copies bond graphs to the device.
    pub fn new(molecules: &[&Topology], device: &Device) -> Self {
        let sizes: Vec<usize> = molecules.iter().map(|molecule| molecule.atoms()).collect();
        let layout = Layout::new(sizes.clone(), device);
        let [count, atoms] = layout.dims();
        let all: usize = sizes.iter().sum();
        let (mut species, mut features) = (Vec::with_capacity(all), Vec::new());
        let mut adjacency = vec![0.0_f32; count * atoms * BOND_KINDS * atoms];
        let squares = sizes.iter().map(|size| size * size);
        let mut pairs = vec![0.0_f32; squares.sum::<usize>() * PAIR_KINDS];
        let (mut mask, mut share) = (vec![0.0_f32; count * atoms], vec![0.0; count * atoms]);
        let mut pair = 0;
        for (place, molecule) in molecules.iter().enumerate() {
            let own = molecule.atoms();
            species.extend(molecule.species().iter().map(|&number| i64::from(number)));
            for row in molecule.features() {
                features.extend(row.iter().map(|&value| value as f32));
            }
            for (index, &kind) in molecule.pairs().iter().enumerate() {
                let kind = usize::from(kind);
                pairs[pair * PAIR_KINDS + kind] = 1.0;
                pair += 1;
                if (1..=BOND_KINDS).contains(&kind) {
                    let row = (place * atoms + index / own) * BOND_KINDS + kind - 1;
                    adjacency[row * atoms + index % own] = 1.0;
                }
            }
            mask[place * atoms..][..own].fill(1.0);
            share[place * atoms..][..own].fill(1.0 / own as f64);
        }
        let matrix = |values, shape| Tensor::<2>::from_data(TensorData::new(values, shape), device);
        Self {
            species: Tensor::from_data(TensorData::new(species, [all]), device),
            features: matrix(features, [all, ATOM_FEATURES]),
            adjacency: Tensor::from_data(
                TensorData::new(adjacency, [count, atoms * BOND_KINDS, atoms]),
                device,
            ),
            pairs: matrix(pairs, [pair, PAIR_KINDS]),
            mask: matrix(mask, [count, atoms]),
            share: Tensor::from_data(TensorData::new(share, [count, atoms]), device),
            layout,
        }
    }

    /// `[B, N]`.
    pub fn dims(&self) -> [usize; 2] {
        self.layout.dims()
    }

    /// Vectors `[B, N, 3]` less their mean over a molecule's atoms; 0 at padding.
    pub fn centre(&self, vectors: Tensor<3>) -> Tensor<3> {
        let mean = (vectors.clone() * self.share.clone().unsqueeze_dim(2)).sum_dim(1);
        (vectors - mean) * self.mask.clone().unsqueeze_dim(2)
    }
}

/// A point of the flow on the device.
#[derive(Debug, Clone)]
pub struct State {
    /// `x_t` `[B, N, 3]`, angstrom, centred; 0 at padding.
    pub positions: Tensor<3>,
    /// Sines and cosines of the time `[B, 32]`.
    pub time: Tensor<2>,
    /// [`Gains::input`] `[B, 1, 1]`.
    pub input: Tensor<3>,
    /// [`Gains::skip`] `[B, 1, 1]`.
    pub skip: Tensor<3>,
    /// [`Gains::output`] `[B, 1, 1]`.
    pub output: Tensor<3>,
}

impl State {
    /// States at the given times.
    pub fn new(positions: Tensor<3>, times: &[f64], gains: &[Gains]) -> Self {
        let device = positions.device();
        let count = times.len();
        let waves: Vec<f64> = times.iter().flat_map(|&time| waves(time)).collect();
        let scalar = |of: fn(&Gains) -> f64| {
            let values: Vec<f64> = gains.iter().map(of).collect();
            Tensor::<3>::from_data(TensorData::new(values, [count, 1, 1]), &device)
        };
        Self {
            time: Tensor::from_data(TensorData::new(waves, [count, TIME_FEATURES]), &device),
            input: scalar(|gains| gains.input),
            skip: scalar(|gains| gains.skip),
            output: scalar(|gains| gains.output),
            positions,
        }
    }
}

/// Sines and cosines at angular frequencies from 1 to 64, evenly spaced in their logarithm.
fn waves(time: f64) -> impl Iterator<Item = f64> {
    let half = TIME_FEATURES / 2;
    (0..half).flat_map(move |index| {
        let phase = time * 64_f64.powf(index as f64 / (half - 1) as f64);
        [phase.sin(), phase.cos()]
    })
}

/// A batch on the device.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Bond graphs.
    pub graphs: Graphs,
    /// Where on the flow each molecule is.
    pub state: State,
    /// What is to be predicted `[B, N, 3]`, 0 at padding.
    pub target: Tensor<3>,
    /// Weight of each molecule by its time `[B, 1]`.
    pub weight: Tensor<2>,
    /// 1 where the time lies in a bin `[B, 4]`.
    pub bins: Tensor<2>,
}

impl Batch {
    /// Copies a batch to the device.
    pub(crate) fn new(host: &Host, device: &Device) -> Self {
        let samples = &host.0;
        let molecules: Vec<&Topology> = samples.iter().map(|s| s.topology.as_ref()).collect();
        let graphs = Graphs::new(&molecules, device);
        let [count, atoms] = graphs.dims();
        let padded = |of: fn(&Sample) -> &[[f64; 3]]| {
            let rows: Vec<&[[f64; 3]]> = samples.iter().map(of).collect();
            padded(&rows, atoms, device)
        };
        let times = host.times();
        let gains: Vec<Gains> = samples.iter().map(|sample| sample.gains).collect();
        let weight: Vec<f64> = samples.iter().map(|sample| sample.weight).collect();
        let mut bins = vec![0.0; count * TIME_BINS];
        for (place, time) in times.iter().enumerate() {
            let bin = ((time * TIME_BINS as f64) as usize).min(TIME_BINS - 1);
            bins[place * TIME_BINS + bin] = 1.0;
        }
        Self {
            state: State::new(padded(|sample| &sample.state), &times, &gains),
            target: padded(|sample| &sample.target),
            weight: Tensor::from_data(TensorData::new(weight, [count, 1]), device),
            bins: Tensor::from_data(TensorData::new(bins, [count, TIME_BINS]), device),
            graphs,
        }
    }

    /// The same graphs at another point of the flow, without a target: for sampling.
    pub(crate) fn at(graphs: &Graphs, state: State) -> Self {
        let count = graphs.dims()[0];
        let device = state.positions.device();
        Self {
            graphs: graphs.clone(),
            target: state.positions.zeros_like(),
            weight: Tensor::zeros([count, 1], &device),
            bins: Tensor::zeros([count, TIME_BINS], &device),
            state,
        }
    }
}

/// What an arm predicts: the conformer or the velocity, `[B, N, 3]` in angstrom.
#[derive(Debug, Clone)]
pub struct Output(pub Tensor<3>);

/// Vectors per atom with padding, `[B, atoms, 3]`.
pub(crate) fn padded(rows: &[&[[f64; 3]]], atoms: usize, device: &Device) -> Tensor<3> {
    let mut values = vec![0.0; rows.len() * atoms * 3];
    for (place, row) in rows.iter().enumerate() {
        for (atom, vector) in row.iter().enumerate() {
            let start = (place * atoms + atom) * 3;
            values[start..start + 3].copy_from_slice(vector);
        }
    }
    Tensor::from_data(TensorData::new(values, [rows.len(), atoms, 3]), device)
}

/// The first atoms of every row of `[B, N, 3]`, on the host.
pub(crate) fn unpadded(tensor: Tensor<3>, atoms: &[usize]) -> Vec<Vec<[f64; 3]>> {
    let [_, padded, _] = tensor.dims();
    let values: Vec<f64> = tensor.into_data().iter::<f64>().collect();
    let row = |(place, &count): (usize, &usize)| {
        values[place * padded * 3..][..count * 3]
            .chunks_exact(3)
            .map(|vector| [vector[0], vector[1], vector[2]])
            .collect()
    };
    atoms.iter().enumerate().map(row).collect()
}
