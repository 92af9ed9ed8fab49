//! The march in plain Rust: what the shader computes, ray by ray. It is the reference that tests compare the shader with, and draws
//! where there is no adapter at all. Kept close to `shaders/march.wgsl`, line by line.

use super::grid::Grid;
use super::jitter;
use super::lookup::Lookup;
use super::scene::{Mode, Opacity, Radiation, Scene, Source};
use super::surfaces;
use super::view::Rays;
use rayon::prelude::*;
use std::sync::OnceLock;

/// A ray that lets less than this through is not followed further.
pub(super) const OPAQUE: f32 = 1.0 / 512.0;
/// So many samples are taken before it is asked whether to go on.
const TOGETHER: u32 = 4;
/// Rays end here at the latest, whatever the steps.
pub(super) const MOST_STEPS: u32 = 16_384;

/// Optical depth of blank voxels over their shortest side, where they are shown.
pub(super) const FOG: f32 = 0.02;
/// Steps of POLARIS's viewer, whatever the cube.
const POLARIS_STEPS: f32 = 200.0;

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

/// Draws the cube on the processor; a second cube fills the same box, in any number of voxels.
pub fn render(grid: &Grid, second: Option<&Grid>, scene: &Scene, width: u32, height: u32) -> Picture {
    render_pass(grid, second, scene, [width, height], 0)
}

/// As [`render`], with the samples of a later pass shifted as the canvas shifts them.
pub fn render_pass(
    grid: &Grid,
    second: Option<&Grid>,
    scene: &Scene,
    [width, height]: [u32; 2],
    pass: u32,
) -> Picture {
    let mut marcher = Marcher::new(grid, second, scene, width, height);
    marcher.pass = pass;
    if marcher.centred.is_none() {
        marcher.rays = marcher.rays.shifted(width, height, pass);
    }
    let pixels = 0..width as usize * height as usize;
    let rgba = pixels
        .into_par_iter()
        .map(|pixel| marcher.pixel((pixel % width as usize) as u32, (pixel / width as usize) as u32));
    Picture { width, height, rgba: rgba.collect() }
}

/// The physical value that a pixel's ray gives in the modes that have one; `None` where it meets nothing. The maximum along an axis of
/// the cube, in an orthographic view, is that of the array's own column in which the pixel's centre lies. Surfaces and slices through
/// which one sees are looked through.
pub fn value_at(
    grid: &Grid,
    second: Option<&Grid>,
    scene: &Scene,
    size: [u32; 2],
    pixel: [u32; 2],
) -> Option<f64> {
    let marcher = Marcher::new(grid, second, scene, size[0], size[1]);
    let (origin, direction) = marcher.ray(pixel[0], pixel[1]);
    let span = marcher.span(origin, direction)?;
    let opaque = surfaces::along(&marcher, &marcher.stops, &span).into_iter().find(|hit| hit.opacity >= 1.0);
    let until = opaque.map_or(f32::INFINITY, |hit| hit.distance);
    marcher.value(&marcher.path(&span, 0.0, until, 0.5)?)
}

pub(super) struct Marcher<'a> {
    pub grid: &'a Grid,
    pub scene: &'a Scene,
    second: Option<&'a Grid>,
    rays: Rays,
    stops: surfaces::Stops,
    lookup: OnceLock<Lookup>,
    step: f32,
    centred: Option<usize>,
    size: [u32; 2],
    pass: u32,
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

impl Span {
    /// The place of the cube at a distance from where the ray enters.
    pub fn place(&self, distance: f32) -> [f32; 3] {
        std::array::from_fn(|axis| self.start[axis] + distance * self.along[axis])
    }
}

