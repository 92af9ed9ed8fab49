//! The march in plain Rust: what the shader computes, ray by ray. It is the reference that tests compare the shader with, and draws
//! where there is no adapter at all. Kept close to `shaders/march.wgsl`, line by line.

use super::grid::Grid;
use super::scene::{Mode, Opacity, Radiation, Scene};
use super::surfaces;
use super::transfer::TABLE;
use super::view::Rays;
use rayon::prelude::*;

/// A ray that lets less than this through is not followed further.
pub(super) const OPAQUE: f32 = 1.0 / 512.0;
/// Rays end here at the latest, whatever the steps.
pub(super) const MOST_STEPS: u32 = 16_384;

/// A picture of what the rays met, rows from the top.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    /// Red, green, blue on the background, and how much of the background is hidden.
    pub rgba: Vec<[f32; 4]>,
}

impl Picture {
    /// For files: 8 bits, opaque.
    pub fn to_rgba8(&self) -> Vec<u8> {
        let part = |value: f32| (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
        self.rgba.iter().flat_map(|&[r, g, b, _]| [part(r), part(g), part(b), 255]).collect()
    }
}

/// Draws the cube on the processor.
pub fn render(grid: &Grid, scene: &Scene, width: u32, height: u32) -> Picture {
    let marcher = Marcher::new(grid, scene, width, height);
    let pixels = 0..width as usize * height as usize;
    let rgba = pixels
        .into_par_iter()
        .map(|pixel| marcher.pixel((pixel % width as usize) as u32, (pixel / width as usize) as u32));
    Picture { width, height, rgba: rgba.collect() }
}

/// The physical value that a pixel's ray gives in the modes that have one; `None` where it meets nothing.
pub fn value_at(grid: &Grid, scene: &Scene, size: [u32; 2], pixel: [u32; 2]) -> Option<f64> {
    let marcher = Marcher::new(grid, scene, size[0], size[1]);
    let (origin, direction) = marcher.ray(pixel[0], pixel[1]);
    let span = marcher.span(origin, direction)?;
    let until = surfaces::nearest(&marcher, &marcher.stops, &span).map_or(f32::INFINITY, |hit| hit.distance);
    marcher.value(&marcher.path(&span, until)?)
}

pub(super) struct Marcher<'a> {
    pub grid: &'a Grid,
    pub scene: &'a Scene,
    rays: Rays,
    stops: surfaces::Stops,
    table: Vec<[f32; 4]>,
    step: f32,
    /// Range of the transfer function in stored values: low, and one over the width.
    window: (f32, f32),
    size: [u32; 2],
}

/// The part of a ray within the clip box: place of the cube (0 to 1) where it enters, and for each longest side along the ray.
pub(super) struct Span {
    pub start: [f32; 3],
    pub along: [f32; 3],
    /// From the ray's origin, in longest sides.
    pub enter: f32,
    pub leave: f32,
    pub direction: [f32; 3],
}

/// Its samples: places of the cube at the first one and for each step.
struct Path {
    start: [f32; 3],
    stride: [f32; 3],
    steps: u32,
}

impl Path {
    fn place(&self, step: f32) -> [f32; 3] {
        std::array::from_fn(|axis| self.start[axis] + step * self.stride[axis])
    }
}

impl<'a> Marcher<'a> {
    pub fn new(grid: &'a Grid, scene: &'a Scene, width: u32, height: u32) -> Self {
        let (low, high) =
            (grid.lattice.stored(scene.transfer.range.0), grid.lattice.stored(scene.transfer.range.1));
        let inverse = if high > low { 1.0 / (high - low) } else { 0.0 };
        Self {
            grid,
            scene,
            rays: Rays::new(&scene.view, width, height),
            stops: surfaces::Stops::of(grid, scene),
            table: scene.transfer.table(),
            step: scene.step(&grid.lattice),
            window: (low, inverse),
            size: [width, height],
        }
    }

    pub fn ray(&self, column: u32, row: u32) -> ([f32; 3], [f32; 3]) {
        let u = 2.0 * (column as f32 + 0.5) / self.size[0] as f32 - 1.0;
        let v = 1.0 - 2.0 * (row as f32 + 0.5) / self.size[1] as f32;
        let rays = &self.rays;
        let sideways: [f32; 3] = std::array::from_fn(|axis| u * rays.right[axis] + v * rays.up[axis]);
        if rays.orthographic {
            (std::array::from_fn(|axis| rays.eye[axis] + sideways[axis]), rays.forward)
        } else {
            let direction: [f32; 3] = std::array::from_fn(|axis| rays.forward[axis] + sideways[axis]);
            let length = direction.iter().map(|part| part * part).sum::<f32>().sqrt();
            (rays.eye, direction.map(|part| part / length))
        }
    }

    pub fn span(&self, origin: [f32; 3], direction: [f32; 3]) -> Option<Span> {
        let signs = self.grid.lattice.signs;
        let sides = self.grid.lattice.sides;
        let at: [f32; 3] = std::array::from_fn(|axis| 0.5 + signs[axis] * origin[axis] / sides[axis]);
        let along: [f32; 3] = std::array::from_fn(|axis| signs[axis] * direction[axis] / sides[axis]);
        let (mut enter, mut leave) = (0.0_f32, f32::INFINITY);
        for axis in 0..3 {
            let [low, high] = self.scene.clip[axis];
            if along[axis].abs() < 1e-12 {
                if at[axis] < low || at[axis] > high {
                    return None;
                }
                continue;
            }
            let (a, b) = ((low - at[axis]) / along[axis], (high - at[axis]) / along[axis]);
            enter = enter.max(a.min(b));
            leave = leave.min(a.max(b));
        }
        (leave > enter).then(|| Span {
            start: std::array::from_fn(|axis| at[axis] + enter * along[axis]),
            along,
            enter,
            leave,
            direction,
        })
    }

