use super::*;

/// RA, Dec, velocity of 40 × 30 × 20 voxels.
fn header() -> Header {
    let mut header = Header::default();
    for (axis, (ctype, value, pixel, step)) in
        [("RA---TAN", 51.3, 20.5, -0.006), ("DEC--TAN", 30.6, 15.5, 0.006), ("VRAD", 4000.0, 10.5, 100.0)]
            .into_iter()
            .enumerate()
    {
        let axis = axis + 1;
        header.set_text(&format!("CTYPE{axis}"), ctype, "");
        header.set_float(&format!("CRVAL{axis}"), value, "");
        header.set_float(&format!("CRPIX{axis}"), pixel, "");
        header.set_float(&format!("CDELT{axis}"), step, "");
    }
    header.set_text("CUNIT3", "m/s", "");
    header.set_text("SPECSYS", "LSRK", "");
    header
}

const SHAPE: [usize; 3] = [20, 30, 40];

fn with(keys: &[(&str, f64)]) -> Geometry {
    let mut header = header();
    keys.iter().for_each(|(key, value)| header.set_float(key, *value, ""));
    Geometry::new(&header, SHAPE)
}

#[test]
fn the_sky_is_seen_as_it_is_whichever_way_the_axes_run() {
    assert_eq!(with(&[]).signs(), [1.0, 1.0, -1.0]);
    assert_eq!(with(&[("CDELT1", 0.006)]).signs(), [-1.0, 1.0, -1.0]);
    assert_eq!(with(&[("CDELT2", -0.006)]).signs(), [1.0, -1.0, -1.0]);
    assert_eq!(with(&[("CDELT3", -100.0)]).signs(), [1.0, 1.0, 1.0], "velocity away from the camera");
}

/// Whatever the turn and the handedness: on the screen, east lies a right angle counterclockwise of north, never mirrored.
#[test]
fn a_turned_sky_is_never_mirrored() {
    for flip in [1.0, -1.0] {
        for degrees in (0..360).step_by(15) {
            let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
            let keys =
                [("CDELT1", -0.006 * flip), ("PC1_1", cos), ("PC1_2", -sin), ("PC2_1", sin), ("PC2_2", cos)];
            let geometry = with(&keys);
            let signs = geometry.signs();
            let (north, east) = geometry.compass().expect("a sky");
            let on_screen = |way: [f64; 2]| [way[0] * f64::from(signs[0]), way[1] * f64::from(signs[1])];
            let (north, east) = (on_screen(north), on_screen(east));
            let turn = north[0] * east[1] - north[1] * east[0];
            assert!((turn - 1.0).abs() < 1e-3, "{degrees}°, {flip}: north {north:?}, east {east:?}");
            // No other reflection brings north nearer to up and east nearer to left.
            assert!(north[1] - east[0] > -1e-6, "{degrees}°, {flip}");
        }
    }
}

#[test]
fn proportions_are_those_of_the_header() {
    let [x, y, z] = with(&[("CDELT2", 0.012)]).voxel(1.0);
    assert_eq!((x, y), (0.006, 0.012));
    // The longer side is y: 30 × 0.012; the 20 channels are as long.
    assert!((z * 20.0 - 0.36).abs() < 1e-12);
    let [x, _, z] = with(&[]).voxel(2.5);
    assert!((z * 20.0 / (x * 40.0) - 2.5).abs() < 1e-12);
    assert!(with(&[]).has_own_third_axis());
    let mut turned = header();
    for (key, value) in
        [("CD1_1", -0.003), ("CD1_2", 0.004), ("CD2_1", 0.008), ("CD2_2", 0.006), ("CD3_3", 100.0)]
    {
        turned.set_float(key, value, "");
    }
    let voxel = Geometry::new(&turned, SHAPE).voxel(1.0);
    assert!((voxel[0] - 0.003_f64.hypot(0.008)).abs() < 1e-12, "the length of the column: {voxel:?}");
}

