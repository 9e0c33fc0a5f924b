//! Frame by frame into a draft.

use std::collections::HashMap;
use std::io::BufRead;
use std::sync::Arc;

use super::columns::{Columns, columns};
use super::comment::Comment;
use super::keys::{Chosen, choose};
use super::lines::Lines;
use super::number::number;
use super::rows::{Head, Waiting};
use super::{periodic, units};
use crate::draft::Draft;
use crate::error::Result;
use crate::format::described::described;
use crate::molecule::{Bond, BondOrder};
use crate::options::OpenOptions;
use crate::site::Site;
use crate::units::{EnergyUnit, LengthUnit, StatedUnits};

/// Bytes that an atom takes in memory: its number, a position and a force.
const ATOM: u64 = 49;

/// Whether the first line that is not blank is a count.
pub(in crate::format) fn starts_like(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let line = lines.find(|line| !line.is_empty()).unwrap_or_default();
    !line.is_empty() && line.iter().all(u8::is_ascii_digit)
}

pub(in crate::format) fn read(
    path: &str,
    text: Box<dyn BufRead>,
    options: &OpenOptions,
) -> Result<Draft> {
    let usual = StatedUnits::usual(LengthUnit::Angstrom, EnergyUnit::ElectronVolt);
    let mut reader = Reader {
        path,
        options,
        lines: Lines::new(path, text),
        draft: Draft::new("extended XYZ", options.units(usual)),
        chosen: None,
        known: HashMap::new(),
        frames: 0,
        atoms: 0,
        waiting: Waiting::default(),
        numbers: Vec::new(),
    };
    loop {
        let more = reader.frame();
        // What is wrong in the lines before comes first.
        if reader.waiting.full() || !matches!(more, Ok(true)) {
            reader.take()?;
        }
        if !more? {
            break;
        }
    }
    let draft = reader.draft;
    let asked = [
        (&options.energy_key, draft.energies.any(), "key"),
        (&options.forces_key, draft.forces.any(), "column"),
    ];
    for (key, found, what) in asked {
        if let (Some(key), false) = (key, found) {
            let site = Site::new(path, "all frames");
            return Err(site.absent(&format!("{what} {key}")));
        }
    }
    Ok(draft)
}

/// What tells molecules apart: atomic numbers, charge and SMILES.
type Identity = (Vec<u8>, Option<i32>, Option<String>);

struct Reader<'a> {
    path: &'a str,
    options: &'a OpenOptions,
    lines: Lines<'a>,
    draft: Draft,
    /// Keys of the labels, from the first frame that has any.
    chosen: Option<Chosen>,
    known: HashMap<Identity, usize>,
    /// Frames begun, and atoms in those before.
    frames: usize,
    atoms: u64,
    /// Atom lines that are not in the draft yet.
    waiting: Waiting<'a>,
    /// Atomic numbers of the frame whose lines are being taken.
    numbers: Vec<u8>,
}

