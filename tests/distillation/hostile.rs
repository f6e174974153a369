//! Hostile input and the right answer to it.

use super::{MEAN, SUM, assert_right, call, oracles};
use crate::{
    acceptance::extremes::exact_numbers,
    panics::message,
    support::{
        Dtype, Method, Site, Tolerance, Tracked, differentiable_sites,
        differentiable_sites_and_gpu,
        distillation::{DistillationCall, DistillationOracle},
        sites,
        softmax::{RowCall, RowOracle, Targets, cases::entropy, check_rows},
    },
};
use burn::tensor::{Int, Tensor};
use burn_losses::{DistillationLossConfig, Reduction};

const NEG_INF: f64 = f64::NEG_INFINITY;
const INF: f64 = f64::INFINITY;

fn oracle(temperature: f64, alpha: f64, labels: RowOracle) -> DistillationOracle {
    DistillationOracle {
        temperature,
        alpha,
        labels,
    }
}

/// An unreduced call of rows of a student, a teacher and a label, with nothing tracked.
fn call_of_rows(rows: &[(&[f64], &[f64], i64)]) -> DistillationCall {
    let students: Vec<(&[f64], i64)> = rows.iter().map(|row| (row.0, row.2)).collect();
    DistillationCall {
        rows: RowCall::of_rows(&students),
        teacher: rows.iter().flat_map(|row| row.1).copied().collect(),
        has_labels: true,
    }
}

fn tracking(mut call: DistillationCall, tracked: Tracked) -> DistillationCall {
    call.rows.tracked = tracked;
    call
}

fn gpus() -> Vec<Site> {
    let mut sites = differentiable_sites_and_gpu();
    sites.retain(Site::is_gpu);
    sites
}

#[test]
fn logits_of_ten_thousand_are_exact() {
    let (sure, other) = ([1e4, -1e4], [-1e4, 1e4]);
    let rows = [
        (&sure[..], &other[..], 0),
        (&sure, &sure, 0),
        (&sure, &other, 1),
    ];
    let call = tracking(call_of_rows(&rows), Tracked::PREDICTION);
    let cases = [
        (1.0, 1.0, [2e4, 0.0, 2e4], [1.0, 0.0, 1.0]),
        (2.0, 0.5, [2e4, 0.0, 3e4], [1.0, 0.0, 1.5]),
        (1.0, 0.0, [0.0, 0.0, 2e4], [0.0, 0.0, 1.0]),
    ];
    for (temperature, alpha, losses, slopes) in cases {
        let loss = oracle(temperature, alpha, entropy()).loss(Reduction::Mean);
        let slopes: Vec<f64> = slopes.iter().flat_map(|slope| [*slope, -slope]).collect();
        for site in differentiable_sites_and_gpu() {
            let tolerance = Tolerance::at(&site, Dtype::F32);
            let outcome = call.run(&loss, &site);
            let what = format!("T {temperature}, alpha {alpha} on {site}");
            tolerance.check(&what, &outcome.value, &exact_numbers(&losses));
            let gradient = outcome.by_prediction.expect("a gradient");
            let what = format!("{what}: gradient");
            tolerance.check(&what, &gradient, &exact_numbers(&slopes));
        }
    }
}

#[test]
fn a_shift_of_a_million_costs_no_digit_that_f32_has() {
    let rows: [(&[f64], &[f64], i64); 2] = [
        (&[0.0, 1.0, -2.0], &[0.5, 0.25, -3.0], 1),
        (&[7.0, 7.0, -8.0], &[-1.0, 2.0, 2.0], 0),
    ];
    let call = tracking(call_of_rows(&rows), Tracked::PREDICTION);
    for temperature in [1.0, 4.0] {
        let oracle = oracle(temperature, 0.5, entropy());
        let expected = oracle.expected(&call);
        let loss = oracle.loss(Reduction::Mean);
        for (of_student, of_teacher) in [(1e6, 0.0), (0.0, -1e6), (-1e6, 1e6)] {
            let mut shifted = call.clone();
            shifted
                .rows
                .logits
                .iter_mut()
                .for_each(|z| *z += of_student);
            shifted.teacher.iter_mut().for_each(|z| *z += of_teacher);
            for site in differentiable_sites_and_gpu() {
                let outcome = shifted.run(&loss, &site);
                check_rows("shifted", &site, &shifted.rows, &outcome, &expected);
            }
        }
    }
}

#[test]
fn minus_infinity_where_nothing_is_expected_costs_nothing() {
    let rows: [(&[f64], &[f64], i64); 3] = [
        (&[1.0, NEG_INF, 2.0], &[0.5, NEG_INF, 1.0], 0),
        (&[1.0, 0.5, 2.0], &[0.5, NEG_INF, 1.0], 1),
        (&[NEG_INF, 3.0, NEG_INF], &[NEG_INF, -2.0, NEG_INF], 1),
    ];
    for (temperature, alpha) in [(4.0, 0.9), (1.0, 1.0), (0.25, 0.5)] {
        let oracle = oracle(temperature, alpha, entropy());
        let call = tracking(call_of_rows(&rows), Tracked::PREDICTION);
        let expected = assert_right(&oracle, &call, &differentiable_sites_and_gpu());
        assert!(expected.value.values.iter().all(|value| value.is_finite()));
    }
}

