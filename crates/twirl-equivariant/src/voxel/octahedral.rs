//! Convolutions on the group of lattice translations and the 24 turns of the cube.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::{Int, Tensor, TensorData};
use twirl_core::FiniteGroup;
use twirl_layers::{Init, conv3d};

use super::LatticeTurn;

/// Number of turns, and of copies of every channel.
pub const TURNS: usize = 24;

/// From scalar fields to functions on the group: every kernel is applied in its 24 turned forms,
/// `out(x, g) = sum_d W(g^-1 d) in(x + d)` (Cohen and Welling, arXiv 1602.07576).
#[derive(Module, Debug)]
pub struct LiftingConv {
    /// `[size^3, outputs * inputs]`
    weight: Param<Tensor<2>>,
    #[module(skip)]
    channels: [usize; 2],
    #[module(skip)]
    size: usize,
    /// Rows of `weight` that make the turned kernels.
    #[module(skip)]
    rows: Arc<[i64]>,
}

impl LiftingConv {
    /// Weights normal, scaled so that a field of unit variance gives one.
    pub fn new(init: &mut Init, inputs: usize, outputs: usize, size: usize) -> Self {
        let points = size.pow(3);
        let std = 1.0 / ((inputs * points) as f64).sqrt();
        Self {
            weight: init.normal([points, outputs * inputs], std),
            channels: [inputs, outputs],
            size,
            rows: all_sources(size).into(),
        }
    }

    /// `[batch, inputs, n, n, n]` to `[batch, outputs * 24, n, n, n]`.
    #[must_use]
    pub fn forward(&self, field: Tensor<5>) -> Tensor<5> {
        let ([inputs, outputs], size) = (self.channels, self.size);
        let points = size.pow(3);
        let kernel: Tensor<4> =
            select(self.weight.val(), &self.rows).reshape([TURNS, points, outputs, inputs]);
        let kernel =
            kernel
                .permute([2, 0, 3, 1])
                .reshape([outputs * TURNS, inputs, size, size, size]);
        conv3d(field, kernel, None, 1, size / 2)
    }
}

/// Between functions on the group: `out(x, g) = sum_{h, d} W(g^-1 h, g^-1 d) in(x + d, h)`.
#[derive(Module, Debug)]
pub struct GroupConv {
    /// `[24 * size^3, outputs * inputs]`
    weight: Param<Tensor<2>>,
    bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    channels: [usize; 2],
    #[module(skip)]
    size: usize,
    /// Rows of `weight` that make the turned kernels.
    #[module(skip)]
    rows: Arc<[i64]>,
}

impl GroupConv {
    /// Weights normal, scaled so that a field of unit variance gives one of variance `gain^2`;
    /// one bias per channel, starting at 0.
    pub fn new(init: &mut Init, inputs: usize, outputs: usize, size: usize, gain: f64) -> Self {
        let points = size.pow(3);
        let std = gain / ((inputs * TURNS * points) as f64).sqrt();
        Self {
            weight: init.normal([TURNS * points, outputs * inputs], std),
            bias: Some(init.zeros([outputs])),
            channels: [inputs, outputs],
            size,
            rows: group_index(size).into(),
        }
    }

    /// The same with its bias, or without where what follows takes a constant away again.
    #[must_use]
    pub fn with_bias(mut self, keep: bool) -> Self {
        self.bias = self.bias.filter(|_| keep);
        self
    }

    /// `[batch, inputs * 24, n, n, n]` to `[batch, outputs * 24, n, n, n]`.
    #[must_use]
    pub fn forward(&self, field: Tensor<5>) -> Tensor<5> {
        let ([inputs, outputs], size) = (self.channels, self.size);
        let points = size.pow(3);
        let kernel: Tensor<5> =
            select(self.weight.val(), &self.rows).reshape([TURNS, TURNS, points, outputs, inputs]);
        let kernel = kernel.permute([3, 0, 4, 1, 2]).reshape([
            outputs * TURNS,
            inputs * TURNS,
            size,
            size,
            size,
        ]);
        let bias = self.bias.as_ref().map(|bias| {
            let copies: Tensor<2> = bias.val().reshape([outputs, 1]).repeat_dim(1, TURNS);
            copies.reshape([outputs * TURNS])
        });
        conv3d(field, kernel, bias, 1, size / 2)
    }
}

