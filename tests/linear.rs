//! Linear cross entropy against the whole matrix of logits: references, random layers, what is
//! ignored, what is tracked, configurations and messages.

use crate::{
    configs::assert_refused,
    panics::message,
    support::{
        Dtype, Layout, Method, Scaled, Site, Tolerance, differentiable_sites,
        differentiable_sites_and_gpu, differentiable_sites_and_traced,
        golden::{assert_agrees, golden_file, list, named_lists, scaled},
        linear::{LinearCall, LinearOracle, LinearTracked, check_linear},
        sites,
        softmax::{FORMS, cases::entropy},
        tensors::{Read, repeat_first_row},
    },
};
use burn::{
    config::Config,
    nn::{EmbeddingConfig, LinearConfig, LinearLayout},
    tensor::{DType, Int, Tensor},
};
use burn_losses::{CrossEntropyLossConfig, LinearCrossEntropyLossConfig, OutputLayer, Reduction};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

const MEAN: Method = Method::Reduced(Reduction::Mean);
const SUM: Method = Method::Reduced(Reduction::Sum);

mod differences;
mod hostile;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    name: String,
    source: String,
    #[serde(rename = "loss")]
    _loss: String,
    config: Value,
    method: String,
    shape: Vec<usize>,
    vocabulary: usize,
    #[serde(deserialize_with = "named_lists")]
    inputs: BTreeMap<String, Vec<f64>>,
    classes: Vec<i64>,
    #[serde(deserialize_with = "list")]
    upstream: Vec<f64>,
    #[serde(deserialize_with = "list")]
    value: Vec<f64>,
    #[serde(deserialize_with = "named_lists")]
    gradients: BTreeMap<String, Vec<f64>>,
}

impl Golden {
    fn all() -> Vec<Self> {
        golden_file("goldens/composite/linear_cross_entropy.json")
    }

    fn call(&self) -> LinearCall {
        let reduction = serde_json::from_value(self.config["reduction"].clone());
        LinearCall {
            method: match self.method.as_str() {
                "forward_no_reduction" => Method::NoReduction,
                _ => Method::Reduced(reduction.expect("a reduction")),
            },
            shape: self.shape.clone(),
            hidden: self.inputs["hidden"].clone(),
            matrix: self.inputs["matrix"].clone(),
            vocabulary: self.vocabulary,
            bias: self.inputs.get("bias").cloned(),
            classes: self.classes.clone(),
            weights: self.inputs.get("weights").cloned(),
            upstream: self.upstream.clone(),
            tracked: LinearTracked {
                hidden: true,
                matrix: true,
                bias: true,
                weights: false,
            },
            dtype: Dtype::F32,
            layouts: [Layout::Contiguous; 3],
        }
    }

    /// The gradients of the reference, next to those of the oracle.
    fn gradients<'a>(&self, oracle: [&'a mut Option<Scaled>; 3]) -> Vec<(&'a mut Scaled, &[f64])> {
        let names = ["hidden", "matrix", "bias"];
        let pairs = oracle.into_iter().zip(names);
        pairs
            .filter_map(|(oracle, name)| Some((oracle.as_mut()?, &self.gradients[name][..])))
            .collect()
    }
}

#[test]
fn the_oracle_agrees_with_the_references() {
    let tolerance = Tolerance {
        relative: 1e-12,
        absolute: 1e-40,
    };
    for golden in Golden::all() {
        let mut expected = LinearOracle::from_json(&golden.config).expected(&golden.call());
        let what = format!("{} ({})", golden.name, golden.source);
        assert_agrees(&what, tolerance, &expected.value, &golden.value);
        let lists = [
            &mut expected.hidden,
            &mut expected.matrix,
            &mut expected.bias,
        ];
        for (oracle, reference) in golden.gradients(lists) {
            assert_agrees(&what, tolerance, oracle, reference);
        }
    }
}

