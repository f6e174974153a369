//! Losses of a linear layer's outputs, a block of rows at a time.
//!
//! Never more than a block of logits is held. Each becomes its gradient in place, from which products are what the layer and
//! its inputs get.

use super::{
    in_f32,
    rows::RowPlan,
    stream::{Inputs, enqueue},
};
use crate::{
    backend::{
        extension::Weights,
        fused::FusedLinear,
        linear::{Differentiated, LinearCall},
    },
    kernel::gpu::{self, FoldOnDevice, Losses, RowLists, RowTargets, RowWeights},
};
use burn::{
    backend::{
        Cube, TensorMetadata,
        ops::{FloatTensorOps, IntTensorOps},
    },
    tensor::{Shape, Slice},
};
use burn_cubecl::{CubeBackend, tensor::CubeTensor};
use core::ops::Range;

/// How many logits a block has at most, unless the smallest block has more: 256 MB. A few in unit tests.
const BLOCK: usize = if cfg!(test) { 512 } else { 64 << 20 };

/// Blocks have a multiple of so many rows, as tiles of products do.
const ROWS: usize = 64;

impl FusedLinear for Cube {
    fn differentiate_linear(call: LinearCall<Self>) -> Differentiated<Self> {
        let shapes = call.operands.each_ref().map(|operand| operand.shape());
        let plan = RowPlan::new(call.row, false, call.classes.dtype(), call.fold);
        let weights = match call.weights {
            Weights::Equal => None,
            Weights::Each(weights) => Some(in_f32(weights)),
        };
        let is_weighted = weights.is_some();
        let gradients = call.gradients;
        let loss = match call.fold {
            Some(_) => Shape::new([1]),
            None => Shape::new([shapes[0][0]]),
        };
        let mut outputs = vec![loss];
        outputs.extend((0..3).filter(|&i| gradients[i]).map(|i| shapes[i].clone()));
        let lists = plan.lists_beside(&call.operands[0]);
        let mut inputs = Vec::from(call.operands);
        inputs.push(call.classes);
        inputs.extend(weights);
        inputs.extend(lists);
        let work = move |inputs: Inputs<'_>| {
            let layer = Layer::of(inputs, &plan, is_weighted);
            layer.evaluate(&plan, gradients)
        };
        let mut outputs = enqueue("burn_losses::linear_softmax", inputs, &outputs, work);
        let mut next = || outputs.next().expect("an output of the operation");
        Differentiated {
            loss: next(),
            gradients: gradients.map(|is_wanted| is_wanted.then(&mut next)),
        }
    }
}

/// A linear layer with what its outputs are compared with.
struct Layer {
    /// `[N, H]`
    hidden: CubeTensor,
    /// `[V, H]`
    weight: CubeTensor,
    /// `[N]`
    classes: CubeTensor,
    weights: Option<RowWeights>,
    /// With the bias of the layer.
    lists: RowLists,
    /// What gradients of a mean are multiplied with, before they are with hidden states: these may be large.
    of_mean: Option<CubeTensor>,
}

impl Layer {
    fn of(mut inputs: Inputs<'_>, plan: &RowPlan, is_weighted: bool) -> Self {
        let (hidden, weight, bias) = (inputs.float(), inputs.float(), inputs.float());
        let classes = inputs.int();
        let weights = inputs.float_if(is_weighted);
        let weights = weights.map(|weights| plan.weights(weights));
        let lists = plan.lists_of(&mut inputs);
        let class_count = weight.shape()[0];
        Self {
            of_mean: plan.scale_of_mean(&classes, weights.as_ref(), &lists, class_count),
            hidden,
            weight,
            classes,
            weights,
            lists: RowLists {
                offsets: Some(bias),
                ..lists
            },
        }
    }

