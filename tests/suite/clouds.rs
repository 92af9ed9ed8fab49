//! Clouds as a user meets them: simulation folders, projections, moments, and a split that shares no gas.

use crate::support::data_file;
use aquila::cloud::patches::{
    Patch, PatchSettings, SplitBy, SplitSettings, make_sample_set, place_patches, plan_regions,
};
use aquila::cloud::{
    Axis, DemoClouds, Quantity, Simulation, SynthSettings, moments, project, read_simulation, synthesise,
    velocity_axis_km_s, write_simulation,
};
use aquila::data::Split;
use aquila::job::Context;
use aquila::units::PC_CM;
use ndarray::{Array3, s};
use proptest::prelude::*;
use std::collections::HashSet;
use std::path::Path;
use std::process::Command;

fn ctx() -> Context {
    Context::unwatched()
}

fn cloud(size: usize, seed: u64) -> Simulation {
    synthesise(&SynthSettings { size, seed, ..SynthSettings::default() }, &ctx()).expect("a cloud")
}

/// A simulation of the given density, the rest uniform.
fn simulation(density_cm3: Array3<f32>, cell_pc: f64) -> Simulation {
    let uniform = |value: f32| density_cm3.map(|_| value);
    Simulation {
        name: "test".into(),
        temperature_k: uniform(10.0),
        velocity_km_s: [uniform(1.0), uniform(2.0), uniform(3.0)],
        density_cm3,
        cell_pc,
        center_pc: [5.0, 6.0, 7.0],
    }
}

#[test]
fn projections_of_a_known_cube() {
    // n = 1 + x + 10 y + 100 z: every ray's sums are known.
    let density = Array3::from_shape_fn((3, 4, 5), |(z, y, x)| (1 + x + 10 * y + 100 * z) as f32);
    let sim = simulation(density.clone(), 0.1);
    for (axis, shape) in [(Axis::Z, [4, 5]), (Axis::Y, [3, 5]), (Axis::X, [3, 4])] {
        let [column, weighted, volume, max] =
            [Quantity::Column, Quantity::MassWeighted, Quantity::VolumeWeighted, Quantity::Max]
                .map(|quantity| project(&sim, quantity, axis));
        assert_eq!(column.values.shape(), shape);
        let at = [2, 3];
        let ray: Vec<f64> = match axis {
            Axis::Z => density.slice(s![.., 2, 3]),
            Axis::Y => density.slice(s![2, .., 3]),
            Axis::X => density.slice(s![2, 3, ..]),
        }
        .iter()
        .map(|&n| f64::from(n))
        .collect();
        let (sum, square) = (ray.iter().sum::<f64>(), ray.iter().map(|n| n * n).sum::<f64>());
        let close = |got: f32, want: f64| assert!((f64::from(got) / want - 1.0).abs() < 1e-6, "{got} {want}");
        close(column.values[at], sum * 0.1 * PC_CM);
        close(weighted.values[at], square / sum);
        close(volume.values[at], sum / ray.len() as f64);
        close(max.values[at], ray.iter().copied().fold(0.0, f64::max));
        assert_eq!((column.unit.as_str(), max.unit.as_str()), ("cm-2", "cm-3"));
    }
    let header = project(&sim, Quantity::Column, Axis::Y).header;
    assert_eq!((header.text("CTYPE1"), header.text("CTYPE2")), (Some("X"), Some("Z")));
    // Five cells of 0.1 pc about x = 5 pc: the first centre lies at 4.8 pc.
    assert!((header.float("CRVAL1").expect("a number") - 4.8).abs() < 1e-12);
    assert_eq!(header.text("CUNIT2"), Some("pc"));
}

