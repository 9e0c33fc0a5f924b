//! What atoms give to their edges, as an operation of burn's.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only used in what is inlined into a function compiled for them"
)]

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use super::edges::{Piece, Slots};
use crate::lookup::gather;
use crate::own::{Operation, Real, apply2, on_own, tensor, vectorised, whole};
use crate::with_real;

impl Slots {
    /// What edges hold, `[atoms * slots, channels]`, plus what their sender and their receiver give,
    /// the first and the second half of `[atoms, 2 channels]`.
    ///
    /// # Panics
    /// If shapes disagree.
    #[must_use]
    pub fn spread(&self, edges: Tensor<2>, atoms: Tensor<2>) -> Tensor<2> {
        let [count, channels] = edges.dims();
        let [senders, slots] = [self.counts().len(), self.slots()];
        assert_eq!(count, senders * slots, "Slots::spread: edges");
        assert_eq!(
            atoms.dims(),
            [senders, 2 * channels],
            "Slots::spread: atoms"
        );
        if on_own(&edges) {
            return apply2(Spread(self.clone()), edges, atoms);
        }
        let sent = gather(atoms.clone().narrow(1, 0, channels), self.index());
        let received: Tensor<3> = atoms.narrow(1, channels, channels).unsqueeze_dim(1);
        let edges = (edges + sent).reshape([senders, slots, channels]);
        (edges + received).reshape([count, channels])
    }
}

/// Edges `[E, C]` and what atoms send and receive `[A, 2 C]`.
#[derive(Debug, Clone)]
struct Spread(Slots);

impl Operation<2> for Spread {
    type Kept = ();

    fn forward(&self, [edges, atoms]: [FlexTensor; 2]) -> (FlexTensor, ()) {
        let (mut edges, atoms) = (whole(edges), whole(atoms));
        let channels = edges.layout().shape()[1];
        with_real!(atoms, T => {
            let values = edges.storage_mut::<T>();
            let outputs = self.0.divide(values, self.0.slots() * channels);
            let atoms: &[T] = atoms.storage();
            let work = self.0.counts().len() * self.0.slots() * channels;
            self.0.each(work, outputs, |piece, output| {
                vectorised(#[inline(always)] || add(piece, channels, atoms, output));
            });
        });
        (edges, ())
    }

    fn backward(&self, (): (), gradient: FlexTensor, wanted: [bool; 2]) -> [Option<FlexTensor>; 2] {
        let gradient = whole(gradient);
        let channels = gradient.layout().shape()[1];
        let for_atoms = wanted[1].then(|| {
            with_real!(gradient, T => {
                let slopes: &[T] = gradient.storage();
                let count = self.0.counts().len();
                let mut values = vec![T::default(); count * 2 * channels];
                let outputs = self.0.divide(&mut values, 2 * channels);
                self.0.each(slopes.len(), outputs, |piece, output| {
                    vectorised(#[inline(always)] || collect(piece, channels, slopes, output));
                });
                tensor(values, [count, 2 * channels])
            })
        });
        [Some(gradient), for_atoms]
    }
}

#[inline(always)]
fn add<T: Real>(piece: Piece<'_>, channels: usize, atoms: &[T], output: &mut [T]) {
    let edges = output.chunks_exact_mut(channels).zip(piece.senders);
    for (edge, (output, &sender)) in edges.enumerate() {
        let receiver = piece.first + edge / piece.slots;
        let sent = &atoms[2 * sender * channels..][..channels];
        let received = &atoms[(2 * receiver + 1) * channels..][..channels];
        for ((output, &sent), &received) in output.iter_mut().zip(sent).zip(received) {
            *output += sent + received;
        }
    }
}

#[inline(always)]
fn collect<T: Real>(piece: Piece<'_>, channels: usize, slopes: &[T], output: &mut [T]) {
    let slopes = &slopes[piece.first * piece.slots * channels..];
    let edges = slopes.chunks_exact(channels).zip(piece.senders);
    for (edge, (slopes, &sender)) in edges.enumerate() {
        let (sender, receiver) = (sender - piece.first, edge / piece.slots);
        for start in [2 * sender, 2 * receiver + 1] {
            let sums = &mut output[start * channels..][..channels];
            for (sum, &slope) in sums.iter_mut().zip(slopes) {
                *sum += slope;
            }
        }
    }
}
