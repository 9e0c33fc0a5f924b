//! Archives of numpy arrays: rMD17 (Christensen and von Lilienfeld, arXiv 2007.09593) and MD17 in
//! angstrom and kcal/mol; sGDML's (Chmiela et al., Comput. Phys. Commun. 240, 38), which state
//! their units; `PhysNet`'s (Unke and Meuwly, JCTC 15, 3678) in angstrom and eV, padded with zeros.

use std::collections::HashMap;
use std::io::Read;

use zip::ZipArchive;

use super::hdf5::DEFLATE_RATIO;
use super::npy::{Array, Header};
use super::number::triples;
use crate::draft::Draft;
use crate::elements;
use crate::error::Result;
use crate::molecule::Molecule;
use crate::options::OpenOptions;
use crate::site::Site;
use crate::source::{ReadSeek, Source};
use crate::units::{By, EnergyUnit, LengthUnit, StatedUnits};

/// A zip archive of `.npy` files.
pub(super) struct Archive<'a> {
    source: &'a Source,
    /// Bytes of arrays that may still be held.
    budget: u64,
    zip: ZipArchive<Box<dyn ReadSeek>>,
}

/// An array in an archive.
pub(super) struct Member<'m, 'a> {
    site: Site<'a>,
    header: Header,
    stored: u64,
    budget: &'m mut u64,
    reader: Box<dyn Read + 'm>,
}

impl<'a> Archive<'a> {
    pub(super) fn open(source: &'a Source, budget: u64) -> Result<Self> {
        let zip = ZipArchive::new(source.reader()?);
        let zip = zip.map_err(|error| Site::new(&source.path, "zip directory").corrupt(error))?;
        Ok(Self {
            source,
            budget,
            zip,
        })
    }

    fn site(&self, name: &str) -> Site<'a> {
        Site::new(&self.source.path, format!("array {name}"))
    }

    /// Names of the arrays.
    pub(super) fn names(&self) -> Result<Vec<String>> {
        let site = Site::new(&self.source.path, "zip directory");
        let names = self.zip.file_names().map(|name| {
            let name = name.map_err(|error| site.corrupt(error))?;
            Ok(name.trim_end_matches(".npy").to_owned())
        });
        names.collect()
    }

    pub(super) fn holds(&self, name: &str) -> bool {
        self.zip.index_for_name(&format!("{name}.npy")).is_some()
    }

    /// Opens an array up to its data.
    pub(super) fn member(&mut self, name: &str) -> Result<Member<'_, 'a>> {
        let site = self.site(name);
        let index = self.zip.index_for_name(&format!("{name}.npy"));
        let index = index.or_else(|| self.zip.index_for_name(name));
        let index = index.ok_or_else(|| site.absent("the array"))?;
        let entry = self.zip.by_index(index);
        let mut entry = entry.map_err(|error| site.corrupt(error))?;
        let claimed = entry.size();
        let length = self.source.length();
        let bound = length.saturating_mul(DEFLATE_RATIO);
        if claimed > bound {
            return Err(site.too_large(
                format!("{claimed} bytes"),
                format!("{bound} bytes for a file of {length}"),
                "the file is damaged or truncated: fetch it again",
            ));
        }
        let mut counted = Counted {
            reader: &mut entry,
            count: 0,
        };
        let header = Header::read(&site, &mut counted)?;
        let stored = claimed.saturating_sub(counted.count);
        Ok(Member {
            site,
            header,
            stored,
            budget: &mut self.budget,
            reader: Box::new(entry),
        })
    }

    /// Numbers of the first array of these names that is there.
    fn first(
        &mut self,
        names: &[&str],
        expect: impl FnOnce(&Site<'_>, &[usize]) -> Result<()>,
    ) -> Result<Option<(String, Array)>> {
        let Some(&name) = names.iter().find(|name| self.holds(name)) else {
            return Ok(None);
        };
        let site = self.site(name);
        let array = self.member(name)?.numbers(|shape| expect(&site, shape))?;
        Ok(Some((name.to_owned(), array)))
    }

    fn required<T>(&self, name: &str, found: Option<T>) -> Result<T> {
        let site = Site::new(&self.source.path, "archive");
        found.ok_or_else(|| site.absent(&format!("array {name}")))
    }

    fn text(&mut self, name: &str) -> Result<Option<String>> {
        if !self.holds(name) {
            return Ok(None);
        }
        Ok(self.member(name)?.text())
    }
}

