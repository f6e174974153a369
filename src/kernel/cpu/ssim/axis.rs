//! The window along one side of an image.

use super::ring::Ring;
use crate::formula::Ssim;
use core::ops::Range;

/// Weighted sums along a line: which elements each takes, and how much of them.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// How many elements a line has.
    pub from: usize,
    /// How many sums there are of it.
    pub to: usize,
    /// The elements of each sum in ascending order, with their weights.
    terms: Vec<Vec<(usize, f64)>>,
    /// The sums that take the whole window, each an element further than the one before.
    inner: Range<usize>,
}

impl Axis {
    /// The window along a side of that many pixels.
    pub fn new(side: usize, ssim: &Ssim) -> Self {
        let (padding, last) = (ssim.padding(), side - 1);
        // Where the pixel lies that stands there in the continued image.
        let reflected = |place: usize| last.abs_diff(last.abs_diff(place.abs_diff(padding)));
        let terms = (0..ssim.places(side)).map(|first| {
            let mut terms: Vec<(usize, f64)> = Vec::new();
            for (offset, &weight) in ssim.window.iter().enumerate() {
                let pixel = reflected(first + offset);
                match terms.iter_mut().find(|term| term.0 == pixel) {
                    Some(term) => term.1 += weight,
                    None => terms.push((pixel, weight)),
                }
            }
            terms.sort_by_key(|term| term.0);
            terms
        });
        Self::of_terms(side, terms.collect(), &ssim.window)
    }

    /// What the sums hand back to the elements.
    pub fn transposed(&self, window: &[f64]) -> Self {
        let mut terms = vec![Vec::new(); self.from];
        for (sum, elements) in self.terms.iter().enumerate() {
            for &(element, weight) in elements {
                terms[element].push((sum, weight));
            }
        }
        Self::of_terms(self.to, terms, window)
    }

    fn of_terms(from: usize, terms: Vec<Vec<(usize, f64)>>, window: &[f64]) -> Self {
        let is_whole = |terms: &Vec<(usize, f64)>| {
            let [(first, _), ..] = terms[..] else {
                return false;
            };
            let wanted = window.iter().enumerate();
            terms.len() == window.len()
                && terms
                    .iter()
                    .copied()
                    .eq(wanted.map(|(i, &w)| (first + i, w)))
        };
        let start = terms.iter().position(is_whole).unwrap_or(terms.len());
        let whole = terms[start..].iter().take_while(|terms| is_whole(terms));
        let inner = start..start + whole.count();
        Self {
            from,
            to: terms.len(),
            terms,
            inner,
        }
    }

    /// How many elements have to be there for a sum.
    pub fn needs(&self, sum: usize) -> usize {
        self.terms[sum].last().map_or(0, |term| term.0 + 1)
    }

    /// The elements that any of these sums takes.
    pub fn spans(&self, sums: &Range<usize>) -> Range<usize> {
        let first = self.terms[sums.start].first();
        first.map_or(0, |term| term.0)..self.needs(sums.end - 1)
    }

    /// All sums of one line.
    #[inline(always)]
    pub fn along(&self, line: &[f64], sums: &mut [f64]) {
        for sum in (0..self.inner.start).chain(self.inner.end..self.to) {
            let terms = self.terms[sum].iter();
            sums[sum] = terms.map(|&(element, weight)| weight * line[element]).sum();
        }
        if self.inner.is_empty() {
            return;
        }
        let count = self.inner.len();
        let terms = self.terms[self.inner.start].iter();
        let shifted = terms.map(|&(element, weight)| (weight, &line[element..][..count]));
        let shifted: Vec<_> = shifted.collect();
        combine(&shifted, &mut sums[self.inner.clone()]);
    }

    /// One sum of the lines in a ring, element by element.
    #[inline(always)]
    pub fn across(&self, sum: usize, lines: &Ring, sums: &mut [f64]) {
        let terms = self.terms[sum].iter();
        let lines = terms.map(|&(element, weight)| (weight, lines.row(element)));
        let lines: Vec<_> = lines.collect();
        combine(&lines, sums);
    }
}

/// The weighted sum of lines. (Four at a time: fewer visits to the sums.)
#[inline(always)]
fn combine(lines: &[(f64, &[f64])], sums: &mut [f64]) {
    let count = sums.len();
    sums.fill(0.0);
    let (fours, rest) = lines.as_chunks::<4>();
    for &[(p, a), (q, b), (r, c), (s, d)] in fours {
        let (a, b, c, d) = (&a[..count], &b[..count], &c[..count], &d[..count]);
        for i in 0..count {
            sums[i] += (p * a[i] + q * b[i]) + (r * c[i] + s * d[i]);
        }
    }
    for &(p, a) in rest {
        let a = &a[..count];
        for i in 0..count {
            sums[i] += p * a[i];
        }
    }
}
