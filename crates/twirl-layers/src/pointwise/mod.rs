//! Functions of one number, applied to every entry.
//!
//! On the CPU device in single precision they are one own operation with its own backward pass, for
//! burn's evaluates `exp` and `erf` one number at a time, which took up to half of a training step:
//! the bench `activation` times both.

mod kernel;
mod operation;

use burn::tensor::{DType, Tensor, activation};
use serde::{Deserialize, Serialize};

use crate::flex::{on_flex, on_flex_as};
use crate::own::apply1;
pub(crate) use kernel::Function;

/// A smooth point-wise nonlinearity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// `x / (1 + exp(-x))`.
    #[default]
    Silu,
    /// `x Phi(x)` with the normal distribution function, not its tanh approximation.
    Gelu,
}

impl Activation {
    pub(crate) fn function(self) -> Function {
        match self {
            Self::Silu => Function::Silu,
            Self::Gelu => Function::Gelu,
        }
    }

    /// Applies the function to every entry.
    #[must_use]
    pub fn forward<const D: usize>(self, input: Tensor<D>) -> Tensor<D> {
        match self {
            _ if own(&input) => apply1(self.function(), input),
            Self::Silu => activation::silu(input),
            Self::Gelu if on_flex(&input.device()) => activation::gelu(input),
            Self::Gelu => normal_gelu(input),
        }
    }
}

/// `exp(-x^2 / 2)`; in single precision on the CPU device 0 from 1e-12 on, which is far below the
/// rounding of what it is added to, so that neither it nor products of three become subnormal.
#[must_use]
pub fn gaussian<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    if own(&input) {
        apply1(Function::Gaussian, input)
    } else {
        (input.clone() * input * -0.5).exp()
    }
}

/// `sin(x)`.
#[must_use]
pub fn sine<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    if own(&input) {
        apply1(Function::Sine, input)
    } else {
        input.sin()
    }
}

/// `cos(x)`.
#[must_use]
pub fn cosine<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    if own(&input) {
        apply1(Function::Cosine, input)
    } else {
        input.cos()
    }
}

fn own<const D: usize>(input: &Tensor<D>) -> bool {
    on_flex_as(input, &[DType::F32])
}

/// GELU by the error function, whose derivative is exact. burn 0.22.1 differentiates its `gelu`
/// exactly on the `flex` device only: on graphics devices the backward pass is that of the tanh
/// approximation while the forward pass is not, which put gradients off by 2e-4.
fn normal_gelu<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    let twice_phi = (input.clone() * std::f64::consts::FRAC_1_SQRT_2).erf() + 1.0;
    input * twice_phi * 0.5
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use twirl_core::tolerance;

    use super::*;

    type Form = fn(Tensor<1>) -> Tensor<1>;

    /// Values and slopes of a function at many points.
    fn traced(function: impl Fn(Tensor<1>) -> Tensor<1>, points: &[f32]) -> [Vec<f64>; 2] {
        let input = Tensor::<1>::from_floats(points, &Device::flex().autodiff()).require_grad();
        let output = function(input.clone());
        let gradients = output.clone().sum().backward();
        let gradient = input.grad(&gradients).expect("the input has a gradient");
        [output.into_data(), gradient.into_data()].map(|data| data.iter::<f64>().collect())
    }

    #[test]
    fn all_forms_and_their_gradients_agree() {
        let points: Vec<f32> = (-4000..=4000).map(|place| place as f32 / 200.0).collect();
        let pairs: [(&str, Form, Form); 6] = [
            ("sine", sine, Tensor::sin),
            ("cosine", cosine, Tensor::cos),
            ("silu", |x| Activation::Silu.forward(x), activation::silu),
            ("gelu", |x| Activation::Gelu.forward(x), activation::gelu),
            ("gelu by parts", normal_gelu, activation::gelu),
            ("gaussian", gaussian, |x| (x.clone() * x * -0.5).exp()),
        ];
        for (name, own, burns) in pairs {
            let both = [traced(own, &points), traced(burns, &points)];
            for (what, place) in [("value", 0), ("slope", 1)] {
                let mut worst = 0.0_f64;
                for ((left, right), point) in
                    both[0][place].iter().zip(&both[1][place]).zip(&points)
                {
                    let difference = (left - right).abs() / f64::from(point.abs()).max(1.0);
                    worst = worst.max(difference);
                }
                println!("{name}, {what}: largest difference {worst:e}");
                assert!(
                    worst <= tolerance::F32.agreement,
                    "{name}, {what}: {worst:e}"
                );
            }
        }
    }

    #[test]
    fn long_and_strided_inputs_are_mapped_in_order() {
        let device = Device::flex();
        let values: Vec<f32> = (0..90_000)
            .map(|place| (place % 601) as f32 / 100.0 - 3.0)
            .collect();
        let input = Tensor::<1>::from_floats(values.as_slice(), &device).reshape([300, 300]);
        for activation in [Activation::Silu, Activation::Gelu] {
            let straight = activation.forward(input.clone()).transpose();
            let turned = activation.forward(input.clone().transpose());
            straight.into_data().assert_eq(&turned.into_data(), true);
        }
    }

    /// Values and slopes are 0 where they end, and never subnormal, nor are their products with
    /// weights and gradients.
    #[test]
    fn no_subnormal_comes_out() {
        let points: Vec<f32> = (-24_000..=24_000)
            .map(|place| place as f32 / 200.0)
            .collect();
        let pairs: [(&str, Form); 3] = [
            ("silu", |x| Activation::Silu.forward(x)),
            ("gelu", |x| Activation::Gelu.forward(x)),
            ("gaussian", gaussian),
        ];
        for (name, form) in pairs {
            let [values, slopes] = traced(form, &points);
            for ((value, slope), point) in values.iter().zip(&slopes).zip(&points) {
                for number in [value.abs(), slope.abs()] {
                    assert!(
                        number == 0.0 || number >= 1e-32,
                        "{name} at {point}: {value:e}, slope {slope:e}"
                    );
                }
                let ended = *value == 0.0 && *point != 0.0;
                assert!(
                    !ended || *slope == 0.0,
                    "{name} at {point}: slope {slope:e}"
                );
            }
        }
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        let points = [f32::NAN, 1.0];
        for activation in [Activation::Silu, Activation::Gelu] {
            let [values, slopes] = traced(|x| activation.forward(x), &points);
            assert!(values[0].is_nan() && slopes[0].is_nan());
            assert!(values[1].is_finite() && slopes[1].is_finite());
        }
    }
}
