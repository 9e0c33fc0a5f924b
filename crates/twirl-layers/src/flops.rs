//! Counting the operations by which models are compared.

use std::cell::Cell;

use burn::tensor::{DType, Tensor};

use crate::flex::{on_flex, on_flex_as};
use crate::own::apply2;
use crate::product::Product;
use crate::rounded::multiply;

thread_local! {
    static COUNTED: Cell<u64> = const { Cell::new(0) };
}

/// Runs `work` and counts the operations of its matrix products and convolutions on this thread.
///
/// A multiplication with its addition counts as two operations. Counted are [`matmul`],
/// [`crate::conv3d`] and [`crate::conv_transpose3d`], as executed: padding and zeros at borders count
/// like anything else. Not counted: everything that works element by element, sums, and look-ups,
/// which are bound by memory and not by arithmetic.
pub fn count_flops<R>(work: impl FnOnce() -> R) -> (R, u64) {
    let before = COUNTED.get();
    let result = work();
    (result, COUNTED.get().wrapping_sub(before))
}

/// Product of matrices `[.., m, k]` and `[.., k, n]`, counted as `2 m k n` operations each.
///
/// # Panics
/// If shapes disagree.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one that counts")]
pub fn matmul<const D: usize>(left: Tensor<D>, right: Tensor<D>) -> Tensor<D> {
    let inner = left.dims()[D - 1];
    let leading = |tensor: &Tensor<D>| tensor.dims()[..D - 2].to_vec();
    let own = on_flex_as(&left, &[DType::F32, DType::F64])
        && left.dtype() == right.dtype()
        && leading(&left) == leading(&right);
    let product = if own {
        assert_eq!(inner, right.dims()[D - 2], "matmul: inner axes");
        apply2(Product, left, right)
    } else {
        multiply(left, right, Tensor::matmul)
    };
    count(product.dims().into_iter().chain([inner]));
    product
}

/// As [`matmul`], in the full precision of the tensors' type on every device, for geometry: rotations,
/// angles, spherical harmonics.
///
/// The product kernels of a graphics device may round what they multiply (CUDA's tensor cores keep 11
/// bits of single precision, TF32); a rotation with such a kernel is not one. There the terms of the
/// sum are added one by one, element by element, which is meant for short sums.
///
/// # Panics
/// If shapes disagree.
#[must_use]
pub fn matmul_full<const D: usize>(left: Tensor<D>, right: Tensor<D>) -> Tensor<D> {
    if on_flex(&left.device()) {
        return matmul(left, right);
    }
    let inner = left.dims()[D - 1];
    assert_eq!(inner, right.dims()[D - 2], "matmul_full: inner axes");
    let term = |k| left.clone().narrow(D - 1, k, 1) * right.clone().narrow(D - 2, k, 1);
    let product = (1..inner).fold(term(0), |sum, k| sum + term(k));
    count(product.dims().into_iter().chain([inner]));
    product
}

/// Adds a multiplication with its addition for every place of an array of these sizes.
pub(crate) fn count(sizes: impl IntoIterator<Item = usize>) {
    let places: u64 = sizes.into_iter().map(|size| size as u64).product();
    COUNTED.set(COUNTED.get().wrapping_add(2 * places));
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::*;
    use crate::{Activation, Init, Mlp, attention, conv_transpose3d, conv3d};

    fn ones<const D: usize>(dims: [usize; D]) -> Tensor<D> {
        Tensor::ones(dims, &Device::flex())
    }

    fn counted<R>(work: impl FnOnce() -> R) -> u64 {
        count_flops(work).1
    }

    #[test]
    fn a_product_in_full_is_the_product_and_costs_as_much() {
        let device = Device::flex();
        let values = |rows: usize, columns: usize| {
            let value = |place: usize| ((place * 7 + 3) % 11) as f32 - 4.5;
            let values: Vec<f32> = (0..2 * rows * columns).map(value).collect();
            Tensor::<1>::from_floats(&values[..], &device).reshape([2, rows, columns])
        };
        let (left, right) = (values(4, 3), values(3, 5));
        let (plain, cost) = count_flops(|| matmul(left.clone(), right.clone()));
        let (full, same) = crate::own::composed(|| count_flops(|| matmul_full(left, right)));
        assert_eq!(cost, same);
        full.into_data().assert_eq(&plain.into_data(), true);
    }

    #[test]
    fn layers_cost_what_their_formulas_say() {
        let mlp = Mlp::new(
            &mut Init::new(0, &Device::flex()),
            [8, 16, 3],
            Activation::Silu,
        );
        let flops = counted(|| mlp.forward(ones([2, 5, 8])));
        assert_eq!(flops, 2 * 10 * (8 * 16 + 16 * 3));
        // Logits and weighted values: 2 b q k c each, however many heads.
        let flops = counted(|| {
            attention(
                ones([2, 7, 12]),
                ones([2, 5, 12]),
                ones([2, 5, 12]),
                3,
                None,
                None,
            )
        });
        assert_eq!(flops, 2 * (2 * 2 * 7 * 5 * 12));
        // Every output cell of a strided convolution, every input cell of its adjoint.
        let flops = counted(|| conv3d(ones([2, 3, 8, 8, 8]), ones([5, 3, 4, 4, 4]), None, 2, 1));
        assert_eq!(flops, 2 * 2 * 3 * 5 * 64 * 64);
        let back =
            counted(|| conv_transpose3d(ones([2, 5, 4, 4, 4]), ones([5, 3, 4, 4, 4]), None, 2, 1));
        assert_eq!(back, flops);
        let broadcast = counted(|| matmul(ones([4, 2, 3]), ones([1, 3, 6])));
        assert_eq!(broadcast, 2 * 4 * 2 * 3 * 6);
    }

    #[test]
    fn counts_nest_and_belong_to_a_thread() {
        let product = || matmul(ones([2, 3]), ones([3, 4]));
        let ((_, inner), outer) = count_flops(|| {
            let _ = product();
            std::thread::spawn(move || product().into_data())
                .join()
                .expect("a product");
            count_flops(product)
        });
        assert_eq!((inner, outer), (48, 96));
    }
}
