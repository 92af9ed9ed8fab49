//! Moving the camera about: orbit, pan and zoom under the cursor, flight, views along the axes, and the way between two views.
//! Mathematics alone; the input comes from outside.

use super::grid::Lattice;
use super::view::{LEAST_DISTANCE, Lens, STEEPEST_DEG, View};
use serde::{Deserialize, Serialize};
use three_d_asset::{InnerSpace, Vec3, vec3};

/// Degrees of orbit over the height of the picture.
const ORBIT_DEG: f32 = 200.0;
/// Nearest and farthest that zooming goes, in longest sides.
const NEAREST: f32 = 0.01;
const FARTHEST: f32 = 30.0;
/// The nearest that flying brings the target, so that orbiting still goes round something.
const ARM: f32 = 0.25;
/// How much of the picture a fitted box takes; the rest is for its labels.
const FILL: f32 = 0.78;
/// What the labels at both sides take of the width, in heights of the picture: a narrow picture leaves less to the box.
const SIDES: f32 = 0.3;

/// A view that a key brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// As the sky is seen.
    Sky,
    /// Along y: x to the right, the velocity up.
    AlongY,
    /// Along x: the velocity to the right, y up.
    AlongX,
    /// Three sides in sight.
    Corner,
}

impl Preset {
    fn angles(self) -> (f32, f32) {
        match self {
            Self::Sky => (0.0, 0.0),
            Self::AlongY => (0.0, 90.0),
            Self::AlongX => (90.0, 0.0),
            Self::Corner => (32.0, 18.0),
        }
    }

    /// The view of a box in a picture of this shape (width over height), as large as it goes in.
    pub fn view(self, lattice: &Lattice, orthographic: bool, aspect: f32) -> View {
        let (azimuth_deg, elevation_deg) = self.angles();
        let view = View { azimuth_deg, elevation_deg, orthographic, ..View::default() };
        view.fitted(lattice, aspect)
    }
}

impl View {
    /// Round the target by a drag of so many pixels in a picture of this height: what is near follows the hand.
    pub fn orbited(self, dx: f32, dy: f32, height: f32) -> Self {
        let degrees = ORBIT_DEG / height.max(1.0);
        self.turned(-dx * degrees, dy * degrees)
    }

    /// The camera goes so many degrees round the target to the right and up.
    pub fn turned(self, right_deg: f32, up_deg: f32) -> Self {
        Self {
            azimuth_deg: wrapped(self.azimuth_deg + right_deg),
            elevation_deg: (self.elevation_deg + up_deg).clamp(-STEEPEST_DEG, STEEPEST_DEG),
            ..self
        }
    }

    /// Moves the camera, without turning it, so that `point` is seen at `at` (pixels from the upper left corner).
    pub fn panned(self, point: [f32; 3], at: [f32; 2], width: f32, height: f32) -> Self {
        let Some(under) = self.under(point, at, width, height) else { return self };
        let target = Vec3::from(self.target) + Vec3::from(point) - under;
        Self { target: target.into(), ..self }
    }

    /// Brings the camera nearer to `point` by a factor (above 1 is nearer); the point stays where it is in the picture.
    pub fn zoomed(self, point: [f32; 3], factor: f32) -> Self {
        if !(factor.is_finite() && factor > 0.0) {
            return self;
        }
        let distance = (self.distance / factor).clamp(NEAREST, FARTHEST);
        let scale = distance / self.distance.max(LEAST_DISTANCE);
        // Everything shrinks towards the point, the camera with it: no ray through the point turns.
        let (point, target) = (Vec3::from(point), Vec3::from(self.target));
        Self { distance, target: (point + (target - point) * scale).into(), ..self }
    }

    /// Flies so many longest sides forward, to the right and up. In perspective the target is neared until an arm's length, then
    /// pushed along; parallel rays have no place to fly to, so that forward is zooming.
    pub fn flown(self, [forward, right, up]: [f32; 3]) -> Self {
        let [to_right, to_up, to_front] = Lens::new(&self, 1.0, 1.0).directions().map(Vec3::from);
        let mut view = self;
        let mut target = Vec3::from(self.target) + to_right * right + to_up * up;
        if self.orthographic {
            view.distance = (self.distance - forward).clamp(NEAREST, FARTHEST);
        } else {
            view.distance = (self.distance - forward).clamp(ARM.min(self.distance), FARTHEST);
            target += to_front * (forward - (self.distance - view.distance)).max(0.0);
        }
        view.target = target.into();
        view
    }

