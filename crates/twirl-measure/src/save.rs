//! A meter as bytes, for another process or for a checkpoint.
//!
//! A mark, then sections, each after its length in bytes: JSON of what is small, then the sums of the
//! tally, the losses of units, and the rotations met, as little-endian words of eight bytes.

use serde::{Deserialize, Serialize};

use crate::drawn::Met;
use crate::error::MeasureError;
use crate::meter::{Beside, Held, Meter};
use crate::settings::Options;
use crate::subject::Subject;

const MARK: &[u8; 8] = b"twirl-m1";

#[derive(Serialize, Deserialize)]
struct Small {
    options: Options,
    held: Option<(Subject, Beside, [f64; 11])>,
}

fn refuse(what: &impl ToString) -> MeasureError {
    let what = what.to_string();
    MeasureError::State { what }
}

fn section(bytes: &mut Vec<u8>, words: impl Iterator<Item = u64>) {
    let place = bytes.len();
    bytes.extend([0; 8]);
    words.for_each(|word| bytes.extend(word.to_le_bytes()));
    let length = (bytes.len() - place - 8) as u64;
    bytes[place..place + 8].copy_from_slice(&length.to_le_bytes());
}

impl Meter {
    /// Everything that it holds, as bytes that [`Meter::load`] reads: some 300 kB for one term under
    /// 2,000 replicates.
    ///
    /// # Panics
    /// Never: numbers and texts are always JSON.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let held = self.held.as_ref();
        let small = Small {
            options: self.options,
            held: held.map(|held| {
                let subject = held.subject.clone();
                (subject, held.beside.clone(), held.drawn.moments)
            }),
        };
        let json = serde_json::to_vec(&small).expect("numbers and texts");
        let mut bytes = MARK.to_vec();
        bytes.extend((json.len() as u64).to_le_bytes());
        bytes.extend(json);
        let Some(held) = held else {
            return bytes;
        };
        section(&mut bytes, held.tally.sums().map(f64::to_bits));
        let units = held.by_unit.iter();
        section(
            &mut bytes,
            units.flat_map(|(unit, loss)| [*unit, loss.to_bits()]),
        );
        let mut met: Vec<_> = held.drawn.met.iter().collect();
        met.sort_unstable_by_key(|(key, _)| **key);
        let words = |(key, met): (&u64, &Met)| [*key, met.unit, u64::from(met.several), met.count];
        section(&mut bytes, met.into_iter().flat_map(words));
        bytes
    }

    /// Reads what [`Meter::save`] wrote; of several one after the other, as a gather over processes
    /// leaves them, the sum.
    ///
    /// # Errors
    /// [`MeasureError::State`] for other bytes, and the errors of [`Meter::merge`].
    pub fn load(bytes: &[u8]) -> Result<Self, MeasureError> {
        let mut rest = bytes;
        let mut all = one(&mut rest)?;
        while !rest.is_empty() {
            all.merge(&one(&mut rest)?)?;
        }
        Ok(all)
    }
}

/// The next `count` bytes.
fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], MeasureError> {
    let (taken, after) = rest
        .split_at_checked(count)
        .ok_or_else(|| refuse(&"it ends too early"))?;
    *rest = after;
    Ok(taken)
}

fn length(rest: &mut &[u8]) -> Result<usize, MeasureError> {
    let word = take(rest, 8)?.as_chunks::<8>().0[0];
    usize::try_from(u64::from_le_bytes(word)).map_err(|error| refuse(&error))
}

/// Groups of N words.
fn groups<const N: usize>(rest: &mut &[u8]) -> Result<Vec<[u64; N]>, MeasureError> {
    let size = length(rest)?;
    let (words, odd) = take(rest, size)?.as_chunks::<8>();
    let (groups, left) = words.as_chunks::<N>();
    if !odd.is_empty() || !left.is_empty() {
        return Err(refuse(&"a section has an odd length"));
    }
    let group = |group: &[[u8; 8]; N]| group.map(u64::from_le_bytes);
    Ok(groups.iter().map(group).collect())
}

fn one(rest: &mut &[u8]) -> Result<Meter, MeasureError> {
    if take(rest, 8)? != MARK {
        return Err(refuse(&"these bytes are none"));
    }
    let size = length(rest)?;
    let small: Small = serde_json::from_slice(take(rest, size)?).map_err(|error| refuse(&error))?;
    let mut meter = Meter::new(small.options);
    let Some((subject, beside, moments)) = small.held else {
        return Ok(meter);
    };
    if !beside.fits(&subject) {
        return Err(refuse(&"its parts do not fit each other"));
    }
    let sums: Vec<f64> = groups::<1>(rest)?
        .iter()
        .map(|[word]| f64::from_bits(*word))
        .collect();
    // Before anything of that size is asked for.
    if sums.len() != Held::sums(&subject, &small.options).unwrap_or(0) {
        return Err(refuse(&"it has another number of sums than it says"));
    }
    let mut held = Held::new(&subject, &small.options)?;
    held.tally.add_sums(&sums)?;
    held.beside = beside;
    let units = groups::<2>(rest)?;
    held.by_unit = units
        .into_iter()
        .map(|[unit, loss]| (unit, f64::from_bits(loss)))
        .collect();
    held.drawn.moments = moments;
    let met = groups::<4>(rest)?
        .into_iter()
        .map(|[key, unit, several, count]| {
            let several = several != 0;
            (
                key,
                Met {
                    unit,
                    several,
                    count,
                },
            )
        });
    held.drawn.met = met.collect();
    meter.held = Some(held);
    Ok(meter)
}
