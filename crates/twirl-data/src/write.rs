//! Molecules out: extended XYZ and SDF (MDL molfile V2000).

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::dataset::{Bond, BondOrder};
use crate::elements;
use crate::error::{DataError, Result, one_line};
use crate::units::Quantity;

/// A molecule to be written: positions in angstrom.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Geometry {
    /// Free text on one line, for example a SMILES: the key `comment` of extended XYZ, the title
    /// of SDF.
    pub comment: String,
    /// Atomic numbers, `[n]`.
    pub atomic_numbers: Vec<u8>,
    /// Positions, `[n, 3]`, angstrom.
    pub positions: Vec<[f64; 3]>,
    /// Bonds; extended XYZ has no place for them.
    pub bonds: Vec<Bond>,
}

/// Writes extended XYZ: one frame for each geometry, not periodic, positions at full precision.
///
/// # Errors
/// [`DataError`] for an empty or inconsistent geometry, an unknown element, a position that is
/// not finite, a comment with a quotation mark or a line break, or a file that cannot be written.
/// Nothing is written then.
pub fn write_extxyz(path: impl AsRef<Path>, geometries: &[Geometry]) -> Result<()> {
    let file = Target::new(path.as_ref());
    let mut text = String::new();
    for (frame, geometry) in geometries.iter().enumerate() {
        let symbols = file.check(frame, geometry)?;
        if geometry.comment.contains('"') {
            let what = "the comment holds a quotation mark".to_owned();
            return Err(file.refuse(frame, what, "remove it"));
        }
        let _ = write!(
            text,
            "{}\nProperties=species:S:1:pos:R:3 pbc=\"F F F\"",
            symbols.len()
        );
        if !geometry.comment.is_empty() {
            // A backslash escapes in extended XYZ, and SMILES have it for double bonds.
            let _ = write!(
                text,
                " comment=\"{}\"",
                geometry.comment.replace('\\', "\\\\")
            );
        }
        text.push('\n');
        for (symbol, [x, y, z]) in symbols.iter().zip(&geometry.positions) {
            let _ = writeln!(text, "{symbol:<2} {x} {y} {z}");
        }
    }
    file.write(&text)
}

/// Writes SDF: one V2000 record for each geometry, positions to 0.0001 angstrom.
///
/// Formal charges are not known here, so none are written: a reader that checks valences may
/// refuse a molecule that has them.
///
/// # Errors
/// As [`write_extxyz`], and for more than 999 atoms or bonds or a coordinate beyond the columns of
/// the format.
pub fn write_sdf(path: impl AsRef<Path>, geometries: &[Geometry]) -> Result<()> {
    const MOST: usize = 999;
    let file = Target::new(path.as_ref());
    let mut text = String::new();
    for (frame, geometry) in geometries.iter().enumerate() {
        let symbols = file.check(frame, geometry)?;
        let (atoms, bonds) = (symbols.len(), geometry.bonds.len());
        let far = |x: &f64| !(-9999.0..99999.0).contains(x);
        if atoms > MOST || bonds > MOST || geometry.positions.iter().flatten().any(far) {
            let what = format!("{atoms} atoms and {bonds} bonds do not fit V2000");
            return Err(file.refuse(frame, what, "write extended XYZ"));
        }
        let _ = write!(
            text,
            "{}\n  twirlben          3D\n\n{atoms:3}{bonds:3}  0  0  0  0  0  0  0  0999 V2000\n",
            geometry.comment
        );
        for (symbol, [x, y, z]) in symbols.iter().zip(&geometry.positions) {
            let _ = writeln!(
                text,
                "{x:10.4}{y:10.4}{z:10.4} {symbol:<3} 0  0  0  0  0  0  0  0  0  0  0  0"
            );
        }
        for bond in &geometry.bonds {
            let order = match bond.order {
                BondOrder::Single => 1,
                BondOrder::Double => 2,
                BondOrder::Triple => 3,
                BondOrder::Aromatic => 4,
            };
            let _ = writeln!(
                text,
                "{:3}{:3}{order:3}  0",
                bond.first + 1,
                bond.second + 1
            );
        }
        text.push_str("M  END\n$$$$\n");
    }
    file.write(&text)
}

/// The file to be written, for errors.
struct Target<'a> {
    path: &'a Path,
}

impl<'a> Target<'a> {
    fn new(path: &'a Path) -> Self {
        Self { path }
    }

    fn shown(&self) -> String {
        one_line(&self.path.display().to_string())
    }

    fn refuse(&self, frame: usize, what: String, remedy: &str) -> DataError {
        DataError::Unsupported {
            path: self.shown(),
            record: format!("frame {frame}"),
            what,
            remedy: remedy.to_owned(),
        }
    }

    /// The symbols of a geometry that can be written.
    fn check(&self, frame: usize, geometry: &Geometry) -> Result<Vec<&'static str>> {
        let atoms = geometry.atomic_numbers.len();
        let record = format!("frame {frame}");
        if atoms == 0 || geometry.positions.len() != atoms {
            return Err(DataError::Shape {
                path: self.shown(),
                record,
                found: format!("[{}, 3]", geometry.positions.len()),
                expected: format!("[{atoms}, 3] with at least one atom"),
            });
        }
        if let Some(value) = geometry
            .positions
            .iter()
            .flatten()
            .find(|value| !value.is_finite())
        {
            return Err(DataError::NotFinite {
                path: self.shown(),
                record,
                quantity: Quantity::Position,
                value: *value,
            });
        }
        if geometry.comment.chars().any(char::is_control) {
            let what = "the comment is not one line of text".to_owned();
            return Err(self.refuse(frame, what, "remove line breaks and control characters"));
        }
        let outside = |bond: &&Bond| bond.first.max(bond.second) >= atoms;
        if let Some(bond) = geometry.bonds.iter().find(outside) {
            let what = format!(
                "bond {}-{} is beyond {atoms} atoms",
                bond.first, bond.second
            );
            return Err(self.refuse(frame, what, "count atoms from 0"));
        }
        let symbol = |number: &u8| {
            elements::symbol(*number).ok_or_else(|| DataError::Element {
                path: self.shown(),
                record: record.clone(),
                found: number.to_string(),
            })
        };
        geometry.atomic_numbers.iter().map(symbol).collect()
    }

    fn write(&self, text: &str) -> Result<()> {
        fs::write(self.path, text).map_err(|error| DataError::Unsupported {
            path: self.shown(),
            record: "file".to_owned(),
            what: format!("cannot be written: {}", one_line(&error.to_string())),
            remedy: "check the folder and its permissions".to_owned(),
        })
    }
}
