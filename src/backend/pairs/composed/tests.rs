use super::terms;
use crate::{
    InfoNceLossConfig, NtXentLossConfig,
    backend::pairs::{
        AllPairs, ListedPairs, NO_LABEL, PairInputs, Triplets, elsewhere, operation::PairOperation,
        run,
    },
    composed,
    embeddings::ready,
    formula::{
        AllTriplets, Gap, HardNegatives, MarginPairs, Measure, OnePositive, PairFormula,
        PairSelection, ScaledPairs, SigmoidPairs, SupervisedPairs, TripletPenalty,
    },
};
use burn::tensor::{Device, Int, Tensor};

/// Blocks are small in tests, so these embeddings take several.
#[test]
fn several_blocks_add_up() {
    let device = Device::flex().autodiff();
    let embeddings = |first: usize, rows: usize| {
        let numbers = (first..first + rows * 3).map(|i| (i * i % 17) as f32 - 8.0);
        let numbers: Vec<f32> = numbers.collect();
        Tensor::<1>::from_floats(&numbers[..], &device)
            .reshape([rows, 3])
            .require_grad()
    };
    let (a, b) = (embeddings(0, 21), embeddings(100, 21));
    let one_view = NtXentLossConfig::new().init(&device);
    let symmetric = InfoNceLossConfig::new().with_symmetric(true).init(&device);
    let loss = || one_view.forward(a.clone(), b.clone()) + symmetric.forward(a.clone(), b.clone());
    let results = [loss(), composed(loss)].map(|loss| {
        let value = loss.clone().into_scalar::<f32>();
        let gradients = loss.backward();
        let of = |leaf: &Tensor<2>| numbers(leaf.grad(&gradients).expect("a gradient"));
        [vec![value], of(&a), of(&b)].concat()
    });
    for (fused, composed) in results[0].iter().zip(&results[1]) {
        assert!(
            (fused - composed).abs() <= 1e-5 * (1.0 + fused.abs()),
            "{fused} {composed}"
        );
    }
}

