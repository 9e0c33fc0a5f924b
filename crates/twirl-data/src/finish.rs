//! From what a reader hands over to a data set: checked, converted, split.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use crate::checks::{duplicates, energies, geometry, labels, rotation, slope, structure, units};
use crate::dataset::{Contents, Origin, Reason};
use crate::draft::{Draft, Held, Purpose};
use crate::error::{DataError, Result};
use crate::frames::Frames;
use crate::options::{ForcesAre, LeaveOut, OpenOptions};
use crate::site::one_line;
use crate::source::Source;
use crate::split;
use crate::units::Quantity;

/// A draft on its way.
struct Finish<'a> {
    draft: Draft,
    path: &'a str,
    options: &'a OpenOptions,
    left_out: BTreeMap<Reason, usize>,
    /// Whether a rotation changes any frame.
    turns: bool,
}

impl Draft {
    /// Check, convert and split. `sha256` waits for the hash of the file.
    pub(crate) fn finish(
        self,
        source: &Source,
        sha256: impl FnOnce() -> Result<String>,
        options: &OpenOptions,
        purpose: Purpose,
    ) -> Result<Contents> {
        let path = &source.path;
        let mut finish = Finish {
            draft: self,
            path,
            options,
            left_out: BTreeMap::new(),
            turns: true,
        };
        finish.limit_atoms()?;
        finish.complete_labels()?;
        structure::check(&mut finish.draft, path)?;
        finish.draft.convert();
        finish.implausible(geometry::in_range)?;
        finish.without_rotation(purpose)?;
        units::check_length(&finish.draft.view(path))?;
        finish.implausible(geometry::overlap)?;
        finish.implausible(labels::finite)?;
        units::check_force(&finish.draft.view(path))?;
        finish.implausible(labels::force)?;
        finish.energies()?;
        finish.sign()?;
        let (parts, rule) = finish.split()?;
        let contents = finish.build(sha256()?, parts, rule);
        Ok(Contents {
            stamp: source.stamp(),
            ..contents
        })
    }
}