#[test]
fn mass_is_the_same_on_all_faces_and_an_empty_ray_is_zero() {
    let mut sim = cloud(16, 1);
    sim.density_cm3.slice_mut(s![.., 3, 4]).fill(0.0);
    let totals = Axis::ALL.map(|axis| {
        let map = project(&sim, Quantity::Column, axis).values;
        map.iter().map(|&v| f64::from(v)).sum::<f64>()
    });
    assert!((totals[0] / totals[1] - 1.0).abs() < 1e-6 && (totals[0] / totals[2] - 1.0).abs() < 1e-6);
    assert_eq!(project(&sim, Quantity::MassWeighted, Axis::Z).values[[3, 4]], 0.0);
}

#[test]
fn a_simulation_folder_comes_back_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sim");
    let mut sim = cloud(16, 2);
    sim.center_pc = [3.0, 4.0, 5.5];
    write_simulation(&path, &sim, &["a note".into()], &ctx()).expect("written");
    // Written again over itself; nothing else is left behind.
    write_simulation(&path, &sim, &[], &ctx()).expect("written");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    let back = read_simulation(&path, None, &ctx()).expect("read");
    assert_eq!(back.density_cm3, sim.density_cm3);
    assert_eq!(back.velocity_km_s, sim.velocity_km_s);
    assert!((back.cell_pc - sim.cell_pc).abs() < 1e-12);
    back.center_pc.iter().zip(sim.center_pc).for_each(|(a, b)| assert!((a - b).abs() < 1e-9));
    // As part of a larger global box, as POLARIScore gives it.
    let config =
        r#"{"run_parameters": {"nxyz": 16, "size": 0.39, "xcenter": 0.5, "ycenter": 0.5, "zcenter": 0.5}}"#;
    std::fs::write(path.join("processing_config.json"), config).expect("written");
    let error = read_simulation(&path, None, &ctx()).expect_err("refused").to_string();
    assert!(error.contains("processing_config.json") && error.contains("box"), "{error}");
    let orion = read_simulation(&path, Some(66.0948), &ctx()).expect("read");
    assert!((orion.cell_pc - 66.0948 * 0.39 / 16.0).abs() < 1e-12);
}

#[test]
fn a_faulty_simulation_folder_is_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sim");
    let sim = cloud(16, 2);
    write_simulation(&path, &sim, &[], &ctx()).expect("written");
    let other = folder.path().join("other");
    write_simulation(&other, &cloud(18, 2), &[], &ctx()).expect("written");
    std::fs::copy(other.join("datacube_vely.fits"), path.join("datacube_vely.fits")).expect("copied");
    let error = read_simulation(&path, None, &ctx()).expect_err("refused").to_string();
    assert!(error.contains("datacube_vely.fits") && error.contains("(18, 18, 18)"), "{error}");
    std::fs::remove_file(path.join("datacube_temp.fits")).expect("removed");
    let error = read_simulation(&path, None, &ctx()).expect_err("refused").to_string();
    assert!(error.contains("datacube_temp.fits missing"), "{error}");
    // A folder with something else in it is never replaced.
    std::fs::write(other.join("thesis.tex"), "precious").expect("written");
    let error = write_simulation(&other, &sim, &[], &ctx()).expect_err("refused").to_string();
    assert!(error.contains("not a simulation folder"), "{error}");
    assert!(other.join("thesis.tex").exists() && other.join("datacube.fits").exists());
    let cancelled = ctx();
    cancelled.cancel();
    assert!(write_simulation(&folder.path().join("never"), &sim, &[], &cancelled).is_err());
    assert!(!folder.path().join("never").exists());
}

/// Every voxel that projects into a patch or its context, as index (z, y, x).
fn voxels(sim: &Simulation, patch: &Patch) -> Vec<[usize; 3]> {
    let windows = [(patch.corner, patch.cells)].into_iter().chain(patch.context);
    let [nz, ny, nx] = sim.shape();
    let mut seen = Vec::new();
    for ([row, column], edge) in windows {
        for r in row..row + edge {
            for c in column..column + edge {
                match patch.face {
                    Axis::Z => seen.extend((0..nz).map(|z| [z, r, c])),
                    Axis::Y => seen.extend((0..ny).map(|y| [r, y, c])),
                    Axis::X => seen.extend((0..nx).map(|x| [r, c, x])),
                }
            }
        }
    }
    seen
}

