//! The number a sum of losses is divided by: host or device, below 1, tracked.

use crate::support::{Dtype, Expected, Loss, Method, cases, compare, differentiable_sites, sites};
use burn::tensor::Tensor;
use burn_losses::{Reduction, SigmoidFocalLossConfig};

#[test]
fn the_sum_is_divided_by_the_normalizer_whatever_the_reduction() {
    for case in cases() {
        for (normalizer, weighted) in [(12.0, false), (0.0, false), (0.3, true), (7.5, true)] {
            let method = Method::Normalized(normalizer);
            let call = case.full_call(method, &[3, 17], weighted, Dtype::F32);
            let oracle = case.oracle(&call.shape);
            let expected = Expected::of(&oracle, &call);
            for reduction in [Reduction::Mean, Reduction::Sum] {
                let loss = Loss::like(&oracle, reduction);
                for site in differentiable_sites() {
                    let outcome = call.run(&loss, &site);
                    let what = format!("{} by {normalizer}", case.name);
                    compare::check(&what, &site, &call, &outcome, &expected);
                }
            }
        }
    }
}

#[test]
fn numbers_and_tensors_divide_alike() {
    let loss = SigmoidFocalLossConfig::new().init();
    for site in sites() {
        let tensor = |values: [f32; 4]| Tensor::<1>::from_floats(values, &site.device);
        let (x, t) = (tensor([1.0, -2.0, 0.5, 3.0]), tensor([1.0, 0.0, 0.0, 1.0]));
        let by = |normalizer: burn_losses::Normalizer| -> f32 {
            let (x, t) = (x.clone(), t.clone());
            site.path
                .run(|| loss.on(x, t).divided_by(normalizer))
                .into_scalar()
        };
        let total = by(1.0.into());
        let on_device = |value: f32| Tensor::<1>::from_floats([value], &site.device);
        for same in [
            by(4.0.into()),
            by(4.0f32.into()),
            by(4usize.into()),
            by(4i32.into()),
        ] {
            assert_eq!(same, total / 4.0, "on {site}");
        }
        assert_eq!(by(on_device(4.0).into()), total / 4.0, "on {site}");
        for below_1 in [by(0usize.into()), by(0.5.into()), by((-3.0).into())] {
            assert_eq!(below_1, total, "on {site}");
        }
        for below_1 in [0.0, 0.5, -3.0] {
            assert_eq!(by(on_device(below_1).into()), total, "on {site}");
        }
    }
}

#[test]
fn a_tracked_normalizer_gets_its_gradient() {
    let loss = SigmoidFocalLossConfig::new().init();
    for site in differentiable_sites() {
        let tensor = |values: [f32; 2]| Tensor::<1>::from_floats(values, &site.device);
        let gradients = |normalizer: f32| -> (f32, f32, Vec<f32>) {
            let x = tensor([1.0, -2.0]).require_grad();
            let normalizer = Tensor::<1>::from_floats([normalizer], &site.device).require_grad();
            let value = site.path.run(|| {
                loss.on(x.clone(), tensor([0.0, 1.0]))
                    .divided_by(normalizer.clone())
            });
            let gradients = value.backward();
            let by_normalizer = normalizer.grad(&gradients).expect("a gradient");
            let by_prediction = x.grad(&gradients).expect("a gradient");
            (
                value.into_scalar(),
                by_normalizer.into_scalar(),
                by_prediction.into_data().try_to_vec().expect("f32"),
            )
        };
        let (whole, none, slopes) = gradients(0.5);
        assert_eq!(none, 0.0, "on {site}: below 1 it does not matter");
        let (quarter, slope, quarters) = gradients(4.0);
        assert!((quarter * 4.0 - whole).abs() <= 1e-6 * whole, "on {site}");
        assert!(
            (slope * 16.0 + whole).abs() <= 1e-6 * whole,
            "on {site}: {slope}"
        );
        for (quarter, whole) in quarters.iter().zip(slopes) {
            assert!(
                (quarter * 4.0 - whole).abs() <= 1e-6 * whole.abs(),
                "on {site}"
            );
        }
    }
}
