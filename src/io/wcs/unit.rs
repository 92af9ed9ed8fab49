//! Units of axes as files write them, to SI and degrees.

/// What a unit measures, and what one of it is in degrees, hertz, metres, metres per second, joule or per metre.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Measure {
    Angle,
    Frequency,
    Speed,
    Length,
    Energy,
    Wavenumber,
    None,
}

/// The measure and factor of a unit text; `None` where it is not known. Upper case of old headers is understood.
pub(super) fn parse(text: &str) -> Option<(Measure, f64)> {
    let text = text.trim();
    // Case matters where it tells units apart; everything else is compared without it.
    match text {
        "MHz" => return Some((Measure::Frequency, 1e6)),
        "mHz" => return Some((Measure::Frequency, 1e-3)),
        "MeV" => return Some((Measure::Energy, 1e6 * EV_J)),
        "A" => return Some((Measure::Length, 1e-10)),
        _ => {}
    }
    let plain: String = text.to_ascii_lowercase().chars().filter(|c| !"() *.^".contains(*c)).collect();
    Some(match plain.as_str() {
        "" => (Measure::None, 1.0),
        "deg" | "degree" | "degrees" => (Measure::Angle, 1.0),
        "arcmin" | "arcminute" | "arcminutes" => (Measure::Angle, 1.0 / 60.0),
        "arcsec" | "arcsecond" | "arcseconds" | "asec" => (Measure::Angle, 1.0 / 3600.0),
        "mas" => (Measure::Angle, 1e-3 / 3600.0),
        "rad" | "radian" | "radians" => (Measure::Angle, 180.0 / std::f64::consts::PI),
        "hz" | "hertz" => (Measure::Frequency, 1.0),
        "khz" => (Measure::Frequency, 1e3),
        "mhz" => (Measure::Frequency, 1e6),
        "ghz" => (Measure::Frequency, 1e9),
        "thz" => (Measure::Frequency, 1e12),
        "m/s" | "ms-1" | "m/sec" | "meter/sec" | "meter/s" | "metre/s" => (Measure::Speed, 1.0),
        "km/s" | "kms-1" | "km/sec" | "kms" | "kmps" => (Measure::Speed, 1e3),
        "cm/s" | "cms-1" | "cm/sec" => (Measure::Speed, 1e-2),
        "m" | "meter" | "metre" | "meters" => (Measure::Length, 1.0),
        "cm" => (Measure::Length, 1e-2),
        "mm" => (Measure::Length, 1e-3),
        "um" | "micron" | "microns" | "micrometer" | "micrometers" => (Measure::Length, 1e-6),
        "nm" | "nanometer" | "nanometers" => (Measure::Length, 1e-9),
        "angstrom" | "angstroms" | "ang" => (Measure::Length, 1e-10),
        "km" => (Measure::Length, 1e3),
        "j" | "joule" => (Measure::Energy, 1.0),
        "erg" => (Measure::Energy, 1e-7),
        "ev" => (Measure::Energy, EV_J),
        "kev" => (Measure::Energy, 1e3 * EV_J),
        "1/m" | "m-1" | "/m" => (Measure::Wavenumber, 1.0),
        "1/cm" | "cm-1" | "/cm" => (Measure::Wavenumber, 1e2),
        _ => return None,
    })
}

/// Electronvolt in joule (exact, SI 2019).
const EV_J: f64 = 1.602_176_634e-19;

impl Measure {
    /// What the unit is called after conversion.
    pub fn name(self) -> &'static str {
        match self {
            Self::Angle => "deg",
            Self::Frequency => "Hz",
            Self::Speed => "m/s",
            Self::Length => "m",
            Self::Energy => "J",
            Self::Wavenumber => "1/m",
            Self::None => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_real_headers() {
        for text in ["m/s", "M/S", "m s-1", "M/SEC", "m.s**-1", "m s^-1"] {
            assert_eq!(parse(text), Some((Measure::Speed, 1.0)), "{text}");
        }
        for text in ["km/s", "KM/S", "km s-1", "km.s-1"] {
            assert_eq!(parse(text), Some((Measure::Speed, 1e3)), "{text}");
        }
        assert_eq!(parse("HZ"), Some((Measure::Frequency, 1.0)));
        assert_eq!(parse("MHZ"), Some((Measure::Frequency, 1e6)));
        assert_eq!(parse("DEGREE"), Some((Measure::Angle, 1.0)));
        assert_eq!(parse("Angstrom"), Some((Measure::Length, 1e-10)));
        assert_eq!(parse("furlong"), None);
    }
}
