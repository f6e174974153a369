//! What an element-wise loss is computed from.

#[cfg(feature = "kernels")]
use crate::backend::path::has_kernels;
use crate::backend::precision::widened;
use burn::tensor::{Tensor, TensorData};

/// What an element-wise loss is computed from; shapes and data types have been checked.
pub(crate) struct Inputs {
    /// The prediction.
    pub prediction: Tensor<2>,
    /// The target, of the same shape.
    pub target: Tensor<2>,
    /// Weights of the elements, of the same shape.
    pub weights: Option<Tensor<2>>,
    /// Parameters of classes.
    pub parameters: Option<PerClass>,
}

/// A parameter for each class of tensors `[.., classes, ..]`.
#[derive(Clone, Debug)]
pub(crate) struct PerClass {
    /// One for each class, or one for all.
    pub values: Vec<f64>,
    /// How many elements follow one another for each class: 1 where the classes are the last dimension.
    pub run: usize,
}

impl PerClass {
    /// The parameter of every element, in the shape of the prediction.
    pub(super) fn of_elements(&self, prediction: &Tensor<2>) -> Tensor<2> {
        let options = (&prediction.device(), prediction.dtype());
        let count = self.values.len();
        let data = TensorData::new(self.values.clone(), [1, count, 1]);
        let parameters = Tensor::<3>::from_data(data, options);
        let elements = prediction.shape().num_elements();
        let shape = match count {
            1 => [1, 1, elements],
            _ => [elements / (count * self.run), count, self.run],
        };
        parameters.expand(shape).reshape(prediction.shape())
    }
}

impl Inputs {
    /// Tensors in the data type they are computed in.
    pub(crate) fn widened(self) -> Self {
        Self {
            prediction: widened(self.prediction),
            target: widened(self.target),
            weights: self.weights.map(widened),
            parameters: self.parameters,
        }
    }
}

#[cfg(feature = "kernels")]
impl Inputs {
    /// The fused operation has no gradient to weights; such weights take the composed path.
    pub(super) fn are_fused(&self) -> bool {
        has_kernels(&self.prediction) && !self.weights.as_ref().is_some_and(Tensor::is_tracked)
    }
}
