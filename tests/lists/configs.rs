//! Configurations, what losses show of themselves, and arguments that do not fit.

use super::case::{Case, RANKINGS};
use crate::support::{Dtype, differentiable_sites};
use burn::{module::Module, tensor::Tensor};
use burn_losses::*;

#[test]
fn hyperparameters_out_of_range_are_refused() {
    let refused = |error: LossError| (error.config().to_string(), error.field().to_string());
    let expected = |config: &str, field: &str| (config.to_string(), field.to_string());
    for sigma in [0.0, -1.0, f64::NAN] {
        let error = RankNetLossConfig::new().with_sigma(sigma).try_init();
        let error = error.expect_err("refused");
        assert_eq!(refused(error), expected("RankNetLossConfig", "sigma"));
        let error = ApproxNdcgLossConfig::new().with_alpha(sigma).try_init();
        let error = error.expect_err("refused");
        assert_eq!(refused(error), expected("ApproxNdcgLossConfig", "alpha"));
    }
    let margin = MultiMarginLossConfig::new;
    for (config, field) in [
        (margin().with_p(3), "p"),
        (margin().with_p(0), "p"),
        (margin().with_margin(f64::INFINITY), "margin"),
        (
            margin().with_class_weights(Some(vec![1.0, -1.0])),
            "class_weights",
        ),
        (margin().with_class_weights(Some(vec![])), "class_weights"),
    ] {
        let error = config.try_init().expect_err("refused");
        assert_eq!(refused(error), expected("MultiMarginLossConfig", field));
    }
}

#[test]
fn losses_show_their_hyperparameters() {
    fn shown(loss: impl Module + std::fmt::Display) -> String {
        format!("{loss}")
    }
    let rank_net = shown(RankNetLossConfig::new().with_sigma(2.0).init());
    assert!(
        rank_net.contains("RankNetLoss") && rank_net.contains("sigma: 2"),
        "{rank_net}"
    );
    let ndcg = shown(ApproxNdcgLossConfig::new().init());
    assert!(
        ndcg.contains("ApproxNdcgLoss") && ndcg.contains("alpha: 1"),
        "{ndcg}"
    );
    let margin = shown(MultiMarginLossConfig::new().with_p(2).init());
    assert!(
        margin.contains("p: 2") && margin.contains("margin: 1"),
        "{margin}"
    );
    let cox = shown(CoxLossConfig::new().with_ties(CoxTies::Breslow).init());
    assert!(
        cox.contains("ties: breslow") && cox.contains("reduction: mean"),
        "{cox}"
    );
}

/// The message of a call that panics.
fn panic_of(call: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let payload = std::panic::catch_unwind(call).expect_err("a panic");
    *payload.downcast::<String>().expect("a message")
}

#[test]
fn arguments_that_do_not_fit_are_refused() {
    let site = &differentiable_sites()[0];
    for loss in RANKINGS {
        let case = Case::ranking(loss, [2, 3], &[0.0; 6], &[0.0; 6]);
        let device = site.device.clone();
        let message = panic_of(|| {
            let scores = Tensor::<2>::zeros([2, 4], &device);
            let relevances = Tensor::<2>::zeros([2, 3], &device);
            let _ = match loss {
                "rank_net" => RankNetLossConfig::new().init().forward(scores, relevances),
                "list_net" => ListNetLossConfig::new().init().forward(scores, relevances),
                "list_mle" => ListMleLossConfig::new().init().forward(scores, relevances),
                _ => ApproxNdcgLossConfig::new()
                    .init()
                    .forward(scores, relevances),
            };
        });
        let expected =
            "Loss: the relevances have shape [2, 3], expected [2, 4] to go with the scores";
        assert!(message.ends_with(expected), "{message}");
        assert_eq!(case.run(site, Dtype::F32).value, [0.0, 0.0], "{loss}");
    }
    let message = panic_of(|| {
        Case::cox("efron", &[0.0; 2], &[1.0; 3], &[true; 2])
            .run(&differentiable_sites()[0], Dtype::F32);
    });
    assert_eq!(
        message,
        "CoxLoss: 3 times for 2 log-risks, expected one for each"
    );
    let message = panic_of(|| {
        Case::margin("multi_margin", [2, 3], &[0.0; 6], &[0])
            .run(&differentiable_sites()[0], Dtype::F32);
    });
    assert!(
        message.contains("MultiMarginLoss: the targets have shape [1], expected [2]"),
        "{message}"
    );
    let mut weights = Case::margin("multi_margin", [2, 3], &[0.0; 6], &[0, 1]);
    weights.config = serde_json::json!({"class_weights": [1.0, 2.0]});
    let message = panic_of(move || {
        weights.run(&differentiable_sites()[0], Dtype::F32);
    });
    assert!(message.contains("2 values of class_weights"), "{message}");
}
