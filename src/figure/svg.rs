//! The few SVG elements that a figure needs, and base64 for pictures inside.

use std::fmt::Write;

/// Text anchor.
#[derive(Clone, Copy)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

pub struct Svg {
    body: String,
    width: f64,
    height: f64,
}

pub const INK: &str = "#1a2027";
pub const FAINT: &str = "#8a949e";

impl Svg {
    pub fn new(width: f64, height: f64) -> Self {
        Self { body: String::new(), width, height }
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing into a String cannot fail.
        let _infallible = self.body.write_fmt(element);
        self.body.push('\n');
    }

    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: &str, width: f64) {
        self.push(format_args!(
            r#"<line x1="{:.2}" y1="{:.2}" x2="{:.2}" y2="{:.2}" stroke="{colour}" stroke-width="{width}"/>"#,
            from.0, from.1, to.0, to.1
        ));
    }

    pub fn polyline(&mut self, points: &[(f64, f64)], colour: &str, width: f64, dash: &str) {
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.2},{y:.2}")).collect();
        let dash = if dash.is_empty() { String::new() } else { format!(r#" stroke-dasharray="{dash}""#) };
        self.push(format_args!(
            r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"{dash}/>"#,
            path.join(" ")
        ));
    }

    pub fn circle(&mut self, at: (f64, f64), radius: f64, colour: &str) {
        self.push(format_args!(
            r#"<circle cx="{:.2}" cy="{:.2}" r="{radius}" fill="{colour}"/>"#,
            at.0, at.1
        ));
    }

    pub fn frame(&mut self, x: f64, y: f64, width: f64, height: f64) {
        self.push(format_args!(
            r#"<rect x="{x:.2}" y="{y:.2}" width="{width:.2}" height="{height:.2}" fill="none" stroke="{INK}"/>"#
        ));
    }

    pub fn text(&mut self, at: (f64, f64), text: &str, size: f64, anchor: Anchor, colour: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.push(format_args!(
            r#"<text x="{:.2}" y="{:.2}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">{}</text>"#,
            at.0,
            at.1,
            escape(text)
        ));
    }

    /// Text that reads upwards, for the label of a vertical axis.
    pub fn upward_text(&mut self, at: (f64, f64), text: &str, size: f64) {
        self.push(format_args!(
            r#"<text transform="translate({:.2} {:.2}) rotate(-90)" font-size="{size}" text-anchor="middle" fill="{INK}">{}</text>"#,
            at.0,
            at.1,
            escape(text)
        ));
    }

    /// A picture from PNG bytes, pixels kept sharp.
    pub fn picture(&mut self, x: f64, y: f64, width: f64, height: f64, png: &[u8]) {
        let data = base64(png);
        self.push(format_args!(
            r#"<image x="{x:.2}" y="{y:.2}" width="{width:.2}" height="{height:.2}" preserveAspectRatio="none" style="image-rendering:pixelated" href="data:image/png;base64,{data}"/>"#
        ));
    }

    /// A clip rectangle around what `draw` draws.
    pub fn clipped(&mut self, x: f64, y: f64, width: f64, height: f64, draw: impl FnOnce(&mut Self)) {
        self.push(format_args!(
            r#"<svg x="{x:.2}" y="{y:.2}" width="{width:.2}" height="{height:.2}" viewBox="{x:.2} {y:.2} {width:.2} {height:.2}">"#
        ));
        draw(self);
        self.push(format_args!("</svg>"));
    }

    pub fn finish(self) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" font-family=\"Inter, Helvetica, Arial, sans-serif\">\n<rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>\n{}</svg>\n",
            self.body,
            w = self.width,
            h = self.height
        )
    }
}

/// A picture of so many pixels from PNG bytes, as a document of its own.
pub fn picture_svg(png: &[u8], width: u32, height: u32) -> String {
    let (width, height) = (f64::from(width), f64::from(height));
    let mut svg = Svg::new(width, height);
    svg.picture(0.0, 0.0, width, height, png);
    svg.finish()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Standard base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0u32, |word, &byte| word << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for position in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * position)) as usize & 63];
            text.push(if position <= chunk.len() { letter as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_the_rfc() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
