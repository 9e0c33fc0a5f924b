//! Styles of series: colour, dash and mark differ together, so that none is needed alone.

/// Styles before they repeat.
pub(crate) const STYLES: usize = 8;

/// Outlines around the origin, about 9 pixels wide.
const MARKS: [&str; STYLES] = [
    "M4 0A4 4 0 1 1-4 0A4 4 0 1 1 4 0Z",
    "M-3.6-3.6H3.6V3.6H-3.6Z",
    "M0-4.8L4.6 3.4H-4.6Z",
    "M0-5L5 0L0 5L-5 0Z",
    "M0 4.8L-4.6-3.4H4.6Z",
    "M-1.5-4.5H1.5V-1.5H4.5V1.5H1.5V4.5H-1.5V1.5H-4.5V-1.5H-1.5Z",
    "M0-5L4.8-1.5L2.9 4.1H-2.9L-4.8-1.5Z",
    "M-5-2.4H5V2.4H-5Z",
];

const DASHES: [&str; STYLES] = [
    "none",
    "7 4",
    "2 3",
    "9 3 2 3",
    "12 5",
    "4 2",
    "1 2",
    "7 2 2 2 2 2",
];

/// Outline of a style's mark.
pub(crate) fn outline(style: usize) -> &'static str {
    MARKS[style % STYLES]
}

/// Dashes of a style's line.
pub(crate) fn dashes(style: usize) -> &'static str {
    DASHES[style % STYLES]
}

/// A sample of a style for a legend.
pub(crate) fn swatch(style: usize) -> String {
    format!(
        "<svg class=\"swatch\" viewBox=\"0 0 40 12\" width=\"40\" height=\"12\" aria-hidden=\"true\">\
         <path class=\"line s{index}\" stroke-dasharray=\"{}\" d=\"M0 6H40\"/>\
         <path class=\"m s{index}\" transform=\"translate(20 6)\" d=\"{}\"/></svg>",
        dashes(style),
        outline(style),
        index = style % STYLES,
    )
}

/// A sample of an area for a legend.
pub(crate) fn area_swatch(style: usize) -> String {
    format!(
        "<svg class=\"swatch\" viewBox=\"0 0 24 12\" width=\"24\" height=\"12\" aria-hidden=\"true\">\
         <path class=\"area s{}\" d=\"M0 0H24V12H0Z\"/></svg>",
        style % STYLES
    )
}

/// A sample of the broad line of an envelope.
pub(crate) fn broad_swatch() -> String {
    "<svg class=\"swatch\" viewBox=\"0 0 40 12\" width=\"40\" height=\"12\" aria-hidden=\"true\">\
     <path class=\"envelope\" d=\"M0 6H40\"/></svg>"
        .into()
}
