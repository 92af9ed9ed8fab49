//! The rest frequency of a header, and a header as it would be for another line. Nothing is read or written here.

use super::spectral::{self, Quantity};
use super::{Wcs, WcsError};
use crate::data::Header;
use crate::units::C_M_S;

/// Most that velocities of another line may be off evenly spaced ones, in channels; see `with_rest_frequency`.
const MOST_UNEVEN: f64 = 0.01;

/// Rest frequency in Hz, from RESTFRQ, RESTFREQ or RESTWAV.
pub(super) fn of(header: &Header) -> Option<f64> {
    let positive = |key: &&str| header.float(key).filter(|&value| value > 0.0);
    let wave = || positive(&"RESTWAV").map(|wave| C_M_S / wave);
    ["RESTFRQ", "RESTFREQ"].iter().find_map(positive).or_else(wave)
}

/// The header with another rest frequency (Hz), as if the channels had been described for that line: a frequency stays at its channel,
/// and a velocity axis counts from the new line. Where the header had no rest frequency its velocities are taken as those of the
/// line given. The data and the file are not touched.
///
/// Radio and optical velocities and redshifts stay evenly spaced, and so does whatever is spaced in frequency or wavelength (Greisen et
/// al. 2006, table 3). Relativistic velocities do not; they are taken as even where that is off by less than a hundredth of a channel.
///
/// # Errors
/// A frequency that is not above zero, no spectral axis, or velocities that would be uneven.
pub fn with_rest_frequency(header: &Header, rest_hz: f64) -> Result<Header, WcsError> {
    if !(rest_hz.is_finite() && rest_hz > 0.0) {
        return Err(WcsError::Rest(format!("a rest frequency is above 0 Hz, not {rest_hz}")));
    }
    let mut made = header.clone();
    for key in ["RESTFREQ", "RESTWAV", "ALTRVAL", "ALTRPIX"] {
        made.remove(key);
    }
    made.set_float("RESTFRQ", rest_hz, "rest frequency of the line, Hz");
    let wcs = Wcs::from_header(header)?;
    let none = || WcsError::Rest("there is no spectral axis that a rest frequency could belong to".into());
    let index = wcs.spectral.ok_or_else(none)?;
    let axis = &wcs.axes[index];
    let (quantity, algorithm) = spectral::axis_of(header, &axis.ctype).ok_or_else(none)?;
    let Some(before_hz) = wcs.rest_hz.filter(|&before| before != rest_hz && quantity.needs_rest()) else {
        return Ok(made);
    };
    let scale = axis.factor * if axis.assumed_km_s { 1e3 } else { 1.0 };
    let reference = axis.reference * scale;
    let moved = |value: f64| quantity.at_hz(quantity.hz(value, Some(before_hz))?, Some(rest_hz));
    let beyond = || WcsError::Rest(format!("the axis {} holds velocities beyond that of light", axis.ctype));
    let to = moved(reference).filter(|to| to.is_finite()).ok_or_else(beyond)?;
    let slope = quantity.hz_per_unit(reference, Some(before_hz)).ok_or_else(beyond)?
        / quantity.hz_per_unit(to, Some(rest_hz)).ok_or_else(beyond)?;
    let is_even = match algorithm.as_str() {
        "" => !matches!(quantity, Quantity::Velocity | Quantity::Beta),
        other => other.starts_with(['F', 'W', 'A']),
    };
    if !is_even {
        let count = header.integer(&format!("NAXIS{}", index + 1)).unwrap_or(1).max(1) as f64;
        let step = wcs.step(index) * if axis.assumed_km_s { 1e3 } else { 1.0 };
        for channel in [1.0, count] {
            let value = wcs.spectral_as(quantity, channel).ok_or_else(beyond)?;
            let off = moved(value).ok_or_else(beyond)? - (to + slope * (value - reference));
            if off.is_nan() || off.abs() > MOST_UNEVEN * (slope * step).abs() || !algorithm.is_empty() {
                return Err(WcsError::Rest(format!(
                    "the velocities of {} would not be evenly spaced for another line; store the cube by frequency",
                    axis.ctype
                )));
            }
        }
    }
    let number = index + 1;
    made.set_float(&format!("CRVAL{number}"), to / scale, "for the rest frequency given");
    let rows: Vec<(String, f64)> = (1..=wcs.axes.len())
        .flat_map(|column| [format!("CD{number}_{column}"), format!("CD{number:03}{column:03}")])
        .filter_map(|key| Some((key.clone(), header.float(&key)?)))
        .collect();
    // What CD says counts only where there is no PC, as in the reading.
    let own = format!("CDELT{number}");
    made.set_float(&own, header.float(&own).unwrap_or(1.0) * slope, "for the rest frequency given");
    for (key, step) in rows {
        made.set_float(&key, step * slope, "");
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CO_HZ: f64 = 115.271_201_8e9;
    const C13O_HZ: f64 = 110.201_354_3e9;

    /// CTYPE, CRVAL, CDELT, CUNIT, pixel; frequency, wavelength and radio, optical, relativistic velocity there for CO; the three
    /// velocities for ¹³CO. By astropy 7: `WCS(header).wcs_pix2world`, then `to(unit, doppler_radio(rest))` and its likes, of a header
    /// of 64 channels with CRPIX1 = 10.5 and RESTFRQ of CO (1–0).
    type Row = (&'static str, f64, f64, &'static str, f64, [f64; 5], [f64; 3]);
    #[rustfmt::skip]
    const ASTROPY: [Row; 16] = [
        ("FREQ", 115200000000.0, -400000.0, "Hz", 1.0, [115203800000.0, 0.0026022792477331477, 175295.74585926178, 175398.3053998349, 175346.9956362891], [-13608684.774707252, -13017760.63302192, -13300114.704219883]),
        ("FREQ", 115200000000.0, -400000.0, "Hz", 37.25, [115189300000.0, 0.0026026068219878063, 213006.7315444986, 213158.18341306172, 213082.40365534733], [-13569238.88342386, -12981661.50652474, -13262453.341088468]),
        ("WAVE", 0.0026025, 1e-07, "m", 1.0, [115236093098.34521, 0.00260155, 91309.22382972646, 91337.04279002434, 91323.12907274492], [-13696535.122743739, -13098124.720834991, -13383972.167199511]),
        ("WAVE", 0.0026025, 1e-07, "m", 37.25, [115075746542.93855, 0.0026051750000000004, 508331.75180335576, 509195.1493150238, 508762.7179449406], [-13260327.343968812, -12698644.81149743, -12967338.461420463]),
        ("VRAD", 2500000.0, -13000.0, "m/s", 1.0, [114262457284.07793, 0.002623717930856849, 2623500.0, 2646661.0740782884, 2634978.7517265882], [-11047850.124178136, -10655188.718381526, -10844417.534423646]),
        ("VRAD", 2500000.0, -13000.0, "m/s", 37.25, [114443654483.66942, 0.0026195638312369604, 2152249.9999999856, 2167813.0184967793, 2159975.4442325984], [-11540780.126656784, -11112976.122390307, -11318802.156038305]),
        ("VOPT", 2500000.0, -13000.0, "m/s", 1.0, [114271208281.3964, 0.0026235170040536525, 2600740.7769235596, 2623500.0, 2612021.240580462], [-11071656.392374408, -10677331.124208894, -10867346.698239468]),
        ("VOPT", 2500000.0, -13000.0, "m/s", 37.25, [114449553208.38419, 0.002619428819037436, 2136908.846670342, 2152249.9999999856, 2144524.5529088], [-11556827.054505719, -11127854.649624921, -11334231.787714792]),
        ("VELO", 2500000.0, -13000.0, "m/s", 1.0, [114266832698.964, 0.002623617465531781, 2612120.6063354313, 2635080.315318486, 2623499.9999999646], [-11059753.030379234, -10666260.133264141, -10855882.1322284]),
        ("VELO", 2500000.0, -13000.0, "m/s", 37.25, [114446603808.02333, 0.00261949632426736, 2144579.522172973, 2160031.4089811575, 2152249.999999959], [-11548803.48719638, -11120415.481864924, -11326516.979388077]),
        ("VOPT-F2W", 2500000.0, -13000.0, "m/s", 1.0, [114271189208.52367, 0.0026235174419418574, 2600790.3808428836, 2623550.4758996367, 2612071.2747919876], [-11071604.506411387, -10677282.868335698, -10867296.72598057]),
        ("VOPT-F2W", 2500000.0, -13000.0, "m/s", 37.25, [114449401749.84804, 0.002619432285502515, 2137302.753614401, 2152649.583595619, 2144921.267720862], [-11556415.025750479, -11127472.640478581, -11333835.619656779]),
        ("VRAD-W2F", 2500000.0, -13000.0, "m/s", 1.0, [114262477002.39139, 0.0026237174780809774, 2623448.7174457363, 2646608.8820594004, 2634927.020435054], [-11047903.76600222, -10655238.614895742, -10844469.202016255]),
        ("VRAD-W2F", 2500000.0, -13000.0, "m/s", 37.25, [114443811071.78781, 0.00261956024701019, 2151842.7522557606, 2167399.8603694835, 2159565.273231161], [-11541206.109959882, -11113371.109034536, -11319211.763589118]),
        ("VELO-F2V", 2500000.0, -13000.0, "m/s", 1.0, [114266823163.56729, 0.002623617684468763, 2612145.4055912457, 2635105.552447463, 2623525.015318512], [-11059727.090226034, -10666236.006112272, -10855857.147798015]),
        ("VELO-F2V", 2500000.0, -13000.0, "m/s", 37.25, [114446528086.02441, 0.002619498057421709, 2144776.4567397065, 2160231.1917657615, 2152448.343339343], [-11548597.492593842, -11120224.485908523, -11326318.90895323]),
    ];

    fn header((ctype, value, step, unit, ..): Row) -> Header {
        let mut header = Header::default();
        header.set_integer("NAXIS", 1, "");
        header.set_integer("NAXIS1", 64, "");
        header.set_text("CTYPE1", ctype, "");
        header.set_text("CUNIT1", unit, "");
        for (key, value) in [("CRVAL1", value), ("CDELT1", step), ("CRPIX1", 10.5), ("RESTFRQ", CO_HZ)] {
            header.set_float(key, value, "");
        }
        header
    }

    const VELOCITIES: [Quantity; 3] =
        [Quantity::RadioVelocity, Quantity::OpticalVelocity, Quantity::Velocity];

    #[test]
    fn every_axis_in_every_convention_is_that_of_astropy() {
        for row in ASTROPY {
            let wcs = Wcs::from_header(&header(row)).expect("a description");
            let all = [&[Quantity::Frequency, Quantity::Wavelength], &VELOCITIES[..]].concat();
            for (quantity, expected) in all.into_iter().zip(row.5) {
                let found = wcs.spectral_as(quantity, row.4).expect("a rest frequency");
                assert!((found / expected - 1.0).abs() < 1e-9, "{row:?} {quantity:?}: {found}");
            }
        }
    }

    #[test]
    fn a_header_for_another_line_has_its_velocities() {
        for row in ASTROPY {
            let made = with_rest_frequency(&header(row), C13O_HZ).expect("another line");
            let wcs = Wcs::from_header(&made).expect("a description");
            assert_eq!(wcs.rest_hz, Some(C13O_HZ));
            for (quantity, expected) in VELOCITIES.into_iter().zip(row.6) {
                let found = wcs.spectral_as(quantity, row.4).expect("a rest frequency");
                // An even axis of relativistic velocities stays one, within a hundredth of its channels of 13 km/s.
                let most = if row.0 == "VELO" { 130.0 } else { 1e-9 * expected.abs() };
                assert!((found - expected).abs() < most, "{row:?} {quantity:?}: {found}");
            }
        }
    }

    #[test]
    fn a_line_is_taken_where_there_was_none_and_refused_where_it_cannot_be() {
        let mut bare = header(ASTROPY[4]);
        bare.remove("RESTFRQ");
        let made = with_rest_frequency(&bare, CO_HZ).expect("a line");
        assert_eq!(made.float("CRVAL1"), bare.float("CRVAL1"), "its velocities are those of the line");
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(with_rest_frequency(&bare, wrong).is_err(), "{wrong}");
        }
        let wide = header(("VELO", 2.5e6, -1e6, "m/s", 1.0, [0.0; 5], [0.0; 3]));
        let refused = with_rest_frequency(&wide, C13O_HZ).map(|_| ()).expect_err("uneven");
        assert!(refused.to_string().contains("evenly"), "{refused}");
        assert!(with_rest_frequency(&Header::default(), CO_HZ).is_err(), "no spectral axis");
        // An array description by CD, in km/s.
        let mut matrix = header(("VRAD", 2.5e3, 1.0, "km/s", 1.0, [0.0; 5], [0.0; 3]));
        matrix.remove("CDELT1");
        matrix.set_float("CD1_1", -13.0, "");
        let wcs = Wcs::from_header(&with_rest_frequency(&matrix, C13O_HZ).expect("a line")).expect("read");
        let found = wcs.velocity_km_s(37.25).expect("a velocity");
        assert!((found * 1e3 / ASTROPY[5].6[0] - 1.0).abs() < 1e-9, "{found}");
    }

    #[test]
    fn aips_says_the_convention_beside_the_name() {
        // As wcslib's spcaips translates them.
        for (ctype, reference, expected) in [
            ("VELO-LSR", None, Quantity::OpticalVelocity),
            ("VELO-LSR", Some(257), Quantity::RadioVelocity),
            ("VELO", Some(257), Quantity::RadioVelocity),
            ("VELO", None, Quantity::Velocity),
        ] {
            let mut header = header((ctype, 2.5e6, -1.3e4, "m/s", 1.0, [0.0; 5], [0.0; 3]));
            reference.into_iter().for_each(|value| header.set_integer("VELREF", value, ""));
            let wcs = Wcs::from_header(&header).expect("a description");
            assert_eq!(wcs.quantity(), Some(expected), "{ctype} {reference:?}");
        }
    }
}
