//! The number formats of HDF5 that are read.

use hdf5_reader::Datatype;

/// Number formats that are read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Float4,
    Float8,
    Signed(usize),
    Unsigned(usize),
}

impl Kind {
    pub(super) fn of(datatype: &Datatype) -> Option<Self> {
        match *datatype {
            Datatype::FloatingPoint { size: 4, .. } => Some(Self::Float4),
            Datatype::FloatingPoint { size: 8, .. } => Some(Self::Float8),
            Datatype::FixedPoint {
                size: size @ (1 | 2 | 4 | 8),
                signed,
                ..
            } => {
                let size = usize::from(size);
                Some(if signed {
                    Self::Signed(size)
                } else {
                    Self::Unsigned(size)
                })
            }
            // Truth values of h5py.
            Datatype::Enum { ref base, .. } => Self::of(base),
            _ => None,
        }
    }

    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Float4 => 4,
            Self::Float8 => 8,
            Self::Signed(size) | Self::Unsigned(size) => size,
        }
    }
}

pub(super) fn decode<const N: usize, T>(raw: &[u8], convert: impl Fn([u8; N]) -> T) -> Vec<T> {
    raw.as_chunks::<N>()
        .0
        .iter()
        .map(|chunk| convert(*chunk))
        .collect()
}

/// Numbers as 8-byte floats into their place.
pub(super) fn decode_into(raw: &[u8], kind: Kind, out: &mut [f64]) {
    match kind {
        Kind::Float4 => {
            let values = raw.as_chunks::<4>().0.iter();
            let values = values.map(|bytes| f64::from(f32::from_ne_bytes(*bytes)));
            out.iter_mut()
                .zip(values)
                .for_each(|(out, value)| *out = value);
        }
        Kind::Float8 => {
            let values = raw.as_chunks::<8>().0.iter();
            let values = values.map(|bytes| f64::from_ne_bytes(*bytes));
            out.iter_mut()
                .zip(values)
                .for_each(|(out, value)| *out = value);
        }
        integer => {
            let values = integers(raw, integer);
            let values = values.into_iter().map(|value| value as f64);
            out.iter_mut()
                .zip(values)
                .for_each(|(out, value)| *out = value);
        }
    }
}

/// Integers as `i64`; an unsigned 8-byte value beyond it saturates, which no count survives.
pub(super) fn integers(raw: &[u8], kind: Kind) -> Vec<i64> {
    match kind {
        Kind::Signed(1) => decode(raw, |b| i64::from(i8::from_ne_bytes(b))),
        Kind::Signed(2) => decode(raw, |b| i64::from(i16::from_ne_bytes(b))),
        Kind::Signed(4) => decode(raw, |b| i64::from(i32::from_ne_bytes(b))),
        Kind::Signed(_) => decode(raw, i64::from_ne_bytes),
        Kind::Unsigned(1) => decode(raw, |b| i64::from(u8::from_ne_bytes(b))),
        Kind::Unsigned(2) => decode(raw, |b| i64::from(u16::from_ne_bytes(b))),
        Kind::Unsigned(4) => decode(raw, |b| i64::from(u32::from_ne_bytes(b))),
        Kind::Unsigned(_) => decode(raw, |b| {
            i64::try_from(u64::from_ne_bytes(b)).unwrap_or(i64::MAX)
        }),
        Kind::Float4 | Kind::Float8 => Vec::new(),
    }
}

/// Rows of three from a flat array.
pub(super) fn triples(values: &[f64]) -> &[[f64; 3]] {
    values.as_chunks::<3>().0
}
