//! Losses of pairs of embeddings.

use super::{is_counting, launched};
use burn::tensor::{Device, DeviceKind, Int, Tensor};
use burn_losses::{
    ContrastiveLossConfig, Distance, InfoNceLossConfig, Mining, NtXentLossConfig, SupConLossConfig,
    TripletLossConfig,
};

const COUNT: usize = 512;
const WIDTH: usize = 64;

/// Embeddings that are nowhere near each other.
fn embeddings(seed: usize, device: &Device) -> Tensor<2> {
    let numbers = (0..COUNT * WIDTH).map(|i| ((i * 7919 + seed * 104_729) % 8191) as f32 / 4096.0);
    let numbers: Vec<f32> = numbers.map(|x| x - 1.0).collect();
    Tensor::<1>::from_floats(numbers.as_slice(), device).reshape([COUNT, WIDTH])
}

/// What a loss of two sets of embeddings and labels launches, value and gradients.
fn launches(
    what: &str,
    loss: impl Fn(Tensor<2>, Tensor<2>, Tensor<1, Int>) -> Tensor<1>,
) -> Vec<&'static str> {
    let device = Device::wgpu(DeviceKind::DefaultDevice).autodiff();
    let labels: Vec<i32> = (0..COUNT as i32).map(|i| i % 40).collect();
    let labels = Tensor::<1, Int>::from_ints(labels.as_slice(), &device);
    let run = || {
        let [a, b] = [1, 2].map(|seed| embeddings(seed, &device).require_grad());
        for points in [&a, &b] {
            let _ = points.clone().detach().slice(0..1).into_data();
        }
        launched(|| {
            let value = loss(a.clone(), b.clone(), labels.clone());
            let mut gradients = value.backward();
            let gradients = [&a, &b].map(|points| points.grad_remove(&mut gradients));
            let _ = value.into_data();
            for gradient in gradients.into_iter().flatten() {
                let _ = gradient.into_data();
            }
        })
    };
    // Products are tuned the first time, and fusion looks for what it can put together.
    for _ in 0..3 {
        run();
    }
    let names = run();
    println!("launches of pairs: {what}: {} {names:#?}", names.len());
    names
}

/// Counts for a loss; its kernels are among these, and there are at most so many launches.
fn check(
    what: &str,
    most: usize,
    own: &[(&str, usize)],
    loss: impl Fn(Tensor<2>, Tensor<2>, Tensor<1, Int>) -> Tensor<1>,
) {
    if !is_counting() {
        return;
    }
    let names = launches(what, &loss);
    for (part, count) in own {
        let found = names.iter().filter(|name| name.contains(part)).count();
        assert_eq!(found, *count, "{what}, {part}: {names:#?}");
    }
    assert!(names.len() <= most, "{what}, {}: {names:#?}", names.len());
}

#[test]
fn a_loss_of_all_pairs_is_a_product_and_an_epilogue_each_way() {
    let device = Device::wgpu(DeviceKind::DefaultDevice);
    let loss = NtXentLossConfig::new().init(&device);
    check(
        "nt_xent",
        22,
        &[("RowTerms", 1), ("PairSlopes", 1), ("ColumnTerms", 0)],
        |a, b, _| loss.forward(a, b),
    );
    let loss = InfoNceLossConfig::new().with_symmetric(true).init(&device);
    check(
        "info_nce",
        30,
        &[("RowTerms", 1), ("PairSlopes", 1), ("ColumnTerms", 1)],
        |a, b, _| loss.forward(a, b),
    );
    let loss = SupConLossConfig::new().init(&device);
    check(
        "sup_con",
        34,
        &[("RowTerms", 1), ("PairSlopes", 1)],
        |a, _, labels| loss.forward(a, labels),
    );
}

#[test]
fn distances_are_not_stored_for_each_coordinate() {
    let loss = ContrastiveLossConfig::new().init();
    check(
        "contrastive",
        36,
        &[
            ("NormMeasures", 2),
            ("NormSlopes", 1),
            ("RowTerms", 1),
            ("PairSlopes", 1),
        ],
        |a, _, labels| loss.forward(a, labels),
    );
}

#[test]
fn triplets_are_chosen_on_the_device() {
    for (mining, own, most) in [
        (
            Mining::BatchHard,
            &[
                ("RowExtremes", 1),
                ("ListedMeasures", 2),
                ("ListedSlopes", 2),
            ][..],
            28,
        ),
        (
            Mining::SemiHard,
            &[("SemiHardKernel", 2), ("NormSlopes", 2)][..],
            28,
        ),
        (
            Mining::BatchAll,
            &[("AllTerms", 1), ("AllSlopes", 1)][..],
            28,
        ),
    ] {
        let loss = TripletLossConfig::new()
            .with_mining(mining)
            .with_distance(Distance::Euclidean)
            .init();
        check(&mining.to_string(), most, own, |a, _, labels| {
            loss.forward(a, labels)
        });
    }
}
