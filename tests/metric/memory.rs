//! The memory of past embeddings and their labels.

use crate::support::differentiable_sites_and_gpu;
use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{Device, Int, Tensor},
};
use burn_losses::{ContrastiveLossConfig, CrossBatchMemory, CrossBatchMemoryConfig};
use std::{
    sync::mpsc::channel,
    thread::{self, JoinHandle},
    time::Duration,
};

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

/// Pushes a batch on another thread once embeddings have been seen and labels have not, and gives that a while.
struct Pusher {
    memory: CrossBatchMemory,
    device: Device,
    embeddings: Vec<i64>,
    labels: Vec<i64>,
    push: Option<JoinHandle<()>>,
}

impl Pusher {
    fn new(memory: &CrossBatchMemory, device: &Device) -> Self {
        Self {
            memory: memory.clone(),
            device: device.clone(),
            embeddings: vec![],
            labels: vec![],
            push: None,
        }
    }

    fn push_before(&mut self, name: &str) {
        if name != "labels" {
            return;
        }
        let (memory, device) = (self.memory.clone(), self.device.clone());
        let (done, is_done) = channel();
        self.push = Some(thread::spawn(move || {
            let (embeddings, labels) = batch(20, 2, &device);
            memory.push(embeddings, labels);
            let _ = done.send(()); // Nobody may be waiting any more.
        }));
        let _ = is_done.recv_timeout(Duration::from_millis(200));
    }

    /// What was seen, once the push is through.
    fn seen(self) -> (Vec<i64>, Vec<i64>) {
        let push = self.push.expect("a push");
        push.join().expect("a push that did not panic");
        (self.embeddings, self.labels)
    }
}

fn first_of_each<const D: usize>(tensor: Tensor<D>) -> Vec<i64> {
    let column = tensor.slice_dim(1, 0..1).int();
    column.into_data().iter().collect()
}

impl ModuleVisitor for Pusher {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.push_before(name);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.embeddings = first_of_each(param.val());
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        self.labels = param.val().into_data().iter().collect();
    }
}

impl ModuleMapper for Pusher {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.push_before(name);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.embeddings = first_of_each(param.val());
        param
    }

    fn map_int<const D: usize>(&mut self, param: Param<Tensor<D, Int>>) -> Param<Tensor<D, Int>> {
        self.labels = param.val().into_data().iter().collect();
        param
    }
}

/// A memory that is saved, loaded or mapped while another thread pushes has labels and embeddings of the same pushes.
#[test]
fn embeddings_and_labels_stay_together_while_others_push() {
    for site in differentiable_sites_and_gpu() {
        let memory = CrossBatchMemoryConfig::new(4, 2).init(&site.device);
        let (embeddings, of_batch) = batch(1, 4, &site.device);
        memory.push(embeddings, of_batch);

        let mut visitor = Pusher::new(&memory, &site.device);
        memory.visit(&mut visitor);
        assert_eq!(visitor.seen(), (vec![1, 2, 3, 4], vec![1, 2, 3, 4]));
        assert_eq!(labels(&memory), [3, 4, 20, 21]);

        let mut mapper = Pusher::new(&memory, &site.device);
        let memory = memory.map(&mut mapper);
        assert_eq!(mapper.seen(), (vec![3, 4, 20, 21], vec![3, 4, 20, 21]));
        assert_eq!(labels(&memory), [20, 21, 20, 21]);
        assert_eq!(first_column(&memory), [20.0, 21.0, 20.0, 21.0]);
    }
}

/// The same for copies that are made for validation.
#[test]
fn a_copy_is_of_one_moment() {
    const WIDE: usize = 256; // So that a push takes its time.
    let device = differentiable_sites_and_gpu()[0].device.clone();
    let memory = CrossBatchMemoryConfig::new(2, WIDE).init(&device);
    thread::scope(|scope| {
        let pushes = scope.spawn(|| {
            for label in 0..400 {
                let embeddings = Tensor::full([2, WIDE], label, &device);
                memory.push(embeddings, Tensor::full([2], label, &device));
            }
        });
        while !pushes.is_finished() {
            let copy = memory.valid();
            let of_copy = labels(&copy);
            if of_copy[0] != CrossBatchMemory::NO_LABEL {
                let expected: Vec<f32> = of_copy.iter().map(|&label| label as f32).collect();
                assert_eq!(first_column(&copy), expected);
            }
        }
    });
}
