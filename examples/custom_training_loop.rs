//! Which loss suits a regression whose training targets are partly wrong?
//!
//! ```text
//! cargo run --release --example custom_training_loop [-- --quick]
//! ```
//!
//! Fits a linear model with three losses in a hand-written loop, on the diabetes data of Efron et
//! al., "Least Angle Regression" (2004). One in ten training targets has its decimal point slipped;
//! the test targets are as they were.

use burn::{
    nn::LinearConfig,
    optim::{AdamConfig, GradientsParams},
    tensor::{Device, Tensor, TensorData},
};
use burn_losses::{MaeLossConfig, MseLossConfig, SmoothL1LossConfig};

const INPUTS: usize = 10;
/// Targets are between 25 and 346; the model sees them in hundreds.
const UNIT: f32 = 100.0;

/// The rows for which `keep` holds, as inputs `[N, 10]` and targets `[N, 1]`.
fn rows(keep: impl Fn(usize) -> bool, device: &Device) -> (Tensor<2>, Tensor<2>) {
    let lines = include_str!("data/diabetes.csv")
        .lines()
        .skip(1)
        .enumerate();
    let values: Vec<f32> = lines
        .filter(|(row, _)| keep(*row))
        .flat_map(|(_, line)| line.split(',').map(|v| v.parse().expect("a number")))
        .collect();
    let shape = [values.len() / (INPUTS + 1), INPUTS + 1];
    let table = Tensor::<2>::from_data(TensorData::new(values, shape), device);
    (
        table.clone().narrow(1, 0, INPUTS),
        table.narrow(1, INPUTS, 1) / UNIT,
    )
}

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let steps = if quick { 300 } else { 1000 };
    let device = Device::default().autodiff();
    let (x, y) = rows(|row| row % 3 != 0, &device);
    let (test_x, test_y) = rows(|row| row % 3 == 0, &device);
    let (variance, mean) = x.clone().var_mean(0);
    let scaled = |x: Tensor<2>| (x - mean.clone()) / variance.clone().sqrt();
    let (x, test_x) = (scaled(x), scaled(test_x));
    let count = y.dims()[0];
    let slips: Vec<_> = (0..count)
        .map(|row| if row % 10 == 0 { 10f32 } else { 1.0 })
        .collect();
    let y = y * Tensor::<2>::from_data(TensorData::new(slips, [count, 1]), &device);

    let (mse, mae) = (MseLossConfig::new().init(), MaeLossConfig::new().init());
    let smooth_l1 = SmoothL1LossConfig::new().init();
    type Loss<'a> = &'a dyn Fn(Tensor<2>, Tensor<2>) -> Tensor<1>;
    let losses: [(&str, Loss); 3] = [
        ("MSE", &|prediction, target| mse.forward(prediction, target)),
        ("MAE", &|prediction, target| mae.forward(prediction, target)),
        ("SmoothL1", &|prediction, target| {
            smooth_l1.forward(prediction, target)
        }),
    ];
    println!("{count} training rows, one in ten with a wrong target; {steps} steps");
    println!("{:<10} {:>24}", "loss", "mean error on test rows");
    for (name, loss) in losses {
        device.seed(1); // the same initial weights for every loss
        let mut model = LinearConfig::new(INPUTS, 1).init(&device);
        let mut optimizer = AdamConfig::new().init();
        for _ in 0..steps {
            let gradients = loss(model.forward(x.clone()), y.clone()).backward();
            let gradients = GradientsParams::from_grads(gradients, &model);
            model = optimizer.step(0.01, model, gradients);
        }
        let error = (model.forward(test_x.clone()) - test_y.clone())
            .abs()
            .mean();
        println!("{name:<10} {:>24.1}", error.into_scalar::<f32>() * UNIT);
    }
}
