//! Devices by name.

use anyhow::{Result, bail};
use twirl_harness::DeviceChoice;

/// Devices that this build knows, best first.
pub(crate) const BUILT: &[&str] = &[
    #[cfg(feature = "cuda")]
    "cuda",
    #[cfg(feature = "rocm")]
    "rocm",
    #[cfg(feature = "metal")]
    "metal",
    #[cfg(feature = "vulkan")]
    "vulkan",
    #[cfg(feature = "wgpu")]
    "wgpu",
    "cpu",
];

/// The name under which a device is known: of `auto` that of the CPU, because a graphics device is only
/// used when it is named; records of different devices are not the same. The device is not touched.
///
/// # Errors
/// If this build does not know it.
pub(crate) fn name(name: &str) -> Result<String> {
    let name = if name == "auto" { "cpu" } else { name };
    parse(name).map(|_| name.to_owned())
}

/// Resolves `auto`, `cpu`, `wgpu[:i]`, ...
///
/// # Errors
/// If this build does not know it.
pub(crate) fn resolve(device: &str) -> Result<DeviceChoice> {
    let name = &name(device)?;
    let (kind, index) = parse(name)?;
    if kind == "cpu" {
        return Ok(DeviceChoice::cpu());
    }
    graphics(kind, index, name)
}

fn parse(name: &str) -> Result<(&str, Option<usize>)> {
    let (kind, index) = match name.split_once(':') {
        Some((kind, index)) => match index.parse::<usize>() {
            Ok(number) => (kind, Some(number)),
            Err(_) => bail!("device {name}: {index} is not a number; give for example {kind}:0"),
        },
        None => (name, None),
    };
    if !BUILT.contains(&kind) {
        let known = ["cpu", "wgpu", "vulkan", "cuda", "metal", "rocm"];
        if known.contains(&kind) {
            bail!("device {name} is not in this build; build with --features {kind}");
        }
        bail!("no device {name}; give auto or one of {}", known.join(", "));
    }
    Ok((kind, index))
}

#[cfg(not(any(
    feature = "cuda",
    feature = "rocm",
    feature = "metal",
    feature = "vulkan",
    feature = "wgpu"
)))]
fn graphics(_kind: &str, _index: Option<usize>, name: &str) -> Result<DeviceChoice> {
    bail!("device {name} is not in this build")
}

#[cfg(any(
    feature = "cuda",
    feature = "rocm",
    feature = "metal",
    feature = "vulkan",
    feature = "wgpu"
))]
fn graphics(kind: &str, index: Option<usize>, name: &str) -> Result<DeviceChoice> {
    use burn::tensor::Device;
    #[cfg(any(feature = "metal", feature = "vulkan", feature = "wgpu"))]
    let adapter = || match index {
        None => burn::tensor::DeviceKind::DefaultDevice,
        Some(index) => burn::tensor::DeviceKind::DiscreteGpu(index),
    };
    let device = match kind {
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
        _ => bail!("device {name} is not in this build"),
    };
    let hardware = device
        .identity()
        .map_or_else(|| kind.into(), |identity| identity.name);
    Ok(DeviceChoice {
        device,
        name: name.into(),
        hardware,
        beside: 0,
    })
}
