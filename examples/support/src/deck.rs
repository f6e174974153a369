//! Things dealt like cards: all of them once, in a random order, then all of them again.

use rand::{Rng, seq::SliceRandom};

/// The indices of so many things.
pub struct Deck {
    size: usize,
    /// Those of this pass that are still to come.
    rest: Vec<usize>,
}

impl Deck {
    pub fn new(size: usize) -> Self {
        let rest = Vec::new();
        Self { size, rest }
    }

    /// The next of the pass, or the first of the next pass where too few are left. None is in it twice.
    pub fn deal(&mut self, count: usize, rng: &mut impl Rng) -> Vec<usize> {
        assert!(count <= self.size, "{count} of {} things", self.size);
        if self.rest.len() < count {
            self.rest = (0..self.size).collect();
            self.rest.shuffle(rng);
        }
        self.rest.split_off(self.rest.len() - count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::ChaCha8Rng};

    #[test]
    fn everything_has_its_turn_once_in_a_pass() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut deck = Deck::new(10);
        for _ in 0..3 {
            let mut pass = [deck.deal(5, &mut rng), deck.deal(5, &mut rng)].concat();
            pass.sort_unstable();
            assert_eq!(pass, Vec::from_iter(0..10));
        }
    }
}