/// Draws all patches and marks their voxels: panics where one voxel is seen by two parts.
fn assert_no_shared_gas(sims: &[Simulation], settings: &PatchSettings, split: &SplitSettings) -> usize {
    let Ok(regions) = plan_regions(sims, settings, split, &ctx()) else { return 0 };
    let mut owner: Vec<Array3<u8>> = sims.iter().map(|sim| Array3::zeros(sim.density_cm3.dim())).collect();
    let mut count = 0;
    for (index, region) in regions.iter().enumerate() {
        let sim = &sims[region.simulation];
        let mark = 1 + region.split as u8;
        for patch in place_patches(index, region, sim, settings, &ctx()).expect("placed") {
            count += 1;
            for at in voxels(sim, &patch) {
                let owner = &mut owner[region.simulation][at];
                assert!(*owner == 0 || *owner == mark, "voxel {at:?} is seen by parts {owner} and {mark}");
                *owner = mark;
            }
        }
    }
    count
}

#[test]
fn no_voxel_is_seen_by_two_parts_of_a_cut_cube() {
    let sims = [cloud(48, 3)];
    let settings = PatchSettings {
        pixels: 12,
        count: 40,
        context_pc: 4.0,
        score_filter: false,
        ..PatchSettings::default()
    };
    for cut_axis in Axis::ALL {
        let split = SplitSettings { by: SplitBy::Cut, cut_axis, ..SplitSettings::default() };
        assert!(assert_no_shared_gas(&sims, &settings, &split) >= 20);
        let ctx = ctx();
        let set = make_sample_set(&sims, &settings, &split, &ctx).expect("a sample set");
        assert!(
            ctx.take_warnings().iter().any(|w| w.contains(&format!("the face along {cut_axis} is left out")))
        );
        for part in [Split::Train, Split::Validation, Split::Test] {
            assert!(!set.indices(part).is_empty());
        }
    }
}

#[test]
fn parts_never_share_a_simulation_where_there_are_several() {
    let sims: Vec<Simulation> = (0..5).map(|seed| cloud(24, seed)).collect();
    let settings = PatchSettings { pixels: 8, count: 6, ..PatchSettings::default() };
    let set = make_sample_set(&sims, &settings, &SplitSettings::default(), &ctx()).expect("a sample set");
    let groups = |part| set.indices(part).iter().map(|&i| set.group[i]).collect::<HashSet<u32>>();
    let (train, validation, test) = (groups(Split::Train), groups(Split::Validation), groups(Split::Test));
    assert_eq!((train.len(), validation.len(), test.len()), (3, 1, 1));
    assert!(train.is_disjoint(&validation) && train.is_disjoint(&test) && validation.is_disjoint(&test));
    // The same cloud under two names would be a leak.
    let twice = [sims[0].clone(), sims[1].clone(), sims[0].clone()];
    let error = make_sample_set(&twice, &settings, &SplitSettings::default(), &ctx()).expect_err("refused");
    assert!(error.to_string().contains("same density cube"), "{error}");
}

