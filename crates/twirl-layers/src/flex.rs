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
