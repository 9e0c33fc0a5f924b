//! What the columns of an atom line are.

use super::comment::Comment;
use crate::error::Result;
use crate::site::Site;

const POSITION_KEYS: [&str; 4] = ["pos", "positions", "r", "coord"];
const SPECIES_KEYS: [&str; 4] = ["species", "symbol", "element", "symbols"];
const NUMBER_KEYS: [&str; 4] = ["z", "numbers", "atomic_number", "atomic_numbers"];
/// Most columns of a line.
pub(super) const MOST: usize = 64;

/// Column of each quantity in an atom line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) species: usize,
    pub(super) position: usize,
    /// Name of the column of the positions.
    pub(super) position_name: String,
    /// Names of three real columns that may be forces, and where they start.
    pub(super) vectors: Vec<(String, usize)>,
    pub(super) count: usize,
    /// Whether the comment names them.
    pub(super) named: bool,
}

/// Reads `Properties=name:type:columns:...`; without it there are `species:S:1:pos:R:3`.
pub(super) fn columns(site: &Site<'_>, comment: &Comment) -> Result<Columns> {
    let stated = comment.one(&["properties"]);
    let stated = stated.map_err(|what| site.inconsistent(what))?;
    let spec = stated.unwrap_or("species:S:1:pos:R:3");
    let parts: Vec<&str> = spec.split(':').collect();
    let (mut species, mut number) = (None, None);
    let mut position: Option<(String, usize)> = None;
    let mut vectors: Vec<(String, usize)> = Vec::new();
    let mut count = 0_usize;
    for part in parts.chunks(3) {
        let width = part.get(2).and_then(|width| width.parse::<usize>().ok());
        let Some(width) = width.filter(|width| (1..=MOST).contains(width)) else {
            return Err(site.corrupt(format!("Properties={spec} is not name:type:columns")));
        };
        let (name, kind) = (part[0], part[1]);
        let is = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        let expect = |wanted: (&str, usize)| {
            if (kind, width) == wanted {
                return Ok(());
            }
            let (kind_wanted, columns) = wanted;
            let what = format!("column {name} is {kind}:{width}, expected {kind_wanted}:{columns}");
            Err(site.inconsistent(what))
        };
        let twice = || Err(site.inconsistent(format!("two columns like {name}")));
        if is(&SPECIES_KEYS) {
            expect(("S", 1))?;
            if species.replace(count).is_some() {
                return twice();
            }
        } else if is(&NUMBER_KEYS) {
            expect(("I", 1))?;
            if number.replace(count).is_some() {
                return twice();
            }
        } else if is(&POSITION_KEYS) {
            expect(("R", 3))?;
            if position.replace((name.to_owned(), count)).is_some() {
                return twice();
            }
        } else {
            if super::keys::names_forces(name) {
                expect(("R", 3))?;
            }
            if (kind, width) == ("R", 3) {
                if vectors
                    .iter()
                    .any(|(known, _)| known.eq_ignore_ascii_case(name))
                {
                    return twice();
                }
                vectors.push((name.to_owned(), count));
            }
        }
        count += width;
        if count > MOST {
            return Err(
                site.unsupported("more than 64 columns", "write only species, pos and forces")
            );
        }
    }
    let (position_name, position) = position.ok_or_else(|| site.absent("column pos"))?;
    Ok(Columns {
        species: species
            .or(number)
            .ok_or_else(|| site.absent("column species"))?,
        position,
        position_name,
        vectors,
        count,
        named: stated.is_some(),
    })
}
