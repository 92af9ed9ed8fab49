//! Hostile and damaged FITS files: an error or a sound answer, never a panic, a hang, or memory by a header's claim.

use crate::support::data_file;
use aquila::data::{Column, ColumnValues, Cube, Header, Image, Table};
use aquila::io::fits::{FitsFile, read_table, write_cube, write_image, write_table};
use aquila::io::wcs::Wcs;
use aquila::job::Context;
use ndarray::{Array2, Array3};
use proptest::prelude::*;
use std::path::Path;

/// Does everything that a user could with the file; what matters is that it comes back.
fn use_up(bytes: &[u8], folder: &Path) -> Vec<String> {
    let path = folder.join("try.fits");
    std::fs::write(&path, bytes).expect("written");
    let mut errors = Vec::new();
    match FitsFile::open(&path) {
        Err(error) => errors.push(error.to_string()),
        Ok(file) => {
            for hdu in &file.hdus {
                let answers = [
                    file.values(hdu.index, &Context::unwatched()).err(),
                    file.singles(hdu.index, &Context::unwatched()).err(),
                    file.table(hdu.index).err(),
                ];
                errors.extend(answers.into_iter().flatten().map(|error| error.to_string()));
                if let Ok(wcs) = Wcs::from_header(&hdu.header) {
                    let world = wcs.world(&[1.0, 2.0, 3.0]);
                    if let Some(pixel) = wcs.pixel_from_world(&world) {
                        assert_eq!(pixel.len(), world.len());
                    }
                    assert!(wcs.velocities_km_s(3).is_err() || wcs.spectral.is_some());
                }
            }
        }
    }
    for error in &errors {
        assert!(!error.contains('\n'), "{error}");
    }
    errors
}

fn header(cards: &[String]) -> Vec<u8> {
    let mut bytes: Vec<u8> = cards.iter().flat_map(|card| format!("{card:<80.80}").into_bytes()).collect();
    bytes.extend(format!("{:<80}", "END").into_bytes());
    bytes.resize(bytes.len().next_multiple_of(2880), b' ');
    bytes
}

fn real(name: &str) -> Option<Vec<u8>> {
    data_file("damage", name).map(|path| std::fs::read(path).expect("readable"))
}

/// Kilobytes of address space in use, where the system tells.
fn memory_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmPeak:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn a_claim_of_a_petabyte_costs_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    for lengths in
        [vec![1u64 << 50], vec![100_000, 100_000, 100_000], vec![u64::MAX / 2; 3], vec![1 << 62, 1 << 62, 0]]
    {
        let mut cards = vec![
            format!("SIMPLE  = {:>20}", "T"),
            format!("BITPIX  = {:>20}", -64),
            format!("NAXIS   = {:>20}", lengths.len()),
        ];
        cards.extend(lengths.iter().enumerate().map(|(i, n)| format!("NAXIS{:<3}= {n:>20}", i + 1)));
        let before = memory_kb();
        let errors = use_up(&header(&cards), folder.path());
        assert!(!errors.is_empty(), "{lengths:?}");
        if let (Some(before), Some(after)) = (before, memory_kb()) {
            // Other tests run beside this one; a petabyte would show all the same.
            assert!(after < before + (8 << 20), "{before} kB before, {after} kB after");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..6000)) {
        let folder = tempfile::tempdir().expect("a folder");
        use_up(&bytes, folder.path());
        let mut named = b"SIMPLE  =                    T".to_vec();
        named.extend(&bytes);
        use_up(&named, folder.path());
    }

    /// Cards of the right shape with any values.
    #[test]
    fn any_cards_come_back(
        cards in proptest::collection::vec(
            ("(BITPIX|NAXIS|NAXIS[1-4]|PCOUNT|GCOUNT|GROUPS|BSCALE|BZERO|BLANK|CTYPE[1-3]|CRVAL[1-3]|CDELT[1-3]|PV[12]_[0-5]|CUNIT[1-3]|CD1_2|PC2_1|LONPOLE|WCSAXES|RESTFRQ)",
             "(-?[0-9]{1,3}|[0-9]{19}|T|F|1E300|-0.5|'RA---(TAN|AZP|ZPN|COE|HPX|QSC|AIR)'|'DEC--(TAN|AZP|ZPN|COE|HPX|QSC|AIR)'|'(VOPT-F2W|FREQ|WAVE-LOG|VELO-LSR|RA)'|'km/s'|)"),
            0..20),
        data in proptest::collection::vec(any::<u8>(), 0..3000),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut lines = vec![format!("SIMPLE  = {:>20}", "T")];
        lines.extend(cards.iter().map(|(key, value)| format!("{key:<8}= {value:>20}")));
        let mut bytes = header(&lines);
        bytes.extend(&data);
        use_up(&bytes, folder.path());
    }

    /// Real files of every kind with some bytes changed, or cut off.
    #[test]
    fn mutated_real_files_come_back(
        which in 0usize..8,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        in_header in any::<bool>(),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        const NAMES: [&str; 8] = [
            "conformance/astropy_fits/compressed_image.fits",
            "conformance/astropy_fits/compressed_with_nan.fits",
            "conformance/astropy_fits/double_ext.fits",
            "conformance/astropy_fits/variable_length_table.fits",
            "conformance/astropy_fits/ascii.fits",
            "conformance/astropy_fits/random_groups.fits",
            "conformance/astropy_fits/scale.fits",
            "cubes/sc_dvsa.fits",
        ];
        let Some(mut bytes) = real(NAMES[which]) else { return Ok(()) };
        let range = if in_header { bytes.len().min(8640) } else { bytes.len() };
        for (index, value) in changes {
            let value = if in_header { b' ' + value % 95 } else { value };
            bytes[index.index(range)] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let folder = tempfile::tempdir().expect("a folder");
        use_up(&bytes, folder.path());
    }
}

