//! What a cube's header says of its box: proportions, which way the axes run, coordinates of its voxels, names and ticks of its axes.
//! Voxels are those of the file, counted from 0 at the centre of the first, in the order x, y, z (z the slowest axis of the file).

mod axis;
mod words;

#[cfg(test)]
mod tests;

pub use axis::{AxisKind, CubeAxis, SpectralUnit};

use crate::data::Header;
use crate::figure::{self, Coordinate, text};
use crate::io::wcs::{self, Beam, Quantity, SkyFrame, Wcs};

/// A tick on an edge: its place along it from 0 to 1, and its label.
pub type EdgeTick = (f32, String);

/// The part of a file's cube that is loaded, and how much it was reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The first voxel of the file (x, y, z).
    pub first: [usize; 3],
    /// So many voxels of the file along each side make one.
    pub factor: usize,
    /// Voxels that are loaded (x, y, z).
    pub shape: [usize; 3],
}

impl Part {
    /// The voxel of the file at a place of the box, from 0 to 1.
    pub fn voxel(&self, place: [f32; 3]) -> [f64; 3] {
        std::array::from_fn(|axis| {
            let length = (self.shape[axis] * self.factor) as f64;
            self.first[axis] as f64 + length * f64::from(place[axis]) - 0.5
        })
    }

    /// The place in the box, from 0 to 1, of a voxel of the file.
    pub fn place(&self, voxel: [f64; 3]) -> [f32; 3] {
        std::array::from_fn(|axis| {
            let length = (self.shape[axis] * self.factor).max(1) as f64;
            ((voxel[axis] - self.first[axis] as f64 + 0.5) / length) as f32
        })
    }
}

/// Change of the sky over one voxel along x and y at the centre of the cube, in degrees of a great circle.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Jacobian {
    /// Towards east, for a step along x and along y.
    east: [f64; 2],
    north: [f64; 2],
}

/// The coordinates of a cube.
pub struct Geometry {
    header: Header,
    shape: [usize; 3],
    wcs: Option<Wcs>,
    frame: SkyFrame,
    axes: [CubeAxis; 3],
    /// Sides of a voxel in the unit of its group; axes of one group keep their proportions.
    steps: [f64; 3],
    groups: [String; 3],
    jacobian: Option<Jacobian>,
    /// Which of the three axes is spectral.
    spectral: Option<usize>,
    unit: SpectralUnit,
    velocities: Option<Vec<f64>>,
    /// Code of the frame of rest, and what it means.
    rest_frame: Option<(String, &'static str)>,
    beam: Option<Beam>,
    /// Whether planes have beams of their own, of which `beam` is the first.
    has_beam_per_plane: bool,
    /// What had to be assumed.
    pub warnings: Vec<String>,
}

impl Geometry {
    /// Length of a third axis of another kind in lengths of the longer side of the sky, where nobody says otherwise.
    pub const USUAL_RATIO: f64 = 1.0;

    /// Reads the header of a cube of `shape` voxels (z, y, x): FITS axis 1 is x. Without coordinates it counts voxels.
    pub fn new(header: &Header, shape: [usize; 3]) -> Self {
        Self::in_unit(header, shape, SpectralUnit::File)
    }

