//! Products of matrices, by the `gemm` crate.

/// A matrix in row-major order, perhaps to be read with rows and columns exchanged.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    elements: &'a [f32],
    rows: usize,
    columns: usize,
    /// How far apart rows (columns, where they are exchanged) begin.
    step: usize,
    is_transposed: bool,
}

impl<'a> Matrix<'a> {
    /// # Panics
    /// If there are not `rows` times `columns` elements.
    pub fn new(elements: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(elements.len(), rows * columns, "a matrix of this shape");
        Self::with_step(elements, rows, columns, columns)
    }

    /// A matrix whose rows begin `step` elements apart.
    ///
    /// # Panics
    /// If there are too few elements.
    pub fn with_step(elements: &'a [f32], rows: usize, columns: usize, step: usize) -> Self {
        check_length(elements.len(), rows, columns, step);
        Self {
            elements,
            rows,
            columns,
            step,
            is_transposed: false,
        }
    }

    /// How many rows and columns there are.
    pub fn shape(&self) -> [usize; 2] {
        [self.rows, self.columns]
    }

    /// Whether it is read with rows and columns exchanged.
    pub fn is_transposed(&self) -> bool {
        self.is_transposed
    }

    pub fn transposed(self) -> Self {
        Self {
            elements: self.elements,
            rows: self.columns,
            columns: self.rows,
            step: self.step,
            is_transposed: !self.is_transposed,
        }
    }

    /// How far apart neighbours are in a row, and in a column.
    fn steps(&self) -> (isize, isize) {
        match self.is_transposed {
            false => (1, self.step as isize),
            true => (self.step as isize, 1),
        }
    }
}

/// Panics unless there are elements for rows that begin `step` apart.
fn check_length(length: usize, rows: usize, columns: usize, step: usize) {
    let needed = rows.saturating_sub(1) * step + columns;
    assert!(
        columns <= step && (length >= needed || rows == 0),
        "a matrix of this shape"
    );
}

/// Who multiplies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Workers {
    /// All threads.
    All,
    /// The thread that asks for it.
    One,
}

/// What happens to what stands where the product goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Existing {
    Overwritten,
    AddedTo,
}

/// Writes the product of two matrices to `out`, in row-major order, on all threads.
///
/// # Panics
/// If the shapes do not fit.
pub(crate) fn product(a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32], existing: Existing) {
    let (m, n) = (a.rows, b.columns);
    assert_eq!(out.len(), m * n, "room for the product");
    product_with_step(a, b, (out, n), existing, Workers::All);
}

/// Writes the product of two matrices to rows that begin some elements apart.
///
/// # Panics
/// If the shapes do not fit.
pub(crate) fn product_with_step(
    a: Matrix<'_>,
    b: Matrix<'_>,
    (out, step): (&mut [f32], usize),
    existing: Existing,
    workers: Workers,
) {
    let (m, n, k) = (a.rows, b.columns, a.columns);
    assert_eq!(k, b.rows, "matrices that can be multiplied");
    check_length(out.len(), m, n, step);
    if k == 0 && existing == Existing::Overwritten {
        out.chunks_mut(step.max(1))
            .take(m)
            .for_each(|row| row[..n].fill(0.0));
    }
    if m == 0 || n == 0 || k == 0 {
        return;
    }
    let (a_steps, b_steps) = (a.steps(), b.steps());
    // SAFETY: all elements the steps lead to are within the slices, whose lengths were checked, and
    // `out` is nobody else's.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            step as isize,
            existing == Existing::AddedTo,
            a.elements.as_ptr(),
            a_steps.0,
            a_steps.1,
            b.elements.as_ptr(),
            b_steps.0,
            b_steps.1,
            1.0,
            1.0,
            false,
            false,
            false,
            match workers {
                Workers::All => gemm::Parallelism::Rayon(0),
                Workers::One => gemm::Parallelism::None,
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_that_of_a_plain_loop() {
        let numbers = |count: usize| (0..count).map(|i| (i * 7 % 11) as f32 - 5.0).collect();
        let (m, n, k) = (5, 7, 3);
        let (a, b): (Vec<f32>, Vec<f32>) = (numbers(m * k), numbers(n * k));
        let mut out = vec![1.0; m * n];
        let left = Matrix::new(&a, m, k);
        let right = Matrix::new(&b, n, k).transposed();
        product(left, right, &mut out, Existing::AddedTo);
        product(left, right, &mut out, Existing::AddedTo);
        for i in 0..m {
            for j in 0..n {
                let plain: f32 = (0..k).map(|l| a[i * k + l] * b[j * k + l]).sum();
                assert_eq!(out[i * n + j], 1.0 + 2.0 * plain);
            }
        }
        product(left, right, &mut out, Existing::Overwritten);
        assert_eq!(out[0], (0..k).map(|l| a[l] * b[l]).sum::<f32>());
    }
}
