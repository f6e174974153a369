//! Losses of masks.

use super::{is_counting, launched};
use burn::tensor::{Device, DeviceKind, Int, Tensor};
use burn_losses::{CombinedLossConfig, DiceLossConfig, SegmentationLoss, composed};

const SHAPE: [usize; 4] = [2, 21, 64, 64];

fn device() -> Device {
    Device::wgpu(DeviceKind::DefaultDevice).autodiff()
}

fn logits() -> Tensor<4> {
    let count = SHAPE.iter().product::<usize>();
    let numbers: Vec<f32> = (0..count)
        .map(|i| ((i * 7919) % 8191) as f32 / 2048.0 - 2.0)
        .collect();
    let logits = Tensor::<1>::from_floats(numbers.as_slice(), &device()).reshape(SHAPE);
    let _ = logits.clone().slice([0..1, 0..1, 0..1, 0..1]).into_data();
    logits.require_grad()
}

fn classes() -> Tensor<3, Int> {
    let [samples, classes, height, width] = SHAPE;
    let classes: Vec<i32> = (0..samples * height * width)
        .map(|i| (i % classes) as i32)
        .collect();
    let classes = Tensor::<1, Int>::from_ints(classes.as_slice(), &device());
    let classes = classes.reshape([samples, height, width]);
    let _ = classes.clone().slice([0..1, 0..1, 0..1]).into_data();
    classes
}

/// All that is as large as the logits is one kernel each way; what follows from the sums is small.
#[test]
fn overlaps_are_one_kernel_each_way() {
    if !is_counting() {
        return;
    }
    let (x, t) = (logits(), classes());
    let losses: [(SegmentationLoss, usize); 2] = [
        (DiceLossConfig::new().init().into_any(), MOST),
        (CombinedLossConfig::new().init().into_any(), MOST),
    ];
    for (loss, most) in losses {
        let run = || {
            let value = loss.forward(x.clone(), t.clone());
            let gradient = x.grad(&value.backward()).expect("tracked");
            let _ = (value.into_data(), gradient.into_data());
        };
        run();
        let names = launched(run);
        println!("launches of masks: {loss}: {} {names:#?}", names.len());
        for part in ["SumsOfStretches", "SumsOfRows", "GradientOfPixels"] {
            let found = names.iter().filter(|name| name.contains(part)).count();
            assert_eq!(found, 1, "{loss}, {part}: {names:#?}");
        }
        assert!(names.len() <= most, "{loss}, {}: {names:#?}", names.len());
        composed(run);
        let names = composed(|| launched(run));
        println!("composed: {}", names.len());
    }
}

/// How many launches there are at most, those of the sums' small tensors among them.
const MOST: usize = 110;
