//! Predictions of half precision: the loss is `f32`, so that it may be larger than they can be and may be scaled;
//! gradients arrive in the type of the prediction. On every device that has the types.

use crate::support::{Site, differentiable_sites_and_gpu, tensors::Read};
use burn::tensor::{DType, Int, Tensor, TensorData};
use burn_losses::*;

/// Every site that has a type of half precision, with that.
fn sites() -> impl Iterator<Item = (Site, DType)> {
    let sites = differentiable_sites_and_gpu().into_iter();
    sites.flat_map(|site| {
        let types = [DType::F16, DType::BF16];
        let types = types.map(|dtype| site.device.supports_dtype(dtype).then_some(dtype));
        let types = types.into_iter().flatten();
        types.map(move |dtype| (site.clone(), dtype))
    })
}

/// Numbers that all types hold.
fn numbers<const D: usize>(
    shape: [usize; D],
    first: usize,
    (site, dtype): &(Site, DType),
) -> Tensor<D> {
    let count: usize = shape.iter().product();
    let values = (first..first + count).map(|i| (i * i % 23) as f32 / 8.0 - 1.25);
    let data = TensorData::new(values.collect::<Vec<f32>>(), shape);
    Tensor::from_data(data, (&site.device, *dtype))
}

fn classes<const D: usize>(shape: [usize; D], count: i64, site: &Site) -> Tensor<D, Int> {
    let total: usize = shape.iter().product();
    let all = Tensor::<1, Int>::arange(0..total as i64, &site.device);
    all.remainder_scalar(count).reshape(shape)
}

/// What a loss gives of `f32` weights and of weights of the prediction's type, which are the same numbers.
fn with_both_weights(
    at: &(Site, DType),
    shape: [usize; 1],
    loss: impl Fn(Tensor<1>) -> [Tensor<1>; 3],
) {
    let (site, dtype) = at;
    let weights = numbers(shape, 3, at).abs();
    for weights in [weights.clone(), weights.cast(DType::F32)] {
        let outcome = site.path.run(|| loss(weights.clone()));
        for part in &outcome {
            assert_eq!(part.dtype(), DType::F32, "{dtype:?} on {site}");
        }
        let [each, sum, divided] = outcome.map(|part| Read::of(part).values);
        let total: f64 = each.iter().sum();
        let close = |got: f64, wanted: f64| (got - wanted).abs() <= 2e-6 * wanted.abs();
        assert!(close(sum[0], total), "{dtype:?} on {site}: {sum:?} {total}");
        assert!(close(divided[0], total / 4.0), "{dtype:?} on {site}");
    }
}

