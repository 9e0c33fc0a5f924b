//! A task on one data set.

use std::marker::PhantomData;

use twirl_data::{DataSet, Split};
use twirl_equivariant::NeighbourList;
use twirl_harness::TaskError;

use crate::batch::Sample;
use crate::config::PointCloudConfig;
use crate::label::{Labels, Per};
use crate::scale::Scale;

/// The task of predicting the labels `L`, on one data set.
#[derive(Debug)]
pub struct PointCloud<L> {
    pub(crate) config: PointCloudConfig,
    pub(crate) data: DataSet,
    pub(crate) scales: Vec<Scale>,
    labels: PhantomData<fn() -> L>,
}

impl<L: Labels> PointCloud<L> {
    pub(crate) fn new(config: &PointCloudConfig, data: &DataSet) -> Result<Self, TaskError> {
        config.validate()?;
        let mut task = Self {
            config: config.clone(),
            data: data.clone(),
            scales: Vec::new(),
            labels: PhantomData,
        };
        let mut all = vec![Vec::new(); L::LABELS.len()];
        for &item in data.split(Split::Train) {
            for (all, values) in all.iter_mut().zip(task.values(item)?) {
                all.extend(values);
            }
        }
        for (label, all) in L::LABELS.iter().zip(&all) {
            let scale = Scale::fit(label, all);
            if !(scale.scale.is_finite() && scale.scale > 0.0) {
                let problem = format!("spread of {} in the training part is {scale:?}", label.name);
                let remedy = "give a data set whose labels differ";
                return Err(TaskError::data(data.name(), problem, remedy));
            }
            task.scales.push(scale);
        }
        Ok(task)
    }

    /// Settings.
    pub fn config(&self) -> &PointCloudConfig {
        &self.config
    }

    /// Units in which networks predict, one per label.
    pub fn scales(&self) -> &[Scale] {
        &self.scales
    }

    /// The values of every label of a frame, of the right number.
    fn values(&self, item: usize) -> Result<Vec<Vec<f64>>, TaskError> {
        let values = L::values(&self.data, item).map_err(|problem| self.refused(item, &problem))?;
        if values.len() != L::LABELS.len() {
            let problem = format!("{} labels of {}", values.len(), L::LABELS.len());
            return Err(self.refused(item, &problem));
        }
        let atoms = self.data.atomic_numbers(item).len();
        for (label, values) in L::LABELS.iter().zip(&values) {
            let blocks = match label.per {
                Per::Atom => atoms,
                Per::Molecule => 1,
            };
            let expected = blocks * label.kind.components();
            if values.len() != expected || !values.iter().all(|value| value.is_finite()) {
                let problem = format!(
                    "{} has {} values, not all finite or not {expected}",
                    label.name,
                    values.len()
                );
                return Err(self.refused(item, &problem));
            }
        }
        Ok(values)
    }

    /// A molecule with its neighbours and labels, before any rotation.
    pub(crate) fn sample(&self, item: usize) -> Result<Sample, TaskError> {
        let (cutoff, most) = (self.config.cutoff, self.config.max_neighbours);
        let neighbours = NeighbourList::build(self.data.positions(item), cutoff, most)
            .map_err(|error| self.refused(item, &error.to_string()))?;
        let mut values = self.values(item)?;
        for (values, scale) in values.iter_mut().zip(&self.scales) {
            for value in values {
                *value = scale.normalised(*value);
            }
        }
        Ok(Sample {
            item,
            neighbours,
            values,
        })
    }

    fn refused(&self, item: usize, problem: &str) -> TaskError {
        let problem = format!("frame {item}: {problem}");
        TaskError::data(self.data.name(), problem, "remove the frame")
    }
}
