//! The losses write over memory where nobody sees it, and let go of all they hold.

use crate::{
    acceptance::memory::{SLACK, dropped_losses_grow_by, is_alone},
    support::{
        Dtype, Method, Site, differentiable_sites, sites,
        softmax::{
            RowCall, RowCase, RowLoss, Targets, call::classes_tensor, cases::row_case, row_cases,
        },
        tensors::{Layout, Read},
    },
};
use burn::tensor::{Int, Tensor};
use burn_losses::Reduction;

const MEAN: Method = Method::Reduced(Reduction::Mean);

fn logits_and_classes(call: &RowCall, site: &Site) -> (Tensor<2>, Tensor<1, Int>) {
    let Targets::Classes(classes) = &call.targets else {
        panic!("classes");
    };
    let plain = Layout::Contiguous;
    (
        plain.floats(&call.logits, &call.shape, call.dtype, site),
        classes_tensor(plain, classes, &call.row_shape(), site),
    )
}

fn inputs(case: &RowCase, site: &Site) -> (Tensor<2>, Tensor<1, Int>) {
    logits_and_classes(&case.call(MEAN, &[8, 5], Dtype::F32), site)
}

fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    Read::of(tensor).values
}

fn loss_of(case: &RowCase, classes: usize) -> RowLoss {
    RowLoss::like(&case.oracle(classes), Reduction::Mean)
}

#[test]
fn a_copy_of_the_logits_keeps_its_values() {
    for case in row_cases() {
        let loss = loss_of(&case, 5);
        for site in differentiable_sites() {
            let (leaf, targets) = inputs(&case, &site);
            let leaf = leaf.require_grad();
            // The result of an operation, which the loss may own alone.
            let logits = leaf.clone() * 0.5;
            let copy = logits.clone();
            let before = read(logits.clone());
            let value = site.path.run(|| loss.forward(logits, targets.clone()));
            let what = format!("{} on {site}", case.name);
            assert_eq!(read(copy.clone()), before, "{what}, after forward");
            let gradients = value.backward();
            assert_eq!(read(copy), before, "{what}, after backward");
            let kept = read(leaf.grad(&gradients).expect("a gradient"));

            // Without the copy the gradient is the same.
            let alone = leaf.clone() * 0.5;
            let value = site.path.run(|| loss.forward(alone, targets));
            let alone = read(leaf.grad(&value.backward()).expect("a gradient"));
            assert_eq!(alone, kept, "{what}");
        }
    }
}

#[test]
fn a_copy_of_shares_and_of_untracked_logits_keeps_its_values() {
    let case = row_case("ce");
    let loss = loss_of(&case, 5);
    for site in sites() {
        let (logits, targets) = inputs(&case, &site);
        let shares = burn::tensor::activation::softmax(logits.clone(), 1);
        let before = (read(logits.clone()), read(shares.clone()));
        let copies = (logits.clone(), shares.clone());
        site.path.run(|| loss.forward(logits, targets));
        let (logits, shares) = (copies.0.clone(), copies.1.clone());
        site.path
            .run(|| loss.on_probabilities(logits, shares).reduce());
        assert_eq!((read(copies.0), read(copies.1)), before, "on {site}");
    }
}

#[test]
fn a_tensor_that_shares_memory_with_the_logits_keeps_its_values() {
    for case in row_cases() {
        for site in differentiable_sites() {
            let (leaf, targets) = inputs(&case, &site);
            let leaf = leaf.require_grad();
            let views: [fn(Tensor<2>) -> Tensor<2>; 3] = [
                |whole| whole.slice_dim(0, 2..6),
                |whole| whole.slice_dim(1, 0..3),
                |whole| whole.reshape([10, 4]).slice_dim(0, 0..8),
            ];
            for view in views {
                let whole = leaf.clone() * 0.5;
                let before = read(whole.clone());
                let part = view(whole.clone());
                let [rows, classes] = part.dims();
                // A class that every part has.
                let targets = targets.clone().slice_dim(0, 0..rows).clamp(0, 2);
                let loss = loss_of(&case, classes);
                let value = site.path.run(|| loss.forward(part, targets));
                assert_eq!(read(whole.clone()), before, "{} on {site}", case.name);
                value.backward();
                assert_eq!(read(whole), before, "{} on {site}", case.name);
            }
        }
    }
}

