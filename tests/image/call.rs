//! Losses of images as one type, and how they are run on a device.

use crate::support::{
    Dtype, Layout, Site,
    tensors::{Read, leaf},
};
use burn::tensor::{DType, Tensor, TensorData};
use burn_losses::*;
use serde_json::Value;

/// Any loss of images.
#[derive(Clone, Debug)]
pub enum AnyImageLoss {
    Ssim(SsimLoss),
    MsSsim(MsSsimLoss),
    TotalVariation(TotalVariationLoss),
    Psnr(PsnrLoss),
    GradientDifference(GradientDifferenceLoss),
    FocalFrequency(FocalFrequencyLoss),
}

fn read<C: serde::de::DeserializeOwned>(config: Value) -> C {
    serde_json::from_value(config).expect("a configuration")
}

impl AnyImageLoss {
    /// The names of all, as in the golden files.
    pub const KEYS: [&str; 6] = [
        "ssim",
        "ms_ssim",
        "total_variation",
        "psnr",
        "gradient_difference",
        "focal_frequency",
    ];

    pub fn from_json(key: &str, config: Value) -> Self {
        match key {
            "ssim" => Self::Ssim(read::<SsimLossConfig>(config).init()),
            "ms_ssim" => Self::MsSsim(read::<MsSsimLossConfig>(config).init()),
            "total_variation" => {
                Self::TotalVariation(read::<TotalVariationLossConfig>(config).init())
            }
            "psnr" => Self::Psnr(read::<PsnrLossConfig>(config).init()),
            "gradient_difference" => {
                Self::GradientDifference(read::<GradientDifferenceLossConfig>(config).init())
            }
            "focal_frequency" => {
                Self::FocalFrequency(read::<FocalFrequencyLossConfig>(config).init())
            }
            _ => panic!("no loss is named {key:?}"),
        }
    }

    /// One of each, for small images of the range 1.
    pub fn all() -> Vec<Self> {
        vec![
            Self::Ssim(SsimLossConfig::new(1.0).with_window_size(5).init()),
            Self::MsSsim(
                MsSsimLossConfig::new(1.0)
                    .with_window_size(3)
                    .with_scale_weights(vec![0.4, 0.6])
                    .init(),
            ),
            Self::TotalVariation(TotalVariationLossConfig::new().init()),
            Self::Psnr(PsnrLossConfig::new(1.0).init()),
            Self::GradientDifference(GradientDifferenceLossConfig::new().init()),
            Self::FocalFrequency(FocalFrequencyLossConfig::new().init()),
        ]
    }

    pub fn on(&self, prediction: Tensor<4>, target: Tensor<4>) -> SampleEvaluation {
        match self {
            Self::Ssim(loss) => loss.on(prediction, target),
            Self::MsSsim(loss) => loss.on(prediction, target),
            Self::TotalVariation(loss) => loss.on(prediction),
            Self::Psnr(loss) => loss.on(prediction, target),
            Self::GradientDifference(loss) => loss.on(prediction, target),
            Self::FocalFrequency(loss) => loss.on(prediction, target),
        }
    }

    /// Whether a kernel of its own computes it.
    pub fn is_fused(&self) -> bool {
        matches!(self, Self::Ssim(_) | Self::MsSsim(_))
    }
}

/// What a loss is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ask {
    Reduced,
    Each,
    DividedBy(f64),
}

/// Two images, and what is asked of them.
#[derive(Clone, Debug)]
pub struct ImageCall {
    pub shape: [usize; 4],
    pub images: [Vec<f64>; 2],
    pub weights: Option<Vec<f64>>,
    pub ask: Ask,
    /// What the value is multiplied with before the gradient is taken.
    pub upstream: Vec<f64>,
    pub tracked: [bool; 2],
    pub dtype: Dtype,
    pub layout: Layout,
}

/// What has become of it.
#[derive(Debug)]
pub struct ImageOutcome {
    pub value: Vec<f64>,
    pub shape: Vec<usize>,
    pub dtype: DType,
    pub gradients: [Option<Vec<f64>>; 2],
    pub types_of_gradients: Vec<DType>,
}

impl ImageCall {
    pub fn new(shape: [usize; 4], images: [Vec<f64>; 2]) -> Self {
        Self {
            shape,
            images,
            weights: None,
            ask: Ask::Reduced,
            upstream: vec![1.0],
            tracked: [true; 2],
            dtype: Dtype::F32,
            layout: Layout::Contiguous,
        }
    }

    pub fn asked(&self, ask: Ask) -> Self {
        let upstream = match ask {
            Ask::Each => (0..self.shape[0]).map(|i| 1.0 + i as f64).collect(),
            _ => vec![1.0],
        };
        Self {
            ask,
            upstream,
            ..self.clone()
        }
    }

    pub fn run(&self, loss: &AnyImageLoss, site: &Site) -> ImageOutcome {
        site.path.run(|| self.run_there(loss, site))
    }

    fn run_there(&self, loss: &AnyImageLoss, site: &Site) -> ImageOutcome {
        let leaves: Vec<Tensor<4>> = self
            .images
            .iter()
            .zip(self.tracked)
            .map(|(values, tracked)| {
                let image = self.layout.floats(values, &self.shape, self.dtype, site);
                leaf(image, tracked)
            })
            .collect();
        let list = |values: &[f64], dtype: Dtype| {
            let data = TensorData::new(values.to_vec(), [values.len()]);
            Tensor::<1>::from_data(data, (&site.device, DType::from(dtype)))
        };
        let mut evaluation = loss.on(leaves[0].clone(), leaves[1].clone());
        if let Some(weights) = &self.weights {
            evaluation = evaluation.weights(list(weights, self.dtype.of_loss()));
        }
        let value = match self.ask {
            Ask::Reduced => evaluation.reduce(),
            Ask::Each => evaluation.each(),
            Ask::DividedBy(number) => evaluation.divided_by(number),
        };
        let gradients = value.is_tracked().then(|| {
            let upstream = list(&self.upstream, self.dtype.of_loss());
            (value.clone() * upstream).backward()
        });
        let gradients: Vec<_> = leaves
            .iter()
            .map(|leaf| Some(Read::of(leaf.grad(gradients.as_ref()?)?)))
            .collect();
        let types_of_gradients = gradients.iter().flatten().map(|read| read.dtype).collect();
        let mut values = gradients
            .into_iter()
            .map(|read| read.map(|read| read.values));
        let mut next = || values.next().expect("two images");
        let gradients = [next(), next()];
        let value = Read::of(value);
        ImageOutcome {
            value: value.values,
            shape: value.shape,
            dtype: value.dtype,
            gradients,
            types_of_gradients,
        }
    }
}

/// Panics unless numbers are within a share of the largest of what is expected, and a share of each as well if that is asked for.
#[track_caller]
pub fn assert_near(what: &str, got: &[f64], expected: &[f64], share: f64) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    for (place, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        let same = got == expected || got.is_nan() && expected.is_nan();
        assert!(
            same || (got - expected).abs() <= share * largest,
            "{what} [{place}]: got {got:e}, expected {expected:e}, of which the largest is {largest:e}: off by {:e} of that",
            (got - expected).abs() / largest,
        );
    }
}
