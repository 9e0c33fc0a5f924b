//! The own operation against the composed form and its closed properties, in f32 and f64.

use burn::module::Param;
use burn::tensor::{DType, Device, Tensor, TensorData, activation};
use pulp::{Scalar, Simd};
use rand::RngExt;
use twirl_core::tolerance::{self, Tolerance};
use twirl_core::{Purpose, Stream};

use super::GroupNorm;
use super::kernel::{Affine, Backward, Forward};
use crate::own::Real;

const SEED: u64 = 37;

fn random(count: usize, counter: u64) -> Vec<f64> {
    let mut stream = Stream::new(SEED, Purpose::Other(0), [counter, 0]);
    (0..count).map(|_| stream.random_range(-1.0..1.0)).collect()
}

fn tensor<const D: usize>(
    values: Vec<f64>,
    shape: [usize; D],
    device: &Device,
    dtype: DType,
) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), (device, dtype))
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// Gains around 1 and offsets around 0, all different.
fn layer(channels: usize, groups: usize, device: &Device, dtype: DType) -> GroupNorm {
    let gain = random(channels, 0)
        .iter()
        .map(|value| 1.0 + value / 2.0)
        .collect();
    let gain = tensor(gain, [channels], device, dtype).require_grad();
    let offset = tensor(random(channels, 1), [channels], device, dtype).require_grad();
    GroupNorm {
        gain: Param::from_tensor(gain),
        offset: Param::from_tensor(offset),
        groups,
    }
}

/// Value and gradients in field, gain and offset, of a sum that weighs every entry differently.
fn run(
    norm: &GroupNorm,
    field: &Tensor<5>,
    function: impl Fn(&GroupNorm, Tensor<5>) -> Tensor<5>,
) -> [Vec<f64>; 4] {
    let leaf = field.clone().detach().require_grad();
    let output = function(norm, leaf.clone());
    assert_eq!(
        (output.dims(), output.dtype()),
        (field.dims(), field.dtype())
    );
    let count = output.dims().iter().product();
    let probe = tensor(
        random(count, 2),
        output.dims(),
        &output.device(),
        output.dtype(),
    );
    let gradients = (output.clone() * probe).sum().backward();
    let of = |param: &Param<Tensor<1>>| param.val().grad(&gradients).expect("a gradient");
    [
        values(output),
        values(leaf.grad(&gradients).expect("a gradient")),
        values(of(&norm.gain)),
        values(of(&norm.offset)),
    ]
}

fn silu_of_composed(norm: &GroupNorm, field: Tensor<5>) -> Tensor<5> {
    activation::silu(norm.composed(field))
}

const TYPES: [(DType, Tolerance); 2] = [(DType::F32, tolerance::F32), (DType::F64, tolerance::F64)];

/// Batch, channels, groups, copies and grid: one channel per group, one group, shares shorter than
/// a vector, of several blocks and with a rest.
const SIZES: [(usize, usize, usize, usize, [usize; 3]); 6] = [
    (1, 4, 4, 1, [2, 3, 1]),
    (2, 6, 3, 1, [3, 5, 7]),
    (3, 2, 1, 5, [4, 4, 4]),
    (2, 32, 8, 1, [8, 8, 8]),
    (1, 4, 2, 1, [11, 13, 17]),
    (2, 3, 3, 24, [6, 6, 6]),
];

/// Entries differ by at most the tolerance of the largest.
fn agree(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    let scale = expected
        .iter()
        .fold(0.0_f64, |max, value| max.max(value.abs()));
    assert!(scale > 0.0, "{what}: all 0, so the check says nothing");
    assert_eq!(found.len(), expected.len(), "{what}");
    for (place, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= tolerance * scale,
            "{what}, seed {SEED}, entry {place}: {a} for {b}, largest {scale}"
        );
    }
}

#[test]
fn the_composed_form_agrees() {
    let device = Device::flex().autodiff();
    for (dtype, tolerance) in TYPES {
        for (batch, channels, groups, copies, [x, y, z]) in SIZES {
            let shape = [batch, channels * copies, x, y, z];
            let norm = layer(channels, groups, &device, dtype);
            let field = random(shape.iter().product(), 3);
            let field = field.iter().map(|value| 0.5 + 2.0 * value).collect();
            let field = tensor(field, shape, &device, dtype);
            let pairs = [
                (
                    "bare",
                    run(&norm, &field, GroupNorm::forward),
                    run(&norm, &field, GroupNorm::composed),
                ),
                (
                    "SiLU",
                    run(&norm, &field, GroupNorm::forward_silu),
                    run(&norm, &field, silu_of_composed),
                ),
            ];
            for (form, found, expected) in pairs {
                let names = [
                    "value",
                    "field gradient",
                    "gain gradient",
                    "offset gradient",
                ];
                for ((name, found), expected) in names.iter().zip(&found).zip(&expected) {
                    let what = format!("{form} {name} of {shape:?} in {groups} groups, {dtype:?}");
                    agree(&what, found, expected, tolerance.agreement);
                }
            }
        }
    }
}

/// Without variance the output is `f(offset)`, exactly, whatever the constant.
#[test]
fn a_constant_becomes_the_offset() {
    let device = Device::flex().autodiff();
    for (dtype, _) in TYPES {
        let norm = layer(2, 1, &device, dtype);
        let field = tensor(vec![1234.567; 2 * 125], [1, 2, 5, 5, 5], &device, dtype);
        let [found, gradient, ..] = run(&norm, &field, GroupNorm::forward);
        let offset = values(norm.offset.val());
        for (place, value) in found.into_iter().enumerate() {
            assert_eq!(value, offset[place / 125], "{dtype:?}, entry {place}");
        }
        assert!(gradient.iter().all(|value| value.is_finite()));
        let [found, gradient, ..] = run(&norm, &field, GroupNorm::forward_silu);
        let expected = values(activation::silu(norm.offset.val()));
        for (place, value) in found.into_iter().enumerate() {
            let difference = (value - expected[place / 125]).abs();
            assert!(
                difference <= tolerance::F32.agreement,
                "{dtype:?}, entry {place}"
            );
        }
        assert!(gradient.iter().all(|value| value.is_finite()));
    }
}

