//! Readers: facts of published files, every kind of bad input, and damaged files.

mod arrays;
mod bad_hdf5;
mod bad_input;
mod fixtures;
mod fuzz;
mod published;
mod shipped;
mod valid;
mod written;

use twirl_data::{DataError, DataSet, OpenOptions};

/// Read bytes as if from a file called `name`, with the default options.
fn read(name: &str, bytes: &[u8]) -> Result<DataSet, DataError> {
    DataSet::from_bytes(name, bytes.into(), &OpenOptions::default())
}
