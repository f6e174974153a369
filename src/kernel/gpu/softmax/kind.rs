//! What a kernel of softmax rows is compiled for.

use super::slices::MOST_CLASSES;
use crate::kernel::gpu::{
    formula::{Named, TracedClass, TracedMargin},
    sum::UNITS,
};

/// What a kernel of rows is compiled for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RowKind {
    pub phi: Named<dyn TracedClass>,
    pub margin: Option<Named<dyn TracedMargin>>,
    /// The bits of the bound.
    pub soft_cap: Option<u64>,
    /// Whether the target is a share of each class.
    pub has_shares: bool,
    /// Whether the shares are given as logarithms, and what they lack of their entropy is added.
    pub divergence: bool,
    /// Whether classes but that of the target have a share of it.
    pub is_spread: bool,
    /// Whether a row whose class weighs nothing has no loss at all.
    pub is_of_target_alone: bool,
    /// Whether a class stands for no target.
    pub has_ignored: bool,
    pub has_z_loss: bool,
}

/// How the units of a cube share its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Plan {
    /// How many units work on a row, a power of two.
    pub units: u32,
    /// Whether neighbours work on neighbouring rows, not on neighbouring classes.
    pub rows_lie_close: bool,
}

/// What a launch does of the work on rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// All of it.
    All,
    /// Of rows in slices the peak of each.
    Peaks,
    /// What each slice has of the loss of a target that is shared by all classes.
    Losses,
    /// The loss and the gradient.
    Gradient,
}

/// How many classes a unit has to look at before there is another: units wait for each other.
const PER_UNIT: usize = 16;

/// Rows of so many classes are worth several cubes...
const WIDE: usize = 1 << 13;
/// ... each with so many of them at least, ...
const SLICE: usize = 1 << 11;
/// ... where there are fewer rows than cubes that a device works on at the same time.
const CUBES: usize = 512;

impl Plan {
    /// For rows of so many classes that lie so far apart.
    pub fn new(count: usize, inner: usize) -> Self {
        match inner {
            1 => Self {
                units: (count.div_ceil(PER_UNIT).next_power_of_two() as u32).clamp(1, UNITS as u32),
                rows_lie_close: false,
            },
            _ => Self {
                units: if count > 256 { 16 } else { 1 },
                rows_lie_close: true,
            },
        }
    }

    /// How many cubes share a row.
    pub fn slices([outer, count, inner]: [usize; 3]) -> usize {
        match inner == 1 && (WIDE..MOST_CLASSES).contains(&count) {
            true => (CUBES / outer).min(count / SLICE).clamp(1, UNITS),
            false => 1,
        }
    }
}
