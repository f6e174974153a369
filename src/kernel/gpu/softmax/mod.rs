//! A loss of softmax rows and its gradient.

mod count;
mod formulas;
mod kernel;
mod kind;
mod logits;
mod peak;
mod slices;
mod target;

use super::{
    memory::{empty, empty_of},
    sum::{FoldOnDevice, MOST_CUBES, UNITS, folded_with_counts},
    traced::words,
    weights::{Shifts, shift_and_divisor},
};
use burn::{
    backend::{TensorMetadata, cubecl::dtype_to_storage_type},
    tensor::{DType, Shape},
};
use burn_cubecl::{cubecl::prelude::*, kernel::into_contiguous, tensor::CubeTensor};
use kernel::softmax_kernel;
use kind::{Plan, Step};
use logits::CommonLaunch;

pub(super) use {
    count::Counted,
    logits::{AHEAD, RowAt, read_ahead},
    peak::Peak,
    target::Softmax,
};
pub(crate) use {count::scale_of_rows, kind::RowKind};

/// Everything a loss of softmax rows is computed from; at least one logit.
pub(crate) struct SoftmaxRows {
    pub kind: RowKind,
    /// The class that stands for no target, which the type of classes holds.
    pub ignored: Option<i64>,
    /// `[N, C, K]`
    pub logits: CubeTensor,
    pub targets: RowTargets,
    pub row_weights: Option<RowWeights>,
    pub lists: RowLists,
    pub scale: f64,
    pub smoothing: f64,
    pub z_loss: f64,
    pub factor: f64,
    pub fold: FoldOnDevice,
    /// What gradients are multiplied with besides.
    pub of_mean: Option<CubeTensor>,
}

/// What rows are compared with.
pub(crate) enum RowTargets {
    /// The class of each, `[N, K]`.
    Classes(CubeTensor),
    /// The share of each class, `[N, C, K]`.
    Shares(CubeTensor),
}

/// Weights of rows, in `f32`.
#[derive(Clone)]
pub(crate) struct RowWeights {
    /// `[N, K]`
    pub each: CubeTensor,
    /// What they are multiplied with, where they count in a mean.
    pub shift: Option<CubeTensor>,
}

impl RowWeights {
    pub fn new(weights: CubeTensor, shifts: Option<Shifts>) -> Self {
        let each = into_contiguous(weights);
        let shift = shifts.map(|shifts| shift_and_divisor(&each, shifts));
        Self { each, shift }
    }
}

/// Numbers of the classes, in `f32`.
#[derive(Clone)]
pub(crate) struct RowLists {
    /// What is added to logits before all else.
    pub offsets: Option<CubeTensor>,
    pub bias: Option<CubeTensor>,
    pub weights: Option<CubeTensor>,
    pub counts: Option<CubeTensor>,
    pub margins: Option<CubeTensor>,
}

/// What comes of it, in `f32`.
pub(crate) struct SoftmaxRowsOutcome {
    /// The loss of each row, `[N, K]`, or one number.
    pub loss: CubeTensor,
    /// What the gradient is computed from, besides what the loss was.
    pub left: Option<CubeTensor>,
    /// What the gradient has yet to be multiplied with.
    pub scale: Option<CubeTensor>,
}

/// Where the losses of rows go.
pub(crate) enum Losses {
    /// Each of them, `[N, K]`.
    Each(CubeTensor),
    /// For each cube its sums of losses, of counts and of their sizes, from a part on.
    Parts(CubeTensor, usize),
}

/// How many cubes work on rows of logits of that shape, `[N, C, K]`.
pub(crate) fn cubes(shape: [usize; 3]) -> usize {
    let [outer, count, inner] = shape;
    let plan = Plan::new(count, inner);
    let rows_of_cube = UNITS / plan.units as usize;
    (outer * inner * Plan::slices(shape))
        .div_ceil(rows_of_cube)
        .clamp(1, 16 * MOST_CUBES)
}

/// How many numbers are left for the gradient of rows of logits of that shape.
pub(crate) fn numbers_left(shape: [usize; 3]) -> usize {
    let rows = shape[0] * shape[2];
    slices::numbers(rows, rows * Plan::slices(shape))
}

/// Memory for the parts of so many cubes.
pub(crate) fn empty_parts(beside: &CubeTensor, cubes: usize) -> CubeTensor {
    empty(beside, Shape::new([3 * cubes]))
}

/// Evaluates a loss of rows, and leaves what its gradient is computed from if that will be wanted.
pub(crate) fn softmax_rows(call: SoftmaxRows, keep: bool) -> SoftmaxRowsOutcome {
    let [outer, count, inner] = call.logits.shape().dims();
    let fold = call.fold;
    let losses = |losses| Work {
        losses: Some(losses),
        keep,
        ..Work::default()
    };
    match fold {
        FoldOnDevice::None => {
            let each = empty(&call.logits, [outer, inner]);
            let (_, left) = work_on_rows(call, losses(Losses::Each(each.clone())));
            SoftmaxRowsOutcome {
                loss: each,
                left,
                scale: None,
            }
        }
        _ => {
            let parts = empty_parts(&call.logits, cubes([outer, count, inner]));
            let (_, left) = work_on_rows(call, losses(Losses::Parts(parts.clone(), 0)));
            let (loss, scale) = folded_with_counts(parts, fold);
            SoftmaxRowsOutcome { loss, left, scale }
        }
    }
}

/// The gradient of a loss of rows, times one upstream gradient or that of each row. It is written over the logits, where
/// nobody else has them.
pub(crate) fn softmax_rows_gradient(
    call: SoftmaxRows,
    left: CubeTensor,
    upstream: CubeTensor,
) -> CubeTensor {
    let (gradient, _) = work_on_rows(
        call,
        Work {
            gradient: true,
            later: Some([left, upstream]),
            ..Work::default()
        },
    );
    gradient.expect("it is wanted")
}