    /// As `new`, with the spectral axis counted in a unit. Where the header does not allow that (no rest frequency), it is the file's own,
    /// and a warning says so.
    pub fn in_unit(header: &Header, shape: [usize; 3], unit: SpectralUnit) -> Self {
        let [depth, height, width] = shape;
        let mut warnings = Vec::new();
        let wcs = match Wcs::from_header(header) {
            Ok(wcs) if wcs.axes.len() >= 3 => Some(wcs),
            Ok(_) => None,
            Err(error) => {
                warnings.push(error.to_string());
                None
            }
        };
        warnings.extend(wcs.iter().flat_map(|wcs| wcs.warnings.iter().cloned()));
        let ctype = wcs.as_ref().and_then(|wcs| Some(wcs.axes.get(wcs.longitude?)?.ctype.clone()));
        let frame = SkyFrame::of(header, ctype.as_deref().unwrap_or_default());
        let spectral = wcs.as_ref().and_then(|wcs| wcs.spectral).filter(|&axis| axis < 3);
        let lengths = [width, height, depth];
        let mut unit = unit;
        if let (Some(quantity), Some(wcs), Some(_)) = (unit.quantity(), &wcs, spectral)
            && wcs.spectral_as(quantity, 1.0).is_none()
        {
            warnings
                .push(format!("the spectral axis cannot be shown as {}: give a rest frequency", unit.name()));
            unit = SpectralUnit::File;
        }
        let velocities = wcs.as_ref().zip(spectral).and_then(|(wcs, axis)| {
            let found = match unit {
                SpectralUnit::RadioVelocity | SpectralUnit::OpticalVelocity => {
                    let at = |channel: usize| converted_km_s(wcs, unit, channel as f64);
                    Ok((1..=lengths[axis]).map(|channel| at(channel).unwrap_or(f64::NAN)).collect())
                }
                _ => wcs.velocities_km_s(lengths[axis]),
            };
            found
                .map_err(|error| warnings.push(error.to_string()))
                .ok()
                .filter(|all: &Vec<f64>| all.iter().all(|one| one.is_finite()))
        });
        let rest_frame =
            wcs.as_ref().zip(spectral).and_then(|(wcs, axis)| wcs::rest_frame(header, &wcs.axes[axis].ctype));
        let mut geometry = Self {
            header: header.clone(),
            shape: lengths,
            frame,
            axes: ["x", "y", "z"].map(CubeAxis::voxels),
            steps: [1.0; 3],
            groups: std::array::from_fn(|_| String::new()),
            jacobian: None,
            spectral,
            unit,
            velocities,
            rest_frame,
            beam: wcs::beam(header),
            has_beam_per_plane: header.get("CASAMBM").is_some(),
            warnings,
            wcs,
        };
        geometry.jacobian = geometry.sky_change();
        for axis in 0..3 {
            geometry.describe(header, axis);
        }
        geometry
    }

    fn describe(&mut self, header: &Header, axis: usize) {
        let Some(wcs) = &self.wcs else { return };
        let own = &wcs.axes[axis];
        let is_sky = wcs.is_celestial() && (wcs.longitude == Some(axis) || wcs.latitude == Some(axis));
        let step = wcs.step(axis);
        self.steps[axis] = if step.is_finite() && step > 0.0 { step } else { 1.0 };
        self.groups[axis] = match (is_sky, self.spectral) {
            (true, _) => "sky".to_owned(),
            (_, Some(spectral)) if spectral == axis => "spectral".to_owned(),
            _ => own.unit.to_ascii_lowercase(),
        };
        if !wcs.along(axis, 1.0).is_finite() {
            return;
        }
        self.axes[axis] = if is_sky {
            let coordinate = self.coordinate(axis);
            CubeAxis {
                kind: AxisKind::Sky(coordinate),
                name: axis::sky_name(header, self.frame, coordinate),
                unit: String::new(),
                scale: 1.0,
            }
        } else if self.spectral == Some(axis) {
            let file_unit = header.text(&format!("CUNIT{}", axis + 1)).unwrap_or_default();
            match (self.unit, &self.velocities, wcs.quantity()) {
                (SpectralUnit::Channel, ..) => CubeAxis::voxels("channel"),
                (SpectralUnit::Frequency, ..) => self.converted_axis(Quantity::Frequency),
                (SpectralUnit::Wavelength, ..) => self.converted_axis(Quantity::Wavelength),
                (unit, Some(_), _) => {
                    let name = figure::velocity_name(header, &own.ctype);
                    let name = match unit {
                        SpectralUnit::RadioVelocity => format!("{name} (radio)"),
                        SpectralUnit::OpticalVelocity => format!("{name} (optical)"),
                        _ => name,
                    };
                    CubeAxis { kind: AxisKind::Velocity, name, unit: "km s⁻¹".to_owned(), scale: 1.0 }
                }
                (_, None, Some(quantity)) => axis::spectral_axis(quantity, wcs.along(axis, 1.0), file_unit),
                (_, None, None) => CubeAxis::voxels(["x", "y", "z"][axis]),
            }
        } else if own.ctype.is_empty() && own.unit.is_empty() {
            return;
        } else {
            let name = if own.ctype.is_empty() { ["x", "y", "z"][axis] } else { &own.ctype };
            CubeAxis { kind: AxisKind::Other, name: name.to_owned(), unit: text::unit(&own.unit), scale: 1.0 }
        };
    }

