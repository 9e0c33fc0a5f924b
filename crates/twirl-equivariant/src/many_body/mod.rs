//! Products of up to three features of an atom, coupled to degrees 0, 1 and 2.

#[cfg(test)]
mod tests;

use burn::tensor::Tensor;
use twirl_layers::Slots;

use crate::angular::{clebsch_gordan, components};
use crate::channelwise::{Channelwise, Term};
use crate::degrees::place;

/// What is multiplied: the number 1, and the features of degree 0, 1 and 2.
const FACTORS: [usize; 4] = [0, 0, 1, 2];
const ONE: usize = 0;
const SCALAR: usize = 1;
const VECTOR: usize = 2;
const MATRIX: usize = 3;

/// Two factors and the degree to which they are coupled.
const PAIRS: [[usize; 3]; 9] = [
    [ONE, ONE, 0],
    [ONE, SCALAR, 0],
    [ONE, MATRIX, 2],
    [SCALAR, SCALAR, 0],
    [VECTOR, VECTOR, 0],
    [MATRIX, MATRIX, 0],
    [SCALAR, MATRIX, 2],
    [VECTOR, VECTOR, 2],
    [MATRIX, MATRIX, 2],
];

/// A pair coupled with a third factor.
#[derive(Debug, Clone, Copy)]
struct Triple {
    pair: usize,
    factor: usize,
    /// Degree of the product.
    degree: usize,
    /// Mean square of a component where the features are independent normal numbers.
    square: f64,
}

const fn triple(pair: usize, factor: usize, degree: usize, square: f64) -> Triple {
    Triple {
        pair,
        factor,
        degree,
        square,
    }
}

/// A basis of all equivariant products of one, two and three features of degrees 0 to 2 that have the
/// parity `(-1)^degree`, symmetric in the features, which are of one channel: 9, 8 and 10 of degrees
/// 0, 1 and 2.
///
/// Any such product is a sum of chains of Clebsch-Gordan couplings through all degrees and both
/// parities. Those that are left out here vanish or depend on these linearly, of which `tests` is
/// the proof: these are independent, and as many as the characters of the symmetric powers count.
const TRIPLES: [Triple; 27] = [
    triple(0, SCALAR, 0, 1.0),
    triple(3, ONE, 0, 3.0),
    triple(4, ONE, 0, 5.0),
    triple(5, ONE, 0, 7.0),
    triple(3, SCALAR, 0, 15.0),
    triple(4, SCALAR, 0, 5.0),
    triple(5, SCALAR, 0, 7.0),
    triple(7, MATRIX, 0, 2.0),
    triple(8, MATRIX, 0, 6.0),
    triple(0, VECTOR, 1, 1.0),
    triple(1, VECTOR, 1, 1.0),
    triple(2, VECTOR, 1, 1.0),
    triple(3, VECTOR, 1, 3.0),
    triple(4, VECTOR, 1, 35.0 / 3.0),
    triple(5, VECTOR, 1, 7.0),
    triple(6, VECTOR, 1, 1.0),
    triple(8, VECTOR, 1, 2.0),
    triple(0, MATRIX, 2, 1.0),
    triple(6, ONE, 2, 1.0),
    triple(7, ONE, 2, 2.0),
    triple(8, ONE, 2, 2.0),
    triple(3, MATRIX, 2, 3.0),
    triple(4, MATRIX, 2, 5.0),
    triple(5, MATRIX, 2, 12.6),
    triple(7, SCALAR, 2, 2.0),
    triple(8, SCALAR, 2, 2.0),
    triple(7, MATRIX, 2, 2.0),
];

/// Sums of all products of up to three features of an atom and channel, each with a weight.
///
/// Coupling is linear, so the pairs of all products of one degree that meet the same factor are added
/// up with their weights before they do: three bilinear operations instead of one for every product.
#[derive(Debug, Clone)]
pub(crate) struct ManyBody {
    /// 1 and features, with themselves, to pairs.
    pair: Channelwise,
    /// Weights and pairs to sums.
    weigh: Channelwise,
    /// Sums with 1 and features to the output.
    close: Channelwise,
}

