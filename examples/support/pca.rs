//! Two dimensions that show as much as possible of many: principal component analysis.

/// Powers of the covariance that are taken: enough for the eye.
const ITERATIONS: usize = 300;

/// Points in the plane, and how much of the whole variance they show.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    pub points: Vec<(f64, f64)>,
    /// 0 to 1
    pub share: f64,
}

/// Projects points onto their first two principal components.
pub fn project(points: &[Vec<f32>]) -> Plane {
    let dimensions = points.first().map_or(0, Vec::len);
    let count = points.len().max(1) as f64;
    let mean: Vec<f64> = (0..dimensions)
        .map(|d| points.iter().map(|point| f64::from(point[d])).sum::<f64>() / count)
        .collect();
    let centred: Vec<Vec<f64>> = points
        .iter()
        .map(|point| {
            point
                .iter()
                .zip(&mean)
                .map(|(&x, m)| f64::from(x) - m)
                .collect()
        })
        .collect();
    let mut covariance = covariance(&centred, dimensions);
    let total: f64 = (0..dimensions).map(|d| covariance[d][d]).sum();
    let mut shown = 0.0;
    let axes = [(); 2].map(|()| {
        let axis = first_component(&covariance);
        let variance = dot(&axis, &multiply(&covariance, &axis));
        for (row, a) in covariance.iter_mut().zip(&axis) {
            for (entry, b) in row.iter_mut().zip(&axis) {
                *entry -= variance * a * b;
            }
        }
        shown += variance;
        axis
    });
    Plane {
        points: centred
            .iter()
            .map(|point| (dot(point, &axes[0]), dot(point, &axes[1])))
            .collect(),
        share: if total > 0.0 { shown / total } else { 1.0 },
    }
}

fn covariance(centred: &[Vec<f64>], dimensions: usize) -> Vec<Vec<f64>> {
    let mut sums = vec![vec![0.0; dimensions]; dimensions];
    for point in centred {
        for (row, a) in sums.iter_mut().zip(point) {
            for (entry, b) in row.iter_mut().zip(point) {
                *entry += a * b / centred.len() as f64;
            }
        }
    }
    sums
}

/// The direction of the largest variance, of length 1; its largest coordinate is positive.
fn first_component(covariance: &[Vec<f64>]) -> Vec<f64> {
    // Any start will do that is not at a right angle to the answer.
    let mut axis: Vec<f64> = (0..covariance.len())
        .map(|d| 1.0 + (d as f64).sin())
        .collect();
    for _ in 0..ITERATIONS {
        let next = multiply(covariance, &axis);
        let length = dot(&next, &next).sqrt();
        if length == 0.0 {
            break;
        }
        axis = next.into_iter().map(|x| x / length).collect();
    }
    let largest = axis
        .iter()
        .copied()
        .max_by(|a, b| a.abs().total_cmp(&b.abs()));
    let length = dot(&axis, &axis).sqrt().max(f64::MIN_POSITIVE);
    let scale = largest.unwrap_or(1.0).signum() / length;
    axis.into_iter().map(|x| x * scale).collect()
}

fn multiply(matrix: &[Vec<f64>], vector: &[f64]) -> Vec<f64> {
    matrix.iter().map(|row| dot(row, vector)).collect()
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_directions_are_found() {
        // Wide along (0.6, 0.8, 0), less along (-0.8, 0.6, 0), hardly along (0, 0, 1).
        let place = |a: f32, b: f32, c: f32| vec![0.6 * a - 0.8 * b, 0.8 * a + 0.6 * b, c];
        let points = [
            place(3.0, 0.0, 0.1),
            place(-3.0, 0.0, 0.1),
            place(0.0, 1.0, -0.1),
            place(0.0, -1.0, -0.1),
        ];
        let plane = project(&points);
        for (found, expected) in plane.points.iter().zip([3.0, -3.0, 0.0, 0.0]) {
            assert!((found.0 - expected).abs() < 1e-5, "{plane:?}");
        }
        assert!((plane.points[2].1.abs() - 1.0).abs() < 1e-5, "{plane:?}");
        assert!((plane.share - 20.0 / 20.04).abs() < 1e-5, "{plane:?}");
    }

    #[test]
    fn points_without_any_spread_stay_together() {
        let plane = project(&[vec![1.0, 2.0], vec![1.0, 2.0]]);
        assert_eq!(plane.points, [(0.0, 0.0); 2]);
        assert_eq!(plane.share, 1.0);
    }
}
