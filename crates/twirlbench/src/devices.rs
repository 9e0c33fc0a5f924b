//! Devices by name.

#[cfg(feature = "graphics")]
mod graphics;
mod quiet;

use anyhow::{Result, bail};
use quiet::quietly;
use twirl_harness::{DeviceChoice, cause, product_error, product_rate};

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
    let parsed = parse(name)?;
    if parsed.0 == "cpu" {
        return Ok(DeviceChoice::cpu());
    }
    #[cfg(feature = "graphics")]
    return graphics::open(parsed, name);
    #[cfg(not(feature = "graphics"))]
    bail!("device {name} is not in this build")
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

/// Every device of this build in a line: its hardware and how exact its products are, or why it cannot
/// be used. The devices are opened.
pub(crate) fn list() -> Vec<String> {
    let line = |name: &&str| {
        let told = resolve(name).map(|choice| {
            let measured =
                quietly(|| (product_error(&choice.device), product_rate(&choice.device)));
            let tf32 = if choice.tf32 { ", TF32" } else { "" };
            let sums = if choice.short_sums {
                ", long sums CUT SHORT"
            } else {
                ""
            };
            let told = match measured {
                Ok((error, rate)) => {
                    format!(
                        "products exact to {error:.1e}{tf32}{sums}, {:.3} TFLOP/s",
                        rate / 1e12
                    )
                }
                Err(said) => format!("cannot be used: {}", cause(&said)),
            };
            format!("{}; {told}", choice.hardware)
        });
        let told = told.unwrap_or_else(|error| {
            let text = error.to_string();
            let prefix = format!("device {name}: ");
            format!("not here: {}", text.strip_prefix(&prefix).unwrap_or(&text))
        });
        format!("{name:8} {told}")
    };
    BUILT.iter().map(line).collect()
}
