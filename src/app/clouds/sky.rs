//! Where the pixels lie on the sky: coordinates under the cursor, which way is up, how long the scale bar is.

use crate::app::text;
use crate::data::Header;
use crate::io::wcs::{self, Wcs};
use egui::{Pos2, Vec2, pos2, vec2};
use std::sync::Arc;

/// The world coordinates of a map, and what follows from them at its centre.
#[derive(Clone)]
pub struct Sky {
    wcs: Option<Arc<Wcs>>,
    frame: SkyFrame,
    /// From pixels to the screen at a zoom of one: a symmetry of the square that brings north up and east left.
    pub turn: Turn,
    /// Size of a pixel at the centre of the map.
    pub pixel: Option<PixelSize>,
    /// Full width at half maximum of the beam along its axes and its position angle, in degrees.
    pub beam_deg: Option<[f64; 3]>,
    /// Directions of north and east on the screen, of length one.
    pub compass: Option<(Vec2, Vec2)>,
}

/// Which coordinates on the sky.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkyFrame {
    Equatorial(&'static str),
    Galactic,
    Ecliptic,
}

impl SkyFrame {
    fn of(header: &Header, longitude_ctype: &str) -> Self {
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
}

/// A length of a pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PixelSize {
    Degrees(f64),
    /// For maps of simulations.
    Parsec(f64),
}

/// A symmetry of the square as a matrix: screen = rows · pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    x: Vec2,
    y: Vec2,
}

impl Turn {
    /// Rows from the bottom, columns from the left, as FITS counts.
    pub const PLAIN: Self = Self { x: vec2(1.0, 0.0), y: vec2(0.0, -1.0) };

    pub fn apply(self, pixel: Vec2) -> Vec2 {
        vec2(self.x.dot(pixel), self.y.dot(pixel))
    }

    /// Back from the screen; the inverse of a symmetry is its transpose.
    pub fn undo(self, screen: Vec2) -> Vec2 {
        self.x * screen.x + self.y * screen.y
    }

    /// The symmetry that brings `north` up and `east` left most nearly.
    fn towards(north: Vec2, east: Vec2) -> Self {
        let mut best = (f32::NEG_INFINITY, Self::PLAIN);
        for x in [vec2(1.0, 0.0), vec2(-1.0, 0.0), vec2(0.0, 1.0), vec2(0.0, -1.0)] {
            for sign in [-1.0, 1.0] {
                let turn = Self { x, y: vec2(x.y, x.x) * sign };
                let fit = -turn.apply(north).y - turn.apply(east).x;
                if fit > best.0 + 1e-4 {
                    best = (fit, turn);
                }
            }
        }
        best.1
    }
}

impl Sky {
    /// Reads the coordinates of a map of `rows` × `columns` pixels.
    pub fn new(header: &Header, rows: usize, columns: usize) -> Self {
        let wcs = Wcs::from_header(header).ok().filter(Wcs::is_celestial).map(Arc::new);
        let ctype = wcs.as_ref().and_then(|wcs| Some(wcs.axes.get(wcs.longitude?)?.ctype.clone()));
        let frame = SkyFrame::of(header, ctype.as_deref().unwrap_or_default());
        let centre = pos2((columns as f32 - 1.0) * 0.5, (rows as f32 - 1.0) * 0.5);
        let beam_deg = wcs::beam(header).map(|beam| [beam.major_deg, beam.minor_deg, beam.angle_deg]);
        let mut sky = Self { wcs, frame, turn: Turn::PLAIN, pixel: None, beam_deg, compass: None };
        match sky.directions(centre) {
            Some((north, east, degrees)) => {
                sky.turn = Turn::towards(north, east);
                sky.pixel = Some(PixelSize::Degrees(degrees));
                sky.compass = Some((sky.turn.apply(north), sky.turn.apply(east)));
            }
            None => sky.pixel = parsec(header).map(PixelSize::Parsec),
        }
        sky
    }

    /// Longitude and latitude in degrees at a pixel, counted from zero at the centre of the first.
    pub fn world(&self, pixel: Pos2) -> Option<(f64, f64)> {
        let wcs = self.wcs.as_ref()?;
        // FITS counts from one.
        let world = wcs.world(&[f64::from(pixel.x) + 1.0, f64::from(pixel.y) + 1.0]);
        let (longitude, latitude) = (*world.get(wcs.longitude?)?, *world.get(wcs.latitude?)?);
        (longitude.is_finite() && latitude.is_finite()).then_some((longitude, latitude))
    }