impl<'a> Reader<'a> {
    fn site(&self) -> Site<'a> {
        let record = format!("frame {}, line {}", self.frames, self.lines.count);
        Site::new(self.path, record)
    }

    /// Reads a frame, whose atoms then wait; `false` at the end of the file. Blank lines may stand between
    /// frames.
    fn frame(&mut self) -> Result<bool> {
        let atoms = loop {
            let Some(line) = self.lines.next()? else {
                return Ok(false);
            };
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            if let Ok(atoms) = line.parse::<u64>() {
                break atoms;
            }
            let what = format!("expected a number of atoms, found \"{line}\"");
            return Err(self.site().corrupt(what));
        };
        let held = self.atoms.saturating_mul(ATOM);
        if held.saturating_add(atoms.saturating_mul(ATOM)) > self.options.budget() {
            return Err(self.site().too_large(
                format!("{atoms} atoms"),
                format!("{} bytes of arrays", self.options.budget()),
                "give more, if they are there: --max-bytes, or use a part of the set",
            ));
        }
        let comment = self.lines.next()?.unwrap_or_default().to_owned();
        let site = self.site();
        if is_qm9(&comment) {
            return Err(site.unsupported(
                "this is QM9's own layout, whose properties have no names",
                "convert it: python data-scripts/convert_qm9.py FOLDER OUT.h5",
            ));
        }
        let length = comment.len();
        let comment = Comment::parse(&comment).map_err(|what| site.corrupt(what))?;
        periodic::refuse(&site, &comment)?;
        self.units(&site, &comment)?;
        let columns = columns(&site, &comment)?;
        let force = self.labels(&site, &comment, &columns)?;
        let head = Arc::new(Head {
            frame: self.frames,
            site,
            comment,
            columns,
            force,
        });
        self.waiting.begin(&head, length, self.lines.count + 1);
        for _ in 0..atoms {
            if self.waiting.full() {
                self.take()?;
            }
            let at = self.lines.count + 1;
            let Some(line) = self.lines.next()? else {
                let what = format!("the file ends inside a frame of {atoms} atoms");
                return Err(self.site().corrupt(what));
            };
            self.waiting.push(&head, at, line);
        }
        self.waiting.end(&head, self.lines.count + 1);
        self.frames += 1;
        self.atoms += atoms;
        Ok(true)
    }

    /// Takes what waits into the draft, in the order of the file.
    fn take(&mut self) -> Result<()> {
        for rows in self.waiting.read() {
            let rows = rows?;
            self.draft.positions.extend(rows.positions);
            self.draft.forces.values.extend(rows.forces);
            self.numbers.extend(rows.numbers);
            if rows.last {
                let numbers = std::mem::take(&mut self.numbers);
                if rows.of.force.is_none() {
                    let forces = &mut self.draft.forces;
                    forces.push(None, 1, numbers.len(), [f64::NAN; 3]);
                } else {
                    self.draft.forces.present.push(true);
                }
                self.molecule(&rows.of.site, &rows.of.comment, numbers)?;
            }
        }
        Ok(())
    }

    /// All frames have the same units.
    fn units(&mut self, site: &Site<'_>, comment: &Comment) -> Result<()> {
        let units = self
            .options
            .units(units::stated(site, comment, self.options)?);
        if self.frames == 0 {
            self.draft.units = units;
        } else if self.draft.units != units {
            let (these, before) = (units.units(), self.draft.units.units());
            return Err(site.inconsistent(format!(
                "units {}, {}, {} differ from those of the frames before, {}, {}, {}",
                these.length, these.energy, these.force, before.length, before.energy, before.force
            )));
        }
        Ok(())
    }

    /// Chooses the keys of the labels, reads the energy, and says in which column forces start.
    fn labels(
        &mut self,
        site: &Site<'_>,
        comment: &Comment,
        columns: &Columns,
    ) -> Result<Option<usize>> {
        let mut keys: Vec<String> = Vec::new();
        for pair in &comment.pairs {
            if !keys.iter().any(|key| key.eq_ignore_ascii_case(&pair.key)) {
                keys.push(pair.key.clone());
            }
        }
        let vectors: Vec<String> = columns
            .vectors
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        let asked = (
            self.options.energy_key.as_deref(),
            self.options.forces_key.as_deref(),
        );
        let mut chosen = choose(&keys, &vectors, asked).map_err(|what| {
            site.unsupported(what, "choose with --energy-key KEY and --forces-key COLUMN")
        })?;
        if let Some(before) = &self.chosen {
            same_key(&mut chosen.energy, before.energy.as_deref(), &keys)
                .map_err(|w| differ(site, &w))?;
            same_key(&mut chosen.forces, before.forces.as_deref(), &vectors)
                .map_err(|w| differ(site, &w))?;
        }
        let energy =
            match &chosen.energy {
                None => None,
                Some(key) => {
                    let text = comment
                        .one(&[key])
                        .map_err(|what| site.inconsistent(what))?;
                    let text = text.unwrap_or_default();
                    let value = number(text.trim().trim_end_matches(','));
                    Some(value.ok_or_else(|| {
                        site.corrupt(format!("energy \"{text}\" is not a number"))
                    })?)
                }
            };
        let energies = &mut self.draft.energies;
        energies.push(energy.map(|e| [e]).as_ref().map(|e| &e[..]), 1, 1, f64::NAN);
        let force = chosen.forces.as_ref().and_then(|name| {
            let column = columns.vectors.iter().find(|(known, _)| known == name);
            column.map(|(_, start)| *start)
        });
        let known = self.chosen.get_or_insert_default();
        if let Some(key) = chosen.energy {
            self.draft.energies.place = format!("key {key}");
            known.energy.get_or_insert(key);
        }
        if let Some(name) = chosen.forces {
            self.draft.forces.place = format!("column {name}");
            known.forces.get_or_insert(name);
        }
        if self.draft.positions_place.is_empty() {
            self.draft.positions_place = format!("column {}", columns.position_name);
        }
        Ok(force)
    }

    fn molecule(&mut self, site: &Site<'_>, comment: &Comment, numbers: Vec<u8>) -> Result<()> {
        let one = |names: &[&str]| comment.one(names).map_err(|what| site.inconsistent(what));
        let charge = match one(&["charge", "total_charge", "tot_charge"])? {
            None => None,
            Some(value) => Some(
                integer(value)
                    .ok_or_else(|| site.inconsistent(format!("a charge of \"{value}\"")))?,
            ),
        };
        let smiles = one(&["smiles"])?.filter(|text| !text.is_empty());
        let smiles = smiles.map(ToOwned::to_owned);
        let next = self.draft.molecules.len();
        let identity = (numbers.clone(), charge, smiles.clone());
        let index = *self.known.entry(identity).or_insert(next);
        if index == next {
            let mut molecule = described(site, smiles, charge, &numbers)?;
            if molecule.bonds.is_empty()
                && let Some(text) = one(&["bonds"])?
            {
                molecule.bonds = bonds(text).unwrap_or_default();
            }
            self.draft.molecules.push(molecule);
        }
        self.draft.molecule.push(index);
        self.draft.numbers.extend(numbers);
        self.draft.offset.push(self.draft.numbers.len());
        Ok(())
    }
}

