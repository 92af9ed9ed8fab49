//! Surfaces and slices against what is known in closed form.

use super::*;
use crate::volume::{Mode, Plane, Slice, Stretch, Surface, Transfer, View, gpu, render};
use ndarray::Array3;

fn scene(grid: &Grid) -> Scene {
    let view = View { orthographic: true, ..View::default() };
    let transfer = Transfer::rising(grid.lattice.range, Stretch::Linear, crate::figure::ColourMap::Greys);
    Scene { mode: Mode::Nothing, view, transfer, ..Scene::of(&grid.lattice) }
}

fn surface(value: f64) -> Surface {
    Surface { value, colour: Some([0.8, 0.4, 0.2]), shown: true }
}

fn across(axis: usize, place: f32, thickness: f32) -> Slice {
    Slice { plane: Plane::Across { axis, place }, thickness, shown: true }
}

fn grid(shape: (usize, usize, usize), voxel: [f64; 3], value: impl Fn([f64; 3]) -> f64) -> Grid {
    let cube = Array3::from_shape_fn(shape, |(z, y, x)| value([x as f64, y as f64, z as f64]) as f32);
    Grid::new(cube.view(), voxel).expect("a grid")
}

/// Where the camera stands: of a place in the cube.
fn world(grid: &Grid, place: [f32; 3]) -> [f64; 3] {
    let lattice = &grid.lattice;
    std::array::from_fn(|axis| f64::from(lattice.signs[axis] * (place[axis] - 0.5) * lattice.sides[axis]))
}

#[test]
fn a_sphere_has_its_radius_from_every_side_and_is_brightest_in_the_middle() {
    let radius = |[x, y, z]: [f64; 3]| ((x - 19.5).powi(2) + (y - 19.5).powi(2) + (z - 19.5).powi(2)).sqrt();
    let grid = grid((40, 40, 40), [1.0; 3], radius);
    let mut scene = scene(&grid);
    scene.surfaces = vec![surface(12.0)];
    for (azimuth_deg, elevation_deg, orthographic) in
        [(0.0, 0.0, true), (33.0, 21.0, false), (200.0, -60.0, false)]
    {
        scene.view = View { azimuth_deg, elevation_deg, orthographic, ..View::default() };
        let size = [61, 61];
        let mut met = 0;
        for pixel in (0..61 * 61).map(|i| [i % 61, i / 61]) {
            let Some(hit) = hit_at(&grid, &scene, size, pixel) else { continue };
            met += 1;
            let found = world(&grid, hit.place).iter().map(|part| part * part).sum::<f64>().sqrt() * 40.0;
            assert!((found - 12.0).abs() < 0.05, "{found} at {pixel:?}");
        }
        assert!(met > 200, "{met} pixels met the sphere");
        let picture = render(&grid, None, &scene, 61, 61);
        let red = |pixel: &[f32; 4]| pixel[0];
        let most = picture.rgba.iter().map(red).fold(0.0, f32::max);
        let middle = red(&picture.rgba[30 * 61 + 30]);
        assert!(most - middle < 2e-3, "{middle} in the middle, up to {most}");
    }
}

#[test]
fn a_slice_of_a_ramp_has_its_value_and_a_thick_one_the_mean() {
    let grid = grid((16, 8, 8), [1.0; 3], |[x, _, z]| z * z + 0.25 * x);
    let mut scene = scene(&grid);
    // The middle of plane 5; across three planes the mean of 16, 25 and 36.
    for (thickness, truth) in [(0.0, 25.0), (1.0, 25.0), (3.0, 77.0 / 3.0)] {
        scene.slices = vec![across(2, 5.5 / 16.0, thickness)];
        let hit = hit_at(&grid, &scene, [41, 41], [20, 20]).expect("the slice is met");
        let value = truth + 0.25 * (f64::from(hit.place[0]) * 8.0 - 0.5);
        assert!((hit.value - value).abs() < 1e-4, "{} for {value} at {thickness}", hit.value);
    }
}

