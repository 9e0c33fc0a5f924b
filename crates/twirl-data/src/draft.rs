//! What a reader hands over, and the common path from there to a data set.

use crate::checks;
use crate::dataset::{Contents, Molecule, OpenOptions};
use crate::elements;
use crate::error::{DataError, Result, Site};
use crate::split::{self, Split};
use crate::units::{Quantity, Units};

/// Records as read, in the units of the file.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) name: Option<String>,
    pub(crate) format: &'static str,
    pub(crate) level: Option<String>,
    pub(crate) licence: Option<String>,
    pub(crate) units: Units,
    /// First atom of each frame, then the number of atoms.
    pub(crate) offset: Vec<usize>,
    pub(crate) numbers: Vec<u8>,
    pub(crate) positions: Vec<[f64; 3]>,
    pub(crate) forces: Option<Vec<[f64; 3]>>,
    pub(crate) energies: Option<Vec<f64>>,
    pub(crate) molecule: Vec<usize>,
    pub(crate) molecules: Vec<Molecule>,
    pub(crate) split: Option<Vec<Split>>,
}

impl Draft {
    pub(crate) fn new(format: &'static str, units: Units) -> Self {
        Self {
            name: None,
            format,
            level: None,
            licence: None,
            units,
            offset: vec![0],
            numbers: Vec::new(),
            positions: Vec::new(),
            forces: None,
            energies: None,
            molecule: Vec::new(),
            molecules: Vec::new(),
            split: None,
        }
    }

    /// Check, convert and split.
    pub(crate) fn finish(
        mut self,
        path: &str,
        sha256: String,
        options: &OpenOptions,
    ) -> Result<Contents> {
        let left_out = match options.max_atoms {
            Some(limit) => self.keep_up_to(limit),
            None => 0,
        };
        if self.molecule.is_empty() {
            let what = match options.max_atoms {
                Some(limit) if left_out > 0 => format!("frame of at most {limit} atoms"),
                _ => "frame".to_owned(),
            };
            return Err(DataError::Empty {
                path: path.to_owned(),
                what,
            });
        }
        self.drop_unused_molecules();
        self.check_structure(path)?;
        self.check_finite(path)?;
        self.convert();
        let fallback = fallback_name(path);
        let mut contents = Contents {
            name: self.name.take().unwrap_or(fallback),
            path: path.to_owned(),
            format: self.format,
            sha256,
            level: self.level,
            licence: self.licence,
            units: self.units,
            offset: self.offset,
            numbers: self.numbers,
            positions: self.positions,
            forces: self.forces,
            energies: self.energies,
            molecule: self.molecule,
            molecules: self.molecules,
            parts: split::Parts::default(),
            split_rule: String::new(),
            left_out,
        };
        checks::plausible(&contents)?;
        let (parts, mut rule) = if let Some(labels) = &self.split {
            (split::parts(labels), "from file".to_owned())
        } else {
            split::derive(path, &contents.molecules, &contents.molecule)?
        };
        for (part, name) in parts.iter().zip(["train", "validation", "test"]) {
            if part.is_empty() {
                return Err(DataError::Empty {
                    path: path.to_owned(),
                    what: format!("{name} frame"),
                });
            }
        }
        if left_out > 0 {
            rule = format!("{rule}; {left_out} frames left out by the limit on atoms");
        }
        contents.parts = parts;
        contents.split_rule = rule;
        Ok(contents)
    }

    fn frames(&self) -> usize {
        self.molecule.len()
    }

    fn size(&self, frame: usize) -> usize {
        self.offset[frame + 1] - self.offset[frame]
    }

