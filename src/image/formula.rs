//! What losses of images have in common.

use crate::{
    backend::is_nothing,
    config::FromFields,
    error::Least,
    module::Shown,
    reduction::Reduction,
    samples::{Batch, SampleEvaluation, SampleLosses, without_weightless},
};
use burn::{serde::Serialize, tensor::Tensor};
use core::fmt::Debug;
use serde_json::Value;

/// What a loss makes of two images.
pub(crate) trait ImageFormula: Debug + Send + Sync {
    /// How large images have to be.
    fn least(&self) -> Least {
        Least::default()
    }

    /// The loss of each image of a batch that has some.
    fn losses(&self, prediction: Tensor<4>, target: Tensor<4>) -> Tensor<1>;
}

/// The evaluation of a loss of images, or of images and what they are compared with.
pub(super) fn evaluation<const N: usize>(
    name: &'static str,
    reduction: Reduction,
    images: [Tensor<4>; N],
    losses: impl FnOnce([Tensor<4>; N]) -> Tensor<1> + Clone + Send + Sync + 'static,
) -> SampleEvaluation {
    let batch = Batch::of(name, &images[0]);
    SampleEvaluation::complete(batch, reduction, move |weights| {
        let images = images.map(|image| without_weightless(image, weights));
        match is_nothing(&images[0]) {
            true => {
                let operands: Vec<_> = images.iter().collect();
                SampleLosses::none(&operands).with_samples(batch.samples)
            }
            false => SampleLosses::new(losses(images)),
        }
    })
}

/// What a loss shows of itself: the fields of its configuration as a file says them, but for the reduction.
pub(super) fn shown<C: FromFields + Serialize>(name: &'static str, config: &C) -> Shown {
    let values = serde_json::to_value(config).expect("plain data");
    let mut shown = Shown::new(name);
    for field in C::FIELDS.iter().map(|name| name.0) {
        match &values[field] {
            _ if field == "reduction" => {}
            Value::String(name) => shown.add(field, &format_args!("{name}")),
            value => shown.add(field, &format_args!("{value}")),
        }
    }
    shown
}