#[test]
fn simulations_keep_their_proportions_and_bare_arrays_count_voxels() {
    let mut header = Header::default();
    for (axis, step) in [0.5, 0.25, 2.0].into_iter().enumerate() {
        let axis = axis + 1;
        header.set_text(&format!("CTYPE{axis}"), "LINEAR", "");
        header.set_text(&format!("CUNIT{axis}"), "pc", "");
        header.set_float(&format!("CDELT{axis}"), step, "");
        header.set_float(&format!("CRPIX{axis}"), 1.0, "");
    }
    let cloud = Geometry::new(&header, SHAPE);
    assert_eq!(cloud.voxel(3.0), [0.5, 0.25, 2.0]);
    assert!(!cloud.has_own_third_axis());
    assert_eq!(cloud.world([2.0, 0.0, 3.0]), [1.0, 0.0, 6.0]);
    assert_eq!(cloud.axes()[0].unit, "pc");
    let bare = Geometry::new(&Header::default(), SHAPE);
    assert_eq!(bare.voxel(1.0), [1.0; 3]);
    assert_eq!(bare.world([0.0, 4.0, 9.0]), [1.0, 5.0, 10.0]);
    assert_eq!(bare.signs(), [1.0, 1.0, -1.0]);
    assert_eq!(bare.words([0.0, 4.0, 9.0]), "x 1 · y 5 · z 10");
    assert!(bare.beam().is_none() && bare.velocities_km_s().is_none() && bare.frame().is_none());
    let ticks = bare.ticks(0, 4, |along| [along * 39.0, 0.0, 0.0]);
    assert_eq!(ticks.iter().map(|(_, label)| label.as_str()).collect::<Vec<_>>(), ["10", "20", "30", "40"]);
}

#[test]
fn words_and_names_are_those_of_a_paper() {
    let geometry = with(&[("EQUINOX", 2000.0)]);
    let titles: Vec<String> = geometry.axes().iter().map(CubeAxis::title).collect();
    assert_eq!(titles, ["RA (J2000)", "Dec", "LSR velocity, km s⁻¹"]);
    assert_eq!(geometry.words([19.5, 14.5, 9.5]), "RA 03ʰ25ᵐ12.0ˢ Dec +30°36′00″ · v 4.00 km s⁻¹");
    assert_eq!(geometry.value_words(2, [0.0, 0.0, 0.0]), "3.05 km s⁻¹");
    let mut frequency = header();
    frequency.set_text("CTYPE3", "FREQ", "");
    frequency.set_text("CUNIT3", "Hz", "");
    frequency.set_float("CRVAL3", 110.2e9, "");
    frequency.set_float("CDELT3", -1e5, "");
    let geometry = Geometry::new(&frequency, SHAPE);
    assert_eq!(geometry.axes()[2].title(), "ν, GHz");
    assert!(geometry.warnings.iter().any(|warning| warning.contains("rest frequency")), "it is said");
    // Lower frequencies are further away, as higher velocities.
    assert_eq!(geometry.signs()[2], -1.0);
    frequency.set_float("RESTFRQ", 110.201_354e9, "");
    assert_eq!(Geometry::new(&frequency, SHAPE).axes()[2].title(), "LSR velocity, km s⁻¹");
}

#[test]
fn ticks_stand_at_the_true_values() {
    let geometry = with(&[]);
    let edge = |along: f64| [0.0, 0.0, along * 19.0];
    let ticks = geometry.ticks(2, 5, edge);
    assert_eq!(ticks.len(), 3, "{ticks:?}");
    for (place, label) in &ticks {
        let velocity = geometry.world(edge(f64::from(*place)))[2];
        assert!((velocity - label.parse::<f64>().expect("a number")).abs() < 1e-6, "{label} at {velocity}");
    }
    // A sky edge far from the centre of a wide map: the coordinate itself is round there, not its interpolation.
    let wide = with(&[("CDELT1", -0.5), ("CDELT2", 0.5), ("CRVAL2", 60.0)]);
    let edge = |along: f64| [along * 39.0, 29.0, 0.0];
    let ticks = wide.ticks(0, 5, edge);
    assert!(ticks.len() >= 3, "{ticks:?}");
    for (place, label) in &ticks {
        let (longitude, _) = wide.sky(edge(f64::from(*place))).expect("on the sky");
        let minutes = longitude * 4.0;
        assert!((minutes / 20.0 - (minutes / 20.0).round()).abs() < 2e-3, "{label} at {minutes} min");
    }
}

