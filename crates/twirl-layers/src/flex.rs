//! Whether tensors live on burn's CPU device, for what is computed in another way there.

use std::cell::Cell;

use burn::backend::DispatchDevice;
use burn::tensor::{DType, Device, Tensor};

use crate::precision;
use crate::scope::within;

thread_local! {
    static COMPOSED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a function with every operation that begins on this thread composed from burn's, as on other
/// devices. Tests and benches hold the own operations against it.
pub fn composed<R>(run: impl FnOnce() -> R) -> R {
    within(&COMPOSED, true, run)
}

/// Whether what is computed on a device is in the host's memory at once, so that reading it stalls
/// nothing.
#[must_use]
pub fn on_host(device: &Device) -> bool {
    !COMPOSED.get() && lives_on_flex(device)
}

/// Whether a device is burn's CPU device.
pub(crate) fn lives_on_flex(device: &Device) -> bool {
    matches!(
        device.clone().inner().as_dispatch(),
        DispatchDevice::Flex(_)
    )
}

/// Whether own operations run on a device; of rounded operands there are none.
pub(crate) fn on_flex(device: &Device) -> bool {
    precision::current().is_full() && on_host(device)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_operations_come_back_after_the_composed_ones() {
        let input = Tensor::<1>::ones([2], &Device::flex().autodiff());
        assert!(on_own(&input));
        let inside = composed(|| [composed(|| on_own(&input)), on_own(&input)]);
        assert_eq!(inside, [false, false]);
        let panicked = std::panic::catch_unwind(|| composed(|| assert!(!COMPOSED.get(), "inside")));
        assert!(panicked.is_err() && on_own(&input));
    }
}
