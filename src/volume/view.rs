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
}

impl Default for View {
    fn default() -> Self {
        Self { azimuth_deg: 0.0, elevation_deg: 0.0, distance: 2.0, target: [0.0; 3], orthographic: false }
    }
}

/// Height of the field of view in perspective.
const FIELD_DEG: f32 = 40.0;
/// Straight above, up has no direction.
const STEEPEST_DEG: f32 = 89.9;

impl View {
    /// Position, directions and planes for a picture of this size.
    pub fn camera(&self, width: u32, height: u32) -> Camera {
        let (sin_a, cos_a) = self.azimuth_deg.to_radians().sin_cos();
        let (sin_e, cos_e) = self.elevation_deg.clamp(-STEEPEST_DEG, STEEPEST_DEG).to_radians().sin_cos();
        let target = vec3(self.target[0], self.target[1], self.target[2]);
        let position = target + self.distance.max(1e-3) * vec3(sin_a * cos_e, sin_e, cos_a * cos_e);
        let viewport = Viewport::new_at_origo(width.max(1), height.max(1));
        let (up, near, far) = (vec3(0.0, 1.0, 0.0), 1e-3, 1e3);
        if self.orthographic {
            // The height at which perspective shows the target as large.
            let tall = 2.0 * self.distance * (0.5 * FIELD_DEG).to_radians().tan();
            Camera::new_orthographic(viewport, position, target, up, tall, near, far)
        } else {
            Camera::new_perspective(viewport, position, target, up, degrees(FIELD_DEG), near, far)
        }
    }
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

impl Rays {
    pub fn new(view: &View, width: u32, height: u32) -> Self {
        let camera = view.camera(width, height);
        let tan = (0.5 * FIELD_DEG).to_radians().tan();
        let tall = if view.orthographic { view.distance * tan } else { tan };
        let wide = tall * width.max(1) as f32 / height.max(1) as f32;
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
}
