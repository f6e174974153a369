//! The learning rate over a training.

use burn::lr_scheduler::{
    LrSchedulerConfig, cosine::CosineAnnealingLrSchedulerConfig, linear::LinearLrSchedulerConfig,
    module_lr_scheduler::ModuleLrScheduler, sequential::SequentialLrSchedulerConfig,
};

use crate::Result;

/// The learning rate starts and ends at this share of its peak.
const FLOOR: f64 = 0.01;

/// A linear rise over the first of the steps, then a cosine decay.
pub fn warmup_then_cosine(peak: f64, warmup: usize, steps: usize) -> Result<ModuleLrScheduler> {
    let floor = peak * FLOOR;
    let decay = CosineAnnealingLrSchedulerConfig::new(peak, steps - warmup).with_min_lr(floor);
    let rise = LinearLrSchedulerConfig::new(floor, peak, warmup);
    let parts = vec![
        LrSchedulerConfig::Linear(rise),
        LrSchedulerConfig::Cosine(decay),
    ];
    let schedule = SequentialLrSchedulerConfig::new(parts, vec![warmup]).init();
    schedule.map_err(crate::anyhow::Error::msg)
}
