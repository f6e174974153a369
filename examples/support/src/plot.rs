//! Charts, drawn by plotters: a page of panels under one legend, as an SVG document.

use std::ops::Range;

use plotters::{
    coord::Shift,
    prelude::*,
    style::{
        Color as _,
        text_anchor::{HPos, Pos, VPos},
    },
};

use crate::{
    Result,
    color::{Color, FAINT, INK},
};

/// The room above the panels, for the title and the legend, and left of these.
const HEADER: u32 = 76;
const MARGIN: i32 = 20;

/// How many marks an axis has at most.
const MARKS: usize = 6;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// How the points of a series are drawn.
#[derive(Clone, Copy)]
pub enum Mark {
    Line,
    Dashed,
    /// A line with a dot at each point.
    Dotted,
    /// Bars of this width from 0, around each x.
    Bars(f64),
    /// The name of the series at each point.
    Names,
}

/// Points that belong together. An empty name is not in the legend.
pub struct Series {
    pub name: String,
    pub color: Color,
    pub mark: Mark,
    pub points: Vec<(f64, f64)>,
}

impl Series {
    pub fn new(name: &str, color: Color, mark: Mark, points: Vec<(f64, f64)>) -> Self {
        Self {
            name: name.into(),
            color,
            mark,
            points,
        }
    }
}

/// An axis. Without ends it is a little longer than the data.
#[derive(Default)]
pub struct Axis {
    pub label: &'static str,
    pub ends: Option<(f64, f64)>,
}

impl Axis {
    pub fn new(label: &'static str) -> Self {
        Self { label, ends: None }
    }

    pub fn between(label: &'static str, low: f64, high: f64) -> Self {
        let ends = Some((low, high));
        Self { label, ends }
    }

    fn range(&self, values: impl Iterator<Item = f64> + Clone) -> Range<f64> {
        let low = values.clone().reduce(f64::min).unwrap_or(0.0);
        let high = values.reduce(f64::max).unwrap_or(1.0);
        let room = ((high - low) / 50.0).max(1e-6);
        let (low, high) = self.ends.unwrap_or((low - room, high + room));
        low..high
    }
}

/// A number without the dust of binary fractions.
fn short(value: &f64) -> String {
    ((value * 1e6).round() / 1e6).to_string()
}

/// A chart. Without names of axes it has no axes.
#[derive(Default)]
pub struct Panel {
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub series: Vec<Series>,
    /// A remark in the lower right corner.
    pub note: String,
}

impl Panel {
    fn draw(&self, area: &Area) -> Result<()> {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let x = self.x.range(points().map(|point| point.0));
        let y = self.y.range(points().map(|point| point.1));
        let bare = self.x.label.is_empty() && self.y.label.is_empty();
        let [foot, side] = if bare { [10, 10] } else { [48, 62] };
        let mut chart = ChartBuilder::on(area)
            .margin(10)
            .margin_top(42)
            .margin_right(20)
            .x_label_area_size(foot)
            .y_label_area_size(side)
            .build_cartesian_2d(x, y)?;
        let mut mesh = chart.configure_mesh();
        mesh.bold_line_style(rgb(INK).mix(0.15))
            .axis_style(rgb(INK))
            .label_style(text(13.0, INK))
            .axis_desc_style(text(14.0, INK))
            .x_desc(self.x.label)
            .y_desc(self.y.label)
            .light_line_style(TRANSPARENT)
            .x_labels(MARKS)
            .y_labels(MARKS)
            .x_label_formatter(&short)
            .y_label_formatter(&short);
        if bare {
            mesh.disable_mesh().disable_axes();
        }
        mesh.draw()?;
        for series in &self.series {
            let color = rgb(series.color);
            let line = color.stroke_width(2);
            let points = series.points.iter().copied();
            match series.mark {
                Mark::Line => chart.draw_series(LineSeries::new(points, line))?,
                Mark::Dashed => chart.draw_series(DashedLineSeries::new(points, 6, 4, line))?,
                Mark::Dotted => {
                    chart.draw_series(LineSeries::new(points, line.filled()).point_size(4))?
                }
                Mark::Bars(width) => chart.draw_series(points.map(|(x, y)| {
                    let corners = [(x - width / 2.0, 0.0), (x + width / 2.0, y)];
                    Rectangle::new(corners, color.filled())
                }))?,
                Mark::Names => {
                    let center = Pos::new(HPos::Center, VPos::Center);
                    let style = text(10.0, series.color).pos(center);
                    let name = |point| Text::new(series.name.clone(), point, style.clone());
                    chart.draw_series(points.map(name))?
                }
            };
        }
        area.draw(&Text::new(
            &self.title[..],
            (10 + side, 12),
            text(16.0, INK),
        ))?;
        let (width, height) = area.dim_in_pixel();
        let corner = (width as i32 - 28, height as i32 - 26);
        let style = text(13.0, FAINT).pos(Pos::new(HPos::Right, VPos::Bottom));
        area.draw(&Text::new(self.note.clone(), corner, style))?;
        Ok(())
    }
}

/// A page of panels of one size, so many in a row. The legend has every name once.
pub fn page(title: &str, columns: usize, panel: (u32, u32), panels: &[Panel]) -> Result<String> {
    let columns = columns.clamp(1, panels.len().max(1));
    let rows = panels.len().div_ceil(columns);
    let size = (columns as u32 * panel.0, HEADER + rows as u32 * panel.1);
    let mut document = String::new();
    {
        let page = SVGBackend::with_string(&mut document, size).into_drawing_area();
        page.fill(&WHITE)?;
        page.draw(&Text::new(title, (MARGIN, 14), text(20.0, INK)))?;
        draw_legend(&page, panels)?;
        let (_, body) = page.split_vertically(HEADER);
        for (panel, area) in panels.iter().zip(body.split_evenly((rows, columns))) {
            panel.draw(&area)?;
        }
        page.present()?;
    }
    Ok(document)
}

fn draw_legend(page: &Area, panels: &[Panel]) -> Result<()> {
    let (mut x, y) = (MARGIN, 56);
    let mut named: Vec<&str> = vec![""];
    for series in panels.iter().flat_map(|panel| &panel.series) {
        if named.contains(&series.name.as_str()) {
            continue;
        }
        named.push(&series.name);
        let (dashes, half) = match series.mark {
            Mark::Names => continue,
            Mark::Bars(_) => (&[(0, 28)][..], 7),
            Mark::Dashed => (&[(0, 8), (10, 18), (20, 28)][..], 1),
            Mark::Line | Mark::Dotted => (&[(0, 28)][..], 1),
        };
        for (start, end) in dashes {
            let corners = [(x + start, y - half), (x + end, y + half)];
            page.draw(&Rectangle::new(corners, rgb(series.color).filled()))?;
        }
        let style = text(15.0, INK).pos(Pos::new(HPos::Left, VPos::Center));
        page.draw(&Text::new(series.name.clone(), (x + 36, y), style))?;
        x += 64 + 8 * series.name.chars().count() as i32;
    }
    Ok(())
}

fn rgb([red, green, blue]: Color) -> RGBColor {
    RGBColor(red, green, blue)
}

/// Text of a height in pixels.
fn text(size: f64, color: Color) -> TextStyle<'static> {
    // plotters takes a font for a quarter larger than it is.
    let font = ("Helvetica, Arial, sans-serif", size * 1.24).into_font();
    font.color(&rgb(color))
}
