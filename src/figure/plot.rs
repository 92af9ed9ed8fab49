//! Line plots and two-dimensional histograms with full axes: units, minor ticks, true log scales, legend outside the data.

use super::colour::ColourMap;
use super::svg::{Anchor, FAINT, INK, Svg};
use super::ticks::{Tick, linear_ticks, log_ticks};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    Linear,
    Log,
}

/// An axis: its label with the unit, its scale, its range (found from the data where `None`).
#[derive(Clone, Debug)]
pub struct Axis {
    pub label: String,
    pub scale: Scale,
    pub range: Option<(f64, f64)>,
    /// Ticks stand at whole numbers only, for counts.
    pub is_whole: bool,
}

impl Axis {
    pub fn linear(label: impl Into<String>) -> Self {
        Self { label: label.into(), scale: Scale::Linear, range: None, is_whole: false }
    }

    pub fn log(label: impl Into<String>) -> Self {
        Self { label: label.into(), scale: Scale::Log, range: None, is_whole: false }
    }

    pub fn with_range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    /// The same for an axis that counts: no tick between two whole numbers.
    pub fn of_whole_numbers(mut self) -> Self {
        self.is_whole = true;
        self
    }

    /// The ticks from `low` to `high`, about `count` of them on a linear axis; minor ones have no label.
    pub fn ticks_within(&self, low: f64, high: f64, count: usize) -> Vec<Tick> {
        // Less than a third of a decade holds no tick of a log axis worth the name.
        let mut ticks = match self.scale {
            Scale::Log if high > 2.2 * low => log_ticks(low, high),
            _ => linear_ticks(low, high, count),
        };
        if self.is_whole {
            ticks.retain(|tick| (tick.value - tick.value.round()).abs() < 1e-6);
        }
        ticks
    }

    fn resolved(&self, values: impl Iterator<Item = f64>) -> (f64, f64) {
        if let Some(range) = self.range {
            return range;
        }
        let usable = values.filter(|v| v.is_finite() && (self.scale == Scale::Linear || *v > 0.0));
        let (low, high) = usable.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
        match self.scale {
            _ if low > high => (0.1, 1.0),
            Scale::Linear if low == high => (low - 0.5, high + 0.5),
            Scale::Linear => (low - 0.04 * (high - low), high + 0.04 * (high - low)),
            Scale::Log if low == high => (low / 2.0, high * 2.0),
            Scale::Log => (low / (high / low).powf(0.04), high * (high / low).powf(0.04)),
        }
    }

    fn fraction(&self, (low, high): (f64, f64), value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - low) / (high - low),
            Scale::Log => (value / low).ln() / (high / low).ln(),
        }
    }

    fn ticks(&self, (low, high): (f64, f64)) -> Vec<Tick> {
        self.ticks_within(low, high, 6)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    Solid,
    Dashed,
    Points,
}

/// One curve of a plot.
#[derive(Clone, Debug)]
pub struct Line {
    pub label: String,
    pub points: Vec<(f64, f64)>,
    pub stroke: Stroke,
}

/// Okabe and Ito's colours without yellow: told apart by colour-blind eyes and on paper.
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#1a2027"];

const LEFT: f64 = 66.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 48.0;

struct Frame<'a> {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    axes: (&'a Axis, &'a Axis),
    ranges: ((f64, f64), (f64, f64)),
}

impl Frame<'_> {
    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let right = self.axes.0.fraction(self.ranges.0, x);
        let up = self.axes.1.fraction(self.ranges.1, y);
        (self.x + right * self.width, self.y + (1.0 - up) * self.height)
    }

    fn draw(&self, svg: &mut Svg) {
        let (bottom, right) = (self.y + self.height, self.x + self.width);
        for tick in self.axes.0.ticks(self.ranges.0) {
            let x = self.x + self.axes.0.fraction(self.ranges.0, tick.value) * self.width;
            let length = if tick.label.is_empty() { 3.0 } else { 6.0 };
            svg.line((x, bottom), (x, bottom - length), INK, 1.0);
            svg.line((x, self.y), (x, self.y + length), INK, 1.0);
            svg.text((x, bottom + 15.0), &tick.label, 11.0, Anchor::Middle, INK);
        }
        for tick in self.axes.1.ticks(self.ranges.1) {
            let y = bottom - self.axes.1.fraction(self.ranges.1, tick.value) * self.height;
            let length = if tick.label.is_empty() { 3.0 } else { 6.0 };
            svg.line((self.x, y), (self.x + length, y), INK, 1.0);
            svg.line((right, y), (right - length, y), INK, 1.0);
            svg.text((self.x - 6.0, y + 4.0), &tick.label, 11.0, Anchor::End, INK);
        }
        svg.frame(self.x, self.y, self.width, self.height);
        svg.text((self.x + self.width / 2.0, bottom + 36.0), &self.axes.0.label, 13.0, Anchor::Middle, INK);
        svg.upward_text((self.x - 48.0, self.y + self.height / 2.0), &self.axes.1.label, 13.0);
    }
}

