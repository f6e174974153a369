//! Kernels of GPUs in shapes that matter to them: one pixel, stretches that end anywhere, many classes, nothing that counts, NaN.

use super::loss::{MaskCall, assert_close, loss, mask_sites};
use crate::support::{Dtype, Path, Site, random::round};
use burn::tensor::FloatDType;
use serde_json::{Value, json};

/// The kernels, and what their numbers are held against: tensors of `f64`, where there is a CPU.
fn sites() -> Option<(Site, Site)> {
    let sites = mask_sites();
    let find = |is_gpu, path| {
        let mut sites = sites.iter().cloned();
        sites.find(|site| site.is_gpu() == is_gpu && site.path == path)
    };
    find(true, Path::Chosen).zip(find(false, Path::Composed))
}

/// Formulas of every kind of sum.
fn losses() -> [(&'static str, Value); 3] {
    [
        ("dice", json!({"squared": true})),
        ("tversky", json!({"smooth": 1.0})),
        ("combined", json!({"gamma": 2.0})),
    ]
}

#[test]
fn masks_of_any_shape_are_right() {
    let Some((gpu, cpu)) = sites() else {
        return;
    };
    let shapes = [
        ([1, 1, 1, 1], false),
        ([2, 2, 1, 1], false),
        ([3, 2, 1, 255], false),
        ([1, 3, 1, 1025], false),
        ([2, 5, 3, 3001], false),
        ([2, 300, 5, 7], false),
        ([1, 4, 1, 300_001], false),
        ([2, 1, 31, 67], false),
        ([1, 1, 1, 1], true),
        ([2, 3, 17, 131], true),
    ];
    for (shape, with_masks) in shapes {
        let call = MaskCall::random("shapes", shape, with_masks, 0.1);
        for (name, config) in losses() {
            let loss = loss(name, config);
            let [got, expected] = [(&gpu, Dtype::F32), (&cpu, Dtype::F64)]
                .map(|(site, dtype)| call.run(&loss, dtype, site, None));
            let what = format!("{name} of {shape:?} on {gpu}");
            let [losses, wanted] = [&got, &expected].map(|outcome| &outcome.losses.values);
            assert_close(&what, losses, wanted, 2e-5);
            assert_close(&what, &got.gradient, &expected.gradient, 1e-4);
        }
    }
}

#[test]
fn nothing_that_counts_costs_nothing() {
    let Some((gpu, _)) = sites() else {
        return;
    };
    let call = MaskCall::random("nothing", [2, 3, 31, 67], false, 1.0);
    for (name, config) in losses() {
        let got = call.run(&loss(name, config), Dtype::F32, &gpu, None);
        assert_eq!(got.losses.values, [0.0; 2], "{name}");
        assert!(got.gradient.iter().all(|g| g.to_bits() == 0), "{name}");
    }
}

/// And stays in its own sample.
#[test]
fn nan_in_one_pixel_shows() {
    let Some((gpu, _)) = sites() else {
        return;
    };
    for (with_masks, channels, in_mask) in [
        (false, 3, false),
        (false, 1, false),
        (true, 3, false),
        (true, 3, true),
    ] {
        let mut call = MaskCall::random("nan", [2, channels, 31, 67], with_masks, 0.0);
        match &mut call.masks {
            Some(masks) if in_mask => masks[40] = f64::NAN,
            _ => call.logits[40] = f64::NAN,
        }
        for (name, config) in losses() {
            let got = call.run(&loss(name, config), Dtype::F32, &gpu, None);
            let what = format!("{name} of {channels}, masks {with_masks}, in one {in_mask}");
            assert!(got.losses.values[0].is_nan(), "{what}");
            assert!(got.losses.values[1].is_finite(), "{what}");
            let second = &got.gradient[channels * 31 * 67..];
            assert!(got.gradient[40].is_nan(), "{what}");
            assert!(second.iter().all(|g| g.is_finite()), "{what}");
        }
    }
}

#[test]
fn every_run_has_the_same_bits() {
    let Some((gpu, _)) = sites() else {
        return;
    };
    let call = MaskCall::random("bits", [2, 5, 97, 131], false, 0.1);
    for (name, config) in losses() {
        let loss = loss(name, config);
        let run = || {
            let outcome = call.run(&loss, Dtype::F32, &gpu, None);
            (outcome.losses.values, outcome.gradient)
        };
        let first = run();
        for _ in 0..3 {
            assert!(first == run(), "{name}");
        }
    }
}

/// Of the same numbers, where the device has the type.
#[test]
fn half_precision_is_computed_in_f32() {
    let Some((gpu, _)) = sites() else {
        return;
    };
    let types = [
        (Dtype::F16, FloatDType::F16, 1e-3),
        (Dtype::BF16, FloatDType::BF16, 8e-3),
    ];
    for (dtype, of_device, unit) in types {
        if !gpu.device.supports_dtype(of_device) {
            continue;
        }
        for with_masks in [false, true] {
            let mut call = MaskCall::random("half", [2, 3, 31, 67], with_masks, 0.1);
            for logit in &mut call.logits {
                *logit = round(*logit, dtype);
            }
            for (name, config) in losses() {
                let loss = loss(name, config);
                let [got, wide] =
                    [dtype, Dtype::F32].map(|dtype| call.run(&loss, dtype, &gpu, None));
                let what = format!("{name}, {dtype:?}, masks {with_masks}");
                assert_close(&what, &got.losses.values, &wide.losses.values, 1e-5);
                // Beyond the least numbers of the type.
                for (got, wide) in got.gradient.iter().zip(&wide.gradient) {
                    let bound = unit * wide.abs() + 1e-7;
                    assert!((got - wide).abs() <= bound, "{what}: {got:e} and {wide:e}");
                }
            }
        }
    }
}
