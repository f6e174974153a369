//! Inputs on which other implementations fail, and the right answers.

use super::case::{Case, LOSSES, Outcome, RANKINGS};
use crate::support::{Dtype, Random, Site, differentiable_sites, differentiable_sites_and_gpu};

fn gradient(outcome: &Outcome) -> &[f64] {
    outcome.gradient.as_deref().expect("a gradient")
}

#[track_caller]
fn near(what: &str, got: &[f64], expected: &[f64], relative: f64) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        let is_near = (got - expected).abs() <= relative * expected.abs();
        assert!(
            is_near || got == expected,
            "{what} [{i}]: {got:e} against {expected:e}"
        );
    }
}

/// How exact `exp` and its like are on a device.
fn relative(site: &Site) -> f64 {
    match site.is_gpu() {
        true => 1e-4,
        false => 2e-6,
    }
}

/// A call of each loss, of two samples or lists with three scores, or three samples.
fn small(loss: &str) -> Case {
    let scores = [0.5, -1.0, 2.0, 0.25, 1.5, -0.75];
    match loss {
        "multi_margin" => Case::margin(loss, [2, 3], &scores, &[1, 2]),
        "multi_label_margin" => Case::margin(loss, [2, 3], &scores, &[1, 0, -1, 2, -1, 0]),
        "cox" => {
            let times = [3.0, 1.0, 2.0, 5.0, 2.0, 4.0];
            Case::cox(
                "efron",
                &scores,
                &times,
                &[true, true, false, false, true, true],
            )
        }
        _ => Case::ranking(loss, [2, 3], &scores, &[2.0, 0.0, 1.0, 0.0, 3.0, 1.0]),
    }
}

/// Scores far apart, in the wrong order.
#[test]
fn far_scores_are_exact() {
    for site in differentiable_sites_and_gpu() {
        for far in [400.0, 1e4] {
            let scores = [-far, far];
            let wrong = [1.0, 0.0];
            for (loss, expected, slope) in [
                ("rank_net", 2.0 * far, 1.0),
                ("list_mle", 2.0 * far, 1.0),
                (
                    "list_net",
                    2.0 * far / (1.0 + (-1f64).exp()),
                    1.0 / (1.0 + (-1f64).exp()),
                ),
            ] {
                let outcome = Case::ranking(loss, [1, 2], &scores, &wrong).run(&site, Dtype::F32);
                let what = format!("{loss} of ±{far} on {site}");
                near(&what, &outcome.value, &[expected], relative(&site));
                near(&what, gradient(&outcome), &[-slope, slope], relative(&site));
                let right = Case::ranking(loss, [1, 2], &scores, &[0.0, 1.0]);
                let right = right.run(&site, Dtype::F32);
                if loss != "list_net" {
                    assert_eq!(right.value, [0.0], "{what}");
                    assert_eq!(gradient(&right), [0.0, 0.0], "{what}");
                }
            }
            for ties in ["breslow", "efron"] {
                let cox = Case::cox(
                    ties,
                    &[-far, far, 0.0],
                    &[1.0, 2.0, 3.0],
                    &[true, true, false],
                );
                let outcome = cox.run(&site, Dtype::F32);
                let what = format!("cox of ±{far} on {site}");
                near(
                    &what,
                    &outcome.value,
                    &[2.0 * far, 0.0, 0.0],
                    relative(&site),
                );
                near(
                    &what,
                    gradient(&outcome),
                    &[-1.0, 1.0, 0.0],
                    relative(&site),
                );
            }
        }
    }
}

/// Scores in the right order, far enough for the loss to be small.
#[test]
fn easy_lists_keep_their_digits() {
    let easy = (-40f64).exp();
    for site in differentiable_sites_and_gpu() {
        for loss in ["rank_net", "list_mle"] {
            let outcome = Case::ranking(loss, [1, 2], &[20.0, -20.0], &[1.0, 0.0]);
            let outcome = outcome.run(&site, Dtype::F32);
            let what = format!("{loss} on {site}");
            let relative = 10.0 * relative(&site);
            near(&what, &outcome.value, &[easy], relative);
            near(&what, gradient(&outcome), &[-easy, easy], relative);
        }
        // Also where a censored time is that of the event.
        let cox = Case::cox(
            "efron",
            &[20.0, -20.0, -20.0],
            &[1.0, 1.0, 2.0],
            &[true, false, false],
        );
        let outcome = cox.run(&site, Dtype::F32);
        let what = format!("cox on {site}");
        near(
            &what,
            &outcome.value,
            &[2.0 * easy, 0.0, 0.0],
            10.0 * relative(&site),
        );
        near(
            &what,
            gradient(&outcome),
            &[-2.0 * easy, easy, easy],
            10.0 * relative(&site),
        );
    }
}

