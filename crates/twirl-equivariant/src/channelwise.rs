//! Bilinear products within atoms and channels: one own operation on the CPU device.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only used in what is inlined into a function compiled for them"
)]

use std::sync::Arc;

use burn::backend::flex::FlexTensor;
use burn::tensor::{IndexingUpdateOp, Int, Tensor, TensorData};
use twirl_layers::own::{Operation, Real, apply2, like, on_own, tensor, vectorised, whole};
use twirl_layers::{Piece, Slots, with_real};

/// A term of a sum: `output += factor left right`, by components.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Term {
    pub left: usize,
    pub right: usize,
    pub output: usize,
    pub factor: f64,
}

/// Products of components of two inputs, added up in components of an output.
#[derive(Debug, Clone)]
pub(crate) struct Channelwise {
    terms: Arc<[Term]>,
    /// Components of the left and the right input and of the output.
    components: [usize; 3],
}

impl Channelwise {
    /// Every output must be in a term.
    pub(crate) fn new(terms: Vec<Term>, components: [usize; 3]) -> Self {
        let terms = terms.into();
        Self { terms, components }
    }

    /// Components of the left and the right input and of the output.
    pub(crate) fn components(&self) -> [usize; 3] {
        self.components
    }

    /// `[A, left C]` and `[A, right C]` to `[A, outputs C]`, one sum of products for every channel.
    pub(crate) fn multiply(&self, left: Tensor<2>, right: Tensor<2>, slots: &Slots) -> Tensor<2> {
        let channels = left.dims()[1] / self.components[0];
        assert_eq!(
            [left.dims()[1], right.dims()[1]],
            [0, 1].map(|side| self.components[side] * channels),
            "Channelwise: components"
        );
        if on_own(&left) {
            let product = Product {
                of: self.clone(),
                slots: slots.clone(),
            };
            apply2(product, left, right)
        } else {
            self.composed(left, right)
        }
    }

    /// From operations of burn's, for other devices and types.
    pub(crate) fn composed(&self, left: Tensor<2>, right: Tensor<2>) -> Tensor<2> {
        let [atoms, width] = left.dims();
        let channels = width / self.components[0];
        let device = left.device();
        let index = |place: fn(&Term) -> usize| {
            let places: Vec<i64> = self.terms.iter().map(|term| place(term) as i64).collect();
            Tensor::<1, Int>::from_data(TensorData::new(places, [self.terms.len()]), &device)
        };
        let chosen = |input: Tensor<2>, side: usize, place: fn(&Term) -> usize| {
            let input = input.reshape([atoms, self.components[side], channels]);
            input.select(1, index(place))
        };
        let factors: Vec<f64> = self.terms.iter().map(|term| term.factor).collect();
        let factors = TensorData::new(factors, [1, self.terms.len(), 1]);
        let factors = Tensor::<3>::from_data(factors, (&device, left.dtype()));
        let zeros = [atoms, self.components[2], channels];
        let zeros = Tensor::<3>::zeros(zeros, (&device, left.dtype()));
        let products = chosen(left, 0, |term| term.left) * chosen(right, 1, |term| term.right);
        let outputs = index(|term| term.output);
        let sums = zeros.select_assign(1, outputs, products * factors, IndexingUpdateOp::Add);
        sums.reshape([atoms, self.components[2] * channels])
    }
}

#[derive(Debug, Clone)]
struct Product {
    of: Channelwise,
    slots: Slots,
}

/// Left and right.
impl Operation<2> for Product {
    type Kept = [FlexTensor; 2];

