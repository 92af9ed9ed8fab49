//! What lies under the cursor: the voxel that a ray shows, found by walking it once through the values as they were loaded. What counts
//! as shown depends on the mode, and the answer says which it was.

use super::grid::Lattice;
use super::scene::{Mode, Opacity, Plane, Scene, Source};
use super::view::Lens;
use ndarray::ArrayView3;

/// Why a voxel is the one that is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The greatest value along the ray, which the picture shows.
    Maximum,
    /// The ray meets an isosurface there.
    Surface,
    /// The ray meets a slice there.
    Slice,
    /// Most of the light that arrives comes from there: the largest T·(1 − e^(−κ·Δs)), times the source function where there is one.
    MostLight,
    /// The picture shows the whole ray; this is its greatest value.
    Peak,
}

impl Seen {
    pub fn words(self) -> &'static str {
        match self {
            Self::Maximum => "maximum along the ray",
            Self::Surface => "on the isosurface",
            Self::Slice => "on the slice",
            Self::MostLight => "most of the light",
            Self::Peak => "peak along the ray",
        }
    }
}

/// The voxel that a ray shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probe {
    /// Voxel of the loaded cube, along x, y, z from 0.
    pub voxel: [usize; 3],
    /// Its physical value.
    pub value: f64,
    /// Where the ray is seen to end, along x, y, z of the box from 0 to 1.
    pub place: [f32; 3],
    pub seen: Seen,
    /// Optical depth before it, in the modes that dim.
    pub depth_before: Option<f64>,
}

/// Rays end here at the latest, as those of the march.
const MOST_STEPS: f32 = 16_384.0;
const HALVINGS: usize = 8;

/// The voxel that the ray through a point of the picture shows; `None` where it meets no value. `values` are physical, (z, y, x), blanks
/// as NaN; `at` and `size` are in pixels, from the upper left corner.
pub fn probe(
    values: ArrayView3<'_, f32>,
    lattice: &Lattice,
    scene: &Scene,
    size: [f32; 2],
    at: [f32; 2],
) -> Option<Probe> {
    let (origin, direction) = Lens::new(&scene.view, size[0], size[1]).ray(at);
    let ray = Ray::of(lattice, scene, origin, direction)?;
    let steps = (ray.length / scene.step(lattice)).ceil().clamp(1.0, MOST_STEPS);
    let step = ray.length / steps;
    let stop = ray.slice(values, lattice, scene);
    let until = stop.map_or(ray.length, |(distance, _)| distance);
    let mut walk = Walk::default();
    let (mut last, mut surface) = (None, None);
    for index in 0..steps as usize {
        let distance = (index as f32 + 0.5) * step;
        if distance >= until {
            break;
        }
        let value = sample(values, ray.place(distance));
        if let (Some((before, old)), Some(new)) = (last, value)
            && let Some(level) = crossed(scene, old, new)
        {
            surface = Some(ray.bisect(values, level, before, distance));
            break;
        }
        last = value.map(|value| (distance, value));
        let Some(value) = value else { continue };
        walk.step(scene, lattice, value, distance, step);
    }
    let hit = surface
        .map(|distance| (distance, Seen::Surface))
        .or(stop.map(|(distance, _)| (distance, Seen::Slice)));
    let (distance, seen, depth) = walk.seen(scene, hit)?;
    let place = ray.place(distance);
    let (voxel, value) = nearest(values, place)?;
    Some(Probe { voxel, value: f64::from(value), place, seen, depth_before: depth })
}

/// What was met so far.
#[derive(Default)]
struct Walk {
    /// The greatest value, and how far along the ray it is.
    most: Option<(f64, f32)>,
    /// Optical depth.
    depth: f64,
    /// The most light from one step, how far along the ray, and the optical depth before it.
    brightest: Option<(f64, f32, f64)>,
}

impl Walk {
    fn step(&mut self, scene: &Scene, lattice: &Lattice, value: f64, distance: f32, step: f32) {
        if self.most.is_none_or(|(most, _)| value > most) {
            self.most = Some((value, distance));
        }
        let (depth, source) = match scene.mode {
            Mode::Absorption => {
                let depth = opacity(scene, value) * scene.density * step / lattice.finest();
                (f64::from(depth), 1.0)
            }
            Mode::Transfer(radiation) => {
                let per_pc = match radiation.opacity {
                    Opacity::Constant(per_pc) => per_pc,
                    Opacity::Cube(per_unit) => per_unit * value.max(0.0),
                    // The second cube's values are not here; the peak answers.
                    Opacity::Second(_) => return,
                };
                let source = match radiation.source {
                    Source::Cube => value,
                    Source::Constant(source) => source,
                    Source::Second => 1.0,
                };
                (per_pc.max(0.0) * radiation.longest_pc * f64::from(step), source)
            }
            _ => return,
        };
        let light = source * (-self.depth).exp() * -(-depth).exp_m1();
        if light > 0.0 && self.brightest.is_none_or(|(most, ..)| light > most) {
            self.brightest = Some((light, distance, self.depth));
        }
        self.depth += depth;
    }

