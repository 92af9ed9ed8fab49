//! Which coordinates on the sky a header means, and how they are called.

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
