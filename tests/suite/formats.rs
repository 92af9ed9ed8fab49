//! NPY, NPZ, HDF5, PNG and tables: real files against numbers from numpy and h5py, round trips, damaged and hostile headers.

use super::support::{data_file, data_folder};
use aquila::data::{
    Channel, Column, ColumnValues, Header, SampleSet, Split, Statistics, Table, Values, statistics,
};
use aquila::io::{self, Contents, Format, PartKind, hdf5, npy, sample_set, tables};
use aquila::job::Context;
use ndarray::{ArrayD, IxDyn};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::Path;

/// The entries of `oracles.json` of one kind.
fn oracles(test: &str, kind: &str) -> Vec<(String, Value)> {
    let Some(path) = data_file(test, "oracles.json") else {
        return Vec::new();
    };
    let text = std::fs::read_to_string(path).expect("readable");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let files = all["files"].as_object().expect("an object");
    files
        .iter()
        .filter(|(_, entry)| entry["kind"] == kind)
        .map(|(name, entry)| (name.clone(), entry.clone()))
        .collect()
}

fn shape_of(oracle: &Value) -> Vec<usize> {
    oracle["shape"]
        .as_array()
        .expect("a shape")
        .iter()
        .map(|n| n.as_u64().expect("a length") as usize)
        .collect()
}

/// SHA-256 of the values in C order as little-endian float64 (complex128), every NaN the canonical one.
fn hash(values: &Values) -> String {
    let canonical = |value: f64| if value.is_nan() { f64::from_bits(0x7ff8_0000_0000_0000) } else { value };
    let numbers: Vec<f64> = match values {
        Values::C64(array) => array.iter().flat_map(|z| [f64::from(z.re), f64::from(z.im)]).collect(),
        Values::C128(array) => array.iter().flat_map(|z| [z.re, z.im]).collect(),
        real => real.to_f64().expect("real").into_iter().collect(),
    };
    let mut hasher = Sha256::new();
    for number in numbers {
        hasher.update(canonical(number).to_le_bytes());
    }
    hasher.finalize().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes all");
        text
    })
}

/// Numbers of the oracle against ours: exact where they are exact, else to rounding of a sum.
fn compare(name: &str, oracle: &Value, values: &Values) {
    assert_eq!(values.shape(), shape_of(oracle), "{name}: shape");
    assert_eq!(values.descr(), oracle["dtype"].as_str().expect("a type"), "{name}: type");
    let key = if values.is_complex() { "sha256_c16le_C" } else { "sha256_f8le_C" };
    assert_eq!(hash(values), oracle[key].as_str().expect("a hash"), "{name}: values");
    let Some(ours) = statistics(values) else {
        assert!(values.is_complex());
        return;
    };
    let Statistics { count_nan, count_inf, min, max, sum, mean, std, .. } = ours;
    assert_eq!(Some(count_nan as u64), oracle["n_nan"].as_u64(), "{name}: NaN");
    assert_eq!(Some(count_inf as u64), oracle["n_inf"].as_u64(), "{name}: infinities");
    let number = |key: &str| oracle[key].as_f64().unwrap_or(f64::NAN);
    assert!(min.to_bits() == number("min").to_bits() || min == number("min"), "{name}: min {min}");
    assert!(max.to_bits() == number("max").to_bits() || max == number("max"), "{name}: max {max}");
    // numpy sums in the type's own precision or in pairs; the scale of a sum's rounding is its largest part.
    let scale = min.abs().max(max.abs());
    for (key, value, scale) in
        [("sum", sum, scale * values.len() as f64), ("mean", mean, scale), ("std", std, scale)]
    {
        let expected = number(key);
        let same = (expected.is_nan() && value.is_nan()) || (value - expected).abs() <= 1e-12 * scale;
        assert!(same, "{name}: {key} is {value}, expected {expected}");
    }
}