#[test]
fn unequal_voxels_tilt_no_surface() {
    // An ellipsoid in voxels that is a sphere where the camera stands, and one that is not.
    let voxel = [0.5, 1.0, 0.25];
    let middle = [31.5, 15.5, 63.5];
    for stretch in [1.0, 1.6] {
        let half = |at: [f64; 3]| -> [f64; 3] {
            std::array::from_fn(|axis| {
                (at[axis] - middle[axis]) * voxel[axis] * if axis == 0 { 1.0 / stretch } else { 1.0 }
            })
        };
        let grid =
            grid((128, 32, 64), voxel, |at| half(at).iter().map(|part| part * part).sum::<f64>().sqrt());
        let mut scene = scene(&grid);
        scene.surfaces = vec![surface(6.0)];
        scene.view = View { azimuth_deg: 40.0, elevation_deg: 25.0, ..View::default() };
        let mut met = 0;
        for pixel in (0..31 * 31).map(|i| [i % 31, i / 31]) {
            let Some(hit) = hit_at(&grid, &scene, [31, 31], pixel) else { continue };
            met += 1;
            let at = world(&grid, hit.place);
            let scale = [stretch * stretch, 1.0, 1.0];
            let truth: [f64; 3] = std::array::from_fn(|axis| at[axis] / scale[axis]);
            let length = truth.iter().map(|part| part * part).sum::<f64>().sqrt();
            let found = isosurface::normal(&grid, hit.place, grid.lattice.stored(6.0)).expect("it rises");
            let cos: f64 = (0..3).map(|axis| truth[axis] / length * f64::from(found[axis])).sum();
            assert!(cos > 0.5_f64.to_radians().cos(), "{}° at {pixel:?}", cos.acos().to_degrees());
        }
        assert!(met > 40, "{met}");
    }
}

#[test]
fn a_shell_thinner_than_a_step_is_seen() {
    // One plane of voxels peeks over the level by a hundredth: along the ray it is above for a fiftieth of a voxel.
    let grid = grid((32, 8, 8), [1.0; 3], |[_, _, z]| if z == 13.0 { 1.0 } else { 0.0 });
    let mut scene = scene(&grid);
    scene.surfaces = vec![surface(0.99)];
    for azimuth_deg in [0.0, 10.0, 180.0] {
        scene.view.azimuth_deg = azimuth_deg;
        let hit = hit_at(&grid, &scene, [9, 9], [4, 4]).expect("the shell is met");
        assert!((hit.place[2] * 32.0 - 13.5).abs() < 0.02, "{}", hit.place[2] * 32.0);
    }
}

#[test]
fn the_nearest_surface_is_seen_and_those_not_shown_are_not() {
    let grid = grid((16, 8, 8), [1.0; 3], |[_, _, z]| z);
    let mut scene = scene(&grid);
    scene.surfaces = vec![surface(12.0), surface(3.0), Surface { shown: false, ..surface(1.0) }];
    let middle = |scene: &Scene| hit_at(&grid, scene, [9, 9], [4, 4]).expect("met");
    assert_eq!(middle(&scene).value, 3.0);
    // The box is one long and the camera two from its middle: voxel 3 begins at 3/16.
    assert!((middle(&scene).distance - (1.5 + 3.5 / 16.0)).abs() < 1e-5);
    scene.view.azimuth_deg = 180.0;
    assert_eq!(middle(&scene).value, 12.0);
    // Clipped away in front: the cut is open, the next surface behind it is seen.
    scene.clip[2] = [0.0, 0.7];
    assert_eq!(middle(&scene).value, 3.0);
    // Without a colour of its own, that of its value: a fifth of the range, lit face-on with the full gleam.
    scene.surfaces[1].colour = None;
    let [r, ..] = middle(&scene).rgb;
    let truth = scene.transfer.table()[crate::volume::transfer::TABLE / 5][0] + 0.15;
    assert!((r - truth).abs() < 0.01, "{r} for {truth}");
}

#[test]
fn a_blank_is_no_crossing() {
    // High and low values with blanks between; then a low value beside them, which is one.
    let cube = |z: f64| {
        if z < 4.0 {
            1.0
        } else if z < 6.0 {
            f64::NAN
        } else {
            0.0
        }
    };
    let apart = grid((12, 6, 6), [1.0; 3], |[_, _, z]| cube(z));
    let mut scene = scene(&apart);
    scene.surfaces = vec![surface(0.5)];
    for azimuth_deg in [0.0, 30.0, 180.0] {
        scene.view.azimuth_deg = azimuth_deg;
        assert_eq!(hit_at(&apart, &scene, [9, 9], [4, 4]), None, "at {azimuth_deg}");
    }
    let beside = grid((12, 6, 6), [1.0; 3], |[x, _, z]| if x < 3.0 && z == 2.0 { 0.0 } else { cube(z) });
    scene.view.azimuth_deg = 0.0;
    assert!((0..9).any(|column| hit_at(&beside, &scene, [9, 9], [column, 4]).is_some()));
    // A slice shows nothing where there are blanks, and its mean leaves them out.
    scene.surfaces.clear();
    scene.slices = vec![across(2, 5.0 / 12.0, 0.0)];
    assert_eq!(hit_at(&apart, &scene, [9, 9], [4, 4]), None);
    scene.slices = vec![across(2, 4.5 / 12.0, 3.0)];
    let hit = hit_at(&apart, &scene, [9, 9], [4, 4]).expect("one of three planes has values");
    assert!((hit.value - 1.0).abs() < 1e-6, "{}", hit.value);
}

