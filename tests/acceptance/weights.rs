//! Weights so small, or so large, that their sum or its reciprocal is no number of their type.

use crate::support::{Site, differentiable_sites_and_gpu};
use burn::tensor::{Device, Int, Tensor};
use burn_losses::{
    BinaryCrossEntropyLossConfig, ContrastiveLossConfig, CrossEntropyLossConfig,
    LinearCrossEntropyLossConfig, MaeLossConfig, MseLossConfig, OutputLayer,
    SigmoidFocalLossConfig, SoftmaxFocalLossConfig, SupConLossConfig, TripletLossConfig,
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

/// Weights far from 1, but not at the ends of the type, are taken as they are: no loss is lost to what they are multiplied
/// with.
#[test]
fn weights_far_from_1_keep_the_smallest_and_the_largest_losses() {
    for site in differentiable_sites_and_gpu() {
        let one = |value: f64| Tensor::<1>::from_floats([value as f32], &site.device);
        let near = |found: Tensor<1>, expected: f64| {
            let found: f64 = found.into_scalar::<f32>().into();
            assert!(
                (found - expected).abs() <= 1e-5 * expected,
                "{found:e} instead of {expected:e} on {site}"
            );
        };
        site.path.run(|| {
            let mse = MseLossConfig::new().init();
            let far = mse.on(one(1e12), one(0.0)).weights(one(2e-10));
            near(far.reduce(), 1e24);
            if site.is_gpu() {
                return; // What is below the normal range is 0 there.
            }
            let close = mse.on(one(1e-15), one(0.0)).weights(one(1e10));
            near(close.reduce(), 1e-30);
            let binary = BinaryCrossEntropyLossConfig::new().with_logits(true).init();
            let easy = binary.on(one(80.0), one(1.0)).weights(one(1e10));
            near(easy.reduce(), (-80f64).exp());
        });
    }
}

/// The gradient of weights has a part by their sum, which is squared on the way.
#[test]
fn many_small_weights_have_the_gradient_of_a_mean() {
    const COUNT: usize = 100;
    for site in differentiable_sites_and_gpu() {
        let predictions: Vec<f32> = (0..COUNT).map(|i| [1.0, 3.0][i % 2]).collect();
        let predictions = Tensor::<1>::from_floats(predictions.as_slice(), &site.device);
        let weights = Tensor::<1>::full([COUNT], 2e-10, &site.device).require_grad();
        let gradient: Vec<f32> = site.path.run(|| {
            let mae = MaeLossConfig::new().init();
            let targets = predictions.zeros_like();
            let loss = mae
                .on(predictions.clone(), targets)
                .weights(weights.clone());
            let gradient = weights.grad(&loss.reduce().backward()).expect("a gradient");
            gradient.into_data().iter().collect()
        });
        for (i, slope) in gradient.iter().enumerate() {
            // (l_i - mean) / sum of the weights
            let expected = [-5e7, 5e7][i % 2];
            assert!((slope - expected).abs() <= 1e-3 * 5e7, "{slope} on {site}");
        }
    }
}

/// An ignored sample has no say, whatever it weighs; and NaN shows at any weight but 0.
#[test]
fn a_weight_far_from_the_others_takes_nothing_from_them() {
    for site in differentiable_sites_and_gpu() {
        let tensor = |values: [f32; 2]| Tensor::<1>::from_floats(values, &site.device);
        site.path.run(|| {
            let logits = Tensor::<2>::from_floats([[3.0, 1.0], [0.0, 0.0]], &site.device);
            let classes = Tensor::<1, Int>::from_ints([-100, 0], &site.device);
            let entropy = CrossEntropyLossConfig::new().init();
            let loss = entropy.on(logits, classes).weights(tensor([1e10, 1e-14]));
            let loss = loss.reduce().into_scalar::<f32>();
            assert!((loss - 2f32.ln()).abs() < 1e-6, "{loss} on {site}");
            let mae = MaeLossConfig::new().init();
            let loss = mae.on(tensor([1.0, f32::NAN]), tensor([0.0; 2]));
            let loss = loss.weights(tensor([1e10, 1e-14])).reduce();
            assert!(loss.into_scalar::<f32>().is_nan(), "on {site}");
        });
    }
}