    fn site<'a>(&self, path: &'a str, frame: usize) -> Site<'a> {
        frame_site(path, frame, &self.molecules[self.molecule[frame]])
    }

    /// Keep the frames of at most `limit` atoms; returns how many were left out.
    fn keep_up_to(&mut self, limit: usize) -> usize {
        let keep: Vec<bool> = (0..self.frames())
            .map(|frame| self.size(frame) <= limit)
            .collect();
        let left_out = keep.iter().filter(|kept| !**kept).count();
        if left_out == 0 {
            return 0;
        }
        let sizes: Vec<usize> = (0..self.frames()).map(|frame| self.size(frame)).collect();
        let mut by_atom = keep
            .iter()
            .zip(&sizes)
            .flat_map(|(&kept, &size)| vec![kept; size]);
        let by_atom: Vec<bool> = by_atom.by_ref().collect();
        select(&mut self.numbers, &by_atom);
        select(&mut self.positions, &by_atom);
        if let Some(forces) = &mut self.forces {
            select(forces, &by_atom);
        }
        if let Some(energies) = &mut self.energies {
            select(energies, &keep);
        }
        if let Some(labels) = &mut self.split {
            select(labels, &keep);
        }
        select(&mut self.molecule, &keep);
        self.offset = vec![0];
        let mut end = 0;
        for (size, _) in sizes.iter().zip(&keep).filter(|(_, kept)| **kept) {
            end += size;
            self.offset.push(end);
        }
        left_out
    }

    fn drop_unused_molecules(&mut self) {
        let mut used = vec![false; self.molecules.len()];
        self.molecule
            .iter()
            .for_each(|&molecule| used[molecule] = true);
        let mut renamed = vec![0; used.len()];
        let mut next = 0;
        for (molecule, &kept) in used.iter().enumerate() {
            renamed[molecule] = next;
            next += usize::from(kept);
        }
        select(&mut self.molecules, &used);
        self.molecule
            .iter_mut()
            .for_each(|molecule| *molecule = renamed[*molecule]);
    }

    /// Every frame has atoms, and all frames of a molecule have the same ones.
    fn check_structure(&mut self, path: &str) -> Result<()> {
        let mut first: Vec<Option<usize>> = vec![None; self.molecules.len()];
        for frame in 0..self.frames() {
            let site = self.site(path, frame);
            let numbers = &self.numbers[self.offset[frame]..self.offset[frame + 1]];
            if numbers.is_empty() {
                return Err(site.inconsistent("a frame without atoms"));
            }
            let molecule = self.molecule[frame];
            match first[molecule] {
                None => {
                    first[molecule] = Some(frame);
                    if let Some(bad) = numbers.iter().find(|n| elements::symbol(**n).is_none()) {
                        return Err(site.element(bad));
                    }
                    let bonds = &self.molecules[molecule].bonds;
                    let outside = bonds.iter().find(|bond| {
                        bond.first.max(bond.second) >= numbers.len() || bond.first == bond.second
                    });
                    if let Some(bond) = outside {
                        return Err(site.inconsistent(format!(
                            "a bond joins atoms {} and {} of {}",
                            bond.first,
                            bond.second,
                            numbers.len()
                        )));
                    }
                    self.molecules[molecule].formula = formula(numbers);
                }
                Some(earlier) => {
                    let known = &self.numbers[self.offset[earlier]..self.offset[earlier + 1]];
                    if known != numbers {
                        return Err(site.inconsistent(format!(
                            "its {} atoms differ from the {} atoms of frame {earlier} of the same \
                             molecule",
                            numbers.len(),
                            known.len()
                        )));
                    }
                }
            }
        }
        Ok(())
    }

    fn check_finite(&self, path: &str) -> Result<()> {
        let frame_of = |atom: usize| self.offset.partition_point(|&start| start <= atom) - 1;
        let vectors = |values: &[[f64; 3]], quantity| match values
            .iter()
            .enumerate()
            .find(|(_, v)| !v.iter().all(|x| x.is_finite()))
        {
            Some((atom, vector)) => {
                let frame = frame_of(atom);
                let part = format!("atom {}", atom - self.offset[frame]);
                let value = vector.iter().copied().find(|x| !x.is_finite());
                let value = value.unwrap_or(f64::NAN);
                Err(self
                    .site(path, frame)
                    .inside(&part)
                    .not_finite(quantity, value))
            }
            None => Ok(()),
        };
        vectors(&self.positions, Quantity::Position)?;
        vectors(self.forces.as_deref().unwrap_or_default(), Quantity::Force)?;
        let energies = self.energies.as_deref().unwrap_or_default();
        match energies.iter().position(|energy| !energy.is_finite()) {
            Some(frame) => Err(self
                .site(path, frame)
                .not_finite(Quantity::Energy, energies[frame])),
            None => Ok(()),
        }
    }

    fn convert(&mut self) {
        let scale = |values: &mut [[f64; 3]], factor: f64| {
            if factor != 1.0 {
                values
                    .as_flattened_mut()
                    .iter_mut()
                    .for_each(|value| *value *= factor);
            }
        };
        scale(&mut self.positions, self.units.length.in_angstrom());
        if let Some(forces) = &mut self.forces {
            scale(forces, self.units.force.in_electron_volt_per_angstrom());
        }
        let factor = self.units.energy.in_electron_volt();
        self.energies
            .iter_mut()
            .flatten()
            .for_each(|energy| *energy *= factor);
    }
}

/// Where frame `frame` is, for an error.
pub(crate) fn frame_site<'a>(path: &'a str, frame: usize, molecule: &Molecule) -> Site<'a> {
    let record = match &molecule.name {
        Some(name) => format!("frame {frame} (molecule {name})"),
        None => format!("frame {frame}"),
    };
    Site::new(path, record)
}

fn select<T>(values: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    values.retain(|_| keep.next().copied().unwrap_or(false));
}

/// Formula in Hill order: C, H, then alphabetical; without C all alphabetical.
fn formula(numbers: &[u8]) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for symbol in numbers
        .iter()
        .filter_map(|&number| elements::symbol(number))
    {
        *counts.entry(symbol).or_insert(0_usize) += 1;
    }
    let first: &[&str] = if counts.contains_key("C") {
        &["C", "H"]
    } else {
        &[]
    };
    let rest: Vec<&str> = counts
        .keys()
        .copied()
        .filter(|s| !first.contains(s))
        .collect();
    let parts = first.iter().chain(&rest).filter_map(|symbol| {
        counts.get(symbol).map(|&count| match count {
            1 => (*symbol).to_owned(),
            _ => format!("{symbol}{count}"),
        })
    });
    parts.collect()
}

fn fallback_name(path: &str) -> String {
    let stem = std::path::Path::new(path).file_stem();
    stem.map_or_else(
        || path.to_owned(),
        |stem| stem.to_string_lossy().into_owned(),
    )
}
