//! The camera: where it stands, and the rays of a picture. Moving it about is in `navigate`.

use serde::{Deserialize, Serialize};
use three_d_asset::{Camera, InnerSpace, Viewport, degrees, vec3};

/// Where the camera stands: it turns round `target`, y points up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// From the face on which the sky is seen as it is (x to the right, y up, velocity away), turning to the right.
    pub azimuth_deg: f32,
    pub elevation_deg: f32,
    /// From the target, in longest sides of the box.
    pub distance: f32,
    pub target: [f32; 3],
    pub orthographic: bool,
    /// Height of the field of view in perspective.
    #[serde(default = "usual_field_deg")]
    pub field_deg: f32,
}

impl Default for View {
    fn default() -> Self {
        Self {
            azimuth_deg: 0.0,
            elevation_deg: 0.0,
            distance: 2.0,
            target: [0.0; 3],
            orthographic: false,
            field_deg: usual_field_deg(),
        }
    }
}

fn usual_field_deg() -> f32 {
    40.0
}

/// Straight above: further, the picture would stand on its head.
pub(super) const STEEPEST_DEG: f32 = 90.0;
/// From the target; nearer, digits run out.
pub(super) const LEAST_DISTANCE: f32 = 1e-3;
/// What lies nearer than this before a camera in perspective is not seen.
const NEAR: f32 = 1e-3;

impl View {
    fn held_field_deg(&self) -> f32 {
        if self.field_deg.is_finite() { self.field_deg.clamp(1.0, 150.0) } else { usual_field_deg() }
    }

    /// Half the height of the field of view at unit distance.
    pub(super) fn field_tan(&self) -> f32 {
        (0.5 * self.held_field_deg()).to_radians().tan()
    }

    /// Position, directions and planes for a picture of this size.
    pub fn camera(&self, width: u32, height: u32) -> Camera {
        let (sin_a, cos_a) = self.azimuth_deg.to_radians().sin_cos();
        let (sin_e, cos_e) = self.elevation_deg.clamp(-STEEPEST_DEG, STEEPEST_DEG).to_radians().sin_cos();
        let target = vec3(self.target[0], self.target[1], self.target[2]);
        let towards = vec3(sin_a * cos_e, sin_e, cos_a * cos_e);
        let distance = self.distance.max(LEAST_DISTANCE);
        // Parallel rays start before the box, however near the camera is drawn.
        let back = if self.orthographic { distance.max(1.0 - target.dot(towards)) } else { distance };
        let position = target + back * towards;
        let viewport = Viewport::new_at_origo(width.max(1), height.max(1));
        // At right angles to the view, so that it holds straight from above, too.
        let up = vec3(-sin_a * sin_e, cos_e, -cos_a * sin_e);
        let (near, far) = (NEAR, 1e3);
        if self.orthographic {
            // The height at which perspective shows the target as large; the camera takes it for each unit of its distance.
            let tall = 2.0 * distance * self.field_tan() / back;
            Camera::new_orthographic(viewport, position, target, up, tall, near, far)
        } else {
            Camera::new_perspective(viewport, position, target, up, degrees(self.held_field_deg()), near, far)
        }
    }

    /// Where a point of the world lies in a picture of this size, in pixels from its upper left corner, and how deep before the
    /// camera; `None` behind it.
    pub fn project(&self, point: [f32; 3], width: f32, height: f32) -> Option<([f32; 2], f32)> {
        Lens::new(self, width, height).project(point)
    }

    /// Origin and unit direction of the ray through a point of the picture, in pixels from its upper left corner (the middle of the
    /// first is at 0.5), as the march has it.
    pub fn ray(&self, at: [f32; 2], width: f32, height: f32) -> ([f32; 3], [f32; 3]) {
        Lens::new(self, width, height).ray(at)
    }
}

/// The rays of a picture and its size, for many points of one view.
#[derive(Clone, Copy, Debug)]
pub struct Lens {
    rays: Rays,
    size: [f32; 2],
}

impl Lens {
    pub fn new(view: &View, width: f32, height: f32) -> Self {
        let size = [width.max(1.0), height.max(1.0)];
        Self { rays: Rays::of(view, size[0] / size[1]), size }
    }

    /// As `View::project`.
    pub fn project(&self, point: [f32; 3]) -> Option<([f32; 2], f32)> {
        let Rays { eye, forward, right, up, orthographic } = self.rays;
        let off = sum(point, eye, -1.0);
        let depth = dot(off, forward);
        if !orthographic && depth < NEAR {
            return None;
        }
        let scale = if orthographic { 1.0 } else { depth };
        let u = dot(off, right) / dot(right, right) / scale;
        let v = dot(off, up) / dot(up, up) / scale;
        Some(([0.5 * (u + 1.0) * self.size[0], 0.5 * (1.0 - v) * self.size[1]], depth))
    }