    /// Longest sides that a second of flight takes: in proportion to the distance from the middle of the cube, slow inside of it.
    pub fn flight_speed(&self) -> f32 {
        let eye = Vec3::from(Lens::new(self, 1.0, 1.0).eye());
        let distance = if self.orthographic { self.distance } else { eye.magnitude() };
        0.7 * distance.clamp(0.25, 8.0)
    }

    /// Looks at a point, from the same side.
    pub fn centred(self, point: [f32; 3]) -> Self {
        Self { target: point, ..self }
    }

    /// The distance at which the box just fills a picture of this shape (width over height), its centre in the middle.
    pub fn fitted(self, lattice: &Lattice, aspect: f32) -> Self {
        let view = Self { target: [0.0; 3], ..self };
        let [right, up, front] = Lens::new(&view, 1.0, 1.0).directions().map(Vec3::from);
        let tan = self.field_tan();
        let aspect = aspect.max(0.1);
        let (tall, wide) = (tan * FILL, tan * aspect * (1.0 - SIDES / aspect).clamp(0.5, FILL));
        let [x, y, z] = lattice.sides.map(|side| 0.5 * side);
        let mut distance = 0.0_f32;
        for corner in 0..8 {
            let sign = |axis: i32| if corner >> axis & 1 == 1 { 1.0 } else { -1.0 };
            let at = vec3(sign(0) * x, sign(1) * y, sign(2) * z);
            let needed = (at.dot(right).abs() / wide).max(at.dot(up).abs() / tall);
            distance = distance.max(if view.orthographic { needed } else { needed - at.dot(front) });
        }
        Self { distance: distance.clamp(NEAREST, FARTHEST), ..view }
    }

    /// As `fitted`, of a part of the box (0 to 1 along x, y, z), with its centre in the middle.
    pub fn fitted_to(self, lattice: &Lattice, part: [[f32; 2]; 3], aspect: f32) -> Self {
        let mut inner = lattice.clone();
        for (side, [low, high]) in inner.sides.iter_mut().zip(part) {
            *side *= (high - low).max(0.0);
        }
        let target = lattice.point(part.map(|[low, high]| 0.5 * (low + high)));
        Self { target, ..self.fitted(&inner, aspect) }
    }

    /// Between two views: angles by the shorter way, distances by their ratio. 0 is `self`, 1 is `to`.
    pub fn between(&self, to: &Self, part: f32) -> Self {
        if part >= 1.0 {
            return *to;
        }
        let way = wrapped(to.azimuth_deg - self.azimuth_deg);
        let ratio = to.distance.max(LEAST_DISTANCE) / self.distance.max(LEAST_DISTANCE);
        let target: [f32; 3] =
            std::array::from_fn(|axis| self.target[axis] + part * (to.target[axis] - self.target[axis]));
        Self {
            azimuth_deg: wrapped(self.azimuth_deg + part * way),
            elevation_deg: self.elevation_deg + part * (to.elevation_deg - self.elevation_deg),
            distance: self.distance * ratio.powf(part),
            target,
            orthographic: to.orthographic,
            field_deg: self.field_deg + part * (to.field_deg - self.field_deg),
        }
    }

    /// What the hand holds at a place of the picture: the middle of the part of the box behind it, else the point as deep as the
    /// target.
    pub fn held(&self, lattice: &Lattice, at: [f32; 2], width: f32, height: f32) -> [f32; 3] {
        let lens = Lens::new(self, width, height);
        let (origin, direction) = lens.ray(at);
        let depth =
            crossing(lattice, [[0.0, 1.0]; 3], origin, direction).map(|[enter, leave]| 0.5 * (enter + leave));
        match depth {
            Some(depth) => (Vec3::from(origin) + depth * Vec3::from(direction)).into(),
            None => self.under(self.target, at, width, height).map_or(self.target, Into::into),
        }
    }

    /// The point behind a place of the picture that is as deep as `point`.
    fn under(&self, point: [f32; 3], at: [f32; 2], width: f32, height: f32) -> Option<Vec3> {
        let lens = Lens::new(self, width, height);
        let (_, depth) = lens.project(point)?;
        let (origin, direction) = lens.ray(at);
        let (origin, direction) = (Vec3::from(origin), Vec3::from(direction));
        let front = Vec3::from(lens.directions()[2]);
        Some(origin + direction * (depth / direction.dot(front)))
    }
}

