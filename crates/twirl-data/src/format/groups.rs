//! One HDF5 group per molecule, or per number of atoms, in several layouts.
//!
//! - SPICE (Eastman et al., arXiv 2209.10702), and plain conformer sets in the same style without
//!   labels: `conformations`, `atomic_numbers`.
//! - ANI-1 (Smith et al., Sci. Data 4, 170193), ANI-1x, ANI-2x and COMP6: `coordinates`, `species`
//!   or `atomic_numbers`, in hartree and angstrom, perhaps in groups of groups. COMP6's `forces` are
//!   the gradient (its authors say so, github.com/isayev/COMP6, issue 2).
//! - QM7-X (Hoja et al., Sci. Data 8, 43): `atXYZ`, `atNUM`, one geometry a group, angstrom and eV.

use std::collections::HashMap;

use rayon::prelude::*;

use super::hdf5::{File, Group};
use super::labelled::{Batch, Names, append};
use super::roots::Roots;
use crate::draft::{Draft, Held};
use crate::elements;
use crate::error::{DataError, Result};
use crate::molecule::Molecule;
use crate::options::{ForcesAre, OpenOptions};
use crate::site::one_line;
use crate::units::{By, EnergyUnit, LengthUnit, StatedUnits};

/// A layout, by the names of its arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Spice,
    Ani,
    Qm7x,
}

/// Groups of groups are entered to this depth.
const DEEPEST: usize = 4;

impl Layout {
    fn positions(self) -> &'static str {
        match self {
            Self::Spice => "conformations",
            Self::Ani => "coordinates",
            Self::Qm7x => "atXYZ",
        }
    }

    fn of(arrays: &[String]) -> Option<Self> {
        let has = |name: &str| arrays.iter().any(|array| array == name);
        [Self::Spice, Self::Ani, Self::Qm7x]
            .into_iter()
            .find(|layout| has(layout.positions()))
    }

    /// Names of the atomic numbers, first choice first.
    fn numbers(self) -> &'static [&'static str] {
        match self {
            Self::Spice => &["atomic_numbers"],
            Self::Ani => &["species", "atomic_numbers"],
            Self::Qm7x => &["atNUM"],
        }
    }

    fn names(self) -> Names {
        match self {
            Self::Spice => Names {
                energies: vec!["dft_total_energy".to_owned()],
                forces: vec!["dft_total_gradient".to_owned()],
            },
            Self::Ani => Names {
                energies: vec!["energies".to_owned()],
                forces: vec!["forces".to_owned()],
            },
            Self::Qm7x => Names {
                energies: vec!["ePBE0+MBD".to_owned()],
                forces: vec!["totFOR".to_owned()],
            },
        }
    }

    /// Units that files of this layout are in.
    fn usual(self, labelled: bool) -> (LengthUnit, EnergyUnit) {
        match self {
            Self::Spice if labelled => (LengthUnit::Bohr, EnergyUnit::Hartree),
            Self::Ani => (LengthUnit::Angstrom, EnergyUnit::Hartree),
            Self::Spice | Self::Qm7x => (LengthUnit::Angstrom, EnergyUnit::ElectronVolt),
        }
    }
}

/// What is gathered over the groups.
struct Reader<'o> {
    options: &'o OpenOptions,
    draft: Option<Draft>,
    layout: Option<Layout>,
    /// Units of the first group.
    stated: Option<StatedUnits>,
    skipped: usize,
    first_skipped: String,
    known: HashMap<Vec<u8>, usize>,
}

/// Bytes of arrays that a thread reads before they are put to the others.
const PART: usize = 4 << 20;
/// Groups that it reads at most.
const MOST: usize = 1024;

/// Reads the groups of a file: the first one decides layout and units, the others are read on several
/// threads and put together in their order.
pub(super) fn read(file: &File<'_>, options: &OpenOptions) -> Result<Draft> {
    let roots = Roots::new(file);
    let root = file.again()?.root()?;
    let mut reader = Reader {
        options,
        draft: None,
        layout: None,
        stated: None,
        skipped: 0,
        first_skipped: String::new(),
        known: HashMap::new(),
    };
    let (names, _) = root.members()?;
    let mut begun = 0;
    while reader.draft.is_none() && begun < names.len() {
        reader.child(&root, &names[begun])?;
        begun += 1;
    }
    roots.give_back(root, names.len());
    let mut rest = &names[begun..];
    let mut each = reader.held();
    while !rest.is_empty() {
        let before = reader.held();
        let count = (PART / each.max(1)).clamp(1, MOST);
        let at_once = if each > PART {
            1
        } else {
            count * rayon::current_num_threads()
        };
        let (now, later) = rest.split_at(at_once.min(rest.len()));
        if let [one] = now {
            // Large, so its arrays are read on several threads, to where they stay.
            roots.with(1, |root| reader.child(root, one))?;
        } else {
            let part = |names: &[String]| roots.with(names.len(), |root| reader.part(root, names));
            let parts: Vec<Result<Reader<'_>>> = now.par_chunks(count).map(part).collect();
            for part in parts {
                reader.append(part?);
            }
        }
        each = (reader.held() - before) / now.len();
        rest = later;
    }
    reader.finish(&file.root()?)
}