    /// As `View::ray`.
    pub fn ray(&self, at: [f32; 2]) -> ([f32; 3], [f32; 3]) {
        let (u, v) = (2.0 * at[0] / self.size[0] - 1.0, 1.0 - 2.0 * at[1] / self.size[1]);
        self.rays.at(u, v)
    }

    /// A line of the world as it is seen, cut off where it goes behind the camera.
    pub fn segment(&self, from: [f32; 3], to: [f32; 3]) -> Option<[[f32; 2]; 2]> {
        let Rays { eye, forward, orthographic, .. } = self.rays;
        let depth = |point: [f32; 3]| dot(sum(point, eye, -1.0), forward);
        let (mut ends, least) = ([from, to], 1.5 * NEAR);
        if !orthographic {
            let [a, b] = ends.map(depth);
            if a < least && b < least {
                return None;
            }
            let cut = sum(from, sum(to, from, -1.0), ((least - a) / (b - a)).clamp(0.0, 1.0));
            if a < least {
                ends[0] = cut;
            } else if b < least {
                ends[1] = cut;
            }
        }
        Some([self.project(ends[0])?.0, self.project(ends[1])?.0])
    }

    /// Pixels that a unit length across the line of sight takes at a point.
    pub fn pixels_per_unit(&self, point: [f32; 3]) -> Option<f32> {
        let (_, depth) = self.project(point)?;
        let tall = dot(self.rays.up, self.rays.up).sqrt();
        Some(0.5 * self.size[1] / (tall * if self.rays.orthographic { 1.0 } else { depth }))
    }

    /// Unit vectors of the world: to the right of the picture, up in it, and into it.
    pub fn directions(&self) -> [[f32; 3]; 3] {
        let unit = |v: [f32; 3]| v.map(|part| part / dot(v, v).sqrt());
        [unit(self.rays.right), unit(self.rays.up), self.rays.forward]
    }

    /// Unit direction from a point of the world to the eye.
    pub fn to_eye(&self, point: [f32; 3]) -> [f32; 3] {
        if self.rays.orthographic {
            return self.rays.forward.map(|part| -part);
        }
        let off = sum(self.rays.eye, point, -1.0);
        let length = dot(off, off).sqrt().max(1e-9);
        off.map(|part| part / length)
    }

    pub fn eye(&self) -> [f32; 3] {
        self.rays.eye
    }
}

fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// a + factor · b.
fn sum(a: [f32; 3], b: [f32; 3], factor: f32) -> [f32; 3] {
    std::array::from_fn(|axis| a[axis] + factor * b[axis])
}

/// The rays of a picture: one starts at `eye + sideways`, for (u, v) from −1 to 1 with v up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rays {
    pub eye: [f32; 3],
    pub forward: [f32; 3],
    /// Half the width and half the height of the picture at unit distance, or of the whole beam if orthographic.
    pub right: [f32; 3],
    pub up: [f32; 3],
    pub orthographic: bool,
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

impl Rays {
    /// The rays of a pass: of the first through the middles of the pixels, of later ones spread evenly over them (Halton 1960, bases 2
    /// and 3), so that edges of surfaces become smooth.
    pub fn shifted(mut self, width: u32, height: u32, pass: u32) -> Self {
        if pass > 0 {
            let x = 2.0 * (halton(pass, 2) - 0.5) / width as f32;
            let y = 2.0 * (halton(pass, 3) - 0.5) / height as f32;
            let moved = if self.orthographic { &mut self.eye } else { &mut self.forward };
            *moved = std::array::from_fn(|axis| moved[axis] + x * self.right[axis] + y * self.up[axis]);
        }
        self
    }

    pub fn new(view: &View, width: u32, height: u32) -> Self {
        Self::of(view, width.max(1) as f32 / height.max(1) as f32)
    }

    fn of(view: &View, aspect: f32) -> Self {
        let camera = view.camera(1, 1);
        let tan = view.field_tan();
        let tall = if view.orthographic { view.distance.max(LEAST_DISTANCE) * tan } else { tan };
        let wide = tall * aspect;
        let forward = camera.view_direction();
        let right = camera.right_direction().normalize();
        let up = right.cross(forward).normalize();
        Self {
            eye: camera.position().into(),
            forward: forward.into(),
            right: (right * wide).into(),
            up: (up * tall).into(),
            orthographic: view.orthographic,
        }
    }

    /// Origin and unit direction of the ray through (u, v).
    pub fn at(&self, u: f32, v: f32) -> ([f32; 3], [f32; 3]) {
        let sideways: [f32; 3] = std::array::from_fn(|axis| u * self.right[axis] + v * self.up[axis]);
        if self.orthographic {
            (sum(self.eye, sideways, 1.0), self.forward)
        } else {
            let direction = sum(self.forward, sideways, 1.0);
            let length = dot(direction, direction).sqrt();
            (self.eye, direction.map(|part| part / length))
        }
    }
}
