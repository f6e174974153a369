//! Which classes of digits are trained with, and which are never seen.

use crate::digits::{CLASSES, Digit};

/// The network and the loss see these.
pub const TRAINED: [usize; 6] = [0, 1, 2, 3, 4, 5];

/// These are only tested with.
pub const UNSEEN: [usize; CLASSES - TRAINED.len()] = [6, 7, 8, 9];

/// The digits that are of one of the classes.
pub fn of<'a>(classes: &[usize], digits: impl IntoIterator<Item = &'a Digit>) -> Vec<Digit> {
    let digits = digits.into_iter();
    let kept = digits.filter(|digit| classes.contains(&digit.class));
    kept.cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digits::DigitSets;

    #[test]
    fn every_digit_is_either_trained_with_or_not() {
        let digits = DigitSets::bundled()
            .expect("the bundled file is sound")
            .train;
        let [trained, unseen] = [&TRAINED[..], &UNSEEN].map(|classes| of(classes, &digits));
        assert_eq!(TRAINED.len() + UNSEEN.len(), CLASSES);
        assert_eq!(trained.len() + unseen.len(), digits.len());
        assert!(trained.iter().all(|digit| digit.class < 6));
        assert!(unseen.iter().all(|digit| digit.class >= 6));
    }
}