    /// Distance along the ray, why, and the optical depth before it.
    fn seen(&self, scene: &Scene, hit: Option<(f32, Seen)>) -> Option<(f32, Seen, Option<f64>)> {
        let dims = matches!(scene.mode, Mode::Absorption | Mode::Transfer(_));
        let depth_at = |depth: f64| dims.then_some(depth);
        if let Some((distance, seen)) = hit {
            let is_seen = match scene.mode {
                Mode::Nothing | Mode::Emission => true,
                Mode::Absorption | Mode::Transfer(_) => (-self.depth).exp() >= 0.5,
                // Values lie over it by their opacity.
                _ => self.most.is_none_or(|(most, _)| opacity(scene, most) < 0.5),
            };
            if is_seen {
                return Some((distance, seen, depth_at(self.depth)));
            }
        }
        let (_, peak) = self.most?;
        match (scene.mode, self.brightest) {
            (Mode::Nothing, _) => None,
            (Mode::Maximum, _) => Some((peak, Seen::Maximum, None)),
            (Mode::Absorption | Mode::Transfer(_), Some((_, distance, depth))) => {
                Some((distance, Seen::MostLight, Some(depth)))
            }
            _ => Some((peak, Seen::Peak, None)),
        }
    }
}

fn opacity(scene: &Scene, value: f64) -> f32 {
    let (low, high) = scene.transfer.range;
    let place = if high > low { (value - low) / (high - low) } else { 0.0 };
    scene.transfer.opacity_at(scene.transfer.stretch.apply(place as f32)).clamp(0.0, 1.0)
}

/// What hides less than half is looked through, where there is anything else to see.
fn ends_ray(scene: &Scene, opacity: f32) -> bool {
    opacity >= 0.5 || (scene.mode == Mode::Nothing && opacity > 0.0)
}

/// The first shown level between two neighbouring samples.
fn crossed(scene: &Scene, old: f64, new: f64) -> Option<f64> {
    let surfaces = scene.surfaces.iter().filter(|surface| surface.shown && ends_ray(scene, surface.opacity));
    surfaces
        .map(|surface| surface.value)
        .filter(|level| (old < *level) != (new < *level))
        .min_by(|a, b| (a - old).abs().total_cmp(&(b - old).abs()))
}

/// The part of a ray within the clip box, in places of the box.
struct Ray {
    start: [f32; 3],
    along: [f32; 3],
    /// In longest sides.
    length: f32,
}

impl Ray {
    fn of(lattice: &Lattice, scene: &Scene, origin: [f32; 3], direction: [f32; 3]) -> Option<Self> {
        let place = |axis: usize| 0.5 + lattice.signs[axis] * origin[axis] / lattice.sides[axis];
        let along: [f32; 3] =
            std::array::from_fn(|axis| lattice.signs[axis] * direction[axis] / lattice.sides[axis]);
        let (mut enter, mut leave) = (0.0_f32, f32::INFINITY);
        for (axis, [low, high]) in scene.clip.into_iter().enumerate() {
            let (at, speed) = (place(axis), along[axis]);
            if speed.abs() < 1e-12 {
                if at < low || at > high {
                    return None;
                }
                continue;
            }
            let (a, b) = ((low - at) / speed, (high - at) / speed);
            enter = enter.max(a.min(b));
            leave = leave.min(a.max(b));
        }
        let start = std::array::from_fn(|axis| place(axis) + enter * along[axis]);
        (leave > enter && leave.is_finite()).then_some(Self { start, along, length: leave - enter })
    }

    fn place(&self, distance: f32) -> [f32; 3] {
        std::array::from_fn(|axis| self.start[axis] + distance * self.along[axis])
    }

