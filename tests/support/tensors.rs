//! Lists of numbers as tensors, however these lie in memory, and back.

use super::{Dtype, Site};
use burn::tensor::{DType, Element, Tensor, TensorData, kind::Basic};

/// How a tensor lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Contiguous,
    /// The last two dimensions swapped.
    Transposed,
    /// A part of every row of a larger tensor.
    Sliced,
    /// The first dimension repeats one row.
    Expanded,
    /// Backwards along the first dimension.
    Flipped,
}

impl Layout {
    /// The tensor of these values in this shape. `plain` makes one that is contiguous; `filler` is
    /// what lies between the values where they do not fill their memory.
    pub fn arrange<E: Element, const D: usize, K: Basic>(
        self,
        values: &[E],
        shape: [usize; D],
        filler: E,
        plain: impl Fn(Vec<E>, [usize; D]) -> Tensor<D, K>,
    ) -> Tensor<D, K> {
        let (rows, last) = (shape[0].max(1), shape[D - 1]);
        match self {
            // There are no two dimensions to swap.
            Layout::Transposed if D == 1 => plain(values.to_vec(), shape),
            Layout::Contiguous => plain(values.to_vec(), shape),
            Layout::Transposed => {
                let height = shape[D - 2];
                let turned = values
                    .chunks((height * last).max(1))
                    .flat_map(|matrix| {
                        (0..last * height).map(|i| matrix[i % height * last + i / height])
                    })
                    .collect();
                let mut turned_shape = shape;
                turned_shape.swap(D - 2, D - 1);
                plain(turned, turned_shape).swap_dims(D - 2, D - 1)
            }
            Layout::Sliced => {
                let wide = values
                    .chunks(last.max(1))
                    .flat_map(|row| [&[filler], row, &[filler]].concat())
                    .collect();
                let mut wide_shape = shape;
                wide_shape[D - 1] += 2;
                plain(wide, wide_shape).slice_dim(D - 1, 1..last + 1)
            }
            Layout::Expanded => {
                let mut one = shape;
                one[0] = 1;
                plain(values[..values.len() / rows].to_vec(), one).expand(shape)
            }
            Layout::Flipped => {
                let rows = values.chunks((values.len() / rows).max(1));
                plain(rows.rev().flatten().copied().collect(), shape).flip([0])
            }
        }
    }

    /// The float tensor of these values.
    pub fn floats<const D: usize>(
        self,
        values: &[f64],
        shape: &[usize],
        dtype: Dtype,
        site: &Site,
    ) -> Tensor<D> {
        let shape = shape.try_into().expect("the rank");
        self.arrange(values, shape, 77.0, |values, shape| {
            let options = (&site.device, DType::from(dtype));
            Tensor::from_data(TensorData::new(values, shape), options)
        })
    }
}

/// Makes all rows along the first dimension the same, so that they can be one row in memory.
pub fn repeat_first_row<T: Copy>(list: &mut [T], rows: usize) {
    let row = list.len() / rows;
    for i in row..list.len() {
        list[i] = list[i % row];
    }
}

/// The tensor, wanting a gradient if it is tracked.
pub fn leaf<const D: usize>(tensor: Tensor<D>, tracked: bool) -> Tensor<D> {
    if tracked {
        tensor.require_grad()
    } else {
        tensor
    }
}

/// Numbers in the shape of a result, for it to be multiplied with.
pub fn in_shape_of<const D: usize>(numbers: Tensor<1>, result: &Tensor<D>) -> Tensor<D> {
    match result.dims().contains(&0) {
        // A 0 would ask `reshape` for a dimension there is not.
        true => result.zeros_like(),
        false => numbers.reshape(result.dims()),
    }
}

/// A tensor, read back.
pub struct Read {
    pub values: Vec<f64>,
    pub shape: Vec<usize>,
    pub dtype: DType,
}

impl Read {
    pub fn of<const D: usize>(tensor: Tensor<D>) -> Self {
        Self {
            shape: tensor.dims().to_vec(),
            dtype: tensor.dtype(),
            values: tensor.into_data().iter::<f64>().collect(),
        }
    }
}
