//! Progress on a terminal; nothing when piped.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use twirl_harness::{Observer, Progress, Record};

/// A bar for one run.
pub(crate) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// A bar that names the run; hidden unless standard error is a terminal.
    pub(crate) fn new(label: String) -> Self {
        let style = ProgressStyle::with_template("{prefix:44} {bar:20} {elapsed:>4} {msg}")
            .expect("a valid template");
        let bar = ProgressBar::new(1000).with_style(style).with_prefix(label);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar }
    }

    /// Clears the bar.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Observer for Bar {
    fn progress(&self, progress: &Progress) {
        let by_steps = progress.step as f64 / progress.steps.max(1) as f64;
        let by_time = progress
            .budget_seconds
            .map_or(0.0, |budget| progress.device_seconds / budget);
        self.bar
            .set_position((1000.0 * by_steps.max(by_time).min(1.0)) as u64);
    }

    fn measured(&self, record: &Record) {
        self.bar.set_message(format!(
            "step {}: loss {:.4}, L_equiv {:.2} %",
            record.step, record.split.loss, record.split.percent_equiv
        ));
    }

    fn stop_requested(&self) -> bool {
        crate::interrupt::received().is_some()
    }

    fn searching(&self, index: usize, count: usize, rate: f64) {
        self.bar.set_message(format!(
            "learning rate {} of {count}: {rate:.0e}",
            index + 1
        ));
    }
}
