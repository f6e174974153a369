//! Where the names of curves stand.

use crate::drawing::{DIAGRAM, FONT, Point};

/// An upper left and a lower right corner.
type Rectangle = [Point; 2];

/// The middle of each name's base line, beside its own curve and as far from the others as there is room for, or `None`
/// where there is none.
pub fn places(names: &[&str], curves: &[Vec<Vec<Point>>]) -> Vec<Option<Point>> {
    let points: Vec<Vec<Point>> = curves
        .iter()
        .map(|runs| runs.iter().flatten().step_by(12).copied().collect())
        .collect();
    let mut taken: Vec<Rectangle> = Vec::new();
    let mut places = Vec::new();
    for (own, name) in names.iter().enumerate() {
        let half = [0.31 * FONT * name.chars().count() as f64, 0.4 * FONT];
        let around = |[x, y]: Point| [[x - half[0], y - half[1]], [x + half[0], y + half[1]]];
        let room = |place: &Rectangle| {
            let inside = (0..2).all(|i| place[0][i] > 0.0 && place[1][i] < DIAGRAM[i]);
            let gaps = |index: usize| points[index].iter().map(|&p| apart(place, &[p, p]));
            let touches = gaps(own).any(|gap| gap < 0.1 * FONT);
            let others = (0..names.len()).filter(|&index| index != own);
            let labels = taken.iter().map(|other| apart(place, other));
            let free = others
                .flat_map(gaps)
                .chain(labels)
                .fold(2.5 * FONT, f64::min);
            (inside && !touches && free > 0.15 * FONT).then_some(free)
        };
        let shifts = [-1.7, -1.0, 0.0, 1.0, 1.7];
        let gap = 0.2 * FONT;
        let beside = points[own].iter().flat_map(|&[x, y]| {
            let along = |shift: f64, half: f64| {
                let edge = if shift == 0.0 { 0.0 } else { half };
                edge.copysign(shift) + shift * gap
            };
            let place = move |a, b| around([x + along(a, half[0]), y + along(b, half[1])]);
            shifts
                .into_iter()
                .flat_map(move |a| shifts.map(|b| place(a, b)))
        });
        let free = beside.filter_map(|place| Some((room(&place)?, place)));
        let best = free
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, place)| place);
        taken.extend(best);
        places.push(best.map(|[a, b]| [(a[0] + b[0]) / 2.0, b[1] - 0.05 * FONT]));
    }
    places
}

/// The distance of two rectangles, 0 where they overlap.
fn apart(a: &Rectangle, b: &Rectangle) -> f64 {
    let [x, y] = [0, 1].map(|i| (a[0][i] - b[1][i]).max(b[0][i] - a[1][i]).max(0.0));
    x.hypot(y)
}
