//! Pictures of real cubes: the right way up, in the header's proportions, with the sums that the arrays have.

use crate::support::data_file;
use aquila::data::Header;
use aquila::figure::ColourMap;
use aquila::io::{CubeFile, Region};
use aquila::job::Context;
use aquila::volume::gpu::{Adapter, Volume};
use aquila::volume::{Geometry, Grid, Mode, Picture, Plane, Scene, Slice, Stretch, Surface, Transfer, View};
use egui_kittest::{SnapshotOptions, SnapshotResults, try_image_snapshot_options};
use image::RgbaImage;
use ndarray::{Array2, Array3, Axis, s};
use std::path::Path;
use std::sync::Arc;

struct Cube {
    values: Array3<f32>,
    header: Header,
}

fn cube(path: &Path) -> Cube {
    let file = CubeFile::open(path, None, None).expect("a cube");
    let values = file.read(Region::whole(file.shape()), 1, &Context::unwatched()).expect("its values");
    Cube { values, header: file.header().clone() }
}

impl Cube {
    fn grid(&self, ratio: f64) -> Grid {
        let (depth, height, width) = self.values.dim();
        let geometry = Geometry::new(&self.header, [depth, height, width]);
        let mut grid = Grid::new(self.values.view(), geometry.voxel(ratio)).expect("a grid");
        grid.lattice.signs = geometry.signs();
        grid
    }

    /// The same sky and the same velocities in another order: an axis of the array (0 is z) the other way round.
    fn reversed(&self, axis: usize) -> Self {
        let mut values = self.values.clone();
        values.invert_axis(Axis(axis));
        let mut header = self.header.clone();
        let number = 3 - axis;
        let of = |key: &str| self.header.float(&format!("{key}{number}")).expect("a linear axis");
        header.set_float(&format!("CDELT{number}"), -of("CDELT"), "");
        header.set_float(&format!("CRPIX{number}"), values.len_of(Axis(axis)) as f64 + 1.0 - of("CRPIX"), "");
        Self { values: values.as_standard_layout().to_owned(), header }
    }
}

fn adapter() -> Arc<Adapter> {
    Adapter::open(true).expect("tests run where at least a software adapter is")
}

/// Parallel rays in which a picture is as high as the longest side of the box.
fn face_on() -> View {
    View { orthographic: true, distance: 0.5 / 20_f32.to_radians().tan(), ..View::default() }
}

/// Rows and columns with which a pixel is a voxel of the sky and both have the same middle.
fn picture_size(cube: &Cube) -> (usize, usize) {
    let (_, height, width) = cube.values.dim();
    let longest = height.max(width);
    (longest, longest + (longest - width) % 2)
}

/// Integral along z as the engine draws it, one pixel for each voxel of the sky, for values within `range`.
fn integral(adapter: &Arc<Adapter>, cube: &Cube, range: (f64, f64)) -> Array2<f64> {
    let depth = cube.values.dim().0;
    let grid = cube.grid(1.0);
    let lattice = &grid.lattice;
    let scene = Scene {
        mode: Mode::Integral,
        view: face_on(),
        transfer: Transfer::rising(range, Stretch::Linear, ColourMap::GreysEven),
        // One sample in the middle of each channel.
        samples_per_voxel: lattice.finest() * depth as f32 / lattice.sides[2],
        ..Scene::of(lattice)
    };
    let volume = Volume::of(adapter, &grid).expect("uploaded");
    let (rows, columns) = picture_size(cube);
    let picture = volume.picture(&scene, columns as u32, rows as u32).expect("drawn");
    values_of(&picture, &scene.transfer)
}