#[test]
fn goldens_of_losses_and_gradients_are_met() {
    for golden in Golden::all() {
        let config: LinearCrossEntropyLossConfig =
            serde_json::from_value(golden.config.clone()).expect(&golden.name);
        let call = golden.call();
        let mut expected = LinearOracle::from_json(&golden.config).expected(&call);
        scaled(&golden.value, &mut expected.value);
        let lists = [
            &mut expected.hidden,
            &mut expected.matrix,
            &mut expected.bias,
        ];
        for (oracle, reference) in golden.gradients(lists) {
            scaled(reference, oracle);
        }
        for site in differentiable_sites_and_gpu() {
            let outcome = call.run(&config.init(), &site);
            check_linear(&golden.name, &site, &call, &outcome, &expected);
        }
    }
}

/// Losses of every kind, for a vocabulary.
fn oracles(vocabulary: usize) -> Vec<LinearOracle> {
    let oracle = |entropy, z_loss, soft_cap| LinearOracle {
        entropy,
        z_loss,
        soft_cap,
    };
    let weights = (0..vocabulary).map(|class| (class % 7) as f64 / 2.0);
    let weighted = entropy().weighted(weights.collect());
    vec![
        oracle(entropy(), 0.0, None),
        oracle(entropy().smoothed(0.1), 0.0, None),
        oracle(entropy(), 0.01, None),
        oracle(entropy(), 0.0, Some(4.0)),
        oracle(weighted.smoothed(0.2).ignoring(Some(255)), 0.1, Some(8.0)),
    ]
}

#[track_caller]
fn assert_right(oracle: &LinearOracle, call: &LinearCall, sites: &[Site]) {
    let expected = oracle.expected(call);
    let loss = oracle.loss(call.method.reduction());
    let what = format!(
        "z-loss {}, cap {:?}, smoothing {}: {:?} {:?} {}",
        oracle.z_loss,
        oracle.soft_cap,
        oracle.entropy.smoothing,
        call.method,
        call.shape,
        call.vocabulary
    );
    for site in sites {
        check_linear(&what, site, call, &call.run(&loss, site), &expected);
    }
}

#[test]
fn random_layers_are_right_on_every_path() {
    let sites = differentiable_sites();
    let shapes: [(&[usize], usize); 9] = [
        (&[1, 1], 1),
        (&[3, 1], 2),
        (&[1, 17], 5),
        (&[7, 16], 16),
        (&[5, 33], 15),
        (&[2, 3, 4], 17),
        (&[3, 5, 7], 33),
        (&[70, 3], 129),
        (&[4, 65], 1031),
    ];
    for (shape, vocabulary) in shapes {
        for oracle in oracles(vocabulary) {
            for (method, weighted) in FORMS {
                for has_bias in [true, false] {
                    let mut call = LinearCall::random(
                        &oracle,
                        method,
                        shape,
                        vocabulary,
                        weighted,
                        Dtype::F32,
                    );
                    if !has_bias {
                        call.bias = None;
                    }
                    assert_right(&oracle, &call, &sites);
                }
            }
        }
    }
}

/// More logits than are held at a time.
#[test]
fn layers_of_several_blocks_are_right_on_every_path() {
    let vocabulary = 30_011;
    let oracle = &oracles(vocabulary)[4];
    let call = LinearCall::random(oracle, MEAN, &[2, 220, 3], vocabulary, true, Dtype::F32);
    assert_right(oracle, &call, &differentiable_sites());
    let oracle = &oracles(vocabulary)[0];
    let none = Method::NoReduction;
    let call = LinearCall::random(oracle, none, &[301, 2], vocabulary, false, Dtype::F32);
    assert_right(oracle, &call, &differentiable_sites());
}

#[test]
fn a_few_layers_are_right_on_every_device() {
    let sites = differentiable_sites_and_gpu();
    for oracle in oracles(33) {
        for (method, weighted) in [(MEAN, true), (Method::NoReduction, false)] {
            let call = LinearCall::random(&oracle, method, &[5, 17], 33, weighted, Dtype::F32);
            assert_right(&oracle, &call, &sites);
        }
    }
}

