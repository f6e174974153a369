//! The result as a table for the terminal, and pictures.

use burn::tensor::Tensor;
use rand::{SeedableRng, rngs::ChaCha8Rng};
use support::{
    color,
    digits::{CLASSES, Digit},
    embedding,
    picture::{Page, Size, grey},
    plot::Panel,
    table::{self, percent},
    view,
};

use crate::evaluate::Scores;

/// The table that is printed at the end.
pub fn table(rows: &[(&str, Scores)]) -> String {
    let header = ["percent found", "linear classifier", "nearest neighbours"];
    let row = |(name, scores): &(&str, Scores)| {
        let [linear, knn] = [scores.linear, scores.knn].map(percent);
        vec![name.to_string(), linear, knn]
    };
    table::table(&header, rows.iter().map(row))
}

/// The test views as an encoder sees them.
pub fn panel(name: &str, scores: Scores, vectors: Tensor<2>, labels: &[usize]) -> Panel {
    let [linear, knn] = [scores.linear, scores.knn].map(percent);
    let title = format!("{name}: linear {linear} %, neighbours {knn} %");
    embedding::panel(title, vectors, labels)
}

/// Two views of the first digit of each class, one above the other.
pub fn draw_views(digits: &[Digit], seed: u64) -> Page {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut page = Page::new(1054, 300);
    page.text(24, 20, "Two views of a digit", Size::Large, color::INK);
    let note = "Each column: the same digit, drawn twice. The network learns to find the partner.";
    page.text(24, 52, note, Size::Small, color::INK);
    let shown = (0..CLASSES).filter_map(|class| digits.iter().find(|digit| digit.class == class));
    for (column, digit) in (0..).zip(shown) {
        for row in 0..2 {
            let view = view::draw(digit, digits, &mut rng);
            page.tile(24 + column * 101, 80 + row * 101, &grey(&view), 96);
        }
    }
    page
}
