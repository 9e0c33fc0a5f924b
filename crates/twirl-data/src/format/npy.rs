//! Arrays in the `.npy` format (NEP 1, versions 1 to 3): numbers in C or Fortran order.

use std::io::Read;

use crate::error::Result;
use crate::site::Site;

/// A number array in C order.
pub(super) struct Array {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f64>,
}

const REMEDY: &str = "write it with numpy.savez as an array of integers, float32 or float64";

/// Largest header: numpy itself reads no longer one without being told to.
const LONGEST: usize = 10_000;
/// Bytes decoded at a time.
const PIECE: usize = 1 << 16;

/// The start of a `.npy` file.
pub(super) struct Header {
    text: String,
}

impl Header {
    /// Reads the header, and leaves the reader at the data.
    pub(super) fn read(site: &Site<'_>, reader: &mut dyn Read) -> Result<Self> {
        let damaged = || site.corrupt("no readable npy header");
        let mut start = [0; 8];
        reader.read_exact(&mut start).map_err(|_| damaged())?;
        let wide = match start {
            [0x93, b'N', b'U', b'M', b'P', b'Y', 1, _] => false,
            [0x93, b'N', b'U', b'M', b'P', b'Y', 2 | 3, _] => true,
            _ => return Err(damaged()),
        };
        let mut size = [0; 4];
        let digits = if wide { &mut size[..] } else { &mut size[..2] };
        reader.read_exact(digits).map_err(|_| damaged())?;
        let length = u32::from_le_bytes(size) as usize;
        if length > LONGEST {
            return Err(damaged());
        }
        let mut text = vec![0; length];
        reader.read_exact(&mut text).map_err(|_| damaged())?;
        let text = String::from_utf8(text).map_err(|_| damaged())?;
        Ok(Self { text })
    }

    /// The text of an array of one string (numpy's `<U` and `S` types); nothing for other arrays.
    pub(super) fn one_text(&self, reader: &mut dyn Read) -> Option<String> {
        let descr = quoted(field(&self.text, "descr")?)?;
        if !tuple(field(&self.text, "shape")?)?.iter().all(|&n| n == 1) {
            return None;
        }
        let (kind, width) = descr.split_at_checked(2)?;
        let width: usize = width.parse().ok().filter(|width| *width <= LONGEST)?;
        let mut data = vec![0; if kind == "|S" { width } else { 4 * width }];
        reader.read_exact(&mut data).ok()?;
        match kind {
            "|S" => {
                let end = data.iter().position(|&byte| byte == 0).unwrap_or(width);
                String::from_utf8(data[..end].to_vec()).ok()
            }
            "<U" | ">U" => {
                let letter = if kind == "<U" {
                    u32::from_le_bytes
                } else {
                    u32::from_be_bytes
                };
                let letters = data.as_chunks::<4>().0.iter().map(|bytes| letter(*bytes));
                letters
                    .take_while(|&letter| letter != 0)
                    .map(char::from_u32)
                    .collect()
            }
            _ => None,
        }
    }

    /// Whether the array holds strings.
    pub(super) fn is_text(&self) -> bool {
        let descr = field(&self.text, "descr").and_then(quoted);
        descr.is_some_and(|descr| matches!(descr.get(..2), Some("<U" | ">U" | "|S")))
    }

    /// The numbers. `stored` bytes follow the header, `budget` may be held, and `expect` sees the
    /// shape before anything is asked for.
    pub(super) fn numbers(
        &self,
        site: &Site<'_>,
        reader: &mut dyn Read,
        stored: u64,
        budget: u64,
        expect: impl FnOnce(&[usize]) -> Result<()>,
    ) -> Result<Array> {
        let descr = field(&self.text, "descr").and_then(quoted);
        let descr = descr.ok_or_else(|| site.unsupported("is not a plain number array", REMEDY))?;
        let fortran = match field(&self.text, "fortran_order") {
            Some(rest) if rest.starts_with("False") => false,
            Some(rest) if rest.starts_with("True") => true,
            _ => return Err(site.corrupt("npy header without fortran_order")),
        };
        let shape = field(&self.text, "shape").and_then(tuple);
        let shape = shape.ok_or_else(|| site.corrupt("npy header without a shape"))?;
        let (width, convert) = number(descr)
            .ok_or_else(|| site.unsupported(format!("holds numbers of type {descr}"), REMEDY))?;
        let count = shape
            .iter()
            .try_fold(1_usize, |product, &dim| product.checked_mul(dim));
        let fits = |count: &usize| count.checked_mul(width).map(|n| n as u64) == Some(stored);
        let Some(count) = count.filter(fits) else {
            return Err(site.corrupt(format!(
                "shape {shape:?} of {width}-byte numbers does not fit the {stored} bytes stored"
            )));
        };
        expect(&shape)?;
        let needed = (count as u64).saturating_mul(size_of::<f64>() as u64);
        if needed > budget {
            return Err(site.too_large(
                format!("{needed} bytes in memory"),
                format!("{budget} bytes of arrays"),
                "give more, if they are there: --max-bytes, or use a part of the set",
            ));
        }
        let mut values = Vec::new();
        values
            .try_reserve_exact(count)
            .map_err(|error| site.corrupt(error))?;
        let mut piece = vec![0; PIECE / width * width];
        let mut left = count * width;
        while left > 0 {
            let size = left.min(piece.len());
            reader
                .read_exact(&mut piece[..size])
                .map_err(|error| site.corrupt(error))?;
            convert(&piece[..size], &mut values);
            left -= size;
        }
        if fortran && shape.len() > 1 {
            values = row_major(&shape, &values);
        }
        Ok(Array { shape, values })
    }
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

/// Adds the numbers in some bytes.
type Convert = fn(&[u8], &mut Vec<f64>);

macro_rules! convert {
    ($number:ty, $from:ident) => {
        |bytes: &[u8], values: &mut Vec<f64>| {
            let numbers = bytes.as_chunks::<{ size_of::<$number>() }>().0.iter();
            values.extend(numbers.map(|raw| <$number>::$from(*raw) as f64));
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
