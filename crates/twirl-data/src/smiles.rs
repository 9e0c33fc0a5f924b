//! As much of SMILES as a data set needs: formal charges, and bonds of fully mapped molecules.
//!
//! Grammar: `OpenSMILES` 1.0. Stereo marks are read and ignored; implicit hydrogens are added by
//! [`crate::molecule_from_smiles`] only.

use std::collections::BTreeMap;

use crate::elements;
use crate::molecule::{Bond, BondOrder};

/// An atom as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Atom {
    /// Atomic number; 0 for the wildcard `*`.
    pub(crate) number: u8,
    pub(crate) charge: i32,
    /// Atom map number, 0 where there is none.
    pub(crate) map: usize,
    /// Hydrogens given in brackets; `None` outside brackets, where valence decides.
    pub(crate) hydrogens: Option<usize>,
    pub(crate) aromatic: bool,
}

/// Atoms in the order written, and bonds between them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Smiles {
    pub(crate) atoms: Vec<Atom>,
    pub(crate) bonds: Vec<Bond>,
}

impl Smiles {
    /// Total charge.
    pub(crate) fn charge(&self) -> i32 {
        self.atoms.iter().map(|atom| atom.charge).sum()
    }

    /// Bonds in the atom order of the file, if every atom is written and maps to one of `numbers`.
    ///
    /// `None` where atoms are implicit or not mapped; an error where the map contradicts `numbers`.
    pub(crate) fn mapped_bonds(&self, numbers: &[u8]) -> Result<Option<Vec<Bond>>, String> {
        let complete = self.atoms.len() == numbers.len()
            && self
                .atoms
                .iter()
                .all(|atom| atom.map > 0 && atom.hydrogens == Some(0));
        if !complete {
            return Ok(None);
        }
        let mut seen = vec![false; numbers.len()];
        for atom in &self.atoms {
            let place = atom.map - 1;
            let fresh = seen
                .get_mut(place)
                .is_some_and(|seen| !std::mem::replace(seen, true));
            if !fresh {
                return Err(format!(
                    "atom map {} is repeated or beyond the atoms",
                    atom.map
                ));
            }
            if numbers[place] != atom.number {
                return Err(format!(
                    "atom map {} is {}, the file has {}",
                    atom.map,
                    elements::symbol(atom.number).unwrap_or("*"),
                    elements::symbol(numbers[place]).unwrap_or("?")
                ));
            }
        }
        let index = |atom: usize| self.atoms[atom].map - 1;
        let bonds = self.bonds.iter().map(|bond| {
            let (a, b) = (index(bond.first), index(bond.second));
            Bond {
                first: a.min(b),
                second: a.max(b),
                order: bond.order,
            }
        });
        let mut bonds: Vec<Bond> = bonds.collect();
        bonds.sort_by_key(|bond| (bond.first, bond.second));
        Ok(Some(bonds))
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    out: Smiles,
}

/// Read a SMILES string; the error says what is wrong and where (bytes from 0).
pub(crate) fn parse(text: &str) -> Result<Smiles, String> {
    let mut parser = Parser {
        text: text.as_bytes(),
        at: 0,
        out: Smiles::default(),
    };
    parser
        .run()
        .map_err(|what| format!("{what} at character {}", parser.at))?;
    Ok(parser.out)
}

impl Parser<'_> {
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn take(&mut self, expected: u8) -> bool {
        let found = self.peek() == expected && expected != 0;
        self.at += usize::from(found);
        found
    }

    fn number(&mut self) -> Option<usize> {
        let start = self.at;
        while self.peek().is_ascii_digit() && self.at - start < 6 {
            self.at += 1;
        }
        std::str::from_utf8(&self.text[start..self.at])
            .ok()?
            .parse()
            .ok()
    }

