//! The shader against the reference: in every mode, on cubes of many shapes, with and without blanks, in half and full floats.

use super::{dimmed, face_on};
use crate::volume::march::render_pass;
use crate::volume::*;
use ndarray::Array3;
use std::sync::Arc;

fn adapter() -> Arc<gpu::Adapter> {
    gpu::Adapter::open(true).expect("tests run where at least a software adapter is")
}

fn cube(shape: (usize, usize, usize), has_blanks: bool, shift: f32) -> Array3<f32> {
    let mut cube = Array3::from_shape_fn(shape, |(z, y, x)| {
        (0.31 * x as f32 + shift).sin() + (0.23 * y as f32).cos() * (0.41 * z as f32).sin()
    });
    if has_blanks {
        let blanks = cube.indexed_iter_mut().filter(|((z, y, x), _)| (z * 7 + y * 3 + x) % 5 == 0);
        blanks.for_each(|(_, value)| *value = f32::NAN);
    }
    cube
}

fn every_mode() -> Vec<Mode> {
    let radiation =
        |source, opacity| Mode::Transfer(Radiation { source, opacity, background: 0.3, longest_pc: 2.0 });
    vec![
        Mode::Nothing,
        Mode::Emission,
        Mode::Absorption,
        Mode::Maximum,
        Mode::Average,
        Mode::Integral,
        Mode::Polaris,
        dimmed(2.0),
        radiation(Source::Cube, Opacity::Second(1.5)),
        radiation(Source::Second, Opacity::Cube(0.7)),
        radiation(Source::Constant(0.8), Opacity::Second(2.0)),
    ]
}

fn compare(drawn: &Picture, truth: &Picture, what: &str) {
    let apart = |a: &[f32; 4], b: &[f32; 4]| (0..4).map(|i| (a[i] - b[i]).abs()).fold(0.0, f32::max);
    let mut errors: Vec<f32> = drawn.rgba.iter().zip(&truth.rgba).map(|(a, b)| apart(a, b)).collect();
    errors.sort_by(f32::total_cmp);
    let (typical, high) = (errors[errors.len() / 2], errors[errors.len() * 98 / 100]);
    assert!(typical < 4e-3 && high < 0.03, "{what}: median {typical}, 98 % below {high}");
}

#[test]
fn the_shader_draws_what_the_reference_draws() {
    let adapter = adapter();
    let shapes = [((24, 24, 24), false), ((9, 30, 17), true), ((1, 20, 20), false), ((40, 3, 33), true)];
    for (number, (shape, has_blanks)) in shapes.into_iter().enumerate() {
        let grid = Grid::new(cube(shape, has_blanks, 0.0).view(), [1.0, 1.0, 1.3]).expect("a grid");
        let other = Grid::new(cube((7, 11, 13), has_blanks, 1.0).view(), [1.0; 3]).expect("a grid");
        let upload = if number % 2 == 0 { gpu::Volume::of_halves } else { gpu::Volume::of };
        let volume = upload(&adapter, &grid).expect("uploaded");
        let second = gpu::Volume::of(&adapter, &other).expect("uploaded");
        let mut canvas = gpu::Canvas::new(&adapter, 40, 32).expect("a canvas");
        for (index, mode) in every_mode().into_iter().enumerate() {
            let mut scene = Scene { mode, ..Scene::of(&grid.lattice) };
            scene.view = View {
                azimuth_deg: 33.0,
                elevation_deg: 21.0,
                distance: 1.7,
                orthographic: index % 2 == 1,
                ..View::default()
            };
            scene.transfer.opacity = vec![[0.45, 0.0], [1.0, 1.0]];
            if number == 2 {
                // Edges that samples step over.
                scene.transfer.opacity = vec![[0.45, 0.0], [0.451, 1.0], [0.7, 1.0], [0.701, 0.0]];
            }
            scene.transfer.stretch = if number == 3 { Stretch::Log } else { Stretch::Linear };
            scene.clip = [[0.1, 1.0], [0.0, 0.9], [0.0, 1.0]];
            scene.blank = (number == 1).then_some([0.2, 0.4, 0.9]);
            scene.background = [0.1, 0.2, 0.3];
            for pass in [0, 3] {
                // A later pass alone: the first one is drawn over by all of its weight.
                canvas.draw(&volume, Some(&second), &scene, 0).expect("drawn");
                let mut drawn = canvas.picture().expect("read");
                if pass > 0 {
                    canvas.draw(&volume, Some(&second), &scene, pass).expect("drawn");
                    let part = 1.0 / (pass as f32 + 1.0);
                    let mixed = canvas.picture().expect("read");
                    let alone = |(new, old): (&[f32; 4], &[f32; 4])| {
                        std::array::from_fn(|i| (new[i] - (1.0 - part) * old[i]) / part)
                    };
                    drawn.rgba = mixed.rgba.iter().zip(&drawn.rgba).map(alone).collect();
                }
                let truth = render_pass(&grid, Some(&other), &scene, [40, 32], pass);
                compare(&drawn, &truth, &format!("{shape:?} {mode:?}, pass {pass}"));
            }
        }
    }
}

