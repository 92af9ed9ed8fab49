//! Cubes from files to pictures: axes in any order, levels, regions, and every way in which a file can be at fault.

use crate::commands::{aquila, aquila_with, json};
use crate::support::{data_file, data_folder};
use aquila::data::{Header, Values};
use aquila::io::wcs::Wcs;
use aquila::io::{CubeFile, Region, fits, npy};
use aquila::job::Context;
use aquila::volume::load::load;
use aquila::volume::{Feed, Loaded, Reduce, VolumeError, Wish, reduced};
use ndarray::{Array3, ArrayD, IxDyn, s};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

fn ramp(depth: usize, height: usize, width: usize) -> Array3<f32> {
    Array3::from_shape_fn((depth, height, width), |(z, y, x)| (z * height * width + y * width + x) as f32)
}

fn npy_cube(path: &Path, values: &Array3<f32>) -> PathBuf {
    npy::write(path, &Values::F32(values.clone().into_dyn())).expect("written");
    path.to_owned()
}

fn open(path: &Path) -> Arc<CubeFile> {
    Arc::new(CubeFile::open(path, None, None).expect("it opens"))
}

/// Loads and puts the slabs together again.
fn loaded(file: &Arc<CubeFile>, wish: &Wish, context: &Context) -> (Loaded, Array3<f32>) {
    let mut slabs: Vec<Array3<f32>> = vec![];
    let loaded = load(file, wish, context, &mut |feed| {
        match feed {
            Feed::Begin(_) => slabs.clear(),
            Feed::Slab { planes, values } => slabs.push(values.slice(s![planes, .., ..]).to_owned()),
            Feed::Coarse(_) | Feed::Done => {}
        }
        Ok(())
    })
    .expect("it loads");
    let views: Vec<_> = slabs.iter().map(|slab| slab.view()).collect();
    (loaded, ndarray::concatenate(ndarray::Axis(0), &views).expect("slabs of one shape"))
}

fn render(home: &Path, cube: &Path, more: &[&str]) -> Output {
    let (cube, out) = (cube.to_string_lossy(), home.join("out.png"));
    let out = out.to_string_lossy().into_owned();
    let arguments = ["render", &cube, "--out", &out, "--software", "--json"];
    let size = if more.contains(&"--size") { vec![] } else { vec!["--size", "40x30"] };
    aquila(home, &[&arguments[..], &size, more].concat())
}

/// The one line that says what is wrong.
fn fault(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(output.stdout.is_empty(), "{text}");
    // A driver without a display has its own say before.
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("XDG_RUNTIME_DIR")).collect();
    assert_eq!(lines.len(), 1, "{text}");
    lines[0].to_owned()
}

#[test]
fn whatever_the_order_of_axes_a_cube_is_spectral_y_x_and_its_header_agrees_with_astropy() {
    let test = "whatever_the_order_of_axes_a_cube_is_spectral_y_x_and_its_header_agrees_with_astropy";
    let Some(oracles) = data_file(test, "oracles.json") else { return };
    let oracles: serde_json::Value =
        serde_json::from_slice(&std::fs::read(oracles).expect("read")).expect("JSON");
    let mut families: [Vec<Array3<f32>>; 2] = [vec![], vec![]];
    for name in ["adv", "vad", "advs", "dvsa", "vsad", "sadv", "sdav"] {
        let Some(path) = data_file(test, &format!("cubes/sc_{name}.fits")) else { return };
        let file = open(&path);
        let family = usize::from(name.len() == 4);
        let shape = file.shape();
        families[family].push(file.read(Region::whole(shape), 1, &Context::unwatched()).expect("read"));
        // FITS axes of right ascension, declination and velocity in the file.
        let axes = ["a", "d", "v"].map(|letter| name.find(letter).expect("it has all three"));
        let wcs = Wcs::from_header(file.header()).expect("coordinates");
        let oracle = &oracles["wcs"][format!("cubes/sc_{name}.fits[0]")];
        let rows =
            |key: &str| -> Vec<Vec<f64>> { serde_json::from_value(oracle[key].clone()).expect("numbers") };
        for (pixel, world) in rows("fits_pixels_1based").iter().zip(rows("world")) {
            let found = wcs.world(&axes.map(|axis| pixel[axis]));
            for (found, axis) in found.iter().zip(axes) {
                assert!(
                    (found - world[axis]).abs() < 1e-9 * world[axis].abs(),
                    "{name}: {found} {}",
                    world[axis]
                );
            }
        }
    }
    for family in families {
        assert!(family.iter().all(|cube| *cube == family[0]));
    }
}

