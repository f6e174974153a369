//! Class indices on tensors.

use crate::backend::row::SoftmaxRow;
use burn::tensor::{Bool, DType, Device, Int, Shape, Tensor, TensorData};

/// Class indices, looked at.
pub(in crate::backend) struct Classes {
    /// The index, 0 where it is none.
    pub safe: Tensor<2, Int>,
    /// Where the index says that there is no target.
    pub ignored: Option<Tensor<2, Bool>>,
    /// Where the index is out of range: on devices where the host has not looked, or in rows that do
    /// not count.
    invalid: Tensor<2, Bool>,
    /// How many classes there are.
    pub count: usize,
}

impl Classes {
    pub fn new(classes: Tensor<2, Int>, ignore_index: Option<i64>, count: usize) -> Self {
        let classes = comparable(classes);
        let ignored = ignored(&classes, ignore_index);
        let mut safe = match &ignored {
            Some(ignored) => classes.mask_fill(ignored.clone(), 0),
            None => classes,
        };
        let below = safe.clone().lower_scalar(0);
        let invalid = below.bool_or(safe.clone().greater_equal_scalar(count as i64));
        safe = safe.mask_fill(invalid.clone(), 0);
        Self {
            safe,
            ignored,
            invalid,
            count,
        }
    }

    /// The parameter of each row's class; 1 without parameters.
    pub fn parameters(&self, parameters: &[f64], options: (&Device, DType)) -> Tensor<2> {
        if parameters.is_empty() {
            return Tensor::ones(self.safe.dims(), options);
        }
        let all = Tensor::<1>::from_data(TensorData::from(parameters), options);
        let rows = self.safe.shape().num_elements();
        all.select(0, self.safe.clone().reshape([rows]))
            .reshape(self.safe.shape())
    }

    /// Where in the logits each row's class is.
    pub fn one_hot(&self) -> Tensor<3, Bool> {
        let device = self.safe.device();
        let options = (&device, self.safe.dtype());
        let classes = Tensor::<1, Int>::arange(0..self.count as i64, options);
        let classes = classes.reshape([1, self.count, 1]);
        let [rows, inner] = self.safe.dims();
        let shape = Shape::new([rows, self.count, inner]);
        let own = self.safe.clone().unsqueeze_dim::<3>(1);
        own.expand(shape.clone()).equal(classes.expand(shape))
    }

    /// NaN, and a gradient of NaN, in rows whose class there is not.
    pub fn invalidate(&self, losses: Tensor<2>) -> Tensor<2> {
        let factor = losses.ones_like().mask_fill(self.invalid.clone(), f32::NAN);
        losses * factor
    }

    /// Where the class weighs nothing and the loss has no other term.
    pub fn of_no_weight(&self, row: &SoftmaxRow) -> Option<Tensor<2, Bool>> {
        if !row.is_of_target_alone() || !row.weights.contains(&0.0) {
            return None;
        }
        let own = self.parameters(&row.weights, (&self.safe.device(), DType::F32));
        // Class 0 stands for one that is none; of that there is no weight to go by.
        Some(
            own.equal_scalar(0.0)
                .bool_and(self.invalid.clone().bool_not()),
        )
    }
}

/// Class indices in a type that can be compared with any index.
pub(crate) fn comparable<const D: usize>(classes: Tensor<D, Int>) -> Tensor<D, Int> {
    match classes.dtype() {
        DType::I32 | DType::I64 => classes,
        DType::U32 | DType::U64 => classes.cast(DType::I64),
        _ => classes.cast(DType::I32),
    }
}

/// Where the class says that there is no target.
pub(crate) fn ignored<const D: usize>(
    classes: &Tensor<D, Int>,
    ignore_index: Option<i64>,
) -> Option<Tensor<D, Bool>> {
    let classes = comparable(classes.clone());
    let narrow = classes.dtype() == DType::I32;
    let index = ignore_index.filter(|&index| !narrow || i32::try_from(index).is_ok())?;
    Some(classes.equal_scalar(index))
}
