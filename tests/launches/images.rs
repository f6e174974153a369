//! The structural similarity of images.

use super::{is_counting, launched};
use burn::tensor::{Device, DeviceKind, Tensor};
use burn_losses::{SsimLossConfig, composed};

const SHAPE: [usize; 4] = [2, 3, 64, 50];

/// An image on the device, already there.
fn image(from: f32, device: &Device) -> Tensor<4> {
    let count = SHAPE.iter().product::<usize>();
    let numbers: Vec<f32> = (0..count).map(|i| from + (i % 97) as f32 / 200.0).collect();
    let image = Tensor::<1>::from_floats(numbers.as_slice(), device).reshape(SHAPE);
    let _ = image.clone().into_data();
    image
}

#[test]
fn similarity_is_a_kernel_of_places_and_one_of_pixels() {
    if !is_counting() {
        return;
    }
    let device = Device::wgpu(DeviceKind::DefaultDevice).autodiff();
    let loss = SsimLossConfig::new(1.0).init();
    let x = image(0.1, &device).require_grad();
    let t = image(0.3, &device);
    let run = || {
        let value = loss.forward(x.clone(), t.clone());
        let gradient = x.grad(&value.backward()).expect("a gradient");
        let _ = (value.into_data(), gradient.into_data());
    };
    run();
    let names = launched(run);
    println!("launches of images: SSIM: {} {names:#?}", names.len());
    for part in [
        "MiddleOfPlanes",
        "TilesOfPlaces",
        "TilesOfPixels",
        "SumsOfRows",
    ] {
        let found = names.iter().filter(|name| name.contains(part)).count();
        assert_eq!(found, 1, "{part}: {names:#?}");
    }
    assert!(names.len() <= 20, "{}: {names:#?}", names.len());
    composed(run);
    let names = composed(|| launched(run));
    println!("composed: {}", names.len());
}
