//! Weights, reductions, sums of losses, empty batches, panics.

use super::loss::{LOSSES, MaskCall, Target, loss, mask_sites, on};
use crate::{
    panics::message,
    support::{Dtype, Site, sites, tensors::Read},
};
use burn::tensor::{Int, Tensor, TensorData};
use burn_losses::*;
use serde_json::json;

fn logits(site: &Site) -> Tensor<4> {
    let call = MaskCall::random("forms", [3, 2, 4, 5], false, 0.0);
    let data = TensorData::new(call.logits, [3, 2, 4, 5]);
    Tensor::from_data(data, (&site.device, burn::tensor::DType::F32))
}

fn targets(site: &Site) -> Tensor<3, Int> {
    let call = MaskCall::random("forms", [3, 2, 4, 5], false, 0.0);
    let classes = call.classes.expect("classes");
    Tensor::from_data(TensorData::new(classes, [3, 4, 5]), &site.device)
}

#[track_caller]
fn assert_is(what: &str, got: Tensor<1>, expected: f64) {
    let got = Read::of(got).values[0];
    assert!(
        (got - expected).abs() < 1e-5 * expected.abs().max(1.0),
        "{what}: {got}, {expected}"
    );
}

#[test]
fn forms_agree() {
    for name in LOSSES {
        let loss = loss(name, json!({}));
        for site in mask_sites() {
            let begin = || on(&loss, logits(&site), Target::Classes(targets(&site)));
            let what = format!("{name} on {site}");
            site.path.run(|| {
                let each = Read::of(begin().each()).values;
                assert_eq!(each.len(), 3, "{what}");
                assert_is(&what, begin().reduce(), each.iter().sum::<f64>() / 3.0);
                assert_is(
                    &what,
                    begin().reduction(Reduction::Sum).reduce(),
                    each.iter().sum(),
                );
                assert_is(&what, begin().divided_by(2), each.iter().sum::<f64>() / 2.0);
                let weights = || Tensor::<1>::from_floats([1.0, 3.0, 0.0], &site.device);
                let weighted = each[0] + 3.0 * each[1];
                assert_is(&what, begin().weights(weights()).reduce(), weighted / 4.0);
                let sum = begin().plus(0.5, begin()).weights(weights()).reduce();
                assert_is(&what, sum, 1.5 * weighted / 4.0);
            });
        }
    }
}

#[test]
fn samples_of_weight_0_may_hold_anything() {
    let mut call = MaskCall::random("weightless", [2, 2, 4, 5], false, 0.0);
    call.logits[40..].fill(f64::NAN);
    call.classes.as_mut().expect("classes")[20..].fill(77);
    for name in LOSSES {
        let loss = loss(name, json!({}));
        for site in mask_sites() {
            let data = TensorData::new(call.logits.clone(), [2, 2, 4, 5]);
            let options = (&site.device, burn::tensor::DType::F32);
            let logits = Tensor::<4>::from_data(data, options).require_grad();
            let classes = TensorData::new(call.classes.clone().expect("classes"), [2, 4, 5]);
            let classes = Tensor::<3, Int>::from_data(classes, &site.device);
            let weights = Tensor::<1>::from_floats([2.0, 0.0], &site.device);
            let target = Target::Classes(classes);
            let value = site.path.run(|| {
                let on = on(&loss, logits.clone(), target).weights(weights);
                on.reduce()
            });
            let gradient = logits.grad(&value.backward()).expect("a gradient");
            let gradient = Read::of(gradient).values;
            assert!(Read::of(value).values[0].is_finite(), "{name} on {site}");
            assert!(
                gradient[..40].iter().all(|g| g.is_finite()),
                "{name} on {site}"
            );
            let zeros = gradient[40..].iter().all(|g| g.to_bits() == 0);
            assert!(zeros, "{name} on {site}: {:?}", &gradient[40..]);
        }
    }
}

#[test]
fn nothing_costs_nothing() {
    for name in LOSSES {
        for batch in [false, true] {
            let loss = loss(name, json!({"batch": batch}));
            for site in sites() {
                for shape in [[0, 2, 4, 5], [3, 2, 0, 5]] {
                    let logits = Tensor::<4>::zeros(shape, &site.device);
                    let [samples, _, height, width] = shape;
                    let classes = Tensor::<3, Int>::zeros([samples, height, width], &site.device);
                    let target = || Target::Classes(classes.clone());
                    site.path.run(|| {
                        let begin = || on(&loss, logits.clone(), target());
                        assert_is(name, begin().reduce(), 0.0);
                        let rows = if batch { samples.min(1) } else { samples };
                        assert_eq!(begin().each().dims(), [rows], "{name} on {site}");
                    });
                }
            }
        }
    }
}

