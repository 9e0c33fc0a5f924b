//! Vectors of weights.

use rand::RngExt;
use rand_distr::StandardNormal;
use twirl_core::{Purpose, Stream};

const PURPOSE: Purpose = Purpose::Other(0x4c41);

/// `<a, b>`.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Euclidean length.
pub fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// A direction uniform on the unit sphere: a function of `(seed, which)`.
pub fn random_direction(dimension: usize, seed: u64, which: u64) -> Vec<f64> {
    direction(dimension, Stream::new(seed, PURPOSE, [0, which]))
}

/// A direction like [`random_direction`] and independent of all of those and of the signs.
pub(crate) fn random_probe(dimension: usize, seed: u64, which: u64) -> Vec<f64> {
    direction(dimension, Stream::new(seed, PURPOSE, [2, which]))
}

fn direction(dimension: usize, mut stream: Stream) -> Vec<f64> {
    let mut direction: Vec<f64> = (0..dimension)
        .map(|_| stream.sample(StandardNormal))
        .collect();
    let length = norm(&direction);
    scale(&mut direction, 1.0 / length);
    direction
}

/// A vector of independent signs, of length 1: a function of `(seed, which)`.
///
/// `E <v, A v> = tr A / dimension`, with the least variance among independent entries.
pub fn random_signs(dimension: usize, seed: u64, which: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed, PURPOSE, [1, which]);
    let entry = 1.0 / (dimension as f64).sqrt();
    let mut draw = || {
        if stream.random::<bool>() {
            entry
        } else {
            -entry
        }
    };
    (0..dimension).map(|_| draw()).collect()
}

/// `y += a x`.
pub(crate) fn add(y: &mut [f64], a: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// `x *= a`.
pub(crate) fn scale(x: &mut [f64], a: f64) {
    for value in x {
        *value *= a;
    }
}
