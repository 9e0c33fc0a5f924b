//! Extended XYZ: a count, a comment of `key=value` pairs, one line per atom.
//!
//! `Properties=name:type:columns:...` names the columns (default
//! `species:S:1:pos:R:3`). Periodic frames are refused: the project works on molecules.

use std::collections::HashMap;

use crate::dataset::{Molecule, OpenOptions};
use crate::draft::Draft;
use crate::elements;
use crate::error::{Result, Site};
use crate::units::{EnergyUnit, LengthUnit, Units};

const ENERGY_KEYS: [&str; 6] = [
    "energy",
    "dft_energy",
    "ref_energy",
    "total_energy",
    "potential_energy",
    "e",
];
const FORCE_KEYS: [&str; 5] = ["forces", "force", "dft_forces", "ref_forces", "dft_force"];
const POSITION_KEYS: [&str; 3] = ["pos", "positions", "r"];
const SPECIES_KEYS: [&str; 4] = ["species", "symbol", "element", "symbols"];
const NUMBER_KEYS: [&str; 4] = ["z", "numbers", "atomic_number", "atomic_numbers"];

/// Whether the first line is a count.
pub(super) fn starts_like(bytes: &[u8]) -> bool {
    let line = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    !line.is_empty() && line.iter().all(u8::is_ascii_digit)
}

pub(super) fn read(path: &str, bytes: &[u8], options: &OpenOptions) -> Result<Draft> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()]
            .split(|byte| *byte == b'\n')
            .count();
        Site::new(path, format!("line {line}")).corrupt("not text")
    })?;
    let units = options.units(Units::new(LengthUnit::Angstrom, EnergyUnit::ElectronVolt));
    let mut reader = Reader {
        path,
        rest: text,
        line: 0,
        draft: Draft::new("extended XYZ", units),
        known: HashMap::new(),
    };
    while !reader.rest.trim_start().is_empty() {
        reader.frame()?;
    }
    Ok(reader.draft)
}

struct Reader<'a> {
    path: &'a str,
    rest: &'a str,
    line: usize,
    draft: Draft,
    /// Molecules by atomic numbers, charge and SMILES.
    known: HashMap<(Vec<u8>, i32, Option<String>), usize>,
}

/// Column of each quantity in an atom line.
#[derive(Debug)]
struct Columns {
    species: usize,
    position: usize,
    force: Option<usize>,
    count: usize,
}