#[test]
fn the_batch_as_one_sample_is_that_of_its_pixels_together() {
    let mut together = MaskCall::random("together", [2, 3, 2, 4], false, 0.1);
    let batch = together.clone();
    // [2, 3, 8] as [1, 3, 16].
    let row = |n: usize, c: usize| batch.logits[(n * 3 + c) * 8..][..8].to_vec();
    together.logits = (0..3)
        .flat_map(|c| [row(0, c), row(1, c)].concat())
        .collect();
    together.shape = vec![1, 3, 4, 4];
    for name in LOSSES
        .into_iter()
        .filter(|name| !["boundary", "cl_dice"].contains(name))
    {
        let [one, of_batch] = [json!({}), json!({"batch": true})].map(|config| loss(name, config));
        for site in mask_sites() {
            let one = together.run(&one, Dtype::F32, &site, None).losses.values;
            let of_batch = batch.run(&of_batch, Dtype::F32, &site, None).losses.values;
            assert!(
                (one[0] - of_batch[0]).abs() < 1e-5,
                "{name} on {site}: {one:?} {of_batch:?}"
            );
        }
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let site = &sites()[0];
    let dice = || DiceLossConfig::new();
    let says =
        |text: String, part: &str| assert!(text.contains(part), "{part:?} is not in {text:?}");
    let targets = || targets(site);
    let text = message(|| dice().init().on(logits(site), targets().narrow(0, 0, 2)));
    says(
        text,
        "DiceLoss: the targets have shape [2, 4, 5], expected [3, 4, 5]",
    );
    let masks = logits(site).slice([0..3, 0..1]);
    let text = message(|| dice().init().on_masks(logits(site), masks));
    says(
        text,
        "DiceLoss: the masks have shape [3, 1, 4, 5], expected [3, 2, 4, 5]",
    );
    let weights = Some(vec![1.0; 3]);
    let text = message(|| {
        dice()
            .with_class_weights(weights)
            .init()
            .on(logits(site), targets())
    });
    says(
        text,
        "DiceLoss: 3 values of class_weights for logits of 2 classes",
    );
    let on = || dice().init().on(logits(site), targets());
    let text = message(|| on().pixel_weights(Tensor::<3>::ones([3, 4, 4], &site.device)));
    says(
        text,
        "the pixel weights have shape [3, 4, 4], expected [3, 4, 5]",
    );
    let batch = || dice().with_batch(true).init().on(logits(site), targets());
    let text = message(|| on().plus(1.0, batch()));
    says(text, "DiceLoss: DiceLoss is added with 1 loss to 3 losses");
    let text = message(|| on().plus(f64::NAN, on()));
    says(text, "expected a finite factor");
    let weights = Tensor::<1>::ones([3], &site.device);
    let text = message(|| on().plus(1.0, on().weights(weights.clone())));
    says(text, "weights of its own");
    let flat = logits(site).reshape([3, 2, 20]);
    let classes = targets().reshape([3, 20]);
    let text = message(|| ClDiceLossConfig::new().init().forward(flat, classes));
    says(
        text,
        "ClDiceLoss: the masks have the size [20], expected images",
    );
    if cfg!(debug_assertions) {
        let loss = dice().with_from_logits(false).init();
        let text = message(|| loss.on(logits(site), targets()).reduce());
        says(text, "expected a probability from 0 to 1");
        let text = message(|| dice().init().on_masks(logits(site), logits(site)).reduce());
        says(text, "the masks hold");
    }
}

#[test]
fn hyperparameters_are_checked_and_shown() {
    let errors = [
        DiceLossConfig::new().with_smooth(-1.0).try_init().err(),
        JaccardLossConfig::new()
            .with_smooth(f64::NAN)
            .try_init()
            .err(),
        TverskyLossConfig::new()
            .with_false_positives(-1.0)
            .try_init()
            .err(),
        FocalTverskyLossConfig::new()
            .with_gamma(0.0)
            .try_init()
            .err(),
        GeneralizedDiceLossConfig::new()
            .with_smooth(-1.0)
            .try_init()
            .err(),
        MccLossConfig::new()
            .with_class_weights(Some(vec![]))
            .try_init()
            .err(),
        CombinedLossConfig::new().with_gamma(-1.0).try_init().err(),
        CombinedLossConfig::new()
            .with_alpha(Some(2.0))
            .try_init()
            .err(),
        LovaszHingeLossConfig::new()
            .with_class_weights(Some(vec![-1.0]))
            .try_init()
            .err(),
        LovaszSoftmaxLossConfig::new()
            .with_class_weights(Some(vec![-1.0]))
            .try_init()
            .err(),
        BoundaryLossConfig::new()
            .with_class_weights(Some(vec![-1.0]))
            .try_init()
            .err(),
        ClDiceLossConfig::new().with_smooth(-1.0).try_init().err(),
    ];
    let fields = errors.map(|error| error.expect("an error").field().to_string());
    let expected = [
        "smooth",
        "smooth",
        "false_positives",
        "gamma",
        "smooth",
        "class_weights",
        "gamma",
        "alpha",
        "class_weights",
        "class_weights",
        "class_weights",
        "smooth",
    ];
    assert_eq!(fields, expected);
    let loss = DiceLossConfig::new().with_smooth(0.5).init();
    let loss = loss
        .with_batch(true)
        .with_absent(AbsentClasses::Kept)
        .with_ignore_index(None);
    let text = format!("{loss:?} {loss}");
    for part in [
        "DiceLoss",
        "smooth: 0.5",
        "batch: true",
        "absent: Kept",
        "reduction: Mean",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}
