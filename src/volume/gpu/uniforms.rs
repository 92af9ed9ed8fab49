//! A scene as the shaders take it: numbers in stored values and places of the cube.

use crate::volume::grid::Lattice;
use crate::volume::occupancy::BRICK;
use crate::volume::scene::{Mode, Opacity, Radiation, Scene};
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
    background: [f32; 4],
    shape: [u32; 4],
    picture: [u32; 4],
}

const _: () = assert!(size_of::<Uniforms>() == 208);

impl Uniforms {
    pub fn new(lattice: &Lattice, scene: &Scene, width: u32, height: u32, pass: u32) -> Self {
        let rays = shifted(Rays::new(&scene.view, width, height), width, height, pass);
        let with = |[x, y, z]: [f32; 3], w: f32| [x, y, z, w];
        let (low, high) = (lattice.stored(scene.transfer.range.0), lattice.stored(scene.transfer.range.1));
        let (_, parameter) = scene.transfer.stretch.code();
        let opacity = match scene.mode {
            Mode::Transfer(Radiation { opacity: Opacity::Constant(per_pc), longest_pc, .. }) => {
                (per_pc * longest_pc) as f32
            }
            _ => 0.0,
        };
        let [x, y, z] = lattice.shape.map(|count| count as u32);
        // Physical values in units of the scale: 1e-40 and 1e38 are no numbers for a shader.
        let physical = [(lattice.offset / lattice.scale) as f32, 1.0, 0.0, 0.0];
        Self {
            eye: with(rays.eye, f32::from(u8::from(rays.orthographic))),
            forward: with(rays.forward, scene.step(lattice)),
            right: with(rays.right, lattice.finest()),
            up: with(rays.up, scene.density),
            sides: with(lattice.sides, opacity),
            signs: with(lattice.signs, 0.0),
            clip_low: with(scene.clip.map(|[low, _]| low), 0.0),
            clip_high: with(scene.clip.map(|[_, high]| high), 0.0),
            window: [low, if high > low { 1.0 / (high - low) } else { 0.0 }, parameter, 0.0],
            physical,
            background: with(scene.background, 0.0),
            shape: [x, y, z, BRICK as u32],
            picture: [width, height, pass, 0],
        }
    }
}

/// The rays of a pass: of the first through the middles of the pixels, of later ones spread evenly over them (Halton 1960, bases 2
/// and 3), so that edges of surfaces become smooth.
fn shifted(mut rays: Rays, width: u32, height: u32, pass: u32) -> Rays {
    if pass > 0 {
        let x = 2.0 * (halton(pass, 2) - 0.5) / width as f32;
        let y = 2.0 * (halton(pass, 3) - 0.5) / height as f32;
        let moved = if rays.orthographic { &mut rays.eye } else { &mut rays.forward };
        *moved = std::array::from_fn(|axis| moved[axis] + x * rays.right[axis] + y * rays.up[axis]);
    }
    rays
}

/// The digits of a number in a base, mirrored at the point: 0 to 1.
fn halton(mut number: u32, base: u32) -> f32 {
    let (mut sum, mut part) = (0.0, 1.0);
    while number > 0 {
        part /= base as f32;
        sum += part * (number % base) as f32;
        number /= base;
    }
    sum
}

/// The numbers of the shader.
pub(super) fn mode_code(mode: &Mode) -> u32 {
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
