//! Readers: facts of published files, every kind of bad input, and damaged files.

mod arrays;
mod bad_hdf5;
mod bad_input;
mod dialects;
mod fixtures;
mod fuzz;
mod labels;
mod layouts;
mod long;
mod published;
mod shipped;
mod valid;
mod written;

use twirl_data::{DataError, DataSet, OpenOptions};

/// Read bytes as if from a file called `name`, with the default options.
fn read(name: &str, bytes: &[u8]) -> Result<DataSet, DataError> {
    DataSet::from_bytes(name, bytes.into(), &OpenOptions::default())
}

/// The same with other options.
fn read_with(name: &str, bytes: &[u8], options: &OpenOptions) -> Result<DataSet, DataError> {
    DataSet::from_bytes(name, bytes.into(), options)
}

/// The line with which a file is refused.
fn refusal(name: &str, bytes: &[u8], options: &OpenOptions) -> String {
    match read_with(name, bytes, options) {
        Ok(set) => panic!("{name} was read as {} frames", set.len()),
        Err(error) => error.to_string(),
    }
}
