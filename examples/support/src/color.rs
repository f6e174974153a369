//! Colours that stay apart for the colour-blind: those of Okabe and Ito, 2008, and a few more.

/// Red, green and blue.
pub type Color = [u8; 3];

pub const INK: Color = [0x22, 0x22, 0x22];
pub const FAINT: Color = [0x66, 0x66, 0x66];
pub const WHITE: Color = [0xff; 3];
pub const BLACK: Color = [0; 3];

/// For lines on white, the most different first: blue, vermillion, green, purple, orange, sky blue.
pub const LINES: [Color; 6] = [
    [0, 114, 178],
    [213, 94, 0],
    [0, 158, 115],
    [204, 121, 167],
    [230, 159, 0],
    [86, 180, 233],
];

/// For the ten digits, on white and on grey scenes. Ten are more than anyone keeps apart, so a digit is named beside its colour.
pub const DIGITS: [Color; 10] = [
    [230, 159, 0],
    [86, 180, 233],
    [0, 158, 115],
    [240, 228, 66],
    [0, 114, 178],
    [213, 94, 0],
    [204, 121, 167],
    [178, 223, 138],
    [140, 86, 75],
    [150, 110, 220],
];
