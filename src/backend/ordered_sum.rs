//! Sums over a batch.

use burn::tensor::Tensor;

/// The sum of all numbers, in their data type. On a CPU it is added up in `f64`, in an order that does not depend on the
/// number of threads; elsewhere it is what the device makes of it.
pub(crate) fn ordered_sum<const D: usize>(numbers: Tensor<D>) -> Tensor<1> {
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if super::path::runs_on_cpu(&numbers) {
        return in_order(numbers);
    }
    numbers.sum()
}

/// The mean of all numbers, from their [`ordered_sum`].
pub(crate) fn ordered_mean<const D: usize>(numbers: Tensor<D>) -> Tensor<1> {
    let count = numbers.shape().num_elements();
    ordered_sum(numbers) * (1.0 / count as f64)
}

/// The sum of each column, `[1, D]`, in the data type of the numbers; on a CPU added up in `f64`.
pub(crate) fn column_sums(numbers: Tensor<2>) -> Tensor<2> {
    sums_along(numbers, 0)
}

/// The sum of each row, `[N]`, likewise.
pub(crate) fn row_sums(numbers: Tensor<2>) -> Tensor<1> {
    let rows = numbers.dims()[0];
    sums_along(numbers, 1).reshape([rows])
}

/// The mean of each row, `[N]`, likewise.
pub(crate) fn row_means(numbers: Tensor<2>) -> Tensor<1> {
    let share = 1.0 / numbers.dims()[1] as f64;
    row_sums(numbers) * share
}

fn sums_along(numbers: Tensor<2>, dim: usize) -> Tensor<2> {
    use burn::tensor::DType;

    let dtype = numbers.dtype();
    match super::path::runs_on_cpu(&numbers) && dtype != DType::F64 {
        true => numbers.cast(DType::F64).sum_dim(dim).cast(dtype),
        false => numbers.sum_dim(dim),
    }
}

/// Each column less its mean. A mean is rounded to a unit of itself, which may be much next to what is left; so the mean
/// of that is taken out as well.
pub(crate) fn centred(numbers: Tensor<2>) -> Tensor<2> {
    let share = 1.0 / numbers.dims()[0] as f64;
    let without_mean = |numbers: Tensor<2>| numbers.clone() - column_sums(numbers) * share;
    without_mean(without_mean(numbers))
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
fn in_order<const D: usize>(numbers: Tensor<D>) -> Tensor<1> {
    use super::attached::with_gradient;
    use crate::kernel::cpu;
    use burn::tensor::{DType, TensorData};

    let data = numbers.clone().detach().into_data();
    let sum = match data.dtype() {
        DType::F32 => cpu::ordered_sum(data.as_slice::<f32>().expect("its type")),
        DType::F64 => cpu::ordered_sum(data.as_slice::<f64>().expect("its type")),
        _ => cpu::ordered_sum(&data.iter::<f32>().collect::<Vec<_>>()),
    };
    let options = (&numbers.device(), numbers.dtype());
    let sum = Tensor::from_data(TensorData::new(vec![sum], [1]), options);
    match numbers.is_tracked() {
        true => {
            let ones = numbers.clone().without_autodiff().ones_like();
            with_gradient(sum, numbers, ones)
        }
        false => sum,
    }
}
