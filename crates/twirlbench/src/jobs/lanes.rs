//! How many jobs are done at once, and on what.

use std::thread::available_parallelism;

use anyhow::{Result, bail};

use crate::devices;

/// A place in which one job at a time is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lane {
    /// Device, as on the command line.
    pub(crate) device: String,
    /// Other lanes on the same processors.
    pub(crate) beside: usize,
    /// Threads of a process; `None`: as many as it takes by itself.
    pub(crate) threads: Option<usize>,
}

/// The lanes of a list of devices with commas between them, or of `at_once` jobs on the CPU.
///
/// # Errors
/// If a device is not known or is named twice, or the CPU is not what is to be shared out.
pub(crate) fn lanes(devices: &str, at_once: Option<usize>) -> Result<Vec<Lane>> {
    let mut names: Vec<String> = Vec::new();
    for name in devices.split(',') {
        let name = devices::name(name)?;
        if names.contains(&name) {
            bail!("device {name} is named twice; for several jobs at once on the CPU give --jobs");
        }
        names.push(name);
    }
    let at_once = at_once.unwrap_or(1);
    if at_once == 0 {
        bail!("--jobs is 0; give at least 1");
    }
    if at_once == 1 {
        let lane = |device| Lane {
            device,
            beside: 0,
            threads: None,
        };
        return Ok(names.into_iter().map(lane).collect());
    }
    if names != ["cpu"] {
        bail!(
            "--jobs shares out the threads of a CPU; a device like {} does one job at a time: give \
             several with commas between them",
            names[0]
        );
    }
    let lane = Lane {
        device: "cpu".into(),
        beside: at_once - 1,
        threads: Some((threads() / at_once).max(1)),
    };
    Ok(vec![lane; at_once])
}

/// Threads to be shared out.
fn threads() -> usize {
    let asked = std::env::var("RAYON_NUM_THREADS").ok();
    let asked = asked
        .and_then(|text| text.parse().ok())
        .filter(|asked| *asked > 0);
    asked.unwrap_or_else(|| available_parallelism().map_or(1, usize::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_is_shared_out_and_nothing_else() {
        let one = lanes("auto", None).expect("a lane");
        assert_eq!(one.len(), 1);
        assert_eq!(
            (one[0].device.as_str(), one[0].beside, one[0].threads),
            ("cpu", 0, None)
        );
        let many = lanes("cpu", Some(1000)).expect("lanes");
        assert_eq!(many.len(), 1000);
        assert_eq!((many[7].beside, many[7].threads), (999, Some(1)));
        for (devices, at_once, told) in [
            ("cpu,cpu", None, "named twice"),
            ("cpu", Some(0), "--jobs is 0"),
            ("abacus", None, "no device abacus"),
            ("cpu,abacus", Some(2), "no device abacus"),
        ] {
            let error = lanes(devices, at_once).expect_err(told).to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