#[test]
fn maps_cubes_and_tables_come_back_as_they_went() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut header = Header::default();
    header.set_text("CTYPE1", "GLON-TAN", "");
    header.set_float("CRVAL1", 173.2, "degrees");
    header.set_integer("BITPIX", 16, "of another file");
    header.set_float("BSCALE", 3.0, "of another file");
    header.history("drawn by hand");
    let values =
        Array2::from_shape_fn((3, 5), |(y, x)| if x == 4 { f32::NAN } else { (10 * y + x) as f32 * 0.1 });
    let image = Image { name: "map.fits".into(), values, unit: "cm^-2".into(), header: header.clone() };
    let path = folder.path().join("map.fits");
    write_image(&path, &image).expect("written");
    let back = aquila::io::read_image(&path, None).expect("readable");
    assert_eq!(back.unit, "cm^-2");
    assert_eq!(back.values.mapv(f32::to_bits), image.values.mapv(f32::to_bits));
    assert_eq!((back.header.text("CTYPE1"), back.header.float("CRVAL1")), (Some("GLON-TAN"), Some(173.2)));
    assert_eq!(back.header.float("BSCALE"), None);
    assert!(back.header.cards.iter().any(|card| card.key == "HISTORY" && card.comment == "drawn by hand"));

    let values = Array3::from_shape_fn((2, 3, 4), |(v, y, x)| (v * 12 + y * 4 + x) as f32);
    let cube = Cube { name: "cube.fits".into(), values, unit: "K".into(), header };
    let path = folder.path().join("cube.fits");
    write_cube(&path, &cube).expect("written");
    assert_eq!(aquila::io::read_cube(&path, None).expect("readable").values, cube.values);

    let column = |name: &str, unit: &str, width: usize, values| Column {
        name: name.into(),
        unit: unit.into(),
        width,
        values,
    };
    let table = Table {
        rows: 2,
        columns: vec![
            column("id", "", 1, ColumnValues::Integer(vec![-5, i64::MAX])),
            column("flux", "Jy", 2, ColumnValues::Float(vec![0.1, f64::INFINITY, -2.5, 1e-300])),
            column("used", "", 1, ColumnValues::Logical(vec![true, false])),
            column("name", "", 1, ColumnValues::Text(vec!["NGC 1566".into(), String::new()])),
        ],
    };
    let path = folder.path().join("table.fits");
    write_table(&path, &table).expect("written");
    assert_eq!(read_table(&path, 1).expect("readable"), table);
}
