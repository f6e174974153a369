//! The picture of detections: test scenes, the digits on them and what each detector found.

use crate::{
    boxes::BoundingBox,
    detect::Detection,
    digits::CLASSES,
    error::Result,
    loss::LossKind,
    png_image::encode_png,
    scene::{Object, SIDE, Scene},
    svg::{Anchor, Stroke, Svg},
};

/// Side of a scene on the page, and the space between scenes.
const TILE: f64 = 250.0;
const GAP: f64 = 18.0;
const HEADER: f64 = 84.0;
const ROW_TITLE: f64 = 34.0;

/// Scenes in a row.
const COLUMNS: usize = 4;

/// Less probable detections are left out of the picture (not out of AP).
const MIN_SCORE: f32 = 0.3;

/// Of detections that overlap more than this, of whatever class, the picture has the most probable.
const SAME_PLACE_IOU: f32 = 0.5;

const INK: &str = "#222222";
const GROUND_TRUTH: Stroke = Stroke {
    color: "#ffffff",
    width: 1.6,
    dashes: Some("5 4"),
};

/// A colour for each digit, bright enough for a dark canvas.
const COLORS: [&str; CLASSES] = [
    "#e6194b", "#3cb44b", "#ffe119", "#5b8cff", "#f58231", "#d65cff", "#46f0f0", "#f032e6",
    "#bcf60c", "#ff9db0",
];

/// Draws the first scenes, one row for each detector.
pub fn draw(scenes: &[Scene], detectors: &[(LossKind, &[Vec<Detection>])]) -> Result<String> {
    let images: Vec<String> = scenes
        .iter()
        .take(COLUMNS)
        .map(|scene| encode_png(&scene.image))
        .collect::<Result<_>>()?;
    let width = GAP + COLUMNS as f64 * (TILE + GAP);
    let row_height = ROW_TITLE + TILE + GAP;
    let mut page = Svg::new(width, HEADER + detectors.len() as f64 * row_height);
    page.text(
        GAP,
        34.0,
        "Detections on test scenes",
        20.0,
        INK,
        Anchor::Start,
    );
    let note = format!(
        "dashed: the digits, named on black; solid: the most probable digit of each place with \
         its probability, from {MIN_SCORE}"
    );
    page.text(GAP, 60.0, &note, 14.0, "#666666", Anchor::Start);
    for (row, (kind, detections)) in detectors.iter().enumerate() {
        let top = HEADER + row as f64 * row_height + ROW_TITLE;
        let title = format!("trained with {}", kind.name());
        page.text(GAP, top - 12.0, &title, 16.0, kind.color(), Anchor::Start);
        for (column, image) in images.iter().enumerate() {
            let left = GAP + column as f64 * (TILE + GAP);
            let tile = Tile { left, top };
            page.image(left, top, TILE, image);
            tile.annotate(
                &mut page,
                &scenes[column].objects,
                &shown(&detections[column]),
            );
        }
    }
    Ok(page.finish())
}

/// The detections of one scene that the picture has, most probable first.
fn shown(detections: &[Detection]) -> Vec<&Detection> {
    let mut shown: Vec<&Detection> = Vec::new();
    for found in detections.iter().filter(|found| found.score >= MIN_SCORE) {
        let overlaps = |other: &&Detection| other.bounds.iou(&found.bounds) > SAME_PLACE_IOU;
        if !shown.iter().any(overlaps) {
            shown.push(found);
        }
    }
    shown
}

/// The place of one scene on the page.
struct Tile {
    left: f64,
    top: f64,
}

impl Tile {
    const SCALE: f32 = TILE as f32 / SIDE as f32;
    const LABEL: (f32, f32) = (44.0, 15.0);
    const NAME: (f32, f32) = (11.0, 14.0);

