//! Set-ups that a paper ran, and how far those of a suite are from them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Marks an arm of a suite as a set-up that a paper ran. Only of such a claim is `confirmed` or
/// `contradicted` said, and the distances stand beside it; everything else is an extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// The paper, with the place in it.
    pub paper: String,
    /// Studies whose claim the paper makes of this set-up.
    pub claims: Vec<String>,
    /// How the noise of the data differs.
    pub noise: String,
    /// How the loss differs.
    pub loss: String,
    /// How the model differs.
    pub model: String,
    /// How the data differ.
    pub data: String,
    /// How the batch differs.
    pub batch: String,
    /// How the steps, their rate and the averaging of weights differ.
    pub steps: String,
}

impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let distances = [
            ("noise", &self.noise),
            ("loss", &self.loss),
            ("model", &self.model),
            ("data", &self.data),
            ("batch", &self.batch),
            ("steps", &self.steps),
        ];
        write!(f, "published in {}", self.paper)?;
        for (what, distance) in distances {
            write!(f, "; {what}: {distance}")?;
        }
        Ok(())
    }
}