/// Writes losses and returns the gradient, if it is wanted. That is written over the logits, where nobody else has them.
pub(crate) fn row_losses(call: SoftmaxRows, losses: Losses, gradient: bool) -> Option<CubeTensor> {
    let work = Work {
        losses: Some(losses),
        gradient,
        ..Work::default()
    };
    work_on_rows(call, work).0
}

/// What is done with rows.
#[derive(Default)]
struct Work {
    /// Where losses go, if they are wanted.
    losses: Option<Losses>,
    /// Whether the gradient is wanted...
    gradient: bool,
    /// ... or what it is computed from later, ...
    keep: bool,
    /// ... which this is, and the upstream gradient.
    later: Option<[CubeTensor; 2]>,
}

/// Does it, and returns the gradient and what is left for it, each where it is wanted.
fn work_on_rows(call: SoftmaxRows, work: Work) -> (Option<CubeTensor>, Option<CubeTensor>) {
    let Work {
        losses,
        gradient,
        keep,
        later,
    } = work;
    let (given, upstream) = match later {
        Some([left, upstream]) => (Some(left), Some(into_contiguous(upstream))),
        None => (None, None),
    };
    let logits = into_contiguous(call.logits);
    let (classes, shares) = match call.targets {
        RowTargets::Classes(classes) => (Some(into_contiguous(classes)), None),
        RowTargets::Shares(shares) => (None, Some(into_contiguous(shares))),
    };
    let (row_weights, shift) = match call.row_weights {
        Some(RowWeights { each, shift }) => (Some(into_contiguous(each)), shift),
        None => (None, None),
    };
    let lists = call.lists;
    let client = logits.client.clone();
    let (shape, dtype) = (logits.shape(), logits.dtype);
    let [outer, count, inner] = shape.dims();
    let rows = outer * inner;
    let cubes = cubes([outer, count, inner]);
    let plan = Plan::new(count, inner);
    let is_in_place = gradient && logits.can_mut();
    let fresh = (gradient && !is_in_place).then(|| empty_of(dtype, &logits, shape));
    let overwritten = is_in_place.then(|| logits.clone());
    let gradient = match is_in_place {
        true => Some(logits.as_tensor_alias(0).into_buffer_arg()),
        false => fresh.clone().map(CubeTensor::into_buffer_arg),
    };
    let (losses, parts, first_part) = match losses {
        Some(Losses::Each(losses)) => (Some(losses), None, 0),
        Some(Losses::Parts(parts, first)) => (None, Some(parts), first),
        None => (None, None, 0),
    };
    let address = logits.required_address_type();
    let index = classes.as_ref().map_or(DType::I32, |classes| classes.dtype);
    let argument = |tensor: &Option<CubeTensor>| tensor.clone().map(CubeTensor::into_buffer_arg);
    let common = || {
        CommonLaunch::new(
            call.scale as f32,
            call.smoothing as f32,
            (call.smoothing / count as f64) as f32,
            call.z_loss as f32,
            call.factor as f32,
            call.fold.of_gradient() as f32,
            words(),
        )
    };
    let slices = Plan::slices([outer, count, inner]);
    let upstream_stride = match &upstream {
        Some(upstream) if upstream.shape().num_elements() == rows => 1,
        _ => 0,
    };
    let is_new = given.is_none();
    let left = given.or_else(|| {
        let numbers = numbers_left([outer, count, inner]);
        (slices > 1 || keep).then(|| empty(&logits, [numbers]))
    });
    let run = |step: Step, losses: &Option<CubeTensor>, parts: &Option<CubeTensor>, gradient| {
        // SAFETY: every tensor of rows or of logits has as many elements as the shape of the logits says, those of classes
        // one for each class; an index of a class that is none is not used. Each cube writes its own parts, of which there
        // are as many as cubes, and each slice its own numbers. Only the gradient shares memory with an input; an element of
        // it is written by the unit that has read it, after all have read the others.
        unsafe {
            softmax_kernel::launch_unchecked(
                &client,
                CubeCount::Static(cubes as u32, 1, 1),
                CubeDim::new_1d(UNITS as u32),
                address,
                logits.clone().into_buffer_arg(),
                argument(&classes).into(),
                argument(&shares).into(),
                argument(&row_weights).into(),
                argument(&shift).into(),
                argument(&lists.offsets).into(),
                argument(&lists.bias).into(),
                argument(&lists.weights).into(),
                argument(&lists.counts).into(),
                argument(&lists.margins).into(),
                argument(&call.of_mean).into(),
                argument(losses).into(),
                argument(parts).into(),
                Option::into(gradient),
                argument(&left).into(),
                argument(&upstream).into(),
                common(),
                rows as u32,
                count as u32,
                inner as u32,
                slices as u32,
                first_part as u32,
                upstream_stride,
                InputScalar::new(
                    call.ignored.unwrap_or_default(),
                    dtype_to_storage_type(index),
                ),
                call.kind.clone(),
                plan,
                step,
                dtype_to_storage_type(dtype),
                dtype_to_storage_type(index),
            );
        }
    };
    match slices {
        _ if !is_new => run(Step::Gradient, &None, &None, gradient),
        1 => run(Step::All, &losses, &parts, gradient),
        _ => {
            run(Step::Peaks, &None, &None, None);
            if call.kind.is_spread {
                run(Step::Losses, &None, &None, None);
            }
            run(Step::Gradient, &losses, &parts, gradient);
        }
    }
    (fresh.or(overwritten), left.filter(|_| keep))
}
