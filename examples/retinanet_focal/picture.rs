//! The pictures: the trainings over their steps, and what each detector finds.

use support::{
    Result,
    color::{BLACK, DIGITS, FAINT, INK, LINES, WHITE},
    picture::{Page, Size, grey},
    plot::{Axis, Mark, Panel, Series, page},
};

use crate::{
    Run,
    boxes::BoundingBox,
    detect::{Detection, suppress},
    scene::{SIDE, Scene},
};

/// How many times a pixel of a scene is enlarged, the side of a scene, and the space around it.
const SCALE: f32 = 3.0;
const TILE: i32 = 3 * SIDE as i32;
const GAP: i32 = 16;

/// The room above the scenes, the height of a row of them, and how many are in it.
const HEADER: i32 = 64;
const ROW: usize = TILE as usize + 46;
const COLUMNS: i32 = 4;

/// Less probable detections are left out of the picture (not out of AP).
const MIN_SCORE: f32 = 0.3;

/// The losses over the steps of all trainings, relative to their first values: each has its units.
pub fn curves(runs: &[Run]) -> Result<String> {
    let panel = |(title, curve): (&str, &str)| {
        let series = runs.iter().zip(LINES).map(|(run, color)| {
            let mut points = run.history.points(curve);
            let first = points.first().map_or(1.0, |point| point.1);
            points.iter_mut().for_each(|point| point.1 /= first);
            Series::new(run.loss, color, Mark::Line, points)
        });
        Panel {
            title: title.into(),
            x: Axis::new("training step"),
            y: Axis::between("share of the first value", 0.0, 1.05),
            series: series.collect(),
            ..Panel::default()
        }
    };
    let panels = [("loss of classes", "class"), ("loss of boxes", "box")].map(panel);
    let title = "One RetinaNet, trained with different losses";
    page(title, 2, (480, 360), &panels)
}

/// The first test scenes, a row for each detector.
pub fn detections(scenes: &[Scene], runs: &[Run]) -> Page {
    let width = GAP + COLUMNS * (TILE + GAP);
    let mut page = Page::new(width as u32, HEADER as u32 + (runs.len() * ROW) as u32);
    page.text(GAP, 8, "Detections on test scenes", Size::Large, INK);
    let note = format!(
        "thin white: the digits; thick: the most probable digit of each place and its probability, \
         from {MIN_SCORE}"
    );
    page.text(GAP, 36, &note, Size::Small, FAINT);
    for (run, top) in runs.iter().zip((HEADER..).step_by(ROW)) {
        let title = format!("trained with {}", run.loss);
        page.text(GAP, top, &title, Size::Large, INK);
        for ((scene, found), column) in scenes.iter().zip(&run.detections).zip(0..COLUMNS) {
            let left = GAP + column * (TILE + GAP);
            draw_scene(&mut page, left, top + 30, scene, found);
        }
    }
    page
}

/// Draws a scene with its corner at `(left, top)`.
fn draw_scene(page: &mut Page, left: i32, top: i32, scene: &Scene, found: &[Detection]) {
    page.tile(left, top, &grey(&scene.image), TILE as u32);
    let outline = |page: &mut Page, bounds: &BoundingBox, color, thickness| {
        let [x, y, right, bottom] = bounds.0.map(|place| (place * SCALE).round() as i32);
        let size = ((right - x) as u32, (bottom - y) as u32);
        page.outline((left + x, top + y), size, color, thickness);
    };
    for object in &scene.objects {
        outline(page, &object.bounds, WHITE, 1);
    }
    let probable = found.iter().filter(|one| one.score >= MIN_SCORE);
    let shown = suppress(probable.cloned(), |_, _| true);
    for one in &shown {
        outline(page, &one.bounds, DIGITS[one.class], 3);
    }
    for one in &shown {
        let text = format!("{} {:.2}", one.class, one.score);
        let width = Size::Small.width() * text.len() as i32 + 4;
        // Above the box, or below the upper edge of the scene.
        let [x, y, ..] = one.bounds.0.map(|place| (place * SCALE) as i32);
        let (x, y) = (left + x.min(TILE - width), top + (y - 16).max(0));
        page.fill(x, y, width as u32, 16, DIGITS[one.class]);
        page.text(x + 2, y, &text, Size::Small, BLACK);
    }
}
