//! Strict settings of tasks and arms.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use twirl_record::one_line;

use crate::error::RunError;
use crate::task::{Arm, Task};

/// Settings by name.
pub(crate) type Sizes = Vec<(&'static str, Value)>;

/// Parses settings; `what` names them in the error.
pub(crate) fn parse<C: DeserializeOwned>(what: &str, value: &Value) -> Result<C, RunError> {
    C::deserialize(value).map_err(|error| RunError::Config(format!("{what}: {}", one_line(error))))
}

/// Parses the settings of an arm. The key `size` stands for the settings that the arm has under that
/// name, and the other keys are put on top of them.
pub(crate) fn arm_settings<T: Task, A: Arm<T>>(
    arm: &str,
    value: &Value,
) -> Result<A::Config, RunError> {
    let sizes = sizes::<T, A>()?;
    parse(arm, &with_size(arm, value, &sizes)?)
}

/// Settings with those that a size stands for below them.
fn with_size(arm: &str, value: &Value, sizes: &[(&str, Value)]) -> Result<Value, RunError> {
    let Value::Object(given) = value else {
        return Ok(value.clone());
    };
    let mut settings = Map::new();
    if let Some(size) = given.get("size") {
        let named = |(name, _): &&(&str, Value)| size.as_str() == Some(*name);
        match sizes.iter().find(named) {
            Some((_, Value::Object(of_size))) => settings.clone_from(of_size),
            _ => return Err(no_such_size(arm, size, sizes)),
        }
    }
    // Version 0.1.0 wrote null where the size decides.
    let changes = given
        .iter()
        .filter(|(key, value)| *key != "size" && !value.is_null());
    settings.extend(changes.map(|(key, value)| (key.clone(), value.clone())));
    Ok(Value::Object(settings))
}

/// The named sizes of an arm with their settings, complete.
pub(crate) fn sizes<T: Task, A: Arm<T>>() -> Result<Sizes, RunError> {
    let complete = |(name, config): (_, A::Config)| match serde_json::to_value(config) {
        Ok(config) => Ok((name, config)),
        Err(error) => Err(RunError::Config(one_line(error))),
    };
    A::sizes().into_iter().map(complete).collect()
}

fn no_such_size(arm: &str, size: &Value, sizes: &[(&str, Value)]) -> RunError {
    let names: Vec<&str> = sizes.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    RunError::Config(format!(
        "{arm}: no size {size}; give one of {names}, or settings one by one"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(given: &Value) -> Result<Value, String> {
        let sizes = [
            ("small", json!({"width": 8, "layers": 2})),
            ("large", json!({"width": 64, "layers": 9})),
        ];
        with_size("an-arm", given, &sizes).map_err(|error| error.to_string())
    }

    #[test]
    fn a_size_stands_for_its_settings_and_other_keys_lie_on_top() {
        let given = json!({"size": "large", "layers": 3, "heads": 4});
        let expected = json!({"width": 64, "layers": 3, "heads": 4});
        assert_eq!(merged(&given), Ok(expected));
        assert_eq!(merged(&json!({"width": 5})), Ok(json!({"width": 5})));
        // As version 0.1.0 wrote a size in force.
        let before = json!({"size": "small", "width": null, "layers": 7});
        assert_eq!(merged(&before), Ok(json!({"width": 8, "layers": 7})));
    }

    #[test]
    fn an_unknown_size_is_refused_with_the_list() {
        let refusal = |size: &str| {
            format!("an-arm: no size {size}; give one of small, large, or settings one by one")
        };
        assert_eq!(merged(&json!({"size": "6m"})), Err(refusal("\"6m\"")));
        assert_eq!(merged(&json!({"size": 2})), Err(refusal("2")));
    }
}
