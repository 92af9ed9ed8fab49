//! The modes against closed forms and other people's numbers.

use super::{dimmed, face_on, uniform};
use crate::figure::ColourMap;
use crate::volume::march::render_pass;
use crate::volume::*;
use ndarray::Array3;

/// Chords of a uniform sphere of the optical depth 3 across: the rays pass it as far from its middle as the pixel says.
#[test]
fn a_uniform_sphere_darkens_to_its_limb() {
    let (side, radius) = (96, 0.4_f64);
    let centre = (side as f64 - 1.0) / 2.0;
    let cube = Array3::from_shape_fn((side, side, side), |(z, y, x)| {
        let r = [z, y, x].map(|i| ((i as f64 - centre) / side as f64).powi(2)).iter().sum::<f64>().sqrt();
        // Over a voxel at the border, so that the sphere keeps its volume.
        ((radius - r) * side as f64 + 0.5).clamp(0.0, 1.0) as f32
    });
    let grid = Grid::new(cube.view(), [1.0; 3]).expect("a grid");
    let mode = Mode::Transfer(Radiation {
        source: Source::Constant(10.0),
        opacity: Opacity::Cube(3.0 / (2.0 * radius)),
        ..Radiation::default()
    });
    let mut scene = face_on(&grid, mode);
    scene.view.distance = 0.5 / 20_f32.to_radians().tan();
    let size = 96_u32;
    for column in [47_u32, 40, 30, 20, 14] {
        let value = value_at(&grid, None, &scene, [size, size], [column, 47]).expect("met");
        let apart = [column, 47].map(|at| (f64::from(at) + 0.5) / f64::from(size) - 0.5);
        let impact = apart.iter().map(|part| part * part).sum::<f64>();
        let chord = 2.0 * (radius * radius - impact).sqrt();
        let truth = 10.0 * (1.0 - (-chord * 3.0 / (2.0 * radius)).exp());
        assert!((value / truth - 1.0).abs() < 5e-3, "{value} for {truth} at column {column}");
    }
}

/// Sources and opacities from one cube, from two, and constant, where the integral is known: opacity 2 throughout, the source 3 in the
/// near half and 5 in the far one, the background 7.
#[test]
fn the_transfer_takes_source_and_opacity_from_where_it_is_told() {
    let halves = |near: f32, far: f32, shape: (usize, usize, usize)| {
        let cube = Array3::from_shape_fn(shape, |(z, _, _)| if 2 * z < shape.0 { near } else { far });
        Grid::new(cube.view(), [1.0, 1.0, shape.1 as f64 / shape.0 as f64]).expect("a grid")
    };
    let (cube, opaque) = (halves(3.0, 5.0, (256, 4, 4)), halves(0.5, 0.5, (2, 3, 3)));
    let half = |depth: f64| (-0.5 * depth).exp();
    let truth = |depth: f64| {
        let through = half(depth);
        3.0 * (1.0 - through) + through * (5.0 * (1.0 - through)) + through * through * 7.0
    };
    let radiation = |source, opacity, longest_pc| {
        Mode::Transfer(Radiation { source, opacity, background: 7.0, longest_pc })
    };
    let of = |grid: &Grid, second: Option<&Grid>, mode| {
        value_at(grid, second, &face_on(grid, mode), [9, 9], [4, 4]).expect("met")
    };
    let one = of(&cube, None, radiation(Source::Cube, Opacity::Constant(0.2), 10.0));
    let two = of(&cube, Some(&opaque), radiation(Source::Cube, Opacity::Second(4.0), 1.0));
    let other = of(&opaque, Some(&cube), radiation(Source::Second, Opacity::Cube(4.0), 1.0));
    for value in [one, two] {
        assert!((value / truth(2.0) - 1.0).abs() < 1e-3, "{value}, not {}", truth(2.0));
    }
    // Two steps alone cross the small cube, and interpolation between the halves is seen.
    assert!((other / truth(2.0) - 1.0).abs() < 0.05, "{other}, not {}", truth(2.0));
    let dark = of(&cube, None, radiation(Source::Constant(3.0), Opacity::Cube(-1.0), 1.0));
    assert!((dark - 7.0).abs() < 1e-9, "what would be negative dims nothing: {dark}");
}

