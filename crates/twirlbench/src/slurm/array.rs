//! Numbers of jobs as tasks of arrays.

/// Jobs in groups that fit into arrays of `largest` tasks: the job of task 0, and the tasks.
pub(super) fn chunks(jobs: &[usize], largest: usize) -> Vec<(usize, Vec<usize>)> {
    let mut chunks: Vec<(usize, Vec<usize>)> = Vec::new();
    for &job in jobs {
        let first = job - job % largest;
        match chunks.iter_mut().find(|(other, _)| *other == first) {
            Some((_, tasks)) => tasks.push(job - first),
            None => chunks.push((first, vec![job - first])),
        }
    }
    chunks
}

/// Ascending numbers as Slurm writes them: `0-3,7`.
pub(super) fn ranges(numbers: &[usize]) -> String {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b);
    let text = runs.map(|run| match run {
        [one] => one.to_string(),
        [first, .., last] => format!("{first}-{last}"),
        [] => String::new(),
    });
    text.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_is_a_task_of_one_array_that_is_not_too_large() {
        let jobs: Vec<usize> = (0..25).filter(|job| job % 7 != 3).collect();
        let mut back = Vec::new();
        for (first, tasks) in chunks(&jobs, 10) {
            assert!(tasks.iter().all(|task| *task < 10), "{tasks:?}");
            back.extend(tasks.iter().map(|task| first + task));
        }
        assert_eq!(back, jobs);
        assert_eq!(ranges(&[0, 1, 2, 3, 7, 9, 10]), "0-3,7,9-10");
        assert_eq!(ranges(&[5]), "5");
    }
}