    /// The coordinates at a pixel, in words.
    pub fn words(&self, pixel: Pos2) -> Option<String> {
        let (longitude, latitude) = self.world(pixel)?;
        Some(match self.frame {
            SkyFrame::Galactic => format!("l {longitude:.4}° b {latitude:+.4}°").replace('-', "−"),
            SkyFrame::Ecliptic => format!("λ {longitude:.4}° β {latitude:+.4}°").replace('-', "−"),
            SkyFrame::Equatorial(_) => {
                format!("RA {} Dec {}", text::right_ascension(longitude), text::declination(latitude))
            }
        })
    }

    /// The kind of coordinates; `None` where the map is not on the sky.
    pub fn frame(&self) -> Option<SkyFrame> {
        self.wcs.as_ref().map(|_| self.frame)
    }

    pub fn frame_name(&self) -> Option<&'static str> {
        self.wcs.as_ref()?;
        Some(match self.frame {
            SkyFrame::Galactic => "Galactic",
            SkyFrame::Ecliptic => "ecliptic",
            SkyFrame::Equatorial(name) => name,
        })
    }

    /// Unit vectors towards north and east in pixels, and the degrees of a pixel, by differences over one pixel.
    fn directions(&self, at: Pos2) -> Option<(Vec2, Vec2, f64)> {
        let (longitude, latitude) = self.world(at)?;
        let step = |dx: f32, dy: f32| {
            let (l, b) = self.world(at + vec2(dx, dy))?;
            let east = (l - longitude + 540.0).rem_euclid(360.0) - 180.0;
            Some((east * latitude.to_radians().cos(), b - latitude))
        };
        let ((east_x, north_x), (east_y, north_y)) = (step(1.0, 0.0)?, step(0.0, 1.0)?);
        let determinant = east_x * north_y - east_y * north_x;
        if !(determinant.is_finite() && determinant != 0.0) {
            return None;
        }
        // Columns of the inverse: the steps in pixels that move only north, or only east. On a slanted grid these differ from
        // the gradients.
        let north = vec2((-east_y / determinant) as f32, (east_x / determinant) as f32);
        let east = vec2((north_y / determinant) as f32, (-north_x / determinant) as f32);
        Some((north.normalized(), east.normalized(), determinant.abs().sqrt()))
    }
}

/// The size of a pixel in parsec, where the header gives one.
fn parsec(header: &Header) -> Option<f64> {
    let unit = header.text("CUNIT1").unwrap_or_default();
    let size = header.float("CDELT1")?.abs();
    (unit.eq_ignore_ascii_case("pc") && size.is_finite() && size > 0.0).then_some(size)
}

/// A scale bar: its length in pixels of the map and its label, no longer than `most_px`.
pub fn scale_bar(pixel: PixelSize, most_px: f64) -> Option<(f64, String)> {
    let (size, steps, per): (f64, &[f64], f64) = match pixel {
        PixelSize::Degrees(degrees) => (
            degrees * 3600.0,
            &[
                0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0,
                3600.0, 7200.0, 18000.0, 36000.0, 108_000.0,
            ],
            1.0 / 3600.0,
        ),
        PixelSize::Parsec(parsec) => (
            parsec,
            &[0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1000.0],
            1.0,
        ),
    };
    let length = steps.iter().rev().find(|&&step| step / size <= most_px)?;
    let label = match pixel {
        PixelSize::Degrees(_) => text::angle(length * per),
        PixelSize::Parsec(_) => format!("{} pc", text::number(*length)),
    };
    Some((length / size, label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn north_is_brought_up_and_east_left() {
        // The usual map: right ascension grows to the left.
        assert_eq!(Turn::towards(vec2(0.0, 1.0), vec2(-1.0, 0.0)), Turn::PLAIN);
        // Any of the eight: north and east end where they belong, and the way back is the way there.
        for (north, east) in [
            (vec2(0.0, -1.0), vec2(1.0, 0.0)),
            (vec2(1.0, 0.0), vec2(0.0, 1.0)),
            (vec2(0.1, 0.99), vec2(0.99, -0.1)),
        ] {
            let turn = Turn::towards(north, east);
            assert!(turn.apply(north).y < -0.9 && turn.apply(east).x < -0.9, "{turn:?}");
            assert!((turn.undo(turn.apply(north)) - north).length() < 1e-6);
        }
    }

    #[test]
    fn scale_bars_are_round() {
        let (length, label) = scale_bar(PixelSize::Degrees(14.0 / 3600.0), 60.0).expect("a bar");
        assert_eq!(label, "10′");
        assert!((length - 600.0 / 14.0).abs() < 1e-9);
        assert_eq!(scale_bar(PixelSize::Parsec(0.078), 30.0).expect("a bar").1, "2 pc");
    }
}