#[test]
fn the_maximum_along_an_axis_is_the_arrays_on_screen_too() {
    let adapter = adapter();
    let cube = cube((12, 20, 20), false, 0.0);
    let grid = Grid::new(cube.view(), [1.0; 3]).expect("a grid");
    let volume = gpu::Volume::of(&adapter, &grid).expect("uploaded");
    let mut scene = face_on(&grid, Mode::Maximum);
    scene.view.distance = 0.5 / 20_f32.to_radians().tan();
    scene.transfer = Transfer::rising(grid.lattice.range, Stretch::Linear, crate::figure::ColourMap::Greys);
    let drawn = volume.picture(&scene, 20, 20).expect("drawn");
    let (low, high) = grid.lattice.range;
    for ((row, column), pixel) in (0..400).map(|i| (i / 20, i % 20)).zip(&drawn.rgba) {
        let truth = (0..12).map(|z| cube[[z, 19 - row, column]]).fold(f32::MIN, f32::max);
        let place = (f64::from(truth) - low) / (high - low);
        // A step of the colour map's own 8 bits to either side.
        let grey = f32::from(scene.transfer.rgb_at(place as f32)[0]) / 255.0;
        assert!((pixel[0] - grey).abs() < 1.5 / 255.0, "{row}, {column}: {pixel:?}, not {grey}");
    }
}

#[test]
fn cubes_come_slab_by_slab_and_faults_are_errors() {
    let adapter = adapter();
    let cube = cube((21, 10, 12), true, 0.0);
    let grid = Grid::new(cube.view(), [1.0; 3]).expect("a grid");
    let scene = Scene { mode: Mode::Absorption, ..Scene::of(&grid.lattice) };
    let whole = gpu::Volume::of(&adapter, &grid).expect("uploaded").picture(&scene, 32, 32).expect("drawn");
    let mut volume = gpu::Volume::begin(&adapter, grid.lattice.clone()).expect("begun");
    for first in [13, 0, 5] {
        let planes = cube.slice(ndarray::s![first..(first + 8).min(21), .., ..]);
        volume.write(first, planes).expect("written");
    }
    volume.finish().expect("finished");
    compare(&volume.picture(&scene, 32, 32).expect("drawn"), &whole, "slab by slab");

    assert!(matches!(volume.write(20, cube.slice(ndarray::s![..2, .., ..])), Err(VolumeError::Slab { .. })));
    let mut lattice = grid.lattice.clone();
    lattice.has_blanks = false;
    let mut told = gpu::Volume::begin(&adapter, lattice).expect("begun");
    assert!(matches!(told.write(0, cube.view()), Err(VolumeError::Blanks { .. })));
    let mode = Mode::Transfer(Radiation { source: Source::Second, ..Radiation::default() });
    let lonely = Scene { mode, ..scene.clone() };
    assert!(matches!(volume.picture(&lonely, 8, 8), Err(VolumeError::NoSecond)));
    assert!(matches!(volume.picture(&scene, 0, 8), Err(VolumeError::Picture { .. })));
    adapter.lose();
    assert!(matches!(volume.picture(&scene, 8, 8), Err(VolumeError::Lost(_))));
}

#[test]
fn wide_cubes_are_drawn() {
    let adapter = adapter();
    let cube = Array3::from_shape_fn((2, 3, 2100), |(_, _, x)| x as f32);
    let grid = Grid::new(cube.view(), [1.0, 300.0, 300.0]).expect("a grid");
    let volume = gpu::Volume::of(&adapter, &grid).expect("uploaded");
    let scene = face_on(&grid, Mode::Average);
    let drawn = volume.picture(&scene, 64, 32).expect("drawn");
    compare(&drawn, &render(&grid, None, &scene, 64, 32), "2100 wide");
}
