//! Whether tensors live on burn's CPU device, for what is computed in another way there.

use burn::backend::DispatchDevice;
use burn::tensor::{DType, Device, Tensor};

pub(crate) fn on_flex(device: &Device) -> bool {
    matches!(
        device.clone().inner().as_dispatch(),
        DispatchDevice::Flex(_)
    )
}

/// Whether an operation for some types on that device has this input.
pub(crate) fn on_flex_as<const D: usize>(input: &Tensor<D>, types: &[DType]) -> bool {
    on_flex(&input.device()) && types.contains(&input.dtype())
}

/// Whether own operations for single and double precision have this input: it lives on the CPU device
/// and holds something.
#[must_use]
pub fn on_own<const D: usize>(input: &Tensor<D>) -> bool {
    on_flex_as(input, &[DType::F32, DType::F64]) && input.dims().iter().all(|&size| size > 0)
}
