//! Cost of the estimators per molecule.
fn main() {}
