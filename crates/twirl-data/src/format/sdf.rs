//! SDF: MDL molfiles V2000 (Dalby et al., J. Chem. Inf. Comput. Sci. 32, 244) with data items.
//!
//! Atoms, bonds, formal charges and the data items `energy`, `forces`, `smiles` and `charge` are
//! read. Stereo marks are not: a molecule here has none but those of its SMILES.

use std::collections::HashMap;
use std::io::BufRead;

use super::described::described;
use super::xyz::{Lines, number};
use crate::draft::Draft;
use crate::elements;
use crate::error::Result;
use crate::molecule::{Bond, BondOrder};
use crate::options::OpenOptions;
use crate::site::Site;
use crate::units::{EnergyUnit, LengthUnit, StatedUnits};

/// Whether the fourth line ends like that of a molfile.
pub(super) fn starts_like(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\n').nth(3).unwrap_or_default();
    line.trim_ascii_end().ends_with(b"V2000") || line.trim_ascii_end().ends_with(b"V3000")
}

/// What tells molecules apart.
type Identity = (Vec<u8>, Vec<(usize, usize, i64)>, Option<String>, i32);

struct Reader<'a> {
    path: &'a str,
    lines: Lines<'a>,
    draft: Draft,
    known: HashMap<Identity, usize>,
}

/// A record as it stands.
#[derive(Default)]
struct Record {
    title: String,
    numbers: Vec<u8>,
    positions: Vec<[f64; 3]>,
    bonds: Vec<Bond>,
    charge: i32,
    items: HashMap<String, String>,
}

pub(super) fn read(path: &str, text: Box<dyn BufRead>, options: &OpenOptions) -> Result<Draft> {
    let usual = StatedUnits::usual(LengthUnit::Angstrom, EnergyUnit::ElectronVolt);
    let mut reader = Reader {
        path,
        lines: Lines::new(path, text),
        draft: Draft::new("SDF", options.units(usual)),
        known: HashMap::new(),
    };
    "atom block".clone_into(&mut reader.draft.positions_place);
    let energy = options.energy_key.as_deref().unwrap_or("energy");
    let forces = options.forces_key.as_deref().unwrap_or("forces");
    while let Some(record) = reader.record()? {
        reader.add(record, energy, forces)?;
    }
    reader.draft.energies.place = format!("data item {energy}");
    reader.draft.forces.place = format!("data item {forces}");
    Ok(reader.draft)
}

