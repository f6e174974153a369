//! Losses whose samples are a few numbers each.

mod boxes;
mod forms;
mod goldens;
mod likelihoods;

use crate::support::Site;
use burn::tensor::{DType, Tensor, TensorData};
use burn_losses::{formula::TupleFormula, *};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A loss of numbers of samples, a tensor each: those predicted, and those of the target.
type On = Box<dyn Fn(Vec<Tensor<1>>, Vec<Tensor<1>>) -> TupleEvaluation + Send + Sync>;

fn read<C: DeserializeOwned>(config: &Value) -> C {
    serde_json::from_value(config.clone()).expect("a configuration")
}

fn joint<F: TupleFormula<P, 1>, const P: usize>(loss: JointLoss<F, P>) -> On {
    Box::new(move |x, t| {
        let x = x.try_into().expect("as many numbers");
        loss.on::<1>(x, t[0].clone())
    })
}

/// Any of them, by its name and configuration.
fn loss(name: &str, config: &Value) -> On {
    match name {
        "iou" => {
            let loss = read::<IouLossConfig>(config).init();
            Box::new(move |x, t| loss.on::<2>(Tensor::stack(x, 1), Tensor::stack(t, 1)))
        }
        "gaussian_nll" => joint(read::<GaussianNllLossConfig>(config).init()),
        "laplace_nll" => joint(read::<LaplaceNllLossConfig>(config).init()),
        "student_t_nll" => joint(read::<StudentTNllLossConfig>(config).init()),
        "evidential" => joint(read::<EvidentialLossConfig>(config).init()),
        "margin_ranking" => joint(read::<MarginRankingLossConfig>(config).init()),
        name => panic!("no loss is named {name:?}"),
    }
}

/// Numbers of samples as a tensor each, in that data type.
fn tensors(numbers: &[Vec<f64>], dtype: DType, site: &Site) -> Vec<Tensor<1>> {
    let of = |list: &Vec<f64>| {
        let data = TensorData::new(list.clone(), [list.len()]);
        Tensor::from_data(data, (&site.device, dtype))
    };
    numbers.iter().map(of).collect()
}

fn list<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// Losses, and the gradients of their sum by each of the numbers.
struct Outcome {
    losses: Vec<f64>,
    dx: Vec<Vec<f64>>,
    dt: Vec<Vec<f64>>,
}

/// The losses of samples, and the gradients of their sum times an upstream gradient.
fn evaluate(
    on: &dyn Fn(Vec<Tensor<1>>, Vec<Tensor<1>>) -> Tensor<1>,
    [x, t]: [&[Vec<f64>]; 2],
    upstream: Option<&[f64]>,
    dtype: DType,
    site: &Site,
) -> Outcome {
    let track = |tensors: Vec<Tensor<1>>| -> Vec<Tensor<1>> {
        tensors.into_iter().map(Tensor::require_grad).collect()
    };
    let (x, t) = (
        track(tensors(x, dtype, site)),
        track(tensors(t, dtype, site)),
    );
    let losses = site.path.run(|| on(x.clone(), t.clone()));
    let total = match upstream {
        Some(upstream) => {
            let upstream = tensors(&[upstream.to_vec()], losses.dtype(), site).remove(0);
            (losses.clone() * upstream).sum()
        }
        None => losses.clone().sum(),
    };
    let gradients = total.backward();
    let of = |tensors: Vec<Tensor<1>>| -> Vec<Vec<f64>> {
        let gradient = |tensor: Tensor<1>| match tensor.grad(&gradients) {
            Some(gradient) => list(gradient),
            None => vec![0.0; tensor.dims()[0]],
        };
        tensors.into_iter().map(gradient).collect()
    };
    Outcome {
        losses: list(losses),
        dx: of(x),
        dt: of(t),
    }
}

#[track_caller]
fn assert_close(what: &str, got: &[f64], expected: &[f64], relative: f64, absolute: f64) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (place, (got, expected)) in got.iter().zip(expected).enumerate() {
        let is_near = (got - expected).abs() <= relative * expected.abs() + absolute;
        assert!(
            is_near || got == expected || (got.is_nan() && expected.is_nan()),
            "{what}: {got:e} at {place}, expected {expected:e}"
        );
    }
}

fn largest(lists: &[Vec<f64>]) -> f64 {
    lists
        .iter()
        .flatten()
        .fold(0.0, |most: f64, x| most.max(x.abs()))
}