impl<'a> Reader<'a> {
    fn site(&self) -> Site<'a> {
        let frame = self.draft.molecule.len();
        Site::new(self.path, format!("frame {frame}, line {}", self.line))
    }

    fn next_line(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        self.line += 1;
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        Some(line.trim_end_matches('\r'))
    }

    fn frame(&mut self) -> Result<()> {
        let line = self.next_line().unwrap_or_default().trim();
        if line.is_empty() {
            return Ok(());
        }
        let atoms: usize = line.parse().map_err(|_| {
            self.site()
                .corrupt(format!("expected a number of atoms, found \"{line}\""))
        })?;
        // The shortest atom line is "H 0 0 0" and a line end.
        if atoms > self.rest.len() / 7 {
            let left = self.rest.len();
            return Err(self
                .site()
                .corrupt(format!("{atoms} atoms but {left} bytes are left")));
        }
        let comment = self.next_line().unwrap_or_default();
        let pairs = pairs(comment).map_err(|what| self.site().corrupt(what))?;
        let site = self.site();
        refuse_periodic(&site, &pairs)?;
        let columns = columns(&site, &pairs)?;
        let first = self.draft.molecule.is_empty();
        self.labels(&site, &pairs, &columns, first)?;

        let mut numbers = Vec::with_capacity(atoms);
        for _ in 0..atoms {
            numbers.push(self.atom(atoms, &columns)?);
        }
        let charge = match find(&pairs, &["charge", "total_charge"]) {
            None => 0,
            Some(value) => integer(value)
                .ok_or_else(|| site.inconsistent(format!("a charge of \"{value}\"")))?,
        };
        let smiles = find(&pairs, &["smiles"]).map(ToOwned::to_owned);
        let next = self.draft.molecules.len();
        let index = *self
            .known
            .entry((numbers.clone(), charge, smiles.clone()))
            .or_insert(next);
        if index == next {
            self.draft.molecules.push(Molecule {
                smiles,
                charge,
                ..Molecule::default()
            });
        }
        self.draft.molecule.push(index);
        self.draft.numbers.extend(numbers);
        self.draft.offset.push(self.draft.numbers.len());
        Ok(())
    }

    /// Energy and the presence of forces: in every frame, or in none.
    fn labels(
        &mut self,
        site: &Site<'_>,
        pairs: &Pairs<'_>,
        columns: &Columns,
        first: bool,
    ) -> Result<()> {
        let energy = match find(pairs, &ENERGY_KEYS) {
            None => None,
            Some(text) => Some(
                text.parse::<f64>()
                    .map_err(|_| site.corrupt(format!("energy \"{text}\" is not a number")))?,
            ),
        };
        if first {
            self.draft.energies = energy.map(|_| Vec::new());
            self.draft.forces = columns.force.map(|_| Vec::new());
        }
        let missing = |here: bool, name| {
            if here {
                site.inconsistent(format!("{name} is absent in the frames before"))
            } else {
                site.absent(name)
            }
        };
        if columns.force.is_some() != self.draft.forces.is_some() {
            return Err(missing(columns.force.is_some(), "column forces"));
        }
        match (&mut self.draft.energies, energy) {
            (Some(all), Some(energy)) => all.push(energy),
            (None, None) => {}
            (_, energy) => return Err(missing(energy.is_some(), "key energy")),
        }
        Ok(())
    }

    fn atom(&mut self, atoms: usize, columns: &Columns) -> Result<u8> {
        let Some(line) = self.next_line() else {
            return Err(self
                .site()
                .corrupt(format!("the file ends inside a frame of {atoms} atoms")));
        };
        let mut fields = [""; MAX_COLUMNS];
        let mut count = 0;
        for field in line.split_ascii_whitespace() {
            if count == columns.count {
                count += 1;
                break;
            }
            fields[count] = field;
            count += 1;
        }
        if count != columns.count {
            let more = if count > columns.count {
                "more"
            } else {
                "fewer"
            };
            return Err(self
                .site()
                .corrupt(format!("{more} than {} columns", columns.count)));
        }
        let vector = |start: usize| -> Result<[f64; 3]> {
            let mut out = [0.0; 3];
            for (value, text) in out.iter_mut().zip(&fields[start..start + 3]) {
                *value = text
                    .parse()
                    .map_err(|_| self.site().corrupt(format!("\"{text}\" is not a number")))?;
            }
            Ok(out)
        };
        let position = vector(columns.position)?;
        let force = columns.force.map(vector).transpose()?;
        let species = fields[columns.species];
        let number = match species.parse::<i64>() {
            Ok(number) => elements::checked(number),
            Err(_) => elements::atomic_number(species),
        };
        let number = number.ok_or_else(|| self.site().element(species))?;
        self.draft.positions.push(position);
        if let (Some(forces), Some(force)) = (&mut self.draft.forces, force) {
            forces.push(force);
        }
        Ok(number)
    }
}

const MAX_COLUMNS: usize = 64;