impl ManyBody {
    /// Products of degrees up to `highest`, which is at most 2.
    pub(crate) fn new(highest: usize) -> Self {
        let starts = |degrees: &[usize]| -> Vec<usize> {
            let ends = degrees.iter().scan(0, |end, &degree| {
                *end += components(degree);
                Some(*end)
            });
            std::iter::once(0).chain(ends).collect()
        };
        let factors = starts(&FACTORS);
        let pairs = starts(&PAIRS.map(|[_, _, degree]| degree));
        let triples: Vec<Triple> = TRIPLES
            .into_iter()
            .filter(|one| one.degree <= highest)
            .collect();
        // Triples of one key share a sum.
        let key = |one: &Triple| [PAIRS[one.pair][2], one.factor, one.degree];
        let mut keys: Vec<[usize; 3]> = triples.iter().map(key).collect();
        keys.sort_unstable();
        keys.dedup();
        let sums = starts(&keys.iter().map(|key| key[0]).collect::<Vec<_>>());

        let mut weigh = Vec::new();
        for (left, one) in triples.iter().enumerate() {
            let of_degree = triples.iter().filter(|other| other.degree == one.degree);
            let factor = 1.0 / (one.square * of_degree.count() as f64).sqrt();
            let sum = keys.binary_search(&key(one)).expect("its key");
            weigh.extend((0..components(keys[sum][0])).map(|component| Term {
                left,
                right: pairs[one.pair] + component,
                output: sums[sum] + component,
                factor,
            }));
        }
        let ends = [&factors, &pairs, &sums].map(|starts| starts[starts.len() - 1]);
        let [all_factors, all_pairs, all_sums] = ends;
        let pair = PAIRS.into_iter().zip(&pairs).flat_map(|(pair, &start)| {
            let [first, second, degree] = pair;
            let path = [FACTORS[first], FACTORS[second], degree];
            coupled(path, [factors[first], factors[second], start])
        });
        let close = keys.iter().zip(&sums).flat_map(|(key, &start)| {
            let [degree, factor, output] = *key;
            let path = [degree, FACTORS[factor], output];
            coupled(path, [start, factors[factor], place(output)[0]])
        });
        Self {
            pair: Channelwise::new(pair.collect(), [all_factors, all_factors, all_pairs]),
            weigh: Channelwise::new(weigh, [triples.len(), all_pairs, all_sums]),
            close: Channelwise::new(
                close.collect(),
                [all_sums, all_factors, (highest + 1).pow(2)],
            ),
        }
    }

    /// Products, each of which has a weight in every channel.
    pub(crate) fn products(&self) -> usize {
        self.weigh.components()[0]
    }

    /// Features of degree 0, 1 and 2, `[A, (2 l + 1) C]`, and weights `[A, products C]` to sums of
    /// products `[A, (highest + 1)^2 C]`. With independent normal features and weights of mean square
    /// one these have mean square one.
    pub(crate) fn forward(
        &self,
        features: Vec<Tensor<2>>,
        weights: Tensor<2>,
        slots: &Slots,
    ) -> Tensor<2> {
        let ones = features[0].ones_like();
        let factors = Tensor::cat([vec![ones], features].concat(), 1);
        let pairs = self.pair.multiply(factors.clone(), factors.clone(), slots);
        let sums = self.weigh.multiply(weights, pairs, slots);
        self.close.multiply(sums, factors, slots)
    }
}

/// Terms of the Clebsch-Gordan product of a path, for inputs and an output that begin at `starts`.
fn coupled(path: [usize; 3], starts: [usize; 3]) -> Vec<Term> {
    let [_, second, output] = path.map(components);
    let entries = clebsch_gordan(path).into_iter().enumerate();
    entries
        .filter(|(_, factor)| factor.abs() > 1e-12)
        .map(|(place, factor)| Term {
            left: starts[0] + place / (second * output),
            right: starts[1] + place / output % second,
            output: starts[2] + place % output,
            factor,
        })
        .collect()
}
