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
    Surface { colour: Some([0.8, 0.4, 0.2]), ..Surface::of(value) }
}

fn across(axis: usize, place: f32, thickness: f32) -> Slice {
    Slice { thickness, ..Slice::of(Plane::Across { axis, place }) }
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
    // The box is one long: voxel 3 begins at 3/16.
    assert!((middle(&scene).distance - 3.5 / 16.0).abs() < 1e-5);
    scene.view.azimuth_deg = 180.0;
    assert_eq!(middle(&scene).value, 12.0);
    // Clipped away in front: the cut is open, the next surface behind it is seen.
    scene.clip[2] = [0.0, 0.7];
    scene.close_cuts = false;
    assert_eq!(middle(&scene).value, 3.0);
    // Without a colour of its own, that of its value: a fifth of the colours from 0.35 on, lit face-on with the full gleam.
    scene.surfaces[1].colour = None;
    let [r, ..] = middle(&scene).rgb;
    let truth = f32::from(scene.transfer.rgb_at(0.35 + 0.65 / 5.0)[0]) / 255.0 + 0.15;
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
        scene.slices = vec![Slice { thickness, ..Slice::of(Plane::Free { point, normal }) }];
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
            let see_through = [1.0, 0.4, 0.7, 0.2][index % 4];
            scene.surfaces = vec![
                Surface { opacity: see_through, ..surface(0.4) },
                Surface { colour: None, ..surface(0.7) },
                Surface { opacity: 0.5 * see_through, ..surface(-0.2) },
            ];
            scene.close_cuts = index != 3;
            scene.slices = vec![
                across(index % 3, 0.6, index as f32),
                Slice {
                    plane: Plane::Free { point: [0.5, 0.4, 0.5], normal: [0.3, 1.0, -0.4] },
                    thickness: 1.5,
                    opacity: see_through,
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

/// A sphere of the given radius about the middle is where the field is 40 less the radius, in voxels.
fn ball() -> Grid {
    grid((40, 40, 40), [1.0; 3], |at| 40.0 - at.map(|part| (part - 19.5).powi(2)).iter().sum::<f64>().sqrt())
}

/// Looked at through the middle of a picture, nested shells give what their colours laid over one another give.
#[test]
fn nested_shells_are_seen_through_one_another() {
    let grid = ball();
    let mut scene = scene(&grid);
    scene.background = [0.1, 0.2, 0.3];
    let shells = [(16.0, [0.9, 0.2, 0.1], 0.3), (12.0, [0.1, 0.8, 0.2], 0.5), (6.0, [0.2, 0.3, 0.9], 0.25)];
    scene.surfaces = shells
        .map(|(radius, colour, opacity)| Surface {
            colour: Some(colour),
            opacity,
            ..Surface::of(40.0 - radius)
        })
        .to_vec();
    // Face-on each is lit in full, with its gleam; in from the front and out at the back.
    let lit = |index: usize| (shells[index].1.map(|part| part + 0.15_f32), shells[index].2);
    let mut truth = [0.0_f32; 3];
    let mut through = 1.0_f32;
    for index in [0, 1, 2, 2, 1, 0] {
        let (rgb, opacity) = lit(index);
        truth = std::array::from_fn(|i| truth[i] + through * opacity * rgb[i]);
        through *= 1.0 - opacity;
    }
    let hidden = 1.0 - through;
    let over = |truth: [f32; 3], through: f32| -> [f32; 3] {
        std::array::from_fn(|i| truth[i] + through * scene.background[i])
    };
    let expected = over(truth, through);
    let adapter = gpu::Adapter::open(true).expect("a driver");
    let volume = gpu::Volume::of(&adapter, &grid).expect("uploaded");
    for picture in [render(&grid, None, &scene, 31, 31), volume.picture(&scene, 31, 31).expect("drawn")] {
        let [r, g, b, alpha] = picture.rgba[15 * 31 + 15];
        for (found, expected) in [r, g, b, alpha].into_iter().zip(expected.into_iter().chain([hidden])) {
            assert!((found - expected).abs() < 2e-3, "{found}, not {expected}");
        }
    }
    let radii: Vec<f64> =
        hits_at(&grid, &scene, [31, 31], [15, 15]).iter().map(|hit| 40.0 - hit.value).collect();
    assert_eq!(radii, [16.0, 12.0, 6.0, 6.0, 12.0, 16.0]);
    // An opaque one before it hides all that follows.
    scene.surfaces[1].opacity = 1.0;
    let radii: Vec<f64> =
        hits_at(&grid, &scene, [31, 31], [15, 15]).iter().map(|hit| 40.0 - hit.value).collect();
    assert_eq!(radii, [16.0, 12.0]);
    scene.surfaces[0].opacity = 0.0;
    assert_eq!(hit_at(&grid, &scene, [31, 31], [15, 15]).expect("met").value, 28.0);
}

/// Gas of one opacity everywhere, in one colour, with a slice in the middle: half of the gas lies before it, half behind.
#[test]
fn gas_shines_before_and_behind_what_is_seen_through() {
    let grid = grid((16, 8, 8), [1.0; 3], |[x, ..]| x);
    let mut scene = scene(&grid);
    scene.mode = Mode::Absorption;
    scene.transfer = Transfer::rising((-2.0, -1.0), Stretch::Linear, crate::figure::ColourMap::Greys);
    // All values lie above the range: the last colour, at full opacity, everywhere.
    let gas = f32::from(scene.transfer.rgb_at(1.0)[0]) / 255.0;
    scene.density = 0.1;
    scene.background = [0.25; 3];
    scene.slices = vec![Slice { opacity: 0.4, ..across(2, 0.5, 0.0) }];
    let half = (-0.8_f32).exp();
    let adapter = gpu::Adapter::open(true).expect("a driver");
    let volume = gpu::Volume::of(&adapter, &grid).expect("uploaded");
    for mode in [Mode::Absorption, Mode::Emission] {
        scene.mode = mode;
        let (truth, through) = match mode {
            Mode::Absorption => {
                (gas * ((1.0 - half) + half * 0.4 + half * 0.6 * (1.0 - half)), half * 0.6 * half)
            }
            // Colours of gas add up: half of 50 times 0.1 on each side.
            _ => {
                let half = (-2.5_f32).exp();
                (gas * (2.5 + half * 0.4 + 0.6 * 2.5), half * 0.6 * half)
            }
        };
        let truth = truth + through * 0.25;
        for picture in [render(&grid, None, &scene, 9, 9), volume.picture(&scene, 9, 9).expect("drawn")] {
            let [r, .., hidden] = picture.rgba[4 * 9 + 4];
            assert!((r - truth).abs() < 2e-3 * truth.max(1.0), "{mode:?}: {r}, not {truth}");
            assert!((hidden - (1.0 - through)).abs() < 2e-3, "{mode:?}: {hidden}, not {}", 1.0 - through);
        }
    }
}

#[test]
fn the_cut_of_a_sphere_is_a_disc_in_the_colour_of_the_innermost() {
    let grid = ball();
    let mut scene = scene(&grid);
    scene.surfaces = vec![surface(28.0), Surface { colour: Some([0.0, 1.0, 0.0]), ..surface(34.0) }];
    // Eight voxels before the middle on the side of the camera: circles of √(12² − 8²) and, inside, none of the sphere of 6 voxels.
    scene.clip[2] = [0.3, 1.0];
    let size = [101, 101];
    let flat: [f32; 3] = [0.8, 0.4, 0.2].map(|part| 0.7 * part);
    let disc = |scene: &Scene, rgb: [f32; 3]| {
        let pixels = (0..size[0] * size[1]).map(|index| [index % size[0], index / size[0]]);
        let on = |hit: &Hit| (hit.place[2] - scene.clip[2][0]).abs() < 1e-4 && hit.rgb == rgb;
        let met = pixels.filter_map(|pixel| hit_at(&grid, scene, size, pixel)).filter(on);
        let away = |hit: Hit| 40.0 * f64::from((hit.place[0] - 0.5).hypot(hit.place[1] - 0.5));
        let away: Vec<f64> = met.map(away).collect();
        (away.len(), away.into_iter().fold(0.0, f64::max))
    };
    // A pixel is 2·2·tan 20° longest sides over 101 wide.
    let pixel = 40.0 * 4.0 * 20_f64.to_radians().tan() / 101.0;
    for (plane, radius, rgb) in [(0.3, 12.0, flat), (0.4, 12.0, flat), (0.4, 6.0, [0.0, 0.7, 0.0])] {
        scene.clip[2][0] = plane;
        let height = 40.0 * (0.5 - f64::from(plane));
        let (count, most) = disc(&scene, rgb);
        let expected = (radius * radius - height * height).sqrt();
        assert!((most - expected).abs() < pixel, "{most}, not {expected}");
        let inner = if rgb == flat { (36.0 - height * height).max(0.0) } else { 0.0 };
        let area = std::f64::consts::PI * (expected * expected - inner) / (pixel * pixel);
        assert!((count as f64 / area - 1.0).abs() < 0.06, "{count} pixels, not {area}");
    }
    // A border of the cube is no cut, an open one shows the inside, and a slice on the cut lies over it.
    scene.close_cuts = false;
    assert_eq!(disc(&scene, flat).0, 0);
    scene.close_cuts = true;
    scene.slices = vec![across(2, 0.4, 0.0)];
    assert_eq!(disc(&scene, flat).0, 0);
    scene.slices.clear();
    scene.clip[2] = [0.0, 1.0];
    scene.surfaces = vec![surface(10.0)];
    assert_eq!(disc(&scene, flat).0, 0);
}

#[test]
fn scenes_kept_before_there_was_opacity_open() {
    let surface: Surface =
        serde_json::from_str(r#"{"value": 2.0, "colour": null, "shown": true}"#).expect("read");
    assert_eq!(surface, Surface::of(2.0));
    let plane = r#"{"plane": {"across": {"axis": 1, "place": 0.25}}, "thickness": 0.0, "shown": true}"#;
    let slice: Slice = serde_json::from_str(plane).expect("read");
    assert_eq!(slice, across(1, 0.25, 0.0));
    let grid = ball();
    let mut kept = serde_json::to_value(scene(&grid)).expect("written");
    kept.as_object_mut().expect("fields").remove("close_cuts");
    assert!(serde_json::from_value::<Scene>(kept).expect("read").close_cuts);
}
