//! Numbers of all frames: held, or seen in a file that is mapped.

use std::ops::{Deref, Range};
use std::sync::Arc;

use bytemuck::Pod;
use twirl_map::Map;

/// Values in a row.
#[derive(Debug)]
pub(crate) enum Column<T> {
    Held(Vec<T>),
    Mapped(Window<T>),
}

/// A part of a mapped file whose place and length fit its values.
#[derive(Debug)]
pub(crate) struct Window<T> {
    map: Arc<Map>,
    bytes: Range<usize>,
    of: std::marker::PhantomData<T>,
}

impl<T: Pod> Column<T> {
    /// Values in a mapped file; `None` where the bytes are outside or no whole number of values.
    pub(crate) fn mapped(map: &Arc<Map>, bytes: Range<usize>) -> Option<Self> {
        bytemuck::try_cast_slice::<u8, T>(map.get(bytes.clone())?).ok()?;
        Some(Self::Mapped(Window {
            map: map.clone(),
            bytes,
            of: std::marker::PhantomData,
        }))
    }

    /// The bytes in memory, in the order of this machine.
    pub(crate) fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(self)
    }
}

impl<T: Pod> Deref for Column<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Held(values) => values,
            Self::Mapped(window) => bytemuck::cast_slice(&window.map[window.bytes.clone()]),
        }
    }
}

impl<T> From<Vec<T>> for Column<T> {
    fn from(values: Vec<T>) -> Self {
        Self::Held(values)
    }
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self::Held(Vec::new())
    }
}
