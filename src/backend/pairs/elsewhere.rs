//! Operations on pairs on a device whose backend has none, since the feature of this crate for it is not enabled.
//!
//! Without gradients the composed operations take bounded memory there, too. Burn's autodiff would hold all pairs, so
//! with gradients the points go to the CPU, and what comes of them goes back.

use super::{composed, inputs::PairInputs, operation::PairOperation};
use burn::tensor::Tensor;

/// What an operation makes of its inputs.
pub(super) fn run(operation: PairOperation, inputs: PairInputs) -> Tensor<2> {
    let columns_are_tracked = inputs.columns.as_ref().is_some_and(Tensor::is_tracked);
    match inputs.rows.is_tracked() || columns_are_tracked {
        true => on_cpu(operation, inputs),
        false => composed::terms(&operation, &inputs),
    }
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
fn on_cpu(operation: PairOperation, inputs: PairInputs) -> Tensor<2> {
    use burn::tensor::Device;

    #[cfg(feature = "flex")]
    let cpu = Device::flex();
    #[cfg(not(feature = "flex"))]
    #[allow(deprecated)] // Burn will drop it; until then it is served.
    let cpu = Device::ndarray();
    let device = inputs.rows.device();
    let moved = PairInputs {
        rows: inputs.rows.to_device(&cpu),
        columns: inputs.columns.map(|columns| columns.to_device(&cpu)),
        row_labels: inputs.row_labels.to_device(&cpu),
        column_labels: inputs.column_labels.to_device(&cpu),
    };
    super::run(operation, moved).to_device(&device)
}

#[cfg(not(any(feature = "flex", feature = "ndarray")))]
fn on_cpu(_operation: PairOperation, inputs: PairInputs) -> Tensor<2> {
    panic!(
        "losses of pairs of embeddings have no gradient on {:?}, expected a device whose feature of \
         burn-losses is enabled; enable that, or `flex`, with which pairs are computed on the CPU",
        inputs.rows.device(),
    )
}
