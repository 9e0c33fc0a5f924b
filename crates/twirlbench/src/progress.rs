//! Progress on a terminal; nothing when piped.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use twirl_harness::{Observer, Progress, Record};

/// A bar for one run.
pub(crate) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// A bar that names the run; hidden unless standard error is a terminal.
    pub(crate) fn new(label: String) -> Self {
        Self::styled(ProgressBar::new(1000), label)
    }

    /// A bar below those that are there.
    pub(crate) fn among(bars: &MultiProgress, label: String) -> Self {
        Self::styled(bars.add(ProgressBar::new(1000)), label)
    }

    fn styled(bar: ProgressBar, label: String) -> Self {
        let style = ProgressStyle::with_template("{prefix:44} {bar:20} {elapsed:>4} {msg}")
            .expect("a valid template");
        let bar = bar.with_style(style).with_prefix(label);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar }
    }

    /// Shows how far training is.
    pub(crate) fn at(&self, progress: &Progress) {
        let by_steps = progress.step as f64 / progress.steps.max(1) as f64;
        let by_time = progress
            .budget_seconds
            .map_or(0.0, |budget| progress.device_seconds / budget);
        self.bar
            .set_position((1000.0 * by_steps.max(by_time).min(1.0)) as u64);
    }

    /// Shows what was measured last.
    pub(crate) fn measured_at(&self, step: u64, loss: f64, percent_equiv: f64) {
        self.bar.set_message(format!(
            "step {step}: loss {loss:.4}, L_equiv {percent_equiv:.2} %"
        ));
    }

    /// Shows which learning rate is tried, of how many.
    pub(crate) fn searches(&self, index: usize, count: usize, rate: f64) {
        self.bar.set_message(format!(
            "learning rate {} of {count}: {rate:.0e}",
            index + 1
        ));
    }

    /// Prints something without the bars in between.
    pub(crate) fn aside(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
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
        self.at(progress);
    }

    fn measured(&self, record: &Record) {
        self.measured_at(record.step, record.split.loss, record.split.percent_equiv);
    }

    fn searching(&self, index: usize, count: usize, rate: f64) {
        self.searches(index, count, rate);
    }

    fn stop_requested(&self) -> bool {
        crate::interrupt::received().is_some()
    }
}
