//! The geometry of real cubes against astropy's coordinates in oracles.json.

use crate::support;
use aquila::io;
use aquila::units::C_M_S;
use aquila::volume::{AxisKind, Geometry};
use serde_json::Value;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

#[test]
fn coordinates_of_the_first_last_and_middle_voxel_are_astropys() {
    let Some(folder) = support::data_file("cube geometry", "oracles.json") else { return };
    let text = std::fs::read_to_string(&folder).expect("readable");
    let oracles: Value = serde_json::from_str(&text).expect("JSON");
    let root = folder.parent().expect("in a folder");
    let mut compared = 0;
    for (name, oracle) in oracles["wcs"].as_object().expect("an object") {
        let Some((file, hdu)) = name.strip_suffix(']').and_then(|name| name.split_once('[')) else {
            continue;
        };
        if !file.starts_with("cubes/") || file.contains("CORRUPTED") {
            continue;
        }
        let Ok(cube) = io::read_cube(&root.join(file), hdu.parse().ok()) else { continue };
        let (depth, height, width) = cube.values.dim();
        let geometry = Geometry::new(&cube.header, [depth, height, width]);
        let index = |key: &str| oracle[key].as_u64().map(|index| index as usize);
        let (Some(lng), Some(lat), Some(spec)) = (index("lng"), index("lat"), index("spec")) else {
            continue;
        };
        let rest = number(&oracle["restfrq"]);
        for (pixel, world) in oracle["fits_pixels_1based"]
            .as_array()
            .expect("pixels")
            .iter()
            .zip(oracle["world"].as_array().expect("coordinates"))
        {
            // Cubes are read in the order longitude, latitude, spectral.
            let voxel = [lng, lat, spec].map(|axis| number(&pixel[axis]) - 1.0);
            let found = geometry.world(voxel);
            assert!((found[0] - number(&world[lng])).abs() < 1e-8, "{name}: {found:?} {world}");
            assert!((found[1] - number(&world[lat])).abs() < 1e-8, "{name}: {found:?} {world}");
            let value = number(&world[spec]);
            let expected = match geometry.axes()[2].kind {
                AxisKind::Velocity if oracle["ctype_out"][spec] == "FREQ" => {
                    C_M_S * (1.0 - value / rest) / 1e3
                }
                // This file means km/s and does not say so; the geometry's warning does.
                AxisKind::Velocity if file.contains("RCrA") => value,
                AxisKind::Velocity => value / 1e3,
                AxisKind::Spectral(_) => value * 1e10,
                other => panic!("{name}: the third axis is {other:?}"),
            };
            let tolerance = 1e-9 * expected.abs().max(1.0);
            assert!((found[2] - expected).abs() < tolerance, "{name}: {} {expected}", found[2]);
        }
        compared += 1;
    }
    assert!(compared >= 15, "only {compared} cubes were compared");
}

#[test]
fn the_first_of_many_beams_is_found() {
    let name = "cubes/small_perplanebeam.fits";
    let Some(path) = support::data_file("cube geometry", name) else { return };
    let beam = io::first_beam(&path).expect("readable").expect("a beam");
    // astropy: 5.9266768″ × 4.0558386″ at −73.864456°.
    assert!((beam.major_deg * 3600.0 - 5.926_676_8).abs() < 1e-6, "{beam:?}");
    assert!((beam.minor_deg * 3600.0 - 4.055_838_6).abs() < 1e-6, "{beam:?}");
    assert!((beam.angle_deg + 73.864_456).abs() < 1e-5, "{beam:?}");
    let header = io::read_cube(&path, None).expect("a cube").header;
    assert!(Geometry::new(&header, [11, 21, 20]).has_beam_per_plane());
    let single = support::data_file("cube geometry", "cubes/l1448_13co.fits").expect("beside it");
    assert_eq!(io::first_beam(&single).expect("readable"), None);
}

/// Proportions and directions of cubes whose headers were read by hand.
#[test]
fn real_cubes_stand_the_right_way_in_the_right_proportions() {
    for (name, hdu, signs, sides) in [
        // Square on the sky; 53 channels as long as the sky.
        ("cubes/l1448_13co.fits", 0, [1.0, 1.0, -1.0], [1.0, 1.0, 1.0]),
        // 70 × 89 pixels, square ones.
        ("cubes/NGC_2903.fits", 0, [1.0, 1.0, -1.0], [70.0 / 89.0, 1.0, 1.0]),
        // Velocity first in the file; 25 × 33 pixels of 15′.
        ("cubes/DHT03_RCrA_raw.fits", 0, [1.0, 1.0, -1.0], [25.0 / 33.0, 1.0, 1.0]),
        // Frequencies fall with the channels, so that the velocity grows.
        ("cubes/M17_SWex_unittest.fits", 0, [1.0, 1.0, -1.0], [1.0, 1.0, 1.0]),
        ("cubes/MUSE_A478_minicube.fits", 1, [1.0, 1.0, -1.0], [1.0, 1.0, 1.0]),
    ] {
        let Some(path) = support::data_file("cube geometry", name) else { return };
        let cube = io::read_cube(&path, Some(hdu)).expect("a cube");
        let (depth, height, width) = cube.values.dim();
        let geometry = Geometry::new(&cube.header, [depth, height, width]);
        assert_eq!(geometry.signs(), signs, "{name}");
        let voxel = geometry.voxel(Geometry::USUAL_RATIO);
        let lengths = [voxel[0] * width as f64, voxel[1] * height as f64, voxel[2] * depth as f64];
        let longest = lengths.into_iter().fold(0.0, f64::max);
        for (length, side) in lengths.into_iter().zip(sides) {
            assert!((length / longest - side).abs() < 1e-6, "{name}: {lengths:?}");
        }
    }
}
