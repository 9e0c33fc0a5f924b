//! How many jobs are done at once, and on what.

use std::thread::available_parallelism;

use anyhow::{Result, bail};
use twirl_record::Plan;

use crate::devices;

/// A place in which one job at a time computes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lane {
    /// Device, as on the command line.
    pub(crate) device: String,
    /// Other lanes on the same processors.
    pub(crate) beside: usize,
    /// Threads of a process; `None`: as many as it takes by itself.
    pub(crate) threads: Option<usize>,
    /// Device seconds after which a job gives its turn to the next arm of its task; `None`: one job after
    /// the other.
    pub(crate) slice_seconds: Option<f64>,
}

/// What is asked of the lanes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sharing {
    /// Jobs at once on the CPU.
    pub(crate) at_once: Option<usize>,
    /// Device seconds of a turn.
    pub(crate) slice_seconds: Option<f64>,
}

impl Sharing {
    /// What a plan says, where nothing else is asked for.
    pub(crate) fn or_of(self, plan: &Plan) -> Self {
        Self {
            at_once: self.at_once.or(plan.at_once),
            slice_seconds: self.slice_seconds.or(plan.slice_seconds),
        }
    }
}

/// The lanes of a list of devices with commas between them, or of several jobs at once on the CPU.
///
/// # Errors
/// If a device is not known or is named twice, the CPU is not what is to be shared out, or a turn lasts for
/// no time.
pub(crate) fn lanes(devices: &str, sharing: Sharing) -> Result<Vec<Lane>> {
    let slice_seconds = sharing.slice_seconds;
    if let Some(seconds) = slice_seconds
        && !(seconds.is_finite() && seconds > 0.0)
    {
        bail!("--interleave is {seconds}; give the seconds of a turn, above 0");
    }
    let mut names: Vec<String> = Vec::new();
    for name in devices.split(',') {
        let name = devices::name(name)?;
        if names.contains(&name) {
            bail!("device {name} is named twice; for several jobs at once on the CPU give --jobs");
        }
        names.push(name);
    }
    let at_once = sharing.at_once.unwrap_or(1);
    if at_once == 0 {
        bail!("--jobs is 0; give at least 1");
    }
    if at_once == 1 {
        let lane = |device| Lane {
            device,
            beside: 0,
            threads: None,
            slice_seconds,
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
        slice_seconds,
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
        let shared = |at_once| Sharing {
            at_once,
            slice_seconds: Some(2.5),
        };
        let one = lanes("auto", shared(None)).expect("a lane");
        assert_eq!(one.len(), 1);
        assert_eq!(
            (one[0].device.as_str(), one[0].beside, one[0].threads),
            ("cpu", 0, None)
        );
        let many = lanes("cpu", shared(Some(1000))).expect("lanes");
        assert_eq!(many.len(), 1000);
        assert_eq!((many[7].beside, many[7].threads), (999, Some(1)));
        assert!(
            one.iter()
                .chain(&many)
                .all(|lane| lane.slice_seconds == Some(2.5))
        );
        for (devices, at_once, told) in [
            ("cpu,cpu", None, "named twice"),
            ("cpu", Some(0), "--jobs is 0"),
            ("abacus", None, "no device abacus"),
            ("cpu,abacus", Some(2), "no device abacus"),
        ] {
            let error = lanes(devices, shared(at_once)).expect_err(told).to_string();
            assert!(error.contains(told), "{error}");
        }
        for seconds in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let sharing = Sharing {
                slice_seconds: Some(seconds),
                ..Sharing::default()
            };
            let error = lanes("cpu", sharing).expect_err("refused").to_string();
            assert!(error.starts_with("--interleave is "), "{error}");
        }
    }
}