/// Small shares that a cumulative sum of shifted exponentials has lost.
#[test]
fn sums_of_scores_of_any_size_are_exact() {
    let scores = [300.0, -300.0, -301.0, -302.0];
    let below = (1.0 + (-1f64).exp() + (-2f64).exp()).ln();
    let last = (1.0 + (-1f64).exp()).ln();
    for site in differentiable_sites_and_gpu() {
        let falling = [3.0, 2.0, 1.0, 0.0];
        let outcome = Case::ranking("list_mle", [1, 4], &scores, &falling);
        let outcome = outcome.run(&site, Dtype::F32);
        near(
            &format!("{site}"),
            &outcome.value,
            &[below + last],
            relative(&site),
        );
    }
}

/// Padding may hold anything, and so may samples of weight 0.
#[test]
fn what_does_not_count_contributes_nothing() {
    for site in differentiable_sites_and_gpu() {
        let hostile = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e30];
        // A call takes long on a software GPU.
        for &hostile in &hostile[..if site.is_gpu() { 1 } else { 4 }] {
            for loss in RANKINGS {
                let mut with = Case::ranking(
                    loss,
                    [2, 4],
                    &[0.5, hostile, -1.0, 2.0, hostile, hostile, hostile, hostile],
                    &[2.0, hostile, 0.0, 1.0, hostile, hostile, hostile, hostile],
                );
                with.padded = Some([false, true, false, false, true, true, true, true].to_vec());
                let with = with.run(&site, Dtype::F32);
                let without = Case::ranking(loss, [1, 3], &[0.5, -1.0, 2.0], &[2.0, 0.0, 1.0]);
                let without = without.run(&site, Dtype::F32);
                let what = format!("{loss} with {hostile} on {site}");
                near(&what, &with.value[..1], &without.value, 1e-6);
                assert_eq!(with.value[1], 0.0, "{what}");
                let got = gradient(&with);
                let kept = [got[0], got[2], got[3]];
                for (got, expected) in kept.iter().zip(gradient(&without)) {
                    assert!((got - expected).abs() < 1e-6, "{what}: {got} {expected}");
                }
                for place in [1, 4, 5, 6, 7] {
                    assert_eq!(got[place], 0.0, "{what}: {place}");
                }
            }
            for loss in LOSSES {
                let mut case = small(loss);
                let (count, width) = (case.shape[0], case.scores.len() / case.shape[0]);
                let mut weights = vec![1.0; count];
                weights[1] = 0.0;
                case.scores[width..2 * width].fill(hostile);
                if let Some(relevances) = &mut case.relevances {
                    relevances[width..2 * width].fill(hostile);
                }
                if !case.targets.is_empty() {
                    let width = case.targets.len() / 2;
                    case.targets[width..].fill(77);
                }
                let what = format!("{loss} of weight 0 with {hostile} on {site}");
                for case in [
                    case.clone().weighted(&weights),
                    case.reduced().weighted(&weights),
                ] {
                    let outcome = case.run(&site, Dtype::F32);
                    assert!(
                        outcome.value.iter().all(|x| x.is_finite()),
                        "{what}: {outcome:?}"
                    );
                    let got = &gradient(&outcome)[width..2 * width];
                    assert!(got.iter().all(|&x| x == 0.0), "{what}: {got:?}");
                    let rest = gradient(&outcome).iter();
                    assert!(rest.clone().all(|x| x.is_finite()), "{what}");
                    assert!(rest.clone().any(|&x| x != 0.0), "{what}");
                }
            }
        }
    }
}