/// The values whose colours a picture shows; NaN where there is nothing.
fn values_of(picture: &Picture, transfer: &Transfer) -> Array2<f64> {
    let table = transfer.table();
    let bright = |entry: &[f32; 4]| entry[0] + entry[1] + entry[2];
    let rises = bright(&table[0]) < bright(&table[table.len() - 1]);
    let value = |pixel: &[f32; 4]| {
        if pixel[3] < 0.5 {
            return f64::NAN;
        }
        let upper = table.partition_point(|entry| (bright(entry) < bright(pixel)) == rises);
        let upper = upper.clamp(1, table.len() - 1);
        let (low, high) = (bright(&table[upper - 1]), bright(&table[upper]));
        let part = if high == low { 0.5 } else { (bright(pixel) - low) / (high - low) };
        let place = (upper as f64 - 1.0 + f64::from(part)) / (table.len() - 1) as f64;
        transfer.range.0 + place * (transfer.range.1 - transfer.range.0)
    };
    let shape = (picture.height as usize, picture.width as usize);
    Array2::from_shape_vec(shape, picture.rgba.iter().map(value).collect()).expect("one for each pixel")
}

/// Sums over the channels with north up and east left, in the middle of a square picture.
fn sums(cube: &Cube) -> Array2<f64> {
    let (_, height, width) = cube.values.dim();
    let (rows, columns) = picture_size(cube);
    let mut sums = Array2::from_elem((rows, columns), f64::NAN);
    let (top, left) = ((rows - height) / 2, (columns - width) / 2);
    for ((y, x), to) in sums.slice_mut(s![top..top + height, left..left + width]).indexed_iter_mut() {
        let finite = cube.values.slice(s![.., height - 1 - y, x]);
        let finite = finite.iter().filter(|value| value.is_finite());
        if finite.clone().count() > 0 {
            *to = finite.map(|&value| f64::from(value)).sum();
        }
    }
    sums
}

fn correlation(a: &Array2<f64>, b: &Array2<f64>) -> (f64, usize) {
    let both: Vec<(f64, f64)> =
        a.iter().zip(b).filter(|(a, b)| a.is_finite() && b.is_finite()).map(|(a, b)| (*a, *b)).collect();
    let count = both.len() as f64;
    let mean = both.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0 / count, sum.1 + pair.1 / count));
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for (a, b) in &both {
        let (a, b) = (a - mean.0, b - mean.1);
        (aa, bb, ab) = (aa + a * a, bb + b * b, ab + a * b);
    }
    (ab / (aa * bb).sqrt(), both.len())
}

#[test]
fn the_integral_is_the_zeroth_moment_north_up_and_east_left() {
    // Sum and maximum of the zeroth moment over the channel width, and where that lies (y, x), from astropy and spectral-cube:
    // `cloud::moments` in `oracles.json`.
    let known = [
        (
            "cubes/l1448_13co.fits",
            20_139_896.013_753_254 / 66.423_609_999_999_83,
            7_388.235_729_436_808_5 / 66.423_609_999_999_83,
            [71, 41],
        ),
        (
            "cubes/NGC_2903.fits",
            1_993_398.777_659_142 / 4_129.893_038_26,
            5_344.134_642_084_173 / 4_129.893_038_26,
            [50, 36],
        ),
        (
            "cubes/NGC4047.co.smo7msk.fits.gz",
            7_426_230.682_484_73 / 20_000.0,
            23_551.874_919_212_423 / 20_000.0,
            [63, 64],
        ),
        (
            "cubes/UGC_1281_Original.fits",
            891_992.843_362_235_9 / 4_122.287_901_76,
            1_536.660_544_085_880_2 / 4_122.287_901_76,
            [67, 76],
        ),
    ];
    let adapter = adapter();
    for (name, sum, most, [y, x]) in known {
        let Some(path) = data_file("the_integral_is_the_zeroth_moment_north_up_and_east_left", name) else {
            continue;
        };
        let cube = cube(&path);
        let truth = sums(&cube);
        let found: f64 = truth.iter().filter(|value| value.is_finite()).sum();
        assert!((found / sum - 1.0).abs() < 1e-4, "{name}: {found} for {sum}");
        let (_, height, width) = cube.values.dim();
        let (rows, columns) = picture_size(&cube);
        let peak = [(rows - height) / 2 + height - 1 - y, (columns - width) / 2 + x];
        assert!((truth[peak] / most - 1.0).abs() < 1e-4, "{name}: {} for {most}", truth[peak]);
        // The engine's integral is in values times longest side.
        let depth = cube.values.dim().0;
        let scale = f64::from(cube.grid(1.0).lattice.sides[2]) / depth as f64;
        let least = truth.iter().copied().fold(f64::INFINITY, f64::min);
        let range = (least * scale, most * scale);
        let straight = integral(&adapter, &cube, range) / scale;
        let (fit, count) = correlation(&straight, &truth);
        assert!(fit > 0.999 && count > height * width / 4, "{name}: correlation {fit} over {count} pixels");
        assert!((straight[peak] / most - 1.0).abs() < 5e-3, "{name}: {} for {most}", straight[peak]);
        // The same sky, whichever way the axes of the array run.
        for axis in 0..3 {
            let (fit, _) = correlation(&integral(&adapter, &cube.reversed(axis), range), &truth);
            assert!(fit > 0.999, "{name}, axis {axis} reversed: correlation {fit}");
        }
    }
}

