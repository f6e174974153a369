//! The pictures: the views that are trained with, and the embedding before and after.

use rand::{SeedableRng, rngs::ChaCha8Rng};

use crate::{
    bench::Scores,
    digits::{CLASSES, Digit},
    error::Result,
    features::Features,
    png_image::encode_png,
    scatter::{self, Panel},
    svg::{Anchor, Svg},
    view,
};

const INK: &str = "#222222";
const FAINT: &str = "#666666";

/// Space around everything.
const GAP: f64 = 24.0;

/// Side of a view, and the space between views.
const TILE: f64 = 96.0;
const TILE_GAP: f64 = 6.0;

/// Draws two views of the first digit of each class, one above the other.
pub fn draw_views(digits: &[Digit], seed: u64) -> Result<String> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let top = 84.0;
    let pitch = TILE + TILE_GAP;
    let width = 2.0 * GAP + pitch * CLASSES as f64 - TILE_GAP;
    let mut page = Svg::new(width, top + 2.0 * pitch - TILE_GAP + GAP);
    let title = "Two views of a digit";
    page.text(GAP, 36.0, title, 20.0, INK, Anchor::Start);
    let note = "each column: the same digit, drawn twice; the network is to find the partner";
    page.text(GAP, 62.0, note, 14.0, FAINT, Anchor::Start);
    let shown = (0..CLASSES).filter_map(|class| digits.iter().find(|digit| digit.class == class));
    for (column, digit) in shown.enumerate() {
        for row in 0..2 {
            let image = encode_png(&view::draw(digit, digits, &mut rng))?;
            let (x, y) = (GAP + column as f64 * pitch, top + f64::from(row) * pitch);
            page.image(x, y, TILE, &image);
        }
    }
    Ok(page.finish())
}

/// Draws the test views as encoders see them.
pub fn draw_embeddings(panels: Vec<(&str, Features, Scores)>, labels: &[usize]) -> String {
    let panel = |(name, features, scores): (&str, Features, Scores)| Panel {
        title: format!(
            "{name}: linear {:.1} %, neighbours {:.1} %",
            scores.linear * 100.0,
            scores.knn * 100.0,
        ),
        vectors: features.test,
    };
    let title = "Digits never trained with, in the first two principal components";
    scatter::draw(title, panels.into_iter().map(panel).collect(), labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device::DeviceName, digits::DigitSets};
    use burn::tensor::Tensor;

    #[test]
    fn every_class_has_two_views() {
        let digits = DigitSets::bundled().expect("the bundled file is sound");
        let picture = draw_views(&digits.test, 1).expect("sound images");
        assert_eq!(picture.matches("<image ").count(), 2 * CLASSES);
    }

    #[test]
    fn panels_are_headed_with_their_scores() {
        let device = DeviceName::choose(None).expect("a device").open();
        let test = Tensor::<2>::from_floats([[0.0, 1.0], [1.0, 0.0]], &device);
        let features = Features {
            train: test.clone(),
            test,
        };
        let scores = Scores {
            knn: 0.5,
            linear: 0.75,
        };
        let picture = draw_embeddings(vec![("one", features, scores)], &[0, 9]);
        assert!(picture.contains(">one: linear 75.0 %, neighbours 50.0 %<"));
    }
}
