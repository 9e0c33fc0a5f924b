//! Where everything lies: padded volumes, kernel offsets, vectors of places.

use crate::flops::count;

/// Sizes of a convolution from a fine grid of `inputs` channels to a coarse one of `outputs`.
/// A transposed convolution goes the other way over the same sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub batch: usize,
    pub inputs: usize,
    pub outputs: usize,
    pub fine: [usize; 3],
    pub coarse: [usize; 3],
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
}

/// Refuses a weight that is not `[outputs, inputs, k, k, k]`, a stride of 0 and an empty axis.
fn check(
    name: &str,
    input: [usize; 5],
    weight: [usize; 5],
    [outputs, inputs]: [usize; 2],
    stride: usize,
) {
    let kernel = weight[2];
    assert_eq!(
        weight,
        [outputs, inputs, kernel, kernel, kernel],
        "{name}: weight"
    );
    assert!(stride > 0, "{name}: stride 0");
    assert!(
        input.iter().chain(&weight).all(|&size| size > 0),
        "{name}: an axis of {input:?} or {weight:?} is empty"
    );
}

impl Shape {
    /// A multiplication for every coarse cell, pair of channels and kernel cell, in either direction.
    pub(super) fn count_flops(&self) {
        let kernel = [self.kernel; 3];
        let sizes = self.coarse.into_iter().chain(kernel);
        count(sizes.chain([self.batch, self.inputs, self.outputs]));
    }

    pub(super) fn convolution(
        input: [usize; 5],
        weight: [usize; 5],
        stride: usize,
        padding: usize,
    ) -> Self {
        let [batch, inputs, x, y, z] = input;
        let [outputs, _, kernel, _, _] = weight;
        check("conv3d", input, weight, [outputs, inputs], stride);
        let fine = [x, y, z];
        assert!(
            fine.iter().all(|&size| size + 2 * padding >= kernel),
            "conv3d: kernel {kernel} exceeds {fine:?} with padding {padding}"
        );
        let coarse = fine.map(|size| (size + 2 * padding - kernel) / stride + 1);
        Self {
            batch,
            inputs,
            outputs,
            fine,
            coarse,
            kernel,
            stride,
            padding,
        }
    }

    pub(super) fn transposed(
        input: [usize; 5],
        weight: [usize; 5],
        stride: usize,
        padding: usize,
    ) -> Self {
        let [batch, outputs, x, y, z] = input;
        let [_, inputs, kernel, _, _] = weight;
        check("conv_transpose3d", input, weight, [outputs, inputs], stride);
        let coarse = [x, y, z];
        let fine = coarse.map(|size| {
            let padded = stride * (size - 1) + kernel;
            assert!(
                padded > 2 * padding,
                "conv_transpose3d: padding {padding} leaves nothing"
            );
            padded - 2 * padding
        });
        Self {
            batch,
            inputs,
            outputs,
            fine,
            coarse,
            kernel,
            stride,
            padding,
        }
    }

    pub(super) fn taps(&self) -> usize {
        self.kernel.pow(3)
    }

    pub(super) fn fine_volume(&self) -> usize {
        self.fine.iter().product()
    }

    pub(super) fn coarse_volume(&self) -> usize {
        self.coarse.iter().product()
    }

    /// The one part of a convolution, and the layout of the fine grid that it reads.
    pub(super) fn forward(&self) -> (Layout, Vec<Part>) {
        let layout = Layout {
            source: self.fine,
            lead: self.padding as isize,
            step: self.stride,
            extent: self
                .coarse
                .map(|size| size - 1 + self.kernel.div_ceil(self.stride)),
        };
        let cells = cube(self.kernel);
        let taps = cells
            .map(|cell| (tap(cell, self.kernel), layout.place(cell)))
            .collect();
        let part = Part {
            taps,
            base: 0,
            counts: self.coarse,
            first: [0; 3],
            step: 1,
        };
        (layout, vec![part])
    }

    /// The parts of the adjoint, one per residue of the fine place modulo the stride, and the
    /// layout of the coarse grid that they read.
    pub(super) fn adjoint(&self) -> (Layout, Vec<Part>) {
        let (stride, padding) = (self.stride, self.padding);
        let reach = self.kernel.div_ceil(stride);
        let lowest = padding / stride;
        let layout = Layout {
            source: self.coarse,
            lead: reach as isize - 1 - lowest as isize,
            step: 1,
            extent: self
                .fine
                .map(|size| (size - 1 + padding) / stride - lowest + reach),
        };
        let parts = cube(stride).map(|phase| {
            let first = phase.map(|phase| (phase + stride - padding % stride) % stride);
            let start = first.map(|first| (first + padding) / stride - lowest);
            let counts =
                [0, 1, 2].map(|axis| self.fine[axis].saturating_sub(first[axis]).div_ceil(stride));
            let taps = cube(reach)
                .filter_map(|back| {
                    let cell = [0, 1, 2].map(|axis| stride * back[axis] + phase[axis]);
                    let inside = cell.iter().all(|&cell| cell < self.kernel);
                    let place = layout.place(back.map(|back| reach - 1 - back));
                    inside.then(|| (tap(cell, self.kernel), place))
                })
                .collect();
            Part {
                taps,
                base: layout.place(start),
                counts,
                first,
                step: stride,
            }
        });
        let parts = parts.filter(|part| part.counts.iter().all(|&count| count > 0));
        (layout, parts.collect())
    }
}

