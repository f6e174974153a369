//! Losses of softmax rows and of linear layers.

use super::{is_counting, launched};
use burn::tensor::{Device, DeviceKind, Int, Tensor};
use burn_losses::{
    ClassEvaluation, CrossEntropyLossConfig, LinearCrossEntropyLossConfig, OutputLayer, Reduction,
    SoftmaxFocalLossConfig, composed,
};

const ROWS: usize = 700;
const CLASSES: usize = 67;
const WIDTH: usize = 32;

fn device() -> Device {
    Device::wgpu(DeviceKind::DefaultDevice).autodiff()
}

/// A tensor that lies on the device before anything is counted.
fn there<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    let _ = tensor.clone().detach().slice(0..1).into_data();
    tensor
}

fn points(shape: [usize; 2]) -> Tensor<2> {
    let numbers = (0..shape[0] * shape[1]).map(|i| ((i * 7919) % 8191) as f32 / 2048.0 - 2.0);
    let numbers: Vec<f32> = numbers.collect();
    let points = Tensor::<1>::from_floats(numbers.as_slice(), &device());
    there(points.reshape(shape).require_grad())
}

fn classes() -> Tensor<1, Int> {
    let classes: Vec<i32> = (0..ROWS).map(|row| (row % CLASSES) as i32).collect();
    let classes = Tensor::<1, Int>::from_ints(classes.as_slice(), &device());
    let _ = classes.clone().slice(0..1).into_data();
    classes
}

fn weights() -> Tensor<1> {
    let weights: Vec<f32> = (0..ROWS).map(|row| 0.5 + (row % 5) as f32).collect();
    there(Tensor::from_floats(weights.as_slice(), &device()))
}

/// Value and gradients, and that at most so many kernels are launched for them, so many of each of these names.
fn check(
    what: &str,
    most: usize,
    own: &[(&str, usize)],
    leaves: &[&Tensor<2>],
    evaluation: impl Fn() -> ClassEvaluation<2>,
    finish: impl Fn(ClassEvaluation<2>) -> Tensor<1>,
) {
    let run = || {
        let value = finish(evaluation());
        let gradients = value.backward();
        let gradients = leaves.iter().map(|leaf| leaf.grad(&gradients));
        let gradients: Vec<_> = gradients
            .map(|gradient| gradient.expect("tracked"))
            .collect();
        let _ = value.into_data();
        gradients
            .into_iter()
            .for_each(|gradient| drop(gradient.into_data()));
    };
    // Products are tuned the first time.
    run();
    let names = launched(run);
    println!("launches of rows: {what}: {} {names:#?}", names.len());
    for (part, count) in own {
        let found = names.iter().filter(|name| name.contains(part)).count();
        assert_eq!(found, *count, "{what}, {part}: {names:#?}");
    }
    assert!(names.len() <= most, "{what}, {}: {names:#?}", names.len());
    composed(run);
    let names = composed(|| launched(run));
    println!("composed: {}", names.len());
}

#[test]
fn a_loss_of_rows_is_one_kernel_each_way() {
    if !is_counting() {
        return;
    }
    let (x, t) = (points([ROWS, CLASSES]), classes());
    let weights = weights();
    let plain = CrossEntropyLossConfig::new().init();
    let smoothed = CrossEntropyLossConfig::new()
        .with_label_smoothing(0.1)
        .with_ignore_index(Some(3))
        .init();
    let focal = SoftmaxFocalLossConfig::new().init();
    let own = [("SoftmaxKernel", 2), ("FoldWithCounts", 1)];
    let logits = || x.clone();
    check(
        "ce",
        4,
        &own,
        &[&x],
        || plain.on(logits(), t.clone()),
        ClassEvaluation::reduce,
    );
    check(
        "ce_ls",
        6,
        &own,
        &[&x],
        || smoothed.on(logits(), t.clone()),
        ClassEvaluation::reduce,
    );
    check(
        "focal",
        4,
        &own,
        &[&x],
        || focal.on(logits(), t.clone()),
        ClassEvaluation::reduce,
    );
    let weighted = || smoothed.on(logits(), t.clone()).weights(weights.clone());
    check(
        "weighted",
        6,
        &own,
        &[&x],
        weighted,
        ClassEvaluation::reduce,
    );
    let sum = |evaluation: ClassEvaluation<2>| evaluation.reduction(Reduction::Sum).reduce();
    check("sum", 4, &own, &[&x], weighted, sum);
}

#[test]
fn a_loss_of_a_linear_layer_is_its_products_and_one_kernel() {
    if !is_counting() {
        return;
    }
    let (hidden, weight) = (points([ROWS, WIDTH]), points([CLASSES, WIDTH]));
    let t = classes();
    let loss = LinearCrossEntropyLossConfig::new().init();
    let layer = || OutputLayer::with_rows(weight.clone());
    let on = || loss.on(hidden.clone(), layer(), t.clone());
    let leaves = [&hidden, &weight];
    check(
        "linear",
        24,
        &[("SoftmaxKernel", 1)],
        &leaves,
        on,
        ClassEvaluation::reduce,
    );
}
