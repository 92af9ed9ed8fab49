//! The plane of a map, or of a cube's channels, on the sky: from pixels to coordinates and back, and how long a pixel is.

use super::{Error, Result};
use crate::data::Header;
use crate::io::wcs::{SkyFrame, Wcs, celestial_header};

/// Where pixels (x, y) of an array lie on the sky. Pixels are counted from 0 at the centre of the first, as in arrays.
pub struct SkyPlane {
    wcs: Option<Wcs>,
    frame: Frame,
}

/// Which coordinates on the sky. ICRS and FK5 at J2000 differ by some 0.02″ and are taken as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Frame {
    Icrs,
    Galactic,
    /// Equatorial at another equinox, or ecliptic: usable within one file, not to be turned into the others.
    Other,
    /// No sky: pixels.
    Pixels,
}

impl Frame {
    pub fn name(self) -> &'static str {
        match self {
            Self::Icrs => "ICRS",
            Self::Galactic => "Galactic",
            Self::Other => "the file's own",
            Self::Pixels => "pixels",
        }
    }
}

impl SkyPlane {
    /// By the first two axes of a header; without coordinates on the sky there, pixels are all there is.
    pub fn of(header: &Header) -> Self {
        let is_first = Wcs::from_header(header)
            .is_ok_and(|wcs| wcs.is_celestial() && wcs.longitude.zip(wcs.latitude) == Some((0, 1)));
        let map = is_first.then(|| celestial_header(header)).flatten();
        let wcs = map.and_then(|map| Wcs::from_header(&map).ok()).filter(Wcs::is_celestial);
        let frame = wcs.as_ref().map_or(Frame::Pixels, |wcs| frame_of(header, &wcs.axes[0].ctype));
        Self { wcs, frame }
    }

    pub fn frame(&self) -> Frame {
        self.frame
    }

    pub fn has_sky(&self) -> bool {
        self.wcs.is_some()
    }

    /// Longitude and latitude in degrees; `None` off the sky and without one.
    pub fn sky(&self, pixel: [f64; 2]) -> Option<[f64; 2]> {
        let world = self.wcs.as_ref()?.world(&[pixel[0] + 1.0, pixel[1] + 1.0]);
        (world[0].is_finite() && world[1].is_finite()).then(|| [world[0], world[1]])
    }

    pub fn pixel(&self, sky: [f64; 2]) -> Option<[f64; 2]> {
        let pixel = self.wcs.as_ref()?.pixel_from_world(&sky)?;
        Some([pixel[0] - 1.0, pixel[1] - 1.0])
    }

    /// Lengths on the sky of a pixel along x and y where it lies, in arcseconds. Without a sky a pixel is one pixel long.
    pub fn pixel_sides(&self, at: [f64; 2]) -> [f64; 2] {
        let side = |axis: usize| {
            let (mut before, mut after) = (at, at);
            before[axis] -= 0.5;
            after[axis] += 0.5;
            Some(separation_deg(self.sky(before)?, self.sky(after)?) * 3600.0)
        };
        match (side(0), side(1)) {
            (Some(x), Some(y)) if x > 0.0 && y > 0.0 => [x, y],
            _ => [1.0, 1.0],
        }
    }

    /// Positions in `frame` as positions of this plane's own coordinates.
    ///
    /// # Errors
    /// Frames of which one cannot be turned into the other.
    pub fn from_frame(&self, frame: Frame, position: [f64; 2]) -> Result<[f64; 2]> {
        turned(frame, self.frame, position)
    }

    /// This plane's own coordinates as positions in `frame`.
    ///
    /// # Errors
    /// As [`SkyPlane::from_frame`].
    pub fn into_frame(&self, frame: Frame, position: [f64; 2]) -> Result<[f64; 2]> {
        turned(self.frame, frame, position)
    }
}

fn frame_of(header: &Header, ctype: &str) -> Frame {
    let equinox = header.float("EQUINOX").or_else(|| header.float("EPOCH")).filter(|year| *year > 0.0);
    match SkyFrame::of(header, ctype) {
        SkyFrame::Galactic => Frame::Galactic,
        SkyFrame::Equatorial("ICRS") => Frame::Icrs,
        SkyFrame::Equatorial("FK5") if equinox.is_none_or(|year| (year - 2000.0).abs() < 0.01) => Frame::Icrs,
        _ => Frame::Other,
    }
}

fn turned(from: Frame, to: Frame, position: [f64; 2]) -> Result<[f64; 2]> {
    match (from, to) {
        (from, to) if from == to => Ok(position),
        (Frame::Icrs, Frame::Galactic) => Ok(rotated(position, false)),
        (Frame::Galactic, Frame::Icrs) => Ok(rotated(position, true)),
        _ => Err(Error::input(
            format!("positions in {} coordinates cannot be turned into {} ones", from.name(), to.name()),
            "use the coordinates of the file, ICRS, FK5 (J2000) or Galactic ones",
        )),
    }
}