/// From functions on the group to scalar fields: every copy with the kernel turned as it is,
/// `out(x) = sum_{h, d} W(h^-1 d) in(x + d, h)`.
#[derive(Module, Debug)]
pub struct ProjectingConv {
    /// `[size^3, outputs * inputs]`
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
    #[module(skip)]
    channels: [usize; 2],
    #[module(skip)]
    size: usize,
    /// Rows of `weight` that make the turned kernels.
    #[module(skip)]
    rows: Arc<[i64]>,
}

impl ProjectingConv {
    /// Weights normal, scaled so that a field of unit variance gives one of variance `gain^2`;
    /// bias 0.
    pub fn new(init: &mut Init, inputs: usize, outputs: usize, size: usize, gain: f64) -> Self {
        let points = size.pow(3);
        let std = gain / ((inputs * TURNS * points) as f64).sqrt();
        Self {
            weight: init.normal([points, outputs * inputs], std),
            bias: init.zeros([outputs]),
            channels: [inputs, outputs],
            size,
            rows: all_sources(size).into(),
        }
    }

    /// `[batch, inputs * 24, n, n, n]` to `[batch, outputs, n, n, n]`.
    #[must_use]
    pub fn forward(&self, field: Tensor<5>) -> Tensor<5> {
        let ([inputs, outputs], size) = (self.channels, self.size);
        let points = size.pow(3);
        let kernel: Tensor<4> =
            select(self.weight.val(), &self.rows).reshape([TURNS, points, outputs, inputs]);
        let kernel =
            kernel
                .permute([2, 3, 0, 1])
                .reshape([outputs, inputs * TURNS, size, size, size]);
        conv3d(field, kernel, Some(self.bias.val()), 1, size / 2)
    }
}

/// For every turn, the point that each point of a kernel is taken from.
fn all_sources(size: usize) -> Vec<i64> {
    let turns = LatticeTurn::all();
    turns.iter().flat_map(|turn| sources(*turn, size)).collect()
}

/// The point that each point of a kernel is taken from when the kernel is turned.
fn sources(turn: LatticeTurn, size: usize) -> Vec<i64> {
    let flat = |[x, y, z]: [usize; 3]| ((x * size + y) * size + z) as i64;
    let mut sources = Vec::with_capacity(size.pow(3));
    for place in 0..size.pow(3) {
        let index = [place / (size * size), place / size % size, place % size];
        sources.push(flat(turn.source(index, size)));
    }
    sources
}

/// For `g`, `h` and every point `d`: the row of `(g^-1 h, g^-1 d)`.
fn group_index(size: usize) -> Vec<i64> {
    let elements = FiniteGroup::Octahedral.elements();
    let turns = LatticeTurn::all();
    let mut index = Vec::with_capacity(TURNS * TURNS * size.pow(3));
    for (g, turn) in elements.iter().zip(&turns) {
        let moved = sources(*turn, size);
        for h in &elements {
            let product = g.inverse().compose(h);
            let product = LatticeTurn::of(&product);
            let place = turns.iter().position(|turn| Some(*turn) == product);
            let first = place.expect("a group is closed") as i64 * moved.len() as i64;
            index.extend(moved.iter().map(|point| first + point));
        }
    }
    index
}

fn select(weight: Tensor<2>, rows: &[i64]) -> Tensor<2> {
    let rows = TensorData::new(rows.to_vec(), [rows.len()]);
    let index = Tensor::<1, Int>::from_data(rows, &weight.device());
    weight.select(0, index)
}
