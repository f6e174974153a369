//! The same call gives the same bits, on a GPU too.

use crate::support::{Path, Random, differentiable_sites_and_gpu};
use burn::tensor::{Device, Int, Tensor, TensorData};
use burn_losses::{ContrastiveLossConfig, Distance, Mining, SupConLossConfig, TripletLossConfig};

const COUNT: usize = 300;
const WIDTH: usize = 33;

fn embeddings(device: &Device) -> Tensor<2> {
    let mut random = Random::of("bits");
    let numbers: Vec<f32> = (0..COUNT * WIDTH)
        .map(|_| random.uniform(-1.0, 1.0) as f32)
        .collect();
    Tensor::from_data(TensorData::new(numbers, [COUNT, WIDTH]), device).require_grad()
}

/// A loss of embeddings with labels.
type Loss<'a> = &'a dyn Fn(Tensor<2>, Tensor<1, Int>) -> Tensor<1>;

/// The bits of a value and its gradient.
fn bits(device: &Device, loss: Loss<'_>) -> (Vec<u32>, Vec<u32>) {
    let points = embeddings(device);
    let labels: Vec<i64> = (0..COUNT as i64).map(|index| index * index % 23).collect();
    let labels = Tensor::from_data(TensorData::new(labels, [COUNT]), device);
    let value = loss(points.clone(), labels);
    let gradient = points.grad(&value.clone().backward()).expect("a gradient");
    let bits = |data: TensorData| data.iter::<f32>().map(f32::to_bits).collect();
    (bits(value.into_data()), bits(gradient.into_data()))
}

#[test]
fn bits_do_not_depend_on_the_run() {
    for site in differentiable_sites_and_gpu() {
        if site.path == Path::Composed {
            continue;
        }
        let contrastive = ContrastiveLossConfig::new().init();
        let sup_con = SupConLossConfig::new().init(&site.device);
        let triplet = |mining| {
            TripletLossConfig::new()
                .with_mining(mining)
                .with_distance(Distance::SquaredEuclidean)
                .init()
        };
        let (hard, semi, all) = (
            triplet(Mining::BatchHard),
            triplet(Mining::SemiHard),
            triplet(Mining::BatchAll),
        );
        let losses: [(&str, Loss<'_>); 5] = [
            ("contrastive", &|x, l| contrastive.forward(x, l)),
            ("sup_con", &|x, l| sup_con.forward(x, l)),
            ("batch_hard", &|x, l| hard.forward(x, l)),
            ("semi_hard", &|x, l| semi.forward(x, l)),
            ("batch_all", &|x, l| all.forward(x, l)),
        ];
        for (name, loss) in losses {
            // The first call may tune a product.
            bits(&site.device, loss);
            let first = bits(&site.device, loss);
            for _ in 0..3 {
                assert!(first == bits(&site.device, loss), "{name} on {site}");
            }
        }
    }
}
