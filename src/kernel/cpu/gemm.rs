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

    /// The `count` rows from `first` on, of a matrix that is not transposed.
    ///
    /// # Panics
    /// If there are not so many, or it is.
    pub fn rows(self, first: usize, count: usize) -> Self {
        assert!(!self.is_transposed, "rows lie one after the other");
        let end = first + count;
        let rest = &self.elements[first * self.step..];
        assert!(end <= self.rows, "rows {first} to {end} of {}", self.rows);
        Self::with_step(rest, count, self.columns, self.step)
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

/// Appends the product of two matrices, in row-major order, on all threads; the vector has room for it.
///
/// # Panics
/// If the shapes do not fit, or there is no room.
pub(crate) fn append_product(a: Matrix<'_>, b: Matrix<'_>, out: &mut Vec<f32>) {
    let (m, n, k) = (a.rows, b.columns, a.columns);
    let (length, count) = (out.len(), m * n);
    assert_eq!(k, b.rows, "matrices that can be multiplied");
    assert!(out.capacity() - length >= count, "room for the product");
    if k == 0 {
        out.resize(length + count, 0.0);
        return;
    }
    // SAFETY: there is room for so many elements behind the last one, the rows lie one after the other, and a product
    // that is not added to writes all of them.
    unsafe {
        let end = out.as_mut_ptr().add(length);
        multiply(a, b, (end, n), Existing::Overwritten, Workers::All);
        out.set_len(length + count);
    }
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
    // SAFETY: all elements the steps lead to are within the slice, whose length was checked, and it is nobody else's.
    unsafe { multiply(a, b, (out.as_mut_ptr(), step), existing, workers) };
}

/// [`product_with_step`] to a place.
///
/// # Safety
/// The place is valid for the rows of the product, exclusively; its elements are initialised where they are added to.
/// The shapes of the matrices fit.
unsafe fn multiply(
    a: Matrix<'_>,
    b: Matrix<'_>,
    (out, step): (*mut f32, usize),
    existing: Existing,
    workers: Workers,
) {
    let (m, n, k) = (a.rows, b.columns, a.columns);
    if m == 0 || n == 0 || k == 0 {
        return;
    }
    let (a_steps, b_steps) = (a.steps(), b.steps());
    // SAFETY: all elements the steps of the matrices lead to are within their slices, whose lengths were checked; the
    // place is as the caller promised.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out,
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
        let mut appended = Vec::with_capacity(2 * m * n);
        append_product(left, right, &mut appended);
        append_product(left, right, &mut appended);
        assert_eq!(appended, [&out[..], &out].concat());
        let none = Matrix::new(&[], m, 0);
        let mut zeros = Vec::with_capacity(m * m);
        append_product(none, none.transposed(), &mut zeros);
        assert_eq!(zeros, vec![0.0; m * m]);
    }
}