/// A list without an order costs 0 and does not count in a mean.
#[test]
fn lists_without_an_order_are_left_out() {
    for site in differentiable_sites_and_gpu() {
        for loss in RANKINGS {
            let scores = [0.5, -1.0, 2.0, 1.0, 2.0, 3.0, 0.0, 0.5, -3.0];
            let relevances = [2.0, 0.0, 1.0, 0.0, 0.0, 0.0, 3.0, 3.0, 3.0];
            let three = Case::ranking(loss, [3, 3], &scores, &relevances).reduced();
            let one = Case::ranking(loss, [1, 3], &scores[..3], &relevances[..3]).reduced();
            let [three, one] = [three, one].map(|case| case.run(&site, Dtype::F32));
            let what = format!("{loss} on {site}");
            near(&what, &three.value, &one.value, 1e-6);
            assert!(
                gradient(&three)[3..].iter().all(|&slope| slope == 0.0),
                "{what}"
            );
            let none = Case::ranking(loss, [2, 3], &scores[3..], &relevances[3..]).reduced();
            let none = none.run(&site, Dtype::F32);
            assert_eq!(none.value, [0.0], "{what}");
            assert_eq!(gradient(&none), [0.0; 6], "{what}");
        }
        let none = Case::cox("efron", &[1.0, f64::NAN], &[1.0, 2.0], &[false; 2]).reduced();
        let none = none.run(&site, Dtype::F32);
        assert_eq!(
            (none.value, none.gradient),
            (vec![0.0], Some(vec![0.0; 2])),
            "{site}"
        );
        let one_class = Case::margin("multi_margin", [2, 1], &[3.0, -3.0], &[0, 0]);
        let labels = Case::margin(
            "multi_label_margin",
            [2, 2],
            &[3.0, -3.0, 1.0, 1.5],
            &[-1, 0, 1, 0],
        );
        for case in [one_class, labels] {
            let outcome = case.run(&site, Dtype::F32);
            assert_eq!(outcome.value, [0.0; 2], "{} on {site}", case.name);
            assert!(gradient(&outcome).iter().all(|&slope| slope == 0.0));
        }
    }
}

/// All events at the same time.
#[test]
fn tied_events_are_those_of_the_methods() {
    for site in differentiable_sites_and_gpu() {
        let case = |ties| Case::cox(ties, &[1.5; 4], &[2.0; 4], &[true; 4]).run(&site, Dtype::F32);
        near(
            "breslow",
            &case("breslow").value,
            &[4f64.ln(); 4],
            relative(&site),
        );
        let efron = 24f64.ln() / 4.0;
        near("efron", &case("efron").value, &[efron; 4], relative(&site));
        for ties in ["breslow", "efron"] {
            let far = Case::cox(ties, &[400.0, -400.0], &[1.0, 1.0], &[true; 2]);
            let far = far.run(&site, Dtype::F32);
            let mean = match ties {
                "breslow" => 0.0,
                _ => -2f64.ln() / 2.0,
            };
            near(ties, &far.value[1..], &[800.0 + mean], relative(&site));
            assert!((far.value[0] - mean).abs() < 1e-4, "{far:?} on {site}");
        }
    }
}

/// NaN shows in its own list or sample, and in the reduced loss.
#[test]
fn a_nan_shows() {
    for site in differentiable_sites() {
        for loss in LOSSES {
            let mut case = small(loss);
            if loss == "cox" {
                case.scores[1] = f64::NAN;
                let outcome = case.run(&site, Dtype::F32);
                // The first event: all others came later.
                assert!(
                    outcome.value[1].is_nan() && outcome.value[0].is_finite(),
                    "{site}"
                );
                assert!(
                    case.reduced().run(&site, Dtype::F32).value[0].is_nan(),
                    "{site}"
                );
                continue;
            }
            case.scores[0] = f64::NAN;
            let outcome = case.run(&site, Dtype::F32);
            let what = format!("{loss} on {site}: {outcome:?}");
            assert!(
                outcome.value[0].is_nan() && outcome.value[1].is_finite(),
                "{what}"
            );
            assert!(
                gradient(&outcome)[3..].iter().all(|x| x.is_finite()),
                "{what}"
            );
            assert!(
                case.reduced().run(&site, Dtype::F32).value[0].is_nan(),
                "{what}"
            );
            if let Some(relevances) = &mut small(loss).relevances {
                relevances[0] = f64::NAN;
                let case = Case {
                    relevances: Some(relevances.clone()),
                    ..small(loss)
                };
                let value = case.run(&site, Dtype::F32).value;
                assert!(value[0].is_nan() && value[1].is_finite(), "{what}");
            }
        }
    }
}

