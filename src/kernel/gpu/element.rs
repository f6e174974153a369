//! A formula over every element of a prediction and a target: loss, sum and derivatives in one pass.

use super::{
    formula::{Named, TracedElement},
    memory::empty,
    sum::{Board, MOST_CUBES, UNITS, folded},
    traced::{Sheet, Traced},
    weights::{Shifts, shift_and_divisor},
};
use crate::formula::{Dual, Real};
use burn::{
    backend::{TensorMetadata, cubecl::dtype_to_storage_type},
    tensor::{DType, Shape},
};
use burn_cubecl::{
    cubecl::{self, prelude::*},
    kernel::into_contiguous,
    tensor::CubeTensor,
};

/// What is computed of a lane of elements.
#[cube]
#[allow(unused_variables, clippy::too_many_arguments)]
fn evaluate<N: Size>(
    x: Vector<f32, N>,
    t: Vector<f32, N>,
    parameter: Vector<f32, N>,
    weight: Vector<f32, N>,
    factor: Vector<f32, N>,
    infinity: Vector<f32, N>,
    nan: Vector<f32, N>,
    #[comptime] formula: Named<dyn TracedElement>,
    #[comptime] wanted: Slopes,
) -> (Vector<f32, N>, Vector<f32, N>, Vector<f32, N>) {
    intrinsic!(|scope| {
        let sheet = Sheet::new(scope, infinity, nan);
        let [x, t, parameter, weight, factor] =
            [x, t, parameter, weight, factor].map(|numbers| Traced::new(&sheet, numbers));
        let formula = &*formula.formula;
        let [fixed_x, fixed_t, fixed] = [x, t, parameter].map(Dual::constant);
        let zero = x.constant(0.0);
        let (mut loss, mut by_prediction, mut by_target) = (zero, zero, zero);
        if wanted.by_target {
            let y = formula.traced_dual(fixed_x, Dual::variable(t), fixed);
            (loss, by_target) = (y.value, y.derivative() * factor);
        }
        if wanted.by_prediction {
            let y = formula.traced_dual(Dual::variable(x), fixed_t, fixed);
            (loss, by_prediction) = (y.value, y.derivative() * factor);
        }
        if !wanted.by_prediction && !wanted.by_target {
            loss = formula.traced(x, t, parameter);
        }
        if wanted.is_weighted {
            // What weighs 0 contributes nothing, whatever it holds.
            [loss, by_prediction, by_target] = [loss, by_prediction, by_target]
                .map(|number| weight.where_equal(0.0, zero, number * weight));
        }
        (
            loss.into_vector(),
            by_prediction.into_vector(),
            by_target.into_vector(),
        )
    })
}

/// What a kernel computes besides the losses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Slopes {
    pub by_prediction: bool,
    pub by_target: bool,
    pub is_weighted: bool,
}

#[cube(launch_unchecked, address_type = "dynamic")]
#[allow(clippy::too_many_arguments)]
fn element_kernel<E: Float, N: Size>(
    prediction: &[Vector<E, N>],
    target: &[Vector<E, N>],
    weights: ComptimeOption<&[Vector<f32, N>]>,
    parameters: ComptimeOption<&[f32]>,
    weighed: ComptimeOption<&[f32]>,
    mut losses: ComptimeOption<&mut [Vector<f32, N>]>,
    sums: ComptimeOption<&mut [f32]>,
    mut by_prediction: ComptimeOption<&mut [Vector<f32, N>]>,
    mut by_target: ComptimeOption<&mut [Vector<f32, N>]>,
    factor: f32,
    infinity: f32,
    nan: f32,
    // Not the lengths of buffers, which some devices pad.
    lanes: usize,
    run: u32,
    parameter_count: u32,
    #[comptime] formula: Named<dyn TracedElement>,
    #[comptime] wanted: Slopes,
    #[define(E)] _dtype: ElemType,
) {
    let mut sum = Vector::<f32, N>::new(0.0_f32);
    let mut scale = factor;
    let mut shift = 1.0_f32;
    #[comptime]
    if let ComptimeOption::Some(weighed) = weighed {
        shift = weighed[0];
        scale = factor / weighed[1];
    }
    let shift = Vector::<f32, N>::new(shift);
    let scale = Vector::<f32, N>::new(scale);
    let infinity = Vector::<f32, N>::new(infinity);
    let nan = Vector::<f32, N>::new(nan);
    let mut at = ABSOLUTE_POS;
    while at < lanes {
        let x = Vector::<f32, N>::cast_from(prediction[at]);
        let t = Vector::<f32, N>::cast_from(target[at]);
        let mut weight = Vector::<f32, N>::new(1.0_f32);
        #[comptime]
        if let ComptimeOption::Some(weights) = weights {
            weight = weights[at] * shift;
        }
        let mut parameter = Vector::<f32, N>::new(1.0_f32);
        #[comptime]
        if let ComptimeOption::Some(parameters) = parameters {
            // One element a lane then.
            parameter = Vector::new(parameters[at / (run as usize) % (parameter_count as usize)]);
        }
        let (loss, slope, slope_of_target) = evaluate::<N>(
            x,
            t,
            parameter,
            weight,
            scale,
            infinity,
            nan,
            formula.clone(),
            wanted,
        );
        #[comptime]
        if let ComptimeOption::Some(ref mut by_prediction) = by_prediction {
            by_prediction[at] = slope;
        }
        #[comptime]
        if let ComptimeOption::Some(ref mut by_target) = by_target {
            by_target[at] = slope_of_target;
        }
        #[comptime]
        if let ComptimeOption::Some(ref mut losses) = losses {
            losses[at] = loss;
        }
        sum += loss;
        at += CUBE_COUNT * (CUBE_DIM as usize);
    }
    #[comptime]
    if let ComptimeOption::Some(sums) = sums {
        let mut own = 0.0_f32;
        #[unroll]
        for place in 0..N::value() {
            own += sum.extract(place);
        }
        let sum = Board::new().sum_of_cube(own);
        if UNIT_POS == 0 {
            sums[CUBE_POS] = sum;
        }
    }
}

