//! What is predicted.

use twirl_data::DataSet;

/// One line for the list of tasks.
pub const ABOUT: &str = "from the mean position of all atoms to that of the heavy ones";

/// Unit of the label.
pub const UNIT: &str = "A";

/// The label of a frame: a vector that turns with the molecule and does not move with it.
///
/// REPLACE THIS: it is the vector from the mean position of all atoms to that of the atoms other
/// than hydrogen, which shows that everything works and teaches nothing.
///
/// # Errors
/// Why the frame has no label, in a few words.
pub fn label(data: &DataSet, item: usize) -> Result<[f64; 3], String> {
    let (numbers, positions) = (data.atomic_numbers(item), data.positions(item));
    let mean = |keep: &dyn Fn(u8) -> bool| -> Option<[f64; 3]> {
        let kept = numbers.iter().zip(positions).filter(|(z, _)| keep(**z));
        let (mut sum, mut count) = ([0.0; 3], 0.0);
        for (_, position) in kept {
            (0..3).for_each(|axis| sum[axis] += position[axis]);
            count += 1.0;
        }
        (count > 0.0).then(|| sum.map(|value| value / count))
    };
    let heavy = mean(&|z| z > 1).ok_or("it has no atom but hydrogen")?;
    let all = mean(&|_| true).ok_or("it has no atom")?;
    Ok(std::array::from_fn(|axis| heavy[axis] - all[axis]))
}