    /// The loss, and the gradients that are wanted.
    fn evaluate(&self, plan: &RowPlan, wanted: [bool; 3]) -> Vec<CubeTensor> {
        let [rows, classes] = [&self.hidden, &self.weight].map(|points| points.shape()[0]);
        let per_block = (BLOCK / classes / ROWS).max(1) * ROWS;
        let blocks = || {
            (0..rows)
                .step_by(per_block)
                .map(|first| first..rows.min(first + per_block))
        };
        let is_folded = plan.fold() != FoldOnDevice::None;
        let cubes = |block: &Range<usize>| gpu::cubes([block.len(), classes, 1]);
        let parts = is_folded.then(|| {
            let cubes = blocks().map(|block| cubes(&block)).sum();
            gpu::empty_parts(&self.hidden, cubes)
        });
        let mut losses = Vec::new();
        let mut gradients = Gradients::new(wanted);
        let mut first_part = 0;
        for block in blocks() {
            let hidden = rows_of(&self.hidden, &block);
            let target = match &parts {
                Some(parts) => Losses::Parts(parts.clone(), first_part),
                None => {
                    let each = gpu::empty(&self.hidden, Shape::new([block.len(), 1]));
                    losses.push(each.clone());
                    Losses::Each(each)
                }
            };
            first_part += cubes(&block);
            let gradient = self.losses_of_block(plan, &block, &hidden, target, wanted);
            if let Some(gradient) = gradient {
                gradients.add(gradient, hidden, &self.weight);
            }
        }
        let loss = match parts {
            Some(parts) => gpu::folded_with_counts(parts, plan.fold()).0,
            None => CubeBackend::float_reshape(joined(losses), Shape::new([rows])),
        };
        let mut outputs = vec![loss];
        outputs.extend(gradients.finish());
        outputs
    }

    /// Writes the losses of a block of rows, and returns the gradient by their logits `[N, V]` if one is wanted.
    fn losses_of_block(
        &self,
        plan: &RowPlan,
        block: &Range<usize>,
        hidden: &CubeTensor,
        losses: Losses,
        wanted: [bool; 3],
    ) -> Option<CubeTensor> {
        let transposed = CubeBackend::float_swap_dims(self.weight.clone(), 0, 1);
        let logits = CubeBackend::float_matmul(hidden.clone(), transposed);
        let [rows, classes] = logits.shape().dims();
        let logits = CubeBackend::float_reshape(logits, Shape::new([rows, classes, 1]));
        let some = [Slice::from(block.clone())];
        let targets = RowTargets::Classes(CubeBackend::int_slice(self.classes.clone(), &some));
        let weights = self.weights.clone().map(|weights| RowWeights {
            each: CubeBackend::float_slice(weights.each.clone(), &some),
            ..weights
        });
        let mut call = plan.call(logits, targets, weights, self.lists.clone());
        call.of_mean = self.of_mean.clone();
        let gradient = gpu::row_losses(call, losses, wanted != [false; 3])?;
        Some(CubeBackend::float_reshape(
            gradient,
            Shape::new([rows, classes]),
        ))
    }
}

/// Gradients that blocks add up to.
struct Gradients {
    wanted: [bool; 3],
    by_hidden: Vec<CubeTensor>,
    by_weight: Option<CubeTensor>,
    by_bias: Option<CubeTensor>,
}

impl Gradients {
    fn new(wanted: [bool; 3]) -> Self {
        Self {
            wanted,
            by_hidden: Vec::new(),
            by_weight: None,
            by_bias: None,
        }
    }

    /// Adds what the gradient by the logits of a block is to its rows and to the layer.
    fn add(&mut self, gradient: CubeTensor, hidden: CubeTensor, weight: &CubeTensor) {
        let [to_hidden, to_weight, to_bias] = self.wanted;
        if to_hidden {
            let by_hidden = CubeBackend::float_matmul(gradient.clone(), weight.clone());
            self.by_hidden.push(by_hidden);
        }
        if to_bias {
            let by_bias = CubeBackend::float_sum_dim(gradient.clone(), 0);
            self.by_bias = Some(plus(self.by_bias.take(), by_bias));
        }
        if to_weight {
            let transposed = CubeBackend::float_swap_dims(gradient, 0, 1);
            let by_weight = CubeBackend::float_matmul(transposed, hidden);
            self.by_weight = Some(plus(self.by_weight.take(), by_weight));
        }
    }

