//! Where the rows of a task are while they are worked on.

use super::{Elements, Pass, Targets};

/// How many elements a tile of strided rows should have at most.
const TILE: usize = 16_384;

/// The rows in work: pointers into the tensors where rows lie there as they are needed, copies in a
/// tile of consecutive rows elsewhere.
pub(super) struct Buffers<'a, 'p> {
    pass: &'p Pass<'a>,
    /// How many rows a tile holds.
    width: usize,
    logits: Option<Vec<f32>>,
    shares: Option<Vec<f32>>,
    gradient: Option<Vec<f32>>,
    /// The slopes of a soft cap, of one row.
    slopes: Option<Vec<f32>>,
    /// A run of elements of one class.
    run: Vec<f32>,
}

impl<'a, 'p> Buffers<'a, 'p> {
    pub fn new(pass: &'p Pass<'a>) -> Self {
        let strided = pass.shape.inner > 1;
        let width = match strided {
            true => (TILE / pass.shape.classes)
                .clamp(16, 64)
                .min(pass.shape.inner),
            false => 1,
        };
        let tile = |needed: bool| needed.then(|| vec![0.0; width * pass.shape.classes]);
        let wide = |elements: &Elements<'_>| matches!(elements, Elements::Wide(_));
        let shares = match &pass.targets {
            Targets::Classes(_) => None,
            Targets::Shares(shares) => tile(strided || wide(shares)),
        };
        Self {
            pass,
            width,
            logits: tile(strided || wide(&pass.logits) || pass.constants.change_logits()),
            shares,
            gradient: tile(strided && pass.gradient.is_some()),
            slopes: (pass.constants.row.soft_cap.is_some() && pass.gradient.is_some())
                .then(|| vec![0.0; pass.shape.classes]),
            run: vec![0.0; width],
        }
    }

    /// How many of the rows from `first` to `end` make a tile.
    pub fn rows_from(&self, first: usize, end: usize) -> usize {
        let inner = self.pass.shape.inner;
        self.width.min(inner - first % inner).min(end - first)
    }

    /// Room for the slopes of a soft cap of one row, where there is one and a gradient is wanted.
    pub fn slopes(&mut self) -> Option<*mut f32> {
        self.slopes.as_mut().map(|slopes| slopes.as_mut_ptr())
    }

    /// Fills the tile with the `count` rows from `first` on.
    ///
    /// # Safety
    /// These rows exist, and nobody writes to them.
    pub unsafe fn load(&mut self, first: usize, count: usize) {
        let pass = self.pass;
        // SAFETY: as promised by the caller.
        unsafe {
            if let Some(tile) = &mut self.logits {
                gather(pass, &pass.logits, first, &mut self.run[..count], tile);
            }
            if let (Some(tile), Targets::Shares(shares)) = (&mut self.shares, &pass.targets) {
                gather(pass, shares, first, &mut self.run[..count], tile);
            }
        }
    }

    /// The logits, the gradient and the shares of row `index` of the tile that begins at row `first`.
    ///
    /// # Safety
    /// The row is in the tile.
    pub unsafe fn row(
        &mut self,
        first: usize,
        index: usize,
    ) -> (RowLogits, Option<*mut f32>, Option<*const f32>) {
        let pass = self.pass;
        let classes = pass.shape.classes;
        let place = pass.shape.start(first + index);
        let plain = |elements: &Elements<'_>| match elements {
            // SAFETY: rows that are not strided start there.
            Elements::Plain(pointer) => unsafe { pointer.add(place) },
            Elements::Wide(_) => unreachable!("widened rows are in the tile"),
        };
        let logits = match &mut self.logits {
            Some(tile) => RowLogits::Copy(tile[index * classes..].as_mut_ptr()),
            None => RowLogits::Original(plain(&pass.logits)),
        };
        let gradient = match (&mut self.gradient, pass.gradient) {
            (Some(tile), _) => Some(tile[index * classes..].as_mut_ptr()),
            // SAFETY: as above.
            (None, gradient) => gradient.map(|pointer| unsafe { pointer.add(place) }),
        };
        let shares = match (&self.shares, &pass.targets) {
            (Some(tile), _) => Some(tile[index * classes..].as_ptr()),
            (None, Targets::Shares(shares)) => Some(plain(shares)),
            (None, Targets::Classes(_)) => None,
        };
        (logits, gradient, shares)
    }

    /// Writes the gradients of the tile, if they are in one, to where they belong.
    ///
    /// # Safety
    /// These rows exist, and nobody else has access to their gradient.
    pub unsafe fn store(&mut self, first: usize, count: usize) {
        let (Some(tile), Some(gradient)) = (&self.gradient, self.pass.gradient) else {
            return;
        };
        let shape = self.pass.shape;
        let start = shape.start(first);
        for class in 0..shape.classes {
            for (index, value) in self.run[..count].iter_mut().enumerate() {
                *value = tile[index * shape.classes + class];
            }
            // SAFETY: the rows of a tile are consecutive in each class.
            unsafe {
                let to = gradient.add(start + class * shape.inner);
                self.run.as_ptr().copy_to_nonoverlapping(to, count);
            }
        }
    }
}

/// The logits of a row.
#[derive(Clone, Copy)]
pub(super) enum RowLogits {
    /// Where they lie in the tensor; the gradient may be the same memory.
    Original(*const f32),
    /// A copy, apart from the gradient, that may be changed.
    Copy(*mut f32),
}

/// Copies rows from `first` on, as many as `run` is long, into a tile of whole rows.
///
/// # Safety
/// These rows exist, and nobody writes to them.
unsafe fn gather(
    pass: &Pass<'_>,
    elements: &Elements<'_>,
    first: usize,
    run: &mut [f32],
    tile: &mut [f32],
) {
    let shape = pass.shape;
    let start = shape.start(first);
    if shape.inner == 1 {
        // SAFETY: as promised by the caller.
        unsafe { elements.copy(start, &mut tile[..shape.classes]) };
        return;
    }
    for class in 0..shape.classes {
        // SAFETY: as above; the rows of a tile are consecutive in each class.
        unsafe { elements.copy(start + class * shape.inner, run) };
        for (index, &value) in run.iter().enumerate() {
            tile[index * shape.classes + class] = value;
        }
    }
}
