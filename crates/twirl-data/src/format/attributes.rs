//! Attributes of groups and arrays in HDF5.

use std::collections::BTreeMap;

use super::hdf5::{Group, failure, is_absent};
use crate::error::Result;

impl Group<'_> {
    /// The attributes of this group that are one string, by name; others are left alone.
    pub(super) fn text_attributes(&self) -> Result<BTreeMap<String, String>> {
        let attributes = self.raw.attributes();
        let attributes = attributes.map_err(|error| failure(&self.site, &error))?;
        let text = |attribute: hdf5_reader::Attribute| {
            let text = attribute.read_string().ok()?;
            Some((attribute.name, text))
        };
        Ok(attributes.into_iter().filter_map(text).collect())
    }

    /// Attribute `units` of an array, `None` where either is absent.
    pub(super) fn units(&self, name: &str) -> Result<Option<String>> {
        let Some(dataset) = self.dataset(name)? else {
            return Ok(None);
        };
        let attribute = match dataset.attribute("units") {
            Ok(attribute) => attribute,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(failure(&self.array_site(name), &error)),
        };
        attribute
            .read_string()
            .map(Some)
            .map_err(|error| failure(&self.array_site(name), &error))
    }

    /// A text attribute of the group.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>> {
        self.attribute(name, hdf5_reader::Attribute::read_string)
    }

    /// A numeric attribute of the group.
    pub(super) fn number(&self, name: &str) -> Result<Option<f64>> {
        self.attribute(name, hdf5_reader::Attribute::read_as_f64)
    }

    fn attribute<T>(
        &self,
        name: &str,
        read: impl Fn(&hdf5_reader::Attribute) -> hdf5_reader::error::Result<T>,
    ) -> Result<Option<T>> {
        let site = self.site.inside(&format!("attribute {name}"));
        match self.raw.attribute(name) {
            Ok(attribute) => read(&attribute)
                .map(Some)
                .map_err(|error| failure(&site, &error)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(failure(&site, &error)),
        }
    }
}
