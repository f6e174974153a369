//! Wide rows shared by several cubes: where each of them leaves its numbers for those of the next step.
//!
//! Numbers lie in lists with one for each slice of a row; behind them is a list of the logits of the rows' classes, which the
//! last step may no longer find where they were.

use burn_cubecl::cubecl::{self, prelude::*};

/// Lists with a number for each slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum List {
    /// Of its peak.
    Most,
    Others,
    Top,
    /// Of its part of the loss.
    Loss,
    OfTop,
    OfOthers,
    /// One for each row instead.
    OfClass,
}

/// Lists name classes in `f32`.
pub(super) const MOST_CLASSES: usize = 1 << 24;

/// How many numbers there are in all lists of so many rows and slices.
pub(super) fn numbers(rows: usize, slices: usize) -> usize {
    List::OfClass as usize * slices + rows
}

/// Where the number of a slice is in a list, of so many slices.
#[cube]
pub(super) fn place(#[comptime] list: List, slice: u32, slices: u32) -> usize {
    comptime!(list as usize) * slices as usize + slice as usize
}
