//! Cubes against each other and the numbers of their pictures, by the whole command.

use crate::commands::{aquila, json};
use crate::support::data_file;
use aquila::data::Values;
use aquila::figure::ColourMap;
use aquila::io::{self, npy};
use aquila::job::Context;
use ndarray::{Array3, ArrayD};
use std::path::Path;
use std::process::Output;

fn write(path: &Path, values: Array3<f32>) {
    npy::write(path, &Values::F32(values.into_dyn())).expect("written");
}

fn pixels(path: &Path) -> ArrayD<f64> {
    let picture = io::open(path).expect("a PNG").values(0, &Context::unwatched()).expect("pixels");
    picture.to_f64().expect("real numbers")
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A cube whose ln(x + 1) is half of its greatest everywhere but in one corner: I = 5·(1 − e^(−v²)) = 1.10600 for v = 0.5 on a path of
/// length 1, its colour 0.540, 0.729, 1.256 (the last is more than a picture holds).
#[test]
fn the_command_draws_a_uniform_cube_as_polaris_does() {
    let home = tempfile::tempdir().expect("a folder");
    let (cube, out) = (home.path().join("cube.npy"), home.path().join("cube.png"));
    // Another shape than its box, which has equal sides.
    let mut values = Array3::from_elem((8, 12, 10), 1.0);
    values[[0, 0, 0]] = 3.0;
    write(&cube, values);
    let (cube, path) = (cube.to_string_lossy(), out.to_string_lossy());
    let arguments =
        ["render", &cube, "--out", &path, "--compatible", "polaris", "--orthographic", "--software"];
    let face_on = ["--azimuth", "0", "--elevation", "0", "--size", "33x33", "--json"];
    let output = aquila(home.path(), &[&arguments[..], &face_on].concat());
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let pixels = pixels(&out);
    let middle = [0, 1, 2].map(|channel| pixels[[16, 16, channel]]);
    assert_eq!(middle, [(0.53999_f64 * 255.0).round(), (0.72866_f64 * 255.0).round(), 255.0]);
    // Nothing but the cube and black.
    assert_eq!([0, 1, 2].map(|channel| pixels[[0, 0, channel]]), [0.0; 3]);
}

/// With one source function every intensity lies between what shines in from behind and the source: I = S·(1 − e^(−τ)).
#[test]
fn the_transfer_is_coloured_over_what_can_come_out() {
    let home = tempfile::tempdir().expect("a folder");
    let (cube, out) = (home.path().join("cube.npy"), home.path().join("cube.png"));
    write(&cube, Array3::from_shape_fn((8, 8, 8), |(z, y, x)| (z + y + x) as f32));
    let (cube, path) = (cube.to_string_lossy(), out.to_string_lossy());
    let draw = |more: &[&str]| {
        let arguments = ["render", &cube, "--out", &path, "--mode", "transfer", "--opacity", "0.5", "--json"];
        let face_on =
            ["--length-pc", "2", "--orthographic", "--azimuth", "0", "--elevation", "0", "--size", "32x32"];
        let output = aquila(
            home.path(),
            &[&arguments[..], &face_on, &["--colormap", "greys-even", "--software"], more].concat(),
        );
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        let range = json(&output)["range"].clone();
        (range[0].as_f64().expect("a number"), range[1].as_f64().expect("a number"))
    };
    assert_eq!(draw(&["--source", "12", "--intensity-behind", "2.725"]), (2.725, 12.0));
    assert_eq!(draw(&["--source", "12"]), (0.0, 12.0));
    let truth = 1.0 - (-1.0_f64).exp();
    let truth = f64::from(ColourMap::GreysEven.rgb(truth as f32)[0]);
    let grey = pixels(&out)[[16, 16, 0]];
    assert!((grey - truth).abs() < 1.5, "{grey}, by the transfer equation {truth}");
}

#[test]
fn two_real_cubes_agree_as_numpy_says() {
    let Some(cube) = data_file("two_real_cubes_agree_as_numpy_says", "cubes/l1448_13co.fits") else { return };
    let home = tempfile::tempdir().expect("a folder");
    let truth = io::read_cube(&cube, None).expect("a cube");
    let mut prediction = truth.clone();
    for ((z, y, x), value) in prediction.values.indexed_iter_mut() {
        *value = *value * 1.1 + 0.05 * ((z * 7 + y * 3 + x) as f32).sin();
    }
    let [a, out] = ["prediction.fits", "out.fits"].map(|name| home.path().join(name));
    io::fits::write_cube(&a, &prediction).expect("written");
    let [a, b, path] = [&a, &cube, &out].map(|path| path.to_string_lossy());
    let output = aquila(home.path(), &["cloud", "difference", &a, &b, "--out", &path, "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let answer = json(&output);
    let made = io::read_cube(&out, None).expect("a cube");
    assert_eq!((made.unit.as_str(), made.values.dim()), (truth.unit.as_str(), truth.values.dim()));
    let pairs: Vec<(f64, f64)> = prediction
        .values
        .iter()
        .zip(&truth.values)
        .map(|(a, b)| (f64::from(*a), f64::from(*b)))
        .filter(|(a, b)| a.is_finite() && b.is_finite())
        .collect();
    let count = pairs.len() as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / count;
    let (ma, mb) = (mean(&|pair| pair.0), mean(&|pair| pair.1));
    let spread = |of: &dyn Fn(&(f64, f64)) -> f64| mean(&|pair| of(pair).powi(2)).sqrt();
    let covariance = mean(&|pair| (pair.0 - ma) * (pair.1 - mb));
    let correlation = covariance / (spread(&|pair| pair.0 - ma) * spread(&|pair| pair.1 - mb));
    for (key, truth) in
        [("mean", ma - mb), ("rms", spread(&|pair| pair.0 - pair.1)), ("correlation", correlation)]
    {
        let value = answer[key].as_f64().expect(key);
        assert!((value - truth).abs() < 1e-9 * truth.abs().max(1.0), "{key}: {value} for {truth}");
    }
    assert_eq!(answer["count_both"], pairs.len());
    for ((value, a), b) in made.values.iter().zip(&prediction.values).zip(&truth.values) {
        assert!(*value == a - b || (value.is_nan() && (a - b).is_nan()));
    }
}

#[test]
fn several_cubes_are_drawn_alike_and_one_that_cannot_be_is_told() {
    let home = tempfile::tempdir().expect("a folder");
    let [a, b, broken] = ["a.npy", "b.npy", "c.npy"].map(|name| home.path().join(name));
    write(&a, Array3::from_shape_fn((6, 6, 6), |(z, _, _)| z as f32));
    write(&b, Array3::from_shape_fn((6, 6, 6), |(_, y, _)| y as f32));
    std::fs::write(&broken, b"not a cube").expect("written");
    let folder = home.path().join("pictures");
    let [a, b, broken, out] = [&a, &b, &broken, &folder].map(|path| path.to_string_lossy());
    let draw = |cubes: &[&str]| {
        let common = ["--out", &out, "--size", "24x24", "--range", "0", "5", "--software", "--json"];
        aquila(home.path(), &[&["render"], cubes, &common].concat())
    };
    let output = draw(&[&a, &broken, &b]);
    assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
    let answer = json(&output);
    assert_eq!(answer["pictures"].as_array().expect("pictures").len(), 2);
    assert!(answer["failed"][0]["cube"].as_str().expect("a path").ends_with("c.npy"));
    let first = std::fs::read(folder.join("a.png")).expect("a picture");
    assert!(folder.join("b.png").exists() && !folder.join("c.png").exists());
    // The same bytes again.
    assert_eq!(draw(&[&a, &b]).status.code(), Some(0));
    assert!(std::fs::read(folder.join("a.png")).expect("a picture") == first);
    assert_eq!(draw(&[&a, &a]).status.code(), Some(2));
}

#[test]
fn arguments_that_cannot_be_meant_are_wrong_usage() {
    let home = tempfile::tempdir().expect("a folder");
    let (cube, out) = (home.path().join("cube.npy"), home.path().join("cube.png"));
    write(&cube, Array3::zeros((3, 3, 3)));
    let (cube, path) = (cube.to_string_lossy(), out.to_string_lossy());
    let cases: [&[&str]; 12] = [
        &["--range", "2", "1"],
        &["--clip", "0.5", "0.2", "0", "1", "0", "1"],
        &["--distance", "-1"],
        &["--density", "0"],
        &["--opacity-point", "2", "0.5"],
        &["--velocity-ratio", "nan"],
        &["--mode", "transfer", "--opacity", "-1", "--length-pc", "1"],
        &["--mode", "transfer", "--opacity", "1", "--length-pc", "1", "--source", "second"],
        &["--second", &cube],
        &["--mode", "ghost"],
        &["--slice", "q=1"],
        &["--iso", "inf"],
    ];
    for case in cases {
        let output = aquila(home.path(), &[&["render", &cube, "--out", &path], case].concat());
        assert_eq!(output.status.code(), Some(2), "{case:?}: {}", errors(&output));
        assert!(!out.exists() && output.stdout.is_empty(), "{case:?}");
    }
    let none = aquila(home.path(), &["cloud", "difference", &cube, &cube, "--measure", "inside"]);
    assert_eq!(none.status.code(), Some(2), "{}", errors(&none));
}