impl Member<'_, '_> {
    /// The text, if the array is one string.
    pub(super) fn text(&mut self) -> Option<String> {
        let text = self.header.is_text();
        text.then(|| self.header.one_text(&mut self.reader))?
    }

    /// The numbers; `expect` sees the shape first.
    pub(super) fn numbers(mut self, expect: impl FnOnce(&[usize]) -> Result<()>) -> Result<Array> {
        let (header, reader) = (&self.header, &mut self.reader);
        let array = header.numbers(&self.site, reader, self.stored, *self.budget, expect)?;
        *self.budget -= (array.values.len() * size_of::<f64>()) as u64;
        Ok(array)
    }
}

/// A reader that counts.
struct Counted<'r> {
    reader: &'r mut dyn Read,
    count: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.count += count as u64;
        Ok(count)
    }
}

/// Units that the archive states, as sGDML's do, unless an option stands above them.
fn stated(
    archive: &mut Archive<'_>,
    usual: EnergyUnit,
    options: &OpenOptions,
) -> Result<StatedUnits> {
    let mut length = (LengthUnit::Angstrom, By::Format);
    let mut energy = (usual, By::Format);
    let remedy = "give --length-unit or --energy-unit, or correct the text";
    if options.length_unit.is_none()
        && let Some(text) = archive.text("r_unit")?
    {
        let unit = text.parse();
        let site = archive.site("r_unit");
        length = (unit.map_err(|e| site.unsupported(e, remedy))?, By::File);
    }
    if options.energy_unit.is_none()
        && let Some(text) = archive.text("e_unit")?
    {
        let unit = text.parse();
        let site = archive.site("e_unit");
        energy = (unit.map_err(|e| site.unsupported(e, remedy))?, By::File);
    }
    Ok(StatedUnits::stated(length, energy, None))
}

fn expect(site: &Site<'_>, found: &[usize], allowed: &[&[usize]]) -> Result<()> {
    if allowed.contains(&found) {
        return Ok(());
    }
    let list: Vec<String> = allowed.iter().map(|shape| format!("{shape:?}")).collect();
    Err(site.shape(found, &list.join(" or ")))
}

pub(super) fn read(source: &Source, options: &OpenOptions) -> Result<Draft> {
    let mut archive = Archive::open(source, options.budget())?;
    let padded = archive.holds("N") && archive.holds("Z");
    let usual = if padded {
        EnergyUnit::ElectronVolt
    } else {
        EnergyUnit::KilocaloriePerMole
    };
    let units = stated(&mut archive, usual, options)?;
    let mut draft = Draft::new("npz", options.units(units));
    draft.name = archive.text("name")?.filter(|name| !name.is_empty());
    draft.level = archive.text("theory")?.filter(|level| level != "unknown");
    if archive.holds("old_energies") {
        draft.format = "rMD17 npz";
        draft.level = Some("PBE/def2-SVP".to_owned());
    }
    if padded {
        draft.format = "PhysNet npz";
    }

    let found = archive.first(&["coords", "R"], |site, shape| match shape {
        [_, _, 3] => Ok(()),
        _ => Err(site.shape(shape, "[frames, atoms, 3]")),
    })?;
    let (name, positions) = archive.required("coords", found)?;
    draft.positions_place = format!("array {name}");
    let (frames, atoms) = (positions.shape[0], positions.shape[1]);
    let numbers = numbers(&mut archive, frames, atoms, padded)?;
    let forces = labels(
        &mut archive,
        options.forces_key.as_deref(),
        &["forces", "F"],
        &[&[frames, atoms, 3]],
    )?;
    let energies = labels(
        &mut archive,
        options.energy_key.as_deref(),
        &["energies", "E"],
        &[&[frames], &[frames, 1]],
    )?;
    let mut charges = None;
    if padded {
        charges = archive.first(&["Q"], |site, shape| {
            expect(site, shape, &[&[frames], &[frames, 1]])
        })?;
    }
    if let Some((name, array)) = energies {
        draft.energies.place = format!("array {name}");
        let energies = &mut draft.energies;
        energies.push(Some(&array.values), frames, 0, f64::NAN);
    }
    let forces = forces.map(|(name, array)| {
        draft.forces.place = format!("array {name}");
        array.values
    });
    let content = Content {
        atoms,
        numbers,
        positions: triples(&positions.values),
        forces: forces.as_deref().map(triples),
        charges: charges.map(|(_, charges)| charges.values),
    };
    content.fill(&mut draft, &archive.site("numbers"))?;
    Ok(draft)
}

