//! More planes than a kernel of a GPU takes at a time, which are fewer in tests of this crate.

use crate::SsimLossConfig;
use burn::tensor::{Device, DeviceKind, Distribution, Tensor, Tolerance};

#[test]
fn planes_that_are_taken_in_turn_are_like_those_of_the_cpu() {
    let loss = SsimLossConfig::new(1.0).init();
    let cpu = Device::flex().autodiff();
    // 13 of the 35 planes, with three slopes at each of 100 places, make 4096 numbers.
    let images = [(); 2].map(|()| Tensor::<4>::random([7, 5, 20, 20], Distribution::Default, &cpu));
    let run = |device: &Device| {
        let [prediction, target] = images.clone().map(|images| images.to_data());
        let prediction = Tensor::<4>::from_data(prediction, device).require_grad();
        let target = Tensor::<4>::from_data(target, device);
        let each: Tensor<1> = loss.on(prediction.clone(), target).each();
        let gradients = each.clone().powi_scalar(2).sum().backward();
        let gradient = prediction.grad(&gradients).expect("a gradient");
        (each.into_data(), gradient.into_data())
    };
    let (losses, gradient) = run(&Device::wgpu(DeviceKind::DefaultDevice).autodiff());
    let (expected, expected_gradient) = run(&cpu);
    losses.assert_approx_eq::<f32>(&expected, Tolerance::relative(1e-5));
    gradient.assert_approx_eq::<f32>(&expected_gradient, Tolerance::rel_abs(1e-4, 1e-7));
}
