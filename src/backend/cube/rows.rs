//! Losses of softmax rows.

use super::{
    in_f32, list_beside,
    stream::{Inputs, enqueue, enqueue_of},
};
use crate::{
    backend::{
        extension::{RowTarget, Weights},
        fold::Fold,
        fused::FusedRows,
        row::SoftmaxRow,
        softmax::{Differentiated, RowGradient, Rows},
    },
    kernel::gpu::{
        self, FoldOnDevice, Named, RowKind, RowLists, RowTargets, RowWeights, SoftmaxRows,
        TracedClass, TracedMargin,
    },
};
use burn::{
    backend::{Cube, TensorMetadata, tensor::FloatTensor},
    tensor::{DType, Shape},
};
use burn_cubecl::tensor::CubeTensor;
use core::fmt;
use std::sync::Arc;

/// What is made of rows, as a kernel is compiled for it and called.
pub(super) struct RowPlan {
    row: Arc<SoftmaxRow>,
    kind: RowKind,
    ignored: Option<i64>,
    fold: Option<Fold>,
}

impl RowPlan {
    /// For targets of that data type.
    pub fn new(row: Arc<SoftmaxRow>, has_shares: bool, target: DType, fold: Option<Fold>) -> Self {
        let phi: Arc<dyn TracedClass> = row.phi.clone();
        let name = phi.name();
        let ignored = row
            .ignore_index
            .filter(|&index| target != DType::I32 || i32::try_from(index).is_ok());
        let kind = RowKind {
            phi: Named::new(phi, name),
            margin: row.margin.as_ref().map(|margin| {
                let margin: Arc<dyn TracedMargin> = margin.margin.clone();
                let name = margin.name();
                Named::new(margin, name)
            }),
            soft_cap: row.soft_cap.map(|cap| cap.cap.to_bits()),
            has_shares,
            divergence: row.divergence,
            is_spread: has_shares || row.smoothing != 0.0,
            is_of_target_alone: row.is_of_target_alone(),
            has_ignored: ignored.is_some(),
            has_z_loss: row.z_loss != 0.0,
        };
        Self {
            row,
            kind,
            ignored,
            fold,
        }
    }

    /// How losses become one number.
    pub fn fold(&self) -> FoldOnDevice {
        match self.fold {
            None => FoldOnDevice::None,
            Some(Fold::Sum { factor }) => FoldOnDevice::Sum(factor),
            Some(Fold::WeightedMean { factor }) => FoldOnDevice::Mean(factor),
        }
    }

    /// The lists of the loss with a number for each class, in the order of the inputs.
    fn lists(&self) -> [&[f64]; 4] {
        let row = &self.row;
        let margins = row.margin.as_ref().map(|margin| &margin.parameters[..]);
        // A mean over probabilities counts every row the same.
        let counts = match self.kind.has_shares {
            true => &[][..],
            false => &row.counts,
        };
        [&row.bias, &row.weights, counts, margins.unwrap_or(&[])]
    }

    /// These on a device.
    pub fn lists_beside(&self, tensor: &FloatTensor<Cube>) -> Vec<FloatTensor<Cube>> {
        let lists = self.lists().into_iter().filter(|list| !list.is_empty());
        lists.map(|list| list_beside(tensor, list)).collect()
    }

    /// These from the inputs of an operation.
    pub fn lists_of(&self, inputs: &mut Inputs<'_>) -> RowLists {
        let [bias, weights, counts, margins] =
            self.lists().map(|list| inputs.float_if(!list.is_empty()));
        RowLists {
            offsets: None,
            bias,
            weights,
            counts,
            margins,
        }
    }

    /// The weights of rows as they go into this fold.
    pub fn weights(&self, weights: CubeTensor) -> RowWeights {
        RowWeights::new(weights, self.fold.and_then(Fold::shifts))
    }

    /// What gradients of a mean are multiplied with, where the fold is one.
    pub fn scale_of_mean(
        &self,
        classes: &CubeTensor,
        weights: Option<&RowWeights>,
        lists: &RowLists,
        class_count: usize,
    ) -> Option<CubeTensor> {
        matches!(self.fold, Some(Fold::WeightedMean { .. })).then(|| {
            let counts = lists.counts.as_ref();
            gpu::scale_of_rows(classes, weights, counts, class_count, self.ignored)
        })
    }

    /// The call of the kernel.
    pub fn call(
        &self,
        logits: CubeTensor,
        targets: RowTargets,
        row_weights: Option<RowWeights>,
        lists: RowLists,
    ) -> SoftmaxRows {
        let row = &self.row;
        SoftmaxRows {
            kind: self.kind.clone(),
            ignored: self.ignored,
            logits,
            targets,
            row_weights,
            lists,
            scale: row.scale,
            smoothing: row.smoothing,
            z_loss: row.z_loss,
            factor: row.factor,
            fold: self.fold(),
            of_mean: None,
        }
    }
}

/// Rows and what they are compared with, as inputs of an operation.
#[derive(Clone)]
pub(in crate::backend) struct RowInputs {
    plan: Arc<RowPlan>,
    has_shares: bool,
    is_weighted: bool,
    tensors: Vec<FloatTensor<Cube>>,
}

