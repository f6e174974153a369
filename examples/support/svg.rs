//! The few SVG elements that the pictures are made of.

use std::fmt::Write;

/// An SVG document under construction.
pub struct Svg {
    width: f64,
    height: f64,
    body: String,
}

/// Where a text starts, ends or is centred.
#[derive(Clone, Copy)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// How a line or an outline is drawn.
#[derive(Clone, Copy)]
pub struct Stroke<'a> {
    pub color: &'a str,
    pub width: f64,
    pub dashes: Option<&'a str>,
}

impl<'a> Stroke<'a> {
    pub fn solid(color: &'a str, width: f64) -> Self {
        Self {
            color,
            width,
            dashes: None,
        }
    }

    fn attributes(&self) -> String {
        let Self {
            color,
            width,
            dashes,
        } = self;
        let dashes = dashes.map(|dashes| format!(" stroke-dasharray=\"{dashes}\""));
        let dashes = dashes.unwrap_or_default();
        format!("fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\"{dashes}")
    }
}

impl Svg {
    /// A white page.
    pub fn new(width: f64, height: f64) -> Self {
        let mut page = Self {
            width,
            height,
            body: String::new(),
        };
        page.fill(0.0, 0.0, width, height, "#ffffff");
        page
    }

    /// A filled rectangle.
    pub fn fill(&mut self, x: f64, y: f64, width: f64, height: f64, color: &str) {
        self.element(format_args!(
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" \
             fill=\"{color}\"/>"
        ));
    }

    /// The outline of a rectangle.
    pub fn outline(&mut self, x: f64, y: f64, width: f64, height: f64, stroke: Stroke) {
        let stroke = stroke.attributes();
        self.element(format_args!(
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" {stroke}/>"
        ));
    }

    /// A line through the given points.
    pub fn line(&mut self, points: &[(f64, f64)], stroke: Stroke) {
        let points: Vec<_> = points
            .iter()
            .map(|(x, y)| format!("{x:.2},{y:.2}"))
            .collect();
        let (points, stroke) = (points.join(" "), stroke.attributes());
        self.element(format_args!(
            "<polyline points=\"{points}\" stroke-linejoin=\"round\" {stroke}/>"
        ));
    }

    /// A filled circle.
    pub fn dot(&mut self, x: f64, y: f64, radius: f64, color: &str) {
        self.element(format_args!(
            "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{radius}\" fill=\"{color}\"/>"
        ));
    }

    /// Text on a baseline.
    pub fn text(&mut self, x: f64, y: f64, text: &str, size: f64, color: &str, anchor: Anchor) {
        self.write_text(
            format_args!("x=\"{x:.2}\" y=\"{y:.2}\""),
            text,
            size,
            color,
            anchor,
        );
    }

    /// A PNG given in base64, scaled without smoothing.
    pub fn image(&mut self, x: f64, y: f64, side: f64, png_base64: &str) {
        self.element(format_args!(
            "<image x=\"{x:.2}\" y=\"{y:.2}\" width=\"{side:.2}\" height=\"{side:.2}\" \
             style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{png_base64}\"/>"
        ));
    }

    /// The finished document.
    pub fn finish(self) -> String {
        let Self {
            width,
            height,
            body,
        } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"Helvetica, Arial, sans-serif\">\n\
             {body}</svg>\n"
        )
    }

    fn write_text(
        &mut self,
        place: std::fmt::Arguments,
        text: &str,
        size: f64,
        color: &str,
        anchor: Anchor,
    ) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        self.element(format_args!(
            "<text {place} font-size=\"{size}\" fill=\"{color}\" text-anchor=\"{anchor}\">\
             {text}</text>"
        ));
    }

    fn element(&mut self, element: std::fmt::Arguments) {
        writeln!(self.body, "{element}").expect("writing to a string cannot fail");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let mut page = Svg::new(10.0, 10.0);
        page.text(1.0, 2.0, "a < b & c", 8.0, "#000000", Anchor::End);
        let document = page.finish();
        assert!(
            document.contains("text-anchor=\"end\">a &lt; b &amp; c</text>"),
            "{document}"
        );
    }

    #[test]
    fn a_document_opens_and_closes() {
        let mut page = Svg::new(20.0, 10.0);
        page.line(&[(0.0, 1.0), (2.0, 3.5)], Stroke::solid("#ff0000", 1.5));
        let document = page.finish();
        assert!(document.starts_with("<svg ") && document.ends_with("</svg>\n"));
        assert!(document.contains("viewBox=\"0 0 20 10\""));
        assert!(document.contains("points=\"0.00,1.00 2.00,3.50\""));
    }
}