#[test]
fn layers_of_any_layout_are_right_on_every_path() {
    use Layout::{Contiguous, Expanded, Flipped, Sliced, Transposed};
    for layouts in [
        [Transposed; 3],
        [Sliced; 3],
        [Flipped; 3],
        [Expanded; 3],
        [Contiguous, Transposed, Sliced],
        [Expanded, Contiguous, Flipped],
    ] {
        for oracle in oracles(9) {
            for (method, weighted) in FORMS {
                for shape in [&[6, 5][..], &[2, 4, 5]] {
                    let mut call =
                        LinearCall::random(&oracle, method, shape, 9, weighted, Dtype::F32);
                    call.layouts = layouts;
                    let rows = [shape[0], 9, shape[0]];
                    let lists = [&mut call.hidden, &mut call.matrix];
                    let lists = lists.into_iter().chain(&mut call.weights);
                    for ((list, layout), rows) in lists.zip(layouts).zip(rows) {
                        if layout == Expanded {
                            repeat_first_row(list, rows);
                        }
                    }
                    assert_right(&oracle, &call, &differentiable_sites_and_traced());
                }
            }
        }
    }
}

#[test]
fn layers_in_f64_have_the_precision_of_f64() {
    for oracle in oracles(33) {
        for (method, weighted) in FORMS {
            let mut call = LinearCall::random(&oracle, method, &[7, 17], 33, weighted, Dtype::F64);
            call.tracked.weights = weighted;
            assert_right(&oracle, &call, &differentiable_sites());
        }
    }
}

#[test]
fn gradients_are_exactly_where_something_is_tracked() {
    for oracle in oracles(5) {
        for bits in 0..16 {
            for (method, weighted) in FORMS {
                let mut call =
                    LinearCall::random(&oracle, method, &[2, 3, 4], 5, weighted, Dtype::F32);
                call.tracked = LinearTracked {
                    hidden: bits & 1 != 0,
                    matrix: bits & 2 != 0,
                    bias: bits & 4 != 0,
                    weights: bits & 8 != 0 && weighted,
                };
                assert_right(&oracle, &call, &differentiable_sites());
                let mut without = call.clone();
                without.bias = None;
                assert_right(&oracle, &without, &differentiable_sites());
            }
        }
    }
}

#[test]
fn upstream_gradients_scale() {
    for oracle in oracles(5) {
        for upstream in [0.0, 1.0, -1.0, 1e-3f32 as f64] {
            let mut call = LinearCall::random(&oracle, MEAN, &[6, 4], 5, false, Dtype::F32);
            call.upstream = vec![upstream];
            assert_right(&oracle, &call, &differentiable_sites_and_gpu());
        }
    }
}

/// Half precision: what is computed from rounded inputs is rounded, sums of such are sums of
/// rounded numbers.
#[test]
fn half_precision_costs_its_roundings() {
    let mut sites = differentiable_sites();
    sites.retain(|site| site.is_flex());
    for oracle in oracles(17) {
        for dtype in [Dtype::F16, Dtype::BF16] {
            for (method, weighted) in FORMS {
                let call = LinearCall::random(&oracle, method, &[5, 9], 17, weighted, dtype);
                assert_right(&oracle, &call, &sites);
            }
        }
    }
}

#[test]
fn ignored_rows_reach_no_gradient_whatever_they_hold() {
    for oracle in oracles(5) {
        for (method, weighted) in FORMS {
            let mut call = LinearCall::random(&oracle, method, &[6, 4], 5, weighted, Dtype::F32);
            let ignored = oracle.entropy.ignored.expect("an index");
            call.classes = vec![0, ignored, 1, 4, ignored, 3];
            let mut spoiled = vec![1, 4];
            if let Some(weights) = &mut call.weights {
                weights.copy_from_slice(&[1.0, 2.0, 0.0, 0.5, 0.0, 1.5]);
                spoiled.push(2);
            }
            for row in &spoiled {
                let garbage = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e38];
                call.hidden[row * 4..][..4].copy_from_slice(&garbage);
            }
            assert_right(&oracle, &call, &differentiable_sites_and_gpu());
            let loss = oracle.loss(method.reduction());
            for site in differentiable_sites() {
                let by_hidden = call.run(&loss, &site).hidden.expect("a gradient");
                for row in &spoiled {
                    assert_eq!(by_hidden[row * 4..][..4], [0.0; 4], "row {row} on {site}");
                }
            }
        }
    }
}

