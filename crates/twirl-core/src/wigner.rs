//! Matrices by which real spherical harmonics turn.

use crate::rotation::Rotation;

/// Rows or columns `-l..=l` of a square matrix.
struct Signed<'a> {
    entries: &'a [f64],
    degree: isize,
}

impl Signed<'_> {
    fn at(&self, row: isize, column: isize) -> f64 {
        let width = 2 * self.degree + 1;
        self.entries[((row + self.degree) * width + column + self.degree) as usize]
    }
}

/// Matrices `D_l(R)` of degree 0 to `degree`, each `[2l + 1][2l + 1]` row-major, with
/// `Y_l(R x) = D_l(R) Y_l(x)`.
///
/// `Y_l` are real spherical harmonics ordered by `m = -l..=l`, with `sin` for negative and `cos` for
/// positive `m` and without the sign `(-1)^m`: degree 1 is `(y, z, x)`. The proper part of an
/// improper rotation is taken; the parity of a quantity is the caller's.
///
/// Recursion over degrees of Ivanic and Ruedenberg, J. Phys. Chem. 100 (1996) 6342, with the
/// correction of 102 (1998) 9099.
#[must_use]
pub fn wigner(degree: usize, rotation: &Rotation) -> Vec<Vec<f64>> {
    let m = if rotation.is_proper() {
        rotation.matrix()
    } else {
        (-*rotation).matrix()
    };
    let order = [1, 2, 0];
    let first: Vec<f64> = (0..9).map(|k| m[order[k / 3]][order[k % 3]]).collect();
    let mut found = vec![vec![1.0]];
    for l in 1..=degree as isize {
        let next = if l == 1 {
            first.clone()
        } else {
            let one = Signed {
                entries: &first,
                degree: 1,
            };
            let before = Signed {
                entries: &found[l as usize - 1],
                degree: l - 1,
            };
            let indices = (-l..=l).flat_map(|m| (-l..=l).map(move |n| (m, n)));
            indices
                .map(|(m, n)| entry(l, m, n, &one, &before))
                .collect()
        };
        found.push(next);
    }
    found
}

fn entry(l: isize, m: isize, n: isize, one: &Signed<'_>, before: &Signed<'_>) -> f64 {
    let product = |i: isize, a: isize| -> f64 {
        if n == l {
            one.at(i, 1) * before.at(a, l - 1) - one.at(i, -1) * before.at(a, 1 - l)
        } else if n == -l {
            one.at(i, 1) * before.at(a, 1 - l) + one.at(i, -1) * before.at(a, l - 1)
        } else {
            one.at(i, 0) * before.at(a, n)
        }
    };
    let below = if n.abs() < l {
        (l + n) * (l - n)
    } else {
        2 * l * (2 * l - 1)
    } as f64;
    let root = |above: isize| (above as f64 / below).sqrt();
    let size = m.abs();
    let mut sum = 0.0;
    if size < l {
        sum += root((l + m) * (l - m)) * product(0, m);
    }
    sum += match m {
        0 => -0.5 * root(2 * (l - 1) * l) * (product(1, 1) + product(-1, -1)),
        1 => 0.5 * root(l * (l + 1)) * 2.0_f64.sqrt() * product(1, 0),
        -1 => 0.5 * root(l * (l + 1)) * 2.0_f64.sqrt() * product(-1, 0),
        m if m > 0 => 0.5 * root((l + m - 1) * (l + m)) * (product(1, m - 1) - product(-1, 1 - m)),
        m => 0.5 * root((l - m - 1) * (l - m)) * (product(1, m + 1) + product(-1, -m - 1)),
    };
    if m != 0 && size < l - 1 {
        let pair = if m > 0 {
            product(1, m + 1) + product(-1, -m - 1)
        } else {
            product(1, m - 1) - product(-1, 1 - m)
        };
        sum -= 0.5 * root((l - size - 1) * (l - size)) * pair;
    }
    sum
}