impl<'o> Reader<'o> {
    /// Bytes of arrays.
    fn held(&self) -> usize {
        self.draft.as_ref().map_or(0, Draft::bytes)
    }

    fn child(&mut self, root: &Group<'_>, name: &str) -> Result<()> {
        let group = root
            .group(name)?
            .ok_or_else(|| root.site.absent(&format!("group {name}")))?;
        self.group(&group, name.to_owned(), 0)
    }

    /// Reads some groups after the first.
    fn part(&self, root: &Group<'_>, names: &[String]) -> Result<Reader<'o>> {
        let mut part = Reader {
            options: self.options,
            draft: self.draft.as_ref().map(|draft| Draft::new("", draft.units)),
            layout: self.layout,
            stated: self.stated,
            skipped: 0,
            first_skipped: String::new(),
            known: HashMap::new(),
        };
        if let (Some(part), Some(draft)) = (&mut part.draft, &self.draft) {
            part.forces_are = draft.forces_are;
        }
        names.iter().try_for_each(|name| part.child(root, name))?;
        Ok(part)
    }

    /// Puts the groups of a part after these.
    fn append(&mut self, part: Reader<'_>) {
        if self.skipped == 0 {
            self.first_skipped = part.first_skipped;
        }
        self.skipped += part.skipped;
        let (Some(draft), Some(mut other)) = (&mut self.draft, part.draft) else {
            return;
        };
        let mut keys: Vec<Option<Vec<u8>>> = vec![None; other.molecules.len()];
        for (key, index) in part.known {
            keys[index] = Some(key);
        }
        let molecules = std::mem::take(&mut other.molecules).into_iter().zip(keys);
        let index = |(molecule, key): (Molecule, Option<Vec<u8>>)| {
            let next = draft.molecules.len();
            let index = key.map_or(next, |key| *self.known.entry(key).or_insert(next));
            if index == next {
                draft.molecules.push(molecule);
            }
            index
        };
        let index: Vec<usize> = molecules.map(index).collect();
        draft.forces_are = other.forces_are;
        draft.append(other, &index);
    }

    fn group(&mut self, group: &Group<'_>, name: String, depth: usize) -> Result<()> {
        let (groups, arrays) = group.members()?;
        let Some(layout) = Layout::of(&arrays) else {
            if groups.is_empty() || depth == DEEPEST {
                if self.skipped == 0 {
                    self.first_skipped.clone_from(&name);
                }
                self.skipped += 1;
            }
            for inner in groups.into_iter().filter(|_| depth < DEEPEST) {
                if let Some(group) = group.group(&inner)? {
                    self.group(&group, format!("{name}/{inner}"), depth + 1)?;
                }
            }
            return Ok(());
        };
        if *self.layout.get_or_insert(layout) != layout {
            let what = format!("holds {}, unlike the groups before", layout.positions());
            return Err(group.site.inconsistent(what));
        }
        let names = self.names(group, layout, &arrays)?;
        let stated = stated_units(group, layout, self.stated, self.options)?;
        self.stated.get_or_insert(stated);
        let units = self.options.units(stated);
        let draft = self.draft.get_or_insert_with(|| Draft::new("", units));
        if draft.units != units {
            let (these, before) = (units.units(), draft.units.units());
            return Err(group.site.inconsistent(format!(
                "units {}, {} differ from those of the groups before, {}, {}",
                these.length, these.force, before.length, before.force
            )));
        }
        let batch = Batch {
            group,
            name,
            positions: layout.positions(),
            numbers: numbers(group, layout)?,
            names,
            whole: layout == Layout::Spice,
        };
        if layout == Layout::Ani {
            let strings = group.holds_text("species")?;
            draft.forces_are = Held::Either(if strings {
                ForcesAre::Gradient
            } else {
                ForcesAre::Forces
            });
        }
        append(draft, batch, &mut self.known)
    }

    /// Names of the labels: those of an option, else the layout's, else the one pair of ANI-1x.
    fn names(&self, group: &Group<'_>, layout: Layout, arrays: &[String]) -> Result<Names> {
        let mut names = layout.names();
        if layout == Layout::Ani && !arrays.iter().any(|array| array == "energies") {
            let tagged = |ending: &str| -> Vec<String> {
                let found = arrays.iter().filter(|array| array.ends_with(ending));
                found.cloned().collect()
            };
            names = Names {
                energies: tagged(".energy"),
                forces: tagged(".forces"),
            };
            let many = names.energies.len() > 1 && self.options.energy_key.is_none()
                || names.forces.len() > 1 && self.options.forces_key.is_none();
            if many {
                let what = format!(
                    "labels of several methods: {}, {}",
                    names.energies.join(" "),
                    names.forces.join(" ")
                );
                let remedy = "choose with --energy-key NAME and --forces-key NAME";
                return Err(group.site.unsupported(what, remedy));
            }
        }
        if let Some(key) = &self.options.energy_key {
            names.energies = vec![key.clone()];
        }
        if let Some(key) = &self.options.forces_key {
            names.forces = vec![key.clone()];
        }
        Ok(names)
    }

    fn finish(self, root: &Group<'_>) -> Result<Draft> {
        let (Some(mut draft), Some(layout)) = (self.draft, self.layout) else {
            return Err(DataError::UnknownFormat {
                path: one_line(root.site.path),
                found: "HDF5 with neither an array offset nor groups with an array conformations, \
                        coordinates or atXYZ"
                    .to_owned(),
            });
        };
        let labelled = draft.forces.any() || draft.energies.any();
        let options = [
            (&self.options.energy_key, draft.energies.any(), "energies"),
            (&self.options.forces_key, draft.forces.any(), "forces"),
        ];
        for (key, found, what) in options {
            if let (Some(key), false) = (key, found) {
                return Err(root
                    .site
                    .absent(&format!("array {key} of {what} (in any group)")));
            }
        }
        (draft.format, draft.level) = match layout {
            Layout::Spice if labelled => {
                if self.options.forces_key.is_none() {
                    draft.forces_are = Held::Named(ForcesAre::Gradient);
                }
                ("SPICE HDF5", Some("wB97M-D3(BJ)/def2-TZVPPD".to_owned()))
            }
            Layout::Spice => ("conformer HDF5", None),
            Layout::Ani => ("ANI HDF5", None),
            Layout::Qm7x => ("QM7-X HDF5", Some("PBE0+MBD".to_owned())),
        };
        draft.positions_place = format!("array {} of each group", layout.positions());
        if self.skipped > 0 {
            draft.notes.push(format!(
                "{} groups without {} skipped, the first {}",
                self.skipped,
                layout.positions(),
                one_line(&self.first_skipped)
            ));
        }
        Ok(draft)
    }
}

/// Units from the `units` attributes, else those of the layout; a group without labels is in those
/// of the groups before.
fn stated_units(
    group: &Group<'_>,
    layout: Layout,
    before: Option<StatedUnits>,
    options: &OpenOptions,
) -> Result<StatedUnits> {
    let names = layout.names();
    let (energy, force) = (&names.energies[0], &names.forces[0]);
    let labelled = group.has_dataset(energy)? || group.has_dataset(force)?;
    let length = stated(group, layout.positions(), options.length_unit.is_some())?;
    if let (false, None, Some(before)) = (labelled, length, before) {
        return Ok(before);
    }
    let usual = layout.usual(labelled);
    let energy = stated(group, energy, options.energy_unit.is_some())?;
    Ok(StatedUnits::stated(
        length.map_or((usual.0, By::Format), |unit| (unit, By::File)),
        energy.map_or((usual.1, By::Format), |unit| (unit, By::File)),
        stated(group, force, options.force_unit.is_some())?,
    ))
}

/// The attribute `units` of an array, unless an option stands above it.
fn stated<T: std::str::FromStr>(group: &Group<'_>, name: &str, option: bool) -> Result<Option<T>>
where
    T::Err: std::fmt::Display,
{
    if option {
        return Ok(None);
    }
    let Some(text) = group.units(name)? else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|error: T::Err| {
        let remedy = "correct the attribute units, or give --length-unit or --energy-unit";
        group.array_site(name).unsupported(error, remedy)
    })
}

/// Atomic numbers: one row for the group, or one a geometry.
fn numbers(group: &Group<'_>, layout: Layout) -> Result<(Vec<usize>, Vec<u8>)> {
    for name in layout.numbers() {
        let site = group.array_site(name);
        if group.holds_text(name)? {
            let symbols = group.strings(name)?.unwrap_or_default();
            let known = |symbol: &String| {
                let number = elements::atomic_number(symbol.trim());
                number.ok_or_else(|| site.element(symbol))
            };
            let numbers: Vec<u8> = symbols.iter().map(known).collect::<Result<_>>()?;
            return Ok((vec![numbers.len()], numbers));
        }
        if let Some(found) = group.ints(name)? {
            let known =
                |&number: &i64| elements::checked(number).ok_or_else(|| site.element(number));
            let numbers = found.values.iter().map(known).collect::<Result<_>>()?;
            return Ok((found.shape, numbers));
        }
    }
    Err(group.site.absent(&format!("array {}", layout.numbers()[0])))
}
