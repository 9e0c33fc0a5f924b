//! Multi-head attention.
//!
//! On the CPU device logits, bias, softmax and values of a group of rows are one own operation, in which
//! groups of different size need no padding. Composed from burn's, attention over neighbours was
//! some thousand products of a few numbers each. The bench `rows` times both.

mod kernel;
mod operation;
mod spans;
#[cfg(test)]
mod tests;

use burn::tensor::{DType, Tensor, activation};

use crate::flex::on_flex_as;
use crate::flops::{count, matmul};
use crate::lookup::gather;
use crate::own::{apply3, apply4, apply5};
use operation::Attend;
pub use spans::Spans;

/// Far below every logit, yet far from the end of the f32 range.
const MASKED: f64 = 1e9;

/// `softmax(q k^T / sqrt(d) + bias) v` per head, with `d = channels / heads`.
///
/// Shapes: `query` `[batch, queries, channels]`; `key` and `value` `[batch, keys, channels]`;
/// `bias` `[batch, heads, queries, keys]`, where axes of length 1 are broadcast; `key_mask`
/// `[batch, keys]`, 1 for a key to be seen and 0 for padding. Output
/// `[batch, queries, channels]`.
///
/// Masked keys have weight 0 and gradient 0 exactly. Where every key of a molecule is masked the
/// output and its gradients are 0.
///
/// # Panics
/// If shapes disagree or `heads` does not divide `channels`.
#[must_use]
pub fn attention(
    query: Tensor<3>,
    key: Tensor<3>,
    value: Tensor<3>,
    heads: usize,
    bias: Option<Tensor<4>>,
    key_mask: Option<Tensor<2>>,
) -> Tensor<3> {
    let [batch, queries, channels] = query.dims();
    let keys = key.dims()[1];
    assert_eq!(key.dims(), [batch, keys, channels], "attention: keys");
    assert_eq!(value.dims(), [batch, keys, channels], "attention: values");
    assert!(
        heads > 0 && channels % heads == 0,
        "attention: {channels} channels do not divide into {heads} heads"
    );
    let own = bias.is_none() && key_mask.is_none() && on_own(&query);
    if own {
        let spans = Spans::uniform(batch, queries, keys);
        let flat = |tensor: Tensor<3>, rows: usize| tensor.reshape([batch * rows, channels]);
        let output = attend(
            flat(query, queries),
            flat(key, keys),
            flat(value, keys),
            heads,
            Bias::None,
            &spans,
        );
        return output.reshape([batch, queries, channels]);
    }
    composed(query, key, value, heads, bias, key_mask)
}

/// [`attention`] from operations of burn's.
fn composed(
    query: Tensor<3>,
    key: Tensor<3>,
    value: Tensor<3>,
    heads: usize,
    bias: Option<Tensor<4>>,
    key_mask: Option<Tensor<2>>,
) -> Tensor<3> {
    let [batch, queries, channels] = query.dims();
    let keys = key.dims()[1];
    let depth = channels / heads;
    let split = |tensor: Tensor<3>, tokens: usize| tensor.reshape([batch, tokens, heads, depth]);

    let query = query * (1.0 / (depth as f64).sqrt());
    let query = split(query, queries).swap_dims(1, 2);
    let key = split(key, keys).permute([0, 2, 3, 1]);
    let mut logits = matmul(query, key);
    if let Some(bias) = bias {
        logits = logits + bias;
    }
    let mut value = value;
    if let Some(mask) = key_mask {
        assert_eq!(mask.dims(), [batch, keys], "attention: key mask");
        let hidden = (mask.clone() - 1.0) * MASKED;
        logits = logits + hidden.reshape([batch, 1, 1, keys]);
        // Zero values make a fully masked row, whose softmax is uniform, come out as zero.
        value = value * mask.reshape([batch, keys, 1]);
    }
    let value = split(value, keys).swap_dims(1, 2);
    let output = matmul(activation::softmax(logits, 3), value);
    output.swap_dims(1, 2).reshape([batch, queries, channels])
}

