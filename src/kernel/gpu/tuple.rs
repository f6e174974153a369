//! A formula over samples of a few numbers each: loss, sum and derivatives in one pass. A unit has a sample.

use super::{
    element::{Evaluated, Slopes},
    formula::Named,
    memory::empty,
    sum::{Board, MOST_CUBES, UNITS, folded},
    traced::{Traced, Words, words},
    weights::{Shifts, shift_and_divisor},
};
use crate::formula::{Dual, Real, TupleFormula};
use burn::{
    backend::{TensorMetadata, cubecl::dtype_to_storage_type, ops::FloatTensorOps},
    tensor::{DType, Shape},
};
use burn_cubecl::{
    CubeBackend,
    cubecl::{self, prelude::*},
    kernel::into_contiguous,
    tensor::CubeTensor,
};

/// A formula of tuples whose kernels can be traced.
pub(crate) trait TracedTuple: Send + Sync {
    /// How many numbers are predicted of a sample, and how many its target has.
    fn widths(&self) -> [usize; 2];

    /// The loss of so many numbers.
    fn traced<'s>(&self, x: &[Traced<'s>], t: &[Traced<'s>]) -> Traced<'s>;

    /// The same with a derivative.
    fn traced_dual<'s>(&self, x: &[Dual<Traced<'s>>], t: &[Dual<Traced<'s>>]) -> Dual<Traced<'s>>;

    /// What tells formulas apart.
    fn name(&self) -> String;
}

/// A formula of numbers in lists.
///
/// # Panics
/// If there are more or fewer than the formula takes.
pub(crate) fn of_lists<F, R, const P: usize, const T: usize>(formula: &F, x: &[R], t: &[R]) -> R
where
    F: TupleFormula<P, T>,
    R: Real + Copy,
{
    let x = x.try_into().expect("as many as are predicted");
    let t = t.try_into().expect("as many as a target has");
    formula.value(x, t)
}

/// Numbers none of which is the variable.
fn fixed<'s>(numbers: &[Traced<'s>]) -> Vec<Dual<Traced<'s>>> {
    let numbers = numbers.iter();
    numbers.map(|&number| Dual::constant(number)).collect()
}

/// The loss of a sample, then its derivatives by the numbers that are asked for.
#[cube]
#[allow(unused_variables)]
fn evaluate(
    x: Sequence<f32>,
    t: Sequence<f32>,
    weight: f32,
    factor: f32,
    words: &Words,
    #[comptime] formula: Named<dyn TracedTuple>,
    #[comptime] wanted: Slopes,
) -> Sequence<f32> {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let traced = |numbers: SequenceExpand<f32>| -> Vec<Traced<'_>> {
            let numbers = numbers.into_iter();
            numbers.map(|number| Traced::new(&sheet, number)).collect()
        };
        let (x, t) = (traced(x), traced(t));
        let [weight, factor] = [weight, factor].map(|number| Traced::new(&sheet, number));
        let formula = &*formula.formula;
        let mut slopes = Vec::new();
        let mut loss = None;
        let sides = [(wanted.by_prediction, x.len()), (wanted.by_target, t.len())];
        for (side, (is_wanted, width)) in sides.into_iter().enumerate() {
            for place in 0..if is_wanted { width } else { 0 } {
                let mut numbers = [fixed(&x), fixed(&t)];
                numbers[side][place] = Dual::variable(numbers[side][place].value);
                let [x, t] = &numbers;
                let y = formula.traced_dual(x, t);
                slopes.push(y.derivative() * factor);
                loss = Some(y.value);
            }
        }
        let loss = loss.unwrap_or_else(|| formula.traced(&x, &t));
        let zero = loss.constant(0.0);
        let mut all = Sequence::<f32>::__expand_new(scope);
        for number in [loss].into_iter().chain(slopes) {
            let number = match wanted.is_weighted {
                // What weighs 0 contributes nothing, whatever it holds.
                true => weight.where_equal(0.0, zero, number * weight),
                false => number,
            };
            all.__expand_push_method(scope, number.into_scalar());
        }
        all
    })
}