    /// The nearest slice that has a value where the ray meets it.
    fn slice(&self, values: ArrayView3<'_, f32>, lattice: &Lattice, scene: &Scene) -> Option<(f32, f64)> {
        let shown = scene.slices.iter().filter(|slice| slice.shown && ends_ray(scene, slice.opacity));
        let meets = shown.filter_map(|slice| {
            let (point, across) = match slice.plane {
                Plane::Across { axis, place } if axis < 3 => {
                    let mut point = [0.5; 3];
                    let mut across = [0.0; 3];
                    (point[axis], across[axis]) = (place, 1.0);
                    (point, across)
                }
                Plane::Across { .. } => return None,
                // A direction of the world, as a gradient in places of the box.
                Plane::Free { point, normal } => (
                    point,
                    std::array::from_fn(|axis| normal[axis] * lattice.signs[axis] * lattice.sides[axis]),
                ),
            };
            let dot = |a: [f32; 3]| (0..3).map(|axis| a[axis] * across[axis]).sum::<f32>();
            let speed = dot(self.along);
            let distance = (dot(point) - dot(self.start)) / speed;
            (speed.abs() > 1e-9 && (0.0..=self.length).contains(&distance)).then_some(distance)
        });
        let valued = meets.filter_map(|distance| Some((distance, sample(values, self.place(distance))?)));
        valued.min_by(|a, b| a.0.total_cmp(&b.0))
    }

