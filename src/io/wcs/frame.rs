//! Which coordinates on the sky, and which frame of rest for its velocities, a header means, and how they are called.

use crate::data::Header;

/// Which coordinates on the sky.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkyFrame {
    Equatorial(&'static str),
    Galactic,
    Ecliptic,
}

impl SkyFrame {
    /// By the CTYPE of the longitude axis, RADESYS and EQUINOX.
    pub fn of(header: &Header, longitude_ctype: &str) -> Self {
        let radesys = header.text("RADESYS").or_else(|| header.text("RADECSYS")).unwrap_or_default();
        match (longitude_ctype.get(..2), radesys) {
            (Some("GL"), _) => Self::Galactic,
            (Some("EL"), _) => Self::Ecliptic,
            (_, "FK4") => Self::Equatorial("FK4"),
            (_, "FK5") => Self::Equatorial("FK5"),
            (_, "ICRS") => Self::Equatorial("ICRS"),
            // The standard's rule where RADESYS is absent: the equinox decides.
            _ => match header.float("EQUINOX").or_else(|| header.float("EPOCH")) {
                Some(equinox) if (1800.0..1984.0).contains(&equinox) => Self::Equatorial("FK4"),
                Some(equinox) if equinox >= 1984.0 => Self::Equatorial("FK5"),
                // None, or the 0 that some writers leave for one they do not know.
                _ => Self::Equatorial("ICRS"),
            },
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Galactic => "Galactic",
            Self::Ecliptic => "ecliptic",
            Self::Equatorial(name) => name,
        }
    }
}

/// The frame of rest of a header's spectral axis: its code as SPECSYS writes it (Greisen et al. 2006, table 4) and what it means. By
/// SPECSYS, else by what AIPS writes behind the CTYPE or in VELREF; `None` where the header does not say.
pub fn rest_frame(header: &Header, ctype: &str) -> Option<(String, &'static str)> {
    let by_velref = || match header.integer("VELREF")? % 256 {
        1 => Some("LSRK"),
        2 => Some("HELIOCEN"),
        3 => Some("TOPOCENT"),
        4 => Some("LSRD"),
        5 => Some("GEOCENTR"),
        6 => Some("SOURCE"),
        7 => Some("GALACTOC"),
        _ => None,
    };
    let by_ctype = || match ctype.to_ascii_uppercase().split_once('-')?.1.trim_matches('-') {
        "LSR" => Some("LSRK"),
        "HEL" => Some("HELIOCEN"),
        "BAR" => Some("BARYCENT"),
        "OBS" => Some("TOPOCENT"),
        "GEO" => Some("GEOCENTR"),
        "GAL" => Some("GALACTOC"),
        _ => None,
    };
    let written = header.text("SPECSYS").map(str::trim).filter(|code| !code.is_empty());
    let code = written.or_else(by_ctype).or_else(by_velref)?;
    let meaning = match code {
        "LSRK" | "LSR" => "kinematic local standard of rest",
        "LSRD" => "dynamical local standard of rest",
        "BARYCENT" => "barycentre of the solar system",
        "HELIOCEN" => "the Sun",
        "TOPOCENT" => "the observatory",
        "GEOCENTR" => "centre of the Earth",
        "GALACTOC" => "centre of the Galaxy",
        "LOCALGRP" => "Local Group",
        "CMBDIPOL" => "cosmic microwave background",
        "SOURCE" => "the source",
        _ => "a frame that is not of the standard",
    };
    Some((code.to_owned(), meaning))
}
