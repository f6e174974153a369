//! Element-wise losses.

use super::{is_counting, launched};
use burn::tensor::{Device, DeviceKind, Tensor};
use burn_losses::{
    ElementLoss, HuberLossConfig, MseLossConfig, Reduction, SigmoidFocalLossConfig, composed,
    formula::ColumnFormula,
};

/// Value and gradient of a loss of many elements, and what was launched for them.
fn launches<F: ColumnFormula>(
    loss: &ElementLoss<F>,
    weighted: bool,
    reduction: Reduction,
) -> Vec<&'static str> {
    let device = Device::wgpu(DeviceKind::DefaultDevice).autodiff();
    let count = 70_000;
    let ramp = |from: f32, to: f32| {
        let numbers: Vec<f32> = (0..count)
            .map(|i| from + (to - from) * i as f32 / count as f32)
            .collect();
        Tensor::<1>::from_floats(numbers.as_slice(), &device)
    };
    let prediction = ramp(-3.0, 3.0).require_grad();
    let (target, weights) = (ramp(0.0, 1.0), ramp(0.5, 1.5));
    for tensor in [&prediction, &target, &weights] {
        let _ = tensor.clone().slice(0..1).into_data();
    }
    launched(|| {
        let mut call = loss.on(prediction.clone(), target).reduction(reduction);
        if weighted {
            call = call.weights(weights);
        }
        let value = call.reduce();
        let gradient = prediction.grad(&value.backward()).expect("a gradient");
        let _ = (value.into_data(), gradient.into_data());
    })
}

/// Counts for a loss, weighted or not, and a reduction.
fn check<F: ColumnFormula>(loss: &ElementLoss<F>) {
    if !is_counting() {
        return;
    }
    for (weighted, reduction, most) in [
        (false, Reduction::Mean, 4),
        (false, Reduction::Sum, 4),
        (true, Reduction::Sum, 4),
        (true, Reduction::Mean, 6),
    ] {
        let names = launches(loss, weighted, reduction);
        let what = format!("launches of elements: {loss}, weighted {weighted}, {reduction:?}");
        println!("{what}: {} {names:#?}", names.len());
        let own = |part: &str| names.iter().filter(|name| name.contains(part)).count();
        assert_eq!(own("ElementKernel"), 1, "{what}: {names:#?}");
        assert_eq!(own("FoldSums"), 1, "{what}: {names:#?}");
        assert!(names.len() <= most, "{what}: {} {names:#?}", names.len());
    }
    let names = composed(|| launches(loss, false, Reduction::Mean));
    println!("composed: {names:#?}");
}

#[test]
fn an_element_wise_loss_is_one_kernel_with_its_gradient() {
    check(&MseLossConfig::new().init());
    check(&HuberLossConfig::new().init());
    check(&SigmoidFocalLossConfig::new().init());
}
