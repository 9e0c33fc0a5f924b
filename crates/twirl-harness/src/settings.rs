//! Strict settings of tasks and arms.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::RunError;

/// Parses settings; `what` names them in the error.
pub(crate) fn parse<C: DeserializeOwned>(what: &str, value: &Value) -> Result<C, RunError> {
    C::deserialize(value).map_err(|error| RunError::Config(format!("{what}: {error}")))
}