    fn run(&mut self) -> Result<(), &'static str> {
        let mut previous: Option<usize> = None;
        let mut branches = Vec::new();
        let mut rings: BTreeMap<usize, (usize, Option<BondOrder>)> = BTreeMap::new();
        // None: no bond symbol seen; Some(None): the dot.
        let mut order: Option<Option<BondOrder>> = None;
        while self.at < self.text.len() {
            match self.peek() {
                b'(' => {
                    branches.push(previous.ok_or("a branch without an atom")?);
                    self.at += 1;
                }
                b')' => {
                    previous = Some(branches.pop().ok_or("an unmatched ')'")?);
                    self.at += 1;
                }
                symbol @ (b'-' | b'=' | b'#' | b':' | b'/' | b'\\' | b'.') => {
                    if order.is_some() || previous.is_none() {
                        return Err("a misplaced bond");
                    }
                    order = Some(match symbol {
                        b'.' => None,
                        b'=' => Some(BondOrder::Double),
                        b'#' => Some(BondOrder::Triple),
                        b':' => Some(BondOrder::Aromatic),
                        _ => Some(BondOrder::Single),
                    });
                    self.at += 1;
                }
                b'0'..=b'9' | b'%' => {
                    let here = previous.ok_or("a ring closure without an atom")?;
                    let ring = self.ring()?;
                    let written = order.take().flatten();
                    match rings.remove(&ring) {
                        Some((there, _)) if there == here => {
                            return Err("an atom bonded to itself");
                        }
                        Some((there, earlier)) => self.join(there, here, earlier.or(written)),
                        None => {
                            rings.insert(ring, (here, written));
                        }
                    }
                }
                _ => {
                    let atom = self.atom()?;
                    self.out.atoms.push(atom);
                    let here = self.out.atoms.len() - 1;
                    match (previous, order.take()) {
                        (Some(there), None) => self.join(there, here, None),
                        (Some(there), Some(Some(order))) => self.join(there, here, Some(order)),
                        (_, Some(None)) | (None, _) => {}
                    }
                    previous = Some(here);
                }
            }
        }
        if !branches.is_empty() {
            return Err("an unmatched '('");
        }
        if !rings.is_empty() {
            return Err("an open ring");
        }
        if self.out.atoms.is_empty() || order.is_some() {
            return Err("an early end");
        }
        Ok(())
    }

    fn join(&mut self, first: usize, second: usize, order: Option<BondOrder>) {
        let aromatic = self.out.atoms[first].aromatic && self.out.atoms[second].aromatic;
        let implied = if aromatic {
            BondOrder::Aromatic
        } else {
            BondOrder::Single
        };
        self.out.bonds.push(Bond {
            first,
            second,
            order: order.unwrap_or(implied),
        });
    }

    fn ring(&mut self) -> Result<usize, &'static str> {
        let digits = if self.take(b'%') { 2 } else { 1 };
        let mut value = 0;
        for _ in 0..digits {
            if !self.peek().is_ascii_digit() {
                return Err("a ring closure without digits");
            }
            value = 10 * value + usize::from(self.peek() - b'0');
            self.at += 1;
        }
        Ok(value)
    }

    /// Longest element symbol at this place; lower case is aromatic.
    fn symbol(&mut self, two_letters: &[&str]) -> Result<(u8, bool), &'static str> {
        if self.take(b'*') {
            return Ok((0, false));
        }
        let letter = self.peek();
        let pair = self
            .text
            .get(self.at..self.at + 2)
            .and_then(|p| std::str::from_utf8(p).ok());
        if let Some(pair) = pair.filter(|p| p.as_bytes()[1].is_ascii_lowercase())
            && (two_letters.is_empty() || two_letters.contains(&pair))
            && let Some(number) = elements::atomic_number(pair)
            && (letter.is_ascii_uppercase() || matches!(pair, "se" | "as" | "te"))
        {
            self.at += 2;
            return Ok((number, letter.is_ascii_lowercase()));
        }
        let aromatic = matches!(letter, b'b' | b'c' | b'n' | b'o' | b'p' | b's');
        if !aromatic && !letter.is_ascii_uppercase() {
            return Err("an unexpected character");
        }
        let number = elements::atomic_number(&char::from(letter).to_string());
        self.at += 1;
        Ok((number.ok_or("an unknown element")?, aromatic))
    }

    fn atom(&mut self) -> Result<Atom, &'static str> {
        if !self.take(b'[') {
            let (number, aromatic) = self.symbol(&["Cl", "Br"])?;
            return Ok(Atom {
                number,
                charge: 0,
                map: 0,
                hydrogens: None,
                aromatic,
            });
        }
        self.number();
        let (number, aromatic) = self.symbol(&[])?;
        while self.take(b'@') {}
        for class in [b"TH", b"AL", b"SP", b"TB", b"OH"] {
            if self.text[self.at..].starts_with(class) {
                self.at += 2;
                self.number();
            }
        }
        let mut hydrogens = usize::from(self.take(b'H'));
        if hydrogens > 0 && self.peek().is_ascii_digit() {
            hydrogens = self.number().ok_or("a count without digits")?;
        }
        let charge = self.charge()?;
        let map = if self.take(b':') {
            self.number().ok_or("an atom map without digits")?
        } else {
            0
        };
        if !self.take(b']') {
            return Err("an unclosed bracket or unknown mark");
        }
        Ok(Atom {
            number,
            charge,
            map,
            hydrogens: Some(hydrogens),
            aromatic,
        })
    }

    fn charge(&mut self) -> Result<i32, &'static str> {
        let mark = self.peek();
        if !matches!(mark, b'+' | b'-') {
            return Ok(0);
        }
        let mut size = 0_usize;
        while self.take(mark) {
            size += 1;
        }
        if size == 1 && self.peek().is_ascii_digit() {
            size = self.number().unwrap_or(usize::MAX);
        }
        let size = i32::try_from(size)
            .ok()
            .filter(|size| *size <= 15)
            .ok_or("a charge beyond 15")?;
        Ok(if mark == b'+' { size } else { -size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use BondOrder::{Aromatic, Double, Single, Triple};

    #[test]
    fn charges_and_bonds_of_known_strings() {
        // (SMILES, heavy and written atoms, bonds, charge), counted by hand.
        let table = [
            ("C", 1, 0, 0),
            ("CC(=O)[O-]", 4, 3, -1),
            ("c1ccccc1", 6, 6, 0),
            ("C1CC1.[Na+]", 4, 3, 1),
            ("[NH4+]", 1, 0, 1),
            ("[Ca+2].[Cl-].[Cl-]", 3, 0, 0),
            ("[Fe+++]", 1, 0, 3),
            ("C%12CC%12", 3, 3, 0),
            ("F/C=C\\F", 4, 3, 0),
            ("N[C@@H](C)C(=O)O", 6, 5, 0),
            ("Brc1cn[nH]c1Cl", 7, 7, 0),
            ("[13CH4]", 1, 0, 0),
            ("[S@](=O)(C)N", 4, 3, 0),
        ];
        for (text, atoms, bonds, charge) in table {
            let smiles = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let found = (smiles.atoms.len(), smiles.bonds.len(), smiles.charge());
            assert_eq!(found, (atoms, bonds, charge), "{text}");
        }
    }

    #[test]
    fn orders_follow_symbols_and_aromaticity() {
        let orders = |text: &str| -> Vec<BondOrder> {
            parse(text)
                .expect(text)
                .bonds
                .iter()
                .map(|bond| bond.order)
                .collect()
        };
        assert_eq!(orders("C=C-C#N"), [Double, Single, Triple]);
        assert_eq!(orders("c:cC"), [Aromatic, Single]);
        assert_eq!(orders("cc-c"), [Aromatic, Single]);
        assert_eq!(orders("C=1CC1"), [Single, Single, Double]);
    }

    #[test]
    fn malformed_strings_name_the_place() {
        let table = [
            ("", "an early end at character 0"),
            ("C(", "an unmatched '(' at character 2"),
            ("C)", "an unmatched ')' at character 1"),
            ("C1CC", "an open ring at character 4"),
            ("C11", "an atom bonded to itself at character 3"),
            ("[C", "an unclosed bracket or unknown mark at character 2"),
            ("=C", "a misplaced bond at character 0"),
            ("C=", "an early end at character 2"),
            ("[C+99]", "a charge beyond 15 at character 5"),
            ("C?", "an unexpected character at character 1"),
            ("J", "an unknown element at character 1"),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text), Err(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn maps_give_bonds_in_the_order_of_the_file() {
        let smiles = parse("[H:3][C:1]#[N:2]").expect("hydrogen cyanide");
        let bonds = smiles
            .mapped_bonds(&[6, 7, 1])
            .expect("a map")
            .expect("complete");
        let bond = |first, second, order| Bond {
            first,
            second,
            order,
        };
        assert_eq!(
            bonds,
            [bond(0, 1, BondOrder::Triple), bond(0, 2, BondOrder::Single)]
        );
        assert_eq!(smiles.mapped_bonds(&[6, 7]), Ok(None));
        let wrong = smiles
            .mapped_bonds(&[7, 6, 1])
            .expect_err("C and N are exchanged");
        assert_eq!(wrong, "atom map 1 is C, the file has N");
    }
}
