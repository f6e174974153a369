//! The learning rate over a training.

use burn::lr_scheduler::{
    LrSchedulerConfig, cosine::CosineAnnealingLrSchedulerConfig, linear::LinearLrSchedulerConfig,
    module_lr_scheduler::ModuleLrScheduler, sequential::SequentialLrSchedulerConfig,
};

use super::error::{Error, Result};

/// The learning rate starts and ends at this share of its peak.
const FLOOR: f64 = 0.01;

/// A linear rise over the first of the steps, then a cosine decay.
pub fn warmup_then_cosine(peak: f64, warmup: usize, steps: usize) -> Result<ModuleLrScheduler> {
    let floor = peak * FLOOR;
    let decay = CosineAnnealingLrSchedulerConfig::new(peak, steps - warmup);
    SequentialLrSchedulerConfig::new(
        vec![
            LrSchedulerConfig::Linear(LinearLrSchedulerConfig::new(floor, peak, warmup)),
            LrSchedulerConfig::Cosine(decay.with_min_lr(floor)),
        ],
        vec![warmup],
    )
    .init()
    .map_err(|fault| Error::new(format!("the learning-rate schedule is unusable: {fault}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_learning_rate_rises_then_falls() {
        let mut schedule = warmup_then_cosine(2e-3, 10, 100).expect("the schedule is sound");
        let rates: Vec<f64> = (0..100).map(|_| schedule.step().base()).collect();
        assert!(rates[..10].is_sorted());
        assert!(rates[10..].is_sorted_by(|one, next| one >= next));
        assert!((rates[10] - 2e-3).abs() < 1e-9);
        assert!(rates[99] < 2e-3 * 0.02);
    }
}
