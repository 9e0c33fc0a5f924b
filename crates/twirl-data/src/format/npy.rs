//! Arrays in the `.npy` format (NEP 1, versions 1 to 3): numbers in C or Fortran order.

use crate::error::{Result, Site};

/// A number array in C order.
pub(super) struct Array {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f64>,
}

const REMEDY: &str = "write it with numpy.savez as an array of integers, float32 or float64";

/// Decode a whole `.npy` file.
pub(super) fn decode(site: &Site<'_>, bytes: &[u8]) -> Result<Array> {
    let (header, data) = header(bytes).ok_or_else(|| site.corrupt("no readable npy header"))?;
    let descr = field(header, "descr").and_then(quoted);
    let descr = descr.ok_or_else(|| site.unsupported("is not a plain number array", REMEDY))?;
    let fortran = match field(header, "fortran_order") {
        Some(rest) if rest.starts_with("False") => false,
        Some(rest) if rest.starts_with("True") => true,
        _ => return Err(site.corrupt("npy header without fortran_order")),
    };
    let shape = field(header, "shape").and_then(tuple);
    let shape = shape.ok_or_else(|| site.corrupt("npy header without a shape"))?;
    let (width, convert) = number(descr)
        .ok_or_else(|| site.unsupported(format!("holds numbers of type {descr}"), REMEDY))?;
    let claimed = shape
        .iter()
        .try_fold(width, |product, &dim| product.checked_mul(dim));
    if claimed != Some(data.len()) {
        return Err(site.corrupt(format!(
            "shape {shape:?} of {width}-byte numbers does not fit the {} bytes stored",
            data.len()
        )));
    }
    let values = data.chunks_exact(width).map(convert);
    let values: Vec<f64> = values.collect();
    let values = if fortran && shape.len() > 1 {
        row_major(&shape, &values)
    } else {
        values
    };
    Ok(Array { shape, values })
}

/// The values of a column-major array (numpy keeps that order of a transposed array), row-major.
fn row_major(shape: &[usize], values: &[f64]) -> Vec<f64> {
    let mut stride = vec![1; shape.len()];
    for axis in 1..shape.len() {
        stride[axis] = stride[axis - 1] * shape[axis - 1];
    }
    let mut index = vec![0; shape.len()];
    let mut place = 0;
    let mut out = Vec::with_capacity(values.len());
    while out.len() < values.len() {
        out.push(values[place]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            place += stride[axis];
            if index[axis] < shape[axis] {
                break;
            }
            place -= index[axis] * stride[axis];
            index[axis] = 0;
        }
    }
    out
}

/// The text of an array of one string (numpy's `<U` type); nothing for other arrays.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    let (header, data) = header(bytes)?;
    let width: usize = field(header, "descr")
        .and_then(quoted)?
        .strip_prefix("<U")?
        .parse()
        .ok()?;
    let letters = data.as_chunks::<4>().0;
    if letters.len() != width {
        return None;
    }
    let letters = letters.iter().map(|bytes| u32::from_le_bytes(*bytes));
    letters
        .take_while(|&letter| letter != 0)
        .map(char::from_u32)
        .collect()
}

fn header(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let rest = bytes.strip_prefix(b"\x93NUMPY")?;
    let (version, rest) = rest.split_at_checked(2)?;
    let (length, rest) = match version[0] {
        1 => {
            let (size, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_le_bytes(*size)), rest)
        }
        2 | 3 => {
            let (size, rest) = rest.split_first_chunk::<4>()?;
            (usize::try_from(u32::from_le_bytes(*size)).ok()?, rest)
        }
        _ => return None,
    };
    let (header, data) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(header).ok()?, data))
}

/// Text after `'name':` in the header's dictionary.
fn field<'h>(header: &'h str, name: &str) -> Option<&'h str> {
    let (_, rest) = header.split_once(&format!("'{name}'"))?;
    Some(rest.trim_start().strip_prefix(':')?.trim_start())
}

fn quoted(text: &str) -> Option<&str> {
    let (value, _) = text.strip_prefix('\'')?.split_once('\'')?;
    Some(value)
}

fn tuple(text: &str) -> Option<Vec<usize>> {
    let (inside, _) = text.strip_prefix('(')?.split_once(')')?;
    let parts = inside
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts.map(|part| part.parse().ok()).collect()
}

type Convert = fn(&[u8]) -> f64;

macro_rules! convert {
    ($number:ty, $from:ident) => {
        |bytes: &[u8]| {
            let mut raw = [0; size_of::<$number>()];
            raw.copy_from_slice(bytes);
            <$number>::$from(raw) as f64
        }
    };
}

/// Width in bytes and decoder of a type descriptor.
#[expect(clippy::cast_lossless, reason = "one macro converts every number type")]
fn number(descr: &str) -> Option<(usize, Convert)> {
    Some(match descr {
        "|b1" | "|u1" | "<u1" => (1, convert!(u8, from_le_bytes)),
        "|i1" | "<i1" => (1, convert!(i8, from_le_bytes)),
        "<u2" => (2, convert!(u16, from_le_bytes)),
        "<i2" => (2, convert!(i16, from_le_bytes)),
        "<u4" => (4, convert!(u32, from_le_bytes)),
        "<i4" => (4, convert!(i32, from_le_bytes)),
        "<u8" => (8, convert!(u64, from_le_bytes)),
        "<i8" => (8, convert!(i64, from_le_bytes)),
        "<f4" => (4, convert!(f32, from_le_bytes)),
        "<f8" => (8, convert!(f64, from_le_bytes)),
        ">u2" => (2, convert!(u16, from_be_bytes)),
        ">i2" => (2, convert!(i16, from_be_bytes)),
        ">u4" => (4, convert!(u32, from_be_bytes)),
        ">u8" => (8, convert!(u64, from_be_bytes)),
        ">i4" => (4, convert!(i32, from_be_bytes)),
        ">i8" => (8, convert!(i64, from_be_bytes)),
        ">f4" => (4, convert!(f32, from_be_bytes)),
        ">f8" => (8, convert!(f64, from_be_bytes)),
        _ => return None,
    })
}
