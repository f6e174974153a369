//! The structural similarity of image planes and its gradient, in one pass.
//!
//! A plane is walked a row at a time. What the window sees across is summed up along the row; the last rows of these
//! sums, as many as the window is high, give the moments of one row of places. The slopes by the moments go the same way
//! back: along the row, and down to the pixels once all rows that see them are there. So no moment is ever held for a
//! whole plane. Where there are few planes, each is walked in bands; a band begins some rows early and ends some late, so that its
//! gradient is whole. All of it is `f64`: a variance is a small difference of large numbers wherever a part of the image is far from
//! its mean. The loops are plain, and the compiler makes vectors of them.

mod axis;
mod ring;

use super::{
    fresh::zeros,
    isa::Choice,
    simd::{Body, Half, Isa},
    storage::Storage,
    threads::map,
};
use crate::{
    formula::{Moments, Ssim},
    summed::summed,
};
use axis::Axis;
use core::ops::Range;
use ring::Ring;

/// Planes of two images, all of the same sides.
pub(crate) struct SsimOperands<'a, E> {
    pub prediction: &'a [E],
    pub target: &'a [E],
    /// What has been taken off the pixels of each plane.
    pub references: &'a [f32],
    /// Height and width.
    pub sides: [usize; 2],
}

/// What the planes lack of similarity, and the gradients that are wanted.
pub(crate) struct SsimOutcome {
    /// The mean of each plane.
    pub losses: Vec<f32>,
    /// By prediction and target.
    pub gradients: [Option<Vec<f32>>; 2],
}

/// What each plane lacks of similarity: the mean over all places of the window.
pub(crate) fn ssim<E: Storage>(
    ssim: &Ssim,
    operands: &SsimOperands<'_, E>,
    wanted: [bool; 2],
) -> SsimOutcome {
    let SsimOperands {
        prediction,
        target,
        references,
        sides,
    } = *operands;
    let axes = sides.map(|side| Axis::new(side, ssim));
    let back = axes.each_ref().map(|axis| axis.transposed(&ssim.window));
    let planes = references.len();
    let bands = bands(planes, axes[0].to);
    let cut = |band: usize, whole: usize| whole * band / bands..whole * (band + 1) / bands;
    let mut gradients = wanted.map(|wanted| wanted.then(|| zeros(prediction.len())));
    let [by_prediction, by_target] = gradients.each_mut().map(|gradient| {
        let rows = (0..planes).flat_map(|_| (0..bands).map(|band| cut(band, sides[0]).len()));
        parts(gradient.as_deref_mut(), rows.map(|rows| rows * sides[1]))
    });
    let tasks = by_prediction.into_iter().zip(by_target);
    let sums = map(tasks, &|task, gradients| {
        let (plane, band) = (task / bands, task % bands);
        let (places, rows) = (cut(band, axes[0].to), cut(band, sides[0]));
        // The same rows whether there are gradients or not, for the same bits.
        let seeing = back[0].spans(&rows);
        let walked = places.start.min(seeing.start)..places.end.max(seeing.end);
        let read = axes[0].spans(&walked);
        let pixels =
            (plane * sides[0] + read.start) * sides[1]..(plane * sides[0] + read.end) * sides[1];
        let images = [prediction, target].map(|image| E::widened(&image[pixels.clone()]));
        let band = Band {
            ssim,
            images: images.each_ref().map(|image| &image[..]),
            reference: f64::from(references[plane]),
            axes: &axes,
            back: &back,
            read,
            walked,
            places,
            rows,
            gradients: gradients.into(),
        };
        Choice::current().run(band)
    });
    let places = (axes[0].to * axes[1].to) as f64;
    let losses = sums.chunks(bands);
    let losses = losses.map(|sums| (sums.iter().sum::<f64>() / places) as f32);
    SsimOutcome {
        losses: losses.collect(),
        gradients,
    }
}