#[test]
fn losses_are_f32_and_their_weights_may_be() {
    for at in sites() {
        let site = &at.0;
        with_both_weights(&at, [12], |weights| {
            let loss = SmoothL1LossConfig::new().init();
            let on = || {
                loss.on(numbers([12], 0, &at), numbers([12], 9, &at))
                    .weights(weights.clone())
            };
            [
                on().each(),
                on().reduction(Reduction::Sum).reduce(),
                on().divided_by(4),
            ]
        });
        with_both_weights(&at, [6], |weights| {
            let loss = SoftmaxFocalLossConfig::new().init();
            let on = || {
                loss.on(numbers([6, 5], 0, &at), classes([6], 5, site))
                    .weights(weights.clone())
            };
            [
                on().each(),
                on().reduction(Reduction::Sum).reduce(),
                on().divided_by(4),
            ]
        });
        with_both_weights(&at, [6], |weights| {
            let loss = LinearCrossEntropyLossConfig::new().init();
            let layer = || OutputLayer::with_rows(numbers([5, 3], 40, &at));
            let on = || {
                loss.on(numbers([6, 3], 0, &at), layer(), classes([6], 5, site))
                    .weights(weights.clone())
            };
            [
                on().each(),
                on().reduction(Reduction::Sum).reduce(),
                on().divided_by(4),
            ]
        });
        with_both_weights(&at, [6], |weights| {
            let loss = DistillationLossConfig::new().init();
            let logits = |first| numbers([6, 5], first, &at);
            let on = || {
                loss.on(logits(0), logits(8), classes([6], 5, site))
                    .weights(weights.clone())
            };
            [
                on().each(),
                on().reduction(Reduction::Sum).reduce(),
                on().divided_by(4),
            ]
        });
        with_both_weights(&at, [6], |weights| {
            let loss = MultiSimilarityLossConfig::new().init();
            let on = || {
                loss.on(numbers([6, 3], 0, &at), classes([6], 3, site))
                    .weights(weights.clone())
            };
            [
                on().each(),
                on().reduction(Reduction::Sum).reduce(),
                on().divided_by(4),
            ]
        });
        with_both_weights(&at, [12], |weights| {
            let loss = AdaptiveBarronLossConfig::new().init(&site.device);
            let on = || {
                loss.on(numbers([12], 0, &at), numbers([12], 9, &at))
                    .weights(weights.clone())
            };
            [
                on().each(),
                on().reduction(Reduction::Sum).reduce(),
                on().divided_by(4),
            ]
        });
        with_both_weights(&at, [3], |weights| {
            let loss = IouLossConfig::new().init();
            let boxes = |first| {
                let low = numbers::<2>([3, 2], first, &at);
                Tensor::cat(vec![low.clone(), low + 1.5], 1)
            };
            let on = || loss.on(boxes(0), boxes(9)).weights(weights.clone());
            [
                on().each(),
                on().reduction(Reduction::Sum).reduce(),
                on().divided_by(4),
            ]
        });
        for loss in [
            BarlowTwinsLossConfig::new()
                .init()
                .forward(numbers([6, 3], 0, &at), numbers([6, 3], 9, &at)),
            VicRegLossConfig::new()
                .init()
                .forward(numbers([6, 3], 0, &at), numbers([6, 3], 9, &at)),
        ] {
            assert_eq!(loss.dtype(), DType::F32, "on {site}");
        }
    }
}

#[test]
fn losses_of_nothing_are_f32() {
    for at in sites() {
        let (site, dtype) = &at;
        let none = || Tensor::<2>::zeros([0, 3], (&site.device, *dtype));
        let loss = site
            .path
            .run(|| MseLossConfig::new().init().forward(none(), none()));
        assert_eq!(
            (loss.dtype(), Read::of(loss).values),
            (DType::F32, vec![0.0]),
            "on {site}"
        );
        let loss = site.path.run(|| {
            CrossEntropyLossConfig::new()
                .init()
                .forward(none(), classes([0], 3, site))
        });
        assert_eq!(
            (loss.dtype(), Read::of(loss).values),
            (DType::F32, vec![0.0]),
            "on {site}"
        );
        let loss = site.path.run(|| {
            NtXentLossConfig::new()
                .init(&site.device)
                .forward(none(), none())
        });
        assert_eq!(
            (loss.dtype(), Read::of(loss).values),
            (DType::F32, vec![0.0]),
            "on {site}"
        );
    }
}

/// The sum of many losses is more than `f16` holds, and so is a loss that is scaled for training.
#[test]
fn sums_and_scaled_losses_are_finite() {
    const SCALE: f64 = 65536.0;
    for (site, dtype) in sites() {
        let zeros = || Tensor::<2>::zeros([300, 400], (&site.device, dtype));
        let sum = BinaryCrossEntropyLossConfig::new()
            .with_reduction(Reduction::Sum)
            .init();
        let value = Read::of(site.path.run(|| sum.forward(zeros(), zeros()))).values[0];
        let expected = 300.0 * 400.0 * 2f64.ln();
        assert!(
            (value - expected).abs() < 1e-5 * expected,
            "{value} on {site}"
        );

        let logits = zeros().slice([0..4, 0..3]).require_grad();
        let loss = CrossEntropyLossConfig::new().init();
        let targets = classes([4], 3, &site);
        let value = site.path.run(|| loss.forward(logits.clone(), targets));
        let gradient = logits
            .grad(&(value.clone() * SCALE).backward())
            .expect("a gradient");
        assert_eq!(gradient.dtype(), dtype, "on {site}");
        let gradient = Read::of(gradient).values;
        assert!(
            gradient.iter().all(|g| g.is_finite()),
            "{gradient:?} on {site}"
        );
        let expected = -SCALE * (2.0 / 3.0) / 4.0;
        assert!(
            (gradient[0] - expected).abs() < 1e-2 * SCALE,
            "{gradient:?} on {site}"
        );
    }
}