/// Samples of a part of it: places of the cube at the first one and for each step.
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
    pub fn new(grid: &'a Grid, second: Option<&'a Grid>, scene: &'a Scene, width: u32, height: u32) -> Self {
        Self {
            grid,
            scene,
            second,
            rays: Rays::new(&scene.view, width, height),
            stops: surfaces::Stops::of(grid, scene),
            lookup: OnceLock::new(),
            step: scene.step(&grid.lattice),
            centred: scene.centred_axis(&grid.lattice),
            size: [width, height],
            pass: 0,
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

    /// The samples between two distances from where the ray enters; the first one lies a part `offset` of a step behind the
    /// beginning, 0.5 where nothing is jittered.
    fn path(&self, span: &Span, begin: f32, until: f32, offset: f32) -> Option<Path> {
        let length = until.min(span.leave - span.enter) - begin;
        if length <= 0.0 {
            return None;
        }
        if let Some(axis) = self.centred {
            return self.centred_path(span, begin, length, axis);
        }
        // Whole steps that fill the path: the length of the last one would else depend on the angle.
        let steps = match self.scene.mode {
            Mode::Polaris => POLARIS_STEPS,
            _ => (length / self.step).ceil().clamp(1.0, MOST_STEPS as f32),
        };
        let step = length / steps;
        Some(Path {
            start: span.place(begin + offset * step),
            stride: span.along.map(|part| part * step),
            steps: steps as u32,
        })
        .filter(|path| path.length(self.grid.lattice.sides) > 0.0)
    }

    /// Samples on the centres of the voxels along an axis.
    fn centred_path(&self, span: &Span, begin: f32, length: f32, axis: usize) -> Option<Path> {
        let shape = self.grid.lattice.shape.map(|count| count as f32);
        let rate = span.along[axis].abs() * shape[axis];
        let forward = span.along[axis] > 0.0;
        let from = span.place(begin);
        let place = from[axis] * shape[axis];
        let ahead = if forward { shape[axis] - place } else { place };
        let first = (shape[axis] - ahead - 0.5 - 1e-3).ceil();
        let last = (shape[axis] - ahead + length * rate - 0.5 + 1e-3).floor();
        let mut start: [f32; 3] = std::array::from_fn(|i| {
            ((from[i] * shape[i]).clamp(0.0, shape[i] - 1.0).floor() + 0.5) / shape[i]
        });
        let centre = (first + 0.5) / shape[axis];
        start[axis] = if forward { centre } else { 1.0 - centre };
        let mut stride = [0.0; 3];
        stride[axis] = if forward { 1.0 } else { -1.0 } / shape[axis];
        let steps = last - first + 1.0;
        (steps > 0.0).then_some(Path { start, stride, steps: steps as u32 })
    }

    /// The value at a place of a path; on a voxel's centre exactly the voxel's.
    fn sample(&self, place: [f32; 3]) -> Option<f32> {
        if self.centred.is_none() {
            return self.grid.sample(place);
        }
        let shape = self.grid.lattice.shape;
        let [x, y, z] =
            std::array::from_fn(|i| ((place[i] * shape[i] as f32).max(0.0) as usize).min(shape[i] - 1));
        let is_valid = self.grid.valid.as_ref().is_none_or(|valid| valid[[z, y, x]] > 0);
        is_valid.then(|| self.grid.values[[z, y, x]])
    }

    /// Made when first asked for: a single value needs no colours.
    fn lookup(&self) -> &Lookup {
        self.lookup.get_or_init(|| Lookup::new(&self.scene.transfer, &self.grid.lattice))
    }

    /// Colour and opacity of a stored value.
    pub fn colour(&self, stored: f32) -> [f32; 4] {
        self.lookup().colour(stored)
    }

    /// Colour and opacity of what lies between two samples.
    fn seen_between(&self, before: Option<f32>, value: f32) -> [f32; 4] {
        let lookup = self.lookup();
        if lookup.is_sharp() { lookup.between(before.unwrap_or(value), value) } else { lookup.colour(value) }
    }

    fn pixel(&self, column: u32, row: u32) -> [f32; 4] {
        let (origin, direction) = self.ray(column, row);
        let [r, g, b] = self.scene.background;
        let Some(span) = self.span(origin, direction) else { return [r, g, b, 0.0] };
        let offset = jitter::offset([column, row], self.pass);
        let thin = matches!(self.scene.mode, Mode::Emission);
        let mut light = Light { sum: [0.0; 3], through: 1.0, veil: 1.0 };
        let mut at = 0.0;
        // From stop to stop, as far as anything is seen.
        for hit in surfaces::along(self, &self.stops, &span) {
            if let Some(path) = self.path(&span, at, hit.distance, offset) {
                self.march(&path, true, &mut light);
            }
            light.add(light.veil * light.through * hit.opacity, hit.rgb);
            light.veil *= 1.0 - hit.opacity;
            if light.veil * if thin { 1.0 } else { light.through } < OPAQUE {
                return light.over(self.scene.background);
            }
            at = hit.distance;
        }
        if let Some(path) = self.path(&span, at, f32::INFINITY, offset) {
            self.march(&path, false, &mut light);
        }
        light.over(self.scene.background)
    }

    /// With what shines and dims along a part of a ray, before a stop or to the end.
    fn march(&self, path: &Path, is_stopped: bool, light: &mut Light) {
        match self.scene.mode {
            Mode::Nothing => {}
            Mode::Emission | Mode::Absorption => self.colours(path, light),
            Mode::Polaris => {
                light.add(light.veil, self.polaris(path));
                light.veil = 0.0;
            }
            _ => match self.value(path) {
                Some(value) => {
                    let [red, green, blue, opacity] = self.colour(self.grid.lattice.stored(value));
                    // Before a stop by its opacity: it would else hide them all.
                    let opacity = if is_stopped { opacity } else { 1.0 };
                    light.add(light.veil * opacity, [red, green, blue]);
                    light.veil *= 1.0 - opacity;
                }
                None => self.fog(path, light),
            },
        }
    }

    fn colours(&self, path: &Path, light: &mut Light) {
        let length = path.length(self.grid.lattice.sides);
        let depth = self.scene.depth_for_longest_side(&self.grid.lattice) * length;
        let (fog, blank) = self.fog_of_step(length);
        let thin = matches!(self.scene.mode, Mode::Emission);
        let mut before = None;
        for step in 0..path.steps {
            let Some(value) = self.sample(path.place(step as f32)) else {
                light.add(light.veil * light.through * (1.0 - fog), blank);
                light.veil *= fog;
                before = None;
                continue;
            };
            let [r, g, b, opacity] = self.seen_between(before, value);
            before = Some(value);
            let kept = (-opacity * depth).exp();
            let part = if thin { opacity * depth } else { light.through * (1.0 - kept) };
            light.add(light.veil * part, [r, g, b]);
            light.through *= kept;
            let asks = (step + 1) % TOGETHER == 0;
            if asks && !thin && light.veil * light.through < OPAQUE {
                break;
            }
        }
    }

    /// What a step through blank voxels lets through, and their colour.
    fn fog_of_step(&self, length: f32) -> (f32, [f32; 3]) {
        let finest = self.grid.lattice.finest();
        self.scene.blank.map_or((1.0, [0.0; 3]), |blank| ((-FOG / finest * length).exp(), blank))
    }

    /// A part of a ray that meets nothing but blank voxels.
    fn fog(&self, path: &Path, light: &mut Light) {
        let (fog, blank) = self.fog_of_step(path.length(self.grid.lattice.sides));
        let through = fog.powi(path.steps as i32);
        light.add(light.veil * (1.0 - through), blank);
        light.veil *= through;
    }

    /// The rule of POLARIS's viewer, from the near end: the same sum as its own from the far end.
    fn polaris(&self, path: &Path) -> [f32; 3] {
        let length = path.length(self.grid.lattice.sides);
        let (mut intensity, mut through) = (0.0_f32, 1.0_f32);
        for step in 0..path.steps {
            let Some(value) = self.sample(path.place(step as f32)) else { continue };
            let value = self.grid.lattice.physical(value) as f32;
            let kept = (-value * value * length).exp();
            intensity += through * 5.0 * (1.0 - kept);
            through *= kept;
        }
        [83.0, 112.0, 193.0].map(|part| 1.5 * intensity * part / 255.0)
    }

    /// Physical value of the modes that have one.
    fn value(&self, path: &Path) -> Option<f64> {
        let length = path.length(self.grid.lattice.sides);
        let (mut most, mut sum, mut count) = (f32::NEG_INFINITY, 0.0_f64, 0_u32);
        let mut transfer = Transferred::default();
        for step in 0..path.steps {
            let place = path.place(step as f32);
            let Some(value) = self.sample(place) else { continue };
            let physical = self.grid.lattice.physical(value);
            if let Mode::Transfer(radiation) = self.scene.mode {
                let second = match (self.scene.needs_second(), self.second) {
                    (true, Some(second)) => second.sample(place).map(|value| second.lattice.physical(value)),
                    (true, None) => None,
                    (false, _) => Some(0.0),
                };
                let Some(second) = second else { continue };
                transfer.step(&radiation, physical, second, f64::from(length));
            }
            most = most.max(value);
            sum += physical;
            count += 1;
        }
        (count > 0).then(|| match self.scene.mode {
            Mode::Maximum => self.grid.lattice.physical(most),
            Mode::Integral => sum * f64::from(length),
            Mode::Transfer(radiation) => transfer.intensity + transfer.through * radiation.background,
            _ => sum / f64::from(count),
        })
    }
}

/// What came from a ray so far.
struct Light {
    sum: [f32; 3],
    /// What gas lets through, where it dims.
    through: f32,
    /// What surfaces and the fog of blank voxels let through.
    veil: f32,
}

impl Light {
    fn add(&mut self, part: f32, rgb: [f32; 3]) {
        self.sum = std::array::from_fn(|i| self.sum[i] + part * rgb[i]);
    }

    /// On the background, and how much of it is hidden.
    fn over(&self, background: [f32; 3]) -> [f32; 4] {
        let through = self.through * self.veil;
        let [r, g, b]: [f32; 3] = std::array::from_fn(|i| self.sum[i] + through * background[i]);
        [r, g, b, 1.0 - through]
    }
}

/// The radiative transfer along a part of a ray, from the near end.
struct Transferred {
    intensity: f64,
    through: f64,
}

impl Default for Transferred {
    fn default() -> Self {
        Self { intensity: 0.0, through: 1.0 }
    }
}

impl Transferred {
    fn step(&mut self, radiation: &Radiation, cube: f64, second: f64, length: f64) {
        let shines = match radiation.source {
            Source::Cube => cube,
            Source::Constant(value) => value,
            Source::Second => second,
        };
        let per_pc = match radiation.opacity {
            Opacity::Constant(per_pc) => per_pc,
            Opacity::Cube(per_unit) => (per_unit * cube).max(0.0),
            Opacity::Second(per_unit) => (per_unit * second).max(0.0),
        };
        let kept = (-per_pc * radiation.longest_pc * length).exp();
        self.intensity += self.through * shines * (1.0 - kept);
        self.through *= kept;
    }
}

impl Path {
    /// Length of a step in longest sides.
    fn length(&self, sides: [f32; 3]) -> f32 {
        (0..3).map(|axis| (self.stride[axis] * sides[axis]).powi(2)).sum::<f32>().sqrt()
    }
}