    fn forward(&self, inputs: [FlexTensor; 2]) -> (FlexTensor, Self::Kept) {
        let inputs = inputs.map(whole);
        let output = with_real!(inputs[0], T => {
            let read = Read::<T>::of(&self.of, &inputs);
            let atoms = self.slots.counts().len();
            let width = read.widths[2];
            let mut output = vec![T::default(); atoms * width];
            let outputs = self.slots.divide(&mut output, width);
            self.slots.each(2 * read.work(atoms), outputs, |piece, output| {
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
        _wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let gradient = whole(gradient);
        with_real!(gradient, T => {
            let read = Read::<T>::of(&self.of, &inputs);
            let slopes: &[T] = gradient.storage();
            let mut for_left = vec![T::default(); read.left.len()];
            let mut for_right = vec![T::default(); read.right.len()];
            let targets = self.slots.divide(&mut for_left, read.widths[0]).into_iter()
                .zip(self.slots.divide(&mut for_right, read.widths[1]))
                .collect();
            let work = 4 * read.work(self.slots.counts().len());
            self.slots.each(work, targets, |piece, (left, right)| {
                vectorised(#[inline(always)] || read.receive(piece, slopes, left, right));
            });
            [Some(like(&inputs[0], for_left)), Some(like(&inputs[1], for_right))]
        })
    }
}

struct Read<'a, T> {
    left: &'a [T],
    right: &'a [T],
    /// First numbers within the rows of left, right and output, and the factor.
    terms: Vec<([usize; 3], T)>,
    channels: usize,
    /// Numbers in a row of left, right and output.
    widths: [usize; 3],
}

impl<'a, T: Real> Read<'a, T> {
    fn of(product: &Channelwise, inputs: &'a [FlexTensor; 2]) -> Self {
        let [left, right] = inputs.each_ref().map(FlexTensor::storage::<T>);
        let channels = inputs[0].layout().shape()[1] / product.components[0];
        let terms = product.terms.iter().map(|term| {
            let places = [term.left, term.right, term.output];
            (places.map(|place| place * channels), T::of(term.factor))
        });
        Self {
            left,
            right,
            terms: terms.collect(),
            channels,
            widths: product.components.map(|count| count * channels),
        }
    }

    fn work(&self, atoms: usize) -> usize {
        atoms * self.terms.len() * self.channels
    }

    /// Rows of left and right of an atom.
    #[inline(always)]
    fn rows(&self, atom: usize) -> [&'a [T]; 2] {
        let [left, right, _] = self.widths;
        [
            &self.left[atom * left..][..left],
            &self.right[atom * right..][..right],
        ]
    }

    #[inline(always)]
    fn send(&self, piece: Piece<'_>, output: &mut [T]) {
        let channels = self.channels;
        for (atom, output) in output.chunks_exact_mut(self.widths[2]).enumerate() {
            let [left, right] = self.rows(piece.first + atom);
            for &([of_left, of_right, of_output], factor) in &self.terms {
                let reads = left[of_left..][..channels].iter();
                let reads = reads.zip(&right[of_right..][..channels]);
                let output = &mut output[of_output..][..channels];
                for (output, (&left, &right)) in output.iter_mut().zip(reads) {
                    *output += factor * (left * right);
                }
            }
        }
    }

    #[inline(always)]
    fn receive(&self, piece: Piece<'_>, slopes: &[T], for_left: &mut [T], for_right: &mut [T]) {
        let channels = self.channels;
        let targets = for_left.chunks_exact_mut(self.widths[0]);
        let targets = targets.zip(for_right.chunks_exact_mut(self.widths[1]));
        for (atom, (for_left, for_right)) in targets.enumerate() {
            let atom = piece.first + atom;
            let [left, right] = self.rows(atom);
            let slopes = &slopes[atom * self.widths[2]..][..self.widths[2]];
            for &([of_left, of_right, of_output], factor) in &self.terms {
                let slopes = &slopes[of_output..][..channels];
                let reads = left[of_left..][..channels].iter();
                let reads = reads.zip(&right[of_right..][..channels]).zip(slopes);
                let targets = for_left[of_left..][..channels].iter_mut();
                let targets = targets.zip(&mut for_right[of_right..][..channels]);
                for ((for_left, for_right), ((&left, &right), &slope)) in targets.zip(reads) {
                    let slope = factor * slope;
                    *for_left += slope * right;
                    *for_right += slope * left;
                }
            }
        }
    }
}