#[test]
fn nothing_is_loss_0() {
    for oracle in oracles(5) {
        for method in [MEAN, SUM] {
            for weighted in [false, true] {
                let loss = oracle.loss(method.reduction());
                let random =
                    |rows| LinearCall::random(&oracle, method, &[rows, 4], 5, weighted, Dtype::F32);
                let empty = random(0);
                let mut ignored = random(3);
                ignored.classes = vec![oracle.entropy.ignored.expect("an index"); 3];
                for site in differentiable_sites() {
                    assert_eq!(empty.run(&loss, &site).value, [0.0], "on {site}");
                    let outcome = ignored.run(&loss, &site);
                    assert_eq!(outcome.value, [0.0], "on {site}");
                    assert_eq!(outcome.hidden, Some(vec![0.0; 12]), "on {site}");
                    assert_eq!(outcome.matrix, Some(vec![0.0; 20]), "on {site}");
                    assert_eq!(outcome.bias, Some(vec![0.0; 5]), "on {site}");
                }
            }
        }
    }
}

#[test]
fn a_nan_shows_in_its_own_row_and_in_the_reduced_loss() {
    let oracle = &oracles(5)[0];
    let mut call = LinearCall::random(oracle, Method::NoReduction, &[4, 3], 5, false, Dtype::F32);
    call.classes = vec![0, 1, 2, 3];
    call.hidden[7] = f64::NAN;
    let mean = LinearCall {
        method: MEAN,
        upstream: vec![1.0],
        ..call.clone()
    };
    let loss = oracle.loss(Reduction::Mean);
    for site in differentiable_sites() {
        let value = call.run(&loss, &site).value;
        let nan: Vec<bool> = value.iter().map(|value| value.is_nan()).collect();
        assert_eq!(nan, [false, false, true, false], "on {site}");
        assert!(mean.run(&loss, &site).value[0].is_nan(), "on {site}");
    }
}

#[test]
fn the_layer_keeps_its_values() {
    let oracle = &oracles(5)[0];
    let loss = oracle.loss(Reduction::Mean);
    for site in differentiable_sites() {
        let numbers = |shape: [usize; 2], factor: f32| {
            let count = (shape[0] * shape[1]) as i64;
            let list = Tensor::<1, Int>::arange(0..count, &site.device).float();
            (list * factor).sin().reshape(shape)
        };
        let (hidden, matrix) = (numbers([4, 3], 1.0), numbers([5, 3], 2.0));
        let before = (hidden.to_data(), matrix.to_data());
        let targets = Tensor::<1, Int>::from_ints([0, 1, 2, 4], &site.device);
        let (h, m) = (hidden.clone().require_grad(), matrix.clone().require_grad());
        let (inner, outer) = (h.clone() * 1.0, m.clone() * 1.0);
        let copies = (inner.clone(), outer.clone());
        let value = site
            .path
            .run(|| loss.forward(inner, OutputLayer::with_rows(outer), targets));
        value.backward();
        let after = (copies.0.to_data(), copies.1.to_data());
        assert_eq!(after, before, "on {site}");
    }
}

#[test]
fn runs_on_one_or_more_threads_are_bitwise_equal() {
    let pool = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads")
    };
    let pools = [pool(1), pool(2), pool(5)];
    let oracle = &oracles(4003)[4];
    let call = LinearCall::random(oracle, MEAN, &[257, 33], 4003, true, Dtype::F32);
    let loss = oracle.loss(Reduction::Mean);
    for site in differentiable_sites() {
        if !site.sums_in_f64(Dtype::F32) {
            continue;
        }
        let first = pools[0].install(|| call.run(&loss, &site));
        for run in 1..7 {
            let again = pools[run % 3].install(|| call.run(&loss, &site));
            assert!(again == first, "run {run} on {site}");
        }
    }
}

