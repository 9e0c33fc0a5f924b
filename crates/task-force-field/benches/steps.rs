//! Times a training step of every arm.
fn main() {}
