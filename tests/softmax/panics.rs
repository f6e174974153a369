//! Input that does not fit is answered with a message that names the loss, the argument and both
//! shapes, on every device and path.

use crate::{
    contrastive::places::assert_here,
    panics::message,
    support::{
        Site, sites,
        softmax::{Kind, RowLoss, RowOracle, cases::focal, row_cases},
    },
};
use burn::tensor::{DType, Device, Int, Tensor};
use burn_losses::*;

fn ones<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::ones(shape, device)
}

fn classes<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D, Int> {
    Tensor::zeros(shape, device)
}

/// The text when `f` is run on the path of `site`.
#[track_caller]
fn message_at<T>(site: &Site, f: impl FnOnce() -> T) -> String {
    message(|| site.path.run(f))
}

/// Every loss, once, for three classes.
fn losses() -> Vec<RowLoss> {
    let mut losses: Vec<RowLoss> = Vec::new();
    for case in row_cases() {
        let loss = RowLoss::like(&case.oracle(3), Reduction::Mean);
        if losses.iter().all(|other| other.name() != loss.name()) {
            losses.push(loss);
        }
    }
    losses
}

#[test]
fn targets_of_another_shape_are_refused() {
    for site in sites() {
        for loss in losses() {
            let device = &site.device;
            let name = loss.name();
            let expected = format!(
                "{name}: the targets have shape [3], expected [2], which is the shape [2, 3] of the logits \
                 without dimension 1"
            );
            let (x, t) = (ones([2, 3], device), classes([3], device));
            let texts = [
                message_at(&site, || loss.forward(x.clone(), t.clone())),
                message_at(&site, || loss.forward_no_reduction(x.clone(), t.clone())),
                message_at(&site, || loss.on(x, t)),
            ];
            for text in texts {
                assert_eq!(text, expected);
            }
            let (x, t) = (ones([2, 3, 4], device), classes([2, 5], device));
            let text = message_at(&site, || loss.forward(x, t));
            for part in [name, "targets", "[2, 5]", "expected [2, 4]", "[2, 3, 4]"] {
                assert!(text.contains(part), "{part:?} is not in {text:?}");
            }
        }
    }
}

#[test]
fn weights_of_rows_of_another_shape_or_type_are_refused() {
    for site in sites() {
        for loss in losses() {
            let device = &site.device;
            let (x, t) = (ones([2, 3, 1], device), classes([2, 1], device));
            let text = message_at(&site, || {
                loss.on(x.clone(), t.clone()).weights(ones([1, 2], device))
            });
            for part in [
                loss.name(),
                "weights",
                "[1, 2]",
                "expected [2, 1]",
                "[2, 3, 1]",
            ] {
                assert!(text.contains(part), "{part:?} is not in {text:?}");
            }
            if !device.supports_dtype(DType::F64) {
                continue;
            }
            let (x, w) = (x.cast(DType::F32), ones([2, 1], device).cast(DType::F64));
            let text = message_at(&site, || loss.on(x, t).weights(w));
            let expected = format!(
                "{}: the weights are F64 and the prediction F32, expected weights of F32; cast them first",
                loss.name()
            );
            assert_eq!(text, expected);
        }
    }
}

#[test]
fn probabilities_of_another_shape_or_type_are_refused() {
    for site in sites() {
        for loss in losses()
            .into_iter()
            .filter(|loss| loss.name() != "LdamLoss")
        {
            let device = &site.device;
            let (x, t) = (ones([2, 3], device), ones([2, 4], device));
            let texts = [
                message_at(&site, || loss.on_probabilities(x.clone(), t.clone())),
                message_at(&site, || loss.erased().on_probabilities(x, t)),
            ];
            for text in texts {
                for part in [loss.name(), "probabilities", "[2, 4]", "expected [2, 3]"] {
                    assert!(text.contains(part), "{part:?} is not in {text:?}");
                }
            }
            if !device.supports_dtype(DType::F64) {
                continue;
            }
            let x = ones([2, 3], device).cast(DType::F32);
            let t = x.clone().cast(DType::F64);
            let text = message_at(&site, || loss.on_probabilities(x, t));
            for part in [loss.name(), "probabilities", "F32", "F64", "cast"] {
                assert!(text.contains(part), "{part:?} is not in {text:?}");
            }
        }
    }
}

#[test]
fn a_list_that_does_not_fit_the_classes_is_refused() {
    let two = || vec![1.0, 2.0];
    let counts = || vec![3, 2];
    let of_counts = [
        Kind::BalancedSoftmax { counts: counts() },
        Kind::LogitAdjusted {
            counts: counts(),
            tau: 1.0,
        },
        Kind::Ldam {
            counts: counts(),
            max_margin: 0.5,
            scale: 30.0,
        },
    ];
    // Lists that do not fit each other are refused before there are any logits.
    let is_alone = |oracle: &RowOracle| match &oracle.kind {
        Kind::BalancedSoftmax { .. } | Kind::LogitAdjusted { .. } | Kind::Ldam { .. } => false,
        Kind::Focal { alpha, .. } => alpha.as_ref().is_none_or(|alpha| alpha.len() == 1),
        _ => true,
    };
    let oracles = row_cases().into_iter().map(|case| case.oracle(3));
    let mut refused: Vec<(RowOracle, &str)> = oracles
        .filter(is_alone)
        .map(|oracle| (oracle.weighted(two()), "class_weights"))
        .collect();
    refused.push((
        focal(Some(two().iter().map(|w| w / 2.0).collect()), 2.0),
        "alpha",
    ));
    refused.extend(of_counts.map(|kind| (RowOracle::new(kind), "class_counts")));
    for site in sites() {
        for (oracle, field) in &refused {
            let loss = RowLoss::like(oracle, Reduction::Mean);
            let (x, t) = (ones([2, 3], &site.device), classes([2], &site.device));
            let expected = format!(
                "{}: 2 values of {field} for logits of 3 classes (dimension 1), expected one for \
                 each",
                loss.name()
            );
            let texts = [
                message_at(&site, || loss.forward(x.clone(), t.clone())),
                message_at(&site, || loss.forward_no_reduction(x, t)),
            ];
            for text in texts {
                assert_eq!(text, expected);
            }
            // Also where there is nothing to compute.
            let none = || (ones([0, 3], &site.device), classes([0], &site.device));
            let inside = ones([2, 3, 0], &site.device);
            let texts = [
                message_at(&site, || loss.forward(none().0, none().1)),
                message_at(&site, || loss.forward_no_reduction(none().0, none().1)),
                message_at(&site, || {
                    loss.forward_no_reduction(inside, classes([2, 0], &site.device))
                }),
            ];
            for text in texts {
                assert_eq!(text, expected);
            }
        }
    }
}

