//! Figures and pictures of a finished model.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
pub struct FinalFigures {
    /// Of this arm, by name.
    pub figures: BTreeMap<String, Figure>,
    /// The same figures of something to compare with, for example random geometries.
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
