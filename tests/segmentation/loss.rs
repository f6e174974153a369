//! The losses of masks as one type, and a call of one.

use crate::support::{Dtype, Random, Site, differentiable_sites_and_gpu, tensors::Read};
use burn::tensor::{DType, Int, Tensor, TensorData};
use burn_losses::{arguments::Masks, *};
use serde_json::Value;

pub type Evaluation = SampleEvaluation<Masks>;

/// What masks are compared with.
#[derive(Clone)]
pub enum Target<const D: usize, const T: usize> {
    Classes(Tensor<T, Int>),
    Masks(Tensor<D>),
}

/// Begins an evaluation.
#[track_caller]
pub fn on<const D: usize, const T: usize>(
    loss: &SegmentationLoss,
    logits: Tensor<D>,
    target: Target<D, T>,
) -> Evaluation {
    match target {
        Target::Classes(classes) => loss.on(logits, classes),
        Target::Masks(masks) => loss.on_masks(logits, masks),
    }
}

/// Where losses of masks are tested.
pub fn mask_sites() -> Vec<Site> {
    differentiable_sites_and_gpu()
}

/// The names of all losses.
pub const LOSSES: [&str; 11] = [
    "dice",
    "jaccard",
    "tversky",
    "focal_tversky",
    "generalized_dice",
    "mcc",
    "combined",
    "lovasz_softmax",
    "lovasz_hinge",
    "boundary",
    "cl_dice",
];

/// The loss of that name.
pub fn loss(name: &str, mut config: Value) -> SegmentationLoss {
    config["loss"] = name.into();
    let config: SegmentationLossConfig = serde_json::from_value(config).expect("a configuration");
    config.init()
}

/// A call of a loss: numbers, and what is asked for.
#[derive(Clone)]
pub struct MaskCall {
    pub shape: Vec<usize>,
    pub logits: Vec<f64>,
    pub classes: Option<Vec<i64>>,
    pub masks: Option<Vec<f64>>,
    pub pixel_weights: Option<Vec<f64>>,
    /// The last dimensions lie the other way round in memory.
    pub transposed: bool,
}

/// Losses of samples, and the gradient of their sum, each times its upstream gradient.
pub struct MaskOutcome {
    pub losses: Read,
    pub gradient: Vec<f64>,
}

impl MaskCall {
    /// Random logits of images, against classes or masks, some of which may be ignored.
    pub fn random(name: &str, shape: [usize; 4], with_masks: bool, ignored: f64) -> Self {
        let mut random = Random::of(name);
        let [samples, classes, height, width] = shape;
        let (pixels, all) = (samples * height * width, samples * classes * height * width);
        let hidden = |random: &mut Random| random.chance(ignored);
        let known = classes.max(2) as f64;
        let logits = random.list(all, Dtype::F32, |random| random.normal(3.0));
        let mut call = Self {
            shape: shape.to_vec(),
            logits,
            classes: None,
            masks: None,
            pixel_weights: None,
            transposed: false,
        };
        match with_masks {
            true => {
                let masks = (0..all).map(|_| match hidden(&mut random) {
                    true => -100.0,
                    false => f64::from(random.chance(0.3)),
                });
                call.masks = Some(masks.collect());
            }
            false => {
                let classes = (0..pixels).map(|_| match hidden(&mut random) {
                    true => -100,
                    false => random.uniform(0.0, known) as i64,
                });
                call.classes = Some(classes.collect());
            }
        }
        call
    }

    fn floats<const D: usize>(
        &self,
        values: &[f64],
        shape: &[usize],
        dtype: Dtype,
        site: &Site,
    ) -> Tensor<D> {
        let layout = match self.transposed {
            true => crate::support::Layout::Transposed,
            false => crate::support::Layout::Contiguous,
        };
        layout.floats(values, shape, dtype, site)
    }

    fn pixels(&self) -> Vec<usize> {
        [&self.shape[..1], &self.shape[2..]].concat()
    }

    fn target<const D: usize, const T: usize>(&self, dtype: Dtype, site: &Site) -> Target<D, T> {
        match (&self.classes, &self.masks) {
            (Some(classes), _) => {
                let data = TensorData::new(classes.clone(), self.pixels());
                Target::Classes(Tensor::from_data(data, &site.device))
            }
            (_, Some(masks)) => Target::Masks(self.floats(masks, &self.shape, dtype, site)),
            (None, None) => panic!("no target"),
        }
    }

    fn weighted<const T: usize>(&self, evaluation: Evaluation, site: &Site) -> Evaluation {
        match &self.pixel_weights {
            Some(weights) => {
                let data = TensorData::new(weights.clone(), self.pixels());
                let options = (&site.device, DType::F32);
                evaluation.pixel_weights::<T>(Tensor::from_data(data, options))
            }
            None => evaluation,
        }
    }

    /// What a loss makes of it, given upstream gradients, or ones.
    pub fn run(
        &self,
        loss: &SegmentationLoss,
        dtype: Dtype,
        site: &Site,
        upstream: Option<&[f64]>,
    ) -> MaskOutcome {
        match self.shape.len() {
            4 => self.run_of::<4, 3>(loss, dtype, site, upstream),
            _ => self.run_of::<5, 4>(loss, dtype, site, upstream),
        }
    }

    fn run_of<const D: usize, const T: usize>(
        &self,
        loss: &SegmentationLoss,
        dtype: Dtype,
        site: &Site,
        upstream: Option<&[f64]>,
    ) -> MaskOutcome {
        let logits = self.floats::<D>(&self.logits, &self.shape, dtype, site);
        let logits = logits.require_grad();
        site.path.run(|| {
            let evaluation = on::<D, T>(loss, logits.clone(), self.target(dtype, site));
            let losses = self.weighted::<T>(evaluation, site).each();
            let upstream = match upstream {
                Some(upstream) => {
                    let data = TensorData::new(upstream.to_vec(), [upstream.len()]);
                    Tensor::from_data(data, (&site.device, losses.dtype()))
                }
                None => losses.clone().detach().ones_like(),
            };
            let gradients = (losses.clone() * upstream).sum().backward();
            let gradient = logits.grad(&gradients).expect("a gradient");
            assert_eq!(gradient.dtype(), dtype.into());
            MaskOutcome {
                losses: Read::of(losses),
                gradient: Read::of(gradient).values,
            }
        })
    }
}

/// Panics unless numbers are near those expected: relative to themselves, and a little of the largest.
#[track_caller]
pub fn assert_close(what: &str, got: &[f64], expected: &[f64], relative: f64) {
    assert_eq!(got.len(), expected.len(), "{what}: how many");
    let largest = expected.iter().fold(0f64, |most, x| most.max(x.abs()));
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        let bound = relative * expected.abs() + 0.1 * relative * largest;
        assert!(
            (got - expected).abs() <= bound || got == expected,
            "{what} [{i}]: got {got:e}, expected {expected:e} within {bound:e}"
        );
    }
}
