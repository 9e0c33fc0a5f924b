//! Residual branches behind a gate.

use burn::tensor::Tensor;

/// `x + gate y`, with `x` and `y` `[rows, channels]` and one row of the gate for as many of theirs as
/// divide them evenly (three, say, where rows are the axes of vectors).
///
/// # Panics
/// If shapes disagree.
#[must_use]
pub fn gated(x: Tensor<2>, y: Tensor<2>, gate: Tensor<2>) -> Tensor<2> {
    let ([rows, channels], [gates, _]) = (x.dims(), gate.dims());
    assert_eq!(y.dims(), x.dims(), "gated: branch");
    assert_eq!(gate.dims()[1], channels, "gated: channels of the gate");
    if rows == 0 {
        return x;
    }
    if gates == rows {
        return x + y * gate;
    }
    assert!(
        gates > 0 && rows.is_multiple_of(gates),
        "gated: rows of the gate"
    );
    let gate: Tensor<3> = gate.unsqueeze_dim(1);
    let product = y.reshape([gates, rows / gates, channels]) * gate;
    x + product.reshape([rows, channels])
}