/// What is added to the logits of every pair.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "one value per layer: an allocation would save nothing"
)]
pub enum Bias {
    /// Nothing.
    None,
    /// A number for every pair and head `[pairs, heads]`.
    Table(Tensor<2>),
    /// A number for every pair `[pairs]`, without a gradient, times a strength for every head
    /// `[heads]`.
    Scaled(Tensor<1>, Tensor<1>),
}

/// `softmax(q k^T / sqrt(d) + bias) v` per head and group, with `d = channels / heads`.
///
/// Shapes: `query` `[rows, channels]`, `key` and `value` `[keys, channels]`, with rows, keys and pairs
/// as the spans say. Output `[rows, channels]`, 0 where a query has no group or its group no key.
///
/// # Panics
/// If shapes disagree or `heads` does not divide `channels`.
#[must_use]
pub fn attend(
    query: Tensor<2>,
    key: Tensor<2>,
    value: Tensor<2>,
    heads: usize,
    bias: Bias,
    spans: &Spans,
) -> Tensor<2> {
    let channels = query.dims()[1];
    let [rows, keys, pairs] = spans.rows;
    assert_eq!(query.dims(), [rows, channels], "attend: queries");
    assert_eq!(key.dims(), [keys, channels], "attend: keys");
    assert_eq!(value.dims(), [keys, channels], "attend: values");
    assert!(
        heads > 0 && channels.is_multiple_of(heads),
        "attend: {channels} channels do not divide into {heads} heads"
    );
    match &bias {
        Bias::None => {}
        Bias::Table(table) => assert_eq!(table.dims(), [pairs, heads], "attend: bias"),
        Bias::Scaled(strength, values) => {
            assert_eq!(strength.dims(), [heads], "attend: strengths");
            assert_eq!(values.dims(), [pairs], "attend: bias");
        }
    }
    if !on_own(&query) || rows * channels == 0 {
        return padded(query, key, value, heads, bias, spans);
    }
    // Logits and weighted values.
    count([2 * spans.pairs(), channels]);
    let operation = Attend {
        heads,
        spans: spans.clone(),
    };
    match bias {
        Bias::None => apply3(operation, query, key, value),
        Bias::Table(table) => apply4(operation, query, key, value, table),
        Bias::Scaled(strength, values) => apply5(operation, query, key, value, strength, values),
    }
}

fn on_own<const D: usize>(tensor: &Tensor<D>) -> bool {
    on_flex_as(tensor, &[DType::F32, DType::F64])
}

/// [`attend`] from operations of burn's, on groups that are padded to one size.
fn padded(
    query: Tensor<2>,
    key: Tensor<2>,
    value: Tensor<2>,
    heads: usize,
    bias: Bias,
    spans: &Spans,
) -> Tensor<2> {
    let channels = query.dims()[1];
    let layout = spans.padded(&query.device());
    let [groups, queries, keys] = layout.sizes;
    if queries * keys == 0 {
        return query.zeros_like();
    }
    let pairs = |table: Tensor<2>| {
        let heads = table.dims()[1];
        gather(table, layout.pair.clone())
            .reshape([groups, queries, keys, heads])
            .permute([0, 3, 1, 2])
    };
    let bias = match bias {
        Bias::None => None,
        Bias::Table(table) => Some(pairs(table)),
        Bias::Scaled(strength, values) => {
            Some(pairs(values.unsqueeze_dim(1)) * strength.reshape([1, heads, 1, 1]))
        }
    };
    let rows = |tensor, index: &Tensor<1, burn::tensor::Int>, size| {
        gather(tensor, index.clone()).reshape([groups, size, channels])
    };
    let output = composed(
        rows(query, &layout.query, queries),
        rows(key, &layout.key, keys),
        rows(value, &layout.key, keys),
        heads,
        bias,
        Some(layout.mask.clone()),
    );
    let output = output.reshape([groups * queries, channels]);
    gather(output, layout.place.clone()) * layout.held.clone()
}
