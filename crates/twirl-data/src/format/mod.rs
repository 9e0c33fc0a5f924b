//! The formats that are read.

mod arrays;
mod attributes;
mod described;
mod groups;
mod hdf5;
mod labelled;
mod links;
mod lzf;
mod npy;
mod npz;
mod number;
mod project;
mod recognise;
mod roots;
mod sdf;
mod slabs;
mod xyz;

pub use arrays::{Arrays, NumberArray, arrays};
pub(crate) use recognise::read;