#[test]
fn cubes_with_surplus_axes_hold_the_numbers_of_the_plain_one() {
    let test = "cubes_with_surplus_axes_hold_the_numbers_of_the_plain_one";
    let Some(plain) = data_file(test, "cubes/noise_3d.fits") else { return };
    let read = |path: &Path, plane| {
        let file = CubeFile::open(path, None, plane).expect("it opens");
        let cube = file.read(Region::whole(file.shape()), 1, &Context::unwatched()).expect("read");
        (cube, file.planes(), file.warnings().len())
    };
    let (plain, ..) = read(&plain, None);
    for name in ["noise_3d_degen", "noise_3d_degen_casa"] {
        let path = data_folder().expect("it is there").join(format!("cubes/{name}.fits"));
        assert_eq!(read(&path, None), (plain.clone(), 1, 0), "{name}");
    }
    // 1000 numbers in file order, of which each plane of Stokes is half.
    let flat: Vec<f32> = plain.iter().copied().collect();
    let path = data_folder().expect("it is there").join("cubes/noise_4d.fits");
    let (second, planes, warnings) = read(&path, Some(1));
    assert_eq!(
        (second.iter().copied().collect::<Vec<f32>>(), planes, warnings),
        (flat[500..].to_vec(), 2, 0)
    );
    assert_eq!(read(&path, None).2, 1, "the choice of a plane is said");
    let path = data_folder().expect("it is there").join("cubes/noise_4d_casa.fits");
    let expected: Vec<f32> = flat.chunks(100).skip(1).step_by(2).flatten().copied().collect();
    assert_eq!(read(&path, Some(1)).0.iter().copied().collect::<Vec<f32>>(), expected);
}

#[test]
fn a_level_is_the_reduction_of_the_whole_and_the_finest_that_fits() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut cube = ramp(37, 21, 50);
    cube[[3, 4, 5]] = f32::NAN;
    let file = open(&npy_cube(&folder.path().join("a.npy"), &cube));
    let context = Context::unwatched();
    for (longest_side, most_bytes, factor) in [
        (50, u64::MAX, 1),
        (49, u64::MAX, 2),
        (16, u64::MAX, 4),
        (50, 4 * 37 * 21 * 50 - 1, 2),
        (50, 2000, 5),
    ] {
        for reduce in [Reduce::Mean, Reduce::Maximum] {
            let wish = Wish { longest_side, most_bytes, reduce, ..Wish::default() };
            let (loaded, slabs) = loaded(&file, &wish, &context);
            assert_eq!(loaded.factor, factor);
            let expected = reduced(cube.view(), factor, reduce);
            let bits = |cube: &Array3<f32>| cube.mapv(f32::to_bits);
            assert_eq!(bits(&loaded.values), bits(&expected));
            assert_eq!(bits(&slabs), bits(&expected));
            assert_eq!(loaded.count_blank, usize::from(factor == 1));
            assert_eq!(loaded.reduced_words().is_some(), factor > 1);
        }
    }
    // The cropped part is there at full resolution under the same limits.
    let region = Region { start: [5, 2, 30], size: [20, 16, 20] };
    let wish = Wish { longest_side: 20, region: Some(region), ..Wish::default() };
    let (part, _) = loaded(&file, &wish, &context);
    assert_eq!((part.factor, part.is_cropped()), (1, true));
    assert_eq!(*part.values, cube.slice(s![5..25, 2..18, 30..50]));
    let outside = Wish { region: Some(Region { start: [5, 2, 31], ..region }), ..Wish::default() };
    let message = load(&file, &outside, &context, &mut |_| Ok(())).err().expect("refused").to_string();
    assert!(message.contains("20 × 16 × 20") && message.contains("50 × 21 × 37"), "{message}");
}