#[test]
fn a_free_slice_lies_where_it_is_said_to_and_is_cut_by_the_clip_box() {
    let voxel = [1.0, 1.5, 0.7];
    let ramp = |[x, y, z]: [f64; 3]| 0.3 * x - 0.2 * y + 0.5 * z;
    let grid = grid((20, 14, 18), voxel, ramp);
    let mut scene = scene(&grid);
    let (point, normal) = ([0.4, 0.55, 0.5], [0.6_f32, -0.3, 0.9]);
    // Thick or not, on a ramp the mean is the value in the middle, wherever the cube holds the whole thickness.
    for thickness in [0.0, 3.0] {
        scene.slices = vec![Slice { plane: Plane::Free { point, normal }, thickness, shown: true }];
        let mut met = 0;
        for pixel in (0..21 * 21).map(|i| [i % 21, i / 21]) {
            let Some(hit) = hit_at(&grid, &scene, [21, 21], pixel) else { continue };
            let (at, on) = (world(&grid, hit.place), world(&grid, point));
            let off: f64 = (0..3).map(|axis| (at[axis] - on[axis]) * f64::from(normal[axis])).sum();
            assert!(off.abs() < 1e-5, "{off} off the plane");
            if hit.place.iter().any(|part| !(0.15..0.85).contains(part)) {
                continue;
            }
            met += 1;
            let [x, y, z] =
                [0, 1, 2].map(|axis| f64::from(hit.place[axis]) * grid.lattice.shape[axis] as f64 - 0.5);
            assert!((hit.value - ramp([x, y, z])).abs() < 1e-4, "{} at {pixel:?}", hit.value);
        }
        assert!(met > 20, "{met}");
    }
    scene.clip = [[0.45, 1.0], [0.0, 1.0], [0.0, 1.0]];
    for pixel in (0..21 * 21).map(|i| [i % 21, i / 21]) {
        let clipped = hit_at(&grid, &scene, [21, 21], pixel);
        assert!(clipped.is_none_or(|hit| hit.place[0] > 0.45 - 1e-4));
    }
    for normal in [[0.0; 3], [f32::NAN, 0.0, 1.0]] {
        scene.slices[0].plane = Plane::Free { point, normal };
        assert_eq!(hit_at(&grid, &scene, [21, 21], [10, 10]), None);
    }
    scene.slices[0].plane = Plane::Across { axis: 7, place: 0.5 };
    assert_eq!(hit_at(&grid, &scene, [21, 21], [10, 10]), None);
}

#[test]
fn an_opaque_slice_hides_what_lies_behind_and_not_what_lies_before() {
    let grid = grid((16, 8, 8), [1.0; 3], |[_, _, z]| {
        if z == 3.0 || z == 4.0 {
            8.0
        } else if z == 12.0 || z == 13.0 {
            10.0
        } else {
            0.0
        }
    });
    let mut scene = scene(&grid);
    scene.mode = Mode::Maximum;
    let red = |scene: &Scene| render(&grid, None, scene, 9, 9).rgba[40][0];
    assert!((red(&scene) - 1.0).abs() < 0.01, "{}", red(&scene));
    let grey = scene.transfer.table()[crate::volume::transfer::TABLE * 4 / 5][0];
    // At its value the transfer function is opaque to 0.8: the maximum before the slice, over the slice's black.
    scene.slices = vec![across(2, 8.5 / 16.0, 0.0)];
    assert!((red(&scene) - 0.8 * grey).abs() < 0.01, "{}", red(&scene));
    scene.view.azimuth_deg = 180.0;
    assert!((red(&scene) - 1.0).abs() < 0.01, "{}", red(&scene));
    // On the face of the cube nothing lies before it.
    scene.view.azimuth_deg = 0.0;
    scene.slices = vec![across(2, 0.0, 0.0)];
    assert_eq!(red(&scene), 0.0);
    scene.mode = Mode::Absorption;
    scene.density = 1e3;
    assert_eq!(red(&scene), 0.0);
    scene.slices = vec![across(2, 1.0, 0.0)];
    assert!(red(&scene) > 0.1, "{}", red(&scene));
}

