//! Losses and gradients against the references.

use super::{assert_close, evaluate, largest, list, loss, read, tensors};
use crate::support::{
    Site, differentiable_sites_and_gpu,
    golden::{golden_file, list as numbers},
};
use burn::tensor::{DType, Tensor, TensorData};
use burn_losses::{AdaptiveBarronLossConfig, BarronLossConfig, DistributionFocalLossConfig};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    name: String,
    source: String,
    loss: String,
    config: Value,
    x: Vec<Vec<f64>>,
    t: Vec<Vec<f64>>,
    upstream: Vec<f64>,
    value: Vec<f64>,
    dx: Vec<Vec<f64>>,
    dt: Option<Vec<Vec<f64>>>,
}

/// The data types that are held against references here, and how near.
fn precisions(site: &Site) -> Vec<(DType, f64)> {
    match site.is_gpu() {
        // Of functions a GPU has few digits of.
        true => vec![(DType::F32, 1e-4)],
        false => vec![(DType::F64, 1e-9), (DType::F32, 1e-5)],
    }
}

#[test]
fn losses_and_gradients() {
    for file in ["boxes", "likelihoods", "barron"] {
        for golden in golden_file::<Golden>(&format!("goldens/tuples/{file}.json")) {
            for site in differentiable_sites_and_gpu() {
                golden.check(&site);
            }
        }
    }
}

impl Golden {
    fn each(&self) -> Box<dyn Fn(Vec<Tensor<1>>, Vec<Tensor<1>>) -> Tensor<1>> {
        if self.loss == "barron" {
            let loss = read::<BarronLossConfig>(&self.config).init();
            return Box::new(move |x, t| loss.forward_no_reduction(x[0].clone(), t[0].clone()));
        }
        let on = loss(&self.loss, &self.config);
        Box::new(move |x, t| on(x, t).each())
    }

    fn check(&self, site: &Site) {
        for (dtype, precision) in precisions(site) {
            let what = format!("{} ({}) in {dtype:?} on {site}", self.name, self.source);
            let upstream = Some(&self.upstream[..]);
            let outcome = evaluate(&self.each(), [&self.x, &self.t], upstream, dtype, site);
            assert_close(&what, &outcome.losses, &self.value, precision, precision);
            let by = [
                ("x", &outcome.dx, Some(&self.dx)),
                ("t", &outcome.dt, self.dt.as_ref()),
            ];
            for (side, got, expected) in by {
                let Some(expected) = expected else { continue };
                for (place, (got, expected)) in got.iter().zip(expected).enumerate() {
                    let what = format!("{what}: gradient by {side} {place}");
                    // Next to the others of the same number.
                    let size = largest(std::slice::from_ref(expected)).min(1.0);
                    let size = if self.name.contains("much") || self.name.contains("nearly") {
                        1.0
                    } else {
                        size
                    };
                    assert_close(
                        &what,
                        got,
                        expected,
                        10.0 * precision,
                        10.0 * precision * size,
                    );
                }
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Adaptive {
    name: String,
    source: String,
    alpha: f64,
    scale: f64,
    x: Vec<f64>,
    t: Vec<f64>,
    value: Vec<f64>,
    dx: Vec<f64>,
    dalpha: f64,
    dscale: f64,
}

#[test]
fn shape_and_scale_learn() {
    use burn::module::{Module, ModuleVisitor, Param};

    /// The gradients of the parameters.
    struct Visitor<'a>(&'a burn::tensor::Gradients, Vec<f64>);

    impl ModuleVisitor for Visitor<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let gradient = param.val().grad(self.0).expect("it learns");
            self.1.extend(list(gradient));
        }
    }

    for golden in golden_file::<Adaptive>("goldens/tuples/adaptive_barron.json") {
        for site in differentiable_sites_and_gpu() {
            let what = format!("{} ({}) on {site}", golden.name, golden.source);
            let loss = AdaptiveBarronLossConfig::new()
                .with_alpha_start(Some(golden.alpha))
                .with_scale_start(golden.scale)
                .init(&site.device);
            let inputs = tensors(&[golden.x.clone(), golden.t.clone()], DType::F32, &site);
            let x = inputs[0].clone().require_grad();
            let (value, reduced) = site.path.run(|| {
                let value = loss.forward_no_reduction(x.clone(), inputs[1].clone());
                (value, loss.forward(x.clone(), inputs[1].clone()))
            });
            let precision = if site.is_gpu() { 1e-4 } else { 1e-5 };
            let gradients = value.clone().sum().backward();
            let mean = golden.value.iter().sum::<f64>() / golden.value.len() as f64;
            assert_close(&what, &list(reduced), &[mean], precision, precision);
            assert_close(&what, &list(value), &golden.value, precision, precision);
            let dx = list(x.grad(&gradients).expect("a gradient"));
            assert_close(&what, &dx, &golden.dx, 10.0 * precision, precision);
            let mut visitor = Visitor(&gradients, Vec::new());
            loss.visit(&mut visitor);
            let expected = [golden.dalpha, golden.dscale];
            assert_close(
                &what,
                &visitor.1,
                &expected,
                10.0 * precision,
                10.0 * precision,
            );
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Distances {
    name: String,
    source: String,
    shape: Vec<usize>,
    #[serde(deserialize_with = "numbers")]
    logits: Vec<f64>,
    targets: Vec<f64>,
    upstream: Vec<f64>,
    value: Vec<f64>,
    gradient: Vec<f64>,
}

impl Distances {
    fn check<const D: usize, const T: usize>(&self, site: &Site) {
        let loss = DistributionFocalLossConfig::new().init();
        for (dtype, precision) in precisions(site) {
            let what = format!("{} ({}) in {dtype:?} on {site}", self.name, self.source);
            let options = (&site.device, dtype);
            let tensor = |list: &[f64], shape: &[usize]| TensorData::new(list.to_vec(), shape);
            let logits = tensor(&self.logits, &self.shape);
            let logits = Tensor::<D>::from_data(logits, options).require_grad();
            let shape = &self.shape[..T];
            let targets = Tensor::<T>::from_data(tensor(&self.targets, shape), options);
            let upstream = Tensor::<T>::from_data(tensor(&self.upstream, shape), options);
            let value: Tensor<T> = site
                .path
                .run(|| loss.forward_no_reduction(logits.clone(), targets.clone()));
            let gradients = (value.clone() * upstream.clone()).sum().backward();
            assert_close(&what, &list(value), &self.value, precision, precision);
            let gradient = list(logits.grad(&gradients).expect("a gradient"));
            assert_close(&what, &gradient, &self.gradient, precision, precision);

            let weighted = site.path.run(|| {
                let weights = upstream.clone().abs();
                loss.on(logits.clone(), targets.clone())
                    .weights(weights)
                    .reduce()
            });
            let terms = self.value.iter().zip(&self.upstream);
            let sum: f64 = terms.map(|(value, weight)| value * weight.abs()).sum();
            let weights: f64 = self.upstream.iter().map(|weight| weight.abs()).sum();
            assert_close(
                &what,
                &list(weighted),
                &[sum / weights],
                precision,
                precision,
            );
        }
    }
}

#[test]
fn distances_over_bins() {
    for golden in golden_file::<Distances>("goldens/tuples/distribution_focal.json") {
        for site in differentiable_sites_and_gpu() {
            match golden.shape.len() {
                2 => golden.check::<2, 1>(&site),
                _ => golden.check::<3, 2>(&site),
            }
        }
    }
}
