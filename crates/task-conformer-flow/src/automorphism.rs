//! Which atoms of a molecule may change places.

use crate::Topology;
use crate::topology::kind;

/// Automorphisms of a molecule's heavy atoms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Automorphisms {
    /// The heavy atoms, by number in the molecule.
    pub heavy: Vec<usize>,
    /// Every automorphism as places in `heavy`; the identity comes first.
    pub maps: Vec<Vec<usize>>,
    /// Whether the search ended at its limit, with more to be found.
    pub capped: bool,
}

impl Automorphisms {
    /// Permutations of the heavy atoms that keep element, number of hydrogens and bonds with their
    /// orders: at most `limit` of them.
    ///
    /// Classes of atoms are refined by the classes of their neighbours until nothing changes; then
    /// atoms are placed one by one, each beside one already placed where possible, and a branch ends
    /// at the first broken bond.
    pub fn of(molecule: &Topology, limit: usize) -> Self {
        let heavy: Vec<usize> = (0..molecule.atoms())
            .filter(|&atom| molecule.species()[atom] != 1)
            .collect();
        let mut place = vec![None; molecule.atoms()];
        for (index, &atom) in heavy.iter().enumerate() {
            place[atom] = Some(index);
        }
        let count = heavy.len();
        let mut bonds = vec![0_u8; count * count];
        let mut hydrogens = vec![0_usize; count];
        for bond in molecule.bonds() {
            match (place[bond.first], place[bond.second]) {
                (Some(a), Some(b)) => {
                    let code = 1 + kind(bond.order) as u8;
                    bonds[a * count + b] = code;
                    bonds[b * count + a] = code;
                }
                (Some(a), None) | (None, Some(a)) => hydrogens[a] += 1,
                (None, None) => {}
            }
        }
        let start = heavy
            .iter()
            .zip(&hydrogens)
            .map(|(&atom, &hydrogens)| (usize::from(molecule.species()[atom]), hydrogens));
        let classes = refine(&ranked(&start.collect::<Vec<_>>()), &bonds);
        let order = order(&bonds, count);
        let mut search = Search {
            count,
            bonds: &bonds,
            classes: &classes,
            order: &order,
            image: vec![count; count],
            used: vec![false; count],
            maps: Vec::new(),
            limit,
            capped: false,
        };
        search.place(0);
        let (maps, capped) = (search.maps, search.capped);
        Self {
            heavy,
            maps,
            capped,
        }
    }

    /// The heavy atoms' positions, centred.
    pub fn heavy_positions(&self, positions: &[[f64; 3]]) -> Vec<[f64; 3]> {
        let chosen: Vec<[f64; 3]> = self.heavy.iter().map(|&atom| positions[atom]).collect();
        crate::geometry::centred(&chosen)
    }
}

/// Ranks of values: equal values have equal ranks.
fn ranked<T: Ord + Clone>(values: &[T]) -> Vec<usize> {
    let mut sorted = values.to_vec();
    sorted.sort();
    sorted.dedup();
    values
        .iter()
        .map(|value| sorted.partition_point(|other| other < value))
        .collect()
}

fn refine(classes: &[usize], bonds: &[u8]) -> Vec<usize> {
    let count = classes.len();
    let mut classes = classes.to_vec();
    loop {
        let described: Vec<_> = (0..count)
            .map(|atom| {
                let row = &bonds[atom * count..(atom + 1) * count];
                let mut around: Vec<(u8, usize)> = row
                    .iter()
                    .zip(&classes)
                    .filter(|(bond, _)| **bond > 0)
                    .map(|(&bond, &class)| (bond, class))
                    .collect();
                around.sort_unstable();
                (classes[atom], around)
            })
            .collect();
        let finer = ranked(&described);
        if finer == classes {
            return classes;
        }
        classes = finer;
    }
}

/// Atoms in an order in which each is bonded to an earlier one, where there is such an order.
fn order(bonds: &[u8], count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::with_capacity(count);
    let mut seen = vec![false; count];
    for start in 0..count {
        let mut waiting = vec![start];
        while let Some(atom) = waiting.pop() {
            if std::mem::replace(&mut seen[atom], true) {
                continue;
            }
            order.push(atom);
            waiting.extend(
                (0..count)
                    .rev()
                    .filter(|other| bonds[atom * count + other] > 0),
            );
        }
    }
    order
}

struct Search<'a> {
    count: usize,
    bonds: &'a [u8],
    classes: &'a [usize],
    order: &'a [usize],
    image: Vec<usize>,
    used: Vec<bool>,
    maps: Vec<Vec<usize>>,
    limit: usize,
    capped: bool,
}

impl Search<'_> {
    fn place(&mut self, depth: usize) {
        if depth == self.count {
            if self.maps.len() == self.limit {
                self.capped = true;
            } else {
                self.maps.push(self.image.clone());
            }
            return;
        }
        let atom = self.order[depth];
        // The atom itself first, so that the identity is found first.
        let others = (0..self.count).filter(|&other| other != atom);
        for candidate in std::iter::once(atom).chain(others).collect::<Vec<_>>() {
            if self.capped {
                return;
            }
            let fits = !self.used[candidate]
                && self.classes[candidate] == self.classes[atom]
                && self.order[..depth].iter().all(|&earlier| {
                    self.bonds[atom * self.count + earlier]
                        == self.bonds[candidate * self.count + self.image[earlier]]
                });
            if fits {
                self.image[atom] = candidate;
                self.used[candidate] = true;
                self.place(depth + 1);
                self.used[candidate] = false;
            }
        }
    }
}
