//! What matrix products and convolutions round their operands to.
//!
//! Matrix units of graphics processors multiply numbers of 8 or 11 bits and add in single precision. Where
//! a device has such units they are used ([`Precision::Bf16`] by a cast); on the CPU device operands are
//! rounded to those numbers before they are multiplied in single precision, forward and backward, so that
//! what the rounding does to a model can be seen without such a device.

use burn::backend::flex::FlexTensor;
use burn::tensor::{DType, FloatDType, Tensor};
use twirl_core::Precision;

use crate::flex::lives_on_flex;
use crate::own::{Operation, apply1, whole};
use crate::precision::current;

/// A product or convolution of operands of the current precision.
pub(crate) fn multiply<const A: usize, const B: usize, const R: usize>(
    left: Tensor<A>,
    right: Tensor<B>,
    product: impl FnOnce(Tensor<A>, Tensor<B>) -> Tensor<R>,
) -> Tensor<R> {
    let precision = current();
    if precision == Precision::F32 || left.dtype() != DType::F32 {
        return product(left, right);
    }
    if lives_on_flex(&left.device()) {
        let round = Round {
            precision,
            values: true,
        };
        let output = product(apply1(round, left), apply1(round, right));
        return apply1(
            Round {
                precision,
                values: precision == Precision::Bf16,
            },
            output,
        );
    }
    match precision {
        // That is what its kernels do.
        Precision::F32 | Precision::Tf32 => product(left, right),
        Precision::Bf16 => {
            let half = FloatDType::BF16;
            product(left.cast(half), right.cast(half)).cast(FloatDType::F32)
        }
    }
}

/// Rounds values on the way forward, if told so, and gradients on the way back.
#[derive(Debug, Clone, Copy)]
struct Round {
    precision: Precision,
    values: bool,
}

impl Round {
    fn all(self, mut tensor: FlexTensor) -> FlexTensor {
        for value in tensor.storage_mut::<f32>() {
            *value = rounded(*value, self.precision);
        }
        tensor
    }
}

impl Operation<1> for Round {
    type Kept = ();

    fn forward(&self, [x]: [FlexTensor; 1]) -> (FlexTensor, ()) {
        (if self.values { self.all(whole(x)) } else { x }, ())
    }

    fn backward(
        &self,
        (): (),
        gradient: FlexTensor,
        _wanted: [bool; 1],
    ) -> [Option<FlexTensor>; 1] {
        [Some(self.all(whole(gradient)))]
    }
}

/// To the nearest number of the precision: ties to even for BF16, away from zero for TF32, as the
/// conversions of CUDA do.
fn rounded(value: f32, precision: Precision) -> f32 {
    if !value.is_finite() {
        return value;
    }
    let bits = value.to_bits();
    f32::from_bits(match precision {
        Precision::F32 => bits,
        Precision::Tf32 => (bits + 0x1000) & !0x1fff,
        Precision::Bf16 => (bits + 0x7fff + (bits >> 16 & 1)) & !0xffff,
    })
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::{matmul, with_precision};

    #[test]
    fn numbers_round_to_the_nearest_of_their_bits() {
        for (precision, bits) in [(Precision::Tf32, 11), (Precision::Bf16, 8)] {
            let unit = f32::powi(2.0, 1 - bits);
            assert_eq!(rounded(1.0 + unit, precision), 1.0 + unit);
            assert_eq!(rounded(1.0 + 0.4 * unit, precision), 1.0);
            assert_eq!(rounded(-3.0 - 1.3 * unit, precision), -3.0 - 2.0 * unit);
            assert_eq!(rounded(0.0, precision), 0.0);
            assert!(rounded(f32::INFINITY, precision).is_infinite());
        }
        // A tie.
        assert_eq!(rounded(1.0 + f32::powi(2.0, -8), Precision::Bf16), 1.0);
        let tie = rounded(1.0 + f32::powi(2.0, -11), Precision::Tf32);
        assert_eq!(tie, 1.0 + f32::powi(2.0, -10));
    }

    /// Products and gradients of random matrices differ from those of single precision by about the
    /// rounding of their operands, and not by less.
    #[test]
    fn products_and_their_gradients_are_of_rounded_operands() {
        let device = Device::flex().autodiff();
        let values = |seed: usize| {
            let value =
                |place: usize| ((place * 7919 + seed * 104_729) % 1009) as f32 / 504.5 - 1.0;
            let values: Vec<f32> = (0..64 * 64).map(value).collect();
            Tensor::<2>::from_data(TensorData::new(values, [64, 64]), &device)
        };
        let compute = |precision| {
            with_precision(precision, || {
                let (left, right) = (values(1).require_grad(), values(2));
                let product = matmul(left.clone(), right);
                let gradients = (product.clone() * values(3)).sum().backward();
                let gradient = left.grad(&gradients).expect("a gradient");
                [product.inner(), gradient]
            })
        };
        let exact = compute(Precision::F32);
        for (precision, unit) in [(Precision::Tf32, 2e-4), (Precision::Bf16, 2e-3)] {
            for (rounded, exact) in compute(precision).into_iter().zip(exact.clone()) {
                let norm = |tensor: Tensor<2>| -> f64 {
                    (tensor.clone() * tensor).sum().into_scalar::<f64>().sqrt()
                };
                let apart = norm(rounded - exact.clone()) / norm(exact);
                assert!(
                    apart > unit / 4.0 && apart < unit * 4.0,
                    "{precision:?}: {apart}"
                );
            }
        }
        // It ends with the function.
        assert_eq!(current(), Precision::F32);
    }
}
