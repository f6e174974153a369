//! Weights so small, or so large, that their sum or its reciprocal is no number of their type.

use crate::support::{Site, differentiable_sites_and_gpu};
use burn::tensor::{Device, Int, Tensor};
use burn_losses::{
    ContrastiveLossConfig, CrossEntropyLossConfig, LinearCrossEntropyLossConfig, MseLossConfig,
    OutputLayer, SigmoidFocalLossConfig, SoftmaxFocalLossConfig, SupConLossConfig,
    TripletLossConfig,
};

/// A weighted mean of four samples of the last argument.
type Mean = fn(&Device, Tensor<2>, Tensor<1>) -> Tensor<1>;

fn classes(device: &Device) -> Tensor<1, Int> {
    Tensor::from_ints([0, 1, 1, 0], device)
}

fn of_each_element(weights: Tensor<1>, x: &Tensor<2>) -> Tensor<2> {
    weights.unsqueeze_dim::<2>(1).expand(x.shape())
}

const MEANS: [(&str, Mean); 8] = [
    ("MSE", |_, x, w| {
        let (t, w) = (x.zeros_like(), of_each_element(w, &x));
        MseLossConfig::new().init().on(x, t).weights(w).reduce()
    }),
    ("sigmoid focal", |_, x, w| {
        let (t, w) = (x.ones_like(), of_each_element(w, &x));
        let loss = SigmoidFocalLossConfig::new().init();
        loss.on(x, t).weights(w).reduce()
    }),
    ("cross entropy", |device, x, w| {
        let loss = CrossEntropyLossConfig::new().init();
        loss.on(x, classes(device)).weights(w).reduce()
    }),
    ("softmax focal", |device, x, w| {
        let loss = SoftmaxFocalLossConfig::new().init();
        loss.on(x, classes(device)).weights(w).reduce()
    }),
    ("linear cross entropy", |device, x, w| {
        let layer = Tensor::<2>::from_floats([[0.3, -0.2], [0.1, 0.5]], device);
        let loss = LinearCrossEntropyLossConfig::new().init();
        loss.on(x, OutputLayer::with_rows(layer), classes(device))
            .weights(w)
            .reduce()
    }),
    ("SupCon", |device, x, w| {
        let loss = SupConLossConfig::new().init(device);
        loss.on(x, classes(device)).weights(w).reduce()
    }),
    ("triplets", |device, x, w| {
        let loss = TripletLossConfig::new().with_margin(2.0).init();
        loss.on(x, classes(device)).weights(w).reduce()
    }),
    ("contrastive", |device, x, w| {
        let loss = ContrastiveLossConfig::new()
            .with_negative_margin(2.0)
            .init();
        loss.on(x, classes(device)).weights(w).reduce()
    }),
];

/// Value and gradient with weights of the order of a power of two.
fn outcome(mean: Mean, site: &Site, power: i32) -> Vec<f32> {
    let values = [[1.0, 0.2], [-0.3, 0.9], [0.5, 0.5], [0.1, -0.7]];
    let x = Tensor::<2>::from_floats(values, &site.device).require_grad();
    let weights = [1.0, 3.0, 0.0, 2.0].map(|weight| (weight * 2f64.powi(power)) as f32);
    let weights = Tensor::from_floats(weights, &site.device);
    site.path.run(|| {
        let value = mean(&site.device, x.clone(), weights);
        let gradient = x.grad(&value.backward()).expect("a gradient");
        let numbers = [value.into_data(), gradient.into_data()];
        numbers.iter().flat_map(|data| data.iter()).collect()
    })
}

#[test]
fn the_order_of_all_weights_makes_no_difference_to_a_mean() {
    for site in differentiable_sites_and_gpu() {
        for (name, mean) in MEANS {
            let expected = outcome(mean, &site, 0);
            assert!(expected[0] > 0.0, "{name} on {site}: {expected:?}");
            // The last of these are below the normal range, which a GPU takes for 0.
            for power in [40, 126, -40, -126, -133, -148] {
                if site.is_gpu() && power < -126 {
                    continue;
                }
                let numbers = outcome(mean, &site, power);
                for (number, expected) in numbers.iter().zip(&expected) {
                    assert!(
                        (number - expected).abs() <= 1e-6 * expected.abs(),
                        "{name} with weights of 2^{power} on {site}: {number} instead of {expected}",
                    );
                }
            }
        }
    }
}