/// From ICRS to Galactic coordinates: the matrix of the Hipparcos catalogue (ESA 1997, SP-1200, vol. 1, eq. 1.5.11).
const GALACTIC: [[f64; 3]; 3] = [
    [-0.054_875_560_4, -0.873_437_090_2, -0.483_835_015_5],
    [0.494_109_427_9, -0.444_829_630_0, 0.746_982_244_5],
    [-0.867_666_149_0, -0.198_076_373_4, 0.455_983_776_2],
];

fn rotated(position: [f64; 2], back: bool) -> [f64; 2] {
    let from = direction(position);
    let to: [f64; 3] = std::array::from_fn(|i| {
        (0..3).map(|j| if back { GALACTIC[j][i] } else { GALACTIC[i][j] } * from[j]).sum()
    });
    let [longitude, latitude] = [to[1].atan2(to[0]), to[2].atan2(to[0].hypot(to[1]))];
    [longitude.to_degrees().rem_euclid(360.0), latitude.to_degrees()]
}

fn direction([longitude, latitude]: [f64; 2]) -> [f64; 3] {
    let ((sin_l, cos_l), (sin_b, cos_b)) =
        (longitude.to_radians().sin_cos(), latitude.to_radians().sin_cos());
    [cos_b * cos_l, cos_b * sin_l, sin_b]
}

/// Distance on the sphere in degrees (Vincenty 1975, exact at all distances).
pub fn separation_deg(a: [f64; 2], b: [f64; 2]) -> f64 {
    let [west, north, towards] = seen_from(a, b);
    west.hypot(north).atan2(towards).to_degrees()
}

/// The direction to `to` in the axes west, north and outwards at `from`.
fn seen_from(from: [f64; 2], to: [f64; 2]) -> [f64; 3] {
    let (sin_d, cos_d) = (to[0] - from[0]).to_radians().sin_cos();
    let ((sin_a, cos_a), (sin_b, cos_b)) = (from[1].to_radians().sin_cos(), to[1].to_radians().sin_cos());
    [-cos_b * sin_d, cos_a * sin_b - sin_a * cos_b * cos_d, sin_a * sin_b + cos_a * cos_b * cos_d]
}

/// How far west and north of `from` a position lies, in arcseconds: distance and direction are kept (zenithal equidistant).
pub fn offsets_arcsec(from: [f64; 2], to: [f64; 2]) -> [f64; 2] {
    let [west, north, towards] = seen_from(from, to);
    let sine = west.hypot(north);
    let distance = sine.atan2(towards).to_degrees() * 3600.0;
    if sine > 0.0 { [distance * west / sine, distance * north / sine] } else { [0.0, 0.0] }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `SkyCoord("03h25m38s +30d44m05s", frame="fk5").galactic` of astropy 8.0, and its separation from (52°, 31°). Hipparcos rounds the
    /// pole to 0.00001°, which is the 0.01″ between the two.
    #[test]
    fn galactic_coordinates_and_separations_are_those_of_astropy() {
        let l1448 = [51.408_333_333_333_33, 30.734_722_222_222_22];
        let galactic = rotated(l1448, false);
        let truth = [158.05982422190473, -21.42226997730481];
        assert!(separation_deg(galactic, truth) * 3600.0 < 0.02, "{galactic:?}");
        assert!(separation_deg(rotated(galactic, true), l1448) * 3600.0 < 1e-4);
        assert!((separation_deg(l1448, [52.0, 31.0]) / 0.5729694151278366 - 1.0).abs() < 1e-9);
        let [west, north] = offsets_arcsec(l1448, [52.0, 31.0]);
        assert!(
            west < 0.0 && north > 0.0 && (west.hypot(north) / 3600.0 / 0.5729694151278366 - 1.0).abs() < 1e-9
        );
    }

    #[test]
    fn pixels_have_the_length_that_they_have_on_the_sky() {
        let mut header = Header::default();
        for (axis, ctype, value, step) in [(1, "RA---TAN", 51.0, -0.01), (2, "DEC--TAN", 60.0, 0.02)] {
            header.set_text(&format!("CTYPE{axis}"), ctype, "");
            header.set_float(&format!("CRPIX{axis}"), 11.0, "");
            header.set_float(&format!("CRVAL{axis}"), value, "");
            header.set_float(&format!("CDELT{axis}"), step, "");
        }
        let plane = SkyPlane::of(&header);
        let sides = plane.pixel_sides([10.0, 10.0]);
        assert!((sides[0] - 36.0).abs() < 1e-4 && (sides[1] - 72.0).abs() < 1e-4, "{sides:?}");
        let there = plane.sky([3.0, 17.0]).expect("on the sky");
        let back = plane.pixel(there).expect("a pixel");
        assert!((back[0] - 3.0).abs() < 1e-9 && (back[1] - 17.0).abs() < 1e-9);
        assert_eq!(plane.frame(), Frame::Icrs);
        assert_eq!(SkyPlane::of(&Header::default()).pixel_sides([0.0; 2]), [1.0; 2]);
    }
}
