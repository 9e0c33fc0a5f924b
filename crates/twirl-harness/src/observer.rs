//! Who watches a run.

use twirl_record::Record;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Steps taken.
    pub step: u64,
    /// Last step.
    pub steps: u64,
    /// Device seconds spent.
    pub device_seconds: f64,
    /// Budget of device seconds, if any.
    pub budget_seconds: Option<f64>,
}

/// Watches a run, for example to draw a progress bar.
pub trait Observer {
    /// After every step.
    fn progress(&self, progress: &Progress);
    /// After every measurement.
    fn measured(&self, record: &Record);
    /// Before each candidate of a learning-rate search.
    fn searching(&self, index: usize, count: usize, rate: f64);
    /// Comes back when it is the run's turn to compute: asked before its arm is built, with nothing, and
    /// before every step, with the device seconds of its training so far. A run that takes turns with
    /// others waits here, its clocks stopped. A wish to stop is no reason to wait.
    fn turn(&self, _device_seconds: Option<f64>) {}
    /// Whether the run is to save and stop: asked after every [`Observer::turn`].
    fn stop_requested(&self) -> bool {
        false
    }
}

impl<T: Observer + ?Sized> Observer for &T {
    fn progress(&self, progress: &Progress) {
        (**self).progress(progress);
    }
    fn measured(&self, record: &Record) {
        (**self).measured(record);
    }
    fn searching(&self, index: usize, count: usize, rate: f64) {
        (**self).searching(index, count, rate);
    }
    fn turn(&self, device_seconds: Option<f64>) {
        (**self).turn(device_seconds);
    }
    fn stop_requested(&self) -> bool {
        (**self).stop_requested()
    }
}

/// An observer that does nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn progress(&self, _progress: &Progress) {}
    fn measured(&self, _record: &Record) {}
    fn searching(&self, _index: usize, _count: usize, _rate: f64) {}
}

/// Passes on nothing but the request to stop; what it watches belongs to one turn.
pub(crate) struct Unseen<'a>(pub(crate) &'a dyn Observer);

impl Observer for Unseen<'_> {
    fn progress(&self, _progress: &Progress) {}
    fn measured(&self, _record: &Record) {}
    fn searching(&self, _index: usize, _count: usize, _rate: f64) {}
    fn stop_requested(&self) -> bool {
        self.0.stop_requested()
    }
}