#[test]
fn half_floats_where_nothing_else_is_taken_are_told_if_they_lose_something() {
    let folder = tempfile::tempdir().expect("a folder");
    // A ramp from 0: its first voxels are far below a ten-thousandth of its last.
    let wide = open(&npy_cube(&folder.path().join("wide.npy"), &ramp(30, 30, 30)));
    let narrow = open(&npy_cube(&folder.path().join("narrow.npy"), &(ramp(4, 4, 4) + 10.0)));
    for (file, full_floats, is_told) in [(&wide, true, false), (&wide, false, true), (&narrow, false, false)]
    {
        let context = Context::unwatched();
        let wish = Wish { full_floats, ..Wish::default() };
        let (loaded, _) = loaded(file, &wish, &context);
        let warned = context.take_warnings().iter().any(|warning| warning.contains("half floats only"));
        assert_eq!((loaded.lacks_digits, warned), (is_told, is_told));
    }
}

#[test]
fn a_coarse_cube_comes_first_and_full_adapters_get_coarser_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let cube = ramp(240, 200, 210);
    let file = open(&npy_cube(&folder.path().join("a.npy"), &cube));
    let context = Context::unwatched();
    let mut order = vec![];
    let mut room = 4_000_000;
    let loaded = load(&file, &Wish::default(), &context, &mut |feed| {
        match feed {
            Feed::Coarse(grid) => {
                // The middles of blocks of two.
                let picked = cube.slice(s![1..;2, 1..;2, 1..;2]);
                let back = grid.values.mapv(|value| grid.lattice.physical(value) as f32);
                assert_eq!(back.dim(), (120, 100, 105));
                assert!(back.iter().zip(picked).all(|(a, b)| (a - b).abs() <= 1e-6 * b));
                order.push("coarse".to_owned());
            }
            Feed::Begin(lattice) => {
                order.push(format!("{:?}", lattice.shape));
                let voxels = lattice.shape.iter().product::<usize>();
                if voxels > room {
                    room /= 2;
                    return Err(VolumeError::OutOfMemory { bytes: 4 * voxels as u64 });
                }
            }
            Feed::Slab { .. } | Feed::Done => {}
        }
        Ok(())
    })
    .expect("a level fits");
    assert_eq!(order, ["coarse", "[210, 200, 240]", "[105, 100, 120]"]);
    assert_eq!(loaded.factor, 2);
    let warnings = context.take_warnings();
    assert!(warnings.iter().any(|warning| warning.contains("each 2 × 2 × 2 voxels")), "{warnings:?}");
    // What no level can mend is an error.
    let lost = load(&file, &Wish::default(), &context, &mut |_| Err(VolumeError::Lost("gone".into())));
    assert!(lost.err().expect("refused").to_string().contains("gone"));
}

#[test]
fn a_file_that_changes_while_it_is_read_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = npy_cube(&folder.path().join("a.npy"), &ramp(20, 10, 10));
    let file = open(&path);
    let length = std::fs::metadata(&path).expect("it is there").len();
    std::fs::OpenOptions::new().append(true).open(&path).expect("open").write_all(&[0]).expect("written");
    let read = |file: &Arc<CubeFile>| load(file, &Wish::default(), &Context::unwatched(), &mut |_| Ok(()));
    let message = read(&file).err().expect("it has changed").to_string();
    assert!(message.contains("a.npy") && message.contains("changed"), "{message}");
    let file = open(&path);
    std::fs::OpenOptions::new().write(true).open(&path).expect("open").set_len(length / 2).expect("cut");
    let message = read(&file).err().expect("it is cut off").to_string();
    assert!(message.contains("a.npy") && message.contains("ends"), "{message}");
}