/// Atomic numbers of all frames; zero where a padded frame has no atom.
fn numbers(
    archive: &mut Archive<'_>,
    frames: usize,
    atoms: usize,
    padded: bool,
) -> Result<Vec<u8>> {
    let found = archive.first(&["nuclear_charges", "z", "Z"], |site, shape| {
        expect(site, shape, &[&[atoms], &[frames, atoms]])
    })?;
    let (name, array) = archive.required("nuclear_charges", found)?;
    let site = archive.site(&name);
    let known = |&number: &f64| {
        let whole = (number.fract() == 0.0).then_some(number as i64);
        let empty = (padded && number == 0.0).then_some(0);
        whole
            .and_then(elements::checked)
            .or(empty)
            .ok_or_else(|| site.element(number))
    };
    let numbers: Vec<u8> = array.values.iter().map(known).collect::<Result<_>>()?;
    Ok(match array.shape.len() {
        1 => numbers.repeat(frames),
        _ => numbers,
    })
}

/// Labels under a key that was asked for, else under one of the usual names.
fn labels(
    archive: &mut Archive<'_>,
    asked: Option<&str>,
    usual: &[&str],
    shapes: &[&[usize]],
) -> Result<Option<(String, Array)>> {
    let check = |site: &Site<'_>, shape: &[usize]| expect(site, shape, shapes);
    match asked {
        None => archive.first(usual, check),
        Some(key) => {
            let found = archive.first(&[key], check)?;
            archive.required(key, found).map(Some)
        }
    }
}

/// What an archive holds of all frames.
struct Content<'a> {
    /// Places in a frame.
    atoms: usize,
    numbers: Vec<u8>,
    positions: &'a [[f64; 3]],
    forces: Option<&'a [[f64; 3]]>,
    charges: Option<Vec<f64>>,
}

impl Content<'_> {
    fn fill(self, draft: &mut Draft, site: &Site<'_>) -> Result<()> {
        let mut known: HashMap<(Vec<u8>, i32), usize> = HashMap::new();
        for (frame, numbers) in self.numbers.chunks(self.atoms.max(1)).enumerate() {
            let present = numbers.iter().take_while(|number| **number != 0).count();
            if numbers[present..].iter().any(|number| *number != 0) {
                let site = site.inside(&format!("frame {frame}"));
                return Err(site.inconsistent("an atom after an empty place"));
            }
            let start = frame * self.atoms;
            let kept = start..start + present;
            let charge = self.charges.as_ref().map_or(0.0, |charges| charges[frame]) as i32;
            let next = draft.molecules.len();
            let key = (numbers[..present].to_vec(), charge);
            let index = *known.entry(key).or_insert(next);
            if index == next {
                draft.molecules.push(Molecule {
                    charge,
                    ..Molecule::default()
                });
            }
            draft.molecule.push(index);
            draft.numbers.extend_from_slice(&numbers[..present]);
            draft
                .positions
                .extend_from_slice(&self.positions[kept.clone()]);
            if let Some(forces) = &self.forces {
                draft.forces.push(Some(&forces[kept]), 1, 0, [f64::NAN; 3]);
            }
            draft.offset.push(draft.numbers.len());
        }
        Ok(())
    }
}