#[test]
fn a_cube_too_small_for_its_parts_is_refused_with_the_numbers() {
    let settings = PatchSettings { pixels: 16, ..PatchSettings::default() };
    let error =
        make_sample_set(&[cloud(32, 1)], &settings, &SplitSettings::default(), &ctx()).expect_err("refused");
    assert!(error.to_string().contains("32 cells along z cannot hold 3 parts"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_settings_let_gas_leak(
        seed in 0u64..1000,
        pixels in 8usize..14,
        sizes in (0.0f64..4.0, 0.0f64..4.0),
        validation in 0.0f64..0.5,
        test in 0.0f64..0.4,
        guard_pc in 0.0f64..1.0,
        context_pc in prop_oneof![Just(0.0), 1.0f64..12.0],
        cut in 0usize..3,
        count in 1usize..12,
        nearest_distance in 0.0f64..1.0,
    ) {
        // Spread evenly: only the places matter here.
        let sims = [simulation(Array3::from_shape_fn((40, 40, 40), |(z, y, x)| (1 + z + y + x) as f32), 0.25)];
        let size_pc = [sizes.0.min(sizes.1), sizes.0.max(sizes.1)];
        let settings = PatchSettings {
            seed, pixels, size_pc, count, context_pc, nearest_distance, score_filter: false, ..PatchSettings::default()
        };
        let split = SplitSettings { by: SplitBy::Cut, validation, test, cut_axis: Axis::ALL[cut], guard_pc };
        assert_no_shared_gas(&sims, &settings, &split);
    }
}

#[test]
fn samples_hold_the_maps_of_their_place() {
    let sims = [cloud(32, 9)];
    let settings = PatchSettings {
        pixels: 8,
        size_pc: [2.5, 6.0],
        count: 10,
        rotate: false,
        score_filter: false,
        ..PatchSettings::default()
    };
    let split = SplitSettings { validation: 0.0, test: 0.0, ..SplitSettings::default() };
    let set = make_sample_set(&sims, &settings, &split, &ctx()).expect("a sample set");
    let regions = plan_regions(&sims, &settings, &split, &ctx()).expect("regions");
    let patches = place_patches(0, &regions[0], &sims[0], &settings, &ctx()).expect("patches");
    assert_eq!((set.len(), patches.len()), (10, 10));
    let faces: HashSet<Axis> = patches.iter().map(|p| p.face).collect();
    assert_eq!(faces.len(), 3);
    assert!(patches.iter().any(|p| p.cells != patches[0].cells), "every patch has a size of its own");
    let column = &set.channels["column_density"].values;
    assert_eq!(column.shape(), [10, 1, 8, 8]);
    for (index, patch) in patches.iter().enumerate() {
        let map = project(&sims[0], Quantity::Column, patch.face).values;
        let weighted = project(&sims[0], Quantity::MassWeighted, patch.face).values;
        let [y, x] = patch.corner;
        let window = s![y..y + patch.cells, x..x + patch.cells];
        let mean = |values: &mut dyn Iterator<Item = f64>| {
            let all: Vec<f64> = values.collect();
            all.iter().sum::<f64>() / all.len() as f64
        };
        // Area means keep the mass, and the density weighted by it.
        let mass = mean(&mut map.slice(window).iter().map(|&v| f64::from(v)));
        let got = mean(&mut column.slice(s![index, 0, .., ..]).iter().map(|&v| f64::from(v)));
        assert!((got / mass - 1.0).abs() < 1e-5, "{got} {mass}");
        let product = &map * &weighted;
        let whole = mean(&mut product.slice(window).iter().map(|&v| f64::from(v)));
        let target = &set.targets["mass_weighted_density"].values;
        let pairs = column.slice(s![index, 0, .., ..]);
        let got = mean(
            &mut pairs
                .iter()
                .zip(target.slice(s![index, 0, .., ..]))
                .map(|(&n, &d)| f64::from(n) * f64::from(d)),
        );
        assert!((got / whole - 1.0).abs() < 1e-4, "{got} {whole}");
    }
    let again = make_sample_set(&sims, &settings, &split, &ctx()).expect("a sample set");
    assert!(set == again, "the same seed gives the same samples");
    assert_eq!(set.attributes["seed"], "0");
}

#[test]
fn demo_clouds_are_kept_and_differ() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = DemoClouds::new(3, 16, 0);
    let first = demo.load_or_make(folder.path(), &ctx()).expect("clouds");
    let second = demo.load_or_make(folder.path(), &ctx()).expect("clouds");
    for (a, b) in first.iter().zip(&second) {
        assert_eq!((a.name.as_str(), &a.density_cm3), (b.name.as_str(), &b.density_cm3));
    }
    assert!(first[0].density_cm3 != first[1].density_cm3);
    // A damaged one is made anew, and said so.
    std::fs::remove_file(demo.folders(folder.path()).expect("names")[1].join("datacube.fits"))
        .expect("removed");
    let ctx = ctx();
    let third = demo.load_or_make(folder.path(), &ctx).expect("clouds");
    assert_eq!(third[1].density_cm3, first[1].density_cm3);
    assert!(ctx.take_warnings().iter().any(|w| w.contains("made anew")));
}

/// Runs the program; standard output as JSON.
fn aquila(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    let output = Command::new(env!("CARGO_BIN_EXE_aquila"))
        .current_dir(folder)
        .args(arguments)
        .arg("--json")
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

#[test]
fn the_command_line_makes_a_cloud_a_map_and_a_sample_set() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let made = aquila(at, &["cloud", "synth", "--size", "16", "--seed", "5", "--out", "sim"]);
    assert_eq!(made["shape"], serde_json::json!([16, 16, 16]));
    let sim = read_simulation(&at.join("sim"), None, &ctx()).expect("read");
    let map =
        aquila(at, &["cloud", "map", "sim", "--quantity", "column", "--axis", "x", "--out", "map.fits"]);
    assert_eq!((map["unit"].as_str(), map["axis"].as_str()), (Some("cm-2"), Some("x")));
    let image = aquila::io::read_image(&at.join("map.fits"), None).expect("a map");
    assert_eq!(image.values, project(&sim, Quantity::Column, Axis::X).values);
    assert_eq!(image.header.text("CUNIT1"), Some("pc"));

    aquila(at, &["dataset", "--write-recipe", "all.toml"]);
    assert!(std::fs::read_to_string(at.join("all.toml")).expect("text").contains("kind = \"patches\""));
    let recipe = "kind = \"patches\"\nversion = 1\npatches = { pixels = 8, count = 3 }\nsynth = { size = 16 }\n\
        [[clouds]]\nsimulation = \"sim\"\n[[clouds]]\nseed = 2\n[[clouds]]\nseed = 3\n";
    std::fs::write(at.join("set.toml"), recipe).expect("written");
    let set = aquila(at, &["dataset", "set.toml", "--out", "set.h5"]);
    assert_eq!(set["channels"]["column_density"]["shape"][1], 1);
    assert!(["train", "validation", "test"].iter().all(|part| set[part].as_u64() > Some(0)));
    aquila(at, &["dataset", "set.toml", "--out", "again.h5"]);
    let bytes = |name: &str| std::fs::read(at.join(name)).expect("a file");
    assert!(bytes("set.h5") == bytes("again.h5"), "the same recipe gives the same bytes");
    let back = aquila::io::sample_set::read(&at.join("set.h5")).expect("a sample set");
    assert!(back.attributes["recipe"].contains("pixels = 8"));
}

/// Moments of real cubes as spectral-cube gives them; its velocities are in m/s, but those of R CrA, which it takes for m/s though
/// the file means km/s.
#[test]
fn moments_of_real_cubes_are_those_of_spectral_cube() {
    let test = "moments_of_real_cubes_are_those_of_spectral_cube";
    let Some(oracles) = data_file(test, "oracles.json") else { return };
    let oracles: serde_json::Value =
        serde_json::from_slice(&std::fs::read(oracles).expect("readable")).expect("JSON");
    for (name, m_s_per_unit) in [
        ("cube_L1448_13CO", 1e-3),
        ("cube_UGC1281_HI", 1e-3),
        ("cube_NGC2903_HI", 1e-3),
        ("cube_NGC4047_CO", 1e-3),
        ("cube_RCrA_12CO_raw", 1.0),
        // Along wavelengths in ångström.
        ("cube_MUSE_A478", 1.0),
    ] {
        let oracle = &oracles["domain"][name];
        let number = |path: &str| oracle.pointer(path).and_then(serde_json::Value::as_f64).expect(path);
        let Some(path) = data_file(test, oracle["file"].as_str().expect("a name")) else { return };
        let cube = aquila::io::read_cube(&path, None).expect("a cube");
        let velocity = if name == "cube_MUSE_A478" {
            let (first, step) = (number("/spectral_axis_first"), number("/dspec"));
            (0..cube.values.dim().0).map(|channel| first + step * channel as f64).collect()
        } else {
            velocity_axis_km_s(&cube, &ctx()).expect("velocities")
        };
        let close = |what: &str, got: f64, want: f64, relative: f64| {
            assert!((got - want).abs() <= relative * want.abs(), "{name} {what}: {got} for {want}");
        };
        close("first channel", velocity[0], number("/spectral_axis_first") * m_s_per_unit, 1e-6);
        close(
            "last channel",
            *velocity.last().expect("channels"),
            number("/spectral_axis_last") * m_s_per_unit,
            1e-6,
        );
        let sum = |map: &aquila::data::Image| {
            map.values.iter().filter(|v| v.is_finite()).map(|&v| f64::from(v)).sum::<f64>()
        };
        let all = moments(&cube, &velocity, None).expect("moments");
        close("moment 0", sum(&all.integrated), number("/moment0/sum") * m_s_per_unit, 2e-5);
        let brightest = all.integrated.values.indexed_iter().filter(|(_, value)| value.is_finite());
        let (at, most) = brightest.max_by(|a, b| a.1.total_cmp(b.1)).expect("values");
        // One value of float32.
        close("brightest moment 0", f64::from(*most), number("/moment0/max") * m_s_per_unit, 1e-6);
        let place = [0, 1].map(|axis| number(&format!("/moment0/argmax_yx/{axis}")) as usize);
        assert_eq!([at.0, at.1], place, "{name}");
        let threshold = number("/threshold") as f32;
        let above = cube.values.iter().filter(|value| **value > threshold).count() as f64;
        assert_eq!(above, number("/n_gt_thr"), "{name}");
        close("peak", sum(&all.peak), number("/max_projection_sum"), 1e-5);
        let masked = moments(&cube, &velocity, Some(number("/threshold") as f32)).expect("moments");
        close(
            "masked moment 0",
            sum(&masked.integrated),
            number("/masked_gt_thr/moment0_sum") * m_s_per_unit,
            2e-5,
        );
        let valid = masked.velocity.values.iter().filter(|v| v.is_finite()).count() as f64;
        assert_eq!(valid, number("/masked_gt_thr/n_valid_pixels"), "{name}");
        let mean = sum(&masked.velocity) / valid;
        close("mean moment 1", mean, number("/masked_gt_thr/moment1_nanmean") * m_s_per_unit, 1e-5);
        let peak = [1, 2].map(|i| number(&format!("/peak_index_vyx/{i}")) as usize);
        close(
            "moment 1",
            masked.velocity.values[peak].into(),
            number("/masked_gt_thr/moment1_at_peak") * m_s_per_unit,
            1e-5,
        );
        let square = m_s_per_unit * m_s_per_unit;
        close(
            "moment 2",
            masked.variance.values[peak].into(),
            number("/masked_gt_thr/moment2_at_peak") * square,
            1e-4,
        );
        let wcs = aquila::io::wcs::Wcs::from_header(&masked.integrated.header).expect("coordinates");
        let world = wcs.world(&[peak[1] as f64 + 1.0, peak[0] as f64 + 1.0]);
        close("latitude", world[1], number("/peak_world_spec_lat_lon/1"), 1e-6);
    }
}

#[test]
fn a_cube_without_velocities_is_refused_in_words() {
    let Some(path) = data_file("a_cube_without_velocities", "hst/hubble_wfpc2_sample.fits") else { return };
    let cube = aquila::io::read_cube(&path, None).expect("a cube");
    let error = velocity_axis_km_s(&cube, &ctx()).expect_err("chips are no channels").to_string();
    assert!(error.contains("not spectral"), "{error}");
}
