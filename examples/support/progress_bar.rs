//! A training as one line in the terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over so many steps, epochs or whatever else the unit is.
pub fn bar(name: &str, count: usize, unit: &str) -> ProgressBar {
    let bar = ProgressBar::new(count as u64).with_prefix(name.to_string());
    let template = format!(
        "{{prefix:>16}} {{bar:32}} {{pos:>4}}/{{len}} {unit}  {{msg}}  [{{elapsed}} < {{eta}}]"
    );
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}