    /// Those of hidden states, weight and bias that are wanted.
    fn finish(self) -> impl Iterator<Item = CubeTensor> {
        let by_hidden = self.wanted[0].then(|| joined(self.by_hidden));
        let by_bias = self.by_bias.map(|by_bias| {
            let classes = by_bias.shape().num_elements();
            CubeBackend::float_reshape(by_bias, Shape::new([classes]))
        });
        [by_hidden, self.by_weight, by_bias].into_iter().flatten()
    }
}

fn rows_of(points: &CubeTensor, rows: &Range<usize>) -> CubeTensor {
    CubeBackend::float_slice(points.clone(), &[Slice::from(rows.clone())])
}

fn plus(before: Option<CubeTensor>, more: CubeTensor) -> CubeTensor {
    match before {
        Some(before) => CubeBackend::float_add(before, more),
        None => more,
    }
}

fn joined(mut parts: Vec<CubeTensor>) -> CubeTensor {
    match parts.len() {
        1 => parts.remove(0),
        _ => CubeBackend::float_cat(parts, 0),
    }
}

#[cfg(all(test, feature = "wgpu", feature = "flex"))]
mod tests {
    use crate::{LinearCrossEntropyLossConfig, OutputLayer, Reduction};
    use burn::tensor::{Device, DeviceKind, Int, Tensor};

    fn points(count: usize, width: usize, seed: usize, device: &Device) -> Tensor<2> {
        let numbers = (0..count * width).map(|i| ((i * 31 + seed * 7) % 97) as f32 / 48.0 - 1.0);
        let numbers: Vec<f32> = numbers.collect();
        let points = Tensor::<1>::from_floats(&numbers[..], device);
        points.reshape([count, width]).require_grad()
    }

    fn outcome(device: &Device, reduction: Option<Reduction>) -> Vec<f32> {
        let (rows, classes, width) = (150, 9, 5);
        let hidden = points(rows, width, 1, device);
        let weight = points(classes, width, 2, device);
        let bias = points(1, classes, 3, device);
        let targets: Vec<i64> = (0..rows as i64).map(|row| row % 10 - 1).collect();
        let targets = Tensor::<1, Int>::from_ints(&targets[..], device);
        let loss = LinearCrossEntropyLossConfig::new()
            .with_ignore_index(Some(-1))
            .with_class_weights(Some((1..=classes).map(|c| c as f64).collect()))
            .init();
        let layer = OutputLayer::with_rows(weight.clone());
        let layer = layer.with_bias(bias.clone().squeeze_dim::<1>(0));
        let evaluation = loss.on(hidden.clone(), layer, targets);
        let losses = match reduction {
            Some(reduction) => evaluation.reduction(reduction).reduce(),
            None => evaluation.each::<1>(),
        };
        let gradients = losses.clone().sum().backward();
        let mut numbers: Vec<f32> = losses.into_data().iter().collect();
        for leaf in [hidden, weight, bias] {
            let gradient = leaf.grad(&gradients).expect("tracked");
            numbers.extend(gradient.into_data().iter::<f32>());
        }
        numbers
    }

    /// Blocks are small in unit tests, so these rows take several.
    #[test]
    fn several_blocks_add_up() {
        let cpu = Device::flex().autodiff();
        let gpu = Device::wgpu(DeviceKind::DefaultDevice).autodiff();
        for reduction in [Some(Reduction::Mean), Some(Reduction::Sum), None] {
            let [expected, found] = [&cpu, &gpu].map(|device| outcome(device, reduction));
            assert_eq!(expected.len(), found.len());
            for (expected, found) in expected.into_iter().zip(found) {
                let off = (expected - found).abs();
                assert!(off <= 1e-5 * (1.0 + expected.abs()), "{found} {expected}");
            }
        }
    }
}