/// In how many bands a plane with so many rows of places is walked. That depends on the shape of the images alone, and so do the bits of the result.
fn bands(planes: usize, places: usize) -> usize {
    /// As many tasks as there should be for the threads of most machines.
    const TASKS: usize = 16;
    /// A band of fewer rows would mostly be walked for its neighbours.
    const ROWS: usize = 64;
    (TASKS / planes.max(1)).min(places / ROWS).max(1)
}

/// A gradient cut into pieces of these lengths.
fn parts(
    gradient: Option<&mut [f32]>,
    lengths: impl Iterator<Item = usize>,
) -> Vec<Option<&mut [f32]>> {
    let mut left = gradient;
    let part = |length| {
        let (part, rest) = left.take()?.split_at_mut(length);
        left = Some(rest);
        Some(part)
    };
    lengths.map(part).collect()
}

/// A band of one plane of each image.
struct Band<'a> {
    ssim: &'a Ssim,
    /// The rows that are read.
    images: [&'a [f32]; 2],
    reference: f64,
    /// Down and across.
    axes: &'a [Axis; 2],
    /// The same from the places of the window back to the pixels.
    back: &'a [Axis; 2],
    /// Which rows of the plane are read, which rows of places are walked, and which of these count.
    read: Range<usize>,
    walked: Range<usize>,
    places: Range<usize>,
    /// The rows of pixels whose gradients these are.
    rows: Range<usize>,
    gradients: [Option<&'a mut [f32]>; 2],
}

/// How many moments there are, one behind the other in a row: of x, squares, of the squares of gaps, of gaps.
const MOMENTS: usize = 4;

impl Body for Band<'_> {
    type Output = f64;

    type Widest = Half;

    #[inline(always)]
    fn run<I: Isa>(mut self, _isa: I) -> f64 {
        let [down, across] = self.axes;
        let [back_down, back_across] = self.back;
        let (width, places, depth) = (across.from, across.to, self.ssim.window.len());
        // Of the prediction alone the slopes by the gap are those by x.
        let kinds = match &self.gradients {
            [None, None] => 0,
            [_, None] => 3,
            [_, Some(_)] => MOMENTS,
        };
        let middle = self.middle();
        let mut pixels = vec![0.0; MOMENTS * width];
        let mut lines = Ring::new(depth, MOMENTS * places);
        let mut moments = vec![0.0; MOMENTS * places];
        let mut values = vec![0.0; places];
        let mut slopes = Ring::new(depth, kinds * width);
        let mut handed_back = vec![0.0; kinds * width];
        let (mut read, mut written, mut total) = (self.read.start, self.rows.start, 0.0);
        for place in self.walked.clone() {
            while read < down.needs(place) {
                self.read(read, middle, &mut pixels);
                let sums = lines.row_mut(read).chunks_exact_mut(places);
                for (pixels, sums) in pixels.chunks_exact(width).zip(sums) {
                    across.along(pixels, sums);
                }
                read += 1;
            }
            down.across(place, &lines, &mut moments);
            self.evaluate(middle, kinds > 0, &mut moments, &mut values);
            if self.places.contains(&place) {
                total += summed::<8, _, _, _>(&values, &values, |value: f64, _| value);
            }
            if kinds == 0 {
                continue;
            }
            let rows = slopes.row_mut(place).chunks_exact_mut(width);
            for (of_moment, row) in moments.chunks_exact(places).zip(rows) {
                back_across.along(of_moment, row);
            }
            while written < self.rows.end && back_down.needs(written) <= place + 1 {
                back_down.across(written, &slopes, &mut handed_back);
                self.write(written, middle, &handed_back);
                written += 1;
            }
        }
        total
    }
}

impl<'a> Band<'a> {
    /// The mean of all pixels that are read.
    #[inline(always)]
    fn middle(&self) -> f64 {
        let [x, y] = self.images;
        let sum = summed::<8, _, _, _>(x, y, |x: f32, y: f32| f64::from(x) + f64::from(y));
        sum / (2 * x.len()) as f64
    }

