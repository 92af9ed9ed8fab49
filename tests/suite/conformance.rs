//! Every FITS file and header of the test data against what astropy makes of it: shapes, types, statistics, hashes of
//! the values, tables, cards, world coordinates, and the traps. One line per difference; the list must be empty.

use crate::commands::{aquila, json};
use crate::support::data_file;
use aquila::data::{Header, Values, statistics};
use aquila::io;
use aquila::io::fits::{FitsFile, HduKind, read_header_text};
use aquila::io::wcs::{Wcs, beam, celestial_header};
use aquila::job::Context;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// The oracles and the folder they speak of, or `None` where the test data are absent.
fn oracles(test: &str) -> Option<(Value, PathBuf)> {
    let path = data_file(test, "oracles.json")?;
    let text = std::fs::read(&path).expect("readable");
    let folder = path.parent().expect("a folder").to_owned();
    Some((serde_json::from_slice(&text).expect("JSON"), folder))
}

fn entries<'a>(oracles: &'a Value, section: &str) -> Vec<(&'a String, &'a Value)> {
    oracles[section].as_object().expect("an object").iter().collect()
}

fn numbers(value: &Value) -> Vec<usize> {
    value.as_array().map_or_else(Vec::new, |list| {
        list.iter().filter_map(Value::as_u64).map(|number| number as usize).collect()
    })
}