impl RowInputs {
    fn new(call: Rows<Cube>) -> Self {
        let (target, has_shares) = match call.target {
            RowTarget::Classes(classes) => (classes, false),
            RowTarget::Shares(shares) => (shares, true),
        };
        let plan = RowPlan::new(call.row, has_shares, target.dtype(), call.fold);
        let weights = match call.weights {
            Weights::Equal => None,
            Weights::Each(weights) => Some(in_f32(weights)),
        };
        let is_weighted = weights.is_some();
        let lists = plan.lists_beside(&call.logits);
        let mut tensors = vec![call.logits, target];
        tensors.extend(weights);
        tensors.extend(lists);
        Self {
            plan: Arc::new(plan),
            has_shares,
            is_weighted,
            tensors,
        }
    }

    /// How the call of the kernel is made of the inputs of an operation. Behind them the shift of weights is, where that is
    /// known.
    fn call(
        &self,
        is_shift_known: bool,
    ) -> impl Fn(&mut Inputs<'_>) -> SoftmaxRows + Send + Sync + use<> {
        let (plan, has_shares, is_weighted) =
            (self.plan.clone(), self.has_shares, self.is_weighted);
        move |inputs| {
            let logits = inputs.float();
            let targets = match has_shares {
                true => RowTargets::Shares(inputs.float()),
                false => RowTargets::Classes(inputs.int()),
            };
            let weights = inputs.float_if(is_weighted);
            let lists = plan.lists_of(inputs);
            let weights = weights.map(|each| match is_shift_known {
                true => RowWeights {
                    each,
                    shift: Some(inputs.float()),
                },
                false => plan.weights(each),
            });
            plan.call(logits, targets, weights, lists)
        }
    }
}

/// What the gradient of a loss of rows is computed from.
#[derive(Clone)]
pub(in crate::backend) struct LaterRows {
    inputs: RowInputs,
    left: FloatTensor<Cube>,
    /// What the gradient of a mean is multiplied with besides.
    scale: Option<FloatTensor<Cube>>,
    /// What the weights of a mean are multiplied with.
    shift: Option<FloatTensor<Cube>>,
}

impl fmt::Debug for LaterRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LaterRows").finish_non_exhaustive()
    }
}

/// Logits are read in the forward pass, and once more in the backward pass, which knows what their gradient is multiplied
/// with. A gradient that is there before has to be read and written again.
impl FusedRows for Cube {
    type Later = LaterRows;

    fn differentiate_rows(call: Rows<Self>) -> Differentiated<Self> {
        let shape = call.logits.shape();
        let [outer, count, inner] = shape.dims();
        let (fold, keep) = (call.fold, call.gradient);
        let has_scale = matches!(fold, Some(Fold::WeightedMean { .. }));
        let inputs = RowInputs::new(call);
        let has_shift = has_scale && keep && inputs.is_weighted;
        let outputs = [
            Some(match fold {
                Some(_) => Shape::new([1]),
                None => Shape::new([outer, inner]),
            }),
            keep.then(|| Shape::new([gpu::numbers_left([outer, count, inner])])),
            has_scale.then(|| Shape::new([1])),
            has_shift.then(|| Shape::new([2])),
        ];
        let outputs: Vec<_> = outputs.into_iter().flatten().collect();
        let of_inputs = inputs.call(false);
        let tensors = inputs.tensors.clone();
        let later = keep.then_some(inputs);
        let work = move |mut inputs: Inputs<'_>| {
            let call = of_inputs(&mut inputs);
            let weights = call.row_weights.clone().filter(|_| has_shift);
            let outcome = gpu::softmax_rows(call, keep);
            let shift = weights.and_then(|weights| weights.shift);
            let outputs = [Some(outcome.loss), outcome.left, outcome.scale, shift];
            outputs.into_iter().flatten().collect()
        };
        let mut outputs = enqueue("burn_losses::softmax_rows", tensors, &outputs, work);
        let mut next = || outputs.next().expect("an output of the operation");
        let loss = next();
        let gradient = later.map(|inputs| {
            RowGradient::Later(LaterRows {
                inputs,
                left: next(),
                scale: has_scale.then(&mut next),
                shift: has_shift.then(&mut next),
            })
        });
        Differentiated { loss, gradient }
    }

    fn gradient_of_rows(later: LaterRows, upstream: FloatTensor<Self>) -> FloatTensor<Self> {
        let LaterRows {
            inputs,
            left,
            scale,
            shift,
        } = later;
        let (shape, dtype) = (inputs.tensors[0].shape(), inputs.tensors[0].dtype());
        let (of_inputs, has_scale) = (inputs.call(shift.is_some()), scale.is_some());
        let mut tensors = inputs.tensors;
        tensors.extend(shift);
        tensors.extend([left, upstream]);
        tensors.extend(scale);
        let work = move |mut inputs: Inputs<'_>| {
            let call = of_inputs(&mut inputs);
            let (left, upstream) = (inputs.float(), inputs.float());
            let of_mean = inputs.float_if(has_scale);
            let call = SoftmaxRows { of_mean, ..call };
            vec![gpu::softmax_rows_gradient(call, left, upstream)]
        };
        let name = "burn_losses::softmax_rows_gradient";
        let mut outputs = enqueue_of(dtype, name, tensors, &[shape], work);
        outputs.next().expect("an output of the operation")
    }
}