#[test]
fn the_maximum_along_an_axis_is_that_of_the_array() {
    let cube = Array3::from_shape_fn((5, 7, 9), |(z, y, x)| ((z * 71 + y * 37 + x * 113) % 97) as f32 + 0.25);
    let grid = Grid::new(cube.view(), [1.0; 3]).expect("a grid");
    for (azimuth_deg, elevation_deg) in [(0.0, 0.0), (180.0, 0.0), (90.0, 0.0), (-90.0, 0.0), (0.0, 90.0)] {
        let mut scene = face_on(&grid, Mode::Maximum);
        scene.view.azimuth_deg = azimuth_deg;
        scene.view.elevation_deg = elevation_deg;
        // The whole box: the greatest of all is seen from every side, and no pixel exceeds its own column.
        let (width, height) = (48, 48);
        let mut most = f64::NEG_INFINITY;
        for row in 0..height {
            for column in 0..width {
                let value = value_at(&grid, None, &scene, [width, height], [column, row]);
                most = most.max(value.unwrap_or(f64::NEG_INFINITY));
            }
        }
        assert_eq!(most as f32, 96.25, "from {azimuth_deg}, {elevation_deg}");
    }
    // Columns one by one: nine columns and seven rows of pixels of a voxel's size each.
    let mut scene = face_on(&grid, Mode::Maximum);
    scene.view.distance = 0.5 * 7.0 / 9.0 / 20_f32.to_radians().tan();
    for y in 0..7 {
        for x in 0..9 {
            let truth = (0..5).map(|z| cube[[z, 6 - y, x]]).fold(0.0, f32::max);
            let value = value_at(&grid, None, &scene, [9, 7], [x as u32, y as u32]).expect("met");
            assert_eq!(value as f32, truth, "column {x}, row {y}");
        }
    }
}

#[test]
fn half_the_step_changes_little_also_under_absorption() {
    let cube = Array3::from_shape_fn((32, 32, 32), |(z, y, x)| {
        (-[z, y, x].map(|i| ((i as f32 - 15.5) / 8.0).powi(2)).iter().sum::<f32>()).exp()
    });
    let grid = Grid::new(cube.view(), [1.0; 3]).expect("a grid");
    for opacity in [vec![[0.0, 0.0], [1.0, 1.0]], vec![[0.45, 0.0], [0.5, 1.0], [0.55, 0.0]]] {
        let mut scene = face_on(&grid, Mode::Absorption);
        scene.transfer.opacity = opacity;
        let total = |scene: &Scene| {
            let picture = render(&grid, None, scene, 33, 33);
            picture.rgba.iter().flat_map(|pixel| &pixel[..3]).map(|&part| f64::from(part)).sum::<f64>()
        };
        let coarse = total(&scene);
        scene.samples_per_voxel = 2.0;
        let fine = total(&scene);
        assert!((fine / coarse - 1.0).abs() < 5e-3, "{coarse} and {fine}");
    }
}

#[test]
fn an_emission_is_linear_and_does_not_depend_on_the_number_of_voxels() {
    let shines = |side: usize, density: f32| {
        let grid = uniform(side, 1.0);
        let mut scene = face_on(&grid, Mode::Emission);
        scene.transfer = Transfer::rising((0.0, 1.0), Stretch::Linear, ColourMap::Greys);
        scene.density = density;
        render(&grid, None, &scene, 3, 3).rgba[4][0]
    };
    assert!((shines(8, 0.02) - 1.0).abs() < 1e-4 && (shines(40, 0.02) - 1.0).abs() < 1e-4);
    assert!((shines(8, 0.2) - 10.0).abs() < 1e-3);
}

/// What the rule of POLARIS's shader gives for the texture value 0.5 over unit length.
#[test]
fn a_uniform_cube_has_the_colour_of_polaris() {
    let grid = Grid::new(Array3::from_elem((8, 16, 4), 0.5_f32).view(), [4.0, 1.0, 2.0]).expect("a grid");
    assert_eq!(grid.lattice.sides, [1.0; 3]);
    let picture = render(&grid, None, &face_on(&grid, Mode::Polaris), 3, 3);
    for (value, truth) in picture.rgba[4].into_iter().zip([0.540, 0.729, 1.256, 1.0]) {
        assert!((value - truth).abs() < 6e-4, "{:?}", picture.rgba[4]);
    }
    let cube = Array3::from_shape_fn((3, 4, 5), |(z, y, x)| (z + y + x) as f32);
    let baked = Grid::polaris(cube.view()).expect("a grid");
    assert_eq!(baked.lattice.sides, [1.0; 3]);
    let truth = 4_f64.ln() / 10_f64.ln();
    assert!((baked.lattice.physical(baked.values[[1, 1, 1]]) - truth).abs() < 1e-6);
}