/// Columns and rows from the first to the last pixel in which anything is seen.
fn extent(picture: &Picture) -> [usize; 2] {
    let width = picture.width as usize;
    let seen: Vec<[usize; 2]> = (0..picture.rgba.len())
        .filter(|&pixel| picture.rgba[pixel][3] > 0.5)
        .map(|pixel| [pixel % width, pixel / width])
        .collect();
    [0, 1].map(|axis| {
        let along = seen.iter().map(|place| place[axis]);
        along.clone().max().map_or(0, |last| last + 1 - along.min().unwrap_or(0))
    })
}

#[test]
fn the_box_has_the_proportions_of_the_header() {
    let adapter = adapter();
    for name in
        ["cubes/NGC_2903.fits", "cubes/UGC_1281_Original.fits", "cubes/sc_adv.fits", "cubes/sc_vad.fits"]
    {
        let Some(path) = data_file("the_box_has_the_proportions_of_the_header", name) else { continue };
        let mut cube = cube(&path);
        // Whatever the values, blank or not: the whole box is seen.
        cube.values.fill(1.0);
        let (_, height, width) = cube.values.dim();
        for ratio in [0.4, 1.0] {
            let grid = cube.grid(ratio);
            let volume = Volume::of(&adapter, &grid).expect("uploaded");
            let mut scene = Scene { mode: Mode::Average, view: face_on(), ..Scene::of(&grid.lattice) };
            let size = 300;
            let tall = f64::from(size);
            let sky = height.max(width) as f64;
            let (across, up) = (tall * width as f64 / sky, tall * height as f64 / sky);
            let deep = tall * ratio;
            for (azimuth_deg, elevation_deg, truth) in
                [(0.0, 0.0, [across, up]), (90.0, 0.0, [deep, up]), (0.0, 90.0, [across, deep])]
            {
                scene.view = View { azimuth_deg, elevation_deg, ..scene.view };
                let found = extent(&volume.picture(&scene, size, size).expect("drawn"));
                let near = (0..2).all(|axis| (found[axis] as f64 - truth[axis]).abs() <= 1.5);
                assert!(
                    near,
                    "{name} at {azimuth_deg}°, {elevation_deg}°: {found:?} pixels, {truth:?} by the header"
                );
            }
        }
    }
}

#[test]
fn a_cube_is_the_same_whichever_axis_is_first_in_its_file() {
    let test = "a_cube_is_the_same_whichever_axis_is_first_in_its_file";
    let names = ["cubes/sc_adv.fits", "cubes/sc_vad.fits"];
    let [Some(first), Some(second)] = names.map(|name| data_file(test, name)) else { return };
    let adapter = adapter();
    let [first, second] = [first, second].map(|path| {
        let cube = cube(&path);
        integral(&adapter, &cube, (0.0, 1.0))
    });
    assert_eq!(first.dim(), second.dim());
    assert!(first.iter().zip(&second).all(|(a, b)| a == b || (a.is_nan() && b.is_nan())), "{first} {second}");
}

