//! Losses of one's own formula: what they compute, and what is said of them.

use crate::{
    panics::message,
    support::{
        Dtype, Method, Site, differentiable_sites_and_gpu,
        softmax::{
            FORMS, RowCall, Targets, call::classes_tensor, call::reduced, cases::entropy, row_case,
        },
        tensors::{Layout, Read},
    },
};
use burn::tensor::{Int, Tensor};
use burn_losses::{
    BalancedSoftmaxLossConfig, ClassEvaluation, ClassLoss, LdamLossConfig, Reduction,
    SoftmaxFocalLossConfig,
    formula::{Adjustment, BalancedSoftmax, ClassFormula, Ldam, Real, SoftmaxFocal},
};

/// `(1 - p)² (-ln p)`, with whatever a formula of the library does to logits and losses.
#[derive(Clone, Debug)]
struct Own(Adjustment);

impl ClassFormula for Own {
    #[inline(always)]
    fn value<R: Real>(&self, l: R) -> R {
        let focal = SoftmaxFocal {
            alpha: None,
            gamma: 2.0,
        };
        focal.value(l)
    }

    fn adjustment(&self) -> Adjustment {
        self.0.clone()
    }
}

/// Logits and class indices.
fn arguments(site: &Site) -> (Tensor<2>, Tensor<1, Int>) {
    let call: RowCall = row_case("ce").full_call(Method::NoReduction, &[9, 4], false, Dtype::F32);
    let Targets::Classes(classes) = &call.targets else {
        panic!("classes");
    };
    (
        Layout::Contiguous.floats(&call.logits, &call.shape, call.dtype, site),
        classes_tensor(Layout::Contiguous, classes, &[9], site),
    )
}

/// Value and gradient of an evaluation of logits.
fn outcome(
    site: &Site,
    method: Method,
    evaluate: impl Fn(Tensor<2>, Tensor<1, Int>) -> ClassEvaluation<2>,
) -> (Vec<f64>, Vec<f64>) {
    let (x, t) = arguments(site);
    let x = x.require_grad();
    let value = site.path.run(|| match method {
        Method::NoReduction => evaluate(x.clone(), t).each::<1>(),
        _ => reduced(evaluate(x.clone(), t), method, site),
    });
    let gradients = value.clone().sum().backward();
    let gradient = x.grad(&gradients).expect("a gradient");
    (Read::of(value).values, Read::of(gradient).values)
}

#[test]
fn a_formula_of_ones_own_is_a_loss_in_every_form() {
    let factors = vec![0.5, 0.25, 1.0, 0.75];
    let weights = Some(vec![1.0, 2.0, 0.5, 0.0]);
    let adjustment = Adjustment::default().with_factors("factors", factors.clone());
    for (method, _) in FORMS {
        let own = ClassLoss::new(Own(adjustment.clone()), method.reduction())
            .with_class_weights(weights.clone())
            .with_label_smoothing(0.1)
            .with_ignore_index(Some(-100));
        let same = SoftmaxFocalLossConfig::new()
            .with_alpha(Some(factors.clone()))
            .with_class_weights(weights.clone())
            .with_label_smoothing(0.1)
            .with_reduction(method.reduction())
            .init();
        for site in differentiable_sites_and_gpu() {
            let what = format!("{method:?} on {site}");
            let expected = outcome(&site, method, |x, t| same.on(x, t));
            assert_eq!(
                outcome(&site, method, |x, t| own.on(x, t)),
                expected,
                "{what}"
            );
            let shares = |x: Tensor<2>| burn::tensor::activation::softmax(x.detach(), 1);
            let expected = outcome(&site, method, |x, _| {
                same.on_probabilities(x.clone(), shares(x))
            });
            let got = outcome(&site, method, |x, _| {
                own.on_probabilities(x.clone(), shares(x))
            });
            assert_eq!(got, expected, "{what}");
        }
    }
}

#[test]
fn a_formula_brings_its_biases_margins_and_scale_along() {
    let counts = vec![40, 30, 20, 10];
    let balanced = BalancedSoftmax {
        class_counts: counts.clone(),
    };
    let ldam = Ldam {
        class_counts: counts.clone(),
        max_margin: 0.5,
        scale: 4.0,
    };
    for site in differentiable_sites_and_gpu() {
        let method = Method::NoReduction;
        let config = BalancedSoftmaxLossConfig::new(counts.clone());
        let (own, same) = (
            ClassLoss::new(balanced.clone(), Reduction::Mean),
            config.init(),
        );
        let expected = outcome(&site, method, |x, t| same.on(x, t));
        assert_eq!(
            outcome(&site, method, |x, t| own.on(x, t)),
            expected,
            "on {site}"
        );

        let config = LdamLossConfig::new(counts.clone()).with_scale(4.0);
        let (own, same) = (ClassLoss::new(ldam.clone(), Reduction::Mean), config.init());
        let expected = outcome(&site, method, |x, t| same.on(x, t));
        assert_eq!(
            outcome(&site, method, |x, t| own.on(x, t)),
            expected,
            "on {site}"
        );
        let text = message(|| own.on_probabilities(arguments(&site).0, arguments(&site).0));
        assert!(text.starts_with("Ldam: probabilities"), "{text:?}");
    }
}

#[test]
fn a_list_of_another_length_is_named() {
    let adjustment = Adjustment::default().with_bias("priors", vec![0.0; 3]);
    let loss = ClassLoss::new(Own(adjustment), Reduction::Mean);
    for site in differentiable_sites_and_gpu() {
        let (x, t) = arguments(&site);
        assert_eq!(
            message(|| loss.on(x, t)),
            "Own: 3 values of priors for logits of 4 classes (dimension 1), expected one for each"
        );
    }
}

#[test]
fn a_loss_of_ones_own_refuses_what_a_configuration_refuses() {
    let own = || ClassLoss::new(Own(Adjustment::default()), Reduction::Mean);
    let text = message(|| own().with_class_weights(Some(vec![1.0, -1.0])));
    assert_eq!(
        text,
        "Own: class_weights[1] is -1, expected a finite number of 0 or above"
    );
    let text = message(|| own().with_label_smoothing(1.5));
    assert_eq!(
        text,
        "Own: label_smoothing is 1.5, expected a number from 0 to 1"
    );
}

#[test]
fn a_loss_of_ones_own_shows_what_it_is() {
    let loss = ClassLoss::new(Own(Adjustment::default()), Reduction::BatchMean)
        .with_label_smoothing(0.25)
        .with_ignore_index(None);
    let text = format!("{loss}");
    for part in [
        "Own",
        "class_weights: null",
        "label_smoothing: 0.25",
        "ignore_index: null",
        "reduction: batch_mean",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    assert_eq!(text.matches("label_smoothing").count(), 1, "{text}");
}

/// What the default ignores is what the configurations ignore.
#[test]
fn the_class_index_minus_100_is_ignored() {
    assert_eq!(entropy().ignored, Some(-100));
    let loss = ClassLoss::new(Own(Adjustment::default()), Reduction::Mean);
    for site in differentiable_sites_and_gpu() {
        let (x, _) = arguments(&site);
        let t = Tensor::<1, Int>::full([9], -100, &site.device);
        let value = site.path.run(|| loss.forward_no_reduction(x, t));
        assert_eq!(Read::of(value).values, [0.0; 9], "on {site}");
    }
}