#[test]
fn minus_infinity_where_something_is_expected_is_an_infinite_loss_of_that_row_alone() {
    let student: [&[f64]; 3] = [&[1.0, 0.0, 2.0], &[1.0, NEG_INF, 2.0], &[0.5, 0.0, -1.0]];
    let teacher: [&[f64]; 3] = [&[1.0, 0.5, 0.0], &[0.0, 1.0, 0.0], &[0.0, 0.5, 1.0]];
    // Expected by the teacher, by the label, and by a smoothed label of another class.
    let cases = [
        (oracle(4.0, 0.9, entropy()), 0),
        (oracle(1.0, 1.0, entropy()), 0),
        (oracle(1.0, 0.0, entropy()), 1),
        (oracle(1.0, 0.0, entropy().smoothed(0.1)), 0),
    ];
    for (oracle, label) in cases {
        let rows = [0, 1, 2].map(|row| (student[row], teacher[row], label));
        let call = call_of_rows(&rows);
        let finite = oracle.expected(&call_of_rows(&[rows[0], rows[2]])).value;
        let mut sum = call.clone();
        (sum.rows.method, sum.rows.upstream) = (SUM, vec![1.0]);
        for site in sites() {
            let value = call.run(&oracle.loss(Reduction::Mean), &site).value;
            let what = format!("{oracle:?} on {site}");
            assert_eq!(value[1], INF, "{what}");
            let others = Tolerance::at(&site, Dtype::F32).summed(Dtype::F32, 3);
            others.check(&what, &[value[0], value[2]], &finite);
            let total = sum.run(&oracle.loss(Reduction::Sum), &site).value;
            assert_eq!(total, [INF], "{what}");
        }
    }
}

#[test]
fn a_nan_or_an_infinite_logit_shows_in_its_own_row_and_nowhere_else() {
    const ROW: usize = 3;
    for oracle in oracles() {
        let mut clean = call(&oracle, Method::NoReduction, &[3, 5, 2], false, Dtype::F32);
        let Targets::Classes(labels) = &mut clean.rows.targets else {
            panic!("classes");
        };
        labels[ROW] = 1;
        let places: Vec<usize> = (0..5).map(|class| clean.rows.place(ROW, class)).collect();
        let loss = oracle.loss(Reduction::Mean);
        let of_teacher = oracle.alpha > 0.0;
        for (of_teacher, spoiled, classes) in [
            (false, f64::NAN, 2..3),
            (false, INF, 0..1),
            (false, NEG_INF, 0..5),
            (true, f64::NAN, 2..3),
            (true, INF, 0..1),
            (true, NEG_INF, 0..5),
        ]
        .into_iter()
        .filter(|case| of_teacher || !case.0)
        {
            let mut call = clean.clone();
            let list = match of_teacher {
                true => &mut call.teacher,
                false => &mut call.rows.logits,
            };
            classes.for_each(|class| list[places[class]] = spoiled);
            for site in differentiable_sites_and_gpu() {
                let what = format!("{oracle:?} {spoiled}, teacher {of_teacher} on {site}");
                let (clean, outcome) = (clean.run(&loss, &site), call.run(&loss, &site));
                for row in 0..6 {
                    let (got, clean) = (outcome.value[row], clean.value[row]);
                    match row {
                        ROW => assert!(got.is_nan(), "{what}: {got} in its row"),
                        _ => assert_eq!(got, clean, "{what}, row {row}"),
                    }
                }
                let (Some(got), Some(clean)) = (outcome.by_prediction, clean.by_prediction) else {
                    panic!("{what}: a gradient");
                };
                for row in (0..6).filter(|&row| row != ROW) {
                    let of_row = |list: &[f64]| call.rows.of_row(list, row);
                    assert_eq!(of_row(&got), of_row(&clean), "{what}: gradient, row {row}");
                }
            }
        }
    }
}

#[test]
fn a_label_out_of_range_is_named_on_a_cpu_and_nan_on_a_gpu() {
    for oracle in oracles().into_iter().filter(|oracle| oracle.alpha < 1.0) {
        for class in [5, -1, 77] {
            let mut call = call(&oracle, Method::NoReduction, &[5, 5], false, Dtype::F32);
            call.rows.targets = Targets::Classes(vec![0, 1, class, 2, 1]);
            let loss = oracle.loss(Reduction::Mean);
            for site in gpus() {
                let value = call.run(&loss, &site).value;
                let nan: Vec<bool> = value.iter().map(|value| value.is_nan()).collect();
                let expected = [false, false, true, false, false];
                assert_eq!(nan, expected, "{oracle:?}, {class} on {site}");
            }
            for site in differentiable_sites() {
                let expected = format!(
                    "DistillationLoss: the target of sample 2 is {class}, expected the index of one of \
                     5 classes, 0 to 4"
                );
                let text = message(|| call.run(&loss, &site));
                assert!(text.starts_with(&expected), "{oracle:?} on {site}: {text}");
            }
        }
    }
}

