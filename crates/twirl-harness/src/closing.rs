//! What a finished model is asked beyond its loss, and molecules that it makes.

use std::collections::BTreeMap;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::{Arm, Task, TaskError};

/// A figure of a finished model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Value.
    pub value: f64,
    /// Lower end of the 95 % interval over molecules, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Unit; empty for a pure number.
    pub unit: String,
}

/// Figures of a finished run that are not losses, for example the quality of samples. They are
/// made once, after training, off the device clock.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Closing {
    /// Of this arm, by name.
    pub figures: BTreeMap<String, Figure>,
    /// The same figures of something to compare with, for example random geometries.
    #[serde(default)]
    pub baselines: BTreeMap<String, BTreeMap<String, Figure>>,
    /// Pictures; kept in `pictures.json` of the run folder and not in the manifest.
    #[serde(skip)]
    pub pictures: Vec<Picture>,
}

/// Panels side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Title.
    pub title: String,
    /// What is seen, with units.
    pub caption: String,
    /// From left to right.
    pub panels: Vec<Panel>,
}

/// A field of values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// Name.
    pub name: String,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// `[height, width]`, row by row.
    pub values: Vec<f32>,
}

/// Molecules that are asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerateRequest {
    /// The molecule, if the task takes one.
    pub smiles: Option<String>,
    /// How many geometries.
    pub count: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// Name of the sampler; `None`: the task's default.
    pub method: Option<String>,
    /// Steps of the sampler; `None`: the task's default.
    pub steps: Option<usize>,
}

/// A molecule made by a model, in angstrom.
pub type Generated = twirl_data::Geometry;

/// A task whose trained arms make molecules.
pub trait Generate: Task {
    /// Makes molecules with a trained model.
    ///
    /// # Errors
    /// If the request cannot be met: one line with the remedy.
    fn generate<A: Arm<Self>>(
        &self,
        model: &A,
        request: &GenerateRequest,
        device: &Device,
    ) -> Result<Vec<Generated>, TaskError>;
}
