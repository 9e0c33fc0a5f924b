//! Where two settings differ.

use serde_json::{Map, Value};

/// The innermost key at which two settings differ, with both values: `train.batch is 4 and 8`.
/// `name` is what the whole is called.
pub fn first_difference(name: &str, a: &Value, b: &Value) -> Option<String> {
    if a == b {
        return None;
    }
    if let (Value::Object(left), Value::Object(right)) = (a, b) {
        let absent = Value::String("absent".into());
        let of = |side: &'_ Map<String, Value>, key: &str| side.get(key).unwrap_or(&absent).clone();
        let mut keys = left.keys().chain(right.keys());
        return keys.find_map(|key| {
            first_difference(&format!("{name}.{key}"), &of(left, key), &of(right, key))
        });
    }
    Some(format!("{name} is {a} and {b}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::first_difference;

    #[test]
    fn the_innermost_key_is_named_also_where_one_side_lacks_it() {
        let a = json!({ "batch": 4, "optimizer": { "kind": "adamw", "momentum": 0.9 } });
        assert_eq!(first_difference("train", &a, &a), None);
        let mut b = a.clone();
        b["optimizer"]["momentum"] = json!(0.8);
        let found = first_difference("train", &a, &b).expect("a difference");
        assert_eq!(found, "train.optimizer.momentum is 0.9 and 0.8");
        b = a.clone();
        b["ema"] = json!(0.5);
        let found = first_difference("train", &a, &b).expect("a difference");
        assert_eq!(found, "train.ema is \"absent\" and 0.5");
    }
}