/// A class that is none: NaN on a GPU, and nothing else is.
#[test]
fn classes_out_of_range_show_on_gpus() {
    for site in differentiable_sites_and_gpu() {
        if !site.is_gpu() {
            continue;
        }
        for (loss, targets) in [
            ("multi_margin", &[0, 7][..]),
            ("multi_label_margin", &[1, -1, 0, 0, 7, -1]),
        ] {
            let scores = [0.5, -1.0, 2.0, 0.25, 1.5, -0.75];
            let outcome = Case::margin(loss, [2, 3], &scores, targets).run(&site, Dtype::F32);
            let what = format!("{loss} on {site}: {outcome:?}");
            assert!(
                outcome.value[0].is_finite() && outcome.value[1].is_nan(),
                "{what}"
            );
            assert!(
                gradient(&outcome)[..3].iter().all(|x| x.is_finite()),
                "{what}"
            );
        }
    }
}

#[test]
#[should_panic(
    expected = "MultiMarginLoss: the target of sample 1 is 3, expected the index of one of 3 classes, 0 to 2; give a sample without"
)]
fn a_class_out_of_range_is_refused() {
    let site = &differentiable_sites()[0];
    Case::margin("multi_margin", [2, 3], &[0.0; 6], &[0, 3]).run(site, Dtype::F32);
}

#[test]
#[should_panic(
    expected = "MultiLabelMarginLoss: the target of sample 1 is -2, expected the index of one of 3 classes, 0 to 2, or -1 behind the last"
)]
fn a_label_out_of_range_is_refused() {
    let site = &differentiable_sites()[0];
    let targets = [0, -1, 9, 1, -2, -1];
    Case::margin("multi_label_margin", [2, 3], &[0.0; 6], &targets).run(site, Dtype::F32);
}

/// Ties in the relevance are in the order in which they are given.
#[test]
fn ties_are_stable() {
    for site in differentiable_sites() {
        let scores = [1.0, -0.5, 0.25, 2.0];
        let of = |relevances: &[f64]| {
            let case = Case::ranking("list_mle", [1, 4], &scores, relevances);
            case.run(&site, Dtype::F32)
        };
        assert_eq!(
            of(&[1.0, 2.0, 1.0, 1.0]),
            of(&[3.0, 4.0, 2.0, 1.0]),
            "{site}"
        );
    }
}

/// Times and relevances of -0 are those of 0.
#[test]
fn a_zero_has_no_sign() {
    for site in differentiable_sites() {
        let cox = |zero| {
            let events = [true, false, true];
            Case::cox("efron", &[1.0, 2.0, 3.0], &[0.0, zero, zero], &events)
        };
        let list = |zero| {
            let relevances = [0.0, zero, 0.0, 1.0];
            Case::ranking("list_mle", [1, 4], &[1.0, 2.0, 3.0, 0.5], &relevances)
        };
        let [a, b] = [0.0, -0.0].map(|zero| cox(zero).run(&site, Dtype::F32));
        assert_eq!(a, b, "{site}");
        let [a, b] = [0.0, -0.0].map(|zero| list(zero).run(&site, Dtype::F32));
        assert_eq!(a, b, "{site}");
    }
}

/// The bits do not depend on what else there is in the batch.
#[test]
fn lists_do_not_depend_on_one_another() {
    let mut random = Random::of("lists on their own");
    let scores = random.list(3 * 19, Dtype::F32, |random| random.normal(3.0));
    let relevances = random.list(3 * 19, Dtype::F32, |random| {
        random.uniform(0.0, 5.0).floor()
    });
    for site in differentiable_sites() {
        for loss in RANKINGS {
            let all = Case::ranking(loss, [3, 19], &scores, &relevances).run(&site, Dtype::F32);
            let own = 19..38;
            let one = Case::ranking(
                loss,
                [1, 19],
                &scores[own.clone()],
                &relevances[own.clone()],
            );
            let one = one.run(&site, Dtype::F32);
            let what = format!("{loss} on {site}");
            near(&what, &all.value[1..2], &one.value, 1e-6);
            for (a, b) in gradient(&all)[own].iter().zip(gradient(&one)) {
                assert!((a - b).abs() < 1e-6, "{what}");
            }
        }
    }
}