    /// Boxes first, then the digits' names, then the labels of detections, so that all is legible.
    fn annotate(&self, page: &mut Svg, objects: &[Object], detections: &[&Detection]) {
        for object in objects {
            self.outline(page, &object.bounds, GROUND_TRUTH);
        }
        for found in detections {
            self.outline(page, &found.bounds, Stroke::solid(COLORS[found.class], 2.2));
        }
        for object in objects {
            // In the lower right corner, on black.
            let (x, y) = (
                object.bounds.right * Self::SCALE,
                object.bounds.bottom * Self::SCALE,
            );
            let place = corner_box(x - Self::NAME.0, y - Self::NAME.1, Self::NAME);
            self.tag(
                page,
                &place,
                &object.class.to_string(),
                ["#000000", "#ffffff"],
            );
        }
        let mut taken = Vec::new();
        for found in detections {
            let place = place_label(&found.bounds, &taken);
            let text = format!("{}  {:.2}", found.class, found.score);
            self.tag(page, &place, &text, [COLORS[found.class], "#000000"]);
            taken.push(place);
        }
    }

    /// The outline of a box in canvas pixels.
    fn outline(&self, page: &mut Svg, bounds: &BoundingBox, stroke: Stroke) {
        let scale = |length: f32| f64::from(length * Self::SCALE);
        let (x, y) = (self.left + scale(bounds.left), self.top + scale(bounds.top));
        page.outline(x, y, scale(bounds.width()), scale(bounds.height()), stroke);
    }

    /// A filled box in page units, with a text in its middle.
    fn tag(&self, page: &mut Svg, place: &BoundingBox, text: &str, [fill, ink]: [&str; 2]) {
        let (width, height) = (f64::from(place.width()), f64::from(place.height()));
        let (x, y) = (
            self.left + f64::from(place.left),
            self.top + f64::from(place.top),
        );
        page.fill(x, y, width, height, fill);
        page.text(
            x + width / 2.0,
            y + height - 3.5,
            text,
            12.0,
            ink,
            Anchor::Middle,
        );
    }
}

/// The first place beside a box that lies on the tile and is free of labels: above, below, or
/// inside at the top, each flush left or right. Where none is free, labels overlap inside the box.
fn place_label(bounds: &BoundingBox, taken: &[BoundingBox]) -> BoundingBox {
    let (width, height) = Tile::LABEL;
    let side = TILE as f32;
    let [left, top, right, bottom] =
        [bounds.left, bounds.top, bounds.right, bounds.bottom].map(|length| length * Tile::SCALE);
    let places = [top - height, bottom, top].into_iter().flat_map(|y| {
        [left, right - width].map(|x| corner_box(x.clamp(0.0, side - width), y, Tile::LABEL))
    });
    let free = |place: &BoundingBox| {
        *place == place.clip(side) && taken.iter().all(|other| other.iou(place) == 0.0)
    };
    let fallback = corner_box(left.min(side - width), top.min(side - height), Tile::LABEL);
    places.into_iter().find(free).unwrap_or(fallback)
}

/// The box with the given top left corner and size.
fn corner_box(left: f32, top: f32, (width, height): (f32, f32)) -> BoundingBox {
    BoundingBox {
        left,
        top,
        right: left + width,
        bottom: top + height,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boxes::square_at;

    #[test]
    fn each_place_shows_its_most_probable_digit() {
        let found = |left: f32, class: usize, score: f32| {
            let bounds = square_at(left);
            Detection {
                bounds,
                class,
                score,
            }
        };
        let detections = [found(0.0, 3, 0.8), found(1.0, 5, 0.6), found(40.0, 5, 0.5)];
        assert_eq!(shown(&detections), [&detections[0], &detections[2]]);
        assert!(shown(&[found(0.0, 3, 0.2)]).is_empty());
    }

    #[test]
    fn labels_stay_on_the_tile_and_apart() {
        let bounds = BoundingBox {
            left: 40.0,
            top: 1.0,
            right: 60.0,
            bottom: 30.0,
        };
        let mut taken = Vec::new();
        for _ in 0..4 {
            let place = place_label(&bounds, &taken);
            assert_eq!(place, place.clip(TILE as f32));
            assert!(
                taken
                    .iter()
                    .all(|other: &BoundingBox| other.iou(&place) == 0.0)
                    || taken.len() > 1
            );
            taken.push(place);
        }
        // No room above, so the first label is below.
        assert_eq!(taken[0].top, bounds.bottom * Tile::SCALE);
    }
}