#[test]
fn channels_and_positions_lead_back() {
    let geometry = with(&[]);
    for channel in [0.0, 7.25, 19.0] {
        let velocity = geometry.velocity_km_s(channel).expect("a velocity");
        assert!((geometry.channel(velocity).expect("inside") - channel).abs() < 1e-9);
    }
    assert_eq!(geometry.channel(99.0), None);
    let (longitude, latitude) = geometry.sky([3.0, 8.5, 0.0]).expect("on the sky");
    let back = geometry.voxel_at_sky(longitude, latitude, 4.0).expect("on the map");
    assert!((back[0] - 3.0).abs() < 1e-6 && (back[1] - 8.5).abs() < 1e-6 && back[2] == 4.0);
    let part = Part { first: [4, 0, 10], factor: 2, shape: [8, 15, 5] };
    assert_eq!(part.voxel([0.0, 0.0, 0.5]), [3.5, -0.5, 14.5]);
    assert_eq!(part.place(part.voxel([0.25, 0.5, 0.75])), [0.25, 0.5, 0.75]);
}

/// The same channels in every unit, by the formulas of Greisen et al. 2006, table 3.
#[test]
fn the_spectral_axis_is_shown_as_it_is_wanted() {
    const C_M_S: f64 = 299_792_458.0;
    const REST_HZ: f64 = 110.201_354_3e9;
    let mut header = header();
    let unknown = Geometry::in_unit(&header, SHAPE, SpectralUnit::Frequency);
    assert!(unknown.spectral_unit() == SpectralUnit::File, "velocities without a rest frequency");
    assert!(unknown.warnings.iter().any(|warning| warning.contains("rest frequency")), "it is said");
    assert!(unknown.rest_hz().is_none());
    header.set_float("RESTFRQ", REST_HZ, "");
    // VRAD, 4 km/s at channel 9.5 counted from 0, 0.1 km/s a channel.
    let hz = |z: f64| REST_HZ * (1.0 - (4000.0 + 100.0 * (z - 9.5)) / C_M_S);
    let shown = |unit| Geometry::in_unit(&header, SHAPE, unit);
    for (unit, title, value) in [
        (SpectralUnit::File, "LSR velocity, km s⁻¹", 3.75),
        (SpectralUnit::RadioVelocity, "LSR velocity (radio), km s⁻¹", 3.75),
        (
            SpectralUnit::OpticalVelocity,
            "LSR velocity (optical), km s⁻¹",
            C_M_S * (REST_HZ / hz(7.0) - 1.0) / 1e3,
        ),
        (SpectralUnit::Frequency, "ν, GHz", hz(7.0) / 1e9),
        (SpectralUnit::Wavelength, "λ, mm", C_M_S / hz(7.0) * 1e3),
        (SpectralUnit::Channel, "channel", 8.0),
    ] {
        let geometry = shown(unit);
        assert_eq!(geometry.axes()[2].title(), title);
        let found = geometry.world([20.0, 15.0, 7.0])[2];
        assert!((found / value - 1.0).abs() < 1e-12, "{title}: {found} {value}");
        // What is counted does not turn the box, nor take its velocities away.
        assert_eq!(geometry.signs(), [1.0, 1.0, -1.0], "{title}");
        assert!(
            geometry.velocities_km_s().is_some()
                && !geometry.ticks(2, 5, |t| [0.0, 0.0, 19.0 * t]).is_empty()
        );
    }
    let frequency = shown(SpectralUnit::Frequency);
    assert_eq!(frequency.value_words(2, [0.0, 0.0, 0.0]), "110.200233 GHz");
    assert_eq!(frequency.rest_frame(), Some(("LSRK", "kinematic local standard of rest")));
    header.remove("SPECSYS");
    assert_eq!(Geometry::new(&header, SHAPE).rest_frame(), None);
}
