//! Numbers that are measured at every step of a training.

/// How much of the running means each step renews.
const RUNNING: f64 = 0.05;

/// Points of a history, each the mean over the steps since the last.
const POINTS: usize = 100;

/// The means over a stretch of training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point<const N: usize> {
    /// The last step of the stretch.
    pub step: usize,
    pub means: [f64; N],
}

/// The numbers so far: points for reports and pictures, running means for a progress bar.
pub struct History<const N: usize> {
    pub points: Vec<Point<N>>,
    pub running: Option<[f64; N]>,
    stretch: usize,
    steps: usize,
    sums: [f64; N],
    summed: usize,
}

impl<const N: usize> History<N> {
    pub fn new(steps: usize) -> Self {
        Self {
            points: Vec::new(),
            running: None,
            stretch: steps.div_ceil(POINTS),
            steps,
            sums: [0.0; N],
            summed: 0,
        }
    }

    /// Takes in the numbers of a step, of which the first is 1.
    pub fn push(&mut self, step: usize, values: [f64; N]) {
        let running = self.running.get_or_insert(values);
        for ((sum, running), value) in self.sums.iter_mut().zip(running).zip(values) {
            *sum += value;
            *running += RUNNING * (value - *running);
        }
        self.summed += 1;
        if self.summed == self.stretch || step == self.steps {
            let means = self.sums.map(|sum| sum / self.summed as f64);
            self.points.push(Point { step, means });
            (self.sums, self.summed) = ([0.0; N], 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_averages_stretches_and_keeps_the_rest() {
        let mut history = History::new(250);
        for step in 1..=250 {
            history.push(step, [step as f64, 1.0]);
        }
        assert_eq!(history.points.len(), 84);
        let point = |step, mean| Point {
            step,
            means: [mean, 1.0],
        };
        assert_eq!(history.points[0], point(3, 2.0));
        assert_eq!(history.points[83], point(250, 250.0));
    }
}
