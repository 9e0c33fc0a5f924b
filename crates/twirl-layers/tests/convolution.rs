//! Convolutions against burn's own and as adjoints of each other, in f32.

use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Device, Tensor, TensorData, module};
use rand::RngExt;
use twirl_core::{Purpose, Stream, tolerance};
use twirl_layers::{conv_transpose3d, conv3d};

const SEED: u64 = 23;

fn random<const D: usize>(shape: [usize; D], counter: u64) -> Tensor<D> {
    let mut stream = Stream::new(SEED, Purpose::Other(0), [counter, 0]);
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| stream.random_range(-1.0..1.0)).collect();
    Tensor::from_data(TensorData::new(values, shape), &Device::flex().autodiff())
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("f32 data")
}

/// The largest difference, relative to the largest entry.
fn agree<const D: usize>(what: &str, ours: Tensor<D>, theirs: Tensor<D>) {
    assert_eq!(ours.dims(), theirs.dims(), "{what}");
    let (ours, theirs) = (values(ours), values(theirs));
    let scale = theirs
        .iter()
        .fold(0.0_f32, |max, value| max.max(value.abs()));
    assert!(scale > 0.0, "{what}: all 0, so the check says nothing");
    for (place, (a, b)) in ours.iter().zip(&theirs).enumerate() {
        assert!(
            f64::from((a - b).abs()) <= tolerance::F32.agreement * f64::from(scale),
            "{what}, seed {SEED}, entry {place}: {a} against burn's {b}, largest {scale}"
        );
    }
}

type Convolution<'a> = &'a dyn Fn(Tensor<5>, Tensor<5>, Option<Tensor<1>>) -> Tensor<5>;

/// Value and all three gradients of both.
fn compare(
    what: &str,
    [input, weight]: [[usize; 5]; 2],
    channels: usize,
    ours: Convolution,
    theirs: Convolution,
) {
    let (input, weight, bias) = (random(input, 0), random(weight, 1), random([channels], 2));
    let run = |convolution: Convolution| {
        let (x, w) = (input.clone().require_grad(), weight.clone().require_grad());
        let b = bias.clone().require_grad();
        let output = convolution(x.clone(), w.clone(), Some(b.clone()));
        let probe = random(output.dims(), 3);
        let gradients = (output.clone() * probe).sum().backward();
        let gradients = (
            x.grad(&gradients).expect("a gradient"),
            w.grad(&gradients).expect("a gradient"),
            b.grad(&gradients).expect("a gradient"),
        );
        (output, gradients)
    };
    let (output, (input_gradient, weight_gradient, bias_gradient)) = run(ours);
    let (expected, (for_input, for_weight, for_bias)) = run(theirs);
    agree(&format!("{what}: output"), output, expected);
    agree(
        &format!("{what}: input gradient"),
        input_gradient,
        for_input,
    );
    agree(
        &format!("{what}: weight gradient"),
        weight_gradient,
        for_weight,
    );
    agree(&format!("{what}: bias gradient"), bias_gradient, for_bias);
    let bare = |convolution: Convolution| convolution(input.clone(), weight.clone(), None);
    agree(&format!("{what}: no bias"), bare(ours), bare(theirs));
}

/// Batch, input channels, output channels and grid: rows shorter than a vector, rows of several
/// vectors, ragged channels, and enough places for several passes.
const SIZES: [(usize, usize, usize, [usize; 3]); 6] = [
    (1, 1, 1, [5, 5, 5]),
    (2, 3, 5, [4, 6, 7]),
    (3, 8, 8, [6, 5, 8]),
    (1, 9, 17, [5, 7, 16]),
    (2, 4, 11, [9, 8, 33]),
    (2, 33, 16, [8, 8, 8]),
];

const KERNELS: [[usize; 3]; 12] = [
    [1, 1, 0],
    [1, 1, 1],
    [1, 2, 0],
    [2, 2, 0],
    [3, 1, 0],
    [3, 1, 1],
    [3, 2, 1],
    [4, 1, 2],
    [4, 2, 1],
    [5, 1, 2],
    [5, 2, 2],
    [3, 3, 1],
];

#[test]
fn convolutions_agree_with_burn() {
    for (batch, inputs, outputs, [x, y, z]) in SIZES {
        for [kernel, stride, padding] in KERNELS {
            if x + 2 * padding < kernel {
                continue;
            }
            let what = format!(
                "{batch} x {inputs} -> {outputs} on {x} {y} {z}, k{kernel} s{stride} p{padding}"
            );
            let shapes = [
                [batch, inputs, x, y, z],
                [outputs, inputs, kernel, kernel, kernel],
            ];
            let options = ConvOptions::new([stride; 3], [padding; 3], [1; 3], 1);
            compare(
                &what,
                shapes,
                outputs,
                &|x, w, b| conv3d(x, w, b, stride, padding),
                &|x, w, b| module::conv3d(x, w, b, options.clone()),
            );
        }
    }
}

