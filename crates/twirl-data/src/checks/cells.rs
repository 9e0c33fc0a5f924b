//! Atoms near an atom, without looking at all of them.

use std::collections::HashMap;

/// Points sorted into cubes.
pub(crate) struct Cells<'a> {
    points: &'a [[f64; 3]],
    side: f64,
    cubes: HashMap<[i64; 3], Vec<u32>>,
}

impl<'a> Cells<'a> {
    /// Cubes of side `side`, so that points within it are in the same cube or the next.
    pub(crate) fn new(points: &'a [[f64; 3]], side: f64) -> Self {
        let mut cubes: HashMap<[i64; 3], Vec<u32>> = HashMap::new();
        for (index, point) in points.iter().enumerate() {
            let cube = cubes.entry(cube(*point, side)).or_default();
            cube.push(index as u32);
        }
        Self {
            points,
            side,
            cubes,
        }
    }

    /// The points in the cube of `index` and the 26 around it, `index` left out.
    pub(crate) fn around(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        let [x, y, z] = cube(self.points[index], self.side);
        let offsets = (0..27).map(move |k| [x + k % 3 - 1, y + k / 3 % 3 - 1, z + k / 9 - 1]);
        offsets
            .filter_map(|key| self.cubes.get(&key))
            .flatten()
            .map(|&other| other as usize)
            .filter(move |&other| other != index)
    }
}

fn cube(point: [f64; 3], side: f64) -> [i64; 3] {
    point.map(|x| (x / side).floor() as i64)
}