fn cube(size: usize) -> impl Iterator<Item = [usize; 3]> {
    (0..size.pow(3)).map(move |cell| [cell / (size * size), cell / size % size, cell % size])
}

fn tap(cell: [usize; 3], kernel: usize) -> usize {
    (cell[0] * kernel + cell[1]) * kernel + cell[2]
}

/// A padded channel whose places are split by their residues modulo `step` along each axis, so
/// that places `step` apart are neighbours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    source: [usize; 3],
    lead: isize,
    step: usize,
    extent: [usize; 3],
}

impl Layout {
    /// Entries of one channel.
    pub(super) fn channel(&self) -> usize {
        self.step.pow(3) * self.extent.iter().product::<usize>()
    }

    pub(super) fn pitch(&self) -> [usize; 2] {
        [self.extent[1] * self.extent[2], self.extent[2]]
    }

    /// Index of padded place `at` within a channel.
    fn place(&self, at: [usize; 3]) -> usize {
        let phase = at.map(|at| at % self.step);
        let phase = (phase[0] * self.step + phase[1]) * self.step + phase[2];
        let [x, y, z] = at.map(|at| at / self.step);
        let volume = self.extent.iter().product::<usize>();
        phase * volume + x * self.pitch()[0] + y * self.pitch()[1] + z
    }

    /// Copies one channel into its padded place, which holds zeros or an earlier channel.
    pub(super) fn pad<T: Copy>(&self, source: &[T], target: &mut [T]) {
        let [_, ny, nz] = self.source;
        let [xs, ys, zs] = [0, 1, 2].map(|axis| self.kept(axis));
        for &(x, x_place) in &xs {
            for &(y, y_place) in &ys {
                let row = &source[(x * ny + y) * nz..][..nz];
                for residue in zs.iter().take(self.step) {
                    let (from, place) = *residue;
                    let to = zs.last().map_or(from, |last| last.0 + 1);
                    let start = x_place + y_place + place;
                    spread(&row[from..to], self.step, &mut target[start..]);
                }
            }
        }
    }

    /// Places along one axis that the padded channel has room for, and what each adds to an index.
    fn kept(&self, axis: usize) -> Vec<(usize, usize)> {
        let padded = |at: usize| usize::try_from(at as isize + self.lead).ok();
        let room = |&(_, place): &(usize, usize)| place / self.step < self.extent[axis];
        (0..self.source[axis])
            .filter_map(|at| Some((at, padded(at)?)))
            .filter(room)
            .map(|(at, padded)| {
                let mut place = [0; 3];
                place[axis] = padded;
                (at, self.place(place))
            })
            .collect()
    }
}

/// Every `step`-th of `values`, from the first, side by side.
fn spread<T: Copy>(values: &[T], step: usize, target: &mut [T]) {
    match step {
        1 => target[..values.len()].copy_from_slice(values),
        2 => {
            let (pairs, last) = values.as_chunks::<2>();
            for (target, [value, _]) in target.iter_mut().zip(pairs) {
                *target = *value;
            }
            if let [value] = last {
                target[pairs.len()] = *value;
            }
        }
        _ => {
            for (target, &value) in target.iter_mut().zip(values.iter().step_by(step)) {
                *target = value;
            }
        }
    }
}

/// A set of places that share their kernel cells: `target[first + step i]` for `i` below `counts`
/// is the sum over channels and `taps` of weight times `volume[base + place(i) + offset]`.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Index of the weight cell, and offset within a channel.
    pub taps: Vec<(usize, usize)>,
    pub base: usize,
    pub counts: [usize; 3],
    pub first: [usize; 3],
    pub step: usize,
}

impl Part {
    /// Offsets of all channels and taps, in the order of the weights.
    pub(super) fn offsets(&self, channels: usize, channel: usize) -> Vec<usize> {
        let places = (0..channels).map(|number| number * channel);
        places
            .flat_map(|start| self.taps.iter().map(move |(_, offset)| start + offset))
            .collect()
    }
}

/// How the places of one plane are cut into vectors of `lanes` neighbours: each row by itself, or
/// the plane with its padding as one line, whichever takes fewer vectors.
#[derive(Debug, Clone)]
pub(super) struct Vectors {
    /// First place of every vector, relative to the plane, in ascending order.
    pub starts: Vec<usize>,
    per_row: Option<usize>,
    pitch: usize,
    lanes: usize,
}

impl Vectors {
    pub(super) fn new(rows: usize, row: usize, pitch: usize, lanes: usize) -> Self {
        let per_row = row.div_ceil(lanes);
        let line = ((rows - 1) * pitch + row).div_ceil(lanes);
        let flat = line < rows * per_row;
        let starts = if flat {
            (0..line).map(|vector| vector * lanes).collect()
        } else {
            (0..rows * per_row)
                .map(|vector| vector / per_row * pitch + vector % per_row * lanes)
                .collect()
        };
        Self {
            starts,
            per_row: (!flat).then_some(per_row),
            pitch,
            lanes,
        }
    }

    /// Vector and lane that hold place `z` of row `y`.
    pub(super) fn slot(&self, y: usize, z: usize) -> (usize, usize) {
        let (row, at) = match self.per_row {
            Some(per_row) => (y * per_row, z),
            None => (0, y * self.pitch + z),
        };
        (row + at / self.lanes, at % self.lanes)
    }
}
