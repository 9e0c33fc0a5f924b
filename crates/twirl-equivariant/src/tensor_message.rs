//! Sums of tensor products over neighbours: one own operation on the CPU device.
//!
//! Composed from burn's operations, every path is a product over edges and a batch of small matrix
//! products.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only used in what is inlined into a function compiled for them"
)]

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use twirl_layers::own::{Operation, Real, apply3, dot, like, on_own, tensor, vectorised, whole};
use twirl_layers::{Piece, Slots, gather, matmul, with_real};

/// One path of degrees, as places in rows of numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Path {
    /// First component, and number of components, of the sender's features.
    pub input: [usize; 2],
    /// The same of the sum.
    pub output: [usize; 2],
    /// Where its `[in, out]` begin among the couplings of an edge.
    pub coupling: usize,
}

/// Which products are summed.
#[derive(Debug, Clone)]
pub(crate) struct TensorMessage {
    pub slots: Slots,
    pub paths: Vec<Path>,
    /// Components of the sums.
    pub outputs: usize,
}

impl TensorMessage {
    /// For every atom `sum_j sum_p sum_in B_p[in][out] w_p h_j[in]`, with the features h of atoms
    /// `[A, components C]`, weights w of edges and paths `[E, paths C]`, and couplings B of edges
    /// `[E, places]`. Output `[A, components C]`.
    pub(crate) fn receive(
        self,
        features: Tensor<2>,
        weights: Tensor<2>,
        couplings: Tensor<2>,
    ) -> Tensor<2> {
        if on_own(&weights) {
            apply3(self, features, weights, couplings)
        } else {
            self.composed(features, &weights, &couplings)
        }
    }

    /// From operations of burn's, for other devices and types.
    pub(crate) fn composed(
        &self,
        features: Tensor<2>,
        weights: &Tensor<2>,
        couplings: &Tensor<2>,
    ) -> Tensor<2> {
        let [atoms, _] = features.dims();
        let channels = weights.dims()[1] / self.paths.len();
        let slots = self.slots.slots();
        let senders = gather(features, self.slots.index());
        let mut places: Vec<Option<Tensor<3>>> = vec![None; self.outputs];
        for (place, path) in self.paths.iter().enumerate() {
            let ([first, input], [start, output]) = (path.input, path.output);
            let h = senders
                .clone()
                .narrow(1, first * channels, input * channels);
            let h = h.reshape([atoms * slots, input, channels]);
            let w = weights.clone().narrow(1, place * channels, channels);
            let weighted = (h * w.unsqueeze_dim(1)).reshape([atoms, slots * input, channels]);
            let b = couplings.clone().narrow(1, path.coupling, input * output);
            let b = b.reshape([atoms, slots * input, output]).swap_dims(1, 2);
            let sum = matmul(b, weighted);
            places[start] = Some(match places[start].take() {
                Some(before) => before + sum,
                None => sum,
            });
        }
        let sums: Vec<Tensor<3>> = places.into_iter().flatten().collect();
        Tensor::cat(sums, 1).reshape([atoms, self.outputs * channels])
    }

    fn work(&self, weights: usize) -> usize {
        let products = |path: &Path| path.input[1] * (path.output[1] + 1);
        weights / self.paths.len() * self.paths.iter().map(products).sum::<usize>()
    }
}

/// Features, weights, couplings.
impl Operation<3> for TensorMessage {
    type Kept = [FlexTensor; 3];

    fn forward(&self, inputs: [FlexTensor; 3]) -> (FlexTensor, Self::Kept) {
        let inputs = inputs.map(whole);
        let output = with_real!(inputs[0], T => {
            let read = Read::<T>::of(self, &inputs);
            let atoms = self.slots.counts().len();
            let width = self.outputs * read.channels;
            let mut output = vec![T::default(); atoms * width];
            let outputs = self.slots.divide(&mut output, width);
            self.slots.each(self.work(read.weights.len()), outputs, |piece, output| {
                vectorised(#[inline(always)] || read.send(piece, output));
            });
            tensor(output, [atoms, width])
        });
        (output, inputs)
    }

    fn backward(
        &self,
        inputs: Self::Kept,
        gradient: FlexTensor,
        wanted: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        let gradient = whole(gradient);
        with_real!(gradient, T => {
            let read = Read::<T>::of(self, &inputs);
            let slopes: &[T] = gradient.storage();
            let slots = self.slots.slots();
            let per_edge = read.paths.len() * read.channels;
            let coupled = if wanted[2] { read.places } else { 0 };
            let mut for_features = vec![T::default(); read.features.len()];
            let mut for_weights = vec![T::default(); read.weights.len()];
            let mut for_couplings = vec![T::default(); if wanted[2] { read.couplings.len() } else { 0 }];
            let work = self.slots.divide(&mut for_features, read.components * read.channels)
                .into_iter()
                .zip(self.slots.divide(&mut for_weights, slots * per_edge))
                .zip(self.slots.divide(&mut for_couplings, slots * coupled))
                .map(|((features, weights), couplings)| Slopes { features, weights, couplings })
                .collect();
            self.slots.each(3 * self.work(read.weights.len()), work, |piece, mut work| {
                vectorised(#[inline(always)] || read.receive(piece, slopes, &mut work));
            });
            [
                Some(like(&inputs[0], for_features)),
                Some(like(&inputs[1], for_weights)),
                wanted[2].then(|| like(&inputs[2], for_couplings)),
            ]
        })
    }
}

/// Gradients of a molecule.
struct Slopes<'a, T> {
    features: &'a mut [T],
    weights: &'a mut [T],
    couplings: &'a mut [T],
}

struct Read<'a, T> {
    features: &'a [T],
    weights: &'a [T],
    couplings: &'a [T],
    paths: &'a [Path],
    channels: usize,
    /// Components of features, and of sums.
    components: usize,
    outputs: usize,
    /// Couplings of an edge.
    places: usize,
}