#[test]
fn real_cubes_look_as_they_did() {
    let test = "real_cubes_look_as_they_did";
    let surface = |value, colour| Surface { colour, ..Surface::of(value) };
    let across = |axis, place, thickness| Slice { thickness, ..Slice::of(Plane::Across { axis, place }) };
    let around =
        |azimuth_deg, elevation_deg| View { azimuth_deg, elevation_deg, distance: 2.2, ..View::default() };
    let colours = |range, stretch, colours| Transfer::rising(range, stretch, colours);
    type Change = Box<dyn Fn(&mut Scene)>;
    let pictures: [(&str, &str, Change); 5] = [
        (
            "volume-l1448-absorption",
            "cubes/l1448_13co.fits",
            Box::new(move |scene| {
                scene.view = around(30.0, 20.0);
                scene.transfer = colours((0.3, 3.0), Stretch::Linear, ColourMap::Magma);
            }),
        ),
        (
            "volume-l1448-surfaces",
            "cubes/l1448_13co.fits",
            Box::new(move |scene| {
                scene.mode = Mode::Nothing;
                scene.view = around(-35.0, 25.0);
                scene.transfer = colours((0.0, 4.0), Stretch::Linear, ColourMap::Viridis);
                // Cut open and left so: the inner surface is seen within the outer one.
                scene.clip[2] = [0.45, 1.0];
                scene.close_cuts = false;
                let outer = scene.transfer.rgb(0.9);
                scene.surfaces = vec![surface(0.9, Some(outer)), surface(2.0, Some([0.9, 0.35, 0.2]))];
            }),
        ),
        (
            "volume-ngc2903-slices",
            "cubes/NGC_2903.fits",
            Box::new(move |scene| {
                scene.mode = Mode::Emission;
                scene.view = around(40.0, 30.0);
                scene.transfer = colours((0.003, 0.06), Stretch::Sqrt, ColourMap::Inferno);
                scene.slices = vec![across(0, 0.0, 0.0), across(1, 0.0, 0.0), across(2, 1.0, 0.0)];
            }),
        ),
        (
            "volume-ngc4047-blanks",
            "cubes/NGC4047.co.smo7msk.fits.gz",
            Box::new(move |scene| {
                scene.mode = Mode::Maximum;
                scene.view = around(-25.0, 15.0);
                scene.transfer = colours((0.0, 0.5), Stretch::Asinh { softening: 0.1 }, ColourMap::Plasma);
                scene.slices = vec![across(2, 0.5, 4.0)];
            }),
        ),
        (
            "volume-ugc1281-together",
            "cubes/UGC_1281_Original.fits",
            Box::new(move |scene| {
                scene.view = around(35.0, 20.0);
                scene.transfer = colours((0.0, 0.02), Stretch::Sqrt, ColourMap::Magma);
                scene.transfer.opacity = vec![[0.25, 0.0], [1.0, 1.0]];
                scene.surfaces = vec![surface(0.012, Some([0.3, 0.65, 0.9]))];
                let plane = Plane::Free { point: [0.5, 0.5, 0.7], normal: [0.5, 0.1, 1.0] };
                scene.slices = vec![Slice { thickness: 2.0, ..Slice::of(plane) }];
            }),
        ),
    ];
    let adapter = adapter();
    let mut results = SnapshotResults::new();
    for (name, file, change) in pictures {
        let Some(path) = data_file(test, file) else { continue };
        let grid = cube(&path).grid(1.0);
        let mut scene = Scene { background: [0.05, 0.05, 0.07], ..Scene::of(&grid.lattice) };
        change(&mut scene);
        let volume = Volume::of(&adapter, &grid).expect("uploaded");
        let picture = volume.picture(&scene, 320, 240).expect("drawn");
        let image = RgbaImage::from_raw(320, 240, picture.to_rgba8()).expect("of that size");
        // Drivers round otherwise at edges: a few pixels of 76 800 may differ.
        let options = SnapshotOptions::new().max_failed_pixels(80);
        results.add(try_image_snapshot_options(&image, name, &options));
    }
}