#[cube(launch_unchecked, address_type = "dynamic")]
#[allow(clippy::too_many_arguments)]
fn tuple_kernel<E: Float>(
    prediction: &[E],
    target: &[E],
    weights: ComptimeOption<&[f32]>,
    weighed: ComptimeOption<&[f32]>,
    mut losses: ComptimeOption<&mut [f32]>,
    sums: ComptimeOption<&mut [f32]>,
    mut by_prediction: ComptimeOption<&mut [f32]>,
    mut by_target: ComptimeOption<&mut [f32]>,
    factor: f32,
    words: Words,
    samples: usize,
    // From a sample to the next, and from a number of it to the next.
    sample: usize,
    number: usize,
    target_sample: usize,
    target_number: usize,
    #[comptime] widths: (usize, usize),
    #[comptime] formula: Named<dyn TracedTuple>,
    #[comptime] wanted: Slopes,
    #[define(E)] _dtype: ElemType,
) {
    let (predicted, targets) = comptime!(widths);
    let mut sum = 0.0_f32;
    let mut scale = factor;
    let mut shift = 1.0_f32;
    #[comptime]
    if let ComptimeOption::Some(weighed) = weighed {
        shift = weighed[0];
        scale = factor / weighed[1];
    }
    let mut at = ABSOLUTE_POS;
    while at < samples {
        let mut x = Sequence::<f32>::new();
        #[unroll]
        for place in 0..predicted {
            x.push(f32::cast_from(prediction[at * sample + place * number]));
        }
        let mut t = Sequence::<f32>::new();
        #[unroll]
        for place in 0..targets {
            t.push(f32::cast_from(
                target[at * target_sample + place * target_number],
            ));
        }
        let mut weight = 1.0_f32;
        #[comptime]
        if let ComptimeOption::Some(weights) = weights {
            weight = weights[at] * shift;
        }
        let all = evaluate(x, t, weight, scale, &words, formula.clone(), wanted);
        #[comptime]
        if let ComptimeOption::Some(ref mut by_prediction) = by_prediction {
            #[unroll]
            for place in 0..predicted {
                by_prediction[at * sample + place * number] = all[comptime!(1 + place)];
            }
        }
        #[comptime]
        if let ComptimeOption::Some(ref mut by_target) = by_target {
            let first = comptime!(if wanted.by_prediction {
                1 + predicted
            } else {
                1
            });
            #[unroll]
            for place in 0..targets {
                by_target[at * target_sample + place * target_number] =
                    all[comptime!(first + place)];
            }
        }
        #[comptime]
        if let ComptimeOption::Some(ref mut losses) = losses {
            losses[at] = all[0];
        }
        sum += all[0];
        at += CUBE_COUNT * (CUBE_DIM as usize);
    }
    #[comptime]
    if let ComptimeOption::Some(sums) = sums {
        let sum = Board::new().sum_of_cube(sum);
        if UNIT_POS == 0 {
            sums[CUBE_POS] = sum;
        }
    }
}

/// Everything a loss of tuples is computed from; at least one sample.
pub(crate) struct Tuples {
    pub formula: Named<dyn TracedTuple>,
    /// `[N, P]`
    pub prediction: CubeTensor,
    /// `[N, T]`
    pub target: CubeTensor,
    /// `[N]`, `f32`.
    pub weights: Option<CubeTensor>,
    /// What the sum of the losses, and each derivative, is multiplied with; `None` where each loss is wanted.
    pub factor: Option<f64>,
    /// Whether they are divided by the sum of the weights.
    pub mean: Option<Shifts>,
    pub by_prediction: bool,
    pub by_target: bool,
}

/// Samples in row-major order, or the planes of their numbers where it is these that lie so.
struct Laid {
    tensor: CubeTensor,
    is_planar: bool,
}

impl Laid {
    fn new(tensor: CubeTensor) -> Self {
        let is_planar = !tensor.is_contiguous()
            && CubeBackend::float_swap_dims(tensor.clone(), 0, 1).is_contiguous();
        let tensor = match is_planar {
            true => CubeBackend::float_swap_dims(tensor, 0, 1),
            false => into_contiguous(tensor),
        };
        Self { tensor, is_planar }
    }