impl Finish<'_> {
    fn leave_out(&mut self, reason: Reason, keep: &[bool]) -> Result<()> {
        let count = self.draft.keep(keep);
        if count > 0 {
            *self.left_out.entry(reason).or_default() += count;
        }
        if self.draft.frames() > 0 {
            return Ok(());
        }
        let what = match (reason, self.options.max_atoms) {
            (Reason::AboveLimit, Some(limit)) => format!("frame of at most {limit} atoms"),
            _ if count > 0 => format!("frame but those left out: {count} {reason}"),
            _ => "frame".to_owned(),
        };
        Err(DataError::Empty {
            path: one_line(self.path),
            what,
        })
    }

    fn limit_atoms(&mut self) -> Result<()> {
        let limit = self.options.max_atoms.unwrap_or(usize::MAX);
        let frames = 0..self.draft.frames();
        let keep: Vec<bool> = frames
            .map(|frame| self.draft.size(frame) <= limit)
            .collect();
        self.leave_out(Reason::AboveLimit, &keep)
    }

    /// Labels in every frame, or in none.
    fn complete_labels(&mut self) -> Result<()> {
        let draft = &self.draft;
        let mut keep = vec![true; draft.frames()];
        let labels = [
            ("energy", &draft.energies.present),
            ("forces", &draft.forces.present),
        ];
        for (label, present) in labels {
            if !present.contains(&true) {
                continue;
            }
            let Some(first) = present.iter().position(|has| !has) else {
                continue;
            };
            if !self.options.leaves_out(LeaveOut::Unlabelled) {
                let (path, record) = draft.site(self.path, first).parts();
                return Err(DataError::Unlabelled {
                    path,
                    record,
                    label,
                    missing: present.iter().filter(|has| !**has).count(),
                    frames: present.len(),
                });
            }
            keep.iter_mut()
                .zip(present)
                .for_each(|(keep, has)| *keep &= has);
        }
        self.leave_out(Reason::Unlabelled, &keep)
    }

    /// Refuse the first frame of which `check` complains, or leave out all of them.
    fn implausible(
        &mut self,
        check: impl Fn(&Frames<'_>, usize) -> Option<DataError> + Sync,
    ) -> Result<()> {
        let view = self.draft.view(self.path);
        let frames = (0..view.len()).into_par_iter();
        if !self.options.leaves_out(LeaveOut::Implausible) {
            return match frames.find_map_first(|frame| check(&view, frame)) {
                Some(error) => Err(error),
                None => Ok(()),
            };
        }
        let keep: Vec<bool> = frames.map(|frame| check(&view, frame).is_none()).collect();
        self.leave_out(Reason::Implausible, &keep)
    }

    fn energies(&mut self) -> Result<()> {
        match energies::Fit::of(&self.draft.view(self.path)) {
            Some(fit) => self.implausible(|view, frame| fit.check(view, frame)),
            None => Ok(()),
        }
    }

    /// Frames that no rotation changes are left out; a set of nothing else is only looked at.
    fn without_rotation(&mut self, purpose: Purpose) -> Result<()> {
        let view = self.draft.view(self.path);
        let frames = (0..view.len()).into_par_iter();
        let keep: Vec<bool> = frames.map(|frame| rotation::shows(&view, frame)).collect();
        if keep.contains(&true) {
            return self.leave_out(Reason::WithoutRotation, &keep);
        }
        let single = (0..view.len()).all(|frame| view.range(frame).len() == 1);
        let what = if single {
            "one atom"
        } else {
            "their atoms on one line"
        };
        if purpose == Purpose::Look {
            let note = format!("all frames have {what}: none can show rotation symmetry");
            self.draft.notes.push(note);
            self.turns = false;
            return Ok(());
        }
        Err(DataError::NoRotation {
            path: one_line(self.path),
            frames: view.len(),
            what,
        })
    }

    /// Turn gradients into forces, and refuse forces along which the energy rises.
    fn sign(&mut self) -> Result<()> {
        let view = self.draft.view(self.path);
        if view.forces.is_none() {
            return Ok(());
        }
        let seen = slope::slope(&view);
        if let Some(seen) = seen.filter(|seen| seen.off()) {
            self.draft.notes.push(format!(
                "between frames the energies change by {:.2} of what the forces say: check \
                 --force-unit and --energy-unit",
                seen.slope.abs()
            ));
        }
        let seen = seen.and_then(slope::Slope::decisive);
        let asked = self.options.forces_are;
        let (are, why) = match (asked, self.draft.forces_are, seen) {
            (Some(asked), _, _) => (asked, "as an option says"),
            (None, Held::Named(ForcesAre::Gradient), _) => (ForcesAre::Gradient, "by its name"),
            (None, Held::Either(_), Some(seen)) => (seen, "by the slope of the energies"),
            (None, Held::Either(usual), None) => (usual, "as usual in this layout"),
            (None, Held::Named(ForcesAre::Forces), Some(ForcesAre::Gradient)) => {
                return Err(self.draft.site(self.path, 0).unsupported(
                    format!(
                        "{}: the energies rise along the forces, so they are the gradient",
                        self.draft.forces.place
                    ),
                    "give --forces-are gradient, or --forces-are forces if they are right",
                ));
            }
            (None, Held::Named(ForcesAre::Forces), _) => (ForcesAre::Forces, ""),
        };
        let forces = &mut self.draft.forces;
        if are == ForcesAre::Gradient {
            let values = forces.values.as_flattened_mut().par_iter_mut();
            values.for_each(|value| *value = -*value);
            forces.place = format!("minus {}, which is the gradient {why}", forces.place);
        } else if !why.is_empty() {
            forces.place = format!("{}, which are forces {why}", forces.place);
        }
        Ok(())
    }

    /// Frames of each split, and the rule.
    fn split(&mut self) -> Result<(split::Parts, String)> {
        let path = self.path;
        let mut rule = "from file".to_owned();
        if self.draft.split.is_none() {
            let (labels, derived) = split::derive(&self.draft.view(path))?;
            (self.draft.split, rule) = (Some(labels), derived);
        }
        let labels = self.draft.split.as_deref().unwrap_or_default();
        let by_file = rule == "from file";
        let copies = duplicates::find(&self.draft.view(path), labels, by_file);
        if let Some(first) = copies.first() {
            if !self.options.leaves_out(LeaveOut::Duplicates) {
                let (path, record) = self.draft.site(path, first.frame).parts();
                let what = format!("{}; {} frames are such copies", first.what, copies.len());
                return Err(DataError::Duplicate { path, record, what });
            }
            let mut keep = vec![true; self.draft.frames()];
            for copy in &copies {
                keep[copy.frame] = false;
            }
            self.leave_out(Reason::Duplicate, &keep)?;
        }
        let parts = split::parts(self.draft.split.as_deref().unwrap_or_default());
        for (part, name) in parts.iter().zip(["train", "validation", "test"]) {
            if part.is_empty() {
                return Err(DataError::Empty {
                    path: one_line(path),
                    what: format!("{name} frame"),
                });
            }
        }
        for (reason, count) in &self.left_out {
            rule = format!("{rule}; {count} frames left out {reason}");
        }
        Ok((parts, rule))
    }

    fn build(self, sha256: String, parts: split::Parts, split_rule: String) -> Contents {
        let draft = self.draft;
        let mut origins = vec![Origin {
            quantity: Quantity::Position,
            place: one_line(&draft.positions_place),
            unit: draft.units.length.unit.to_string(),
            unit_by: draft.units.length.by,
        }];
        let (has_energies, has_forces) = (draft.energies.any(), draft.forces.any());
        if has_energies {
            origins.push(Origin {
                quantity: Quantity::Energy,
                place: one_line(&draft.energies.place),
                unit: draft.units.energy.unit.to_string(),
                unit_by: draft.units.energy.by,
            });
        }
        if has_forces {
            origins.push(Origin {
                quantity: Quantity::Force,
                place: one_line(&draft.forces.place),
                unit: draft.units.force.unit.to_string(),
                unit_by: draft.units.force.by,
            });
        }
        Contents {
            name: draft.name.unwrap_or_else(|| fallback_name(self.path)),
            path: self.path.to_owned(),
            format: draft.format.to_owned(),
            sha256,
            level: draft.level,
            licence: draft.licence,
            units: draft.units.units(),
            origins,
            notes: draft.notes,
            offset: draft.offset.into(),
            numbers: draft.numbers.into(),
            positions: draft.positions.into(),
            forces: has_forces.then(|| draft.forces.values.into()),
            energies: has_energies.then(|| draft.energies.values.into()),
            molecule: draft.molecule.into(),
            molecules: draft.molecules,
            parts: parts.map(Into::into),
            split_rule,
            left_out: self.left_out,
            turns: self.turns,
            stamp: None,
        }
    }
}

/// The file's name without its ending (and without `.gz`).
fn fallback_name(path: &str) -> String {
    let path = path.strip_suffix(".gz").unwrap_or(path);
    Path::new(path).file_stem().map_or_else(
        || path.to_owned(),
        |stem| stem.to_string_lossy().into_owned(),
    )
}