#[test]
fn each_fault_of_a_file_is_one_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let write = |name: &str, shape: &[usize]| {
        let path = home.join(name);
        fits::write_values(&path, &Values::F32(ArrayD::zeros(IxDyn(shape))), "K", &Header::default())
            .expect("written");
        path
    };
    let cut = |path: &Path, name: &str| {
        let bytes = std::fs::read(path).expect("read");
        let path = home.join(name);
        std::fs::write(&path, &bytes[..bytes.len() * 2 / 3]).expect("written");
        path
    };
    let cube = write("cube.fits", &[20, 20, 20]);
    let packed = home.join("cube.fits.gz");
    let mut encoder = flate2::write::GzEncoder::new(
        std::fs::File::create(&packed).expect("made"),
        flate2::Compression::fast(),
    );
    encoder.write_all(&std::fs::read(&cube).expect("read")).expect("packed");
    encoder.finish().expect("packed");
    let claims = home.join("claims.fits");
    let cards = [
        "SIMPLE  =                    T",
        "BITPIX  =                  -32",
        "NAXIS   =                    3",
        "NAXIS1  =              1000000",
        "NAXIS2  =              1000000",
        "NAXIS3  =                 1000",
        "END",
    ];
    let mut text: String = cards.iter().map(|card| format!("{card:<80}")).collect();
    text.push_str(&" ".repeat(2880 - text.len()));
    std::fs::write(&claims, text + &"\0".repeat(2880)).expect("written");
    let scalar = home.join("scalar.npy");
    npy::write(&scalar, &Values::F32(ArrayD::zeros(IxDyn(&[])))).expect("written");
    let faults: [(PathBuf, &[&str], &str); 12] = [
        (cut(&cube, "cut.fits"), &[], "cut off"),
        (cut(&packed, "cut.fits.gz"), &[], "gzip"),
        (claims, &[], "cut off"),
        (write("map.fits", &[20, 20]), &[], "Clouds"),
        (write("row.fits", &[20]), &[], "one axis"),
        (scalar, &[], "a single number"),
        (home.join("absent.fits"), &[], "cannot open"),
        (home.to_owned(), &[], "folder"),
        (cube.clone(), &["--hdu", "3"], "HDU 3"),
        (cube.clone(), &["--plane", "1"], "no plane 1"),
        (cube.clone(), &["--region", "0:21,,"], "does not lie within"),
        (cube.clone(), &["--size", "100000x10"], "100000 × 10"),
    ];
    for (path, more, words) in faults {
        let message = fault(&render(home, &path, more));
        assert!(message.contains(words), "{message}");
        let names_file = message.contains(&*path.to_string_lossy());
        assert!(names_file || words.contains('×'), "{message}");
        assert!(!home.join("out.png").exists(), "no picture of {message}");
    }
    let usage: [&[&str]; 6] = [
        &["--size", "0x0"],
        &["--region", "5:5,,"],
        &["--slice", "w=0.5"],
        &["--slice", "x=1.5"],
        &["--mode", "transfer"],
        &["--blank", "blue"],
    ];
    for more in usage {
        assert_eq!(render(home, &cube, more).status.code(), Some(2), "{more:?}");
    }
}

