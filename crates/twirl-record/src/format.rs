//! The number of a file's format, and the way from each older format to today's.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::error::RecordError;
use crate::whole::write_whole;

/// The format that this version writes. `records.jsonl` has that of the manifest beside it.
///
/// 1: what version 0.1.0 wrote, without a number. 2: manifests always hold `training` and
/// `closing`; checkpoints protect their counters and the records behind them.
pub const FORMAT: u32 = 2;

/// A kind of file that carries the number of its format, as its first key `format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// `plan.json`.
    Plan,
    /// `manifest.json`.
    Manifest,
}

/// Leads from one format to the next.
type Step = fn(Document, &mut Map<String, Value>);

/// One step for each older format, from the oldest.
const STEPS: [Step; FORMAT as usize - 1] = [from_1];

fn from_1(document: Document, content: &mut Map<String, Value>) {
    if document == Document::Manifest {
        content.entry("training").or_insert(Value::Null);
        let closing = content.entry("closing").or_insert_with(|| json!({}));
        for key in ["figures", "baselines"] {
            if let Some(closing) = closing.as_object_mut() {
                closing.entry(key).or_insert_with(|| json!({}));
            }
        }
        // The controls of that version were named after their arms.
        let arm = content.get("job").and_then(|job| job["arm"].as_str());
        let endings = ["-unaugmented", "-voxmol-euler"];
        let of = arm.and_then(|arm| endings.iter().find_map(|ending| arm.strip_suffix(ending)));
        if let Some(of) = of.map(Value::from) {
            content.entry("control_of").or_insert(of);
        }
    }
}

/// Brings the content of a file to today's format. Its number is gone from what is returned.
///
/// # Errors
/// What is wrong with the number, if it is none or newer than [`FORMAT`].
pub fn upgrade(document: Document, content: Value) -> Result<Value, String> {
    let Value::Object(mut content) = content else {
        return Err("holds no JSON object".into());
    };
    let format = number(&mut content)?;
    for step in &STEPS[format as usize - 1..] {
        step(document, &mut content);
    }
    Ok(Value::Object(content))
}

/// Takes the number out; without one a file is of format 1.
fn number(content: &mut Map<String, Value>) -> Result<u32, String> {
    let Some(value) = content.remove("format") else {
        return Ok(1);
    };
    let number = value.as_u64().filter(|number| *number > 0);
    let Some(number) = number.and_then(|number| u32::try_from(number).ok()) else {
        return Err(format!("has the format {value}, which is no number of one"));
    };
    if number > FORMAT {
        return Err(format!(
            "is of format {number}, and this version reads formats up to {FORMAT}"
        ));
    }
    Ok(number)
}

/// Reads a file of any format up to today's.
///
/// # Errors
/// If it cannot be read, or holds something else.
pub fn read_document<T: DeserializeOwned>(
    document: Document,
    path: &Path,
) -> Result<T, RecordError> {
    let text = std::fs::read(path).map_err(RecordError::file(path))?;
    let wrong = |error: serde_json::Error| {
        let remedy = "it was written by another version or edited by hand";
        RecordError::content(path, error, remedy)
    };
    let content = serde_json::from_slice(&text).map_err(wrong)?;
    let content = upgrade(document, content).map_err(|problem| RecordError::Format {
        path: path.into(),
        problem,
        remedy: "use the version that wrote it",
    })?;
    T::deserialize(content).map_err(wrong)
}

#[derive(Serialize)]
struct Numbered<'a, T> {
    format: u32,
    #[serde(flatten)]
    content: &'a T,
}

/// The text of a file of today's format, with its number in front.
#[expect(clippy::missing_panics_doc, reason = "plain data always serialises")]
pub fn document_text<T: Serialize>(content: &T) -> String {
    let format = FORMAT;
    serde_json::to_string_pretty(&Numbered { format, content }).expect("plain data")
}

/// Writes a file of today's format, whole.
///
/// # Errors
/// If it cannot be written.
pub fn write_document<T: Serialize>(path: &Path, content: &T) -> Result<(), RecordError> {
    write_whole(path, document_text(content).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_leads_from_its_own_format_on_and_a_newer_one_is_refused() {
        let oldest = upgrade(Document::Manifest, json!({ "status": "ok" })).expect("format 1");
        let filled = json!({ "status": "ok", "training": null,
                             "closing": { "figures": {}, "baselines": {} } });
        assert_eq!(oldest, filled);
        let control = json!({ "job": { "arm": "plain-unaugmented" } });
        let control = upgrade(Document::Manifest, control).expect("format 1");
        assert_eq!(control["control_of"], "plain");
        let today = json!({ "format": FORMAT, "status": "ok" });
        let today = upgrade(Document::Manifest, today).expect("today's");
        assert_eq!(today, json!({ "status": "ok" }));
        for wrong in [
            json!(0),
            json!(-1),
            json!("2"),
            json!(1.5),
            json!(FORMAT + 1),
        ] {
            let content = json!({ "format": wrong });
            let refused = upgrade(Document::Plan, content).expect_err("no such format");
            assert!(refused.contains("format"), "{refused}");
        }
        assert!(upgrade(Document::Plan, json!([])).is_err());
    }

    #[test]
    fn what_is_written_reads_back_and_begins_with_its_number() {
        let content = json!({ "b": 0.1, "a": [1, u64::MAX] });
        let text = document_text(&content);
        assert!(
            text.starts_with(&format!("{{\n  \"format\": {FORMAT},")),
            "{text}"
        );
        let read = serde_json::from_str(&text).expect("JSON");
        assert_eq!(upgrade(Document::Plan, read), Ok(content));
    }
}