/// SHA-256 of the values as little-endian doubles in C order, every NaN the same.
fn hash(values: &Values) -> String {
    let doubles = values.to_f64().expect("real values");
    let mut sha = Sha256::new();
    for value in &doubles {
        let value = if value.is_nan() { f64::from_bits(0x7ff8_0000_0000_0000) } else { *value };
        sha.update(value.to_le_bytes());
    }
    sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What differs between the values and the oracle's description of them.
fn compare(values: &Values, oracle: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    if values.shape() != numbers(&oracle["shape"]) {
        wrong.push(format!("shape {:?} for {}", values.shape(), oracle["shape"]));
    }
    if oracle["dtype"].as_str().is_some_and(|dtype| dtype != values.descr()) {
        wrong.push(format!("dtype {} for {}", values.descr(), oracle["dtype"]));
    }
    let found = statistics(values).expect("real values");
    for (key, count) in [("n_nan", found.count_nan), ("n_inf", found.count_inf)] {
        if oracle[key].as_u64() != Some(count as u64) {
            wrong.push(format!("{key} {count} for {}", oracle[key]));
        }
    }
    // The oracle's sums are NumPy's; ours carry more digits. The scale of rounding is the sum of magnitudes.
    let size = (found.count as f64) * found.min.abs().max(found.max.abs());
    let near = |a: f64, b: f64, scale: f64| {
        a == b || (a - b).abs() <= 1e-9 * scale.abs() || (a.is_nan() && b.is_nan())
    };
    let spread = found.min.abs().max(found.max.abs());
    for (key, value, scale) in [
        ("min", found.min, 0.0),
        ("max", found.max, 0.0),
        ("sum", found.sum, size),
        ("mean", found.mean, spread),
        ("std", found.std, spread),
    ] {
        if let Some(expected) = oracle[key].as_f64()
            && !near(value, expected, scale)
        {
            wrong.push(format!("{key} {value} for {expected}"));
        }
    }
    if let Some(expected) = oracle["sha256_f8le_C"].as_str()
        && hash(values) != expected
    {
        wrong.push("hash of the values".to_owned());
    }
    wrong
}

fn check_hdu(file: &FitsFile, index: usize, oracle: &Value) -> Vec<String> {
    let hdu = match file.hdu(index) {
        Ok(hdu) => hdu,
        Err(error) => return vec![error.to_string()],
    };
    let mut wrong = Vec::new();
    let nonstandard = oracle["cls"].as_str().is_some_and(|class| class.contains("Nonstandard"));
    if oracle["name"].as_str().is_some_and(|name| name.trim() != hdu.name) && !nonstandard {
        wrong.push(format!("name '{}' for {}", hdu.name, oracle["name"]));
    }
    let values = || file.values(index, &Context::unwatched());
    match oracle["cls"].as_str().unwrap_or("") {
        "PrimaryHDU" | "ImageHDU" | "CompImageHDU" if !oracle["shape"].is_null() => match values() {
            Ok(values) => wrong.extend(compare(&values, oracle)),
            Err(error) => wrong.push(error.to_string()),
        },
        "PrimaryHDU" | "ImageHDU" if hdu.kind != HduKind::Empty => {
            wrong.push(format!("{:?} for an empty HDU", hdu.kind));
        }
        "GroupsHDU" if !oracle["data_stats"].is_null() => match values() {
            Ok(values) => wrong.extend(compare(&values, &oracle["data_stats"])),
            Err(error) => wrong.push(error.to_string()),
        },
        "BinTableHDU" | "TableHDU" if oracle["data_error"].is_null() => match file.table(index) {
            Ok(table) => {
                if oracle["nrows"].as_u64() != Some(table.rows as u64) {
                    wrong.push(format!("{} rows for {}", table.rows, oracle["nrows"]));
                }
                let expected = oracle["columns"].as_array().expect("columns");
                let names: Vec<&str> = expected.iter().filter_map(|column| column[0].as_str()).collect();
                // The oracle lists the first sixty columns.
                let found: Vec<&str> =
                    table.columns.iter().map(|column| column.name.as_str()).take(60).collect();
                if names != found {
                    wrong.push(format!("columns {found:?} for {names:?}"));
                }
                for (column, expected) in table.columns.iter().zip(expected) {
                    if column.unit != expected[2].as_str().unwrap_or("").trim() {
                        wrong.push(format!("unit '{}' for {}", column.unit, expected[2]));
                    }
                }
            }
            Err(error) => wrong.push(error.to_string()),
        },
        _ if nonstandard && hdu.kind != HduKind::Unknown => {
            wrong.push(format!("{:?} for an HDU of its own kind", hdu.kind));
        }
        _ => {}
    }
    wrong
}

#[test]
fn fits_files_hold_what_astropy_finds_in_them() {
    let Some((oracles, folder)) = oracles("fits_files_hold_what_astropy_finds_in_them") else { return };
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (name, oracle) in entries(&oracles, "files") {
        if oracle["kind"] != "fits" {
            continue;
        }
        seen += 1;
        let file = match FitsFile::open(&folder.join(name)) {
            Ok(file) => file,
            Err(error) => {
                wrong.push(error.to_string());
                continue;
            }
        };
        let hdus = oracle["hdus"].as_array().map_or(&[][..], Vec::as_slice);
        if !hdus.is_empty() && file.hdus.len() != hdus.len() {
            wrong.push(format!("{name}: {} HDUs for {}: {:?}", file.hdus.len(), hdus.len(), file.warnings));
        }
        for (index, hdu) in hdus.iter().enumerate() {
            wrong.extend(
                check_hdu(&file, index, hdu).into_iter().map(|what| format!("{name}[{index}]: {what}")),
            );
        }
        // Files that astropy refuses as a whole, while their first HDU is sound.
        let first = &oracle["primary_only_manual_parse"];
        if first.is_object() {
            wrong.extend(check_hdu(&file, 0, first).into_iter().map(|what| format!("{name}[0]: {what}")));
            if file.hdus.len() != 1 || file.warnings.is_empty() {
                wrong.push(format!("{name}: bytes that are no FITS pass unnoticed"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {seen} files differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen >= 170, "only {seen} FITS files in the oracles");
}

#[test]
fn headers_kept_as_text_have_all_their_cards() {
    let Some((oracles, folder)) = oracles("headers_kept_as_text_have_all_their_cards") else { return };
    let mut wrong = Vec::new();
    for (name, oracle) in entries(&oracles, "files") {
        if oracle["kind"] != "header_text" {
            continue;
        }
        let path = folder.join(name);
        let mut expected = oracle["ncards"].as_u64().unwrap_or(0) as usize;
        // astropy takes an END that is not padded to a card for a card of its own.
        let bytes = std::fs::read(&path).expect("readable");
        expected -= usize::from(bytes.ends_with(b"END") && bytes.len() % 80 == 3);
        // Two of its CONTINUE cards continue nothing: astropy hangs them on anyway, then refuses; here they are remarks.
        expected += 2 * usize::from(name == "headers/wcslib_pih.keyrec");
        match read_header_text(&path) {
            Ok(header) if header.cards.len() == expected => {}
            Ok(header) => wrong.push(format!("{name}: {} cards for {expected}", header.cards.len())),
            Err(error) => wrong.push(error.to_string()),
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// The header a name of the oracles means: `file[hdu]` or a header kept as text.
fn header_of(folder: &std::path::Path, name: &str) -> Header {
    match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        Some((file, hdu)) => {
            let file = FitsFile::open(&folder.join(file)).expect("opens");
            file.hdu(hdu.parse().expect("a number")).expect("there").header.clone()
        }
        None => read_header_text(&folder.join(name)).expect("opens"),
    }
}

fn floats(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .map_or_else(Vec::new, |list| list.iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect())
}

#[test]
fn world_coordinates_are_those_of_wcslib() {
    let Some((oracles, folder)) = oracles("world_coordinates_are_those_of_wcslib") else { return };
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (name, oracle) in entries(&oracles, "wcs") {
        if oracle["world"].is_null() {
            continue;
        }
        seen += 1;
        let wcs = match Wcs::from_header(&header_of(&folder, name)) {
            Ok(wcs) => wcs,
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        let cobe = wcs.axes.iter().any(|axis| axis.ctype.ends_with("CSC"));
        let axis = |key: &str| usize::try_from(oracle[key].as_i64().unwrap_or(-1)).ok();
        let found = (wcs.longitude, wcs.latitude, wcs.spectral);
        let expected = (axis("lng"), axis("lat"), axis("spec"));
        if found != expected {
            wrong.push(format!("{name}: axes {found:?} for {expected:?}"));
        }
        let pixels = oracle["fits_pixels_1based"].as_array().expect("pixels");
        for (pixel, expected) in pixels.iter().zip(oracle["world"].as_array().expect("world")) {
            let (pixel, expected) = (floats(pixel), floats(expected));
            let world = wcs.world(&pixel);
            for (i, (found, expected)) in world.iter().zip(&expected).enumerate() {
                let sky = wcs.is_celestial() && (Some(i) == wcs.longitude || Some(i) == wcs.latitude);
                // wcslib computes the polynomials of the COBE cube in single precision: 1e-6 degrees.
                let tolerance = match (sky, cobe) {
                    (true, false) => 1e-9,
                    (true, true) => 2e-6,
                    _ => 1e-12 * expected.abs(),
                };
                let off = (found - expected).abs();
                if !(off <= tolerance || (found.is_nan() && expected.is_nan())) {
                    wrong
                        .push(format!("{name} at {pixel:?}, axis {i}: {found} for {expected} (off {off:e})"));
                }
            }
            if world.len() != expected.len() {
                wrong.push(format!("{name}: {} axes for {}", world.len(), expected.len()));
            }
            // And back.
            if world.iter().all(|value| value.is_finite()) {
                match wcs.pixel_from_world(&world) {
                    None => wrong.push(format!("{name} at {pixel:?}: no way back")),
                    Some(back) => {
                        let off = back.iter().zip(&pixel).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                        // Forward and inverse polynomials of the COBE cube agree to about a hundredth of a degree.
                        if off > if cobe { 0.2 } else { 1e-6 } {
                            wrong.push(format!("{name} at {pixel:?}: back to {back:?}"));
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences in {seen}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Cubes as spectral-cube opens them: (spectral, latitude, longitude) whatever the order in the file, without degenerate
/// axes, with the coordinates of the brightest voxel.
#[test]
fn cubes_open_as_spectral_cube_opens_them() {
    let Some((oracles, folder)) = oracles("cubes_open_as_spectral_cube_opens_them") else { return };
    let mut seen = 0;
    for (name, oracle) in entries(&oracles, "domain") {
        if oracle["shape_vyx"].is_null() {
            continue;
        }
        seen += 1;
        let cube = io::read_cube(&folder.join(oracle["file"].as_str().expect("a file")), None).expect(name);
        assert_eq!(cube.values.shape(), numbers(&oracle["shape_vyx"]), "{name}");
        let wcs = Wcs::from_header(&cube.header).expect(name);
        assert_eq!((wcs.longitude, wcs.latitude, wcs.spectral), (Some(0), Some(1), Some(2)), "{name}");
        // spectral-cube keeps the unit of the file.
        let si = if oracle["spectral_unit"] == "Angstrom" { 1e-10 } else { 1.0 };
        let axis = &wcs.ranges(&cube.values.shape().iter().rev().copied().collect::<Vec<_>>())[2];
        for (found, key) in [(axis.first, "spectral_axis_first"), (axis.last, "spectral_axis_last")] {
            let expected = si * oracle[key].as_f64().expect("a number");
            assert!(
                (found - expected).abs() <= 1e-9 * expected.abs(),
                "{name} {key}: {found} for {expected}"
            );
        }
        let peak = numbers(&oracle["peak_index_vyx"]);
        let value = f64::from(cube.values[[peak[0], peak[1], peak[2]]]);
        let expected = oracle["peak_value"].as_f64().expect("a number");
        // Single precision.
        assert!((value - expected).abs() <= 1e-7 * expected.abs(), "{name}: {value} for {expected}");
        let world = wcs.world(&[peak[2] as f64 + 1.0, peak[1] as f64 + 1.0, peak[0] as f64 + 1.0]);
        let mut expected = floats(&oracle["peak_world_spec_lat_lon"]);
        expected[0] *= si;
        assert!(
            (world[2] - expected[0]).abs() <= 1e-9 * expected[0].abs(),
            "{name}: {world:?} for {expected:?}"
        );
        assert!((world[1] - expected[1]).abs() < 1e-9, "{name}: {world:?} for {expected:?}");
        assert!((world[0] - expected[2]).abs() < 1e-9, "{name}: {world:?} for {expected:?}");
    }
    assert!(seen >= 5, "only {seen} cubes in the oracles");
}

#[test]
fn the_traps_of_real_files_are_seen() {
    let Some((_, folder)) = oracles("the_traps_of_real_files_are_seen") else { return };
    let cube = |name: &str| {
        let cube = io::read_cube(&folder.join(name), None).unwrap_or_else(|error| panic!("{error}"));
        let wcs = Wcs::from_header(&cube.header).expect("coordinates");
        (cube, wcs)
    };
    // Upper-case units.
    let (_, wcs) = cube("cubes/UGC_1281_Original.fits");
    assert_eq!((wcs.axes[0].unit.as_str(), wcs.axes[2].unit.as_str()), ("deg", "m/s"));
    assert!((wcs.velocities_km_s(1).expect("velocities")[0] - 64.220_781_452_320_14).abs() < 1e-9);
    // Velocity first, and without a unit: never called m/s without a word.
    let (rcra, wcs) = cube("cubes/DHT03_RCrA_raw.fits");
    assert_eq!(rcra.values.shape(), [83, 33, 25]);
    assert_eq!(wcs.axes[2].unit, "");
    assert!(wcs.warnings.iter().any(|warning| warning.contains("km/s")), "{:?}", wcs.warnings);
    let velocities = wcs.velocities_km_s(83).expect("velocities");
    assert!((velocities[0] + 0.9583).abs() < 1e-9 && (velocities[82] - 20.3699).abs() < 1e-9);
    // Four chips are no velocities.
    let (_, wcs) = cube("hst/hubble_wfpc2_sample.fits");
    assert_eq!(wcs.spectral, None);
    assert!(wcs.velocities_km_s(4).is_err());
    // No beam, frequency in HZ, no BUNIT.
    let (l1448, wcs) = cube("cubes/l1448_13co.fits");
    assert_eq!(l1448.unit, "");
    assert!((wcs.velocities_km_s(1).expect("velocities")[0] - 2.528_194_896_95).abs() < 1e-9);
    let map = celestial_header(&l1448.header).expect("sky axes");
    let flat = Wcs::from_header(&map).expect("coordinates");
    assert_eq!((flat.axes.len(), flat.spectral), (2, None));
    assert_eq!(flat.world(&[43.0, 70.0]), wcs.world(&[43.0, 70.0, 1.0])[..2]);
    // A damaged copy warns and does not fall over.
    let damaged = FitsFile::open(&folder.join("cubes/L1448_CORRUPTED_utf8_mangled.fits")).expect("opens");
    assert!(damaged.warnings.len() >= 2, "{:?}", damaged.warnings);
    // A file that ends early is refused in one line that says where.
    let cut =
        FitsFile::open(&folder.join("headers/astropy_wcs/header_with_time_wcslib71.fits")).expect("opens");
    let refused = cut.values(0, &Context::unwatched()).expect_err("refused").to_string();
    assert!(!refused.contains('\n') && refused.contains("HDU 0"), "{refused}");
    // BMAJ = −1 means no beam.
    let mut header = Header::default();
    header.set_float("BMAJ", -1.0, "");
    assert_eq!(beam(&header), None);
    let aips = read_header_text(&folder.join("headers/nrao_m82rad.hdr")).expect("opens");
    assert_eq!(beam(&aips).map(|beam| (beam.major_deg, beam.minor_deg)), Some((5e-4, 5e-4)));
}

#[test]
fn info_answers_with_the_agreed_keys() {
    let Some(path) = data_file("info_answers_with_the_agreed_keys", "cubes/l1448_13co.fits") else { return };
    let home = tempfile::tempdir().expect("a folder");
    let path = path.to_string_lossy();
    let output = aquila(home.path(), &["info", &path, "--json", "--world", "1", "1", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let answer = json(&output);
    assert_eq!(answer["path"], *path);
    let hdu = &answer["hdus"][0];
    assert_eq!(hdu["kind"], "cube");
    assert_eq!(numbers(&hdu["shape"]), [53, 105, 105]);
    assert_eq!(hdu["dtype"], "float32");
    assert_eq!(hdu["axes"][2]["ctype"], "VOPT");
    assert_eq!(hdu["axes"][2]["unit"], "m/s");
    for key in ["count_nan", "count_inf", "min", "max", "mean", "std", "median", "sum"] {
        assert!(hdu[key].is_number(), "{key}: {hdu}");
    }
    let world = floats(&answer["world"]);
    assert!((world[0] - 51.740_103_176_709_74).abs() < 1e-9 && (world[2] - 2_528.194_896_95).abs() < 1e-6);
    let missing = aquila(home.path(), &["info", &path, "--hdu", "7"]);
    assert_eq!(missing.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&missing.stderr).trim_end().lines().count(), 1);
}
