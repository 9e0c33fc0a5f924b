//! Products of all shapes and strides against sums in double precision, and their bits under several
//! instruction sets.

use burn::tensor::{Device, Tensor, TensorData};
use pulp::{Scalar, WithSimd};
use twirl_core::tolerance;

use super::kernel::Multiply;
use super::pack::Matrix;
use crate::flops::matmul;
use crate::own::vectorised;

/// Around the tiles, the vectors and the blocks of the kernel, and large enough for several threads.
const SHAPES: [[usize; 3]; 9] = [
    [1, 1, 1],
    [5, 3, 7],
    [6, 16, 32],
    [13, 257, 33],
    [97, 9, 65],
    [1, 700, 40],
    [211, 300, 70],
    [50, 260, 530],
    [40, 1, 520],
];

fn numbers(count: usize, factor: f32) -> Vec<f32> {
    (0..count)
        .map(|place| (factor * place as f32).sin())
        .collect()
}

#[test]
fn products_of_rows_and_of_columns_are_sums() {
    let device = Device::flex();
    for [rows, inner, columns] in SHAPES {
        let (left, right) = (numbers(rows * inner, 1.3), numbers(inner * columns, 0.7));
        let of = |values: &[f32], shape: [usize; 2]| {
            Tensor::<2>::from_data(TensorData::new(values.to_vec(), shape), &device)
        };
        // The same numbers once as they are and once as a view with rows and columns exchanged.
        let views = |values: &[f32], [rows, columns]: [usize; 2]| {
            let whole = of(values, [rows, columns]);
            let turned = whole.clone().transpose().into_data();
            [whole, Tensor::<2>::from_data(turned, &device).transpose()]
        };
        for left_view in views(&left, [rows, inner]) {
            for right_view in views(&right, [inner, columns]) {
                let found: Vec<f64> = matmul(left_view.clone(), right_view)
                    .into_data()
                    .iter::<f64>()
                    .collect();
                assert_eq!(found.len(), rows * columns);
                for (place, found) in found.into_iter().enumerate() {
                    let (row, column) = (place / columns, place % columns);
                    let terms = (0..inner).map(|term| {
                        let left = f64::from(left[row * inner + term]);
                        left * f64::from(right[term * columns + column])
                    });
                    let size: f64 = terms.clone().map(f64::abs).sum();
                    let expected: f64 = terms.sum();
                    assert!(
                        (found - expected).abs() <= tolerance::F32.agreement * size,
                        "{rows} x {inner} x {columns}, {row}, {column}: {found} for {expected}"
                    );
                }
            }
        }
    }
}

fn product(shape: [usize; 3], by_columns: bool, run: impl Fn(Multiply<'_, f32>)) -> Vec<u32> {
    let [rows, inner, columns] = shape;
    let (left, right) = (numbers(rows * inner, 1.1), numbers(inner * columns, 0.3));
    let mut output = numbers(rows * columns, 0.9);
    let (row, column) = if by_columns { (1, rows) } else { (inner, 1) };
    run(Multiply {
        left: Matrix {
            values: &left,
            row,
            column,
        },
        right: Matrix {
            values: &right,
            row: columns,
            column: 1,
        },
        output: &mut output,
        inner,
        columns,
    });
    output.into_iter().map(f32::to_bits).collect()
}

#[test]
fn bits_are_those_of_one_number_at_a_time() {
    for shape in SHAPES {
        for by_columns in [false, true] {
            let best = product(shape, by_columns, |work| vectorised(work));
            let scalar = product(shape, by_columns, |work| work.with_simd(Scalar::new()));
            assert!(best == scalar, "{shape:?}, by columns: {by_columns}");
        }
    }
}