#[test]
fn hyperparameters_out_of_range_are_refused() {
    let config = LinearCrossEntropyLossConfig::new;
    let z_loss = |z| config().with_z_loss(z);
    assert_refused!(
        z_loss(-0.1),
        "LinearCrossEntropyLossConfig",
        "z_loss",
        "-0.1"
    );
    assert_refused!(
        z_loss(f64::NAN),
        "LinearCrossEntropyLossConfig",
        "z_loss",
        "NaN"
    );
    let cap = |cap| config().with_soft_cap(Some(cap));
    let name = "LinearCrossEntropyLossConfig";
    for bad in [0.0, -30.0, f64::NAN, f64::INFINITY] {
        assert_eq!(cap(bad).try_init().expect_err(name).field(), "soft_cap");
    }
    let smooth = |by| config().with_label_smoothing(by);
    assert_refused!(
        smooth(1.5),
        "LinearCrossEntropyLossConfig",
        "label_smoothing",
        "1.5"
    );
    let weigh = |list: &[f64]| config().with_class_weights(Some(list.to_vec()));
    assert_refused!(
        weigh(&[-1.0]),
        "LinearCrossEntropyLossConfig",
        "class_weights"[0],
        "-1"
    );
}

#[test]
fn a_configuration_saved_and_loaded_is_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("linear.json");
    let config = LinearCrossEntropyLossConfig::new()
        .with_z_loss(1e-4)
        .with_soft_cap(Some(30.0))
        .with_ignore_index(None);
    config.save(&file).expect("saved");
    let loaded = LinearCrossEntropyLossConfig::load(&file).expect("loaded");
    assert_eq!(format!("{loaded:?}"), format!("{config:?}"));
    let defaults = LinearCrossEntropyLossConfig::new();
    assert_eq!((defaults.z_loss, defaults.soft_cap), (0.0, None));
    assert_eq!(
        (defaults.label_smoothing, defaults.ignore_index),
        (0.0, Some(-100))
    );
}

/// A layer of Burn, a table of embeddings and a matrix of either way round, a square one above all, are the same layer.
#[test]
fn a_layer_of_burn_is_taken_the_right_way_round() {
    let loss = LinearCrossEntropyLossConfig::new().init();
    for site in differentiable_sites_and_gpu() {
        for (layout, bias, [width, classes]) in [
            (LinearLayout::Row, true, [4, 4]),
            (LinearLayout::Col, true, [4, 4]),
            (LinearLayout::Row, false, [3, 5]),
            (LinearLayout::Col, true, [3, 5]),
        ] {
            let config = LinearConfig::new(width, classes).with_bias(bias);
            let layer = config.with_layout(layout).init(&site.device);
            let hidden = Tensor::<1, Int>::arange(0..6 * width as i64, &site.device).float() * 0.37;
            let hidden = hidden.sin().reshape([2, 3, width]);
            let targets = Tensor::<2, Int>::from_ints([[0, 2, 1], [1, 0, 2]], &site.device);
            let run = |loss: &dyn Fn(Tensor<3>, Tensor<2, Int>) -> Tensor<1>| {
                let hidden = hidden.clone().require_grad();
                let value = site.path.run(|| loss(hidden.clone(), targets.clone()));
                let gradients = value.backward();
                let of = |weight: Option<Tensor<2>>| weight.map(|w| Read::of(w).values);
                let by_hidden = hidden.grad(&gradients).map(|g| Read::of(g).values);
                let by_weight = of(layer.weight.val().grad(&gradients));
                let by_bias = layer.bias.as_ref().and_then(|b| b.val().grad(&gradients));
                let by_bias = by_bias.map(|g| Read::of(g).values);
                (Read::of(value).values, by_hidden, by_weight, by_bias)
            };
            let flat = |hidden: Tensor<3>| layer.forward(hidden).reshape([6, classes]);
            let cross_entropy = CrossEntropyLossConfig::new().init();
            let expected =
                run(&|hidden, targets| cross_entropy.forward(flat(hidden), targets.reshape([6])));
            let weight = || layer.weight.val();
            let its_bias = || layer.bias.as_ref().map(|bias| bias.val());
            let columns = || OutputLayer::with_columns(weight()).with_bias(its_bias());
            let rows = || OutputLayer::with_rows(weight().transpose()).with_bias(its_bias());
            let outcomes = [
                run(&|hidden, targets| loss.forward_linear(hidden, &layer, targets)),
                run(&|hidden, targets| loss.forward(hidden, &layer, targets)),
                run(&|hidden, targets| loss.on(hidden, columns(), targets).reduce()),
                run(&|hidden, targets| loss.forward(hidden, rows(), targets)),
            ];
            let near = |got: &Option<Vec<f64>>, wanted: &Option<Vec<f64>>| {
                let (got, wanted) = (got.iter().flatten(), wanted.iter().flatten());
                assert_eq!(got.clone().count(), wanted.clone().count(), "{site}");
                for (got, wanted) in got.zip(wanted) {
                    assert!(
                        (got - wanted).abs() < 1e-5,
                        "{got} and not {wanted} on {site}"
                    );
                }
            };
            for (value, by_hidden, by_weight, by_bias) in outcomes {
                near(&Some(value), &Some(expected.0.clone()));
                near(&by_hidden, &expected.1);
                near(&by_weight, &expected.2);
                near(&by_bias, &expected.3);
            }
        }
        let table = EmbeddingConfig::new(5, 3).init(&site.device);
        let (hidden, classes) = (
            Tensor::<2>::ones([1, 3], &site.device),
            Tensor::<1, Int>::zeros([1], &site.device),
        );
        let tied = loss.forward(hidden.clone(), &table, classes.clone());
        let rows = OutputLayer::with_rows(table.weight.val());
        assert_eq!(
            Read::of(tied).values,
            Read::of(loss.forward(hidden, rows, classes)).values
        );
    }
}

