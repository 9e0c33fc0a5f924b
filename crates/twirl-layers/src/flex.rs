//! Whether tensors live on burn's CPU device, for what is computed in another way there.

use burn::backend::DispatchDevice;
use burn::tensor::Device;

pub(crate) fn on_flex(device: &Device) -> bool {
    matches!(
        device.clone().inner().as_dispatch(),
        DispatchDevice::Flex(_)
    )
}