/// Everything an element-wise loss is computed from; at least one element.
pub(crate) struct Elements {
    pub formula: Named<dyn TracedElement>,
    pub prediction: CubeTensor,
    pub target: CubeTensor,
    /// `f32`.
    pub weights: Option<CubeTensor>,
    /// `f32`, and how many elements follow one another for each.
    pub parameters: Option<(CubeTensor, usize)>,
    /// What the sum of the losses, and each derivative, is multiplied with; `None` where each loss is wanted.
    pub factor: Option<f64>,
    /// Whether they are divided by the sum of the weights.
    pub mean: Option<Shifts>,
    pub by_prediction: bool,
    pub by_target: bool,
}

/// What comes of it, in `f32`.
pub(crate) struct Evaluated {
    /// The loss of each element, or sample, or the folded sum of all.
    pub loss: CubeTensor,
    pub by_prediction: Option<CubeTensor>,
    pub by_target: Option<CubeTensor>,
}

impl Evaluated {
    /// All of it, in this order.
    pub fn into_outputs(self) -> Vec<CubeTensor> {
        let outputs = [Some(self.loss), self.by_prediction, self.by_target];
        outputs.into_iter().flatten().collect()
    }
}

/// Evaluates a formula. Its derivative by the prediction is written over that, where nobody else has it.
pub(crate) fn elements(call: Elements) -> Evaluated {
    let prediction = into_contiguous(call.prediction);
    let target = into_contiguous(call.target);
    let weights = call.weights.map(into_contiguous);
    let weighed = match (&weights, call.mean) {
        (Some(weights), Some(shifts)) => Some(shift_and_divisor(weights, shifts)),
        _ => None,
    };
    let client = prediction.client.clone();
    let (shape, dtype) = (prediction.shape(), prediction.dtype);
    let empty = |shape: Shape| empty(&target, shape);
    let elements = shape.num_elements();
    let width = match call.parameters {
        Some(_) => 1,
        None => client
            .io_optimized_vector_sizes(dtype.size())
            .find(|width| elements % *width == 0)
            .unwrap_or(1),
    };
    let lanes = elements / width;
    let cubes = lanes.div_ceil(UNITS).clamp(1, MOST_CUBES);

    let losses = call.factor.is_none().then(|| empty(shape.clone()));
    let sums = call.factor.is_some().then(|| empty(Shape::new([cubes])));
    let is_in_place = call.by_prediction && dtype == DType::F32 && prediction.can_mut();
    let fresh = (call.by_prediction && !is_in_place).then(|| empty(shape.clone()));
    let by_target = call.by_target.then(|| empty(shape));
    let overwritten = is_in_place.then(|| prediction.clone());
    let by_prediction = match is_in_place {
        true => Some(prediction.as_tensor_alias(0).into_buffer_arg()),
        false => fresh.clone().map(CubeTensor::into_buffer_arg),
    };
    let address = [&prediction, &target]
        .map(CubeTensor::required_address_type)
        .into_iter()
        .max()
        .expect("two tensors");
    let wanted = Slopes {
        by_prediction: call.by_prediction,
        by_target: call.by_target,
        is_weighted: weights.is_some(),
    };
    let (parameters, run) = call.parameters.unzip();
    let parameter_count = parameters
        .as_ref()
        .map_or(1, |parameters| parameters.shape().num_elements());
    let argument = |tensor: &Option<CubeTensor>| tensor.clone().map(CubeTensor::into_buffer_arg);
    // SAFETY: prediction, target, weights and what is written have as many elements as the kernel visits; parameters are
    // indexed within their length; nothing but the derivative by the prediction shares memory with an input, and an element
    // of it is written after it was read.
    unsafe {
        element_kernel::launch_unchecked(
            &client,
            CubeCount::Static(cubes as u32, 1, 1),
            CubeDim::new_1d(UNITS as u32),
            address,
            width,
            prediction.into_buffer_arg(),
            target.into_buffer_arg(),
            argument(&weights).into(),
            argument(&parameters).into(),
            argument(&weighed).into(),
            argument(&losses).into(),
            argument(&sums).into(),
            by_prediction.into(),
            argument(&by_target).into(),
            call.factor.unwrap_or(1.0) as f32,
            f32::INFINITY,
            f32::NAN,
            lanes,
            run.unwrap_or(1) as u32,
            parameter_count as u32,
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
    Evaluated {
        loss,
        by_prediction: fresh.or(overwritten),
        by_target,
    }
}