#[test]
fn transposed_convolutions_agree_with_burn() {
    for (batch, inputs, outputs, [x, y, z]) in SIZES {
        for [kernel, stride, padding] in KERNELS {
            let what = format!(
                "transposed, {batch} x {inputs} -> {outputs} on {x} {y} {z}, k{kernel} s{stride} p{padding}"
            );
            let shapes = [
                [batch, inputs, x, y, z],
                [inputs, outputs, kernel, kernel, kernel],
            ];
            let options = ConvTransposeOptions::new([stride; 3], [padding; 3], [0; 3], [1; 3], 1);
            compare(
                &what,
                shapes,
                outputs,
                &|x, w, b| conv_transpose3d(x, w, b, stride, padding),
                &|x, w, b| module::conv_transpose3d(x, w, b, options.clone()),
            );
        }
    }
}

/// `<conv3d(x), y> = <x, conv_transpose3d(y)>`; the grids are such that no border is dropped.
#[test]
fn the_transposed_convolution_is_the_adjoint() {
    for [kernel, stride, padding, size] in [[3, 1, 1, 7], [4, 2, 1, 8], [3, 2, 1, 9], [5, 1, 2, 6]]
    {
        let x = random([2, 5, size, size, size], 4);
        let w = random([6, 5, kernel, kernel, kernel], 5);
        let forward = conv3d(x.clone(), w.clone(), None, stride, padding);
        let y = random(forward.dims(), 6);
        let back = conv_transpose3d(y.clone(), w, None, stride, padding);
        assert_eq!(back.dims(), x.dims());
        let scale: f64 = (forward.clone() * y.clone())
            .abs()
            .sum()
            .into_scalar::<f64>();
        let left: f64 = (forward * y).sum().into_scalar::<f64>();
        let right: f64 = (x * back).sum().into_scalar::<f64>();
        assert!(
            (left - right).abs() <= tolerance::F32.agreement * scale,
            "k{kernel} s{stride}, seed {SEED}: {left} against {right}"
        );
    }
}

/// A delta as weight shifts the volume: the convention is cross-correlation, not convolution.
#[test]
fn a_delta_kernel_shifts() {
    let x = random([1, 1, 4, 5, 6], 7);
    let mut delta = vec![0.0_f32; 27];
    delta[2 * 9 + 3 + 1] = 1.0; // cell (2, 1, 1): output i is input i + 1 along x
    let w = Tensor::from_data(TensorData::new(delta, [1, 1, 3, 3, 3]), &x.device());
    let shifted = values(conv3d(x.clone(), w, None, 1, 1));
    let x = values(x);
    assert_eq!(shifted[..90], x[30..]);
    assert!(shifted[90..].iter().all(|&value| value == 0.0));
}

/// The sums have a fixed order: the same bits on one thread and on three.
#[test]
fn threads_do_not_change_the_result() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().expect("threads").install(|| {
            let (x, w) = (random([3, 9, 6, 7, 8], 8), random([10, 9, 3, 3, 3], 9));
            let (x, w) = (x.require_grad(), w.require_grad());
            let output = conv3d(x.clone(), w.clone(), None, 1, 1);
            let gradients = (output.clone() * random(output.dims(), 10))
                .sum()
                .backward();
            let of = |tensor: &Tensor<5>| values(tensor.grad(&gradients).expect("a gradient"));
            [of(&x), of(&w), values(output)]
        })
    };
    assert_eq!(run(1), run(3));
}

/// A constant from a device without gradients, and a device that recomputes activations.
#[test]
fn other_gradient_contexts_agree() {
    let (x, w) = (random([2, 3, 5, 6, 7], 11), random([4, 3, 3, 3, 3], 12));
    let of = |device: &Device, input: Tensor<5>| {
        let weight = Tensor::from_data(w.to_data(), device).require_grad();
        let output = conv3d(input, weight.clone(), None, 1, 1);
        let gradients = (output.clone() * output).sum().backward();
        values(weight.grad(&gradients).expect("a gradient"))
    };
    let plain = Device::flex();
    let tracked = plain.clone().autodiff();
    let expected = of(&tracked, x.clone());
    let constant = Tensor::from_data(x.to_data(), &plain);
    assert_eq!(of(&tracked, constant), expected);
    let recomputed = tracked.gradient_checkpointing();
    let input = Tensor::from_data(x.to_data(), &recomputed);
    assert_eq!(of(&recomputed, input), expected);
}

#[test]
#[should_panic(expected = "conv3d: weight")]
fn channels_that_disagree_are_refused() {
    let _ = conv3d(
        random([1, 2, 4, 4, 4], 0),
        random([1, 3, 3, 3, 3], 1),
        None,
        1,
        1,
    );
}

#[test]
#[should_panic(expected = "kernel 5 exceeds")]
fn a_kernel_that_does_not_fit_is_refused() {
    let _ = conv3d(
        random([1, 1, 4, 4, 4], 0),
        random([1, 1, 5, 5, 5], 1),
        None,
        1,
        0,
    );
}