    /// A row of both images.
    #[inline(always)]
    fn row(&self, row: usize) -> [&'a [f32]; 2] {
        let width = self.axes[1].from;
        let first = (row - self.read.start) * width;
        self.images.map(|image| &image[first..][..width])
    }

    /// What the moments are means of, for each pixel of a row.
    #[inline(always)]
    fn read(&self, row: usize, middle: f64, pixels: &mut [f64]) {
        let [x, y] = self.row(row);
        let width = x.len();
        let y = &y[..width];
        let unit = 1.0 / self.ssim.range;
        let (means, squares) = pixels.split_at_mut(width);
        let (squares, gaps) = squares.split_at_mut(width);
        let (square_gaps, gaps) = gaps.split_at_mut(width);
        let gaps = &mut gaps[..width];
        for i in 0..width {
            let (x, y) = (f64::from(x[i]), f64::from(y[i]));
            let gap = (x - y) * unit;
            let (x, y) = ((x - middle) * unit, (y - middle) * unit);
            means[i] = x;
            squares[i] = x * x + y * y;
            square_gaps[i] = gap * gap;
            gaps[i] = gap;
        }
    }

    /// What is lacking at each place of a row. The slopes take the place of the moments, that by x with that by the gap in
    /// it: both come from the prediction.
    #[inline(always)]
    fn evaluate(&self, middle: f64, slopes: bool, moments: &mut [f64], values: &mut [f64]) {
        let places = values.len();
        let reference = (self.reference + middle) / self.ssim.range;
        let (means, squares) = moments.split_at_mut(places);
        let (squares, gaps) = squares.split_at_mut(places);
        let (square_gaps, gaps) = gaps.split_at_mut(places);
        let gaps = &mut gaps[..places];
        let at =
            |means: &[f64], gaps: &[f64], squares: &[f64], square_gaps: &[f64], i: usize| Moments {
                x: means[i],
                gap: gaps[i],
                squares: squares[i],
                square_gap: square_gaps[i],
            };
        if !slopes {
            for (i, value) in values.iter_mut().enumerate() {
                let moments = at(means, gaps, squares, square_gaps, i);
                *value = self.ssim.value(moments, reference);
            }
            return;
        }
        for i in 0..places {
            let moments = at(means, gaps, squares, square_gaps, i);
            let (value, slopes) = self.ssim.with_slopes(moments, reference);
            values[i] = value;
            means[i] = slopes.x + slopes.gap;
            squares[i] = slopes.squares;
            square_gaps[i] = slopes.square_gap;
            gaps[i] = slopes.gap;
        }
    }

    /// A row of the gradients.
    #[inline(always)]
    fn write(&mut self, row: usize, middle: f64, slopes: &[f64]) {
        let [x, y] = self.row(row);
        let width = x.len();
        let y = &y[..width];
        let places = (self.axes[0].to * self.axes[1].to) as f64;
        let unit = 1.0 / self.ssim.range;
        let scale = unit / places;
        let (means, squares) = slopes.split_at(width);
        let (squares, gaps) = squares.split_at(width);
        let (square_gaps, gaps) = gaps.split_at(width);
        let row = row - self.rows.start;
        let [by_prediction, by_target] = &mut self.gradients;
        if let Some(gradient) = by_prediction {
            let gradient = &mut gradient[row * width..][..width];
            for i in 0..width {
                let (x, gap) = (f64::from(x[i]) - middle, f64::from(x[i]) - f64::from(y[i]));
                let slope = means[i] + 2.0 * unit * (x * squares[i] + gap * square_gaps[i]);
                gradient[i] = (slope * scale) as f32;
            }
        }
        if let Some(gradient) = by_target {
            let gradient = &mut gradient[row * width..][..width];
            let gaps = &gaps[..width];
            for i in 0..width {
                let (y, gap) = (f64::from(y[i]) - middle, f64::from(x[i]) - f64::from(y[i]));
                let slope = 2.0 * unit * (y * squares[i] - gap * square_gaps[i]) - gaps[i];
                gradient[i] = (slope * scale) as f32;
            }
        }
    }
}