    /// The samples of a ray that ends at the distance `until`, at the latest.
    fn path(&self, span: &Span, until: f32) -> Option<Path> {
        let length = span.leave.min(until) - span.enter;
        if length <= 0.0 {
            return None;
        }
        // Whole steps that fill the path: the length of the last one would else depend on the angle.
        let steps = (length / self.step).ceil().clamp(1.0, MOST_STEPS as f32);
        let step = length / steps;
        Some(Path {
            start: std::array::from_fn(|axis| span.start[axis] + 0.5 * step * span.along[axis]),
            stride: span.along.map(|part| part * step),
            steps: steps as u32,
        })
        .filter(|path| path.length(self.grid.lattice.sides) > 0.0)
    }

    /// Colour and opacity of a stored value.
    pub fn colour(&self, stored: f32) -> [f32; 4] {
        let place = self.scene.transfer.stretch.apply((stored - self.window.0) * self.window.1);
        let place = place * (TABLE - 1) as f32;
        let low = (place as usize).min(TABLE - 2);
        let part = place - low as f32;
        std::array::from_fn(|i| self.table[low][i] + part * (self.table[low + 1][i] - self.table[low][i]))
    }

    fn pixel(&self, column: u32, row: u32) -> [f32; 4] {
        let (origin, direction) = self.ray(column, row);
        let [r, g, b] = self.scene.background;
        let Some(span) = self.span(origin, direction) else { return [r, g, b, 0.0] };
        let hit = surfaces::nearest(self, &self.stops, &span);
        let (until, [r, g, b]) = hit.map_or((f32::INFINITY, [r, g, b]), |hit| (hit.distance, hit.rgb));
        let ([red, green, blue], through) = match (self.path(&span, until), self.scene.mode) {
            (None, _) | (_, Mode::Nothing) => ([0.0; 3], 1.0),
            (Some(path), Mode::Emission | Mode::Absorption) => self.colours(&path),
            (Some(path), _) => match self.value(&path) {
                Some(value) => {
                    let [red, green, blue, opacity] = self.colour(self.grid.lattice.stored(value));
                    // Over a surface by its opacity: it would else hide them all.
                    let opacity = if hit.is_some() { opacity } else { 1.0 };
                    ([red, green, blue].map(|part| part * opacity), 1.0 - opacity)
                }
                None => ([0.0; 3], 1.0),
            },
        };
        let hidden = if hit.is_some() { 1.0 } else { 1.0 - through };
        [red + through * r, green + through * g, blue + through * b, hidden]
    }

    fn colours(&self, path: &Path) -> ([f32; 3], f32) {
        let length = path.length(self.grid.lattice.sides);
        let depth = self.scene.density * length / self.grid.lattice.finest();
        let thin = matches!(self.scene.mode, Mode::Emission);
        let (mut sum, mut through) = ([0.0_f32; 3], 1.0_f32);
        for step in 0..path.steps {
            let Some(value) = self.grid.sample(path.place(step as f32)) else { continue };
            let [r, g, b, opacity] = self.colour(value);
            let part = if thin { opacity * depth } else { through * (1.0 - (-opacity * depth).exp()) };
            sum = [sum[0] + part * r, sum[1] + part * g, sum[2] + part * b];
            through *= (-opacity * depth).exp();
            if !thin && through < OPAQUE {
                return (sum, 0.0);
            }
        }
        (sum, through)
    }

    /// Physical value of the modes that have one.
    fn value(&self, path: &Path) -> Option<f64> {
        let length = path.length(self.grid.lattice.sides);
        let (mut most, mut sum, mut count) = (f32::NEG_INFINITY, 0.0_f64, 0_u32);
        let (mut intensity, mut through) = (0.0_f64, 1.0_f64);
        for step in 0..path.steps {
            let Some(value) = self.grid.sample(path.place(step as f32)) else { continue };
            let physical = self.grid.lattice.physical(value);
            most = most.max(value);
            sum += physical;
            count += 1;
            if let Mode::Transfer(Radiation { opacity: Opacity::Constant(per_pc), longest_pc, .. }) =
                self.scene.mode
            {
                let part = (-per_pc * longest_pc * f64::from(length)).exp();
                intensity += through * physical * (1.0 - part);
                through *= part;
            }
        }
        (count > 0).then(|| match self.scene.mode {
            Mode::Maximum => self.grid.lattice.physical(most),
            Mode::Integral => sum * f64::from(length),
            Mode::Transfer(_) => intensity,
            _ => sum / f64::from(count),
        })
    }
}

impl Path {
    /// Length of a step in longest sides.
    fn length(&self, sides: [f32; 3]) -> f32 {
        (0..3).map(|axis| (self.stride[axis] * sides[axis]).powi(2)).sum::<f32>().sqrt()
    }
}