/// A NaN or an infinity spoils its group, in value and gradient, and no other.
#[test]
fn what_is_not_finite_is_not_hidden() {
    let device = Device::flex().autodiff();
    let (shape, row) = ([2, 4, 3, 3, 3], 2 * 27);
    for (dtype, _) in TYPES {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut field = random(4 * row, 4);
            field[row + 7] = bad;
            let field = tensor(field, shape, &device, dtype);
            let norm = layer(4, 2, &device, dtype);
            for form in [GroupNorm::forward, GroupNorm::forward_silu] {
                let [value, gradient, gain, _] = run(&norm, &field, form);
                for found in [value, gradient] {
                    for (place, value) in found.into_iter().enumerate() {
                        assert_eq!(value.is_nan(), place / row == 1, "{bad}, entry {place}");
                    }
                }
                let gain: Vec<bool> = gain.into_iter().map(f64::is_nan).collect();
                assert_eq!(gain, [false, false, true, true]);
            }
        }
    }
}

/// Sums have a fixed order: the same bits on one thread and on three.
#[test]
fn threads_do_not_change_the_result() {
    let results = [1, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().expect("threads").install(|| {
            let device = Device::flex().autodiff();
            let norm = layer(8, 4, &device, DType::F32);
            let shape = [5, 8, 12, 13, 14];
            let field = tensor(
                random(shape.iter().product(), 5),
                shape,
                &device,
                DType::F32,
            );
            run(&norm, &field, GroupNorm::forward_silu)
        })
    });
    assert_eq!(results[0], results[1]);
}

fn with_set<T: Real, S: Simd>(simd: S) -> (Vec<T>, Vec<[f64; 2]>) {
    let of = |count, counter| {
        random(count, counter)
            .into_iter()
            .map(T::of)
            .collect::<Vec<T>>()
    };
    let (gain, offset) = (of(3, 6), of(3, 7));
    let affine = Affine {
        gain: &gain,
        offset: &offset,
    };
    let count = 3 * 2077;
    let (input, gradient) = (of(count, 8), of(count, 9));
    let mut values = vec![T::default(); 2 * count];
    let (forward, backward) = values.split_at_mut(count);
    let moments = simd.vectorize(Forward {
        affine,
        silu: true,
        input: &input,
        output: forward,
    });
    let mut sums = vec![[0.0; 2]; 3];
    simd.vectorize(Backward {
        affine,
        silu: true,
        moments,
        input: &input,
        gradient: &gradient,
        output: backward,
        sums: &mut sums,
    });
    (values, sums)
}

#[test]
fn instruction_sets_give_the_same_bits() {
    fn check<T: Real>() {
        let expected = with_set::<T, _>(Scalar::new());
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(simd) = pulp::x86::V3::try_new() {
                assert!(with_set::<T, _>(simd) == expected, "AVX2");
            }
            if let Some(simd) = pulp::x86::V4::try_new() {
                assert!(with_set::<T, _>(simd) == expected, "AVX-512");
            }
        }
        #[cfg(target_arch = "aarch64")]
        if let Some(simd) = pulp::aarch64::Neon::try_new() {
            assert!(with_set::<T, _>(simd) == expected, "Neon");
        }
    }
    check::<f32>();
    check::<f64>();
}

/// The error that [`Real::decay`] states, over every 101st number in its range.
#[test]
fn the_exponential_has_its_stated_error() {
    let mut largest = 0.0_f64;
    for bits in (0..=69.0_f32.to_bits()).step_by(101) {
        let x = -f32::from_bits(bits);
        let exact = f64::from(x).exp();
        largest = largest.max((f64::from(x.decay()) / exact - 1.0).abs());
    }
    assert!(largest <= 8.2e-8, "relative error {largest}");
    assert_eq!(
        [0.0_f32, -69.1, f32::NEG_INFINITY].map(Real::decay),
        [1.0, 0.0, 0.0]
    );
    assert!(f32::NAN.decay().is_nan());
}

/// A constant field from a device without gradients, and a device that recomputes activations.
#[test]
fn other_gradient_contexts_agree() {
    let shape = [2, 4, 3, 4, 5];
    let plain = Device::flex();
    let of = |device: &Device, field_device: &Device| {
        let norm = layer(4, 2, device, DType::F32);
        let field = tensor(random(480, 10), shape, field_device, DType::F32);
        let output = norm.forward_silu(field * 2.0);
        let gradients = (output.clone() * output).sum().backward();
        values(norm.gain.val().grad(&gradients).expect("a gradient"))
    };
    let tracked = plain.clone().autodiff();
    let expected = of(&tracked, &tracked);
    assert_eq!(of(&tracked, &plain), expected);
    let recomputed = tracked.gradient_checkpointing();
    assert_eq!(of(&recomputed, &recomputed), expected);
}

#[test]
fn an_empty_field_stays_empty() {
    let device = Device::flex().autodiff();
    let norm = layer(4, 2, &device, DType::F32);
    let field = Tensor::<5>::zeros([0, 4, 2, 2, 2], &device);
    assert_eq!(norm.forward_silu(field).dims(), [0, 4, 2, 2, 2]);
}
