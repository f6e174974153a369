//! Losses of samples of a few numbers each.

use super::{is_counting, launched};
use burn::tensor::{Device, DeviceKind, Tensor};
use burn_losses::{GaussianNllLossConfig, IouKind, IouLossConfig, composed};

/// Numbers on the device, already there.
fn numbers<const D: usize>(shape: [usize; D], from: f32, device: &Device) -> Tensor<D> {
    let count = shape.iter().product::<usize>();
    let numbers: Vec<f32> = (0..count)
        .map(|i| from + (i % 97) as f32 / 97.0 + 2.0 * ((i % 4) / 2) as f32)
        .collect();
    let tensor = Tensor::<1>::from_floats(numbers.as_slice(), device).reshape(shape);
    let _ = tensor.clone().into_data();
    tensor
}

#[test]
fn boxes_are_one_kernel_with_their_gradients() {
    if !is_counting() {
        return;
    }
    let device = Device::wgpu(DeviceKind::DefaultDevice).autodiff();
    let loss = IouLossConfig::new().with_kind(IouKind::Ciou).init();
    let run = |is_weighted: bool| {
        let boxes = numbers([5000, 4], 0.0, &device).require_grad();
        let targets = numbers([5000, 4], 0.25, &device);
        let weights = numbers([5000], 0.5, &device);
        launched(|| {
            let mut call = loss.on(boxes.clone(), targets);
            if is_weighted {
                call = call.weights(weights);
            }
            let value = call.divided_by(100);
            let gradient = boxes.grad(&value.backward()).expect("a gradient");
            let _ = (value.into_data(), gradient.into_data());
        })
    };
    for is_weighted in [false, true] {
        let names = run(is_weighted);
        let what = format!("launches of tuples: CIoU, weighted {is_weighted}");
        println!("{what}: {} {names:#?}", names.len());
        let own = |part: &str| names.iter().filter(|name| name.contains(part)).count();
        assert_eq!(own("TupleKernel"), 1, "{what}: {names:#?}");
        assert_eq!(own("FoldSums"), 1, "{what}: {names:#?}");
        assert!(names.len() <= 4, "{what}: {} {names:#?}", names.len());
    }
    let names = composed(|| run(false));
    println!("composed: {} {names:#?}", names.len());
}

/// The predictions are put together first, and the gradient taken apart.
#[test]
fn predictions_that_are_a_tensor_each_are_one_kernel() {
    if !is_counting() {
        return;
    }
    let device = Device::wgpu(DeviceKind::DefaultDevice).autodiff();
    let loss = GaussianNllLossConfig::new().init();
    let mean = numbers([70_000], 0.0, &device).require_grad();
    let variance = numbers([70_000], 0.5, &device).require_grad();
    let target = numbers([70_000], 1.0, &device);
    let names = launched(|| {
        let value = loss.forward([mean.clone(), variance.clone()], target);
        let gradients = value.backward();
        let gradients = [&mean, &variance].map(|leaf| leaf.grad(&gradients).expect("a gradient"));
        let _ = (value.into_data(), gradients.map(Tensor::into_data));
    });
    let what = "launches of tuples: Gaussian likelihood";
    println!("{what}: {} {names:#?}", names.len());
    let own = |part: &str| names.iter().filter(|name| name.contains(part)).count();
    assert_eq!(own("TupleKernel"), 1, "{what}: {names:#?}");
    assert!(names.len() <= 10, "{what}: {} {names:#?}", names.len());
}
