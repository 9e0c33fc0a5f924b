//! Extended XYZ: a count, a comment of `key=value` pairs, one line per atom.
//!
//! As its specification (github.com/libAtoms/extxyz) and as ASE, MACE, QUIP, CP2K and others write
//! it. Two crates read the format: `extxyz` 0.2.0 (no release since 2024) and `extxyz-ng` 0.0.2.
//! Both keep the pairs in a map, so that of a repeated key one value is lost unseen, refuse comments
//! that are plain text, and cannot say in which line an error is; this reader stays our own.

mod columns;
mod comment;
mod keys;
mod lines;
mod number;
mod periodic;
mod reader;
mod rows;
mod units;

pub(super) use lines::Lines;
pub(super) use number::number;
pub(super) use reader::{read, starts_like};
