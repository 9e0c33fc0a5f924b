//! `twirlbench devices --check NAME`: does a device compute what the CPU computes?

use std::process::ExitCode;

use anyhow::Result;
use twirl_core::tolerance;
use twirl_harness::{DeviceChoice, Entry};

use crate::devices;
use crate::options::Selection;
use crate::plan::{find, open_data, plan};
use crate::print::say;
use crate::suite::Suite;

/// Compares every arm of the quick suite on the device and on the CPU, and fails beyond the
/// tolerance.
pub(crate) fn check(
    name: &str,
    task: Vec<String>,
    arm: Vec<String>,
    entries: &[Entry],
) -> Result<ExitCode> {
    let suite = Suite::read("quick")?;
    let device = devices::resolve(name)?;
    let cpu = DeviceChoice::cpu();
    let args = Selection {
        task,
        arm,
        seed: vec![0],
        ..Selection::default()
    };
    let plan = plan(&suite, &args, entries, &device.name)?;
    let sets = open_data(&plan.jobs, entries, None, |_| None)?;
    let rounding = if device.tf32 {
        tolerance::TF32
    } else {
        tolerance::F32
    };
    let allowed = rounding.devices;
    say!(
        "{} ({}) against {} ({}); relative differences, allowed {allowed:.0e}\n",
        device.name,
        device.hardware,
        cpu.name,
        cpu.hardware
    );
    say!("{:50} {:>10} {:>10}", "arm", "prediction", "gradient");
    let mut failed = false;
    for job in &plan.jobs {
        let data = &sets[&(job.task.clone(), job.data.clone())];
        let agreement =
            find(entries, &job.task, &job.arm)?.agreement(job, data, [&cpu, &device])?;
        let beyond = agreement.prediction.max(agreement.gradient) > allowed;
        failed |= beyond;
        say!(
            "{:50} {:>10.1e} {:>10.1e}{}",
            format!("{}/{}", job.task, job.arm),
            agreement.prediction,
            agreement.gradient,
            if beyond { "  BEYOND" } else { "" }
        );
    }
    Ok(ExitCode::from(u8::from(failed)))
}
