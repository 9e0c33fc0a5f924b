//! What a cell holds: a value of its column's type, or why there is none.

use twirl_compare::{Estimate, Reached};

/// Why a cell has no value. People see a dash, or the reason where it is [`Missing::said`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub(crate) why: String,
    pub(crate) said: bool,
}

impl Missing {
    /// A reason that stands in the place of the value.
    pub fn said(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            said: true,
        }
    }
}

impl<S: Into<String>> From<S> for Missing {
    fn from(why: S) -> Self {
        Self {
            why: why.into(),
            said: false,
        }
    }
}

/// An estimate whose interval, if it has none, says why.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounded {
    pub(crate) value: f64,
    pub(crate) interval: Result<[f64; 2], Missing>,
}

impl Bounded {
    /// An estimate, and why it has no interval if it has none.
    pub fn new(estimate: Estimate, why: impl Into<Missing>) -> Self {
        Self {
            value: estimate.value,
            interval: estimate.interval.ok_or_else(|| why.into()),
        }
    }
}

/// What an accessor of a column may return: the value, or a result whose error says why there is none.
pub trait Known<T> {
    /// The value, or why there is none.
    ///
    /// # Errors
    /// Why there is none. A number that is not finite is none.
    fn known(self) -> Result<T, Missing>;
}

impl<T, V: Known<T>, E: Into<Missing>> Known<T> for Result<V, E> {
    fn known(self) -> Result<T, Missing> {
        self.map_err(Into::into)?.known()
    }
}

impl Known<f64> for f64 {
    fn known(self) -> Result<f64, Missing> {
        let finite = self.is_finite().then_some(self);
        finite.ok_or_else(|| "not a finite number".into())
    }
}

impl Known<Bounded> for Bounded {
    fn known(self) -> Result<Bounded, Missing> {
        self.value.known()?;
        Ok(self)
    }
}

impl Known<Bounded> for Estimate {
    fn known(self) -> Result<Bounded, Missing> {
        Bounded::new(self, "too few seeds for an interval").known()
    }
}

/// Values that are always known.
macro_rules! known {
    ($($from:ty => $to:ty),*) => {$(
        impl Known<$to> for $from {
            fn known(self) -> Result<$to, Missing> {
                Ok(self.into())
            }
        }
    )*};
}

known!(String => String, &String => String, &str => String, bool => bool, Reached => Reached);
known!(u64 => u64, u32 => u64);

impl Known<u64> for usize {
    fn known(self) -> Result<u64, Missing> {
        Ok(self as u64)
    }
}