impl<'a, T: Real> Read<'a, T> {
    fn of(message: &'a TensorMessage, inputs: &'a [FlexTensor; 3]) -> Self {
        let [features, weights, couplings] = inputs.each_ref().map(FlexTensor::storage::<T>);
        let width = |input: &FlexTensor| input.layout().shape()[1];
        let channels = width(&inputs[1]) / message.paths.len();
        Self {
            features,
            weights,
            couplings,
            paths: &message.paths,
            channels,
            components: width(&inputs[0]) / channels,
            outputs: message.outputs,
            places: width(&inputs[2]),
        }
    }

    /// Features of the sender, weights and couplings of an edge.
    #[inline(always)]
    fn edge(&self, sender: usize, edge: usize) -> [&[T]; 3] {
        let (width, per_edge) = (
            self.components * self.channels,
            self.paths.len() * self.channels,
        );
        [
            &self.features[sender * width..][..width],
            &self.weights[edge * per_edge..][..per_edge],
            &self.couplings[edge * self.places..][..self.places],
        ]
    }

    #[inline(always)]
    fn send(&self, piece: Piece<'_>, output: &mut [T]) {
        let channels = self.channels;
        let mut weighted = vec![T::default(); channels];
        for (atom, output) in output.chunks_exact_mut(self.outputs * channels).enumerate() {
            for slot in 0..piece.counts[atom] {
                let local = atom * piece.slots + slot;
                let edge = piece.first * piece.slots + local;
                let [features, weights, couplings] = self.edge(piece.senders[local], edge);
                for (path, weights) in self.paths.iter().zip(weights.chunks_exact(channels)) {
                    let ([first, input], [start, count]) = (path.input, path.output);
                    let couplings = couplings[path.coupling..].chunks_exact(count);
                    let inputs = features[first * channels..].chunks_exact(channels);
                    for (feature, couplings) in inputs.zip(couplings).take(input) {
                        let products = feature.iter().zip(weights);
                        for (weighted, (&feature, &weight)) in weighted.iter_mut().zip(products) {
                            *weighted = feature * weight;
                        }
                        let outputs = output[start * channels..].chunks_exact_mut(channels);
                        for (output, &coupling) in outputs.zip(couplings) {
                            for (output, &weighted) in output.iter_mut().zip(&weighted) {
                                *output += coupling * weighted;
                            }
                        }
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn receive(&self, piece: Piece<'_>, slopes: &[T], target: &mut Slopes<'_, T>) {
        let channels = self.channels;
        let (width, per_edge) = (self.components * channels, self.paths.len() * channels);
        let mut of_weighted = vec![T::default(); channels];
        let mut weighted = vec![T::default(); channels];
        for atom in 0..piece.atoms {
            let slopes = &slopes[(piece.first + atom) * self.outputs * channels..];
            for slot in 0..piece.counts[atom] {
                let local = atom * piece.slots + slot;
                let (sender, edge) = (piece.senders[local], piece.first * piece.slots + local);
                let [features, weights, couplings] = self.edge(sender, edge);
                let for_features = &mut target.features[(sender - piece.first) * width..][..width];
                let for_weights = &mut target.weights[local * per_edge..][..per_edge];
                let reads = weights.chunks_exact(channels);
                let reads = reads.zip(for_weights.chunks_exact_mut(channels));
                for (path, (weights, for_weights)) in self.paths.iter().zip(reads) {
                    let ([first, input], [start, count]) = (path.input, path.output);
                    for component in 0..input {
                        let row = path.coupling + component * count;
                        let place = (first + component) * channels;
                        let feature = &features[place..][..channels];
                        of_weighted.fill(T::default());
                        let outputs = slopes[start * channels..].chunks_exact(channels);
                        for (slopes, &coupling) in outputs.zip(&couplings[row..row + count]) {
                            for (of, &slope) in of_weighted.iter_mut().zip(slopes) {
                                *of += coupling * slope;
                            }
                        }
                        let reads = of_weighted.iter().zip(feature);
                        for (target, (&of, &feature)) in for_weights.iter_mut().zip(reads) {
                            *target += of * feature;
                        }
                        let sums = &mut for_features[place..][..channels];
                        for (sum, (&of, &weight)) in
                            sums.iter_mut().zip(of_weighted.iter().zip(weights))
                        {
                            *sum += of * weight;
                        }
                        if !target.couplings.is_empty() {
                            let products = feature.iter().zip(weights);
                            for (weighted, (&feature, &weight)) in weighted.iter_mut().zip(products)
                            {
                                *weighted = feature * weight;
                            }
                            let found = &mut target.couplings[local * self.places + row..][..count];
                            let outputs = slopes[start * channels..].chunks_exact(channels);
                            for (found, slopes) in found.iter_mut().zip(outputs) {
                                *found = dot(slopes, &weighted);
                            }
                        }
                    }
                }
            }
        }
    }
}
