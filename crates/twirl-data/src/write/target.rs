//! The file to be written, and what is refused before anything is.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::elements;
use crate::error::{DataError, Result};
use crate::molecule::Bond;
use crate::part;
use crate::site::{Site, one_line};
use crate::units::Quantity;
use crate::write::geometry::Geometry;

pub(super) struct Target<'a> {
    path: &'a Path,
    shown: String,
}

impl<'a> Target<'a> {
    pub(super) fn new(path: &'a Path) -> Self {
        Self {
            path,
            shown: one_line(&path.display().to_string()),
        }
    }

    pub(super) fn site(&self, frame: usize) -> Site<'_> {
        Site::frame(&self.shown, frame, None)
    }

    /// The symbols of a geometry that can be written.
    pub(super) fn check(&self, frame: usize, geometry: &Geometry) -> Result<Vec<&'static str>> {
        let atoms = geometry.atomic_numbers.len();
        let site = self.site(frame);
        let forces = geometry.forces.as_deref();
        if atoms == 0 || geometry.positions.len() != atoms {
            let expected = format!("[{atoms}, 3] with at least one atom");
            return Err(site.shape(&[geometry.positions.len(), 3], &expected));
        }
        if let Some(forces) = forces.filter(|forces| forces.len() != atoms) {
            return Err(site.shape(&[forces.len(), 3], &format!("[{atoms}, 3]")));
        }
        let vectors = [
            (Quantity::Position, Some(&geometry.positions[..])),
            (Quantity::Force, forces),
        ];
        for (quantity, values) in vectors {
            let mut values = values.unwrap_or_default().iter().flatten();
            if let Some(value) = values.find(|value| !value.is_finite()) {
                return Err(site.not_finite(quantity, *value));
            }
        }
        if let Some(energy) = geometry.energy.filter(|energy| !energy.is_finite()) {
            return Err(site.not_finite(Quantity::Energy, energy));
        }
        let texts = [
            ("comment", Some(&geometry.comment)),
            ("SMILES", geometry.smiles.as_ref()),
        ];
        for (name, text) in texts {
            if text.is_some_and(|text| text.chars().any(char::is_control)) {
                let what = format!("the {name} is not one line of text");
                let remedy = "remove line breaks and control characters";
                return Err(site.unsupported(what, remedy));
            }
        }
        let outside = |bond: &&Bond| bond.first.max(bond.second) >= atoms;
        if let Some(bond) = geometry.bonds.iter().find(outside) {
            let what = format!(
                "bond {}-{} is beyond {atoms} atoms",
                bond.first, bond.second
            );
            return Err(site.unsupported(what, "count atoms from 0"));
        }
        let symbol = |number: &u8| elements::symbol(*number).ok_or_else(|| site.element(number));
        geometry.atomic_numbers.iter().map(symbol).collect()
    }

    /// Writes all or nothing: beside the file first, then in its place.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<()> {
        let failed = |error: std::io::Error| DataError::Unsupported {
            path: self.shown.clone(),
            record: "file".to_owned(),
            what: format!("cannot be written: {}", one_line(&error.to_string())),
            remedy: "check the folder, its permissions and the space".to_owned(),
        };
        if self.path.exists() && !self.path.is_file() {
            // A pipe or a device has no place beside it.
            return fs::write(self.path, bytes).map_err(failed);
        }
        part::write(self.path, |file| file.write_all(bytes)).map_err(failed)
    }
}
