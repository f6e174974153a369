//! What all losses of masks are configured with.

use super::AbsentClasses;
use crate::{
    error::{Check, LossError},
    module::Shown,
};

/// What all losses of overlaps are configured with.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// Whether predictions are logits.
    pub from_logits: bool,
    /// Whether all samples are one.
    pub batch: bool,
    pub absent: AbsentClasses,
    pub class_weights: Option<Vec<f64>>,
    pub ignore_index: Option<i64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            from_logits: true,
            batch: false,
            absent: AbsentClasses::LeftOut,
            class_weights: None,
            ignore_index: Some(-100),
        }
    }
}

impl Settings {
    /// These, if they are in their ranges.
    pub fn checked(self, check: Check) -> Result<Self, LossError> {
        check.class_weights("class_weights", &self.class_weights)?;
        Ok(self)
    }

    /// Adds them to what a loss shows of itself.
    pub fn show(&self, shown: &mut Shown) {
        shown.set("from_logits", &self.from_logits);
        shown.set("batch", &self.batch);
        shown.set("absent", &self.absent);
        shown.set("class_weights", &self.class_weights);
        shown.set("ignore_index", &self.ignore_index);
    }
}

/// Those of a configuration, whichever it is: the fields have the same names in all of them.
macro_rules! settings {
    ($config:expr, $from_logits:expr) => {
        $crate::segmentation::settings::Settings {
            from_logits: $from_logits,
            batch: $config.batch,
            absent: $config.absent,
            class_weights: $config.class_weights.clone(),
            ignore_index: $config.ignore_index,
        }
    };
}
pub(super) use settings;