#[test]
fn another_use_of_the_logits_keeps_its_gradient() {
    for case in row_cases() {
        let loss = loss_of(&case, 5);
        for site in differentiable_sites() {
            let (start, targets) = inputs(&case, &site);
            let gradient = |value: &dyn Fn(Tensor<2>) -> Tensor<1>| {
                let leaf = start.clone().require_grad();
                let gradients = value(leaf.clone() * 0.5).backward();
                read(leaf.grad(&gradients).expect("a gradient"))
            };
            let by_loss = |x: Tensor<2>| site.path.run(|| loss.forward(x, targets.clone()));
            let alone = gradient(&by_loss);
            let other = gradient(&|x| (x.clone() * x).sum());
            let before = gradient(&|x| (x.clone() * x.clone()).sum() + by_loss(x));
            let after = gradient(&|x| by_loss(x.clone()) + (x.clone() * x).sum());
            for (i, (alone, other)) in alone.iter().zip(other).enumerate() {
                let (sum, size) = (alone + other, alone.abs() + other.abs());
                let near = |got: f64| (got - sum).abs() <= 1e-6 * size;
                assert!(
                    near(before[i]) && near(after[i]),
                    "{} on {site}, element {i}",
                    case.name
                );
            }
        }
    }
}

#[test]
fn a_loss_of_logits_against_themselves_has_both_gradients() {
    let case = row_case("ce");
    let loss = loss_of(&case, 5);
    for site in differentiable_sites() {
        // Numbers that are logits and probabilities.
        let start = || burn::tensor::activation::softmax(inputs(&case, &site).0, 1);
        let leaf = start().require_grad();
        let value = site
            .path
            .run(|| loss.on_probabilities(leaf.clone(), leaf.clone()).reduce());
        let both = read(leaf.grad(&value.backward()).expect("a gradient"));

        // Not a clone: that would be the same leaf.
        let (x, t) = (start().require_grad(), start().require_grad());
        let value = site
            .path
            .run(|| loss.on_probabilities(x.clone(), t.clone()).reduce());
        let gradients = value.backward();
        let by_logits = read(x.grad(&gradients).expect("a gradient"));
        let by_shares = read(t.grad(&gradients).expect("a gradient"));
        for (i, both) in both.iter().enumerate() {
            let sum = by_logits[i] + by_shares[i];
            assert!((both - sum).abs() <= 1e-6, "[{i}] on {site}: {both}, {sum}");
        }
    }
}

#[test]
fn ten_thousand_losses_dropped_without_a_backward_pass_leave_no_memory_behind() {
    let name = "softmax::acceptance::memory::\
                ten_thousand_losses_dropped_without_a_backward_pass_leave_no_memory_behind";
    if !is_alone(name) {
        return;
    }
    let case = row_case("ce, smoothing");
    let loss = loss_of(&case, 32);
    let call = case.call(MEAN, &[64, 32], Dtype::F32);
    let grown = |site: &Site, tracked: bool| {
        let (x, t) = logits_and_classes(&call, site);
        let x = if tracked { x.require_grad() } else { x };
        dropped_losses_grow_by(site, tracked.then(|| x.clone()), || {
            loss.forward(x.clone() * 0.5, t.clone());
        })
    };
    for site in sites() {
        let grown = grown(&site, false);
        assert!(grown < SLACK, "{} MB more on {site}", grown >> 20);
    }
    for site in differentiable_sites() {
        let grown = grown(&site, true);
        assert!(grown < SLACK, "{} MB more on {site}, tracked", grown >> 20);
    }
}