    fn converted_axis(&self, quantity: Quantity) -> CubeAxis {
        let typical = self.wcs.as_ref().and_then(|wcs| wcs.spectral_as(quantity, 1.0)).unwrap_or(f64::NAN);
        axis::spectral_axis(quantity, typical, "")
    }

    /// Which coordinate of the sky changes more along an axis of it.
    fn coordinate(&self, axis: usize) -> Coordinate {
        let longitude = self.wcs.as_ref().and_then(|wcs| wcs.longitude);
        let is_east = match self.jacobian.filter(|_| axis < 2) {
            // The two axes of the sky must not both tell the same coordinate.
            Some(Jacobian { east, north }) => {
                (east[0] * north[1]).abs() >= (east[1] * north[0]).abs() && axis == 0
                    || (east[0] * north[1]).abs() < (east[1] * north[0]).abs() && axis == 1
            }
            None => longitude == Some(axis),
        };
        if is_east { Coordinate::Longitude } else { Coordinate::Latitude }
    }

    fn sky_change(&self) -> Option<Jacobian> {
        let wcs = self.wcs.as_ref()?;
        if !(wcs.longitude? < 2 && wcs.latitude? < 2) {
            return None;
        }
        let centre = self.centre();
        let (longitude, latitude) = self.sky(centre)?;
        let step = |axis: usize| {
            let mut at = centre;
            at[axis] += 1.0;
            let (l, b) = self.sky(at)?;
            let east = (l - longitude + 540.0).rem_euclid(360.0) - 180.0;
            Some((east * latitude.to_radians().cos(), b - latitude))
        };
        let ((east_x, north_x), (east_y, north_y)) = (step(0)?, step(1)?);
        let found = Jacobian { east: [east_x, east_y], north: [north_x, north_y] };
        let area = east_x * north_y - east_y * north_x;
        (area.is_finite() && area != 0.0).then_some(found)
    }

    fn centre(&self) -> [f64; 3] {
        self.shape.map(|count| (count as f64 - 1.0) * 0.5)
    }

    /// The header that all of this is read from.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Voxels of the file along x, y, z.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    pub fn axes(&self) -> &[CubeAxis; 3] {
        &self.axes
    }

    /// Sides of a voxel along x, y, z in one unit. Axes of one unit keep their proportions; an axis of another kind than x is made
    /// `ratio` times as long as the longer of those that share x's unit (a velocity against the sky).
    pub fn voxel(&self, ratio: f64) -> [f64; 3] {
        let length = |axis: usize| self.shape[axis] as f64 * self.steps[axis];
        let shares = |axis: usize| self.groups[axis] == self.groups[0];
        let longest = (0..3).filter(|&axis| shares(axis)).map(length).fold(0.0, f64::max);
        std::array::from_fn(|axis| {
            if shares(axis) {
                return self.steps[axis];
            }
            // Two axes of one other unit keep their proportions as well.
            let others = (1..3).filter(|&other| self.groups[other] == self.groups[axis]);
            let other = others.map(length).fold(0.0, f64::max);
            ratio * longest * (length(axis) / other) / self.shape[axis].max(1) as f64
        })
    }

    /// Whether the third axis counts something else than the first, so that its length is a choice.
    pub fn has_own_third_axis(&self) -> bool {
        self.groups[2] != self.groups[0]
    }

