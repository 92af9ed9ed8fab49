//! A scene as the shaders take it: numbers in stored values and places of the cube.

use super::stops::Stops;
use crate::volume::grid::Lattice;
use crate::volume::jitter;
use crate::volume::lookup::Hinges;
use crate::volume::march::FOG;
use crate::volume::occupancy::BRICK;
use crate::volume::scene::{Mode, Opacity, Radiation, Scene, Source};
use crate::volume::view::Rays;
use bytemuck::{Pod, Zeroable};

/// What the shaders' `Uniforms` are.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub(super) struct Uniforms {
    eye: [f32; 4],
    forward: [f32; 4],
    right: [f32; 4],
    up: [f32; 4],
    sides: [f32; 4],
    signs: [f32; 4],
    clip_low: [f32; 4],
    clip_high: [f32; 4],
    window: [f32; 4],
    physical: [f32; 4],
    radiation: [f32; 4],
    blank: [f32; 4],
    background: [f32; 4],
    shape: [u32; 4],
    picture: [u32; 4],
    hinges: [f32; 4],
    slopes: [f32; 4],
}

const _: () = assert!(size_of::<Uniforms>() == 272);

impl Uniforms {
    pub fn new(
        lattice: &Lattice,
        second: Option<&Lattice>,
        scene: &Scene,
        (width, height): (u32, u32),
        pass: u32,
        hinges: Option<&Hinges>,
    ) -> Self {
        let rays = Rays::new(&scene.view, width, height);
        // Columns that are shown as they are stay where they are.
        let is_centred = scene.centred_axis(lattice).is_some();
        let rays = if is_centred { rays } else { rays.shifted(width, height, pass) };
        let with = |[x, y, z]: [f32; 3], w: f32| [x, y, z, w];
        let (low, high) = (lattice.stored(scene.transfer.range.0), lattice.stored(scene.transfer.range.1));
        let [x, y, z] = lattice.shape.map(|count| count as u32);
        let second = second.unwrap_or(lattice);
        // Physical values in units of the scale: 1e-40 and 1e38 are no numbers for a shader.
        let physical = [
            lattice.offset / lattice.scale,
            lattice.scale,
            second.offset / second.scale,
            second.scale / lattice.scale,
        ];
        let radiation = match scene.mode {
            Mode::Transfer(Radiation { source, opacity, background, longest_pc }) => {
                let (constant, per_unit) = match opacity {
                    Opacity::Constant(per_pc) => (per_pc, 0.0),
                    Opacity::Cube(per_unit) => (0.0, per_unit * lattice.scale),
                    Opacity::Second(per_unit) => (0.0, per_unit * second.scale),
                };
                let shines = if let Source::Constant(value) = source { value } else { 0.0 };
                let scale = lattice.scale;
                [constant * longest_pc, per_unit * longest_pc, background / scale, shines / scale]
            }
            _ => [0.0; 4],
        };
        let blank = scene.blank.map_or([0.0; 4], |colour| with(colour, FOG / lattice.finest()));
        Self {
            eye: with(rays.eye, f32::from(u8::from(rays.orthographic))),
            forward: with(rays.forward, scene.step(lattice)),
            right: with(rays.right, lattice.finest()),
            up: with(rays.up, scene.depth_for_longest_side(lattice)),
            sides: with(lattice.sides, 0.0),
            signs: with(lattice.signs, 0.0),
            clip_low: with(scene.clip.map(|[low, _]| low), 0.0),
            clip_high: with(scene.clip.map(|[_, high]| high), 0.0),
            window: [
                low,
                if high > low { 1.0 / (high - low) } else { 0.0 },
                hinges.map_or(0.0, |hinges| hinges.start),
                0.0,
            ],
            physical: physical.map(finite),
            radiation: radiation.map(finite),
            blank,
            background: with(scene.background, 0.0),
            shape: [x, y, z, BRICK as u32],
            picture: [width, height, pass, jitter::shift(pass).to_bits()],
            hinges: hinges.map_or([0.0; 4], |hinges| hinges.at),
            slopes: hinges.map_or([0.0; 4], |hinges| hinges.slope),
        }
    }
}

/// What single precision does not hold becomes the greatest that it does: infinities would end as NaN.
fn finite(value: f64) -> f32 {
    (value as f32).clamp(-1e30, 1e30)
}

/// Up to this optical depth of a step the shader's polynomial is exp(−x) within 4e-7.
const THIN: f32 = 0.25;

/// What the pipeline of the march is made for.
pub(super) fn constants(
    lattice: &Lattice,
    second: Option<&Lattice>,
    scene: &Scene,
    is_sharp: bool,
    hinges: usize,
) -> Vec<(&'static str, u32)> {
    let (source, absorber) = match scene.mode {
        Mode::Transfer(Radiation { source, opacity, .. }) => (
            match source {
                Source::Cube => 0,
                Source::Constant(_) => 1,
                Source::Second => 2,
            },
            match opacity {
                Opacity::Cube(_) => 0,
                Opacity::Constant(_) => 1,
                Opacity::Second(_) => 2,
            },
        ),
        _ => (0, 0),
    };
    vec![
        ("mode", mode_code(&scene.mode)),
        ("stretch", scene.transfer.stretch.code().0),
        ("has_blanks", u32::from(lattice.has_blanks)),
        ("has_surfaces", u32::from(Stops::are_in(scene))),
        ("source", source),
        ("absorber", absorber),
        ("second_has_blanks", u32::from(second.is_some_and(|second| second.has_blanks))),
        ("integrated", u32::from(is_sharp)),
        ("hinges", hinges as u32),
        ("thin_steps", u32::from(scene.depth_for_longest_side(lattice) * scene.step(lattice) <= THIN)),
        ("centred", scene.centred_axis(lattice).map_or(3, |axis| axis as u32)),
    ]
}

/// The numbers of the shader.
fn mode_code(mode: &Mode) -> u32 {
    match mode {
        Mode::Emission => 0,
        Mode::Absorption => 1,
        Mode::Maximum => 2,
        Mode::Average => 3,
        Mode::Integral => 4,
        Mode::Transfer(_) => 5,
        Mode::Nothing => 6,
        Mode::Polaris => 7,
    }
}
