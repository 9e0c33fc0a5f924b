//! Where this process runs.

use twirl_record::Event;

/// A process of this machine begins to work on a run whose newest checkpoint is of `step`.
pub(crate) fn begun(step: u64) -> Event {
    Event::Begun {
        time: Event::now(),
        step,
        host: host(),
        process: std::process::id(),
        queued_as: queued_as(),
    }
}

/// The name of the machine, or that which Slurm has for it.
fn host() -> String {
    let node = std::env::var("SLURMD_NODENAME").ok();
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host = node
        .or_else(host)
        .or_else(|| std::env::var("COMPUTERNAME").ok());
    host.unwrap_or_default().trim().to_owned()
}

/// The task of a Slurm array by the names that stay over a requeue, and how often it was put back.
fn queued_as() -> Option<String> {
    let value = |name: &str| std::env::var(format!("SLURM_{name}")).ok();
    let task = format!("{}_{}", value("ARRAY_JOB_ID")?, value("ARRAY_TASK_ID")?);
    Some(match value("RESTART_COUNT") {
        Some(count) => format!("{task} requeue {count}"),
        None => task,
    })
}
