//! Hostile and random NPY headers, and statistics of random values.

use aquila::data::{ColumnValues, Values, statistics_of};
use aquila::io::{Contents, npy};
use ndarray::{ArrayD, IxDyn};
use proptest::collection::vec;
use proptest::prelude::*;
use std::path::{Path, PathBuf};

/// An NPY file with this header text, and some bytes behind it.
fn npy_file(folder: &Path, version: u8, header: &[u8], values: usize) -> PathBuf {
    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend([version, 0]);
    match version {
        1 => bytes.extend((header.len() as u16).to_le_bytes()),
        _ => bytes.extend((header.len() as u32).to_le_bytes()),
    }
    bytes.extend(header);
    bytes.extend((0..values).map(|i| i as u8));
    let path = folder.join("some.npy");
    std::fs::write(&path, bytes).expect("written");
    path
}

#[test]
fn a_header_that_claims_more_than_the_file_holds_is_refused_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let claims = [
        ("'<f8'", "(1000000000000,)"),
        ("'<f8'", "(18446744073709551615, 18446744073709551615)"),
        ("'<f8'", "(99999999999999999999999999999999999999999999999,)"),
        ("'<f8'", "(-1,)"),
        ("'|S9223372036854775807'", "(2,)"),
        ("'<U4611686018427387904'", "(4,)"),
        ("'|S0'", "(1000000000000,)"),
        ("[('a', '<f8', (1000000, 1000000))]", "(1000,)"),
        ("[('a', '|V0')]", "(1000000000000,)"),
        ("'<f8'", "(0, 4611686018427387904, 4611686018427387904)"),
    ];
    for (descr, shape) in claims {
        for version in [1, 2, 3] {
            let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n");
            let path = npy_file(folder.path(), version, text.as_bytes(), 64);
            let start = std::time::Instant::now();
            let message = npy::read(&path, "").expect_err(&text).to_string();
            assert!(message.contains("some.npy") && !message.contains('\n'), "{message}");
            assert!(start.elapsed().as_secs() < 2, "{text}");
        }
    }
    // Nothing, in a shape whose product no number holds.
    let text =
        "{'descr': '|S3', 'fortran_order': False, 'shape': (0, 4611686018427387904, 4611686018427387904)}";
    let empty = npy::read(&npy_file(folder.path(), 1, text.as_bytes(), 0), "").expect("nothing is claimed");
    assert!(matches!(empty, Contents::Table(table) if table.rows == 0));
    // Deeper than any stack, and a header length of 4 GiB.
    let path = npy_file(folder.path(), 2, "(".repeat(900_000).as_bytes(), 0);
    assert!(npy::read(&path, "").is_err());
    std::fs::write(&path, b"\x93NUMPY\x02\x00\xff\xff\xff\xff{").expect("written");
    let message = npy::read(&path, "").expect_err("refused").to_string();
    assert!(message.contains("4294967295"), "{message}");
    // What NumPy accepts beyond the usual: a title, a long integer of Python 2, sub-arrays, padding.
    let text = "{'descr': [(('a title', 'a'), '>i2', (2,)), ('', '|V1'), (u'b', '<f4')], \
                'fortran_order': False, 'shape': (2L,), }\n";
    let path = npy_file(folder.path(), 1, text.as_bytes(), 18);
    let Contents::Table(table) = npy::read(&path, "").expect("readable") else { panic!("no table") };
    assert_eq!(
        table.column("a").expect("a").values,
        ColumnValues::Integer(vec![0x0001, 0x0203, 0x090a, 0x0b0c])
    );
    assert_eq!((table.rows, table.columns.len()), (2, 2));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn arrays_of_any_shape_come_back(shape in vec(0_usize..6, 0..5), fortran in any::<bool>(), big in any::<bool>(), seed in any::<u32>()) {
        let folder = tempfile::tempdir().expect("a folder");
        let count: usize = shape.iter().product();
        let numbers: Vec<i32> = (0..count as u32).map(|i| (i.wrapping_mul(2_654_435_761) ^ seed) as i32).collect();
        let lengths: String = shape.iter().map(|length| format!("{length}, ")).collect();
        let (order, title) = (if big { '>' } else { '<' }, if fortran { "True" } else { "False" });
        let text = format!("{{'shape': ({lengths}), 'fortran_order': {title}, 'descr': '{order}i4'}}");
        let path = npy_file(folder.path(), 1, text.as_bytes(), 0);
        let mut bytes = std::fs::read(&path).expect("read");
        bytes.extend(numbers.iter().flat_map(|n| if big { n.to_be_bytes() } else { n.to_le_bytes() }));
        std::fs::write(&path, bytes).expect("written");
        let expected = if fortran {
            ArrayD::from_shape_vec(ndarray::ShapeBuilder::f(IxDyn(&shape)), numbers)
        } else {
            ArrayD::from_shape_vec(IxDyn(&shape), numbers)
        };
        let values = npy::read_values(&path, "").expect("readable");
        prop_assert_eq!(&values, &Values::I32(expected.expect("that many")));
        npy::write(&path, &values).expect("written");
        prop_assert_eq!(npy::read_values(&path, "").expect("readable"), values);
    }

    #[test]
    fn damaged_headers_never_panic(place in 0_usize..128, byte in any::<u8>(), cut in 0_usize..700, kind in 0_usize..5) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("damaged.npy");
        let texts = [
            "{'descr': '<f8', 'fortran_order': True, 'shape': (3, 4), }",
            "{'descr': [('a', '<f8'), ('b', '|S3', (2,))], 'fortran_order': False, 'shape': (5,), }",
            "{'descr': '<c16', 'fortran_order': False, 'shape': (), }",
            "{'descr': '|b1', 'fortran_order': False, 'shape': (2, 2), }",
            "{'descr': '<U2', 'fortran_order': False, 'shape': (7,), }",
        ];
        let mut bytes = std::fs::read(npy_file(folder.path(), 1 + (kind % 3) as u8, texts[kind].as_bytes(), 500)).expect("read");
        if let Some(target) = bytes.get_mut(place) {
            *target = byte;
        }
        bytes.truncate(cut);
        std::fs::write(&path, bytes).expect("written");
        if let Err(error) = npy::read(&path, "") {
            prop_assert!(!error.to_string().contains('\n'));
        }
        let _ = npy::scan(&path);
    }

    #[test]
    fn any_text_as_header_never_panics(text in "[{}()\\[\\]'\"descrshapefortran_ordeTulFs0-9<>|,: \\\\xuUL\u{e9}-]{0,120}") {
        let folder = tempfile::tempdir().expect("a folder");
        let path = npy_file(folder.path(), 3, text.as_bytes(), 16);
        prop_assert!(npy::read(&path, "").is_err());
    }

    #[test]
    fn statistics_do_not_depend_on_the_order(values in vec(prop_oneof![8 => -1e6..1e6_f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)], 1..2000)) {
        let forward = statistics_of(&values);
        let backward = statistics_of(&values.iter().rev().copied().collect::<Vec<_>>());
        let mut finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        finite.sort_by(f64::total_cmp);
        prop_assert_eq!(forward.count, finite.len());
        prop_assert_eq!((forward.count_nan, forward.count_inf), (backward.count_nan, backward.count_inf));
        if let (Some(&first), Some(&last)) = (finite.first(), finite.last()) {
            let n = finite.len();
            prop_assert_eq!((forward.min, forward.max), (first, last));
            prop_assert_eq!(forward.median, 0.5 * finite[(n - 1) / 2] + 0.5 * finite[n / 2]);
            prop_assert!((forward.sum - backward.sum).abs() <= 1e-13 * 1e6 * n as f64);
            prop_assert!((forward.std - backward.std).abs() <= 1e-9);
        }
    }
}
