//! Which queries attend to which keys.

use std::sync::{Arc, OnceLock};

use burn::tensor::{Device, Int, Tensor, TensorData};

/// Groups are padded to a multiple of it, so that batches with other molecules have the same few shapes
/// and vectors of a device fit into every row: a kernel that is compiled for one is there for all.
const BUCKET: usize = 8;

/// Rows that attend to rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// First query and their number.
    pub query: usize,
    pub queries: usize,
    /// First key and their number.
    pub key: usize,
    pub keys: usize,
    /// Place of the first pair, and from one query's pairs to the next.
    pub pair: usize,
    pub step: usize,
}

/// Groups of rows, each of which attends to rows of its own: those of a molecule to one another, or an
/// atom to its neighbours.
///
/// Pairs of a query and a key are numbered group by group, then query by query. Rows that belong to
/// no group have output 0.
#[derive(Debug, Clone)]
pub struct Spans {
    pub(super) groups: Arc<[Span]>,
    /// All rows of queries, of keys, and pairs.
    pub(super) rows: [usize; 3],
    padded: Arc<OnceLock<Padded>>,
}

/// Numbers of rows and pairs in a padded layout, for devices that compute on one.
#[derive(Debug, Clone)]
pub(super) struct Padded {
    /// `[groups, queries, keys]`.
    pub sizes: [usize; 3],
    /// `[groups * queries]` and `[groups * keys]`; some row of the group at padding.
    pub query: Tensor<1, Int>,
    pub key: Tensor<1, Int>,
    /// `[groups * queries * keys]`; some pair at padding.
    pub pair: Tensor<1, Int>,
    /// 1 for keys and 0 for padding `[groups, keys]`.
    pub mask: Tensor<2>,
    /// Place of every row in the padded queries `[rows]`, and 1 where it has one `[rows, 1]`.
    pub place: Tensor<1, Int>,
    pub held: Tensor<2>,
}

impl Spans {
    /// Groups of as many queries and keys each; all of them count.
    #[must_use]
    pub fn uniform(groups: usize, queries: usize, keys: usize) -> Self {
        let spans = (0..groups).map(|group| Span {
            query: group * queries,
            queries,
            key: group * keys,
            keys,
            pair: group * queries * keys,
            step: keys,
        });
        Self::new(
            spans.collect(),
            [groups * queries, groups * keys, groups * queries * keys],
        )
    }

    /// Groups of the given numbers of rows, one after another, each of which attends to itself.
    #[must_use]
    pub fn within(sizes: &[usize]) -> Self {
        let (mut row, mut pair) = (0, 0);
        let spans = sizes.iter().map(|&size| {
            let span = Span {
                query: row,
                queries: size,
                key: row,
                keys: size,
                pair,
                step: size,
            };
            row += size;
            pair += size * size;
            span
        });
        let spans = spans.collect();
        Self::new(spans, [row, row, pair])
    }

    /// Groups of `slots` rows of which the first `counts[group]` are held; these attend to one
    /// another. A pair has a place for every two slots.
    ///
    /// # Panics
    /// If a count is above `slots`.
    #[must_use]
    pub fn among_slots(counts: &[usize], slots: usize) -> Self {
        Self::slots(counts, slots, slots)
    }

    /// One query for each group of `slots` keys of which the first `counts[group]` are held.
    ///
    /// # Panics
    /// If a count is above `slots`.
    #[must_use]
    pub fn onto_slots(counts: &[usize], slots: usize) -> Self {
        Self::slots(counts, slots, 1)
    }

    /// Rows of queries, rows of keys, and places for pairs.
    #[must_use]
    pub fn sizes(&self) -> [usize; 3] {
        self.rows
    }

    fn slots(counts: &[usize], slots: usize, queries: usize) -> Self {
        let spans = counts.iter().enumerate().map(|(group, &count)| {
            assert!(count <= slots, "Spans: {count} rows in {slots} slots");
            Span {
                query: group * queries,
                queries: count.min(queries).max(usize::from(queries == 1)),
                key: group * slots,
                keys: count,
                pair: group * queries * slots,
                step: slots,
            }
        });
        let groups = counts.len();
        Self::new(
            spans.collect(),
            [groups * queries, groups * slots, groups * queries * slots],
        )
    }

    fn new(spans: Vec<Span>, rows: [usize; 3]) -> Self {
        Self {
            groups: spans.into(),
            rows,
            padded: Arc::default(),
        }
    }

    /// Multiplications of one product over all groups, by channel.
    pub(super) fn pairs(&self) -> usize {
        let pairs = |span: &Span| span.queries * span.keys;
        self.groups.iter().map(pairs).sum()
    }

    /// The padded layout, made when it is first asked for.
    pub(super) fn padded(&self, device: &Device) -> &Padded {
        self.padded.get_or_init(|| {
            let most = |size: fn(&Span) -> usize| {
                let most = self.groups.iter().map(size).max().unwrap_or(0);
                // A group that is alone on its axis stays so.
                if most > 1 {
                    most.next_multiple_of(BUCKET)
                } else {
                    most
                }
            };
            let (queries, keys) = (most(|span| span.queries), most(|span| span.keys));
            let (mut query, mut key, mut pair) = (Vec::new(), Vec::new(), Vec::new());
            let mut mask = Vec::new();
            let (mut place, mut held) = (vec![0_i64; self.rows[0]], vec![0.0; self.rows[0]]);
            // A group without rows has none of its own to name.
            let row = |first: usize, index: usize, count: usize, rows: usize| {
                (first + index.min(count.saturating_sub(1))).min(rows.saturating_sub(1)) as i64
            };
            let [all_queries, all_keys, all_pairs] = self.rows;
            for span in &*self.groups {
                for index in 0..queries {
                    if index < span.queries {
                        place[span.query + index] = query.len() as i64;
                        held[span.query + index] = f64::from(u8::from(span.keys > 0));
                    }
                    query.push(row(span.query, index, span.queries, all_queries));
                    let first = span.pair + index.min(span.queries.saturating_sub(1)) * span.step;
                    let places = 0..keys;
                    pair.extend(places.map(|other| row(first, other, span.keys, all_pairs)));
                }
                for index in 0..keys {
                    key.push(row(span.key, index, span.keys, all_keys));
                    mask.push(f64::from(u8::from(index < span.keys)));
                }
            }
            let int = |values: Vec<i64>| {
                let count = values.len();
                Tensor::from_data(TensorData::new(values, [count]), device)
            };
            let groups = self.groups.len();
            let rows = self.rows[0];
            Padded {
                sizes: [groups, queries, keys],
                query: int(query),
                key: int(key),
                pair: int(pair),
                mask: Tensor::from_data(TensorData::new(mask, [groups, keys]), device),
                place: int(place),
                held: Tensor::from_data(TensorData::new(held, [rows, 1]), device),
            }
        })
    }
}
