//! Messages between the scalars and vectors of neighbours: one own operation on the CPU device.
//!
//! Composed from burn's operations, every message was gathered, multiplied and summed in passes of its
//! own over all edges, six forward and twice as many backward.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only used in what is inlined into a function compiled for them"
)]

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use twirl_layers::own::{Operation, Real, apply4, dot, like, on_own, vectorised, whole};
use twirl_layers::{Piece, Slots, gather, matmul, with_real};

/// How messages are made and added up.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub slots: Slots,
    /// Of the sum over neighbours.
    pub scale: f64,
    /// Whether neighbours pass on their vectors.
    pub carry: bool,
}

impl Message {
    /// The state of every atom, scalars and vectors `[A, C + 3 C]`, with the messages of its neighbours
    /// added. Neighbour j at the unit vector r, `[E, 3]`, sends `a` to scalars and `b r + c v_j` to
    /// vectors, where a, b (and c) are the product of what j says, `[A, 2 C]` or `[A, 3 C]`, with the
    /// filters of the edge, `[E, 2 C]` or `[E, 3 C]`.
    pub(crate) fn receive(
        self,
        state: Tensor<2>,
        said: Tensor<2>,
        filters: Tensor<2>,
        unit: Tensor<2>,
    ) -> Tensor<2> {
        if on_own(&state) {
            apply4(self, state, said, filters, unit)
        } else {
            self.composed(state, said, filters, unit)
        }
    }

    /// From operations of burn's, for other devices and types.
    pub(crate) fn composed(
        &self,
        state: Tensor<2>,
        said: Tensor<2>,
        filters: Tensor<2>,
        unit: Tensor<2>,
    ) -> Tensor<2> {
        let [atoms, width] = state.dims();
        let (channels, slots) = (width / 4, self.slots.slots());
        let parts = said.dims()[1];
        let weight = gather(said, self.slots.index()) * filters;
        let weight = weight.reshape([atoms, slots, parts]);
        let part = |index: usize| weight.clone().narrow(2, index * channels, channels);
        let summed = part(0).sum_dim(1).reshape([atoms, channels]);
        let unit = unit.reshape([atoms, slots, 3]).swap_dims(1, 2);
        let mut turned = matmul(unit, part(1));
        if self.carry {
            let vectors = state.clone().narrow(1, channels, 3 * channels);
            let senders = gather(vectors, self.slots.index());
            let carried = senders.reshape([atoms, slots, 3, channels])
                * part(2).reshape([atoms, slots, 1, channels]);
            turned = turned + carried.sum_dim(1).reshape([atoms, 3, channels]);
        }
        let turned = turned.reshape([atoms, 3 * channels]);
        state + Tensor::cat(vec![summed, turned], 1) * self.scale
    }

    fn work(&self, channels: usize) -> usize {
        10 * self.slots.counts().len() * self.slots.slots() * channels
    }
}

/// State, what atoms say, filters, unit vectors.
impl Operation<4> for Message {
    type Kept = [FlexTensor; 4];

    fn forward(&self, inputs: [FlexTensor; 4]) -> (FlexTensor, Self::Kept) {
        let inputs = inputs.map(whole);
        let output = with_real!(inputs[0], T => {
            let read = Read::<T>::of(self, &inputs);
            let mut output = read.state.to_vec();
            let outputs = self.slots.divide(&mut output, 4 * read.channels);
            self.slots.each(self.work(read.channels), outputs, |piece, output| {
                vectorised(#[inline(always)] || read.send(piece, output));
            });
            like(&inputs[0], output)
        });
        (output, inputs)
    }

    fn backward(
        &self,
        inputs: Self::Kept,
        gradient: FlexTensor,
        wanted: [bool; 4],
    ) -> [Option<FlexTensor>; 4] {
        let gradient = whole(gradient);
        with_real!(gradient, T => {
            let read = Read::<T>::of(self, &inputs);
            let slopes: &[T] = gradient.storage();
            let slots = self.slots.slots();
            let width = read.parts * read.channels;
            let mut for_state = slopes.to_vec();
            let mut for_said = vec![T::default(); read.said.len()];
            let mut for_filters = vec![T::default(); read.filters.len()];
            let mut for_unit = vec![T::default(); if wanted[3] { read.unit.len() } else { 0 }];
            let unit_width = if wanted[3] { 3 * slots } else { 0 };
            let work = self.slots.divide(&mut for_state, 4 * read.channels).into_iter()
                .zip(self.slots.divide(&mut for_said, width))
                .zip(self.slots.divide(&mut for_filters, slots * width))
                .zip(self.slots.divide(&mut for_unit, unit_width))
                .map(|(((state, said), filters), unit)| Slopes { state, said, filters, unit })
                .collect();
            self.slots.each(3 * self.work(read.channels), work, |piece, mut work| {
                vectorised(#[inline(always)] || read.receive(piece, slopes, &mut work));
            });
            [
                Some(like(&inputs[0], for_state)),
                Some(like(&inputs[1], for_said)),
                Some(like(&inputs[2], for_filters)),
                wanted[3].then(|| like(&inputs[3], for_unit)),
            ]
        })
    }
}

/// Gradients of a molecule.
struct Slopes<'a, T> {
    state: &'a mut [T],
    said: &'a mut [T],
    filters: &'a mut [T],
    unit: &'a mut [T],
}

struct Read<'a, T> {
    state: &'a [T],
    said: &'a [T],
    filters: &'a [T],
    unit: &'a [T],
    channels: usize,
    /// 2 or, with carried vectors, 3.
    parts: usize,
    scale: T,
}

