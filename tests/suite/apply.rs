//! Trained networks on maps: constant maps are the same at the border as inside, blanks are kept, a real map comes out whole.

use crate::support::data_file;
use aquila::data::{Header, Image};
use aquila::io;
use aquila::job::Context;
use aquila::network::DeviceChoice;
use aquila::recipe::{self, CloudSource, TrainingRecipe};
use aquila::training::{self, ApplySettings, Live, MapQuantity, Resume};
use ndarray::{Array2, s};
use std::path::{Path, PathBuf};

/// A run of one epoch on a tiny cloud: what it has learnt does not matter here.
fn small_run(folder: &Path) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/recipes/smoke-train.toml");
    let mut recipe: TrainingRecipe = recipe::read(&path).expect("the smoke recipe");
    recipe.data.clouds = CloudSource::seeds(3);
    recipe.training.epochs = 1;
    recipe.training.threads = recipe::Threads::Count(1);
    let out = folder.join("run");
    training::run(&recipe, &out, Resume::No, &Context::unwatched(), &Live::unwatched()).expect("trained");
    out
}

fn apply(run: &Path, map: &Image, settings: &ApplySettings) -> training::Applied {
    training::apply(run, map, settings, DeviceChoice::Cpu, &Context::unwatched()).expect("applied")
}

fn map(values: Array2<f32>, pixel_deg: Option<f64>) -> Image {
    let mut header = Header::default();
    if let Some(deg) = pixel_deg {
        header.set_integer("NAXIS", 2, "");
        for (axis, kind, delta, value) in [(1, "GLON-TAN", -deg, 172.5), (2, "GLAT-TAN", deg, -14.5)] {
            header.set_text(&format!("CTYPE{axis}"), kind, "");
            for (key, number) in [("CDELT", delta), ("CRVAL", value), ("CRPIX", 7.0)] {
                header.set_float(&format!("{key}{axis}"), number, "");
            }
        }
    }
    Image { name: "map".into(), values, unit: String::new(), header }
}

#[test]
fn a_constant_map_has_no_border_and_blanks_stay_where_they_were() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = small_run(folder.path());
    let log = ApplySettings::new(MapQuantity::LogColumn);
    for shape in [(71, 103), (20, 20), (64, 150)] {
        let applied = apply(&run, &map(Array2::from_elem(shape, 21.3), None), &log);
        assert_eq!((applied.image.values.dim(), applied.count_nan_out), (shape, 0));
        // A U-Net answers a constant map with a pattern of the period of its poolings, from its transposed convolutions.
        // The border must show that pattern and nothing else: no padding, no taper, no seam.
        let dex = applied.image.values.mapv(|v| f64::from(v.log10()));
        let inside = dex.slice(s![8..shape.0 - 8, 8..shape.1 - 8]);
        let (low, high) = inside.iter().fold((f64::MAX, f64::MIN), |(l, h), &v| (l.min(v), h.max(v)));
        let room = 0.1 * (high - low) + 1e-4;
        for ((y, x), value) in dex.indexed_iter() {
            assert!(
                *value > low - room && *value < high + room,
                "{shape:?} at {y}, {x}: {value} of {low} to {high}"
            );
        }
        let mean = |values: ndarray::ArrayView2<f64>| values.mean().expect("pixels");
        for edge in [s![0..4, ..], s![shape.0 - 4.., ..], s![.., 0..4], s![.., shape.1 - 4..]] {
            assert!((mean(dex.slice(edge)) - mean(inside)).abs() < room, "{shape:?}: an edge departs");
        }
    }

    // The same cloud said three ways, blanks included, gives the same densities.
    let mut values = Array2::from_shape_fn((60, 50), |(y, x)| 21.0 + ((y * 3 + x * 5) as f32 * 0.05).sin());
    values.slice_mut(s![10..20, 5..30]).fill(f32::NAN);
    values[[59, 49]] = f32::INFINITY;
    let said = apply(&run, &map(values.clone(), None), &log);
    assert_eq!((said.count_nan_in, said.count_nan_out), (251, 251));
    for (given, answer) in values.iter().zip(&said.image.values) {
        assert_eq!(given.is_finite(), answer.is_finite());
    }
    let h2 = map(values.mapv(|v| 10_f32.powf(v) / 2.0), None);
    let other = apply(&run, &h2, &ApplySettings::new(MapQuantity::ColumnH2));
    for (a, b) in said.image.values.iter().zip(&other.image.values).filter(|(a, _)| a.is_finite()) {
        assert!((a / b - 1.0).abs() < 2e-3, "{a} and {b}");
    }

    // Pixels half and twice as large as the training's are brought to its scale, and the answer to the map's own grid.
    let pixel_pc = said_pixel_pc(&run);
    let settings = ApplySettings { distance_pc: Some(140.0), ..log };
    for factor in [0.5, 1.0, 2.0] {
        let deg = (factor * pixel_pc / 140.0_f64).to_degrees();
        let applied = apply(&run, &map(values.clone(), Some(deg)), &settings);
        assert!((applied.scale.expect("both scales are known") * factor - 1.0).abs() < 1e-6);
        assert_eq!(applied.resampled, factor != 1.0);
        assert_eq!((applied.image.values.dim(), applied.count_nan_out), ((60, 50), 251));
        assert_eq!(applied.image.header.float("CRVAL1"), Some(172.5));
        assert!(applied.image.header.cards.iter().any(|card| card.key == "HISTORY"));
    }
}

fn said_pixel_pc(run: &Path) -> f64 {
    let info = training::RunFolder::new(run).read_info().expect("run.json");
    info.data.pixel_pc.expect("patches know their scale")
}

#[test]
fn a_real_map_of_taurus_comes_out_whole() {
    let name = "maps/Taurusfwhm5_logNHmap.fits";
    let Some(path) = data_file("a_real_map_of_taurus_comes_out_whole", name) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let run = small_run(folder.path());
    let map = io::read_image(&path, None).expect("the map");
    let wrong = ApplySettings::new(MapQuantity::Column);
    let refused = training::apply(&run, &map, &wrong, DeviceChoice::Cpu, &Context::unwatched());
    assert!(refused.expect_err("a logarithm").to_string().contains("--quantity log-column"));
    let settings = ApplySettings { distance_pc: Some(140.0), ..ApplySettings::new(MapQuantity::LogColumn) };
    let ctx = Context::unwatched();
    let applied = training::apply(&run, &map, &settings, DeviceChoice::Cpu, &ctx).expect("applied");
    assert_eq!(applied.image.values.dim(), map.values.dim());
    for (given, answer) in map.values.iter().zip(&applied.image.values) {
        assert_eq!(given.is_finite(), answer.is_finite());
        assert!(!answer.is_finite() || *answer > 0.0);
    }
    let out = folder.path().join("density.fits");
    io::fits::write_image(&out, &applied.image).expect("written");
    let back = io::read_image(&out, None).expect("read back");
    assert_eq!(back.unit, "cm-3");
    for key in ["CTYPE1", "CTYPE2"] {
        assert_eq!(back.header.text(key), map.header.text(key));
    }
    for key in ["CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2", "CDELT1", "CDELT2"] {
        assert_eq!(back.header.float(key), map.header.float(key), "{key}");
    }
}