#[test]
fn small_temperatures_are_right() {
    for temperature in [0.01, 1e-3] {
        for alpha in [0.5, 1.0] {
            let oracle = oracle(temperature, alpha, entropy());
            for method in [MEAN, Method::NoReduction] {
                let call = call(&oracle, method, &[7, 5], false, Dtype::F32);
                assert_right(&oracle, &call, &differentiable_sites());
                for site in gpus() {
                    let outcome = call.run(&oracle.loss(Reduction::Mean), &site);
                    let gradient = outcome.by_prediction.into_iter().flatten();
                    let mut all = outcome.value.into_iter().chain(gradient);
                    let what = format!("T {temperature} {method:?} on {site}");
                    assert!(all.all(|number| number.is_finite()), "{what}");
                }
            }
        }
    }
}

#[test]
fn an_empty_batch_is_loss_0_with_an_empty_gradient() {
    for oracle in oracles() {
        for shape in [&[0, 5][..], &[0, 5, 2], &[2, 5, 0], &[2, 5, 0, 3]] {
            for (method, weighted, has_labels) in [
                (MEAN, false, true),
                (MEAN, true, true),
                (SUM, false, true),
                (MEAN, false, false),
                (MEAN, true, false),
                (Method::NoReduction, false, true),
                (Method::NoReduction, true, true),
                (Method::NoReduction, false, false),
                (Method::Normalized(2.0), true, true),
            ] {
                let mut call = call(&oracle, method, shape, weighted, Dtype::F32);
                call.has_labels = has_labels;
                let loss = oracle.loss(method.reduction());
                for site in differentiable_sites_and_gpu() {
                    let outcome = call.run(&loss, &site);
                    let what = format!("{oracle:?} {method:?} {shape:?} on {site}");
                    match method.reduces() {
                        true => assert_eq!(outcome.value, [0.0], "{what}"),
                        false => assert_eq!(outcome.shape, call.rows.row_shape(), "{what}"),
                    }
                    if site.is_gpu() {
                        continue; // Burn's GPU kernels take no tensor without elements.
                    }
                    assert_eq!(outcome.by_prediction, Some(vec![]), "{what}");
                }
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_on_an_empty_batch_too() {
    let loss = DistillationLossConfig::new()
        .with_class_weights(Some(vec![1.0, 2.0]))
        .init();
    let expected = "DistillationLoss: 2 values of class_weights for logits of 5 classes (dimension 1), \
                    expected one for each";
    for site in sites() {
        let logits = |shape: [usize; 3]| Tensor::<3>::ones(shape, &site.device);
        let labels = |shape: [usize; 2]| Tensor::<2, Int>::zeros(shape, &site.device);
        for shape in [[0, 5, 2], [2, 5, 0]] {
            let (x, y) = (logits(shape), labels([shape[0], shape[2]]));
            let run = |f: &dyn Fn()| message(|| site.path.run(f));
            let texts = [
                run(&|| {
                    loss.forward(x.clone(), x.clone(), y.clone());
                }),
                run(&|| {
                    loss.forward_no_reduction(x.clone(), x.clone(), y.clone());
                }),
                run(&|| {
                    drop(loss.on_unlabeled(x.clone(), x.clone()));
                }),
            ];
            for text in texts {
                assert_eq!(text, expected);
            }
            let text = run(&|| {
                loss.forward_no_reduction(x.clone(), logits([2, 5, 1]), y.clone());
            });
            assert!(text.contains("teacher"), "{text:?}");
        }
    }
}

/// Both models are sure of the same class. What is left of the loss is a difference of what each lacks of 1, and in
/// proportion to itself right.
#[test]
fn sure_models_that_agree_are_right_in_proportion() {
    for (temperature, of_student) in [(1.0, 1.0), (4.0, 4.0)] {
        for teacher in [10.0, 20.0, 50.0, 80.0] {
            for student in [14.0, 24.0, 44.0, 70.0] {
                let (t, s) = (teacher * of_student, student * of_student);
                let rows: [(&[f64], &[f64], i64); 3] = [
                    (&[s, 0.0], &[t, 0.0], 0),
                    (&[0.0, s, -s], &[1.0, t, -t], 1),
                    (&[-1.0, -2.0, s], &[-2.0, 0.0, t], 2),
                ];
                for row in rows {
                    let oracle = oracle(temperature, 0.5, entropy());
                    let call = tracking(call_of_rows(&[row]), Tracked::PREDICTION);
                    let expected = oracle.expected(&call);
                    let loss = oracle.loss(Reduction::Mean);
                    for site in differentiable_sites_and_gpu() {
                        let tolerance = Tolerance::at(&site, Dtype::F32).at_least(1e-5);
                        let outcome = call.run(&loss, &site);
                        let what = format!("T {temperature} {row:?} on {site}");
                        let value = exact_numbers(&expected.value.values);
                        tolerance.check(&what, &outcome.value, &value);
                        let slopes = exact_numbers(&expected.by_prediction.values);
                        let gradient = outcome.by_prediction.expect("a gradient");
                        tolerance.check(&format!("{what}: gradient"), &gradient, &slopes);
                    }
                }
            }
        }
    }
}