fn compare_member(name: &str, path: &Path, member: &npy::Member, oracle: &Value) {
    let header = &member.header;
    let version = oracle["version"].as_array().expect("a version");
    assert_eq!(version[0], u64::from(header.version.0), "{name}: version");
    assert_eq!(header.shape, shape_of(oracle), "{name}: shape in the header");
    assert_eq!(header.descr, oracle["descr"].as_str().expect("a type"), "{name}: descr");
    assert_eq!(Some(header.fortran_order), oracle["fortran_order"].as_bool(), "{name}: order");
    let read = npy::read(path, &member.name);
    if oracle.get("error").is_some() {
        let message = read.expect_err("objects are refused").to_string();
        assert!(message.contains("pickled") && !message.contains('\n'), "{name}: {message}");
        return;
    }
    match read.unwrap_or_else(|error| panic!("{name}: {error}")) {
        Contents::Values(values) => compare(name, oracle, &values),
        Contents::Table(table) => {
            let dtype = oracle["dtype"].as_str().expect("a type");
            assert!(dtype.contains('S') || dtype.contains('U'), "{name} is {dtype}");
            assert_eq!(table.columns.len(), 1);
        }
        Contents::Empty => panic!("{name}: empty"),
    }
}

#[test]
fn every_numpy_array_is_what_numpy_says() {
    let Some(folder) = data_folder() else {
        return drop(oracles("numpy arrays", "npy"));
    };
    let arrays = oracles("numpy arrays", "npy");
    for (name, oracle) in &arrays {
        let path = folder.join(name);
        let members = npy::scan(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(members.len(), 1, "{name}");
        compare_member(name, &path, &members[0], oracle);
    }
    let archives = oracles("numpy archives", "npz");
    for (name, oracle) in &archives {
        let path = folder.join(name);
        let members = npy::scan(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = oracle["members"].as_object().expect("members");
        assert_eq!(members.len(), expected.len(), "{name}: members");
        for member in &members {
            let member_oracle = &expected[&format!("{}.npy", member.name)];
            compare_member(&format!("{name}:{}", member.name), &path, member, member_oracle);
        }
    }
    assert!(arrays.len() + archives.len() >= 100, "the list of oracles is short");
}

#[test]
fn every_hdf5_dataset_is_what_h5py_says() {
    let Some(folder) = data_folder() else {
        return drop(oracles("HDF5 datasets", "hdf5"));
    };
    for (name, oracle) in &oracles("HDF5 datasets", "hdf5") {
        let path = folder.join(name);
        let found = hdf5::scan(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = oracle["datasets"].as_object().expect("datasets");
        let names: Vec<&str> = found.iter().map(|info| info.name.as_str()).collect();
        assert!(expected.keys().all(|key| names.contains(&key.as_str())), "{name}: {names:?}");
        assert_eq!(found.len(), expected.len(), "{name}: {names:?}");
        for info in &found {
            let (dataset, place) = (&expected[&info.name], format!("{name}:{}", info.name));
            assert_eq!(info.shape, shape_of(dataset), "{place}");
            match hdf5::read(&path, &info.name).unwrap_or_else(|error| panic!("{place}: {error}")) {
                Contents::Values(values) => compare(&place, dataset, &values),
                Contents::Table(table) => {
                    assert_eq!(table.rows, shape_of(dataset)[0], "{place}");
                    // The list keeps the first 80 characters of NumPy's description.
                    let fields = table.columns.iter().map(|column| match column.values {
                        ColumnValues::Integer(_) => format!("('{}', '<i8')", column.name),
                        _ => format!("('{}', '<f8')", column.name),
                    });
                    let descr = format!("[{}]", fields.collect::<Vec<_>>().join(", "));
                    let expected = dataset["dtype"].as_str().expect("a type");
                    assert!(descr.starts_with(expected), "{place}: {descr}");
                }
                Contents::Empty => panic!("{place}: empty"),
            }
        }
    }
    let idia = hdf5::scan(&folder.join("cubes/M17_SWex_unit.hdf5")).expect("datasets").remove(0);
    assert_eq!((idia.name.as_str(), idia.unit.as_str()), ("0/DATA", "Jy/beam"));
    assert_eq!(idia.header.text("CTYPE3"), Some("FREQ"));
    assert!(idia.header.float("RESTFRQ").is_some_and(|hz| hz > 1e9));
}

/// Values that tell every place apart.
fn counted(shape: &[usize]) -> ArrayD<f32> {
    let count = shape.iter().product::<usize>();
    ArrayD::from_shape_vec(IxDyn(shape), (0..count).map(|i| i as f32 * 0.5).collect()).expect("that many")
}

#[test]
fn a_sample_set_comes_back_as_it_was_and_in_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut set = SampleSet {
        split: vec![Split::Train, Split::Test, Split::Validation],
        group: vec![7, 7, 2],
        ..SampleSet::default()
    };
    // Not in alphabetical order, which HDF5 would make of them.
    for (name, unit) in [("zeta", "cm-2"), ("alpha", "K")] {
        let values = counted(&[3, 1, 4, 4]);
        set.channels.insert(name.into(), Channel { unit: unit.into(), values });
    }
    set.channels[1].values[[2, 0, 3, 3]] = f32::NAN;
    set.targets.insert("age".into(), Channel { unit: "dex(yr)".into(), values: counted(&[3, 1]) });
    let recipe = "kind = \"patches\"\nsize = 4 # µ\n".to_owned() + &"# remark\n".repeat(9000);
    for (key, text) in [("recipe", recipe.as_str()), ("seed", "18"), ("sources", "a.fits 00ff")] {
        set.attributes.insert(key.into(), text.into());
    }
    let (first, second) = (folder.path().join("a.h5"), folder.path().join("b.h5"));
    sample_set::write(&first, &set).expect("written");
    // HDF5 notes times of change, to the second, unless it is told not to.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    sample_set::write(&second, &set).expect("written");
    assert!(std::fs::read(&first).expect("read") == std::fs::read(&second).expect("read"), "other bytes");
    let back = sample_set::read(&first).expect("readable");
    assert_eq!(back.channels.keys().collect::<Vec<_>>(), ["zeta", "alpha"]);
    assert!(back.channels[1].values[[2, 0, 3, 3]].is_nan());
    set.channels[1].values[[2, 0, 3, 3]] = 0.0;
    let mut same = back.clone();
    same.channels[1].values[[2, 0, 3, 3]] = 0.0;
    assert_eq!(same.channels, set.channels);
    assert_eq!((&same.targets, &same.split, &same.group), (&set.targets, &set.split, &set.group));
    let mut attributes = set.attributes.clone();
    attributes.sort_keys();
    assert_eq!(same.attributes, attributes);

    set.group.pop();
    let message = sample_set::write(&first, &set).expect_err("refused").to_string();
    assert!(message.contains("`group` has 2 entries for 3 samples"), "{message}");
    let message = sample_set::read(&folder.path().join("c.h5")).expect_err("absent").to_string();
    assert!(message.contains("c.h5") && message.contains("cannot open"), "{message}");
}

#[test]
fn patch_folders_of_polariscore_are_sample_sets() {
    let folder = tempfile::tempdir().expect("a folder");
    let save = |name: &str, shape: &[usize], add: f32| {
        let values = Values::F64(counted(shape).mapv(|value| f64::from(value + add)));
        npy::write(&folder.path().join(name), &values).expect("written");
    };
    for sample in [0, 1, 10] {
        save(&format!("{sample}_vdens.npy"), &[4, 4], sample as f32);
        save(&format!("{sample}_cdens.npy"), &[4, 4], sample as f32);
        save(&format!("{sample}_cospectra.npy"), &[4, 4, 6], 0.0);
        save(&format!("{sample}_cdens_context.npy"), &[2, 4, 4], 0.0);
        save(&format!("{sample}_physize.npy"), &[1], 0.0);
    }
    std::fs::write(folder.path().join("settings.json"), r#"{"order": ["cdens", "vdens"], "SIM_name": "x"}"#)
        .expect("written");
    let set = sample_set::read(folder.path()).expect("readable");
    assert_eq!(set.len(), 3);
    assert_eq!(set.channels.keys().collect::<Vec<_>>(), ["cdens", "cdens_context", "cospectra", "physize"]);
    let shapes: Vec<&[usize]> = set.channels.values().map(|channel| channel.values.shape()).collect();
    assert_eq!(shapes, [&[3, 1, 4, 4][..], &[3, 2, 4, 4], &[3, 1, 4, 4, 6], &[3, 1]]);
    assert_eq!(
        (set.targets["vdens"].unit.as_str(), set.targets["vdens"].values[[2, 0, 0, 1]]),
        ("cm-3", 10.5)
    );
    assert!(set.attributes["split"].contains("every sample is marked train"));

    std::fs::remove_file(folder.path().join("1_vdens.npy")).expect("removed");
    let message = sample_set::read(folder.path()).expect_err("refused").to_string();
    assert!(message.contains("1_vdens.npy is missing"), "{message}");
}

#[test]
fn cutouts_of_star_clusters_are_sample_sets() {
    use hdf5_metno::types::VarLenUnicode;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("raw_phangs_dataset.h5");
    let file = hdf5_metno::File::create(&path).expect("created");
    let cutouts = counted(&[3, 5, 8, 8]);
    file.new_dataset::<f32>()
        .shape([3, 5, 8, 8])
        .create("image_cutouts")
        .expect("created")
        .write_raw(cutouts.as_slice().expect("contiguous"))
        .expect("written");
    file.new_dataset::<f32>()
        .shape([3])
        .create("cluster_log_ages")
        .expect("created")
        .write_raw(&[6.0_f32, 7.5, 8.0])
        .expect("written");
    file.new_dataset::<i32>()
        .shape([3])
        .create("cluster_ids")
        .expect("created")
        .write_raw(&[11_i32, 12, 11])
        .expect("written");
    let names: Vec<VarLenUnicode> =
        ["NGC_628C", "NGC_1566", "NGC_628C"].iter().map(|name| name.parse().expect("a text")).collect();
    file.new_dataset::<VarLenUnicode>()
        .shape([3])
        .create("galaxy_ids")
        .expect("created")
        .write_raw(&names[..])
        .expect("written");
    file.close().expect("closed");
    let set = sample_set::read(&path).expect("readable");
    assert_eq!(set.channels["image_cutouts"].values, cutouts);
    assert_eq!(set.targets["cluster_log_ages"].values.as_slice(), Some(&[6.0, 7.5, 8.0][..]));
    assert_eq!(set.targets["cluster_log_ages"].values.shape(), [3, 1]);
    assert_eq!(
        (set.group.as_slice(), set.attributes["groups"].as_str()),
        (&[1, 0, 1][..], "NGC_1566, NGC_628C")
    );
    assert_eq!(set.attributes["cluster_ids"], "11, 12, 11");
}

fn column(name: &str, unit: &str, width: usize, values: ColumnValues) -> Column {
    Column { name: name.into(), unit: unit.into(), width, values }
}

#[test]
fn tables_come_back_with_units_and_every_digit() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = Table {
        rows: 3,
        columns: vec![
            column("id", "", 1, ColumnValues::Integer(vec![i64::MIN, 0, i64::MAX])),
            column("M_star", "solMass", 1, ColumnValues::Float(vec![1e-300, f64::MAX, 0.1 + 0.2])),
            column(
                "flux, total",
                "10**(-20)*erg/s/cm**2",
                1,
                ColumnValues::Float(vec![-1.5, f64::INFINITY, 2.0]),
            ),
            column("good", "", 1, ColumnValues::Logical(vec![true, false, true])),
            column("name", "", 1, ColumnValues::Text(vec!["# 1".into(), "a, \"b\"".into(), "no".into()])),
            column("bands", "mag", 2, ColumnValues::Float(vec![1.0, 2.5, -3.0, 4.0, 5.0, 6.0])),
            column(
                "tags",
                "",
                2,
                ColumnValues::Text(["a,b", "c", "d", "e", "\"f", "µ"].map(String::from).to_vec()),
            ),
        ],
    };
    let ecsv = folder.path().join("t.ecsv");
    tables::write_ecsv(&ecsv, &table).expect("written");
    assert_eq!(tables::read(&ecsv).expect("readable"), table);

    let csv = folder.path().join("t.csv");
    tables::write_csv(&csv, &table).expect("written");
    let back = tables::read(&csv).expect("readable");
    assert_eq!(back.rows, 3);
    for name in ["id", "M_star", "flux, total", "good", "name"] {
        assert_eq!(back.column(name).expect(name).values, table.column(name).expect(name).values, "{name}");
    }
    assert_eq!(back.column("bands_2").expect("split").values, ColumnValues::Float(vec![2.5, 4.0, 6.0]));

    // As astropy writes it: spaces, block style, a missing value.
    let text = "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a b, unit: km / s, datatype: int16, description: 'x, y'}\n# - name: t\n#   datatype: string\n# meta: !!omap\n# - {k: v}\n# schema: astropy-2.0\n\"a b\" t\n1 \"x y\"\n\"\" \"\"\n";
    std::fs::write(&ecsv, text).expect("written");
    let back = tables::read(&ecsv).expect("readable");
    let ColumnValues::Float(values) = &back.columns[0].values else { panic!("{:?}", back.columns[0]) };
    assert!(values[0] == 1.0 && values[1].is_nan());
    assert_eq!((back.columns[0].unit.as_str(), back.columns.len()), ("km / s", 2));
    assert_eq!(back.columns[1].values, ColumnValues::Text(vec!["x y".into(), "".into()]));

    std::fs::write(&csv, "a,b\n1,2\n3\n").expect("written");
    let message = tables::read(&csv).expect_err("refused").to_string();
    assert!(message.contains("line 3") && message.contains("1 columns, the table 2"), "{message}");
}

#[test]
fn catalogues_of_text_are_read_as_their_authors_meant() {
    let Some(folder) = data_folder() else {
        return drop(data_file("catalogues of text", "sextractor/m51.cat"));
    };
    let read =
        |name: &str| tables::read(&folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let sextractor = read("sextractor/m51.cat");
    let flux = sextractor.column("FLUX_APER").expect("a column");
    assert_eq!((flux.width, flux.unit.as_str()), (3, "count"));
    let ColumnValues::Float(values) = &flux.values else { panic!("no reals") };
    assert_eq!(values[..3], [45170.82, 141713.5, 282849.9]);
    assert_eq!(sextractor.columns.len(), 22);
    let objects = read("maps/Dunham_YSOs.dat");
    assert_eq!(objects.column("Class").map(|column| column.width), Some(1));
    assert!(matches!(objects.column("T_bol").expect("a column").values, ColumnValues::Float(_)));
    let regions = read("maps/RegionCatalog_DR1.csv");
    assert!(matches!(regions.column("VLSR").expect("a column").values, ColumnValues::Float(_)));
    let unnamed = read("hst/sc1234_valid_NGC628.csv");
    assert!(unnamed.columns.iter().all(|column| column.name.starts_with("col")));
    assert!(matches!(unnamed.columns[0].values, ColumnValues::Float(_)));
    let legus = read("hst/hlsp_legus_hst_wfc3_ngc1566_multiband_v1_padagb-mwext-avgapcor.tab");
    assert_eq!(legus.columns[0].name, "col1");
    assert!(matches!(legus.columns[0].values, ColumnValues::Integer(_)));
    let golden = read("clusters/c4/iraf_phot_golden.csv");
    assert_eq!(golden.rows, 6340);
    let positions = read("clusters/c4/raw_positions/white_position_0_test_reff1.00.txt");
    assert_eq!(positions.columns.len(), 3);
}

#[test]
fn files_are_known_by_their_contents_and_listed_by_part() {
    let Some(folder) = data_folder() else {
        return drop(data_file("files by content", "oracles.json"));
    };
    let open = |name: &str| io::open(&folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let listed = |name: &str| -> Vec<(String, PartKind, Vec<usize>, String)> {
        let part = |part: &io::Part| (part.name.clone(), part.kind, part.shape.clone(), part.dtype.clone());
        open(name).parts.iter().map(part).collect()
    };
    let cube = open("simulations/stargen/400.npz");
    assert_eq!(
        (cube.format, cube.part_named("arr_2.npy").expect("a part").kind),
        (Format::Npz, PartKind::Cube)
    );
    let idia = open("cubes/M17_SWex_unit.hdf5");
    assert_eq!(
        (idia.format, idia.parts[0].kind, idia.parts[0].unit.as_str()),
        (Format::Hdf5, PartKind::Cube, "Jy/beam")
    );
    let muse = listed("cubes/MUSE_A478_minicube.fits");
    assert_eq!(muse[1], ("DATA".into(), PartKind::Cube, vec![3681, 40, 40], "float32".into()));
    assert_eq!(listed("conformance/npy/numpy_py3-objarr.npy")[0].1, PartKind::Unread);
    assert_eq!(listed("simulations/filfinder/test1_table.hdf5")[0].2, [9]);
    assert_eq!(listed("maps/RegionCatalog_DR1.csv")[0].1, PartKind::Table);
    // The same sky, from FITS and from HDF5.
    let fits = io::read_cube(&folder.join("cubes/M17_SWex_unit.fits"), None).expect("a cube");
    let hdf5 = io::read_cube(&folder.join("cubes/M17_SWex_unit.hdf5"), None).expect("a cube");
    let same = fits.values.iter().zip(&hdf5.values).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()));
    assert!(
        same && fits.values.shape() == [5, 6, 6]
            && hdf5.values.shape() == [5, 6, 6]
            && fits.unit == hdf5.unit
    );
    for key in ["CTYPE1", "CTYPE2", "CTYPE3"] {
        assert_eq!(fits.header.text(key), hdf5.header.text(key), "{key}");
    }
    for key in ["CRVAL1", "CRPIX2", "CDELT3", "RESTFRQ"] {
        assert_eq!(fits.header.float(key), hdf5.header.float(key), "{key}");
    }
}

#[test]
fn a_damaged_or_misnamed_file_gets_one_line_that_names_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let values = Values::F64(counted(&[20, 30]).mapv(f64::from));
    let (npy_path, h5_path) = (folder.path().join("whole.npy"), folder.path().join("whole.h5"));
    npy::write(&npy_path, &values).expect("written");
    hdf5::write_image(&h5_path, &values, "K", &Header::default()).expect("written");
    let png_path = folder.path().join("whole.png");
    let grey = Values::U8(ArrayD::from_shape_fn(IxDyn(&[20, 30]), |i| (i[0] * i[1]) as u8));
    io::png::write(&png_path, &grey).expect("written");
    assert_eq!(io::png::read(&png_path).expect("readable"), grey);
    for whole in [&npy_path, &h5_path, &png_path] {
        let bytes = std::fs::read(whole).expect("read");
        for keep in [0, 1, 5, 7, 11, 60, bytes.len() / 2, bytes.len() - 1] {
            let path =
                whole.with_file_name(format!("cut{keep}")).with_extension(whole.extension().expect("one"));
            std::fs::write(&path, &bytes[..keep]).expect("written");
            let read = io::open(&path).and_then(|file| file.values(0, &Context::unwatched()));
            // The last byte of a PNG is part of a checksum behind the pixels.
            if keep == bytes.len() - 1 && whole == &png_path && read.is_ok() {
                continue;
            }
            let message = read.expect_err(&format!("{} cut to {keep} bytes", whole.display())).to_string();
            assert!(message.contains(&format!("cut{keep}")) && !message.contains('\n'), "{message}");
        }
    }
    for (name, says) in
        [("map.fits", "is named as FITS"), ("x.npz", "is named as NPZ"), ("x.h5", "is named as HDF5")]
    {
        let path = folder.path().join(name);
        std::fs::write(&path, "not what the name says").expect("written");
        let message = io::open(&path).err().expect("refused").to_string();
        assert!(message.contains(says), "{message}");
    }
    let wrong = folder.path().join("really_npy.fits");
    std::fs::copy(&npy_path, &wrong).expect("copied");
    assert_eq!(io::open(&wrong).expect("by content").format, Format::Npy);
    let message = io::open(folder.path()).err().expect("refused").to_string();
    assert!(message.contains("is a folder"), "{message}");
}

/// Every type, with the extremes that a wrong sign, offset or byte order would spoil.
fn every_type() -> Vec<Values> {
    fn array<T>(values: Vec<T>) -> ArrayD<T> {
        ArrayD::from_shape_vec(IxDyn(&[2, 3]), values).expect("six")
    }
    macro_rules! integers {
        ($($variant:ident $type:ty),*) => {
            vec![$(Values::$variant(array(vec![<$type>::MIN, 0, 1, 2, <$type>::MAX - 1, <$type>::MAX]))),*]
        };
    }
    let mut all = integers!(I8 i8, U8 u8, I16 i16, U16 u16, I32 i32, U32 u32, I64 i64, U64 u64);
    let reals = [f64::MIN_POSITIVE, -0.0, 1.0 / 3.0, f64::INFINITY, -2.5e300, f64::MAX];
    all.push(Values::F64(array(reals.to_vec())));
    all.push(Values::F32(array(vec![
        f32::MIN_POSITIVE,
        -0.0,
        1e-45,
        f32::NEG_INFINITY,
        16_777_217.0,
        f32::MAX,
    ])));
    all.push(Values::F16(array([0.5, -0.0, 65504.0, 6e-8, 1.0, -3.25].map(half::f16::from_f64).to_vec())));
    all.push(Values::Bool(array(vec![true, false, false, true, true, false])));
    let complex = |re: f64| num_complex::Complex::new(re, -re / 3.0);
    all.push(Values::C128(array(reals.map(complex).to_vec())));
    all.push(Values::C64(array((0..6).map(|i| num_complex::Complex::new(i as f32, 0.1)).collect())));
    all
}

#[test]
fn numbers_of_every_type_pass_through_every_format_unchanged() {
    let folder = tempfile::tempdir().expect("a folder");
    let values_of = |path: &Path| io::open(path).and_then(|file| file.values(0, &Context::unwatched()));
    let cards = Header::default();
    for values in every_type() {
        let name = values.dtype();
        let npy_path = folder.path().join(format!("{name}.npy"));
        npy::write(&npy_path, &values).expect("written");
        assert_eq!(values_of(&npy_path).expect("readable"), values, "{name} in NPY");
        // What HDF5 and FITS have no type for keeps its numbers in a wider one.
        let widened = match &values {
            Values::F16(array) => Values::F32(array.mapv(f32::from)),
            other => other.clone(),
        };
        let h5 = folder.path().join(format!("{name}.h5"));
        hdf5::write_image(&h5, &values, "K", &cards).expect("written");
        assert_eq!(values_of(&h5).expect("readable"), widened, "{name} in HDF5");
        let fits = folder.path().join(format!("{name}.fits"));
        if values.is_complex() {
            let message =
                io::fits::write_values(&fits, &values, "", &cards).expect_err("refused").to_string();
            assert!(message.contains("complex"), "{message}");
            continue;
        }
        io::fits::write_values(&fits, &values, "K", &cards).expect("written");
        let stored = match &widened {
            Values::Bool(array) => Values::U8(array.mapv(u8::from)),
            other => other.clone(),
        };
        assert_eq!(values_of(&fits).expect("readable"), stored, "{name} in FITS");
        assert_eq!(io::open(&fits).expect("readable").parts[0].unit, "K");
    }
    // Payloads of NaN survive, and so do arrays without elements and without axes.
    let odd = f32::from_bits(0x7fc1_2345);
    let blank = Values::F32(ArrayD::from_elem(IxDyn(&[1, 1]), odd));
    let path = folder.path().join("blank.fits");
    io::fits::write_values(&path, &blank, "", &cards).expect("written");
    let Values::F32(back) = values_of(&path).expect("readable") else { panic!("no singles") };
    assert_eq!(back[[0, 0]].to_bits(), odd.to_bits());
    for shape in [&[][..], &[0], &[3, 0, 2]] {
        let values = Values::F64(ArrayD::zeros(IxDyn(shape)));
        let (npy_path, h5) = (folder.path().join("shape.npy"), folder.path().join("shape.h5"));
        npy::write(&npy_path, &values).expect("written");
        hdf5::write_image(&h5, &values, "", &cards).expect("written");
        assert_eq!(values_of(&npy_path).expect("readable"), values, "{shape:?}");
        assert_eq!(values_of(&h5).expect("readable"), values, "{shape:?}");
    }
}

#[test]
fn convert_keeps_values_units_and_coordinates_and_overwrites_nothing() {
    let Some(cube) = data_file("aquila convert", "cubes/UGC_1281_Original.fits") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let convert = |arguments: &[&str]| {
        let all: Vec<&str> = ["convert", "--json"].iter().chain(arguments).copied().collect();
        super::commands::aquila(folder.path(), &all)
    };
    let cube = cube.display().to_string();
    let (h5, fits, npy_path) = (at("cube.h5"), at("back.fits"), at("cube.npy"));
    let answer = super::commands::json(&convert(&[&cube, &h5]));
    assert_eq!((answer["dtype"].as_str(), answer["unit"].as_str()), (Some("float64"), Some("JY/BEAM")));
    assert_eq!(answer["shape"], serde_json::json!([45, 170, 140]));
    assert_eq!(convert(&[&h5, &fits]).status.code(), Some(0));
    let values = |path: &str| {
        io::open(Path::new(path)).and_then(|file| file.values(0, &Context::unwatched())).expect("values")
    };
    assert!(hash(&values(&cube)) == hash(&values(&fits)));
    let header = |path: &str| io::open(Path::new(path)).expect("readable").parts.remove(0).header;
    let (before, after) = (header(&cube), header(&fits));
    for card in &before.cards {
        let axis = ["CTYPE", "CUNIT", "CRPIX", "CRVAL", "CDELT", "CROTA"]
            .iter()
            .any(|stem| card.key.starts_with(stem));
        if axis
            || ["BUNIT", "OBJECT", "RESTFREQ", "RESTFRQ", "EPOCH", "BMAJ", "BMIN"]
                .contains(&card.key.as_str())
        {
            assert_eq!(after.get(&card.key), Some(&card.value), "{}", card.key);
        }
    }
    let remarks = |header: &Header| header.cards.iter().filter(|card| card.key == "HISTORY").count();
    assert_eq!(remarks(&before), remarks(&after));

    let answer = super::commands::json(&convert(&[&cube, &npy_path]));
    assert!(answer["notes"][0].as_str().expect("a note").contains("JY/BEAM"), "{answer}");
    assert!(hash(&values(&npy_path)) == hash(&values(&cube)));
    let again = convert(&[&cube, &npy_path]);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("--force"));
    assert_eq!(convert(&[&cube, &npy_path, "--force"]).status.code(), Some(0));
    assert_eq!(convert(&[&cube, &at("cube.txt"), "--force"]).status.code(), Some(1));
    let absent = convert(&[&h5, &at("x.npy"), "--member", "nothing"]);
    assert!(String::from_utf8_lossy(&absent.stderr).contains("0/DATA"));
    assert!(!Path::new(&at("x.npy")).exists());
}
