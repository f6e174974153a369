//! Tables for the terminal, which are Markdown besides.

use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};

/// A table with its first column flush left and the others flush right.
pub fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(header.to_vec());
    table.add_rows(rows);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

/// A share of 1, in percent.
pub fn percent(share: f64) -> String {
    format!("{:.1}", share * 100.0)
}
