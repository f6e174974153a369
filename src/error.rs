//! What is wrong with an input, said to the person who gave it.

mod numbers;

pub(crate) use numbers::{Instead, Numbers, are_checked, check_numbers};

use crate::backend::type_of_loss;
use burn::tensor::{DType, Tensor};
use core::fmt;
use std::borrow::Cow;

/// A hyperparameter a loss cannot be built with.
///
/// # Example
/// ```
/// use burn_losses::HuberLossConfig;
///
/// let error = HuberLossConfig::new().with_delta(-1.0).try_init().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "HuberLossConfig: delta is -1, expected a finite number above 0"
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LossError {
    config: &'static str,
    field: &'static str,
    /// Of the element of a list that is wrong, where it is not the whole list.
    index: Option<usize>,
    given: String,
    expected: Cow<'static, str>,
}

impl LossError {
    /// The configuration that holds the value, `"HuberLossConfig"`.
    pub fn config(&self) -> &str {
        self.config
    }

    /// The field of the configuration that holds the value, `"delta"`.
    pub fn field(&self) -> &str {
        self.field
    }
}

impl fmt::Display for LossError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            config,
            field,
            index,
            given,
            expected,
        } = self;
        write!(f, "{config}: {field}")?;
        if let Some(index) = index {
            write!(f, "[{index}]")?;
        }
        write!(f, " is {given}, expected {expected}")
    }
}

impl core::error::Error for LossError {}

/// What a configuration has built.
///
/// # Panics
/// If a hyperparameter is out of its range, at the line that asked for it.
#[track_caller]
pub(crate) fn built<T>(result: Result<T, LossError>) -> T {
    match result {
        Ok(built) => built,
        Err(error) => panic!("{error}"),
    }
}

