//! Burn's own CTC loss against PyTorch's: this crate has none, since that one is right, but for its mean where a target is
//! empty.

use crate::support::{
    Dtype, Site, Tolerance, differentiable_sites,
    golden::{golden_file, list},
    tensors::Read,
};
use burn::{
    nn::loss::{CTCLossConfig, Reduction},
    tensor::{Int, Tensor, TensorData, activation::log_softmax},
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    name: String,
    source: String,
    blank: usize,
    reduction: String,
    shape: [usize; 3],
    #[serde(deserialize_with = "list")]
    logits: Vec<f64>,
    targets: Vec<i64>,
    input_lengths: Vec<i64>,
    target_lengths: Vec<i64>,
    #[serde(deserialize_with = "list")]
    value: Vec<f64>,
    #[serde(deserialize_with = "list")]
    gradient: Vec<f64>,
}

fn lengths(list: &[i64], site: &Site) -> Tensor<1, Int> {
    Tensor::from_data(TensorData::new(list.to_vec(), [list.len()]), &site.device)
}

/// The losses of a batch of logits, and their gradient.
fn run(golden: &Golden, zero_infinity: bool, site: &Site) -> [Vec<f64>; 2] {
    let data = TensorData::new(golden.logits.clone(), golden.shape);
    let logits = Tensor::<3>::from_data(data, &site.device).require_grad();
    let batch = golden.shape[1];
    let width = golden.targets.len() / batch;
    let targets = TensorData::new(golden.targets.clone(), [batch, width]);
    let targets = Tensor::<2, Int>::from_data(targets, &site.device);
    let loss = CTCLossConfig::new()
        .with_blank(golden.blank)
        .with_zero_infinity(zero_infinity)
        .init();
    let ln = log_softmax(logits.clone(), 2);
    let [inputs, outputs] =
        [&golden.input_lengths, &golden.target_lengths].map(|list| lengths(list, site));
    let value = match golden.reduction.as_str() {
        "none" => loss.forward(ln, targets, inputs, outputs),
        "mean" => loss.forward_with_reduction(ln, targets, inputs, outputs, Reduction::Mean),
        _ => loss.forward_with_reduction(ln, targets, inputs, outputs, Reduction::Sum),
    };
    let gradient = logits
        .grad(&value.clone().sum().backward())
        .expect("a gradient");
    [Read::of(value).values, Read::of(gradient).values]
}

#[test]
fn losses_and_gradients_are_those_of_pytorch() {
    for golden in golden_file::<Golden>("goldens/samples/ctc.json") {
        for site in differentiable_sites() {
            let [value, gradient] = run(&golden, false, &site);
            if golden.name == "ctc_empty_target_mean" {
                // Burn divides by the length of the target, and not by 1 where that is 0.
                assert_eq!(value, [f64::INFINITY], "{site}");
                continue;
            }
            for (got, expected) in [(&value, &golden.value), (&gradient, &golden.gradient)] {
                let scale = expected.iter().fold(0.0f64, |most, x| most.max(x.abs()));
                let bound = Tolerance::of(Dtype::F32).relative * 16.0 * scale;
                for (got, expected) in got.iter().zip(expected) {
                    let what = format!("{} ({}) on {site}", golden.name, golden.source);
                    assert!(
                        (got - expected).abs() <= bound,
                        "{what}: {got}, expected {expected}"
                    );
                }
            }
        }
    }
}

/// One sample of two frames, which `1 1` needs three of, beside one that is sound.
#[test]
fn what_has_no_alignment_is_infinite_or_nothing() {
    let golden = Golden {
        name: String::new(),
        source: String::new(),
        blank: 0,
        reduction: "none".to_string(),
        shape: [2, 2, 3],
        logits: vec![0.0, 1.0, 0.5, 0.25, 0.0, 1.0, 1.0, 0.0, 0.0, 0.5, 0.5, 0.0],
        targets: vec![1, 1, 2, 1],
        input_lengths: vec![2, 2],
        target_lengths: vec![2, 2],
        value: Vec::new(),
        gradient: Vec::new(),
    };
    for site in differentiable_sites() {
        let [value, _] = run(&golden, false, &site);
        assert!(
            value[0] == f64::INFINITY && value[1].is_finite(),
            "{value:?} on {site}"
        );
        let [value, gradient] = run(&golden, true, &site);
        assert_eq!(value[0], 0.0, "on {site}");
        assert!(
            gradient.iter().all(|g| g.is_finite()),
            "{gradient:?} on {site}"
        );
        // Frames of the first sample are the first three of each six.
        let of_first = gradient.chunks(6).flat_map(|frame| &frame[..3]);
        assert!(
            of_first.into_iter().all(|g| *g == 0.0),
            "{gradient:?} on {site}"
        );
    }
}

/// A class that cannot be, beside targets that can.
#[test]
fn a_logit_of_minus_infinity_leaves_the_gradient_finite() {
    let golden = Golden {
        name: String::new(),
        source: String::new(),
        blank: 0,
        reduction: "none".to_string(),
        shape: [3, 1, 4],
        logits: [0.0, 1.0, 0.5, f64::NEG_INFINITY].repeat(3),
        targets: vec![1, 2],
        input_lengths: vec![3],
        target_lengths: vec![2],
        value: Vec::new(),
        gradient: Vec::new(),
    };
    for site in differentiable_sites() {
        let [value, gradient] = run(&golden, false, &site);
        let what = format!("{value:?} {gradient:?} on {site}");
        let finite = value[0].is_finite() && gradient.iter().all(|g| g.is_finite());
        assert!(finite, "{what}");
    }
}
