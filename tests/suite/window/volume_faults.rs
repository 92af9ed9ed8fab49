//! The Volume workspace where something is not as it should be, or more than is shown: planes, faults of files.

use super::volume::{cube, kept, opened, settle};
use aquila::app::Workspace;
use aquila::data::{Header, Values};
use aquila::io::fits;
use egui_kittest::kittest::Queryable;
use ndarray::{Array4, Axis};

/// Stokes I and Q of the cube of these tests, of which Q is a hundredth.
fn polarised() -> std::path::PathBuf {
    let plain = cube();
    let mut values = Array4::<f32>::zeros((2, 16, 20, 24));
    values.index_axis_mut(Axis(0), 0).assign(&plain.values);
    values.index_axis_mut(Axis(0), 1).assign(&plain.values.mapv(|value| 0.01 * value));
    let mut header: Header = plain.header.clone();
    header.set_text("CTYPE4", "STOKES", "");
    for key in ["CRPIX4", "CRVAL4", "CDELT4"] {
        header.set_float(key, 1.0, "");
    }
    let path = tempfile::tempdir().expect("a folder").keep().join("polarised.fits");
    fits::write_values(&path, &Values::F32(values.into_dyn()), "K", &header).expect("written");
    path
}

#[test]
fn a_plane_of_four_axes_is_chosen_in_the_window_and_kept() {
    let path = polarised();
    let mut harness = opened(&path);
    harness.state_mut().state_mut().request_open_in(&path, Workspace::Volume);
    harness.run_steps(2);
    settle(&mut harness);
    // The list is below what fits the window.
    harness.get_by_value("Stokes I").click_accesskit();
    harness.run_steps(3);
    harness.get_by_label("Stokes Q").click_accesskit();
    harness.run_steps(3);
    settle(&mut harness);
    let look = &kept(&mut harness)["look"];
    assert_eq!(look["plane"], 1);
    let high = look["scene"]["transfer"]["range"][1].as_f64().expect("a range");
    assert!(high > 0.002 && high <= 0.02, "its own colours, of a peak of 0.02 K: {high}");
}