impl<'a> Reader<'a> {
    fn site(&self) -> Site<'a> {
        let frame = self.draft.molecule.len();
        Site::new(
            self.path,
            format!("frame {frame}, line {}", self.lines.count),
        )
    }

    fn line(&mut self) -> Result<String> {
        match self.lines.next()? {
            Some(line) => Ok(line.to_owned()),
            None => Err(self.site().corrupt("the file ends inside a record")),
        }
    }

    /// A number in fixed columns.
    fn columns<T: std::str::FromStr>(&self, line: &str, from: usize, to: usize) -> Result<T> {
        let text = line
            .get(from..to.min(line.len()))
            .unwrap_or_default()
            .trim();
        text.parse().map_err(|_| {
            let what = format!("\"{text}\" in columns {} to {to} is no number", from + 1);
            self.site().corrupt(what)
        })
    }

    /// The next record; `None` at the end of the file.
    fn record(&mut self) -> Result<Option<Record>> {
        let Some(title) = self.lines.next()?.map(ToOwned::to_owned) else {
            return Ok(None);
        };
        let mut record = Record {
            title,
            ..Record::default()
        };
        // Blank lines at the end of the file are no record.
        let Some(second) = self.lines.next()?.map(ToOwned::to_owned) else {
            return if record.title.trim().is_empty() {
                Ok(None)
            } else {
                Err(self.site().corrupt("the file ends inside a record"))
            };
        };
        let _ = second;
        self.line()?;
        let counts = self.line()?;
        if counts.trim_end().ends_with("V3000") {
            let remedy = "write V2000, or extended XYZ";
            return Err(self.site().unsupported("a molfile V3000", remedy));
        }
        if !counts.trim_end().ends_with("V2000") {
            return Err(self.site().corrupt("no line of counts that ends in V2000"));
        }
        let (atoms, bonds): (usize, usize) =
            (self.columns(&counts, 0, 3)?, self.columns(&counts, 3, 6)?);
        for _ in 0..atoms {
            self.atom(&mut record)?;
        }
        for _ in 0..bonds {
            self.bond(&mut record)?;
        }
        self.properties(&mut record)?;
        self.items(&mut record)?;
        Ok(Some(record))
    }

    fn atom(&mut self, record: &mut Record) -> Result<()> {
        let line = self.line()?;
        let mut position = [0.0; 3];
        for (axis, value) in position.iter_mut().enumerate() {
            *value = self.columns(&line, 10 * axis, 10 * axis + 10)?;
        }
        let symbol = line.get(31..34.min(line.len())).unwrap_or_default().trim();
        let number = match symbol {
            "D" | "T" => Some(1),
            _ => elements::atomic_number(symbol),
        };
        let number = number.ok_or_else(|| self.site().element(symbol))?;
        // The old code of a charge: 1 is +3, 7 is -3, 4 a doublet radical.
        let code = line.get(36..39.min(line.len())).unwrap_or_default().trim();
        let code: i32 = code.parse().unwrap_or(0);
        if (1..=7).contains(&code) && code != 4 {
            record.charge += 4 - code;
        }
        record.numbers.push(number);
        record.positions.push(position);
        Ok(())
    }

    fn bond(&mut self, record: &mut Record) -> Result<()> {
        let line = self.line()?;
        let ends: [usize; 2] = [self.columns(&line, 0, 3)?, self.columns(&line, 3, 6)?];
        let order: i64 = self.columns(&line, 6, 9)?;
        let atoms = record.numbers.len();
        let inside = ends.iter().all(|end| (1..=atoms).contains(end));
        let order = BondOrder::from_code(order).filter(|_| inside && ends[0] != ends[1]);
        let order = order.ok_or_else(|| {
            let what =
                format!("\"{line}\" is no bond of order 1 to 4 between two of {atoms} atoms");
            self.site().inconsistent(what)
        })?;
        record.bonds.push(Bond {
            first: ends[0].min(ends[1]) - 1,
            second: ends[0].max(ends[1]) - 1,
            order,
        });
        Ok(())
    }

    /// Lines up to `M  END`; `M  CHG` replaces the charges of the atom lines.
    fn properties(&mut self, record: &mut Record) -> Result<()> {
        let mut replaced = false;
        loop {
            let line = self.line()?;
            if line.starts_with("M  END") {
                return Ok(());
            }
            if line.starts_with("$$$$") {
                return Err(self.site().corrupt("a record without M  END"));
            }
            if let Some(list) = line.strip_prefix("M  CHG") {
                if !replaced {
                    (record.charge, replaced) = (0, true);
                }
                let values: Vec<&str> = list.split_ascii_whitespace().skip(1).collect();
                for pair in values.chunks(2) {
                    let charge = pair.get(1).and_then(|text| text.parse::<i32>().ok());
                    record.charge += charge
                        .filter(|charge| charge.abs() <= 15)
                        .ok_or_else(|| self.site().corrupt(format!("\"{line}\"")))?;
                }
            }
        }
    }

    /// Data items up to `$$$$`.
    fn items(&mut self, record: &mut Record) -> Result<()> {
        let mut name: Option<String> = None;
        while let Some(line) = self.lines.next()? {
            if line.starts_with("$$$$") {
                break;
            }
            if line.starts_with('>') {
                let inside = line
                    .split_once('<')
                    .and_then(|(_, rest)| rest.split_once('>'));
                name = inside.map(|(inside, _)| inside.to_lowercase());
                continue;
            }
            if let Some(name) = &name {
                let value = record.items.entry(name.clone()).or_default();
                if !value.is_empty() && !line.is_empty() {
                    value.push('\n');
                }
                value.push_str(line);
            }
        }
        Ok(())
    }

    fn add(&mut self, record: Record, energy: &str, forces: &str) -> Result<()> {
        let site = self.site();
        let count = record.numbers.len();
        let item = |name: &str| {
            record
                .items
                .get(&name.to_lowercase())
                .map(|text| text.trim())
        };
        let parse = |name: &str| -> Result<Option<Vec<f64>>> {
            let Some(text) = item(name) else {
                return Ok(None);
            };
            let values: Option<Vec<f64>> = text.split_ascii_whitespace().map(number).collect();
            let values = values.filter(|values| !values.is_empty());
            let wrong = || site.corrupt(format!("data item {name} holds no numbers"));
            values.map(Some).ok_or_else(wrong)
        };
        let energies = parse(energy)?;
        if let Some(values) = energies.as_ref().filter(|values| values.len() != 1) {
            let site = site.inside(&format!("data item {energy}"));
            return Err(site.shape(&[values.len()], "[1]"));
        }
        let vectors = parse(forces)?;
        if let Some(values) = vectors.as_ref().filter(|values| values.len() != 3 * count) {
            let site = site.inside(&format!("data item {forces}"));
            return Err(site.shape(&[values.len()], &format!("[{}]", 3 * count)));
        }
        let vectors = vectors.map(|values| values.as_chunks::<3>().0.to_vec());
        let missing = [f64::NAN; 3];
        self.draft
            .forces
            .push(vectors.as_deref(), 1, count, missing);
        self.draft
            .energies
            .push(energies.as_deref(), 1, 1, f64::NAN);
        let charge = match item("charge") {
            Some(text) => {
                let value = text.parse::<i32>();
                value.map_err(|_| site.inconsistent(format!("a charge of \"{text}\"")))?
            }
            None => record.charge,
        };
        let smiles = item("smiles").filter(|text| !text.is_empty());
        let smiles = smiles.map(ToOwned::to_owned);
        let bonds = record.bonds.iter();
        let bonds = bonds.map(|bond| (bond.first, bond.second, bond.order.code()));
        let identity = (
            record.numbers.clone(),
            bonds.collect(),
            smiles.clone(),
            charge,
        );
        let next = self.draft.molecules.len();
        let index = *self.known.entry(identity).or_insert(next);
        if index == next {
            let mut molecule = described(&site, smiles, Some(charge), &record.numbers)?;
            if !record.bonds.is_empty() {
                molecule.bonds = record.bonds;
            }
            let title = record.title.trim();
            molecule.name = Some(title.to_owned()).filter(|title| !title.is_empty());
            self.draft.molecules.push(molecule);
        }
        self.draft.molecule.push(index);
        self.draft.numbers.extend(record.numbers);
        self.draft.positions.extend(record.positions);
        self.draft.offset.push(self.draft.numbers.len());
        Ok(())
    }
}