#[test]
fn values_of_any_size_are_the_same_picture() {
    let wave =
        |z: usize, y: usize, x: usize| (0.5 + 0.5 * (0.7 * (x + 2 * y) as f64 + 0.4 * z as f64).sin()) as f32;
    let modes = [Mode::Absorption, Mode::Maximum, Mode::Average, Mode::Integral, dimmed(2.0)];
    for mode in modes {
        let pictures: Vec<Picture> = [1.0_f32, 1e38, 1e-38]
            .into_iter()
            .map(|unit| {
                let cube = Array3::from_shape_fn((8, 8, 8), |(z, y, x)| unit * wave(z, y, x));
                let grid = Grid::new(cube.view(), [1.0; 3]).expect("a grid");
                render(&grid, None, &face_on(&grid, mode), 9, 9)
            })
            .collect();
        for other in &pictures[1..] {
            let apart = pictures[0].rgba.as_flattened().iter().zip(other.rgba.as_flattened());
            let most = apart.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(most < 2e-3, "{mode:?}: {most}");
        }
    }
    let cube = Array3::from_shape_fn((4, 4, 4), |(z, _, _)| 1e-40 * z as f32);
    let grid = Grid::new(cube.view(), [1.0; 3]).expect("a grid");
    let value = value_at(&grid, None, &face_on(&grid, Mode::Maximum), [8, 8], [4, 4]).expect("met");
    assert!((value / f64::from(cube[[3, 0, 0]]) - 1.0).abs() < 1e-6, "{value}");
}

#[test]
fn constant_cubes_and_axes_of_one_voxel_are_drawn() {
    for shape in [(1, 1, 1), (1, 8, 8), (8, 1, 8), (8, 8, 1)] {
        let grid = Grid::new(Array3::from_elem(shape, -2.5_f32).view(), [1.0; 3]).expect("a grid");
        for mode in [Mode::Maximum, Mode::Average] {
            let value = value_at(&grid, None, &face_on(&grid, mode), [3, 3], [1, 1]).expect("met");
            assert!((value + 2.5).abs() < 1e-6, "{shape:?} {mode:?}: {value}");
        }
    }
}

#[test]
fn blanks_are_fog_where_they_are_shown() {
    let grid = Grid::new(Array3::from_elem((8, 8, 8), f32::NAN).view(), [1.0; 3]).expect("a grid");
    for mode in [Mode::Absorption, Mode::Maximum] {
        let mut scene = face_on(&grid, mode);
        scene.blank = Some([1.0, 0.0, 0.0]);
        let pixel = render(&grid, None, &scene, 3, 3).rgba[4];
        // Eight voxels of 0.02.
        let truth = 1.0 - (-0.16_f32).exp();
        assert!(
            (pixel[0] - truth).abs() < 1e-4 && pixel[1] == 0.0 && (pixel[3] - truth).abs() < 1e-4,
            "{pixel:?}"
        );
    }
}

/// Sixteen passes of shifted samples against one of none, both measured by a march in steps sixteen times finer.
#[test]
fn passes_come_nearer_to_a_fine_march() {
    let cube = Array3::from_shape_fn((16, 16, 16), |(z, y, x)| {
        let r = [z, y, x].map(|i| (i as f32 - 7.5).powi(2)).iter().sum::<f32>().sqrt();
        if r < 5.0 { 1.0 } else { 0.0 }
    });
    let grid = Grid::new(cube.view(), [1.0; 3]).expect("a grid");
    let mut scene = Scene { mode: Mode::Absorption, ..Scene::of(&grid.lattice) };
    scene.view = View { azimuth_deg: 30.0, elevation_deg: 20.0, distance: 1.6, ..View::default() };
    scene.samples_per_voxel = 0.5;
    scene.density = 1.0;
    let size = [48, 48];
    let colours =
        |picture: Picture| picture.rgba.into_iter().map(|pixel| f64::from(pixel[3])).collect::<Vec<_>>();
    let plain = colours(render_pass(&grid, None, &scene, size, 0));
    let mut mean = plain.clone();
    for pass in 1..16_u32 {
        let next = colours(render_pass(&grid, None, &scene, size, pass));
        mean.iter_mut().zip(next).for_each(|(mean, next)| *mean += (next - *mean) / (f64::from(pass) + 1.0));
    }
    scene.samples_per_voxel = 8.0;
    let truth = colours(render_pass(&grid, None, &scene, size, 0));
    let apart = |picture: &[f64]| {
        (picture.iter().zip(&truth).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / truth.len() as f64).sqrt()
    };
    assert!(apart(&mean) < 0.5 * apart(&plain), "{} with passes, {} without", apart(&mean), apart(&plain));
}