    /// From a sample to the next, and from a number of it to the next.
    fn strides(&self) -> [usize; 2] {
        let shape = self.tensor.shape();
        match self.is_planar {
            true => [1, shape[1]],
            false => [shape[1], 1],
        }
    }

    /// A tensor that lies as this does, as samples `[N, width]`.
    fn as_samples(&self, tensor: CubeTensor) -> CubeTensor {
        match self.is_planar {
            true => CubeBackend::float_swap_dims(tensor, 0, 1),
            false => tensor,
        }
    }
}

/// Evaluates a formula. Its derivatives by the prediction are written over that, where nobody else has it.
pub(crate) fn tuples(call: Tuples) -> Evaluated {
    let samples = call.prediction.shape()[0];
    let [predicted, targets] = call.formula.formula.widths();
    let (prediction, target) = (Laid::new(call.prediction), Laid::new(call.target));
    let weights = call.weights.map(into_contiguous);
    let weighed = match (&weights, call.mean) {
        (Some(weights), Some(shifts)) => Some(shift_and_divisor(weights, shifts)),
        _ => None,
    };
    let client = prediction.tensor.client.clone();
    let dtype = prediction.tensor.dtype;
    let empty = |shape: Shape| empty(&target.tensor, shape);
    let cubes = samples.div_ceil(UNITS).clamp(1, MOST_CUBES);
    let losses = call.factor.is_none().then(|| empty(Shape::new([samples])));
    let sums = call.factor.is_some().then(|| empty(Shape::new([cubes])));
    let is_in_place = call.by_prediction && dtype == DType::F32 && prediction.tensor.can_mut();
    let fresh = (call.by_prediction && !is_in_place).then(|| empty(prediction.tensor.shape()));
    let by_target = call.by_target.then(|| empty(target.tensor.shape()));
    let overwritten = is_in_place.then(|| prediction.tensor.clone());
    let by_prediction = match is_in_place {
        true => Some(prediction.tensor.as_tensor_alias(0).into_buffer_arg()),
        false => fresh.clone().map(CubeTensor::into_buffer_arg),
    };
    let address = [&prediction.tensor, &target.tensor]
        .map(CubeTensor::required_address_type)
        .into_iter()
        .max()
        .expect("two tensors");
    let wanted = Slopes {
        by_prediction: call.by_prediction,
        by_target: call.by_target,
        is_weighted: weights.is_some(),
    };
    let ([sample, number], [target_sample, target_number]) =
        (prediction.strides(), target.strides());
    let argument = |tensor: &Option<CubeTensor>| tensor.clone().map(CubeTensor::into_buffer_arg);
    // SAFETY: prediction and target have as many numbers of each sample as the kernel reads, the weights and what is written
    // as many samples; nothing but the derivatives by the prediction shares memory with an input, and those of a sample are
    // written after all of its numbers were read.
    unsafe {
        tuple_kernel::launch_unchecked(
            &client,
            CubeCount::Static(cubes as u32, 1, 1),
            CubeDim::new_1d(UNITS as u32),
            address,
            prediction.tensor.clone().into_buffer_arg(),
            target.tensor.clone().into_buffer_arg(),
            argument(&weights).into(),
            argument(&weighed).into(),
            argument(&losses).into(),
            argument(&sums).into(),
            by_prediction.into(),
            argument(&by_target).into(),
            call.factor.unwrap_or(1.0) as f32,
            words(),
            samples,
            sample,
            number,
            target_sample,
            target_number,
            (predicted, targets),
            call.formula,
            wanted,
            dtype_to_storage_type(dtype),
        );
    }
    let loss = match (losses, sums, call.factor) {
        (Some(losses), ..) => losses,
        (None, Some(sums), Some(factor)) => folded(sums, factor, weighed),
        _ => unreachable!("either each loss or their sum"),
    };
    let by_prediction = fresh.or(overwritten);
    Evaluated {
        loss,
        by_prediction: by_prediction.map(|tensor| prediction.as_samples(tensor)),
        by_target: by_target.map(|tensor| target.as_samples(tensor)),
    }
}