#[test]
fn layers_that_do_not_fit_are_refused() {
    let loss = LinearCrossEntropyLossConfig::new().init();
    for site in sites() {
        let device = &site.device;
        let ones = |shape: [usize; 2]| Tensor::<2>::ones(shape, device);
        let rows = OutputLayer::with_rows;
        let line = |n: usize| Tensor::<1>::ones([n], device);
        let targets = |n: usize| Tensor::<1, Int>::zeros([n], device);
        let says = |parts: &[&str], f: &dyn Fn() -> Tensor<1>| {
            let text = message(|| site.path.run(f));
            for part in parts.iter().chain(&["LinearCrossEntropyLoss"]) {
                assert!(text.contains(part), "{part:?} is not in {text:?}");
            }
        };
        says(
            &["4 inputs", "5 classes", "[2, 3]", "with_columns"],
            &|| loss.forward(ones([2, 3]), rows(ones([5, 4])), targets(2)),
        );
        says(&["bias", "[4]", "expected [5]"], &|| {
            loss.forward(
                ones([2, 3]),
                rows(ones([5, 3])).with_bias(line(4)),
                targets(2),
            )
        });
        says(&["targets", "[3]", "expected [2]", "[2, 3]"], &|| {
            loss.forward(ones([2, 3]), rows(ones([5, 3])), targets(3))
        });
        says(&["weights", "[3]", "expected [2]", "[2, 3]"], &|| {
            let evaluation = loss.on(ones([2, 3]), rows(ones([5, 3])), targets(2));
            evaluation.weights(line(3)).reduce()
        });
        says(&["[0, 3]", "at least 1 class"], &|| {
            loss.forward(ones([2, 3]), rows(ones([0, 3])), targets(2))
        });
        says(&["target of sample 0 is 5", "one of 5 classes"], &|| {
            loss.forward(ones([2, 3]), rows(ones([5, 3])), targets(2) + 5)
        });
        if device.supports_dtype(DType::F64) {
            says(&["weight", "F64", "F32"], &|| {
                let (hidden, matrix) = (ones([2, 3]), ones([5, 3]));
                let (hidden, matrix) = (hidden.cast(DType::F32), matrix.cast(DType::F64));
                loss.forward(hidden, rows(matrix), targets(2))
            });
        }
        let two = LinearCrossEntropyLossConfig::new().with_class_weights(Some(vec![1.0, 2.0]));
        let loss = two.init();
        let text = message(|| {
            site.path
                .run(|| loss.forward(ones([2, 3]), rows(ones([5, 3])), targets(2)))
        });
        for part in [
            "LinearCrossEntropyLoss",
            "2 values of class_weights",
            "a weight of 5 classes",
        ] {
            assert!(text.contains(part), "{part:?} is not in {text:?}");
        }
    }
}
