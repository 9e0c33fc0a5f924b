//! Whether a frame is periodic.

use super::comment::Comment;
use super::number::number;
use crate::error::Result;
use crate::site::Site;

/// Refuses frames that are periodic along any axis: by `pbc`, or by a lattice without it, which
/// means all three.
pub(super) fn refuse(site: &Site<'_>, comment: &Comment) -> Result<()> {
    let pbc = comment.one(&["pbc"]);
    let pbc = pbc.map_err(|what| site.inconsistent(what))?;
    let periodic = match pbc {
        Some(text) => axes(text).ok_or_else(|| {
            let what = format!("pbc=\"{text}\" is not one or three of T F true false 1 0");
            site.unsupported(what, "write pbc=\"F F F\" for a molecule")
        })?,
        None => comment.all(&["lattice", "cell"]).next().is_some(),
    };
    if periodic {
        let remedy = "use molecules; if this is one, write pbc=\"F F F\"";
        return Err(site.unsupported("the frame is periodic", remedy));
    }
    Ok(())
}

/// Whether any axis is periodic, in the spellings that ASE reads; `None` for others.
fn axes(text: &str) -> Option<bool> {
    let text = text.strip_prefix("_JSON").unwrap_or(text);
    let text = text.trim().trim_start_matches('[').trim_end_matches(']');
    let parts = text.split(|c: char| c.is_whitespace() || c == ',');
    let axis = |part: &str| match part {
        "T" | "true" | "True" | "TRUE" => Some(true),
        "F" | "false" | "False" | "FALSE" => Some(false),
        other => number(other).filter(|x| x.is_finite()).map(|x| x != 0.0),
    };
    let axes: Option<Vec<bool>> = parts.filter(|part| !part.is_empty()).map(axis).collect();
    let axes = axes.filter(|axes| matches!(axes.len(), 1 | 3))?;
    Some(axes.contains(&true))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tried against ASE 3.29.
    #[test]
    fn spellings_that_ase_reads() {
        for text in [
            "T",
            "T F T",
            "1 1 0",
            "2",
            "-1 0 0",
            "0.0 0.0 1.0",
            "T, F, T",
            "true false TRUE",
            "_JSON [true, false, true]",
            "[T, T, F]",
            "T F F",
        ] {
            assert_eq!(axes(text), Some(true), "{text}");
        }
        for text in [
            "F",
            "F F F",
            "0 0 0",
            "false",
            "False, False, False",
            "_JSON [false, false, false]",
            "FALSE FALSE F",
        ] {
            assert_eq!(axes(text), Some(false), "{text}");
        }
        for text in [
            "", "TTT", "FFF", "t", "f f f", "yes", "no", "T T", "F F F F", "none",
        ] {
            assert_eq!(axes(text), None, "{text}");
        }
    }
}
