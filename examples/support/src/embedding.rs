//! Vectors with labels as a chart: the two dimensions that show most of them, by principal component analysis.

use burn::tensor::Tensor;
use nalgebra::{DMatrix, DVector};

use crate::{
    color::{Color, DIGITS, LINES},
    plot::{Axis, Mark, Panel, Series},
};

/// More points than these would hide each other.
const POINTS: usize = 800;

/// A chart of vectors `[N, D]` whose `N` labels are below 10.
pub fn panel(title: impl Into<String>, vectors: Tensor<2>, labels: &[usize]) -> Panel {
    let [rows, columns] = vectors.dims();
    let numbers: Vec<f64> = vectors.into_data().iter::<f64>().collect();
    let (x, y, share) = project(DMatrix::from_row_slice(rows, columns, &numbers));
    let of = |class: usize| {
        let points = x.iter().zip(&y).zip(labels);
        let points = points.step_by(rows.div_ceil(POINTS).max(1));
        let points = points.filter(|(_, label)| **label == class);
        points.map(|((x, y), _)| (*x, *y)).collect()
    };
    let classes = 0..DIGITS.len();
    let classes: Vec<usize> = classes.filter(|class| labels.contains(class)).collect();
    let many = classes.len() > LINES.len();
    let colors = if many { &DIGITS[..] } else { &LINES };
    // Darker, as numerals are thin and the page is white.
    let dark = |color: Color| color.map(|part| (f32::from(part) * 0.8) as u8);
    let numerals = |(&class, &color): (&usize, &Color)| {
        Series::new(&class.to_string(), dark(color), Mark::Names, of(class))
    };
    // Axes that are equally long.
    let half = (x.max() - x.min()).max(y.max() - y.min()).max(1e-9) * 0.53;
    let axis = |places: &DVector<f64>| {
        let middle = (places.min() + places.max()) / 2.0;
        Axis::between("", middle - half, middle + half)
    };
    Panel {
        title: title.into(),
        x: axis(&x),
        y: axis(&y),
        series: classes.iter().zip(colors).map(numerals).collect(),
        note: format!("{:.0} % of the variance", share * 100.0),
    }
}

/// Projects the rows onto their first two principal components; and how much of the variance these show, 0 to 1.
fn project(mut rows: DMatrix<f64>) -> (DVector<f64>, DVector<f64>, f64) {
    let mean = rows.row_mean();
    for mut row in rows.row_iter_mut() {
        row -= &mean;
    }
    let eigen = (rows.transpose() * &rows).symmetric_eigen();
    let mut order: Vec<usize> = (0..eigen.eigenvalues.len()).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    // A component may point either way: to where its largest coordinate is positive.
    let axis = |place: usize| {
        let axis = eigen.eigenvectors.column(order[place]);
        axis * axis[axis.iamax()].signum()
    };
    let shown = eigen.eigenvalues[order[0]] + eigen.eigenvalues[order[1]];
    let share = shown / eigen.eigenvalues.sum().max(f64::MIN_POSITIVE);
    (&rows * axis(0), &rows * axis(1), share)
}
