//! The losses write over memory where nobody sees it, and let go of all they hold.

use crate::support::{Case, Dtype, Loss, Method, Path, Site, cases, differentiable_sites, sites};
use burn::tensor::{DType, Tensor, TensorData};
use burn_losses::{Reduction, SigmoidFocalLossConfig};
use peak_alloc::PeakAlloc;

#[global_allocator]
pub static MEMORY: PeakAlloc = PeakAlloc;

const MEAN: Method = Method::Reduced(Reduction::Mean);

fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("f32")
}

/// Predictions and targets that any loss takes which takes no logarithms: probabilities.
fn inputs(site: &Site) -> (Tensor<2>, Tensor<2>) {
    let plain = cases().into_iter().find(|case| case.name == "mse");
    inputs_of(&plain.expect("a case"), site)
}

/// Predictions and targets that a loss takes.
fn inputs_of(case: &Case, site: &Site) -> (Tensor<2>, Tensor<2>) {
    let numbers = |step: f32, first: f32| -> Vec<f32> {
        (0..40).map(|i| (first + step * i as f32) % 1.0).collect()
    };
    let tensor = |values| Tensor::from_data(TensorData::new(values, [8, 5]), &site.device);
    let both = [tensor(numbers(0.37, 0.1)), tensor(numbers(0.61, 0.3))];
    let mut of_loss = both
        .into_iter()
        .zip(case.oracle(&[8, 5]).takes_logarithms());
    let mut next = || match of_loss.next().expect("two") {
        (tensor, true) => tensor - 1.0,
        (tensor, false) => tensor,
    };
    (next(), next())
}

/// Every loss, where target and prediction have the same shape.
fn losses() -> Vec<(Case, Loss)> {
    let cases = cases().into_iter().filter(|case| case.name != "quantiles");
    cases
        .map(|case| (case, Loss::like(&case.oracle(&[8, 5]), Reduction::Mean)))
        .collect()
}

#[test]
fn a_copy_of_the_prediction_keeps_its_values() {
    for (case, loss) in losses() {
        let name = case.name;
        for site in differentiable_sites() {
            let (leaf, target) = inputs_of(&case, &site);
            let leaf = leaf.require_grad();
            // The result of an operation, which the loss may own alone.
            let prediction = leaf.clone() * 0.5;
            let copy = prediction.clone();
            let before = read(prediction.clone());
            let value = site.path.run(|| loss.forward(prediction, target.clone()));
            assert_eq!(
                read(copy.clone()),
                before,
                "{name} on {site}, after forward"
            );
            let gradients = value.backward();
            assert_eq!(read(copy), before, "{name} on {site}, after backward");
            let kept = read(leaf.grad(&gradients).expect("a gradient"));

            // Without the copy the gradient is the same.
            let alone = leaf.clone() * 0.5;
            let value = site.path.run(|| loss.forward(alone, target));
            let alone = read(leaf.grad(&value.backward()).expect("a gradient"));
            assert_eq!(alone, kept, "{name} on {site}");
        }
    }
}

#[test]
fn a_tensor_that_shares_memory_with_the_prediction_keeps_its_values() {
    for case in cases().iter().filter(|case| case.name != "quantiles") {
        for site in differentiable_sites() {
            let (leaf, target) = inputs_of(case, &site);
            let leaf = leaf.require_grad();
            let views: [fn(Tensor<2>) -> Tensor<2>; 3] = [
                |whole| whole.slice_dim(0, 2..6),
                |whole| whole.slice_dim(1, 0..2),
                |whole| whole.reshape([20, 2]).slice_dim(0, 0..8),
            ];
            for view in views {
                let whole = leaf.clone() * 0.5;
                let before = read(whole.clone());
                let (part, target) = (view(whole.clone()), view(target.clone()));
                let loss = Loss::like(&case.oracle(&part.dims()), Reduction::Mean);
                let value = site.path.run(|| loss.forward(part, target));
                assert_eq!(read(whole.clone()), before, "{} on {site}", case.name);
                value.backward();
                assert_eq!(read(whole), before, "{} on {site}", case.name);
            }
        }
    }
}

#[test]
fn another_use_of_the_prediction_keeps_its_gradient() {
    for (case, loss) in losses() {
        let name = case.name;
        for site in differentiable_sites() {
            let (start, target) = inputs_of(&case, &site);
            let gradient = |value: &dyn Fn(Tensor<2>) -> Tensor<1>| {
                let leaf = start.clone().require_grad();
                let prediction = leaf.clone() * 0.5;
                let gradients = value(prediction).backward();
                read(leaf.grad(&gradients).expect("a gradient"))
            };
            let by_loss = |x: Tensor<2>| site.path.run(|| loss.forward(x, target.clone()));
            let alone = gradient(&by_loss);
            let other = gradient(&|x| (x.clone() * x).sum());
            let before = gradient(&|x| (x.clone() * x.clone()).sum() + by_loss(x));
            let after = gradient(&|x| by_loss(x.clone()) + (x.clone() * x).sum());
            for (i, (alone, other)) in alone.iter().zip(other).enumerate() {
                let (sum, size) = (alone + other, alone.abs() + other.abs());
                let near = |got: f32| (got - sum).abs() <= 1e-6 * size;
                assert!(
                    near(before[i]) && near(after[i]),
                    "{name} on {site}, element {i}"
                );
            }
        }
    }
}