fn columns(site: &Site<'_>, pairs: &Pairs<'_>) -> Result<Columns> {
    let spec = find(pairs, &["properties"]).unwrap_or("species:S:1:pos:R:3");
    let parts: Vec<&str> = spec.split(':').collect();
    let (mut species, mut number, mut position, mut force) = (None, None, None, None);
    let mut count = 0_usize;
    for part in parts.chunks(3) {
        let width = part.get(2).and_then(|width| width.parse::<usize>().ok());
        let Some(width) = width.filter(|width| (1..=MAX_COLUMNS).contains(width)) else {
            return Err(site.corrupt(format!("Properties={spec} is not name:type:columns")));
        };
        let (name, kind) = (part[0].to_ascii_lowercase(), part[1]);
        let is = |names: &[&str]| names.contains(&name.as_str());
        let (slot, wanted) = if is(&SPECIES_KEYS) {
            (&mut species, Some(("S", 1)))
        } else if is(&NUMBER_KEYS) {
            (&mut number, Some(("I", 1)))
        } else if is(&POSITION_KEYS) {
            (&mut position, Some(("R", 3)))
        } else if is(&FORCE_KEYS) {
            (&mut force, Some(("R", 3)))
        } else {
            (&mut None, None)
        };
        if let Some((kind_wanted, columns)) = wanted {
            if kind != kind_wanted || width != columns {
                let what =
                    format!("column {name} is {kind}:{width}, expected {kind_wanted}:{columns}");
                return Err(site.inconsistent(what));
            }
            if slot.replace(count).is_some() {
                return Err(site.inconsistent(format!("two columns like {name}")));
            }
        }
        count += width;
        if count > MAX_COLUMNS {
            return Err(
                site.unsupported("more than 64 columns", "write only species, pos and forces")
            );
        }
    }
    Ok(Columns {
        species: species
            .or(number)
            .ok_or_else(|| site.absent("column species"))?,
        position: position.ok_or_else(|| site.absent("column pos"))?,
        force,
        count,
    })
}

/// Periodic along any axis: `pbc`, or a lattice without `pbc`, which means all three.
fn refuse_periodic(site: &Site<'_>, pairs: &Pairs<'_>) -> Result<()> {
    let periodic = match find(pairs, &["pbc"]) {
        Some(pbc) => pbc
            .split(|c: char| c.is_whitespace() || c == ',')
            .any(|axis| matches!(axis.to_ascii_lowercase().as_str(), "t" | "true" | "1")),
        None => find(pairs, &["lattice"]).is_some(),
    };
    if periodic {
        let remedy = "use molecules; if this is one, write pbc=\"F F F\"";
        return Err(site.unsupported("the frame is periodic", remedy));
    }
    Ok(())
}

fn integer(text: &str) -> Option<i32> {
    let value: f64 = text.parse().ok()?;
    (value.fract() == 0.0 && value.abs() < 100.0).then_some(value as i32)
}

/// Keys in lower case with their values, in the order of the line.
type Pairs<'a> = Vec<(String, &'a str)>;

/// The value of the first of `names` that occurs.
fn find<'a>(pairs: &Pairs<'a>, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| {
        pairs
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| *value)
    })
}

/// Split a comment line. Values may be quoted, or in brackets or braces.
fn pairs(comment: &str) -> std::result::Result<Pairs<'_>, String> {
    let mut out = Vec::new();
    let mut rest = comment.trim();
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| c.is_whitespace() || c == '=')
            .unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let Some(after) = after.strip_prefix('=') else {
            // A bare word is free text or a flag.
            rest = after.trim_start();
            continue;
        };
        let (value, after) =
            value(after).ok_or_else(|| format!("the value of {key} is not closed"))?;
        out.push((key.to_ascii_lowercase(), value));
        rest = after.trim_start();
    }
    Ok(out)
}

fn value(text: &str) -> Option<(&str, &str)> {
    let close = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => quote,
        Some('{') => '}',
        Some('[') => return bracketed(text),
        _ => return Some(text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))),
    };
    let inside = &text[1..];
    let end = inside.find(close)?;
    Some((&inside[..end], &inside[end + 1..]))
}

/// A value in brackets, which may nest.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&text[1..at], &text[at + 1..]));
        }
    }
    None
}