#[test]
fn a_class_out_of_range_is_refused_where_it_is_given() {
    let loss = CrossEntropyLossConfig::new().init();
    let linear = LinearCrossEntropyLossConfig::new().init();
    let distillation = DistillationLossConfig::new().init();
    for Site { device, path, .. } in sites() {
        let (x, w) = (|| ones([2, 3], &device), || ones([2], &device));
        let t = || classes([2], &device) + 3;
        assert_here(|| path.run(|| loss.forward(x(), t())));
        assert_here(|| path.run(|| loss.forward_no_reduction(x(), t())));
        assert_here(|| path.run(|| loss.on(x(), t()).weights(w()).reduce()));
        assert_here(|| path.run(|| loss.on(x(), t()).divided_by(2)));
        assert_here(|| path.run(|| linear.forward(x(), OutputLayer::with_rows(x()), t())));
        assert_here(|| path.run(|| linear.on(x(), OutputLayer::with_rows(x()), t()).each::<1>()));
        assert_here(|| path.run(|| distillation.forward(x(), x(), t())));
    }
}

#[test]
fn logits_with_the_classes_last_are_told_what_to_do() {
    let loss = CrossEntropyLossConfig::new().init();
    for site in sites() {
        let device = &site.device;
        let (x, t) = (ones([2, 5, 7], device), classes([2, 5], device));
        let text = message_at(&site, || loss.forward(x.clone(), t.clone()));
        let expected = "CrossEntropyLoss: the targets have shape [2, 5], expected [2, 7], which is the shape [2, 5, 7] \
                        of the logits without dimension 1; if the classes are in the last \
                        dimension of the logits, move them first: `logits.movedim(2, 1)`";
        assert_eq!(text, expected);
        let x: Tensor<3> = x.movedim(2, 1);
        loss.forward(x, t);
    }
}

#[test]
fn a_hyperparameter_out_of_range_is_refused_where_it_is_given() {
    assert_here(|| PolyLossConfig::new().with_label_smoothing(2.0).init());
    assert_here(|| HuberLossConfig::new().with_delta(0.0).init());
    assert_here(|| DistillationLossConfig::new().with_alpha(2.0).init());
    let loss = PolyLossConfig::new().init();
    assert_here(|| loss.clone().with_label_smoothing(2.0));
}

#[test]
fn a_class_out_of_range_is_named_by_its_place_with_the_ignore_index() {
    let loss = CrossEntropyLossConfig::new().init();
    let all = CrossEntropyLossConfig::new().with_ignore_index(None).init();
    let linear = LinearCrossEntropyLossConfig::new().init();
    let distillation = DistillationLossConfig::new().init();
    let range = "expected the index of one of 3 classes, 0 to 2";
    for site in sites() {
        let device = &site.device;
        let x = ones([2, 3, 4, 5], device);
        // Two of them: the first is named.
        let of = |class: i64| {
            let targets = classes([2, 4, 5], device);
            let class = Tensor::from_ints([[[class, 9]]], device);
            targets.slice_assign([1..2, 2..3, 3..5], class)
        };
        for text in [
            message_at(&site, || loss.forward(x.clone(), of(3))),
            message_at(&site, || loss.forward_no_reduction(x.clone(), of(3))),
        ] {
            let expected = format!(
                "CrossEntropyLoss: the target at [1, 2, 3] is 3, {range}, or the ignore_index, -100"
            );
            assert_eq!(text, expected);
        }
        let text = message_at(&site, || all.forward(x.clone(), of(-100)));
        let expected = format!(
            "CrossEntropyLoss: the target at [1, 2, 3] is -100, {range}; if it stands for no class, configure it: \
             `with_ignore_index`"
        );
        assert_eq!(text, expected);
        let text = message_at(&site, || distillation.forward(x.clone(), x.clone(), of(4)));
        assert!(text.contains("the target at [1, 2, 3] is 4, "), "{text}");

        let (hidden, weight) = (ones([2, 4, 5], device), ones([3, 5], device));
        let targets = classes([2, 4], device);
        let class = Tensor::from_ints([[3]], device);
        let targets = targets.slice_assign([1..2, 2..3], class);
        let layer = OutputLayer::with_rows(weight);
        let text = message_at(&site, || linear.forward(hidden, layer, targets));
        assert!(text.contains("the target at [1, 2] is 3, "), "{text}");
    }
}
