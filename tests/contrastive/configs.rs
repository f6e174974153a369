//! Configurations, messages, and what is saved with a module.

use crate::panics::message;
use burn::{
    config::Config,
    module::{Module, ModuleVisitor, Param},
    tensor::{DType, Device, Int, Tensor},
};
use burn_losses::*;

fn device() -> Device {
    crate::support::sites()[0].device.clone()
}

/// Panics unless a configuration was refused for a field of it.
#[track_caller]
fn assert_names<T>(built: Result<T, LossError>, config: &str, field: &str) {
    let Err(error) = built else {
        panic!("{config}: {field} was accepted");
    };
    assert_eq!((error.config(), error.field()), (config, field));
}

#[test]
fn defaults_are_those_documented() {
    let config = NtXentLossConfig::new();
    assert_eq!((config.temperature, config.normalize), (0.5, true));
    assert!(!config.learnable_temperature);
    let config = InfoNceLossConfig::new();
    assert_eq!((config.temperature, config.symmetric), (0.07, false));
    let config = ClipLossConfig::new();
    assert_eq!((config.temperature, config.max_scale), (0.07, 100.0));
    assert!(config.learnable_temperature);
    let config = SigLipLossConfig::new();
    assert_eq!((config.scale, config.bias), (10.0, -10.0));
    let config = SupConLossConfig::new();
    assert_eq!((config.temperature, config.base_temperature), (0.07, 0.07));
    assert_eq!(config.form, SupConForm::Out);
    assert_eq!(DclLossConfig::new().temperature, 0.1);
    let config = HardNegativeInfoNceLossConfig::new();
    assert_eq!(
        (config.temperature, config.tau_plus, config.beta),
        (0.5, 0.1, 1.0)
    );
    assert_eq!(BarlowTwinsLossConfig::new().off_diagonal, 0.005);
    let config = VicRegLossConfig::new();
    assert_eq!(
        (config.invariance, config.variance, config.covariance),
        (25.0, 25.0, 1.0)
    );
}

#[test]
fn a_hyperparameter_out_of_its_range_is_refused() {
    let device = device();
    for temperature in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_names(
            NtXentLossConfig::new()
                .with_temperature(temperature)
                .try_init(&device),
            "NtXentLossConfig",
            "temperature",
        );
        assert_names(
            InfoNceLossConfig::new()
                .with_temperature(temperature)
                .try_init(&device),
            "InfoNceLossConfig",
            "temperature",
        );
        assert_names(
            ClipLossConfig::new()
                .with_max_scale(temperature)
                .try_init(&device),
            "ClipLossConfig",
            "max_scale",
        );
        assert_names(
            SigLipLossConfig::new()
                .with_scale(temperature)
                .try_init(&device),
            "SigLipLossConfig",
            "scale",
        );
        assert_names(
            SupConLossConfig::new()
                .with_base_temperature(temperature)
                .try_init(&device),
            "SupConLossConfig",
            "base_temperature",
        );
        assert_names(
            DclLossConfig::new()
                .with_temperature(temperature)
                .try_init(&device),
            "DclLossConfig",
            "temperature",
        );
    }
    for tau in [1.0, -0.1, f64::NAN] {
        assert_names(
            HardNegativeInfoNceLossConfig::new()
                .with_tau_plus(tau)
                .try_init(&device),
            "HardNegativeInfoNceLossConfig",
            "tau_plus",
        );
    }
    for factor in [-1.0, f64::NAN] {
        assert_names(
            BarlowTwinsLossConfig::new()
                .with_off_diagonal(factor)
                .try_init(),
            "BarlowTwinsLossConfig",
            "off_diagonal",
        );
        assert_names(
            VicRegLossConfig::new().with_variance(factor).try_init(),
            "VicRegLossConfig",
            "variance",
        );
    }
    assert_names(
        EmbeddingQueueConfig::new(0, 2).try_init(&device),
        "EmbeddingQueueConfig",
        "capacity",
    );
}

#[test]
fn a_configuration_saved_and_loaded_builds_the_same_loss() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("loss.json");
    let config = HardNegativeInfoNceLossConfig::new().with_beta(0.5);
    config.save(&path).expect("a saved configuration");
    let loaded = HardNegativeInfoNceLossConfig::load(&path).expect("a loaded configuration");
    let text = |config: &HardNegativeInfoNceLossConfig| config.init(&device()).to_string();
    assert_eq!(text(&loaded), text(&config));
    assert!(text(&config).contains("beta"), "{}", text(&config));
}

#[test]
fn embeddings_that_do_not_fit_are_refused() {
    let device = device();
    let zeros = |rows, width| Tensor::<2>::zeros([rows, width], &device);
    let loss = NtXentLossConfig::new().init(&device);
    let text = message(|| loss.forward(zeros(3, 2), zeros(4, 2)));
    assert_eq!(
        text,
        "NtXentLoss: the second views have shape [4, 2] and the first views [3, 2], expected the same: \
         one of the second views for each of the first views, of the same width"
    );
    let loss = InfoNceLossConfig::new().init(&device);
    let text = message(|| loss.forward(zeros(3, 2), zeros(4, 3)));
    assert_eq!(
        text,
        "InfoNceLoss: the keys have shape [4, 3] and the queries [3, 2], expected embeddings of the \
         same dimension (the last)"
    );
    let text = message(|| loss.on(zeros(3, 2), zeros(4, 2)).offset(2));
    assert_eq!(
        text,
        "InfoNceLoss: 4 keys for 3 queries and an offset of 2, expected at least 5, one for each \
         query from the offset on"
    );
    let loss = SupConLossConfig::new().init(&device);
    let labels = Tensor::<1, Int>::zeros([2], &device);
    let text = message(|| loss.forward(zeros(3, 2), labels.clone()));
    assert_eq!(
        text,
        "SupConLoss: 2 labels for 3 embeddings, expected one for each"
    );
    let text = message(|| loss.forward(zeros(2, 0), labels));
    assert_eq!(
        text,
        "SupConLoss: the embeddings have shape [2, 0], expected [N, D] with D at least 1"
    );
}

