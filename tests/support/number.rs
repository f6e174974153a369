//! Numbers that know how well arithmetic can get at them.

/// A number and the size of the terms it is a sum of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Number {
    pub value: f64,
    pub scale: f64,
}

impl Number {
    /// The sum of `terms`.
    pub fn sum(terms: &[f64]) -> Self {
        Self {
            value: terms.iter().sum(),
            scale: terms.iter().map(|term| term.abs()).sum(),
        }
    }

    /// The number, if the terms it is a sum of are off by more than rounding.
    pub fn times_scale(self, factor: f64) -> Self {
        Self {
            scale: self.scale * factor,
            ..self
        }
    }

    pub fn times(self, factor: f64) -> Self {
        Self {
            value: self.value * factor,
            scale: self.scale * factor.abs(),
        }
    }
}

/// Numbers, with the sizes of the terms they are sums of.
#[derive(Clone, Debug, Default)]
pub struct Scaled {
    pub values: Vec<f64>,
    pub scales: Vec<f64>,
}

impl Scaled {
    pub fn zeros(count: usize) -> Self {
        Self {
            values: vec![0.0; count],
            scales: vec![0.0; count],
        }
    }

    pub fn add(&mut self, index: usize, number: Number, factor: f64) {
        self.values[index] += number.value * factor;
        self.scales[index] += number.scale * factor.abs();
    }

    /// Adds a multiple of each of as many numbers.
    pub fn add_all(&mut self, numbers: &Scaled, factor: f64) {
        for index in 0..self.values.len() {
            self.add(index, numbers.at(index), factor);
        }
    }

    /// The number in a place.
    pub fn at(&self, index: usize) -> Number {
        Number {
            value: self.values[index],
            scale: self.scales[index],
        }
    }

    /// Those of `values` and `scales` that are not NaN here.
    pub fn known(&self) -> Self {
        let known = |list: &[f64]| {
            let pairs = list.iter().zip(&self.values);
            let known = pairs.filter(|(_, value)| !value.is_nan());
            known.map(|(number, _)| *number).collect()
        };
        Self {
            values: known(&self.values),
            scales: known(&self.scales),
        }
    }
}
