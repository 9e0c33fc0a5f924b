//! Extended XYZ.

use std::fmt::Write as _;
use std::path::Path;

use crate::error::Result;
use crate::write::geometry::Geometry;
use crate::write::target::Target;

/// Writes extended XYZ: one frame for each geometry, not periodic, numbers at full precision.
///
/// What is known stands under the keys that [`crate::DataSet::open`] takes: `energy`, `forces`,
/// `smiles`, `charge`, and `bonds` as JSON, for which the format has no key of its own.
///
/// # Errors
/// [`crate::DataError`] for an empty or inconsistent geometry, an unknown element, a number that is
/// not finite, a text with a line break, or a file that cannot be written. Nothing is written then.
pub fn write_extxyz(path: impl AsRef<Path>, geometries: &[Geometry]) -> Result<()> {
    let file = Target::new(path.as_ref());
    let mut text = String::new();
    for (frame, geometry) in geometries.iter().enumerate() {
        let symbols = file.check(frame, geometry)?;
        let forces = geometry.forces.as_deref();
        let columns = forces.map_or("", |_| ":forces:R:3");
        let _ = write!(
            text,
            "{}\nProperties=species:S:1:pos:R:3{columns} pbc=\"F F F\"",
            symbols.len()
        );
        if let Some(energy) = geometry.energy {
            let _ = write!(text, " energy={energy}");
        }
        if geometry.charge != 0 {
            let _ = write!(text, " charge={}", geometry.charge);
        }
        if let Some(smiles) = &geometry.smiles {
            let _ = write!(text, " smiles={}", quoted(smiles));
        }
        if !geometry.comment.is_empty() {
            let _ = write!(text, " comment={}", quoted(&geometry.comment));
        }
        if !geometry.bonds.is_empty() {
            let bond = |bond: &crate::molecule::Bond| {
                format!("[{}, {}, {}]", bond.first, bond.second, bond.order.code())
            };
            let bonds: Vec<String> = geometry.bonds.iter().map(bond).collect();
            let _ = write!(text, " bonds=\"_JSON [{}]\"", bonds.join(", "));
        }
        text.push('\n');
        for (atom, symbol) in symbols.iter().enumerate() {
            let [x, y, z] = geometry.positions[atom];
            let _ = write!(text, "{symbol:<2} {x} {y} {z}");
            if let Some([x, y, z]) = forces.map(|forces| forces[atom]) {
                let _ = write!(text, " {x} {y} {z}");
            }
            text.push('\n');
        }
    }
    file.write(text.as_bytes())
}

/// In quotation marks; those inside and backslashes (SMILES have them for double bonds) escaped.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
