//! What every step of a job shares, and the model that takes them.

use burn::optim::ModuleOptimizer;
use burn::tensor::Device;
use twirl_data::Split;
use twirl_record::{ExactSymmetry, Job, Schedule, TrainConfig, Training};

use crate::error::RunError;
use crate::gradients::Average;
use crate::measure::thinned;
use crate::optimizer;
use crate::settings::arm_settings;
use crate::task::{Arm, Task};

/// A model in training.
#[derive(Clone)]
pub(crate) struct Trainee<A> {
    pub(crate) model: A,
    pub(crate) average: Average<A>,
    pub(crate) optimizer: ModuleOptimizer,
}

/// What every step of a job shares, whoever takes it.
pub(crate) struct Setting<T> {
    pub(crate) task: T,
    pub(crate) train: TrainConfig,
    pub(crate) seed: u64,
    /// The symmetry that the arm declares.
    pub(crate) symmetry: Option<ExactSymmetry>,
    /// Whether every sample is turned by a fresh random rotation.
    pub(crate) augmented: bool,
    /// Items that the job trains on.
    pub(crate) items: Vec<usize>,
    /// With autodiff.
    pub(crate) device: Device,
}

impl<T: Task> Setting<T> {
    /// What an arm is trained with that meets rotations as `training` says.
    pub(crate) fn of<A: Arm<T>>(
        task: T,
        job: &Job,
        training: Training,
        device: Device,
    ) -> Result<Self, RunError> {
        let symmetry = A::symmetry(&arm_settings::<T, A>(&job.arm, &job.arm_config)?);
        Ok(Self {
            items: thinned(task.items(Split::Train), job.train.train_items),
            task,
            train: job.train.clone(),
            seed: job.seed,
            symmetry,
            augmented: training.turns(symmetry),
            device,
        })
    }

    /// The course of the learning rate in a run.
    pub(crate) fn course(&self, peak: f64) -> Course {
        Course {
            peak,
            schedule: self.train.schedule.clone(),
            steps: self.train.steps,
        }
    }

    /// A model that has not been trained.
    pub(crate) fn untrained<A: Arm<T>>(&self, model: A) -> Trainee<A> {
        Trainee {
            average: Average::new(&model, self.train.ema),
            optimizer: optimizer::build(&self.train.optimizer, &model, &model.parameter_roles()),
            model,
        }
    }
}

/// The course of a learning rate.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    pub(crate) peak: f64,
    pub(crate) schedule: Schedule,
    /// At which the schedule ends.
    pub(crate) steps: u64,
}

impl Course {
    pub(crate) fn rate(&self, step: u64) -> f64 {
        self.schedule.rate(self.peak, step, self.steps)
    }
}
