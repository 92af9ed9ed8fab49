//! Where the pixels lie on the sky: coordinates under the cursor, which way is up.

use crate::data::Header;
use crate::figure::{Coordinate, PixelSize, sky_ticks, sky_words};
use crate::io::wcs::{self, SkyFrame, Wcs};
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
        Some(sky_words(self.frame, longitude, latitude))
    }

    /// The kind of coordinates; `None` where the map is not on the sky.
    pub fn frame(&self) -> Option<SkyFrame> {
        self.wcs.as_ref().map(|_| self.frame)
    }

    pub fn frame_name(&self) -> Option<&'static str> {
        Some(self.frame()?.name())
    }

    /// Ticks of a coordinate along the edge on which `pixel_at(0..=1)` lies; none where the map is not on the sky.
    pub fn ticks(
        &self,
        coordinate: Coordinate,
        most: usize,
        pixel_at: impl Fn(f32) -> Pos2,
    ) -> Vec<(f32, String)> {
        let Some(frame) = self.frame() else { return Vec::new() };
        sky_ticks(frame, coordinate, most, |place| self.world(pixel_at(place)))
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
}
