//! Every instruction set gives the sums that scalar arithmetic gives. What the sums should be is
//! tested from outside, with the set of the machine.

use pulp::Scalar;
use rand::RngExt;
use twirl_core::{Purpose, Stream, tolerance};

use super::kernel::{Job, dispatch, run};
use super::plan::Shape;
use super::{correlation, gradient};

const SEED: u64 = 31;

fn random(count: usize, counter: u64) -> Vec<f64> {
    let mut stream = Stream::new(SEED, Purpose::Other(0), [counter, 0]);
    (0..count).map(|_| stream.random_range(-1.0..1.0)).collect()
}

fn agree<J: Job<Output = Vec<f64>>>(what: &str, job: impl Fn() -> J) {
    let expected = run(job(), Scalar::new());
    let scale = expected
        .iter()
        .fold(0.0_f64, |max, value| max.max(value.abs()));
    assert!(scale > 0.0, "{what}: all 0, so the check says nothing");
    let check = |set: &str, found: Vec<f64>| {
        assert_eq!(found.len(), expected.len());
        for (place, (a, b)) in found.iter().zip(&expected).enumerate() {
            assert!(
                (a - b).abs() <= tolerance::F64.agreement * scale,
                "{what} with {set}, seed {SEED}, entry {place}: {a} against {b}"
            );
        }
    };
    check("the best set", dispatch(job()));
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = pulp::x86::V3::try_new() {
            check("AVX2", run(job(), simd));
        }
        if let Some(simd) = pulp::x86::V4::try_new() {
            check("AVX-512", run(job(), simd));
        }
    }
}

#[test]
fn instruction_sets_agree() {
    for [kernel, stride, padding] in [[1, 1, 0], [3, 1, 1], [4, 2, 1], [3, 3, 0]] {
        for grid in [[4, 5, 6], [3, 3, 17], [5, 4, 8]] {
            let [x, y, z] = grid;
            let weights = [6, 5, kernel, kernel, kernel];
            let shape = Shape::convolution([2, 5, x, y, z], weights, stride, padding);
            let fine = random(2 * 5 * shape.fine_volume(), 0);
            let coarse = random(2 * 6 * shape.coarse_volume(), 1);
            let weight = random(5 * 6 * shape.taps(), 2);
            let bias = random(6, 3);
            let what = format!("k{kernel} s{stride} p{padding} on {grid:?}");
            agree(&format!("forward, {what}"), || {
                correlation::forward(&shape, &fine, &weight, &bias)
            });
            agree(&format!("adjoint, {what}"), || {
                correlation::adjoint(&shape, &coarse, &weight, &bias)
            });
            agree(&format!("weight gradient, {what}"), || {
                gradient::weight(&shape, &fine, &coarse)
            });
        }
    }
}
