//! The memory of past embeddings and their labels.

use crate::support::differentiable_sites_and_gpu;
use burn::{
    module::Module,
    tensor::{Device, Int, Tensor},
};
use burn_losses::{ContrastiveLossConfig, CrossBatchMemory, CrossBatchMemoryConfig};

fn batch(first: i64, count: usize, device: &Device) -> (Tensor<2>, Tensor<1, Int>) {
    let labels = Tensor::arange(first..first + count as i64, device);
    let column = labels.clone().float().reshape([count, 1]);
    (Tensor::cat(vec![column.clone(), column * -1.0], 1), labels)
}

fn labels(memory: &CrossBatchMemory) -> Vec<i64> {
    memory.contents().1.into_data().iter().collect()
}

fn first_column(memory: &CrossBatchMemory) -> Vec<f32> {
    let column = memory.contents().0.slice_dim(1, 0..1);
    column.into_data().iter().collect()
}

#[test]
fn a_memory_fills_up_and_forgets_the_oldest() {
    const NONE: i64 = CrossBatchMemory::NO_LABEL;
    for site in differentiable_sites_and_gpu() {
        let memory = CrossBatchMemoryConfig::new(4, 2).init(&site.device);
        assert_eq!(labels(&memory), [NONE; 4]);
        let push = |first, count| {
            let (embeddings, labels) = batch(first, count, &site.device);
            memory.push(embeddings.require_grad(), labels);
        };
        push(1, 3);
        assert_eq!(labels(&memory), [NONE, 1, 2, 3]);
        push(4, 2);
        assert_eq!(labels(&memory), [2, 3, 4, 5]);
        assert_eq!(first_column(&memory), [2.0, 3.0, 4.0, 5.0]);
        assert!(!memory.contents().0.is_tracked());
        push(10, 6);
        assert_eq!(labels(&memory), [12, 13, 14, 15]);
    }
}

#[test]
fn a_memory_is_saved_with_what_it_holds() {
    let device = differentiable_sites_and_gpu()[0].device.clone();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("memory");
    let (embeddings, of_batch) = batch(7, 3, &device);
    let memory = CrossBatchMemoryConfig::new(4, 2).init(&device);
    memory.push(embeddings, of_batch);
    memory.clone().save_file(&path).expect("a saved memory");
    let loaded = CrossBatchMemoryConfig::new(4, 2).init(&device);
    let loaded = loaded.load_file(&path);
    assert_eq!(labels(&loaded), labels(&memory));
    assert_eq!(first_column(&loaded), first_column(&memory));
    assert!(memory.to_string().contains("capacity: 4"), "{memory}");
}

/// Free places make no difference.
#[test]
fn a_loss_sees_only_what_the_memory_holds() {
    let loss = ContrastiveLossConfig::new()
        .with_negative_margin(2.0)
        .init();
    for site in differentiable_sites_and_gpu() {
        let (embeddings, of_batch) = batch(1, 3, &site.device);
        let embeddings = embeddings + 0.5;
        let (held, of_held) = batch(2, 4, &site.device);
        let large = CrossBatchMemoryConfig::new(32, 2).init(&site.device);
        large.push(held.clone(), of_held.clone());
        let (past, past_labels) = large.contents();
        let value = |reference, labels| {
            let evaluation = loss.on(embeddings.clone(), of_batch.clone());
            let loss = evaluation.reference(reference, labels).reduce();
            loss.into_scalar::<f32>()
        };
        site.path.run(|| {
            let (some, all) = (value(past, past_labels), value(held, of_held));
            assert!((some - all).abs() < 1e-6, "{some} {all} on {site}");
            assert!(all > 0.1, "{all} on {site}");
        });
    }
}
