//! Floating-point arrays read into their place, large ones a few rows at a time on several threads, so
//! that no second copy of them is held.

use hdf5_reader::error::Result;
use hdf5_reader::{Dataset, H5Type, SliceInfo, SliceInfoElem};
use rayon::prelude::*;

use super::number::{Kind, decode_into};

/// Bytes of the file that a thread holds at a time, unless a chunk is larger.
pub(super) const SLAB: usize = 4 << 20;

/// Reads all numbers of an array, in row-major order, as 8-byte floats. `out` has as many values as the
/// array.
pub(super) fn read(dataset: &Dataset, kind: Kind, slab: usize, out: &mut [f64]) -> Result<()> {
    let rows = dataset.shape().first().copied().unwrap_or(1).max(1);
    let width = out.len() / rows as usize;
    let large = width > 0 && out.len() * kind.bytes() > slab;
    match kind {
        Kind::Float4 if large => by_rows(dataset, width, slab / 4, out, f64::from, 0_f32),
        Kind::Float8 if large => by_rows(dataset, width, slab / 8, out, |value| value, 0_f64),
        _ => {
            decode_into(&dataset.read_native_bytes()?, kind, out);
            Ok(())
        }
    }
}

/// Reads about `most` values at a time; `_of` has the type of the array.
fn by_rows<T: H5Type + Copy>(
    dataset: &Dataset,
    width: usize,
    most: usize,
    out: &mut [f64],
    convert: impl Fn(T) -> f64 + Sync,
    _of: T,
) -> Result<()> {
    // Whole chunks, so that none is decoded twice.
    let chunks = dataset.chunks().unwrap_or_default();
    let step = chunks.first().copied().unwrap_or(1).max(1) as usize;
    let rows = (most / width).max(1).div_ceil(step) * step;
    let parts = out.par_chunks_mut(rows * width).enumerate();
    parts.try_for_each(|(place, part)| {
        let start = (place * rows) as u64;
        let mut selection = SliceInfo::all(dataset.ndim());
        selection.selections[0] = SliceInfoElem::Slice {
            start,
            end: start + (part.len() / width) as u64,
            step: 1,
        };
        let found = dataset.read_slice::<T>(&selection)?;
        part.iter_mut()
            .zip(found.iter())
            .for_each(|(value, &found)| *value = convert(found));
        Ok(())
    })
}
