//! Exact Euclidean distances from masks, in linear time.

/// The signed distances of masks that lie one after the other, each of these dimensions: outside of a mask the distance to it, inside
/// 1 less the distance to what is outside; 0 everywhere for an empty or a full mask.
pub(super) fn signed_distances(inside: &[bool], dims: &[usize]) -> Vec<f64> {
    let pixels = dims.iter().product::<usize>().max(1);
    let masks = inside.chunks(pixels);
    masks.flat_map(|mask| of_mask(mask, dims)).collect()
}

fn of_mask(inside: &[bool], dims: &[usize]) -> Vec<f64> {
    if !inside.contains(&true) || !inside.contains(&false) {
        return vec![0.0; inside.len()];
    }
    let [to_mask, to_rest] = [true, false].map(|wanted| squares_to(inside, wanted, dims));
    let pairs = to_mask.iter().zip(&to_rest);
    pairs
        .map(|(&out, &within)| match within {
            0.0 => out.sqrt(),
            _ => 1.0 - within.sqrt(),
        })
        .collect()
}

/// The squared distance of each pixel to the nearest that is `wanted`.
fn squares_to(inside: &[bool], wanted: bool, dims: &[usize]) -> Vec<f64> {
    let start = |&is: &bool| if is == wanted { 0.0 } else { f64::INFINITY };
    let mut squares: Vec<f64> = inside.iter().map(start).collect();
    let mut line = Vec::new();
    let mut envelope = Envelope::default();
    let mut stride = 1;
    for &size in dims.iter().rev() {
        let block = stride * size;
        for first in (0..squares.len()).filter(|i| i % block < stride) {
            line.clear();
            line.extend((0..size).map(|i| squares[first + i * stride]));
            envelope.of(&line);
            envelope.write(&line, |i, square| squares[first + i * stride] = square);
        }
        stride = block;
    }
    squares
}

/// The lower envelope of the parabolas `(x - i)² + f(i)` (Felzenszwalb and Huttenlocher, 2012).
#[derive(Default)]
struct Envelope {
    /// The places of its parabolas.
    places: Vec<usize>,
    /// From where on each is the lowest.
    starts: Vec<f64>,
}

impl Envelope {
    fn of(&mut self, line: &[f64]) {
        self.places.clear();
        self.starts.clear();
        for (place, &height) in line.iter().enumerate() {
            if height == f64::INFINITY {
                continue;
            }
            let mut start = f64::NEG_INFINITY;
            while let (Some(&last), Some(&last_start)) = (self.places.last(), self.starts.last()) {
                let (x, at) = (place as f64, last as f64);
                start = (height + x * x - line[last] - at * at) / (2.0 * (x - at));
                if start > last_start {
                    break;
                }
                self.places.pop();
                self.starts.pop();
                start = f64::NEG_INFINITY;
            }
            self.places.push(place);
            self.starts.push(start);
        }
    }

    /// Hands out the lowest value at each place.
    fn write(&self, line: &[f64], mut write: impl FnMut(usize, f64)) {
        if self.places.is_empty() {
            return;
        }
        let mut current = 0;
        for i in 0..line.len() {
            while self
                .starts
                .get(current + 1)
                .is_some_and(|&start| start < i as f64)
            {
                current += 1;
            }
            let place = self.places[current];
            let distance = i.abs_diff(place) as f64;
            write(i, distance * distance + line[place]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_are_those_of_a_search() {
        let dims = [3, 5, 7];
        let inside: Vec<bool> = (0..105).map(|i| (i * i + 3 * i) % 11 == 4).collect();
        let point = |i: usize| [i / 35, i / 7 % 5, i % 7];
        for wanted in [true, false] {
            let got = squares_to(&inside, wanted, &dims);
            for (i, got) in got.into_iter().enumerate() {
                let others = (0..105).filter(|&j| inside[j] == wanted);
                let square = |j| {
                    let axes = point(i).into_iter().zip(point(j));
                    axes.map(|(a, b)| a.abs_diff(b).pow(2)).sum::<usize>()
                };
                assert_eq!(got, others.map(square).min().expect("one") as f64);
            }
        }
    }
}
