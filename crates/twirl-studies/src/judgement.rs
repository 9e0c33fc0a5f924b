//! What the figures say about a claim.

/// What the figures say about a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// They bear it out.
    Supported,
    /// They speak against it.
    NotSupported,
    /// Neither.
    Undecided,
}

impl Judgement {
    /// In words: of a set-up that a paper ran, or of an extension.
    pub fn text(self, published: bool) -> &'static str {
        match (self, published) {
            (Self::Supported, true) => "confirmed",
            (Self::NotSupported, true) => "contradicted",
            (Self::Supported, false) => "extension, supported",
            (Self::NotSupported, false) => "extension, not supported",
            (Self::Undecided, _) => "undecided",
        }
    }

    /// Over places: what all of them are, else undecided. Both sides are treated alike.
    pub fn over(all: &[Self]) -> Self {
        match all.split_first() {
            Some((first, others)) if others.iter().all(|one| one == first) => *first,
            _ => Self::Undecided,
        }
    }

    /// Supported if the whole interval lies above `level`, not supported if below.
    pub fn above(interval: Option<[f64; 2]>, level: f64) -> Self {
        match interval {
            Some([low, _]) if low > level => Self::Supported,
            Some([_, high]) if high < level => Self::NotSupported,
            _ => Self::Undecided,
        }
    }

    /// Supported if the whole interval lies below `level`, not supported if above.
    pub fn below(interval: Option<[f64; 2]>, level: f64) -> Self {
        Self::above(interval.map(|[low, high]| [-high, -low]), -level)
    }

    /// Supported if the whole interval lies within the range, not supported if outside.
    pub fn within(interval: Option<[f64; 2]>, range: [f64; 2]) -> Self {
        match interval {
            Some([low, high]) if low >= range[0] && high <= range[1] => Self::Supported,
            Some([low, high]) if high < range[0] || low > range[1] => Self::NotSupported,
            _ => Self::Undecided,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Judgement::{self, NotSupported, Supported, Undecided};

    #[test]
    fn judgements_follow_the_rule() {
        assert_eq!(Judgement::over(&[]), Undecided);
        assert_eq!(Judgement::over(&[Supported, Supported]), Supported);
        assert_eq!(Judgement::over(&[Supported, Undecided]), Undecided);
        assert_eq!(Judgement::over(&[Supported, NotSupported]), Undecided);
        assert_eq!(Judgement::over(&[Undecided, NotSupported]), Undecided);
        assert_eq!(Judgement::over(&[NotSupported; 2]), NotSupported);
        assert_eq!(Judgement::above(Some([1.1, 2.0]), 1.0), Supported);
        assert_eq!(Judgement::above(Some([0.9, 2.0]), 1.0), Undecided);
        assert_eq!(Judgement::above(Some([0.2, 0.9]), 1.0), NotSupported);
        assert_eq!(Judgement::above(None, 1.0), Undecided);
        assert_eq!(Judgement::below(Some([1.1, 2.0]), 1.0), NotSupported);
        assert_eq!(Judgement::below(Some([0.2, 0.9]), 1.0), Supported);
        let within = |low, high| Judgement::within(Some([low, high]), [0.5, 2.0]);
        assert_eq!(within(0.1, 0.3), NotSupported);
        assert_eq!(within(2.1, 2.3), NotSupported);
        assert_eq!(within(0.6, 1.9), Supported);
        assert_eq!(within(0.4, 1.9), Undecided);
        assert_eq!(Judgement::within(None, [0.5, 2.0]), Undecided);
    }
}