#[test]
fn odd_cubes_are_drawn() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let brightness = |name: &str, values: &Array3<f32>, more: &[&str]| {
        let output = render(home, &npy_cube(&home.join(name), values), more);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{name}: {text}");
        let out = home.join("out.png");
        let picture =
            aquila::io::open(&out).expect("a PNG").values(0, &Context::unwatched()).expect("pixels");
        let sum: f64 = picture.to_f64().expect("numbers").slice(s![.., .., 0..3]).iter().sum();
        (sum, text, json(&output))
    };
    let small = ramp(6, 7, 8);
    for (name, values) in [
        ("tiny.npy", small.mapv(|value| value * 1e-40)),
        ("huge.npy", small.mapv(|value| value * 2.9e35)),
        ("constant.npy", Array3::from_elem((5, 6, 7), 3.0)),
        ("negative.npy", small.mapv(|value| value - 1000.0)),
        ("flat.npy", ramp(1, 20, 30)),
        ("line.npy", ramp(30, 1, 1)),
        ("voxel.npy", Array3::from_elem((1, 1, 1), 2.0)),
    ] {
        let (sum, text, answer) = brightness(name, &values, &[]);
        assert!(sum > 100.0, "{name}: {sum}, {text}");
        assert_eq!((&answer["level"], &answer["reduced"]), (&1.into(), &serde_json::Value::Null));
    }
    let (sum, text, _) = brightness("blank.npy", &Array3::from_elem((4, 4, 4), f32::NAN), &[]);
    assert!(sum == 0.0 && text.contains("every voxel is blank"), "{sum}, {text}");
    // Longer than many an adapter's textures.
    let (sum, _, answer) = brightness("wide.npy", &ramp(2, 300, 2100), &[]);
    assert!(sum > 100.0 && answer["shape"] == serde_json::json!([2, 300, 2100]));
    let level = answer["level"].as_u64().expect("a level");
    assert_eq!(answer["reduced"].is_string(), level > 1, "{answer}");
    // All that a scene may hold at once.
    let scene = [
        "--mode",
        "nothing",
        "--slice",
        "x=0.5,2",
        "--slice",
        "free=0.5,0.5,0.5,1,1,0",
        "--iso",
        "100",
        "--iso",
        "-5",
        "--clip",
        "0",
        "0.9",
        "0",
        "1",
        "0",
        "1",
        "--background",
        "102030",
        "--blank",
        "ff0000",
        "--passes",
        "3",
    ];
    assert!(brightness("cube.npy", &small, &scene).0 > 100.0);
    let cube = home.join("cube.npy");
    let second = cube.to_string_lossy();
    let transfer = [
        "--mode",
        "transfer",
        "--source",
        "second",
        "--second",
        &second,
        "--opacity",
        "0.5",
        "--opacity-from",
        "cube",
        "--length-pc",
        "2",
        "--intensity-behind",
        "3",
    ];
    assert!(brightness("cube.npy", &small, &transfer).0 > 100.0);
}

/// As on a shared machine whose user leaves cubes little of the adapter's memory.
#[test]
fn a_cube_that_the_adapter_has_no_room_for_is_drawn_coarser_and_both_what_and_why_are_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    // 512 kB; a quarter fits, half as fine takes an eighth.
    let cube = npy_cube(&home.join("cube.npy"), &ramp(32, 64, 64));
    let out = home.join("out.png");
    let draw = |room: &str| {
        let cube = cube.to_string_lossy();
        let arguments =
            ["render", &cube, "--out", &out.to_string_lossy(), "--software", "--json", "--size", "40x30"];
        aquila_with(home, &arguments, &[("AQUILA_ADAPTER_MEMORY", room)])
    };
    let output = draw("128kB");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("AQUILA_ADAPTER_MEMORY") && text.contains("each 2 × 2 × 2 voxels"), "{text}");
    let answer = json(&output);
    let words = answer["reduced"].as_str().expect("it was reduced");
    assert_eq!((answer["level"].as_u64(), words.ends_with("the adapter's memory is full")), (Some(2), true));
    let pixels = |path: &Path| {
        let picture = aquila::io::open(path).expect("a PNG").values(0, &Context::unwatched());
        picture.expect("pixels").to_f64().expect("numbers").iter().sum::<f64>()
    };
    let reduced = pixels(&out);
    let whole = draw("1 MB");
    assert_eq!(
        (json(&whole)["level"].as_u64(), &json(&whole)["reduced"]),
        (Some(1), &serde_json::Value::Null)
    );
    assert!((reduced / pixels(&out) - 1.0).abs() < 0.05, "the same cube is seen: {reduced}");
    // A single voxel is too much, and what is no amount is not guessed at.
    let refused = draw("3 B");
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && text.contains("error: cubes may take 0 MiB more"), "{text}");
    assert!(fault(&draw("much")).contains("AQUILA_ADAPTER_MEMORY=much"));
}

#[test]
fn a_mangled_cube_is_never_shown_silently() {
    let test = "a_mangled_cube_is_never_shown_silently";
    let Some(path) = data_file(test, "cubes/L1448_CORRUPTED_utf8_mangled.fits") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let output = render(folder.path(), &path, &[]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("perhaps damaged"), "{text}");
}
