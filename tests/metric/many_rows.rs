//! More anchors than a GPU has cubes along one dimension.

use crate::support::{Path, Random, differentiable_sites_and_gpu};
use burn::tensor::{Int, Tensor, TensorData};
use burn_losses::{ContrastiveLossConfig, MiningReduction};

#[test]
fn a_small_reference_set_serves_many_anchors() {
    const COUNT: usize = 65_537;
    let mut random = Random::of("many rows");
    let numbers: Vec<f32> = (0..COUNT * 2)
        .map(|_| random.uniform(-1.0, 1.0) as f32)
        .collect();
    let loss = ContrastiveLossConfig::new()
        .with_normalize(false)
        .with_reduction(MiningReduction::Sum)
        .init();
    let mut expected: Option<(Vec<f32>, Vec<f32>)> = None;
    for site in differentiable_sites_and_gpu() {
        let is_checkpointing = site.to_string().contains("checkpointing");
        if site.path == Path::Composed || is_checkpointing {
            continue;
        }
        let device = &site.device;
        let labels = |count: usize| -> Tensor<1, Int> {
            let labels: Vec<i64> = (0..count as i64).map(|index| index % 3).collect();
            Tensor::from_data(TensorData::new(labels, [count]), device)
        };
        let points = TensorData::new(numbers.clone(), [COUNT, 2]);
        let points = Tensor::<2>::from_data(points, device).require_grad();
        let others = Tensor::<2>::from_floats([[0.5, 0.0], [-0.5, 0.25], [0.0, -0.5]], device);
        let others = others.require_grad();
        let evaluation = loss.on(points.clone(), labels(COUNT));
        let each = evaluation.reference(others.clone(), labels(3)).each();
        let gradients = each.clone().sum().backward();
        let numbers = |tensor: TensorData| tensor.iter::<f32>().collect::<Vec<_>>();
        let each = numbers(each.into_data());
        let by_points = points.grad(&gradients).expect("a gradient");
        let by_points = numbers(by_points.into_data());
        assert!(others.grad(&gradients).is_some(), "{site}");
        let (losses, slopes) = expected.get_or_insert((each.clone(), by_points.clone()));
        for (got, expected) in [(&each, losses), (&by_points, slopes)] {
            let is_close = |(got, expected): (&f32, &f32)| (got - expected).abs() <= 1e-4;
            assert!(got.iter().zip(expected.iter()).all(is_close), "{site}");
        }
    }
}
