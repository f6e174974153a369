//! What a loss learns.

use burn::tensor::Tensor;
use std::sync::{Mutex, PoisonError};

/// Warns, once for each kind of parameter, if it gets no gradient though the embeddings may have one.
///
/// Nothing is said where both are without autodiff, as in an evaluation.
pub(crate) fn warn_unless_it_learns<const P: usize, const D: usize>(
    what: &'static str,
    parameter: &Tensor<P>,
    embeddings: &Tensor<D>,
) {
    static TOLD: Mutex<Vec<&str>> = Mutex::new(Vec::new());

    if !is_constant_by_mistake(parameter, embeddings) {
        return;
    }
    let is_new = {
        let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = !told.contains(&what);
        if is_new {
            told.push(what);
        }
        is_new
    };
    if is_new {
        log::warn!(
            "burn-losses: a loss has learned parameters ({what}) on a device without autodiff and embeddings on one with \
             autodiff, so they will not learn; make the loss on a device with autodiff, or call `train()` on the module \
             that holds it"
        );
    }
}

/// Whether Burn takes a parameter for a constant next to embeddings with autodiff, because it has none itself. (One
/// that is frozen has autodiff.)
fn is_constant_by_mistake<const P: usize, const D: usize>(
    parameter: &Tensor<P>,
    embeddings: &Tensor<D>,
) -> bool {
    embeddings.is_autodiff() && !parameter.is_autodiff()
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn a_parameter_without_autodiff_is_a_mistake_next_to_embeddings_with_it() {
        let plain = Device::flex();
        let autodiff = plain.clone().autodiff();
        let parameter = |device: &Device| Tensor::<1>::ones([1], device);
        let embeddings = |device: &Device| Tensor::<2>::ones([2, 3], device);
        assert!(is_constant_by_mistake(
            &parameter(&plain),
            &embeddings(&autodiff)
        ));
        // An evaluation, a training, a frozen parameter.
        for (of_parameter, of_embeddings) in [
            (&plain, &plain),
            (&autodiff, &plain),
            (&autodiff, &autodiff),
        ] {
            let (parameter, embeddings) = (parameter(of_parameter), embeddings(of_embeddings));
            assert!(!is_constant_by_mistake(&parameter, &embeddings));
        }
    }
}