    /// Which way x, y, z run where the camera stands: east to the left and north up as the sky is seen, velocity away from the
    /// camera; without coordinates as the array runs.
    pub fn signs(&self) -> [f32; 3] {
        let increases = |axis: usize| {
            let wcs = self.wcs.as_ref()?;
            let is_spectral = self.spectral == Some(axis);
            let ends = match self.axes[axis].kind {
                // Whatever is counted along it, the box stays as it is.
                _ if is_spectral && self.velocities.is_some() => {
                    [self.velocity_km_s(0.0)?, self.velocity_km_s(1.0)?]
                }
                AxisKind::Voxel if !is_spectral => return None,
                _ => [wcs.along(axis, 1.0), wcs.along(axis, 2.0)],
            };
            // Without a rest frequency lower frequencies still lie further away.
            let falls = is_spectral
                && self.velocities.is_none()
                && matches!(
                    wcs.quantity(),
                    Some(Quantity::Frequency | Quantity::Energy | Quantity::Wavenumber)
                );
            (ends[0] != ends[1]).then_some((ends[1] > ends[0]) != falls)
        };
        let sign = |axis: usize| if increases(axis).unwrap_or(true) { 1.0 } else { -1.0 };
        let mut signs = [sign(0), sign(1), -sign(2)];
        if let Some(Jacobian { east, north }) = self.jacobian {
            // A reflection, never a turn, so that the box stays the array's. On the sky as it is seen, east lies a right angle
            // counterclockwise of north.
            let parity = (north[0] * east[1] - north[1] * east[0]).signum();
            let score = |x: f64| x * parity * north[1] - x * east[0];
            let x = if score(1.0) >= score(-1.0) { 1.0 } else { -1.0 };
            signs[0] = x as f32;
            signs[1] = (x * parity) as f32;
        }
        signs
    }

    /// Directions of north and east along x and y of the cube (not of the world: see `signs`) at its centre, of length one in the
    /// plane of the sky; `None` without a sky in x and y.
    pub fn compass(&self) -> Option<([f64; 2], [f64; 2])> {
        let Jacobian { east, north } = self.jacobian?;
        let area = east[0] * north[1] - east[1] * north[0];
        // Columns of the inverse: the steps in voxels that lead only north, or only east; then in lengths on the sky.
        let unit = |x: f64, y: f64| {
            let (x, y) = (x * self.steps[0], y * self.steps[1]);
            let length = x.hypot(y);
            [x / length, y / length]
        };
        Some((unit(-east[1] / area, east[0] / area), unit(north[1] / area, -north[0] / area)))
    }

    /// The coordinates along x, y, z at a voxel in the units of `axes()`, longitudes and latitudes in degrees; NaN where there are
    /// none.
    pub fn world(&self, voxel: [f64; 3]) -> [f64; 3] {
        let world = self.wcs.as_ref().map(|wcs| wcs.world(&voxel.map(|place| place + 1.0)));
        std::array::from_fn(|axis| {
            let Some((wcs, world)) = self.wcs.as_ref().zip(world.as_ref()) else { return voxel[axis] + 1.0 };
            let sky = |index: Option<usize>| index.map_or(f64::NAN, |index| world[index]);
            match self.axes[axis].kind {
                AxisKind::Voxel => voxel[axis] + 1.0,
                AxisKind::Sky(Coordinate::Longitude) => sky(wcs.longitude),
                AxisKind::Sky(Coordinate::Latitude) => sky(wcs.latitude),
                AxisKind::Velocity => self.velocity_km_s(voxel[axis]).unwrap_or(f64::NAN),
                AxisKind::Spectral(quantity) if self.unit != SpectralUnit::File => {
                    let value = wcs.spectral_as(quantity, voxel[axis] + 1.0);
                    value.unwrap_or(f64::NAN) * self.axes[axis].scale
                }
                AxisKind::Spectral(_) | AxisKind::Other => world[axis] * self.axes[axis].scale,
            }
        })
    }

    /// Longitude and latitude in degrees at a voxel.
    pub fn sky(&self, voxel: [f64; 3]) -> Option<(f64, f64)> {
        let wcs = self.wcs.as_ref().filter(|wcs| wcs.is_celestial())?;
        let world = wcs.world(&voxel.map(|place| place + 1.0));
        let (longitude, latitude) = (world[wcs.longitude?], world[wcs.latitude?]);
        (longitude.is_finite() && latitude.is_finite()).then_some((longitude, latitude))
    }

