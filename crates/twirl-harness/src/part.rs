//! Parts of a batch, as the laws see them.

use burn::tensor::{Tensor, TensorData};

/// A tensor of a batch whose values can be read and replaced.
pub trait BatchPart {
    /// Its values, row by row.
    fn values(&self) -> Vec<f64>;

    /// Replaces them.
    ///
    /// # Panics
    /// If their number is another.
    fn replace(&mut self, values: &[f64]);
}

impl<const D: usize> BatchPart for Tensor<D> {
    fn values(&self) -> Vec<f64> {
        self.to_data().iter::<f64>().collect()
    }

    fn replace(&mut self, values: &[f64]) {
        let data = TensorData::new(values.to_vec(), self.dims());
        *self = Self::from_data(data, &self.device());
    }
}