#[test]
fn a_loss_of_a_tensor_against_itself_has_both_gradients() {
    for site in differentiable_sites() {
        let loss = burn_losses::MseLossConfig::new().init();
        let leaf = inputs(&site).0.require_grad();
        let value = site.path.run(|| loss.forward(leaf.clone(), leaf.clone()));
        let gradients = value.backward();
        assert!(
            read(leaf.grad(&gradients).expect("a gradient"))
                .iter()
                .all(|&g| g == 0.0)
        );

        // l = (x - 2x)² / n, so the gradient is 2x / n.
        let value = site
            .path
            .run(|| loss.forward(leaf.clone(), leaf.clone() * 2.0));
        let gradient = read(leaf.grad(&value.backward()).expect("a gradient"));
        for (got, x) in gradient.iter().zip(read(leaf)) {
            assert!((got - 2.0 * x / 40.0).abs() <= 1e-6, "on {site}: {got}");
        }
    }
}

/// Runs `work` and says how many bytes more the process uses afterwards.
fn growth(work: impl FnOnce()) -> usize {
    let before = MEMORY.current_usage();
    work();
    MEMORY.current_usage().saturating_sub(before)
}

/// Runs `work` and says how many bytes more the process used while it ran.
pub fn peak(work: impl FnOnce()) -> usize {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    work();
    MEMORY.peak_usage().saturating_sub(before)
}

/// Whether this process runs nothing but the test `name`. Otherwise starts one that does: what
/// other tests hold at the same time would be counted too.
pub fn is_alone(name: &str) -> bool {
    const VARIABLE: &str = "BURN_LOSSES_TEST_ALONE";
    if std::env::var_os(VARIABLE).is_some() {
        return true;
    }
    let binary = std::env::current_exe().expect("this binary");
    let output = std::process::Command::new(binary)
        .args([name, "--exact"])
        .env(VARIABLE, "1")
        .output()
        .expect("this binary can be started");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "nothing ran:\n{text}");
    false
}

/// The devices whose memory is this process's own, not a pool.
fn on_cpu(mut sites: Vec<Site>) -> Vec<Site> {
    sites.retain(|site| !site.is_gpu());
    sites
}

/// What is looked for would be 80 MB.
pub const SLACK: usize = 40 << 20;

const LENGTH: usize = 2048;

fn long_inputs(site: &Site) -> (Tensor<1>, Tensor<1>) {
    let case = cases()
        .into_iter()
        .find(|case| case.name == "focal")
        .expect("focal");
    let call = case.call(MEAN, &[LENGTH], Dtype::F32);
    let tensor = |list: Vec<f64>| {
        let options = (&site.device, DType::F32);
        Tensor::from_data(TensorData::new(list, [LENGTH]), options)
    };
    (tensor(call.prediction), tensor(call.target))
}

/// Drops ten thousand losses (two thousand composed ones, which each hold more and take longer) and
/// says how much memory that took. `leaf` is what they are tracked to, if anything.
pub fn dropped_losses_grow_by<const D: usize>(
    site: &Site,
    leaf: Option<Tensor<D>>,
    run_and_drop: impl Fn(),
) -> usize {
    let rounds = if site.path == Path::Chosen { 200 } else { 40 };
    growth(|| {
        for _ in 0..rounds {
            for _ in 0..50 {
                site.path.run(&run_and_drop);
            }
            if site.device.is_autodiff() {
                // Burn takes note of every operation on such a device, and forgets those whose
                // results nobody holds when a backward pass of the same graph ends.
                match &leaf {
                    Some(leaf) => (leaf.clone() * 2.0).sum().backward(),
                    None => {
                        let other = Tensor::<1>::ones([1], &site.device).require_grad();
                        (other * 2.0).sum().backward()
                    }
                };
            }
        }
    })
}

fn growth_over_losses(site: &Site, x: &Tensor<1>, t: &Tensor<1>) -> usize {
    let focal = SigmoidFocalLossConfig::new().init();
    dropped_losses_grow_by(site, x.is_tracked().then(|| x.clone()), || {
        focal.forward(x.clone() * 0.5, t.clone());
    })
}

#[test]
fn ten_thousand_losses_dropped_without_a_backward_pass_leave_no_memory_behind() {
    let name = "acceptance::memory::\
                ten_thousand_losses_dropped_without_a_backward_pass_leave_no_memory_behind";
    if !is_alone(name) {
        return;
    }
    for site in on_cpu(sites()) {
        let (x, t) = long_inputs(&site);
        let grown = growth_over_losses(&site, &x, &t);
        assert!(grown < SLACK, "{} MB more on {site}", grown >> 20);
    }
    for site in on_cpu(differentiable_sites()) {
        let (x, t) = long_inputs(&site);
        let grown = growth_over_losses(&site, &x.require_grad(), &t);
        assert!(grown < SLACK, "{} MB more on {site}, tracked", grown >> 20);
    }
}
