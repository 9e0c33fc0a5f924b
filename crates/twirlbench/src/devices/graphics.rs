//! Devices other than the CPU.

use anyhow::{Result, anyhow};
use burn::cubecl::config::cache::CacheConfig;
use burn::cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};
use burn::tensor::Device;
use twirl_harness::{DeviceChoice, adds_all, cause};

use super::quiet::quietly;

/// Keeps compiled kernels and the choices between them in the user's cache, for the next process: every arm
/// is a process of its own, and compiling its kernels takes a minute. `cubecl.toml` may name another place.
fn keep_kernels() {
    let mut config = CubeClRuntimeConfig::from_current_dir().override_from_env();
    if matches!(config.environment.path, CacheConfig::Target) {
        config.environment.path = CacheConfig::Global;
    }
    config.compilation.cache = true;
    // What is set already stays.
    CubeClRuntimeConfig::try_set(config);
}

/// Opens a device that is not the CPU, and computes something on it.
///
/// # Errors
/// One line: what is missing, and what helps.
pub(super) fn open((kind, index): (&str, Option<usize>), name: &str) -> Result<DeviceChoice> {
    #[cfg(any(feature = "metal", feature = "vulkan", feature = "wgpu"))]
    let adapter = || match index {
        None => burn::tensor::DeviceKind::DefaultDevice,
        Some(index) => burn::tensor::DeviceKind::DiscreteGpu(index),
    };
    let device = || match kind {
        #[cfg(feature = "cuda")]
        "cuda" => Device::cuda(index.unwrap_or(0)),
        #[cfg(feature = "rocm")]
        "rocm" => Device::rocm(index.unwrap_or(0)),
        #[cfg(feature = "metal")]
        "metal" => Device::metal(adapter()),
        #[cfg(feature = "vulkan")]
        "vulkan" => Device::vulkan(adapter()),
        #[cfg(feature = "wgpu")]
        "wgpu" => Device::wgpu(adapter()),
        _ => unreachable!("{kind} is of this build"),
    };
    keep_kernels();
    let opened = quietly(|| {
        let device = device();
        let hardware = device.identity().map(|identity| identity.name);
        let short_sums = !adds_all(&device);
        (device, hardware.unwrap_or_else(|| kind.into()), short_sums)
    });
    let (device, hardware, short_sums) =
        opened.map_err(|said| anyhow!("device {name}: {}", absent(&said)))?;
    if short_sums {
        tracing::warn!(
            "device {name} ({hardware}): long sums are cut short, so use it to see that things run \
             and not for results; records say so; docs/gpu.md"
        );
    }
    Ok(DeviceChoice {
        device,
        name: name.into(),
        hardware,
        tf32: kind == "cuda",
        short_sums,
        beside: 0,
        slice_seconds: None,
    })
}

/// What is wrong with a device, and what helps, from what its driver's binding said.
fn absent(said: &str) -> String {
    let line = said.lines().next().unwrap_or_default();
    if line.contains("dynamically load") && line.contains("cuda") {
        "no NVIDIA driver: libcuda.so.1 is not on this machine; install the driver, or give --device cpu"
            .into()
    } else if line.contains("libdevice") {
        "libdevice.10.bc is missing; set CUDA_PATH to a folder that holds nvvm/libdevice/libdevice.10.bc"
            .into()
    } else {
        format!(
            "cannot be used: {}; `twirlbench devices` lists what can",
            cause(said)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_a_driver_is_told_so_in_a_line() {
        let said = "Unable to dynamically load the \"cuda\" shared library - searched for library \
                    names: [\"cuda\"]\nmore";
        assert!(absent(said).starts_with("no NVIDIA driver"));
        assert_eq!(absent("odd\nmore").lines().count(), 1);
    }
}
