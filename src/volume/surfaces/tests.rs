//! Surfaces and slices against what is known in closed form.

use super::*;
use crate::volume::{Mode, Plane, Slice, Stretch, Surface, Transfer, View, render};
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
        let picture = render(&grid, &scene, 61, 61);
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
