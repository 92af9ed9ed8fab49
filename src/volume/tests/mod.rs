//! The march against what is known in closed form.

mod modes;
mod shader;

use super::*;
use ndarray::Array3;

fn face_on(grid: &Grid, mode: Mode) -> Scene {
    let view = View { orthographic: true, distance: 2.0, ..View::default() };
    Scene { mode, view, ..Scene::of(&grid.lattice) }
}

fn dimmed(depth: f32) -> Mode {
    Mode::Transfer(Radiation { opacity: Opacity::Constant(f64::from(depth)), ..Radiation::default() })
}

fn uniform(side: usize, value: f32) -> Grid {
    Grid::new(Array3::from_elem((side, side, side), value).view(), [1.0; 3]).expect("a grid")
}

#[test]
fn a_uniform_slab_shines_as_its_optical_depth_says() {
    let grid = uniform(16, 7.0);
    for depth in [0.01_f32, 0.5, 2.0, 8.0] {
        let scene = face_on(&grid, dimmed(depth));
        let value = value_at(&grid, None, &scene, [9, 9], [4, 4]).expect("the middle is met");
        let truth = 7.0 * (1.0 - (-f64::from(depth)).exp());
        assert!((value / truth - 1.0).abs() < 1e-3, "{value} for {truth} at {depth}");
    }
}

#[test]
fn the_thin_limit_is_the_integral_and_half_the_step_changes_little() {
    let cube = Array3::from_shape_fn((32, 32, 32), |(z, y, x)| {
        let r = [z, y, x].map(|i| (i as f32 - 15.5) / 8.0).iter().map(|d| d * d).sum::<f32>();
        (-r).exp()
    });
    let grid = Grid::new(cube.view(), [1.0; 3]).expect("a grid");
    let thin = 1e-3_f32;
    let at = |mode| value_at(&grid, None, &face_on(&grid, mode), [33, 33], [16, 16]).expect("met");
    let ratio = at(dimmed(thin)) / (f64::from(thin) * at(Mode::Integral));
    assert!((ratio - 1.0).abs() < 1e-3, "{ratio}");
    let mut finer = face_on(&grid, dimmed(3.0));
    let coarse = value_at(&grid, None, &finer, [33, 33], [16, 16]).expect("met");
    finer.samples_per_voxel = 2.0;
    let fine = value_at(&grid, None, &finer, [33, 33], [16, 16]).expect("met");
    assert!((fine / coarse - 1.0).abs() < 5e-3, "{fine} and {coarse}");
}

#[test]
fn the_near_slab_hides_the_far_one() {
    // Velocity grows away from the camera: plane 0 is near.
    let mut cube = Array3::<f32>::zeros((16, 8, 8));
    cube.slice_mut(ndarray::s![2..4, .., ..]).fill(1.0);
    cube.slice_mut(ndarray::s![12..14, .., ..]).fill(5.0);
    let grid = Grid::new(cube.view(), [1.0; 3]).expect("a grid");
    let mut scene = face_on(&grid, Mode::Absorption);
    scene.density = 1e3;
    scene.transfer = Transfer::rising((0.0, 10.0), Stretch::Linear, crate::figure::ColourMap::Greys);
    let grey = |scene: &Scene| render(&grid, None, scene, 9, 9).rgba[40][0];
    let near = grey(&scene);
    scene.view.azimuth_deg = 180.0;
    let far = grey(&scene);
    // Greys from 0 (value 0) to 1 (value 10): the slab of 5 is the brighter one, and only seen from behind.
    assert!(near < 0.2 && far > 0.35, "near {near}, from behind {far}");
}

#[test]
fn blanks_show_nothing_and_negative_cubes_their_maximum() {
    let blank = Grid::new(Array3::from_elem((4, 4, 4), f32::NAN).view(), [1.0; 3]).expect("a grid");
    for mode in [Mode::Emission, Mode::Absorption, Mode::Maximum, Mode::Average] {
        let picture = render(&blank, None, &face_on(&blank, mode), 5, 5);
        assert!(picture.rgba.iter().all(|pixel| *pixel == [0.0; 4]), "{mode:?}");
    }
    let cube = Array3::from_shape_fn((8, 8, 8), |(z, _, _)| -10.0 + z as f32);
    let grid = Grid::new(cube.view(), [1.0; 3]).expect("a grid");
    let value = value_at(&grid, None, &face_on(&grid, Mode::Maximum), [8, 8], [3, 3]).expect("met");
    assert!((value + 3.0).abs() < 1e-4, "{value}");
}

#[test]
fn the_sky_is_seen_as_it_is() {
    // One bright voxel in the last column and last row: right and up at azimuth 0.
    let mut cube = Array3::<f32>::zeros((4, 4, 4));
    cube[[0, 3, 3]] = 1.0;
    let grid = Grid::new(cube.view(), [1.0; 3]).expect("a grid");
    let mut scene = face_on(&grid, Mode::Maximum);
    scene.view.distance = 1.0 / (2.0 * 20_f32.to_radians().tan());
    scene.transfer.colours = crate::figure::ColourMap::Greys;
    let picture = render(&grid, None, &scene, 8, 8);
    let bright = |column: usize, row: usize| picture.rgba[row * 8 + column][0];
    assert!(bright(7, 0) > 0.7 && bright(0, 0) < 0.1 && bright(7, 7) < 0.1, "{:?}", picture.rgba);
}