fn numbers(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// Nine rows, and seven columns if there are some.
fn inputs(has_columns: bool) -> PairInputs {
    let device = Device::flex().autodiff();
    let points = |first: usize, count: usize| {
        let numbers = (first..first + 3 * count).map(|i| (i * i % 13) as f32 / 4.0 - 1.5);
        let numbers: Vec<f32> = numbers.collect();
        let points = Tensor::<1>::from_floats(&numbers[..], &device);
        points.reshape([count, 3]).require_grad()
    };
    let labels = |first: i64, count: usize| {
        let labels: Vec<i64> = (first..first + count as i64).map(|i| i % 4).collect();
        Tensor::<1, Int>::from_ints(&labels[..], &device)
    };
    PairInputs {
        rows: points(0, 9),
        columns: has_columns.then(|| points(50, 7)),
        row_labels: labels(0, 9),
        column_labels: match has_columns {
            true => Tensor::cat(vec![labels(1, 6), labels(0, 1) + NO_LABEL], 0),
            false => labels(0, 9),
        },
    }
}

/// The results of an operation and the gradients of its points.
fn all_of(results: Tensor<2>, inputs: &PairInputs) -> Vec<f32> {
    let infinite = results.clone().equal_scalar(f64::NEG_INFINITY);
    let squares = results.clone().mask_fill(infinite, 0.0).powi_scalar(2);
    let gradients = squares.sum().backward();
    let mut all = numbers(results);
    all.extend(numbers(inputs.rows.grad(&gradients).expect("tracked")));
    if let Some(columns) = &inputs.columns {
        all.extend(numbers(columns.grad(&gradients).expect("tracked")));
    }
    all
}

/// The same points on a GPU, where there is one.
#[cfg(feature = "wgpu")]
fn on_gpu(inputs: &PairInputs) -> Option<PairInputs> {
    let device = Device::wgpu(burn::tensor::DeviceKind::DefaultDevice).autodiff();
    let points = |points: &Tensor<2>| Tensor::from_data(points.to_data(), &device).require_grad();
    let labels = |labels: &Tensor<1, Int>| {
        let labels: Vec<i32> = labels.to_data().iter::<i32>().collect();
        Tensor::from_ints(labels.as_slice(), &device)
    };
    Some(PairInputs {
        rows: points(&inputs.rows),
        columns: inputs.columns.as_ref().map(points),
        row_labels: labels(&inputs.row_labels),
        column_labels: labels(&inputs.column_labels),
    })
}

#[cfg(not(feature = "wgpu"))]
fn on_gpu(_inputs: &PairInputs) -> Option<PairInputs> {
    None
}

/// An operation on tensors, its gradient by Burn's autodiff, has the results and gradients of the operation
/// of the backend: of the kernels, and of the composed path, whose gradient is handwritten.
fn check(operation: &PairOperation, inputs: &PairInputs) {
    let tracked = all_of(terms(operation, &normed(operation, inputs)), inputs);
    let on_device = |inputs: &PairInputs| run(operation.clone(), normed(operation, inputs));
    let elsewhere = elsewhere::run(operation.clone(), normed(operation, inputs));
    let mut results = vec![
        all_of(on_device(inputs), inputs),
        all_of(composed(|| on_device(inputs)), inputs),
        all_of(elsewhere, inputs),
    ];
    if let Some(inputs) = on_gpu(inputs) {
        results.push(all_of(on_device(&inputs), &inputs));
    }
    for result in results {
        assert_eq!(tracked.len(), result.len());
        for (tracked, result) in tracked.iter().zip(&result) {
            let same = tracked == result || (tracked - result).abs() <= 1e-4 * (1.0 + result.abs());
            assert!(same, "{operation:?}: {tracked} {result}");
        }
    }
}

/// The points as the operation takes them, of norm 1 if need be.
fn normed(operation: &PairOperation, inputs: &PairInputs) -> PairInputs {
    let measure = match operation {
        PairOperation::All(pairs) => pairs.measure,
        PairOperation::Triplets(triplets) | PairOperation::SemiHard(triplets) => triplets.measure,
        PairOperation::Listed(pairs) => pairs.measure,
    };
    let points = |points: &Tensor<2>| ready(points.clone(), measure.is_of_unit_points());
    PairInputs {
        rows: points(&inputs.rows),
        columns: inputs.columns.as_ref().map(points),
        ..inputs.clone()
    }
}

const MEASURES: [Measure; 5] = [
    Measure::Dot,
    Measure::Cosine,
    Measure::SquaredEuclidean,
    Measure::Lp(1.0),
    Measure::Lp(3.0),
];

const SUPERVISED: SupervisedPairs = SupervisedPairs {
    temperature: 1.0,
    base_temperature: 1.0,
    log_of_mean: false,
};

fn check_terms<F: PairFormula>(formula: F) {
    for has_columns in [false, true] {
        for measure in MEASURES {
            let rows = AllPairs::new(formula.clone(), measure);
            let both = AllPairs { both: true, ..rows };
            check(&PairOperation::All(both), &inputs(has_columns));
        }
    }
}

#[test]
fn terms_are_the_same_on_all_paths() {
    check_terms(OnePositive);
    check_terms(SUPERVISED);
    check_terms(HardNegatives { beta: 0.5 });
    check_terms(SigmoidPairs);
}

#[test]
fn triplets_are_the_same_on_all_paths() {
    let penalties = [TripletPenalty::Soft, TripletPenalty::Hinge { margin: 0.3 }];
    let selections = [
        PairSelection::All,
        PairSelection::MultiSimilarity { epsilon: 0.15 },
    ];
    for (penalty, selection) in penalties.into_iter().zip(selections.into_iter().cycle()) {
        for measure in MEASURES {
            for has_columns in [false, true] {
                let gap = match measure {
                    Measure::Dot => Gap::Negative,
                    Measure::SquaredEuclidean => Gap::Root,
                    Measure::Cosine | Measure::Lp(_) => Gap::Same,
                };
                let all = AllTriplets {
                    penalty,
                    selection,
                    gap,
                };
                let triplets = Triplets { all, measure };
                check(&PairOperation::Triplets(triplets), &inputs(has_columns));
                if selection == PairSelection::All {
                    check(&PairOperation::SemiHard(triplets), &inputs(has_columns));
                }
            }
        }
    }
}

#[test]
fn listed_pairs_are_the_same_on_all_paths() {
    for measure in MEASURES {
        for has_columns in [false, true] {
            let mut inputs = inputs(has_columns);
            let device = inputs.rows.device();
            inputs.row_labels = Tensor::from_ints([0, 8, 8, 3], &device);
            inputs.column_labels = Tensor::from_ints([1, 2, 6, 3], &device);
            check(&PairOperation::Listed(ListedPairs { measure }), &inputs);
        }
    }
}

/// Points of which two are the same, each of a label of its own or all of one.
fn together(labels: [i64; 4]) -> PairInputs {
    let device = Device::flex().autodiff();
    let points = [[1.0, -2.0], [0.5, 3.0], [1.0, -2.0], [1.0, 0.0]];
    let labels = Tensor::<1, Int>::from_ints(labels, &device);
    PairInputs {
        rows: Tensor::from_floats(points, &device).require_grad(),
        columns: None,
        row_labels: labels.clone(),
        column_labels: labels,
    }
}

fn margins(measure: Measure) -> PairOperation {
    let gap = match measure {
        Measure::Dot => Gap::Negative,
        Measure::SquaredEuclidean => Gap::Root,
        Measure::Cosine | Measure::Lp(_) => Gap::Same,
    };
    let formula = MarginPairs {
        gap,
        positive_margin: 0.0,
        negative_margin: 10.0,
    };
    PairOperation::All(AllPairs::new(formula, measure))
}

#[test]
fn points_in_one_place_are_the_same_on_all_paths() {
    for measure in MEASURES {
        for labels in [[1, 2, 1, 2], [1, 2, 3, 2]] {
            check(&margins(measure), &together(labels));
        }
    }
}

#[test]
fn sums_of_no_pairs_are_the_same_on_all_paths() {
    for labels in [[1, 1, 1, 1], [1, 2, 3, 4]] {
        let pairs = AllPairs::new(SUPERVISED, Measure::Dot);
        check(&PairOperation::All(pairs), &together(labels));
    }
}

#[test]
fn a_nan_shows_on_all_paths() {
    for measure in MEASURES {
        let mut inputs = together([1, 2, 1, 2]);
        let unknown = Tensor::<2>::from_floats([[0.0, f32::NAN]], &inputs.rows.device());
        inputs.rows = Tensor::cat(vec![inputs.rows.slice_dim(0, 0..3), unknown], 0);
        let scaled = ScaledPairs {
            positive: (2.0, 0.5),
            negative: (50.0, 0.5),
        };
        let scaled = PairOperation::All(AllPairs::new(scaled, measure));
        for operation in [scaled, margins(measure)] {
            let inputs = normed(&operation, &inputs);
            let run = || run(operation.clone(), inputs.clone());
            // The last row is a positive of the second, a negative of the others.
            let terms = terms(&operation, &inputs);
            let on_gpu = on_gpu(&inputs).map(|inputs| super::super::run(operation.clone(), inputs));
            let results = [terms.clone(), run(), composed(run)];
            for result in results.into_iter().chain(on_gpu) {
                let found = numbers(result).into_iter().map(f32::is_nan);
                let expected = numbers(terms.clone()).into_iter().map(f32::is_nan);
                assert!(found.eq(expected), "{operation:?}");
            }
            let known = numbers(terms.slice_dim(0, 0..1))[..3].to_vec();
            assert!(!known[0].is_nan() && known[1].is_nan() && !known[2].is_nan());
        }
    }
}
