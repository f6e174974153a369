//! How a training on pairs goes: a progress bar, and a history for later.

use burn::tensor::Tensor;
use indicatif::ProgressBar;

use super::{
    error::{Error, Result},
    history::{History, Point},
    progress_bar,
};

/// The loss, and what is measured of positives and of negatives: how similar or how far apart they are.
pub struct PairLog {
    name: &'static str,
    bar: ProgressBar,
    history: History<3>,
}

impl PairLog {
    pub fn new(name: &'static str, steps: usize) -> Self {
        Self {
            name,
            bar: progress_bar::bar(name, steps, "steps"),
            history: History::new(steps),
        }
    }

    /// Takes in a step, of which the first is 1, and shows the running means. A loss that is not finite
    /// is an error.
    pub fn push(
        &mut self,
        step: usize,
        loss: Tensor<1>,
        positives: f64,
        negatives: f64,
    ) -> Result<()> {
        let loss = f64::from(loss.into_scalar::<f32>());
        if !loss.is_finite() {
            return Err(Error::new(format!(
                "training with {} diverged at step {step}: the loss is {loss}",
                self.name,
            )));
        }
        self.history.push(step, [loss, positives, negatives]);
        if let Some([loss, positives, negatives]) = self.history.running {
            self.bar.set_message(format!(
                "loss {loss:.3}  positives {positives:.2}  negatives {negatives:.2}"
            ));
        }
        self.bar.inc(1);
        Ok(())
    }

    /// The history.
    pub fn finish(self) -> Vec<Point<3>> {
        self.bar.finish();
        self.history.points
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceName;

    #[test]
    fn a_step_moves_the_bar_and_joins_the_history() {
        let device = DeviceName::choose(None).expect("a device").open();
        let loss = |value: f32| Tensor::<1>::from_floats([value], &device);
        let mut log = PairLog::new("a loss", 2);
        log.push(1, loss(5.25), 0.75, 0.5).expect("a finite loss");
        assert_eq!(log.bar.position(), 1);
        assert_eq!(
            log.bar.message(),
            "loss 5.250  positives 0.75  negatives 0.50"
        );
        let error = log.push(2, loss(f32::NAN), 0.0, 0.0).expect_err("NaN");
        assert_eq!(
            error.to_string(),
            "training with a loss diverged at step 2: the loss is NaN"
        );
        let means = [5.25, 0.75, 0.5];
        assert_eq!(log.finish(), [Point { step: 1, means }]);
    }
}
