//! Deterministic initial parameters.

use burn::module::{Param, ParamId};
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;
use twirl_core::{Purpose, Stream};

/// Makes the parameters of one model, in a fixed order.
///
/// The n-th parameter (from 1) has `ParamId` n and values from the stream
/// `(seed, Purpose::Init, [n, 0])`, drawn on the host in f64 and then rounded to the default float
/// type of the device. So ids are distinct within a model, equal between two models built alike
/// (which is how optimiser state is found again on resume), and adding a layer at the end changes
/// no weight before it.
#[derive(Debug)]
pub struct Init {
    seed: u64,
    made: u64,
    device: Device,
}

impl Init {
    /// Starts a model with this seed; its parameters are placed on `device`.
    #[must_use]
    pub fn new(seed: u64, device: &Device) -> Self {
        Self {
            seed,
            made: 0,
            device: device.clone(),
        }
    }

    /// The device on which parameters are placed.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Independent normal values of mean 0 and standard deviation `std`.
    pub fn normal<const D: usize>(&mut self, shape: [usize; D], std: f64) -> Param<Tensor<D>> {
        self.drawn(shape, |stream| {
            std * stream.sample::<f64, _>(StandardNormal)
        })
    }

    /// Independent values uniform on `[-limit, limit)`.
    pub fn uniform<const D: usize>(&mut self, shape: [usize; D], limit: f64) -> Param<Tensor<D>> {
        self.drawn(shape, |stream| limit * (2.0 * stream.random::<f64>() - 1.0))
    }

    /// All values 0.
    pub fn zeros<const D: usize>(&mut self, shape: [usize; D]) -> Param<Tensor<D>> {
        self.drawn(shape, |_| 0.0)
    }

    /// All values 1.
    pub fn ones<const D: usize>(&mut self, shape: [usize; D]) -> Param<Tensor<D>> {
        self.drawn(shape, |_| 1.0)
    }

    /// A parameter of the given row-major values.
    pub(crate) fn values<const D: usize>(
        &mut self,
        shape: [usize; D],
        values: Vec<f64>,
    ) -> Param<Tensor<D>> {
        self.made += 1;
        let tensor = Tensor::from_data(TensorData::new(values, shape), &self.device);
        let mut param = Param::from_tensor(tensor);
        param.id = ParamId::from(self.made);
        param
    }

    /// The stream of the next parameter.
    pub(crate) fn stream(&self) -> impl Rng + use<> {
        Stream::new(self.seed, Purpose::Init, [self.made + 1, 0])
    }

    fn drawn<const D: usize>(
        &mut self,
        shape: [usize; D],
        mut value: impl FnMut(&mut Stream) -> f64,
    ) -> Param<Tensor<D>> {
        let mut stream = Stream::new(self.seed, Purpose::Init, [self.made + 1, 0]);
        let count = shape.iter().product();
        let values = (0..count).map(|_| value(&mut stream)).collect();
        self.values(shape, values)
    }
}
