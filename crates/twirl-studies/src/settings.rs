//! Strict TOML files, and settings on top of others.

use serde::de::DeserializeOwned;
use serde_json::Value;
use twirl_record::one_line;

/// Parses TOML.
///
/// # Errors
/// One line: `what`, the line of the text, what is wrong.
pub fn from_toml<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| {
        let line = error
            .span()
            .map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        format!("{what}, line {line}: {}", one_line(error.message()))
    })
}

/// Lays `over` on top of `base`, key by key. A table that names its `kind` replaces, because the
/// other keys belong to the kind.
pub fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) if !over.contains_key("kind") => {
            for (key, value) in over {
                merge(base.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
}