/// Checks on the hyperparameters of one configuration.
#[derive(Clone, Copy)]
pub(crate) struct Check(pub &'static str);

impl Check {
    /// Passes if `ok`; `given` and `expected` say what is wrong otherwise.
    pub fn that(
        self,
        ok: bool,
        field: &'static str,
        given: impl fmt::Debug,
        expected: impl Into<Cow<'static, str>>,
    ) -> Result<(), LossError> {
        if ok {
            return Ok(());
        }
        Err(LossError {
            config: self.0,
            field,
            index: None,
            given: format!("{given:?}").trim_end_matches(".0").to_string(),
            expected: expected.into(),
        })
    }

    /// A list that is not empty, of elements that are all `ok`.
    pub fn each<T: fmt::Debug>(
        self,
        field: &'static str,
        list: &[T],
        ok: impl Fn(&T) -> bool,
        expected: &'static str,
    ) -> Result<(), LossError> {
        self.that(
            !list.is_empty(),
            field,
            list,
            format!("at least one element: {expected}"),
        )?;
        let checked = list.iter().enumerate().try_for_each(|(index, element)| {
            let checked = self.that(ok(element), field, element, expected);
            checked.map_err(|error| (index, error))
        });
        checked.map_err(|(index, error)| LossError {
            index: Some(index),
            ..error
        })
    }

    /// Two lists with something for each class: where both are given, they are as long.
    pub fn same_length<A, B>(
        self,
        (field, list): (&'static str, Option<&[A]>),
        (other, others): (&'static str, Option<&[B]>),
    ) -> Result<(), LossError> {
        let (Some(list), Some(others)) = (list, others) else {
            return Ok(());
        };
        let (length, expected) = (list.len(), others.len());
        self.that(
            length == expected,
            field,
            format_args!("a list of {length}"),
            format!("one of {expected}, as long as {other}"),
        )
    }

    /// A width: above 0, and within what `f32` can divide by.
    pub fn above_zero(self, field: &'static str, value: f64) -> Result<(), LossError> {
        let in_range = (f32::MIN_POSITIVE as f64..=f32::MAX as f64).contains(&value);
        let expected = if value > 0.0 && value.is_finite() {
            "a number within the normal range of f32"
        } else {
            "a finite number above 0"
        };
        self.that(in_range, field, value, expected)
    }

    /// A number that is 0 or above.
    pub fn at_least_zero(self, field: &'static str, value: f64) -> Result<(), LossError> {
        let ok = value >= 0.0 && value <= f32::MAX as f64;
        self.that(ok, field, value, "a finite number of 0 or above")
    }

    /// A count that is not 0.
    pub fn at_least_one(self, field: &'static str, count: usize) -> Result<(), LossError> {
        self.that(count > 0, field, count, "a number of at least 1")
    }

    /// A number of either sign.
    pub fn in_range_of_f32(self, field: &'static str, value: f64) -> Result<(), LossError> {
        let ok = value.abs() <= f32::MAX as f64;
        self.that(ok, field, value, "a finite number within the range of f32")
    }

    /// A window with a pixel in its middle.
    pub fn odd(self, field: &'static str, size: usize) -> Result<(), LossError> {
        self.that(size % 2 == 1, field, size, "an odd number of pixels")
    }

    /// Weights, one for each class.
    pub fn class_weights(
        self,
        field: &'static str,
        weights: &Option<Vec<f64>>,
    ) -> Result<(), LossError> {
        let ok = |&weight: &f64| weight >= 0.0 && weight <= f32::MAX as f64;
        match weights {
            Some(weights) => self.each(field, weights, ok, "a finite number of 0 or above"),
            None => Ok(()),
        }
    }

    /// How often each class occurs, some of them perhaps never.
    pub fn some_class_counts(self, field: &'static str, counts: &[usize]) -> Result<(), LossError> {
        self.each(field, counts, |_| true, "a count of each class")?;
        let some = counts.iter().any(|&count| count > 0);
        self.that(
            some,
            field,
            counts,
            "a count of 1 or above for at least one class",
        )
    }

    /// How often each class occurs.
    pub fn class_counts(self, field: &'static str, counts: &[usize]) -> Result<(), LossError> {
        self.each(field, counts, |&count| count > 0, "a count of 1 or above")
    }

    /// A share.
    pub fn in_unit_interval(self, field: &'static str, value: f64) -> Result<(), LossError> {
        let ok = (0.0..=1.0).contains(&value);
        self.that(ok, field, value, "a number from 0 to 1")
    }
}

/// Fails to compile unless targets (weights, losses) have one dimension less than the logits. To be called in the
/// public method, so that the compiler names the caller's line.
pub(crate) const fn assert_rank_of_samples(logits: usize, samples: usize) {
    assert!(
        samples + 1 == logits,
        "what there is for each sample (targets, weights, losses) has one dimension less than the logits \
         (or hidden states): logits [N, C, d1..dk] go with targets [N, d1..dk]; for logits [B, T, V] of tokens \
         either swap the dimensions (`logits.swap_dims(1, 2)`, with targets [B, T]) or flatten both (logits \
         [B * T, V], targets [B * T])",
    );
}

/// Panics unless `tensor`, named `name`, has the shape `expected` and the data type of
/// `prediction`.
#[track_caller]
pub(crate) fn check_like_prediction<const D: usize>(
    loss: &str,
    name: &str,
    tensor: &Tensor<D>,
    prediction: &Tensor<D>,
    expected: &[usize],
) {
    check_shape(loss, name, tensor, prediction, expected);
    let (given, wanted) = (tensor.dtype(), prediction.dtype());
    let [_, is] = verbs(name);
    assert!(
        given == wanted,
        "{loss}: the {name} {is} {given:?} and the prediction {wanted:?}; cast one of them",
    );
}

/// Panics unless a prediction, named `name`, has the shape and the data type of the target.
#[track_caller]
pub(crate) fn check_like_target<const D: usize>(
    loss: &str,
    name: &str,
    prediction: &Tensor<D>,
    target: &Tensor<D>,
) {
    let (given, expected) = (prediction.dims(), target.dims());
    let (is, wanted) = (prediction.dtype(), target.dtype());
    assert!(
        given == expected && is == wanted,
        "{loss}: the {name} has shape {given:?} and is {is:?}, expected {expected:?} and {wanted:?} as the target; shapes \
         are not broadcast, expand the {name} first",
    );
}

/// Panics unless `tensor`, named `name`, has the shape `expected`.
#[track_caller]
fn check_shape<const D: usize>(
    loss: &str,
    name: &str,
    tensor: &Tensor<D>,
    prediction: &Tensor<D>,
    expected: &[usize],
) {
    let shape = tensor.dims();
    let [has, _] = verbs(name);
    assert!(
        shape == expected,
        "{loss}: the {name} {has} shape {shape:?}, expected {expected:?} to go with the prediction \
         of shape {:?}; shapes are not broadcast, reshape or expand the {name} first",
        prediction.dims(),
    );
}

/// Panics unless there is a weight for each element of the prediction.
#[track_caller]
pub(crate) fn check_element_weights<const D: usize>(
    loss: &str,
    weights: &Tensor<D>,
    prediction: &Tensor<D>,
) {
    check_shape(loss, "weights", weights, prediction, &prediction.dims());
    check_weights_type(loss, weights.dtype(), ("prediction", prediction.dtype()));
}

/// What goes with one thing of this name or several: has or have, is or are.
fn verbs(name: &str) -> [&'static str; 2] {
    match name.ends_with('s') {
        true => ["have", "are"],
        false => ["has", "is"],
    }
}

/// So many of something, `"1 label"` or `"2 labels"`.
fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Panics because a class is not the index of one of `count` classes.
///
/// The target is given by its place in row-major order and the shape of all targets.
#[track_caller]
pub(crate) fn refuse_class(
    loss: &str,
    (target, shape): (usize, &[usize]),
    class: i64,
    count: usize,
    ignore_index: Option<i64>,
) -> ! {
    let place = match shape.len() > 1 {
        true => format!("at {:?}", coordinates(target, shape)),
        false => format!("of sample {target}"),
    };
    panic!(
        "{loss}: the target {place} is {class}, {}",
        class_expected(count, ignore_index)
    );
}

/// What a class index may be.
fn class_expected(count: usize, ignore_index: Option<i64>) -> String {
    let or_none = match ignore_index {
        Some(index) => format!(", or the ignore_index, {index}"),
        None => "; if it stands for no class, configure it: `with_ignore_index`".to_string(),
    };
    format!(
        "expected the index of one of {}, 0 to {}{or_none}",
        counted(count, "class", "classes"),
        count - 1,
    )
}

/// The indices of an element, given its place in row-major order.
fn coordinates(mut place: usize, shape: &[usize]) -> Vec<usize> {
    let mut indices: Vec<usize> = Vec::with_capacity(shape.len());
    for size in shape.iter().rev() {
        indices.push(place % size);
        place /= size;
    }
    indices.reverse();
    indices
}

/// Panics unless masks are images.
#[track_caller]
pub(crate) fn check_images(loss: &str, dims: &[usize]) {
    assert!(
        dims.len() == 2,
        "{loss}: the masks have the size {dims:?}, expected images of two dimensions",
    );
}

/// Panics unless there is something for each of the `classes`.
#[track_caller]
pub(crate) fn check_class_list(
    loss: &str,
    field: &str,
    count: usize,
    classes: usize,
    of: ClassesOf,
) {
    let (whole, dimension) = match of {
        ClassesOf::Logits => ("logits", 1),
        ClassesOf::Layer => ("a weight", 0),
    };
    assert!(
        count == classes,
        "{loss}: {} of {field} for {whole} of {} (dimension {dimension}), expected one for each",
        counted(count, "value", "values"),
        counted(classes, "class", "classes"),
    );
}

/// What says how many classes there are.
#[derive(Clone, Copy)]
pub(crate) enum ClassesOf {
    /// Logits.
    Logits,
    /// The weight of a linear layer.
    Layer,
}

/// Panics unless logits have a class to choose.
#[track_caller]
pub(crate) fn check_has_classes<const D: usize>(loss: &str, logits: &Tensor<D>) {
    let shape = logits.dims();
    assert!(
        shape[1] > 0,
        "{loss}: the logits have shape {shape:?}, expected at least 1 class in dimension 1",
    );
}

/// Panics if a loss of probabilities has a margin.
#[track_caller]
pub(crate) fn check_takes_probabilities(loss: &str, has_margin: bool) {
    assert!(
        !has_margin,
        "{loss}: probabilities of the classes have no one target class that the margin could be taken off; \
         give class indices, or use a loss without a margin",
    );
}

/// Panics unless a tensor named `name` has an element for each row of `whole`, whose dimension
/// `along` is that of a row.
#[track_caller]
pub(crate) fn check_rows(
    loss: &str,
    name: &str,
    shape: &[usize],
    whole: &str,
    of: &[usize],
    along: usize,
) {
    let mut expected = of.to_vec();
    expected.remove(along);
    let last = of.len() - 1;
    let advice = match shape == &of[..last] && along != last {
        true => format!(
            "; if the classes are in the last dimension of the {whole}, move them first: \
             `{whole}.movedim({last}, {along})`"
        ),
        false => String::new(),
    };
    assert!(
        shape == expected,
        "{loss}: the {name} have shape {shape:?}, expected {expected:?}, one for each row of the \
         {whole} of shape {of:?} (a row runs along dimension {along}){advice}",
    );
}

/// Panics unless the last dimension of a prediction has the numbers of a sample.
#[track_caller]
pub(crate) fn check_tuples(loss: &str, shape: &[usize], width: usize) {
    assert!(
        shape.last() == Some(&width),
        "{loss}: the prediction has shape {shape:?}, expected {width} numbers of each sample in its last dimension",
    );
}

/// Panics unless there is a weight for each sample.
#[track_caller]
pub(crate) fn check_sample_weights(loss: &str, shape: &[usize], samples: &[usize]) {
    let is_single = samples.is_empty() && shape == [1];
    assert!(
        shape == samples || is_single,
        "{loss}: the weights have shape {shape:?}, expected {samples:?}, one for each sample",
    );
}

/// Panics unless the losses, of that shape, are asked for with their rank.
#[track_caller]
pub(crate) fn check_rank(loss: &str, rank: usize, shape: &[usize]) {
    assert!(
        rank == shape.len(),
        "{loss}: the losses of the samples have shape {shape:?} and were asked for as a tensor of rank {rank}; name \
         their rank: `let losses: Tensor<{}> = ..each()`",
        shape.len(),
    );
}

/// Panics unless a prediction has so many columns, if there are several.
#[track_caller]
pub(crate) fn check_columns(loss: &str, columns: usize, shape: &[usize]) {
    assert!(
        columns == 1 || shape.last() == Some(&columns),
        "{loss}: the prediction has shape {shape:?}, expected {columns} columns in its last dimension",
    );
}

/// Panics unless weights have the data type of the prediction (or of the embeddings), or that of its loss.
#[track_caller]
pub(crate) fn check_weights_type(loss: &str, given: DType, (name, wanted): (&str, DType)) {
    let of_loss = type_of_loss(wanted);
    let or_of_loss = match of_loss == wanted {
        true => String::new(),
        false => format!(" or {of_loss:?}"),
    };
    assert!(
        given == wanted || given == of_loss,
        "{loss}: the weights are {given:?} and the {name} {wanted:?}, expected weights of {wanted:?}{or_of_loss}; \
         cast them first",
    );
}

/// Panics unless a linear layer can be applied to hidden states.
#[track_caller]
pub(crate) fn check_layer<const D: usize>(
    loss: &str,
    hidden: &Tensor<D>,
    weight: &Tensor<2>,
    bias: Option<&Tensor<1>>,
) {
    let (shape, [classes, width]) = (hidden.dims(), weight.dims());
    assert!(
        shape[D - 1] == width,
        "{loss}: the layer has {width} inputs and {classes} classes, and the hidden states have shape {shape:?}, expected \
         {width} in their last dimension; of a matrix say which way round it is: `OutputLayer::with_rows` for [V, H], \
         `OutputLayer::with_columns` for [H, V]",
    );
    assert!(
        classes > 0,
        "{loss}: the weight has shape [{classes}, {width}], expected at least 1 class",
    );
    let mut dtypes = vec![("weight", weight.dtype())];
    if let Some(bias) = bias {
        let given = bias.dims();
        assert!(
            given == [classes],
            "{loss}: the bias has shape {given:?}, expected [{classes}] to go with the weight of \
             shape [{classes}, {width}]",
        );
        dtypes.push(("bias", bias.dtype()));
    }
    let wanted = hidden.dtype();
    for (name, given) in dtypes {
        assert!(
            given == wanted,
            "{loss}: the {name} is {given:?} and the hidden states are {wanted:?}; cast one of them",
        );
    }
}

/// The index of a dimension that may be counted from the end (below 0), if there is one.
pub(crate) fn dimension(dim: isize, rank: usize) -> Option<usize> {
    let index = match dim {
        0.. => dim as usize,
        _ => rank.checked_add_signed(dim)?,
    };
    (index < rank).then_some(index)
}

/// Panics unless the prediction has the dimension of the classes; returns its index.
#[track_caller]
pub(crate) fn check_class_dim<const D: usize>(
    loss: &str,
    dim: isize,
    prediction: &Tensor<D>,
) -> usize {
    match dimension(dim, D) {
        Some(dim) => dim,
        None => panic!(
            "{loss}: the classes are in dimension {dim} of a prediction of shape {:?}, expected a dimension from -{D} \
             to {}",
            prediction.dims(),
            D - 1,
        ),
    }
}

/// Panics unless there is one parameter for each class of `prediction`, or one for all.
#[track_caller]
pub(crate) fn check_class_parameters<const D: usize>(
    loss: &str,
    field: &str,
    count: usize,
    dim: usize,
    prediction: &Tensor<D>,
) {
    let shape = prediction.dims();
    let classes = shape[dim];
    let place = match dim + 1 == D {
        true => "its last dimension".to_string(),
        false => format!("dimension {dim}"),
    };
    assert!(
        count == 1 || count == classes,
        "{loss}: {} of {field} for a prediction of shape {shape:?}, expected one \
         for each of the {classes} in {place}; if the classes are in another dimension, name it: `with_class_dim(1)`",
        counted(count, "value", "values"),
    );
}

/// Panics unless `normalizer` is a finite number.
#[track_caller]
pub(crate) fn check_normalizer(loss: &str, normalizer: f64) {
    assert!(
        normalizer.is_finite(),
        "{loss}: the normalizer is {normalizer}, expected a finite number, such as the count of \
         foreground anchors",
    );
}

/// Panics unless `normalizer` holds one number.
#[track_caller]
pub(crate) fn check_normalizer_shape(loss: &str, normalizer: &Tensor<1>) {
    let shape = normalizer.dims();
    assert!(
        shape == [1],
        "{loss}: the normalizer has shape {shape:?}, expected [1]; sum it first",
    );
}

/// Panics unless there are embeddings of one dimension at least.
#[track_caller]
pub(crate) fn check_embeddings(loss: &str, name: &str, embeddings: &Tensor<2>) {
    let shape = embeddings.dims();
    assert!(
        shape[1] > 0,
        "{loss}: the {name} have shape {shape:?}, expected [N, D] with D at least 1",
    );
}

/// Panics unless embeddings have the dimension of a memory.
#[track_caller]
pub(crate) fn check_width(memory: &str, embeddings: &Tensor<2>, dimension: usize) {
    check_embeddings(memory, "embeddings", embeddings);
    let shape = embeddings.dims();
    assert!(
        shape[1] == dimension,
        "{memory}: the embeddings have shape {shape:?}, expected [N, {dimension}]",
    );
}

/// Panics unless both sets of embeddings have the same dimension.
#[track_caller]
pub(crate) fn check_dimension(
    loss: &str,
    (name, embeddings): (&str, &Tensor<2>),
    (other_name, others): (&str, &Tensor<2>),
) {
    check_embeddings(loss, name, embeddings);
    let (shape, other) = (embeddings.dims(), others.dims());
    assert!(
        shape[1] == other[1],
        "{loss}: the {other_name} have shape {other:?} and the {name} {shape:?}, expected embeddings \
         of the same dimension (the last)",
    );
}

/// Panics unless both sets of embeddings have the same dimension and data type.
#[track_caller]
pub(crate) fn check_embeddings_fit(
    loss: &str,
    (name, embeddings): (&str, &Tensor<2>),
    (other_name, others): (&str, &Tensor<2>),
) {
    check_dimension(loss, (name, embeddings), (other_name, others));
    let (wanted, given) = (embeddings.dtype(), others.dtype());
    assert!(
        given == wanted,
        "{loss}: the {other_name} are {given:?} and the {name} {wanted:?}; cast one of them",
    );
}

/// Panics unless both sets of embeddings have the same shape and data type.
#[track_caller]
pub(crate) fn check_embeddings_alike(
    loss: &str,
    (name, embeddings): (&str, &Tensor<2>),
    (other_name, others): (&str, &Tensor<2>),
) {
    let (shape, other) = (embeddings.dims(), others.dims());
    assert!(
        shape == other,
        "{loss}: the {other_name} have shape {other:?} and the {name} {shape:?}, expected one of the \
         {other_name} for each of the {name}",
    );
    check_embeddings_fit(loss, (name, embeddings), (other_name, others));
}

/// Panics unless there is a key for each query from an offset on.
#[track_caller]
pub(crate) fn check_keys(loss: &str, queries: usize, keys: usize, offset: usize) {
    let needed = queries.saturating_add(offset);
    assert!(
        keys >= needed,
        "{loss}: {} for {} and an offset of {offset}, expected at least {needed}, one for each query \
         from the offset on",
        counted(keys, "key", "keys"),
        counted(queries, "query", "queries"),
    );
}

/// Panics unless there is something of each item of the lists, or of each class of the samples.
#[track_caller]
pub(crate) fn check_items(loss: &str, name: &str, shape: [usize; 2], scores: [usize; 2]) {
    let [has, _] = verbs(name);
    assert!(
        shape == scores,
        "{loss}: the {name} {has} shape {shape:?}, expected {scores:?} to go with the scores",
    );
}

/// Panics unless there are as many of one thing as of another.
#[track_caller]
pub(crate) fn check_counts(loss: &str, name: &str, given: usize, (of, wanted): (&str, usize)) {
    let many = |count, one: &str| counted(count, one, &format!("{one}s"));
    assert!(
        given == wanted,
        "{loss}: {} for {}, expected one for each",
        many(given, name),
        many(wanted, of),
    );
}

/// Panics unless there is a weight for each loss.
#[track_caller]
pub(crate) fn check_loss_weights(loss: &str, weights: &Tensor<1>, losses: usize, wanted: DType) {
    let count = weights.dims()[0];
    assert!(
        count == losses,
        "{loss}: {} for {}, expected one for each",
        counted(count, "weight", "weights"),
        counted(losses, "loss", "losses"),
    );
    check_weights_type(loss, weights.dtype(), ("predictions", wanted));
}

/// Panics unless two losses of as many samples can be added.
#[track_caller]
pub(crate) fn check_sum_of_losses(
    [loss, other]: [&str; 2],
    [samples, others]: [usize; 2],
    factor: f64,
    is_weighted: bool,
) {
    assert!(
        samples == others,
        "{loss}: {other} is added with {} to {}, expected as many",
        counted(others, "loss", "losses"),
        counted(samples, "loss", "losses"),
    );
    assert!(
        factor.is_finite(),
        "{loss}: {other} is added {factor} times, expected a finite factor",
    );
    assert!(
        !is_weighted,
        "{loss}: {other} is added with weights of its own; give them to the sum, behind `plus`",
    );
}

/// How large images have to be.
#[derive(Default)]
pub(crate) struct Least {
    pub side: usize,
    /// What for.
    pub because: String,
    /// What to do where they are smaller.
    pub advice: &'static str,
}

/// Panics unless images have sides of at least so many pixels.
#[track_caller]
pub(crate) fn check_image_sides(
    loss: &str,
    [height, width]: [usize; 2],
    Least {
        side: least,
        because,
        advice,
    }: Least,
) {
    assert!(
        height >= least && width >= least,
        "{loss}: the images are {height} x {width} pixels (height x width), expected at least {least} x {least} for \
         {because}; {advice}",
    );
}

/// Panics unless proxies have the shape of those they replace.
#[track_caller]
pub(crate) fn check_proxies(loss: &str, proxies: &Tensor<2>, expected: [usize; 2]) {
    let shape = proxies.dims();
    assert!(
        shape == expected,
        "{loss}: the proxies have shape {shape:?}, expected {expected:?}, one for each class",
    );
}

/// Panics unless `label` is the class of one of so many proxies.
#[track_caller]
pub(crate) fn check_label_of_proxy(
    loss: &str,
    sample: usize,
    label: i64,
    proxies: usize,
    ignore_index: Option<i64>,
) {
    assert!(
        usize::try_from(label).is_ok_and(|label| label < proxies),
        "{loss}: the label of sample {sample} is {label}, {}",
        class_expected(proxies, ignore_index),
    );
}

/// Panics unless there is a label for each embedding.
#[track_caller]
pub(crate) fn check_labels(loss: &str, labels: usize, embeddings: usize) {
    assert!(
        labels == embeddings,
        "{loss}: {} for {}, expected one for each",
        counted(labels, "label", "labels"),
        counted(embeddings, "embedding", "embeddings"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_those_of_row_major_order() {
        assert_eq!(coordinates(0, &[2, 3, 4]), [0, 0, 0]);
        assert_eq!(coordinates(17, &[2, 3, 4]), [1, 1, 1]);
        assert_eq!(coordinates(23, &[2, 3, 4]), [1, 2, 3]);
    }
}
