//! Two losses of one's own, each a formula, and what each costs against its composed form.
use burn::nn::LinearConfig;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Distribution, Int, Tensor};
use burn_losses::formula::{ClassFormula, Formula, Real};
use burn_losses::{ClassLoss, ElementLoss, Reduction, composed};
use std::time::{Duration, Instant};

/// `d² / (d² + 1)`: an outlier costs 1 at most (Geman and McClure, 1985).
#[derive(Clone, Debug)]
struct GemanMcClure;

impl Formula for GemanMcClure {
    #[inline(always)]
    fn value<R: Real>(&self, x: R, t: R) -> R {
        let square = (x - t).abs().at_most(1e9).powi(2); // Farther out it is 1, and may overflow.
        square.clone() / (square + 1.0)
    }
}

/// `(1 - p) + (1 - p)² / 2`: cross entropy that forgives wrong labels (Feng et al., 2020).
#[derive(Clone, Debug)]
struct TaylorCrossEntropy;

impl ClassFormula for TaylorCrossEntropy {
    #[inline(always)]
    fn value<R: Real>(&self, l: R) -> R {
        let miss = -l.exp_m1(); // 1 - p, of the log-probability l
        miss.clone() + miss.powi(2) * 0.5
    }
}

/// Trains a linear model twice, and prints the last loss and the time of all losses and gradients.
fn compare(device: &Device, name: &str, loss: impl Fn(Tensor<2>) -> Tensor<1>) {
    for fused in [true, false] {
        device.seed(1);
        let x = Tensor::<2>::random([4096, 16], Distribution::Default, device);
        let mut model = LinearConfig::new(16, 64).init(device);
        let (mut optimizer, mut last, mut time) = (AdamConfig::new().init(), 0.0, Duration::ZERO);
        for _ in 0..50 {
            let (y, start) = (model.forward(x.clone()), Instant::now());
            let value = if fused { loss(y) } else { composed(|| loss(y)) };
            last = value.clone().into_scalar::<f32>();
            let gradients = GradientsParams::from_grads(value.backward(), &model);
            time += start.elapsed();
            model = optimizer.step(0.05, model, gradients);
        }
        println!("{name}, fused {fused}: {last:.4} after {time:?}");
    }
}

fn main() {
    let device = Device::flex().autodiff();
    let robust = ElementLoss::new(GemanMcClure, Reduction::Mean);
    let target = Tensor::<2>::ones([4096, 64], &device);
    compare(&device, "robust", |x| robust.forward(x, target.clone()));
    let loss = ClassLoss::new(TaylorCrossEntropy, Reduction::Mean);
    let labels = Tensor::<1, Int>::ones([4096], &device);
    compare(&device, "forgiving", |x| loss.forward(x, labels.clone()));
}