/// A frame takes the key of the frames before, where it has it.
fn same_key(
    chosen: &mut Option<String>,
    before: Option<&str>,
    there: &[String],
) -> std::result::Result<(), String> {
    match (chosen.as_ref(), before) {
        (Some(key), Some(before)) if !key.eq_ignore_ascii_case(before) => {
            let Some(same) = there.iter().find(|key| key.eq_ignore_ascii_case(before)) else {
                return Err(format!(
                    "labels under {key}, in the frames before under {before}"
                ));
            };
            *chosen = Some(same.clone());
            Ok(())
        }
        _ => Ok(()),
    }
}

fn differ(site: &Site<'_>, what: &str) -> crate::error::DataError {
    site.unsupported(what, "choose with --energy-key KEY and --forces-key COLUMN")
}

/// `gdb`, an index, and properties: the comment of QM9's files.
fn is_qm9(comment: &str) -> bool {
    let mut words = comment.split_ascii_whitespace();
    words.next() == Some("gdb")
        && words.next().is_some_and(|word| word.parse::<u32>().is_ok())
        && words.all(|word| number(word).is_some())
}

fn integer(text: &str) -> Option<i32> {
    let value = number(text)?;
    (value.fract() == 0.0 && value.abs() < 100.0).then_some(value as i32)
}

/// Bonds as [`crate::write_extxyz`] writes them: `_JSON [[first, second, order], ...]`; `None` for
/// what other programs keep under the same key.
fn bonds(text: &str) -> Option<Vec<Bond>> {
    let rows = text.strip_prefix("_JSON")?.trim();
    let rows = rows.strip_prefix('[')?.strip_suffix(']')?.trim();
    let row = |row: &str| {
        let row = row
            .trim()
            .trim_start_matches(',')
            .trim()
            .strip_prefix('[')?;
        let values: Option<Vec<i64>> = row.split(',').map(|x| x.trim().parse().ok()).collect();
        let [first, second, order] = values?[..] else {
            return None;
        };
        Some(Bond {
            first: usize::try_from(first).ok()?,
            second: usize::try_from(second).ok()?,
            order: BondOrder::from_code(order)?,
        })
    };
    rows.split_inclusive(']')
        .map(|part| row(part.trim_end_matches(']')))
        .collect()
}