fn numbers(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

#[test]
fn a_queue_keeps_the_last_embeddings_in_order() {
    let device = device();
    let row = |value: f32| Tensor::<2>::full([1, 2], value, &device);
    let queue = EmbeddingQueueConfig::new(3, 2).init(&device);
    assert_eq!(queue.capacity(), 3);
    for row in numbers(queue.embeddings()).chunks(2) {
        let norm = row.iter().map(|x| x * x).sum::<f32>();
        assert!((norm - 1.0).abs() < 1e-5, "{row:?}");
    }
    let oldest = numbers(queue.embeddings())[4..6].to_vec();
    queue.push(row(1.0));
    queue.push(row(2.0));
    assert_eq!(
        numbers(queue.embeddings()),
        [&oldest[..], &[1.0, 1.0, 2.0, 2.0]].concat()
    );
    queue.push(Tensor::cat((3..8).map(|i| row(i as f32)).collect(), 0));
    assert_eq!(numbers(queue.embeddings()), [5.0, 5.0, 6.0, 6.0, 7.0, 7.0]);
    let text = message(|| queue.push(Tensor::<2>::zeros([1, 3], &device)));
    assert_eq!(
        text,
        "EmbeddingQueue: the embeddings have shape [1, 3], expected [N, 2]"
    );
}

#[test]
fn a_queue_is_saved_with_its_contents_and_has_no_gradient() {
    let device = device().autodiff();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("queue");
    let keys = Tensor::<2>::from_floats([[1.0, 2.0], [3.0, 4.0]], &device).require_grad();
    let queue = EmbeddingQueueConfig::new(3, 2).init(&device);
    queue.push(keys);
    assert!(!is_trained(&queue));
    queue.clone().save_file(&path).expect("a saved queue");
    let other = EmbeddingQueueConfig::new(3, 2).init(&device);
    let loaded = other.load_file(&path);
    assert_eq!(numbers(loaded.embeddings()), numbers(queue.embeddings()));
    loaded.push(Tensor::<2>::full([1, 2], 9.0, &device));
    assert_eq!(numbers(loaded.embeddings()), [1.0, 2.0, 3.0, 4.0, 9.0, 9.0]);
    assert!(!is_trained(&loaded));
    assert!(!is_trained(&loaded.valid().train()));
}

/// Whether an optimizer would find something to train.
fn is_trained(queue: &EmbeddingQueue) -> bool {
    struct Tracked(bool);

    impl ModuleVisitor for Tracked {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0 |= param.val().is_tracked();
        }
    }

    let mut tracked = Tracked(false);
    queue.visit(&mut tracked);
    tracked.0
}

#[test]
fn a_queue_serves_embeddings_of_half_precision() {
    let device = device();
    let loss = InfoNceLossConfig::new().init(&device);
    let queue = EmbeddingQueueConfig::new(4, 2).init(&device);
    let half = |x: f32| Tensor::<2>::full([3, 2], x, (&device, DType::BF16));
    if device == Device::flex() {
        let evaluation = loss.on(half(1.0), half(2.0));
        let value = evaluation.negatives(queue.embeddings()).reduce();
        assert_eq!(value.dtype(), DType::F32);
    }
}

/// The loss is the mean of what each query costs.
#[test]
fn each_query_of_gathered_keys_and_of_a_queue_has_a_loss() {
    let device = device();
    let points = |first: usize, count: usize| {
        let numbers = (first..first + 3 * count).map(|i| (i * i % 13) as f32 / 4.0 - 1.5);
        let numbers: Vec<f32> = numbers.collect();
        Tensor::<1>::from_floats(&numbers[..], &device).reshape([count, 3])
    };
    let (queries, keys, others) = (points(0, 4), points(20, 6), points(40, 5));
    let loss = InfoNceLossConfig::new().init(&device);
    let number = |tensor: Tensor<1>| tensor.into_scalar::<f32>();
    let check = |all: Tensor<1>, each: Tensor<1>| {
        assert_eq!(each.dims(), [4]);
        let (all, mean) = (number(all), number(each.mean()));
        assert!((all - mean).abs() < 1e-5 * all, "{all} {mean}");
    };
    check(
        loss.on(queries.clone(), keys.clone()).offset(2).reduce(),
        loss.on(queries.clone(), keys.clone()).offset(2).each(),
    );
    let own = keys.slice_dim(0, 0..4);
    let against = || {
        let evaluation = loss.on(queries.clone(), own.clone());
        evaluation.negatives(others.clone())
    };
    check(against().reduce(), against().each());
}