impl<'a, T: Real> Read<'a, T> {
    fn of(message: &Message, inputs: &'a [FlexTensor; 4]) -> Self {
        let [state, said, filters, unit] = inputs.each_ref().map(FlexTensor::storage::<T>);
        Self {
            state,
            said,
            filters,
            unit,
            channels: inputs[0].layout().shape()[1] / 4,
            parts: if message.carry { 3 } else { 2 },
            scale: T::of(message.scale),
        }
    }

    #[inline(always)]
    fn send(&self, piece: Piece<'_>, output: &mut [T]) {
        let (channels, width) = (self.channels, self.parts * self.channels);
        let mut along = vec![T::default(); channels];
        let mut carried = vec![T::default(); channels];
        for (atom, output) in output.chunks_exact_mut(4 * channels).enumerate() {
            let (scalars, vectors) = output.split_at_mut(channels);
            for slot in 0..piece.counts[atom] {
                let sender = piece.senders[atom * piece.slots + slot];
                let edge = (piece.first + atom) * piece.slots + slot;
                let said = &self.said[sender * width..][..width];
                let filters = &self.filters[edge * width..][..width];
                let unit = &self.unit[3 * edge..][..3];
                for ((scalar, &said), &filter) in scalars.iter_mut().zip(said).zip(filters) {
                    *scalar += self.scale * (said * filter);
                }
                multiply(&mut along, said, filters, channels, self.scale);
                if self.parts == 3 {
                    multiply(&mut carried, said, filters, 2 * channels, self.scale);
                }
                for (axis, vector) in vectors.chunks_exact_mut(channels).enumerate() {
                    let unit = unit[axis];
                    if self.parts == 3 {
                        let start = (4 * sender + 1 + axis) * channels;
                        let before = &self.state[start..][..channels];
                        let weights = along.iter().zip(&carried).zip(before);
                        for (vector, ((&along, &carried), &before)) in
                            vector.iter_mut().zip(weights)
                        {
                            *vector += unit * along + carried * before;
                        }
                    } else {
                        for (vector, &along) in vector.iter_mut().zip(&along) {
                            *vector += unit * along;
                        }
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn receive(&self, piece: Piece<'_>, slopes: &[T], target: &mut Slopes<'_, T>) {
        let (channels, width) = (self.channels, self.parts * self.channels);
        let mut weight = vec![T::default(); width];
        let mut of_weight = vec![T::default(); width];
        for atom in 0..piece.atoms {
            let slopes = &slopes[(piece.first + atom) * 4 * channels..][..4 * channels];
            for slot in 0..piece.counts[atom] {
                let local = atom * piece.slots + slot;
                let (sender, edge) = (piece.senders[local], piece.first * piece.slots + local);
                let said = &self.said[sender * width..][..width];
                let filters = &self.filters[edge * width..][..width];
                let unit = &self.unit[3 * edge..][..3];
                multiply(&mut weight, said, filters, 0, self.scale);
                of_weight[..channels].copy_from_slice(&slopes[..channels]);
                of_weight[channels..].fill(T::default());
                let (_, of_weight_vectors) = of_weight.split_at_mut(channels);
                let (of_along, of_carried) = of_weight_vectors.split_at_mut(channels);
                for axis in 0..3 {
                    let slopes = &slopes[(1 + axis) * channels..][..channels];
                    let unit = unit[axis];
                    for (of_along, &slope) in of_along.iter_mut().zip(slopes) {
                        *of_along += unit * slope;
                    }
                    if self.parts == 3 {
                        let start = (4 * sender + 1 + axis) * channels;
                        let before = &self.state[start..][..channels];
                        for ((of_carried, &slope), &before) in
                            of_carried.iter_mut().zip(slopes).zip(before)
                        {
                            *of_carried += before * slope;
                        }
                        let start = start - 4 * piece.first * channels;
                        let sums = &mut target.state[start..][..channels];
                        let weight = &weight[2 * channels..];
                        for ((sum, &slope), &weight) in sums.iter_mut().zip(slopes).zip(weight) {
                            *sum += weight * slope;
                        }
                    }
                    if !target.unit.is_empty() {
                        target.unit[3 * local + axis] =
                            dot(slopes, &weight[channels..2 * channels]);
                    }
                }
                let for_filters = &mut target.filters[local * width..][..width];
                for ((filter, &slope), &said) in for_filters.iter_mut().zip(&of_weight).zip(said) {
                    *filter = self.scale * (slope * said);
                }
                let for_said = &mut target.said[(sender - piece.first) * width..][..width];
                for ((sum, &slope), &filter) in for_said.iter_mut().zip(&of_weight).zip(filters) {
                    *sum += self.scale * (slope * filter);
                }
            }
        }
    }
}

/// `factor a b` of the numbers from `start` on.
#[inline(always)]
fn multiply<T: Real>(target: &mut [T], a: &[T], b: &[T], start: usize, factor: T) {
    for ((target, &a), &b) in target.iter_mut().zip(&a[start..]).zip(&b[start..]) {
        *target = factor * (a * b);
    }
}
