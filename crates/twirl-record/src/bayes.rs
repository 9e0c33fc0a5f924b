//! How far the loss of a task can fall, as far as it is known: the Bayes error.

use serde::{Deserialize, Serialize};

/// The least training loss that a model can have in expectation on the measured molecules and draws, in the
/// unit of the loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum BayesError {
    /// The Bayes error itself: 0 where targets are functions of inputs.
    Exact {
        /// The loss.
        loss: f64,
    },
    /// No model has less, and perhaps none has as little.
    LowerBound {
        /// The loss.
        loss: f64,
        /// Whose loss it is.
        of: String,
    },
    /// A loss to hold others against. A model can have less.
    Reference {
        /// The loss.
        loss: f64,
        /// Whose loss it is.
        of: String,
    },
    /// Nothing is known.
    Unknown {
        /// Why.
        why: String,
    },
}

impl BayesError {
    /// Its kind in words, as in files.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Exact { .. } => "exact",
            Self::LowerBound { .. } => "lower-bound",
            Self::Reference { .. } => "reference",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// The loss.
    ///
    /// # Errors
    /// Why it is not known.
    pub fn loss(&self) -> Result<f64, &str> {
        match self {
            Self::Exact { loss } | Self::LowerBound { loss, .. } | Self::Reference { loss, .. } => {
                Ok(*loss)
            }
            Self::Unknown { why } => Err(why),
        }
    }

    /// What must be read beside the loss: of a bound or a reference whose loss it is, else the kind.
    pub fn note(&self) -> String {
        match self {
            Self::LowerBound { of, .. } => format!("no model is below: {of}"),
            Self::Reference { of, .. } => format!("no bound: {of}"),
            Self::Exact { .. } => "exact".into(),
            Self::Unknown { why } => why.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn kinds_are_written_by_name_and_read_back() {
        let of = "an estimate".to_owned();
        let loss = 0.25;
        for (error, kind) in [
            (BayesError::Exact { loss }, "exact"),
            (
                BayesError::LowerBound {
                    loss,
                    of: of.clone(),
                },
                "lower-bound",
            ),
            (
                BayesError::Reference {
                    loss,
                    of: of.clone(),
                },
                "reference",
            ),
            (BayesError::Unknown { why: of }, "unknown"),
        ] {
            let written = json!(error);
            assert_eq!(written["kind"], kind);
            assert_eq!(error.kind(), kind);
            assert_eq!(error.loss().ok(), written["loss"].as_f64());
            let read: BayesError = serde_json::from_value(written).expect("as written");
            assert_eq!(read, error);
        }
    }
}