/// A plot of curves with its legend to the right of the data. Points that the scale cannot show are left out.
pub fn lines_svg(title: &str, x: &Axis, y: &Axis, lines: &[Line]) -> String {
    let (width, height) = (460.0, 280.0);
    let mut svg = Svg::new(LEFT + width + 190.0, TOP + height + BOTTOM);
    let ranges = (
        x.resolved(lines.iter().flat_map(|line| line.points.iter().map(|p| p.0))),
        y.resolved(lines.iter().flat_map(|line| line.points.iter().map(|p| p.1))),
    );
    let frame = Frame { x: LEFT, y: TOP, width, height, axes: (x, y), ranges };
    svg.text((LEFT, 20.0), title, 13.0, Anchor::Start, INK);
    svg.clipped(LEFT, TOP, width, height, |svg| {
        for (index, line) in lines.iter().enumerate() {
            let colour = COLOURS[index % COLOURS.len()];
            let placed: Vec<(f64, f64)> = line
                .points
                .iter()
                .map(|&p| frame.place(p))
                .filter(|(x, y)| x.is_finite() && y.is_finite())
                .collect();
            match line.stroke {
                Stroke::Solid => svg.polyline(&placed, colour, 1.8, ""),
                Stroke::Dashed => svg.polyline(&placed, colour, 1.5, "6 4"),
                Stroke::Points => placed.iter().for_each(|&at| svg.circle(at, 2.4, colour)),
            }
        }
    });
    frame.draw(&mut svg);
    for (index, line) in lines.iter().enumerate() {
        let (x, y) = (LEFT + width + 16.0, TOP + 12.0 + 20.0 * index as f64);
        let colour = COLOURS[index % COLOURS.len()];
        match line.stroke {
            Stroke::Points => svg.circle((x + 11.0, y), 2.8, colour),
            Stroke::Solid => svg.polyline(&[(x, y), (x + 22.0, y)], colour, 2.0, ""),
            Stroke::Dashed => svg.polyline(&[(x, y), (x + 22.0, y)], colour, 1.6, "6 4"),
        }
        svg.text((x + 29.0, y + 4.0), &line.label, 11.0, Anchor::Start, INK);
    }
    svg.finish()
}

/// Counts of pairs in cells.
#[derive(Clone, Debug)]
pub struct Histogram2d {
    pub x_range: (f64, f64),
    pub y_range: (f64, f64),
    /// Cells along each axis.
    pub cells: usize,
    /// Counts, (y, x), y upwards.
    pub counts: Vec<u32>,
}

impl Histogram2d {
    /// Counts the pairs that lie inside the ranges.
    pub fn new(
        pairs: impl Iterator<Item = (f64, f64)>,
        x_range: (f64, f64),
        y_range: (f64, f64),
        cells: usize,
    ) -> Self {
        let mut counts = vec![0u32; cells * cells];
        let cell = |value: f64, (low, high): (f64, f64)| {
            let t = (value - low) / (high - low);
            (0.0..1.0).contains(&t).then_some((t * cells as f64) as usize)
        };
        for (x, y) in pairs {
            if let (Some(x), Some(y)) = (cell(x, x_range), cell(y, y_range)) {
                counts[y * cells + x] += 1;
            }
        }
        Self { x_range, y_range, cells, counts }
    }
}

/// A two-dimensional histogram in logarithmic counts, with the line y = x where `diagonal` asks for it.
pub fn histogram_svg(title: &str, x: &Axis, y: &Axis, histogram: &Histogram2d, diagonal: bool) -> String {
    let side = 300.0;
    let mut svg = Svg::new(LEFT + side + 24.0, TOP + side + BOTTOM);
    let ranges = (histogram.x_range, histogram.y_range);
    let frame = Frame { x: LEFT, y: TOP, width: side, height: side, axes: (x, y), ranges };
    let most = f64::from(histogram.counts.iter().copied().max().unwrap_or(0).max(1));
    let n = histogram.cells;
    let mut rgba = Vec::with_capacity(n * n * 4);
    for row in (0..n).rev() {
        for column in 0..n {
            let count = f64::from(histogram.counts[row * n + column]);
            if count == 0.0 {
                rgba.extend([255, 255, 255, 255]);
            } else {
                // From the light end, so that single pairs stay visible on white.
                let t = 0.95 - 0.95 * (1.0 + count).ln() / (1.0 + most).ln();
                let [r, g, b] = ColourMap::Viridis.rgb(t as f32);
                rgba.extend([r, g, b, 255]);
            }
        }
    }
    if let Some(png) = crate::io::png::encode_rgba(&rgba, n, n) {
        svg.picture(LEFT, TOP, side, side, &png);
    }
    if diagonal {
        let low = histogram.x_range.0.max(histogram.y_range.0);
        let high = histogram.x_range.1.min(histogram.y_range.1);
        svg.polyline(&[frame.place((low, low)), frame.place((high, high))], FAINT, 1.2, "5 4");
    }
    svg.text((LEFT, 20.0), title, 13.0, Anchor::Start, INK);
    frame.draw(&mut svg);
    svg.finish()
}
