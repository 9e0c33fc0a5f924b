//! SDF.

use std::fmt::Write as _;
use std::path::Path;

use crate::error::Result;
use crate::write::geometry::Geometry;
use crate::write::target::Target;

/// Writes SDF: one V2000 record for each geometry, positions to 0.0001 angstrom.
///
/// Energy, forces, SMILES and charge are data items. Formal charges of atoms are not known here, so
/// none are written: a reader that checks valences may refuse a molecule that has them.
///
/// # Errors
/// As [`crate::write_extxyz`], and for more than 999 atoms or bonds or a coordinate beyond the
/// columns of the format.
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
            return Err(file.site(frame).unsupported(what, "write extended XYZ"));
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
            let order = bond.order.code();
            let _ = writeln!(
                text,
                "{:3}{:3}{order:3}  0",
                bond.first + 1,
                bond.second + 1
            );
        }
        text.push_str("M  END\n");
        let mut item = |name: &str, value: &str| {
            let _ = write!(text, "> <{name}>\n{value}\n\n");
        };
        if let Some(smiles) = &geometry.smiles {
            item("smiles", smiles);
        }
        if geometry.charge != 0 {
            item("charge", &geometry.charge.to_string());
        }
        if let Some(energy) = geometry.energy {
            item("energy", &energy.to_string());
        }
        if let Some(forces) = &geometry.forces {
            let line = |[x, y, z]: &[f64; 3]| format!("{x} {y} {z}");
            let lines: Vec<String> = forces.iter().map(line).collect();
            item("forces", &lines.join("\n"));
        }
        text.push_str("$$$$\n");
    }
    file.write(text.as_bytes())
}