    fn bisect(&self, values: ArrayView3<'_, f32>, level: f64, mut low: f32, mut high: f32) -> f32 {
        let below = |distance: f32| sample(values, self.place(distance)).is_some_and(|value| value < level);
        let starts_below = below(low);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if below(middle) == starts_below { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }
}

/// The corners of the cell around a place, (z, y, x), with their weights.
fn corners(values: ArrayView3<'_, f32>, place: [f32; 3]) -> [([usize; 3], f32); 8] {
    let (depth, height, width) = values.dim();
    let along = |part: f32, count: usize| {
        let at = (part * count as f32 - 0.5).clamp(0.0, count as f32 - 1.0);
        let low = at as usize;
        [(low, 1.0 - (at - low as f32)), ((low + 1).min(count - 1), at - low as f32)]
    };
    let (x, y, z) = (along(place[0], width), along(place[1], height), along(place[2], depth));
    std::array::from_fn(|corner| {
        let ((i, a), (j, b), (k, c)) = (x[corner & 1], y[corner >> 1 & 1], z[corner >> 2]);
        ([k, j, i], a * b * c)
    })
}

/// Between voxels, by trilinear interpolation that blanks do not enter.
fn sample(values: ArrayView3<'_, f32>, place: [f32; 3]) -> Option<f64> {
    let (mut sum, mut weight) = (0.0_f64, 0.0_f64);
    for (at, share) in corners(values, place) {
        let value = values[at];
        if value.is_finite() {
            sum += f64::from(share) * f64::from(value);
            weight += f64::from(share);
        }
    }
    (weight > 1e-4).then(|| sum / weight)
}

/// The nearest voxel that has a value.
fn nearest(values: ArrayView3<'_, f32>, place: [f32; 3]) -> Option<([usize; 3], f32)> {
    let near = corners(values, place).into_iter().filter(|(at, _)| values[*at].is_finite());
    let ([k, j, i], _) = near.max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(([i, j, k], values[[k, j, i]]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::ColourMap;
    use crate::volume::{Grid, Radiation, Slice, Stretch, Surface, Transfer, View, value_at};
    use ndarray::Array3;

    fn scene(lattice: &Lattice, mode: Mode) -> Scene {
        let view = View { orthographic: true, distance: 2.0, ..View::default() };
        Scene { mode, view, ..Scene::of(lattice) }
    }

    fn middle(values: &Array3<f32>, lattice: &Lattice, scene: &Scene) -> Option<Probe> {
        probe(values.view(), lattice, scene, [9.0, 9.0], [4.5, 4.5])
    }

    #[test]
    fn the_maximum_is_the_picture_s_own_and_its_voxel_is_found_from_any_side() {
        let values = Array3::from_shape_fn((17, 13, 21), |(z, y, x)| {
            if (z, y, x) == (11, 4, 15) { 9.0 } else { (0.3 * (z + 2 * y + 3 * x) as f32).sin() }
        });
        let grid = Grid::new(values.view(), [1.0, 1.3, 0.7]).expect("a grid");
        for (azimuth_deg, signs) in
            [(0.0, [1.0, 1.0, -1.0]), (77.0, [-1.0, 1.0, -1.0]), (201.0, [1.0, -1.0, -1.0])]
        {
            let mut lattice = grid.lattice.clone();
            lattice.signs = signs;
            let mut scene = scene(&lattice, Mode::Maximum);
            scene.samples_per_voxel = 4.0;
            scene.view = View { azimuth_deg, elevation_deg: 23.0, ..View::default() };
            let world: [f32; 3] = std::array::from_fn(|axis| {
                let place = ([15.0, 4.0, 11.0][axis] + 0.5) / lattice.shape[axis] as f32;
                signs[axis] * (place - 0.5) * lattice.sides[axis]
            });
            let (at, _) = scene.view.project(world, 300.0, 200.0).expect("before the camera");
            let found = probe(values.view(), &lattice, &scene, [300.0, 200.0], at).expect("a voxel");
            assert_eq!((found.voxel, found.value, found.seen), ([15, 4, 11], 9.0, Seen::Maximum));
            assert_eq!(found.depth_before, None);
        }
        // Between the pixels' middles of the march's own picture the value is the same.
        let scene = scene(&grid.lattice, Mode::Maximum);
        let found = probe(values.view(), &grid.lattice, &scene, [9.0, 9.0], [4.5, 4.5]).expect("a voxel");
        let shown = value_at(&grid, None, &scene, [9, 9], [4, 4]).expect("a value");
        let here = sample(values.view(), found.place).expect("a value");
        assert!((here - shown).abs() < 1e-3 * shown.abs(), "{here} for {shown}");
    }

    #[test]
    fn near_gas_is_seen_where_it_hides_and_far_gas_where_it_does_not() {
        // Two slabs; plane 0 is near.
        let mut values = Array3::<f32>::zeros((32, 5, 5));
        values.slice_mut(ndarray::s![4..8, .., ..]).fill(1.0);
        values.slice_mut(ndarray::s![24..28, .., ..]).fill(3.0);
        let grid = Grid::new(values.view(), [1.0; 3]).expect("a grid");
        let mut scene = scene(&grid.lattice, Mode::Absorption);
        scene.transfer = Transfer::rising((0.0, 4.0), Stretch::Linear, ColourMap::Magma);
        scene.density = 20.0;
        let found = middle(&values, &grid.lattice, &scene).expect("a voxel");
        assert!((4..8).contains(&found.voxel[2]) && found.seen == Seen::MostLight, "{found:?}");
        scene.density = 0.1;
        let found = middle(&values, &grid.lattice, &scene).expect("a voxel");
        assert!((24..28).contains(&found.voxel[2]), "{found:?}");
        // The near slab: opacity 1/4 over 4 voxels; linear interpolation adds no area.
        let depth = found.depth_before.expect("a depth");
        assert!((0.1..0.1 + 0.25 * 0.1 * 4.0).contains(&depth), "{depth}");
        let radiation = Radiation { opacity: Opacity::Constant(50.0), ..Radiation::default() };
        let deep = Scene { mode: Mode::Transfer(radiation), ..scene };
        assert!(middle(&values, &grid.lattice, &deep).expect("a voxel").voxel[2] < 8);
    }

    #[test]
    fn surfaces_and_slices_stop_the_ray_and_blanks_do_not() {
        let mut values = Array3::from_shape_fn((33, 33, 33), |(z, y, x)| {
            let r = [z, y, x].map(|i| i as f32 - 16.0).iter().map(|d| d * d).sum::<f32>().sqrt();
            20.0 - r
        });
        let lattice = Grid::new(values.view(), [1.0; 3]).expect("a grid").lattice;
        let mut scene = scene(&lattice, Mode::Nothing);
        assert_eq!(middle(&values, &lattice, &scene), None);
        scene.surfaces = vec![Surface::of(10.0)];
        let found = middle(&values, &lattice, &scene).expect("a voxel");
        assert_eq!((found.seen, found.voxel), (Seen::Surface, [16, 16, 6]));
        assert!((found.place[2] * 33.0 - 6.5).abs() < 0.05, "{found:?}");
        scene.slices = vec![Slice::of(Plane::Across { axis: 2, place: 3.5 / 33.0 })];
        let found = middle(&values, &lattice, &scene).expect("a voxel");
        assert_eq!((found.seen, found.voxel), (Seen::Slice, [16, 16, 3]));
        values.slice_mut(ndarray::s![2..5, .., ..]).fill(f32::NAN);
        assert_eq!(middle(&values, &lattice, &scene).expect("a voxel").seen, Seen::Surface);
        // What is seen through is looked through, unless there is nothing else.
        scene.surfaces[0].opacity = 0.3;
        let found = |scene: &Scene| middle(&values, &lattice, scene).expect("a voxel").seen;
        assert_eq!(found(&scene), Seen::Surface);
        assert_eq!(found(&Scene { mode: Mode::Maximum, ..scene.clone() }), Seen::Maximum);
        assert_eq!(middle(&Array3::from_elem((33, 33, 33), f32::NAN), &lattice, &scene), None);
    }
}