/// Where a ray enters and leaves the part of a box between places (0 to 1 along x, y, z), in lengths of its unit direction.
pub fn crossing(
    lattice: &Lattice,
    clip: [[f32; 2]; 3],
    origin: [f32; 3],
    direction: [f32; 3],
) -> Option<[f32; 2]> {
    let at = lattice.place(origin);
    let (mut enter, mut leave) = (0.0_f32, f32::INFINITY);
    for axis in 0..3 {
        let along = lattice.signs[axis] * direction[axis] / lattice.sides[axis];
        let [low, high] = clip[axis];
        if along.abs() < 1e-12 {
            if at[axis] < low || at[axis] > high {
                return None;
            }
            continue;
        }
        let (a, b) = ((low - at[axis]) / along, (high - at[axis]) / along);
        enter = enter.max(a.min(b));
        leave = leave.min(a.max(b));
    }
    (leave > enter).then_some([enter, leave])
}

/// From −180 to 180.
fn wrapped(degrees: f32) -> f32 {
    (degrees + 180.0).rem_euclid(360.0) - 180.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: [f32; 2] = [900.0, 600.0];

    fn lattice() -> Lattice {
        let mut lattice = Lattice::new([80, 50, 30], [1.0, 1.5, 2.0], (0.0, 1.0)).expect("a lattice");
        lattice.signs = [-1.0, 1.0, -1.0];
        lattice
    }

    fn views() -> Vec<View> {
        let mut views = Vec::new();
        for orthographic in [false, true] {
            for (azimuth_deg, elevation_deg) in
                [(0.0, 0.0), (32.0, 18.0), (-140.0, -63.0), (75.0, 90.0), (10.0, -90.0)]
            {
                let target = [0.1, -0.05, 0.2];
                let view = View { azimuth_deg, elevation_deg, distance: 1.7, target, ..View::default() };
                views.push(View { orthographic, ..view });
            }
        }
        views
    }

    fn seen(view: &View, point: [f32; 3]) -> [f32; 2] {
        view.project(point, SIZE[0], SIZE[1]).expect("before the camera").0
    }

    fn near(a: [f32; 2], b: [f32; 2]) -> bool {
        (a[0] - b[0]).hypot(a[1] - b[1]) < 0.05
    }

    #[test]
    fn projection_and_ray_are_each_others_inverse() {
        for view in views() {
            for point in [[0.0, 0.0, 0.0], [0.3, -0.2, 0.4], [-0.5, 0.45, -0.3]] {
                let (at, depth) = view.project(point, SIZE[0], SIZE[1]).expect("before the camera");
                assert!(depth > 0.0, "parallel rays begin before the box: {view:?}");
                let (origin, direction) = view.ray(at, SIZE[0], SIZE[1]);
                let off = Vec3::from(point) - Vec3::from(origin);
                let beside = off - Vec3::from(direction) * off.dot(Vec3::from(direction));
                assert!(beside.magnitude() < 2e-6, "{view:?} {point:?} is missed by {beside:?}");
            }
        }
    }

    /// The camera of three-d is an independent way to the same pixel.
    #[test]
    fn the_projection_is_that_of_the_camera() {
        for view in views() {
            let camera = view.camera(SIZE[0] as u32, SIZE[1] as u32);
            for point in [[0.0, 0.0, 0.0], [0.3, -0.2, 0.4], [-0.5, 0.45, -0.3]] {
                let pixel = camera.pixel_at_position(Vec3::from(point));
                let expected = [pixel.x, SIZE[1] - pixel.y];
                assert!(near(seen(&view, point), expected), "{view:?}: {expected:?}");
            }
        }
    }

    #[test]
    fn what_is_under_the_cursor_stays_there() {
        let lattice = lattice();
        for view in views() {
            for at in [[450.0, 300.0], [210.0, 120.0], [700.0, 480.0], [5.0, 5.0]] {
                let held = view.held(&lattice, at, SIZE[0], SIZE[1]);
                assert!(near(seen(&view, held), at), "{view:?}");
                for factor in [1.3, 0.6, 4.0] {
                    assert!(near(seen(&view.zoomed(held, factor), held), at), "zoom by {factor} of {view:?}");
                }
                let to = [at[0] + 60.0, at[1] - 33.0];
                let panned = view.panned(held, to, SIZE[0], SIZE[1]);
                assert!(near(seen(&panned, held), to), "pan of {view:?}");
                assert_eq!((panned.azimuth_deg, panned.distance), (view.azimuth_deg, view.distance));
            }
        }
    }

    #[test]
    fn presets_look_along_the_axes_and_show_the_whole_box() {
        let lattice = lattice();
        for (preset, right, up) in [
            (Preset::Sky, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]),
            // Away from the sky's face is up, then to the right: there the velocity grows.
            (Preset::AlongY, [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]),
            (Preset::AlongX, [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]),
        ] {
            for orthographic in [false, true] {
                let view = preset.view(&lattice, orthographic, 1.5);
                let directions = Lens::new(&view, SIZE[0], SIZE[1]).directions();
                for (found, expected) in directions.iter().zip([right, up]) {
                    assert!((Vec3::from(*found) - Vec3::from(expected)).magnitude() < 1e-5, "{preset:?}");
                }
                let mut margin = f32::INFINITY;
                for corner in 0..8_usize {
                    let place = std::array::from_fn(|axis| (corner >> axis & 1) as f32);
                    let [x, y] = seen(&view, lattice.point(place));
                    margin = margin.min(x).min(SIZE[0] - x).min(y).min(SIZE[1] - y);
                }
                assert!(margin > 0.1 * SIZE[1], "{preset:?}: {margin}");
                assert!(margin < 0.12 * SIZE[0], "as large as it goes in: {margin}");
            }
        }
    }

    #[test]
    fn a_part_of_the_box_fills_the_picture_as_the_box_does() {
        let lattice = lattice();
        let part = [[0.1, 0.4], [0.5, 0.9], [0.3, 0.6]];
        for orthographic in [false, true] {
            let view = View { azimuth_deg: 32.0, elevation_deg: 18.0, orthographic, ..View::default() };
            let view = view.fitted_to(&lattice, part, 1.5);
            let mut margin = f32::INFINITY;
            for corner in 0..8_usize {
                let place = std::array::from_fn(|axis| part[axis][corner >> axis & 1]);
                let [x, y] = seen(&view, lattice.point(place));
                margin = margin.min(x).min(SIZE[0] - x).min(y).min(SIZE[1] - y);
            }
            assert!((0.1 * SIZE[1]..0.12 * SIZE[0]).contains(&margin), "{margin}");
        }
    }

    #[test]
    fn no_view_is_without_numbers() {
        for view in views() {
            let steep = view.orbited(37.0, 1e6, 600.0).flown([0.5, 0.1, -0.2]);
            assert_eq!(steep.elevation_deg, 90.0);
            for part in Lens::new(&steep, SIZE[0], SIZE[1]).directions().into_iter().flatten() {
                assert!(part.is_finite());
            }
            assert!(steep.target.iter().chain([&steep.distance]).all(|part| part.is_finite()));
            assert_eq!(view.zoomed([0.0; 3], 0.0), view);
            assert_eq!(view.zoomed([0.0; 3], f32::NAN), view);
        }
    }

    #[test]
    fn flight_enters_the_cube_and_goes_on() {
        let mut view = View::default();
        for _ in 0..30 {
            let before = Vec3::from(Lens::new(&view, 1.0, 1.0).eye());
            view = view.flown([0.1, 0.0, 0.0]);
            let moved = before - Vec3::from(Lens::new(&view, 1.0, 1.0).eye());
            assert!((moved - vec3(0.0, 0.0, 0.1)).magnitude() < 1e-5, "{moved:?}");
        }
    }

    #[test]
    fn the_way_between_views_is_the_shorter_one() {
        let from = View { azimuth_deg: 170.0, distance: 1.0, ..View::default() };
        let to = View { azimuth_deg: -170.0, distance: 4.0, elevation_deg: 20.0, ..View::default() };
        let half = from.between(&to, 0.5);
        assert!((half.azimuth_deg.abs() - 180.0).abs() < 1e-4);
        assert!((half.distance - 2.0).abs() < 1e-5);
        assert_eq!(from.between(&to, 1.0), to);
    }
}
