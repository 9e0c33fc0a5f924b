//! Which atoms of a sampled molecule are bonded, and whether such bonds exist.

use std::collections::BTreeMap;

use twirl_data::{Bond, BondOrder, Split, elements};
use twirl_harness::Task;

use crate::VoxelDenoise;
use crate::peaks::{Atom, apart};

/// Atoms closer than this times the sum of their covalent radii are in contact.
const CONTACT: f64 = 1.25;
/// A contact may be shorter or longer than those of the training molecules by this, angstrom.
const TOLERANCE: f64 = 0.1;
/// Training molecules that are looked at.
const MOLECULES: usize = 1000;

/// Shortest and longest contact of each pair of elements in the training molecules, angstrom.
#[derive(Debug, Clone, PartialEq)]
pub struct Contacts(BTreeMap<(u8, u8), (f64, f64)>);

/// Contacts of a molecule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Contacts.
    pub contacts: usize,
    /// Those with a length that occurs between these elements.
    pub valid: usize,
    /// Atoms without a contact.
    pub alone: usize,
    /// Atoms.
    pub atoms: usize,
}

impl Counted {
    /// Whether every contact is valid and every atom has one.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.atoms > 0 && self.alone == 0 && self.valid == self.contacts
    }
}

impl Contacts {
    /// Looks at the training molecules.
    #[must_use]
    pub fn of(task: &VoxelDenoise) -> Self {
        let mut lengths: BTreeMap<(u8, u8), (f64, f64)> = BTreeMap::new();
        let items = task.items(Split::Train);
        for &item in items.iter().step_by(items.len().div_ceil(MOLECULES)) {
            let numbers = task.data().atomic_numbers(item).iter();
            let positions = task.data().positions(item);
            let atoms: Vec<Atom> = numbers
                .zip(positions)
                .map(|(&number, &position)| Atom { number, position })
                .collect();
            for (a, b, length) in contacts(&atoms) {
                let range = lengths
                    .entry(pair(&atoms[a], &atoms[b]))
                    .or_insert((length, length));
                *range = (range.0.min(length), range.1.max(length));
            }
        }
        Self(lengths)
    }

    /// Counts the contacts of a molecule.
    #[must_use]
    pub fn count(&self, atoms: &[Atom]) -> Counted {
        let mut bonded = vec![false; atoms.len()];
        let mut counted = Counted {
            atoms: atoms.len(),
            ..Counted::default()
        };
        for (a, b, length) in contacts(atoms) {
            (bonded[a], bonded[b]) = (true, true);
            counted.contacts += 1;
            let range = self.0.get(&pair(&atoms[a], &atoms[b]));
            let valid = range.is_some_and(|(shortest, longest)| {
                (shortest - TOLERANCE..=longest + TOLERANCE).contains(&length)
            });
            counted.valid += usize::from(valid);
        }
        counted.alone = bonded.into_iter().filter(|bonded| !bonded).count();
        counted
    }
}

/// Contacts as bonds. Their order is not known, and given as single.
pub(crate) fn bonds(atoms: &[Atom]) -> Vec<Bond> {
    let bond = |(first, second, _)| Bond {
        first,
        second,
        order: BondOrder::Single,
    };
    contacts(atoms).into_iter().map(bond).collect()
}

fn pair(a: &Atom, b: &Atom) -> (u8, u8) {
    (a.number.min(b.number), a.number.max(b.number))
}

/// Pairs of atoms in contact, with their distance in angstrom.
fn contacts(atoms: &[Atom]) -> Vec<(usize, usize, f64)> {
    let radius = |atom: &Atom| {
        elements::covalent_radius(atom.number).expect("atoms of a data set are H to Cm")
    };
    let mut found = Vec::new();
    for (a, first) in atoms.iter().enumerate() {
        for (b, second) in atoms.iter().enumerate().skip(a + 1) {
            let length = apart(first, second);
            if length <= CONTACT * (radius(first) + radius(second)) {
                found.push((a, b, length));
            }
        }
    }
    found
}
