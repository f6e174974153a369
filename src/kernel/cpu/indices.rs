//! Class indices where they lie.

use super::threads::{CHUNK, map};
use core::ops::Range;

/// Class indices in the type they are stored in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Indices<'a> {
    I32(&'a [i32]),
    I64(&'a [i64]),
}

impl<'a> Indices<'a> {
    pub fn len(&self) -> usize {
        match self {
            Indices::I32(indices) => indices.len(),
            Indices::I64(indices) => indices.len(),
        }
    }

    /// The index in a place.
    #[inline(always)]
    pub fn at(&self, place: usize) -> i64 {
        match self {
            Indices::I32(indices) => indices[place].into(),
            Indices::I64(indices) => indices[place],
        }
    }

    /// Those of a range of places.
    pub fn range(&self, places: Range<usize>) -> Self {
        match *self {
            Indices::I32(indices) => Indices::I32(&indices[places]),
            Indices::I64(indices) => Indices::I64(&indices[places]),
        }
    }

    /// Where `is_wanted` holds, and the indices there, in order; looked for on all threads.
    pub fn find(&self, is_wanted: &(dyn Fn(i64) -> bool + Sync)) -> Vec<(usize, i64)> {
        let starts = (0..self.len()).step_by(CHUNK);
        let found = map(starts, &|_, start| {
            let places = start..self.len().min(start + CHUNK);
            let all = places.map(|place| (place, self.at(place)));
            all.filter(|&(_, index)| is_wanted(index)).collect()
        });
        let found: Vec<Vec<_>> = found;
        found.into_iter().flatten().collect()
    }

    pub fn to_vec(self) -> Vec<i64> {
        (0..self.len()).map(|place| self.at(place)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_is_in_order() {
        let count = 3 * CHUNK + 7;
        let wide: Vec<i64> = (0..count as i64).collect();
        let narrow: Vec<i32> = (0..count as i32).collect();
        for indices in [Indices::I64(&wide), Indices::I32(&narrow)] {
            let found = indices.find(&|index| index % CHUNK as i64 == 5);
            let expected: Vec<(usize, i64)> = (0..4)
                .map(|chunk| chunk * CHUNK + 5)
                .map(|place| (place, place as i64))
                .collect();
            assert_eq!(found, expected);
            assert_eq!(indices.range(8..10).to_vec(), [8, 9]);
        }
    }
}
