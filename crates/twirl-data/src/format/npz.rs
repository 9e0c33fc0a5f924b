//! rMD17 archives (Christensen and von Lilienfeld, arXiv 2007.09593) and MD17 in the same style:
//! one molecule, frames in angstrom, kcal/mol and kcal/mol/angstrom.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::hdf5::{DEFLATE_RATIO, triples};
use super::npy::{self, Array};
use crate::dataset::{Molecule, OpenOptions};
use crate::draft::Draft;
use crate::elements;
use crate::error::{Result, Site};
use crate::units::{EnergyUnit, LengthUnit, Units};

struct Archive<'a> {
    path: &'a str,
    length: usize,
    zip: ZipArchive<Cursor<&'a [u8]>>,
}

pub(super) fn read(path: &str, bytes: &[u8], options: &OpenOptions) -> Result<Draft> {
    let zip = ZipArchive::new(Cursor::new(bytes));
    let zip = zip.map_err(|error| Site::new(path, "zip directory").corrupt(error))?;
    let mut archive = Archive {
        path,
        length: bytes.len(),
        zip,
    };
    let units = options.units(Units::new(
        LengthUnit::Angstrom,
        EnergyUnit::KilocaloriePerMole,
    ));
    let mut draft = Draft::new("npz", units);

    let (name, numbers) = archive.required(&["nuclear_charges", "z"])?;
    let site = archive.site(name);
    let known = |&number: &f64| {
        let whole = (number.fract() == 0.0).then_some(number as i64);
        whole
            .and_then(elements::checked)
            .ok_or_else(|| site.element(number))
    };
    let atoms = numbers.values.len();
    expect(&site, &numbers, &[atoms])?;
    let numbers: Vec<u8> = numbers.values.iter().map(known).collect::<Result<_>>()?;

    let (name, positions) = archive.required(&["coords", "R"])?;
    let frames = positions.shape.first().copied().unwrap_or(0);
    expect(&archive.site(name), &positions, &[frames, atoms, 3])?;
    draft.positions = triples(&positions.values);
    if let Some((name, forces)) = archive.optional(&["forces", "F"])? {
        expect(&archive.site(name), &forces, &[frames, atoms, 3])?;
        draft.forces = Some(triples(&forces.values));
    }
    if let Some((name, energies)) = archive.optional(&["energies", "E"])? {
        if energies.shape != [frames, 1] {
            expect(&archive.site(name), &energies, &[frames])?;
        }
        draft.energies = Some(energies.values);
    }
    if archive.zip.index_for_name("old_energies.npy").is_some() {
        draft.format = "rMD17 npz";
        draft.level = Some("PBE/def2-SVP".to_owned());
    }
    draft.numbers = numbers.repeat(frames);
    draft.offset = (0..=frames).map(|frame| frame * atoms).collect();
    draft.molecule = vec![0; frames];
    draft.molecules = vec![Molecule::default()];
    Ok(draft)
}

fn expect(site: &Site<'_>, array: &Array, shape: &[usize]) -> Result<()> {
    if array.shape == shape {
        return Ok(());
    }
    Err(site.shape(&array.shape, &format!("{shape:?}")))
}

impl<'a> Archive<'a> {
    fn site(&self, name: &str) -> Site<'a> {
        Site::new(self.path, format!("array {name}"))
    }

    fn required(&mut self, names: &[&'static str]) -> Result<(&'static str, Array)> {
        let found = self.optional(names)?;
        found.ok_or_else(|| Site::new(self.path, "archive").absent(&format!("array {}", names[0])))
    }

    /// The first array of these names.
    fn optional(&mut self, names: &[&'static str]) -> Result<Option<(&'static str, Array)>> {
        for &name in names {
            if let Some(index) = self.zip.index_for_name(&format!("{name}.npy")) {
                return Ok(Some((name, self.member(name, index)?)));
            }
        }
        Ok(None)
    }

    fn member(&mut self, name: &str, index: usize) -> Result<Array> {
        let site = self.site(name);
        let entry = self
            .zip
            .by_index(index)
            .map_err(|error| site.corrupt(error))?;
        let claimed = entry.size();
        let bound = self.length.saturating_mul(DEFLATE_RATIO);
        let size = usize::try_from(claimed)
            .ok()
            .filter(|size| *size <= bound)
            .ok_or_else(|| {
                site.too_large(
                    format!("{claimed} bytes"),
                    format!("{bound} bytes for a file of {}", self.length),
                    "the file is damaged or truncated: fetch it again",
                )
            })?;
        let mut bytes = Vec::new();
        let limit = u64::try_from(size).unwrap_or(u64::MAX).saturating_add(1);
        entry
            .take(limit)
            .read_to_end(&mut bytes)
            .map_err(|error| site.corrupt(error))?;
        npy::decode(&site, &bytes)
    }
}
