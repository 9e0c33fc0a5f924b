//! The device of a run, with the names that records give it.

use std::time::Instant;

use burn::tensor::{Device, Distribution, Tensor, TensorData};
use rand::RngExt;
use twirl_core::{Purpose, Stream};
use twirl_layers::matmul;
use twirl_layers::own::on_host;
use twirl_record::{DeviceIdentity, TrainConfig};

/// A device and what it is called.
#[derive(Debug, Clone)]
pub struct DeviceChoice {
    /// The device.
    pub device: Device,
    /// Name on the command line, for example `cpu` or `vulkan:0`.
    pub name: String,
    /// Hardware as it names itself.
    pub hardware: String,
    /// Whether its kernels may round what they multiply in a product to TF32, 11 bits of single
    /// precision. burn's do so wherever a device has such units, and cannot be told not to.
    pub tf32: bool,
    /// Whether it leaves out terms of long sums, see [`adds_all`].
    pub short_sums: bool,
    /// Other runs that are to work at the same time on the same processors.
    pub beside: usize,
    /// Device seconds of a turn, where a run takes turns with others on the device.
    pub slice_seconds: Option<f64>,
}

impl DeviceChoice {
    /// The CPU device.
    pub fn cpu() -> Self {
        Self {
            device: Device::flex(),
            name: "cpu".into(),
            hardware: processor(),
            tf32: false,
            short_sums: false,
            beside: 0,
            slice_seconds: None,
        }
    }

    fn float(&self) -> String {
        let mut float = format!("{:?}", self.device.settings().float_dtype).to_lowercase();
        if self.tf32 {
            float += ", products tf32";
        }
        if self.short_sums {
            float += ", long sums cut short";
        }
        float
    }

    /// What the device is.
    pub fn identity(&self) -> DeviceIdentity {
        DeviceIdentity {
            name: self.name.clone(),
            hardware: self.hardware.clone(),
            threads: threads(),
            float: self.float(),
            beside: self.beside,
        }
    }
}

/// Whether a device adds all terms of a long sum: a million ones, which are a million in any order and
/// rounding. Mesa's software device ends the loops of a kernel after 65,535 rounds, whatever is left of
/// them (`LP_MAX_TGSI_LOOP_ITERATIONS` in its `lp_bld_limits.h`), and says nothing.
///
/// # Panics
/// If the device fails.
pub fn adds_all(device: &Device) -> bool {
    const TERMS: usize = 1 << 20;
    let sum: f64 = Tensor::<1>::ones([TERMS], device).sum().into_scalar();
    sum == TERMS as f64
}

/// How far products of single precision are from those of double precision on a device: the relative
/// difference of a product of random matrices, in the Frobenius norm.
///
/// # Panics
/// If the device fails.
pub fn product_error(device: &Device) -> f64 {
    const SIZE: usize = 256;
    let mut stream = Stream::new(0, Purpose::Evaluate, [0, 0]);
    let mut values = || -> Vec<f32> {
        let value = |_| stream.random_range(-1.0..1.0_f32);
        (0..SIZE * SIZE).map(value).collect()
    };
    let (left, right) = (values(), values());
    let on_device = |values: &[f32]| {
        Tensor::<2>::from_data(TensorData::new(values.to_vec(), [SIZE, SIZE]), device)
    };
    let product = matmul(on_device(&left), on_device(&right)).into_data();
    let (mut apart, mut size) = (0.0, 0.0);
    for (place, value) in product.iter::<f64>().enumerate() {
        let (row, column) = (place / SIZE, place % SIZE);
        let terms = (0..SIZE)
            .map(|k| f64::from(left[row * SIZE + k]) * f64::from(right[k * SIZE + column]));
        let exact: f64 = terms.sum();
        apart += (value - exact).powi(2);
        size += exact.powi(2);
    }
    (apart / size).sqrt()
}

/// Operations a second of a large product of matrices of the device's float type, by the kernels that
/// models use: what a step can reach at most, so the best of five. The matrices grow until a product takes two
/// milliseconds: weak devices refuse, or take minutes for, what shows the rate of strong ones.
///
/// # Panics
/// If the device fails.
pub fn product_rate(device: &Device) -> f64 {
    let seconds_of = |size: usize| {
        let left = Tensor::<2>::random([size, size], Distribution::Uniform(-1.0, 1.0), device);
        let products = |count: usize| {
            let begun = Instant::now();
            let mut right = left.clone();
            for _ in 0..count {
                // Each needs the one before; the scale keeps numbers as they are.
                right = matmul(left.clone(), right) * (3.0 / size as f64).sqrt();
            }
            let _: f64 = right.narrow(0, 0, 1).sum().into_scalar();
            begun.elapsed().as_secs_f64()
        };
        // The first compiles. Another process takes time away and never gives any.
        products(2);
        let least = |count| {
            (0..5)
                .map(|_| products(count))
                .fold(f64::INFINITY, f64::min)
        };
        let (few, many) = (least(1), least(5));
        (many - few) / 4.0
    };
    let mut size = if on_host(device) { 1024 } else { 256 };
    let mut seconds = seconds_of(size);
    while seconds < TIMEABLE && size < 8192 {
        size *= 2;
        seconds = seconds_of(size);
    }
    2.0 * (size as f64).powi(3) / seconds
}

/// Seconds of a product that stand far above those of starting it.
const TIMEABLE: f64 = 2e-3;

/// A device with autodiff, as a training asks for it.
pub(crate) fn autodiff(device: &Device, train: &TrainConfig) -> Device {
    let device = device.clone().autodiff();
    if train.gradient_checkpointing {
        device.gradient_checkpointing()
    } else {
        device
    }
}

/// Host threads that compute: those of the machine, or fewer where `RAYON_NUM_THREADS` says so.
fn threads() -> usize {
    let there = std::thread::available_parallelism().map_or(1, usize::from);
    let asked = std::env::var("RAYON_NUM_THREADS").ok();
    let asked = asked.and_then(|text| text.parse().ok());
    asked
        .filter(|asked| (1..there).contains(asked))
        .unwrap_or(there)
}

fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    info.lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or_else(
            || std::env::consts::ARCH.into(),
            |(_, name)| name.trim().into(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_device_does_to_numbers_is_in_its_identity() {
        let cpu = DeviceChoice::cpu();
        assert!(adds_all(&cpu.device));
        assert_eq!(cpu.identity().float, "f32");
        let odd = DeviceChoice {
            tf32: true,
            short_sums: true,
            ..cpu
        };
        let float = odd.identity().float;
        assert_eq!(float, "f32, products tf32, long sums cut short");
    }
}
