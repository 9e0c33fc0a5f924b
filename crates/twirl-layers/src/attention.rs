//! Multi-head attention.

use burn::tensor::{Tensor, activation};

use crate::matmul;

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
