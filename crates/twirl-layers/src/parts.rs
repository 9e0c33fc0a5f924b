//! Parts of the last axis.

use std::sync::{Arc, Mutex, PoisonError};

use burn::backend::flex::FlexTensor;
use burn::tensor::{Tensor, TensorData};

use crate::own::{Operation, Real, apply1, on_own, whole};
use crate::with_real;

/// Divides the last axis into parts of these widths.
///
/// # Panics
/// If the widths do not add up to the axis.
#[must_use]
pub fn parts<const D: usize, const N: usize>(
    whole: Tensor<D>,
    widths: [usize; N],
) -> [Tensor<D>; N] {
    let Ok(parts) = divide(whole, &widths).try_into() else {
        unreachable!("a part for each width")
    };
    parts
}

/// As [`parts`], for any number of them.
///
/// On the CPU device the backward pass is one concatenation. burn's `narrow` fills the whole gradient
/// with zeros for every part, and adds them up.
///
/// # Panics
/// If the widths do not add up to the axis.
#[must_use]
pub fn divide<const D: usize>(whole: Tensor<D>, widths: &[usize]) -> Vec<Tensor<D>> {
    let last = whole.dims()[D - 1];
    assert_eq!(last, widths.iter().sum::<usize>(), "parts: last axis");
    let mut start = 0;
    let places = widths.iter().map(|&width| {
        start += width;
        [start - width, width]
    });
    if !on_own(&whole) {
        return places
            .map(|[start, width]| whole.clone().narrow(D - 1, start, width))
            .collect();
    }
    let found: Found = Arc::new(Mutex::new(vec![None; widths.len()]));
    let all: Tensor<D> = apply1(
        Whole {
            widths: widths.to_vec(),
            found: found.clone(),
        },
        whole,
    );
    let part = |(place, [start, width]): (usize, [usize; 2])| {
        let part = Part {
            start,
            width,
            place,
            found: found.clone(),
        };
        apply1(part, all.clone())
    };
    places.enumerate().map(part).collect()
}

/// Gradients of the parts that have one.
type Found = Arc<Mutex<Vec<Option<FlexTensor>>>>;

/// The tensor before it is divided.
#[derive(Debug, Clone)]
struct Whole {
    widths: Vec<usize>,
    found: Found,
}

impl Operation<1> for Whole {
    /// The shape.
    type Kept = Vec<usize>;
    const HANDED: bool = true;

    fn forward(&self, [input]: [FlexTensor; 1]) -> (FlexTensor, Vec<usize>) {
        let shape = input.layout().shape()[..].to_vec();
        (input, shape)
    }

    fn backward(
        &self,
        shape: Vec<usize>,
        _gradient: FlexTensor,
        _wanted: [bool; 1],
    ) -> [Option<FlexTensor>; 1] {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let found = std::mem::take(&mut *found);
        let Some(any) = found.iter().flatten().next() else {
            return [None];
        };
        [Some(
            with_real!(any, T => joined::<T>(&found, &self.widths, shape)),
        )]
    }
}

/// The parts beside each other; zeros where there is none.
fn joined<T: Real>(
    found: &[Option<FlexTensor>],
    widths: &[usize],
    shape: Vec<usize>,
) -> FlexTensor {
    let size = shape.iter().product();
    let total: usize = widths.iter().sum();
    let mut values = vec![T::default(); size];
    let mut start = 0;
    for (found, &width) in found.iter().zip(widths) {
        if let Some(found) = found {
            let rows = found.storage::<T>().chunks_exact(width.max(1));
            for (target, row) in values.chunks_exact_mut(total.max(1)).zip(rows) {
                target[start..start + width].copy_from_slice(row);
            }
        }
        start += width;
    }
    FlexTensor::from_data(TensorData::new(values, shape))
}

/// One part, a view.
#[derive(Debug, Clone)]
struct Part {
    start: usize,
    width: usize,
    place: usize,
    found: Found,
}

impl Operation<1> for Part {
    type Kept = ();

    fn forward(&self, [input]: [FlexTensor; 1]) -> (FlexTensor, ()) {
        let last = input.layout().num_dims() - 1;
        let layout = input.layout().narrow(last, self.start, self.width);
        (input.with_layout(layout), ())
    }

    fn backward(
        &self,
        (): (),
        gradient: FlexTensor,
        _wanted: [bool; 1],
    ) -> [Option<FlexTensor>; 1] {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found[self.place] = Some(whole(gradient));
        [None]
    }
}