/// The shader and the reference: surfaces and slices together with every mode, on smooth and rough cubes of many shapes.
#[test]
fn the_shader_stops_rays_where_the_reference_does() {
    let adapter = gpu::Adapter::open(false).expect("tests run where at least a software adapter is");
    let wave = |z: usize, y: usize, x: usize| {
        (0.31 * x as f32).sin() + (0.23 * y as f32).cos() * (0.41 * z as f32).sin()
    };
    let noise = |z: usize, y: usize, x: usize| {
        let mixed = (x * 73 + y * 179 + z * 283 + 7).wrapping_mul(2_654_435_761) >> 7 & 1023;
        mixed as f32 / 1023.0
    };
    for (shape, blanks, rough) in [
        ((24, 24, 24), false, false),
        ((9, 30, 17), true, false),
        ((1, 20, 20), false, false),
        ((10, 9, 8), true, true),
    ] {
        let mut cube =
            Array3::from_shape_fn(shape, |(z, y, x)| if rough { noise(z, y, x) } else { wave(z, y, x) });
        if blanks {
            cube.indexed_iter_mut()
                .filter(|((z, y, x), _)| noise(*z + 5, *y, *x) < 0.2)
                .for_each(|(_, v)| *v = f32::NAN);
        }
        let grid = Grid::new(cube.view(), [1.0, 1.0, 1.3]).expect("a grid");
        let volume = gpu::Volume::of(&adapter, &grid).expect("uploaded");
        let modes =
            [Mode::Nothing, Mode::Emission, Mode::Absorption, Mode::Maximum, Mode::Average, Mode::Integral];
        for (index, mode) in modes.into_iter().enumerate() {
            let mut scene = Scene { mode, ..Scene::of(&grid.lattice) };
            scene.view = View {
                azimuth_deg: 33.0 + 40.0 * index as f32,
                elevation_deg: 21.0,
                distance: 1.2,
                orthographic: index % 2 == 1,
                ..View::default()
            };
            scene.transfer.opacity = vec![[0.45, 0.0], [1.0, 1.0]];
            scene.transfer.stretch =
                [Stretch::Linear, Stretch::Sqrt, Stretch::Asinh { softening: 0.1 }][index % 3];
            scene.clip = [[0.1, 1.0], [0.0, 0.9], [0.0, 1.0]];
            scene.surfaces = vec![surface(0.4), Surface { colour: None, ..surface(0.7) }, surface(-0.2)];
            scene.slices = vec![
                across(index % 3, 0.6, index as f32),
                Slice {
                    plane: Plane::Free { point: [0.5, 0.4, 0.5], normal: [0.3, 1.0, -0.4] },
                    thickness: 1.5,
                    shown: index != 2,
                },
            ];
            if index == 5 {
                scene.surfaces.clear();
            }
            let (drawn, truth) =
                (volume.picture(&scene, 40, 32).expect("drawn"), render(&grid, None, &scene, 40, 32));
            let apart = |a: &[f32; 4], b: &[f32; 4]| (0..4).map(|i| (a[i] - b[i]).abs()).fold(0.0, f32::max);
            let mut errors: Vec<f32> = drawn.rgba.iter().zip(&truth.rgba).map(|(a, b)| apart(a, b)).collect();
            errors.sort_by(f32::total_cmp);
            let (typical, high) = (errors[errors.len() / 2], errors[errors.len() * 98 / 100]);
            assert!(typical < 1e-3 && high < 4e-3, "{shape:?} {mode:?}: median {typical}, 98 % below {high}");
        }
    }
}

#[test]
fn passes_smooth_the_edges_of_surfaces() {
    let adapter = gpu::Adapter::open(false).expect("tests run where at least a software adapter is");
    let radius = |[x, y, z]: [f64; 3]| ((x - 11.5).powi(2) + (y - 11.5).powi(2) + (z - 11.5).powi(2)).sqrt();
    let grid = grid((24, 24, 24), [1.0; 3], radius);
    let volume = gpu::Volume::of(&adapter, &grid).expect("uploaded");
    let mut scene = scene(&grid);
    scene.surfaces = vec![surface(8.0)];
    for orthographic in [true, false] {
        scene.view.orthographic = orthographic;
        // What a pixel shows is the mean over its area: here of 8 × 8 pixels of a larger picture.
        let fine = render(&grid, None, &scene, 256, 192);
        let truth: Vec<f32> = (0..32 * 24)
            .map(|pixel| {
                let (column, row) = (pixel % 32 * 8, pixel / 32 * 8);
                (0..64).map(|i| fine.rgba[(row + i / 8) * 256 + column + i % 8][3]).sum::<f32>() / 64.0
            })
            .collect();
        let mut canvas = gpu::Canvas::new(&adapter, 32, 24).expect("a canvas");
        let mut off = Vec::new();
        for pass in 0..16 {
            canvas.draw(&volume, None, &scene, pass).expect("drawn");
            let picture = canvas.picture().expect("read back");
            let edge: Vec<f32> = picture
                .rgba
                .iter()
                .zip(&truth)
                .filter(|(_, truth)| (0.01..0.99).contains(*truth))
                .map(|(drawn, truth)| (drawn[3] - truth).abs())
                .collect();
            off.push(edge.iter().sum::<f32>() / edge.len() as f32);
        }
        // A step is a quarter off on average; sixteen even samples a few hundredths.
        assert!(off[0] > 0.2 && off[15] < 0.05, "off by {off:?}");
    }
}
