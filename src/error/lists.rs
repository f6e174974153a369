//! Checks of lists of items.

use super::{counted, verbs};

/// Panics unless there is something of each item of the lists, or of each class of the samples.
#[track_caller]
pub(crate) fn check_items(loss: &str, name: &str, shape: [usize; 2], scores: [usize; 2]) {
    let [has, _] = verbs(name);
    assert!(
        shape == scores,
        "{loss}: the {name} {has} shape {shape:?}, expected {scores:?} to go with the scores",
    );
}

/// Panics unless there are as many of one thing as of another.
#[track_caller]
pub(crate) fn check_counts(loss: &str, name: &str, given: usize, (of, wanted): (&str, usize)) {
    let many = |count, one: &str| counted(count, one, &format!("{one}s"));
    assert!(
        given == wanted,
        "{loss}: {} for {}, expected one for each",
        many(given, name),
        many(wanted, of),
    );
}