    /// The voxel (x, y, z) at which a position of the sky lies (degrees), at a place along z; `None` where the map does not reach.
    pub fn voxel_at_sky(&self, longitude: f64, latitude: f64, z: f64) -> Option<[f64; 3]> {
        let wcs = self.wcs.as_ref().filter(|wcs| wcs.is_celestial())?;
        let mut world = wcs.world(&[1.0, 1.0, z + 1.0]);
        (world[wcs.longitude?], world[wcs.latitude?]) = (longitude, latitude);
        let pixel = wcs.pixel_from_world(&world)?;
        Some([pixel[0] - 1.0, pixel[1] - 1.0, z])
    }

    /// Coordinates on the sky; `None` where the cube is not on it.
    pub fn frame(&self) -> Option<SkyFrame> {
        self.wcs.as_ref().filter(|wcs| wcs.is_celestial()).map(|_| self.frame)
    }

    /// Velocity at a channel (from 0, also between two).
    pub fn velocity_km_s(&self, channel: f64) -> Option<f64> {
        self.velocities.as_ref()?;
        let wcs = self.wcs.as_ref()?;
        match self.unit {
            SpectralUnit::RadioVelocity | SpectralUnit::OpticalVelocity => {
                converted_km_s(wcs, self.unit, channel + 1.0)
            }
            _ => wcs.velocity_km_s(channel + 1.0),
        }
    }

    /// In which unit the spectral axis is counted.
    pub fn spectral_unit(&self) -> SpectralUnit {
        self.unit
    }

    /// Rest frequency of the line in Hz, where the header gives one.
    pub fn rest_hz(&self) -> Option<f64> {
        self.wcs.as_ref()?.rest_hz
    }

    /// The frame of rest of the spectral axis: its code as SPECSYS writes it, and what it means; `None` where the header does not say.
    pub fn rest_frame(&self) -> Option<(&str, &'static str)> {
        self.rest_frame.as_ref().map(|(code, meaning)| (code.as_str(), *meaning))
    }

    /// The velocities of the channels, where the spectral axis can be made one.
    pub fn velocities_km_s(&self) -> Option<&[f64]> {
        self.velocities.as_deref()
    }

    /// The channel (from 0, between two as well) of a velocity; `None` outside of the cube.
    pub fn channel(&self, velocity_km_s: f64) -> Option<f64> {
        let velocities = self.velocities.as_ref()?;
        let between = |pair: &[f64]| (pair[0] - velocity_km_s) * (pair[1] - velocity_km_s) <= 0.0;
        let low = velocities.windows(2).position(|pair| between(pair) && pair[0] != pair[1])?;
        Some(low as f64 + (velocity_km_s - velocities[low]) / (velocities[low + 1] - velocities[low]))
    }

    /// Which of x, y, z is spectral.
    pub fn spectral_axis(&self) -> Option<usize> {
        self.spectral
    }

    pub fn beam(&self) -> Option<Beam> {
        self.beam
    }

    pub fn has_beam_per_plane(&self) -> bool {
        self.has_beam_per_plane
    }

    /// The beam of the first plane, which stands beside the header.
    pub fn set_beam(&mut self, beam: Beam) {
        self.beam = Some(beam);
    }

    /// Size of a pixel of the sky at the centre of the cube: the root of its area.
    pub fn pixel_deg(&self) -> Option<f64> {
        let Jacobian { east, north } = self.jacobian?;
        Some((east[0] * north[1] - east[1] * north[0]).abs().sqrt())
    }

    /// Size of a voxel along an axis in its own unit: degrees on the sky in the plane of projection, else that of the header.
    pub fn step(&self, axis: usize) -> f64 {
        self.steps[axis]
    }
}

/// Velocity at a channel (from 1) in the convention of a unit, km/s.
fn converted_km_s(wcs: &Wcs, unit: SpectralUnit, channel: f64) -> Option<f64> {
    Some(wcs.spectral_as(unit.quantity()?, channel)? / 1e3)
}
