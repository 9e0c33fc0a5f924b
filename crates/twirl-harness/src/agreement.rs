//! Whether two devices compute the same.

use burn::tensor::{Device, Tensor};
use twirl_data::{DataSet, Split};
use twirl_record::Job;

use crate::device::DeviceChoice;
use crate::draw::Draw;
use crate::error::RunError;
use crate::gradients::Gradients;
use crate::measure::host_values;
use crate::settings::{arm_settings, parse};
use crate::task::{Arm, Task};
use crate::term::training_loss;

/// Relative differences of an arm between two devices, in the Euclidean norm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Of its predictions.
    pub prediction: f64,
    /// Of the gradient of the training loss.
    pub gradient: f64,
}

/// Molecules that are compared.
const MOLECULES: usize = 4;

/// Compares an arm with initial weights on two devices.
///
/// # Errors
/// If the arm cannot be built, or a value is not finite on either device.
pub(crate) fn agreement<T: Task, A: Arm<T>>(
    job: &Job,
    data: &DataSet,
    devices: [&DeviceChoice; 2],
) -> Result<Agreement, RunError> {
    let task = T::open(&parse(&job.task, &job.task_config)?, data)?;
    let config = arm_settings::<T, A>(&job.arm, &job.arm_config)?;
    let items = &task.items(Split::Train)[..MOLECULES.min(task.items(Split::Train).len())];
    let host = task.batch(items, Draw::training(job.seed, 0))?;
    let compute = |device: &Device| -> Result<[Vec<f64>; 2], RunError> {
        let device = device.clone().autodiff();
        let model = A::init(&config, &task, job.seed, &device)?;
        let batch = task.load(&host, &device)?;
        let terms = task.terms(&model.predict(&batch), &batch);
        let prediction = terms
            .iter()
            .flat_map(|term| {
                // What stands at padding is not a prediction.
                let weight: Tensor<3> = term.weight.clone().unsqueeze_dim(2);
                host_values(term.prediction.clone() * weight)
            })
            .collect();
        let gradient = Gradients::of(&training_loss(&terms), &model).flatten(&model);
        Ok([prediction, gradient])
    };
    let [left, right] = [compute(&devices[0].device)?, compute(&devices[1].device)?];
    Ok(Agreement {
        prediction: difference("prediction", &left[0], &right[0])?,
        gradient: difference("gradient", &left[1], &right[1])?,
    })
}

fn difference(what: &'static str, left: &[f64], right: &[f64]) -> Result<f64, RunError> {
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let size = norm(&mut left.iter().copied());
    let distance = norm(&mut left.iter().zip(right).map(|(a, b)| a - b));
    let relative = distance / size;
    if relative.is_finite() {
        Ok(relative)
    } else {
        Err(RunError::Config(format!(
            "{what}: its size is {size} on one device and it differs by {distance} on the other; \
             the values must be finite and not all zero"
        )))
    }
}
