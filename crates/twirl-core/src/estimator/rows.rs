//! Means and scatters of rows, the arithmetic that estimators share.

use crate::samples::Samples;

/// Mean of rows, centred on the first: equal rows give back that row exactly.
pub(crate) fn mean_row<R: AsRef<[f64]>>(rows: &[R]) -> Vec<f64> {
    let first = rows[0].as_ref();
    let mut offset = vec![0.0; first.len()];
    for row in rows {
        for ((sum, value), centre) in offset.iter_mut().zip(row.as_ref()).zip(first) {
            *sum += value - centre;
        }
    }
    offset
        .iter()
        .zip(first)
        .map(|(sum, centre)| centre + sum / rows.len() as f64)
        .collect()
}

/// The same under weights that sum to 1; none: equal weights.
pub(crate) fn weighted_mean<R: AsRef<[f64]>>(rows: &[R], weights: Option<&[f64]>) -> Vec<f64> {
    let Some(weights) = weights else {
        return mean_row(rows);
    };
    let first = rows[0].as_ref();
    let mut mean = first.to_vec();
    for (row, weight) in rows.iter().zip(weights) {
        for ((sum, value), centre) in mean.iter_mut().zip(row.as_ref()).zip(first) {
            *sum += weight * (value - centre);
        }
    }
    mean
}

/// `sum_m |u_m - ubar|^2`.
pub(crate) fn scatter<R: AsRef<[f64]>>(samples: &Samples, rows: &[R]) -> f64 {
    squares(samples, rows, &mean_row(rows)).sum()
}

/// `|u_m - centre|^2` for every row.
fn squares<'a, R: AsRef<[f64]>>(
    samples: &'a Samples,
    rows: &'a [R],
    centre: &'a [f64],
) -> impl Iterator<Item = f64> + 'a {
    let mut difference = vec![0.0; centre.len()];
    rows.iter().map(move |row| {
        for ((out, value), centre) in difference.iter_mut().zip(row.as_ref()).zip(centre) {
            *out = value - centre;
        }
        samples.dot(&difference, &difference)
    })
}

/// `sum_m w_m |u_m - ubar|^2`; none: equal weights.
pub(crate) fn plug_in(samples: &Samples, weights: Option<&[f64]>) -> f64 {
    let rows: Vec<&[f64]> = samples.rows().collect();
    match weights {
        None => scatter(samples, &rows) / rows.len() as f64,
        Some(weights) => {
            let mean = weighted_mean(&rows, Some(weights));
            let squares = squares(samples, &rows, &mean);
            squares.zip(weights).map(|(square, w)| w * square).sum()
        }
    }
}

/// Derivative of [`plug_in`] with respect to the rows, up to the block weights.
pub(crate) fn plug_in_slope(rows: &[&[f64]], weights: Option<&[f64]>) -> Vec<f64> {
    let Some(weights) = weights else {
        return scaled(rows, 1.0 / rows.len() as f64);
    };
    let mean = weighted_mean(rows, Some(weights));
    let pairs = rows.iter().zip(weights);
    let centred = pairs.flat_map(|(row, weight)| {
        let values = row.iter().zip(&mean);
        values.map(move |(value, mean)| 2.0 * weight * (value - mean))
    });
    centred.collect()
}

/// `2 factor (u_m - ubar)`: the derivative of `factor * sum_m |u_m - ubar|^2`.
pub(crate) fn scaled<R: AsRef<[f64]>>(rows: &[R], factor: f64) -> Vec<f64> {
    let mean = plain_mean(rows);
    let centred = rows.iter().flat_map(|row| row.as_ref().iter().zip(&mean));
    centred
        .map(|(value, mean)| 2.0 * factor * (value - mean))
        .collect()
}

/// The mean of rows as a plain sum, for derivatives: they carry no large common offset.
pub(crate) fn plain_mean<R: AsRef<[f64]>>(rows: &[R]) -> Vec<f64> {
    let mut mean = vec![0.0; rows[0].as_ref().len()];
    for row in rows {
        for (sum, value) in mean.iter_mut().zip(row.as_ref()) {
            *sum += value / rows.len() as f64;
        }
    }
    mean
}
