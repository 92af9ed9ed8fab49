//! World coordinates of arrays: longitude and latitude by any FITS projection, spectral axes, everything else linear.
//! Pixels are counted from 1 as FITS does; angles are degrees, everything else SI.

mod angle;
mod axis;
mod distortion;
mod frame;
mod linear;
mod projection;
mod rest;
mod spectral;
mod sphere;
mod text;
mod unit;

pub use axis::{Axis, AxisKind};
pub use frame::{SkyFrame, rest_frame};
pub use rest::with_rest_frequency;
pub use spectral::Quantity;
pub use text::{declination_text, right_ascension_text};

use crate::data::Header;
use distortion::{Plate, Sip, Tpv};
use linear::Linear;
use projection::Projection;
use spectral::Spectral;
use sphere::{Reference, Rotation};

/// Why a header describes no coordinates, or none for another line.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WcsError {
    #[error("the coordinates of the header cannot be used: {0}")]
    Header(String),
    #[error("another rest frequency cannot be taken: {0}")]
    Rest(String),
}

/// The coordinate description of an array.
pub struct Wcs {
    pub axes: Vec<Axis>,
    /// 0-based axes in FITS order.
    pub longitude: Option<usize>,
    pub latitude: Option<usize>,
    pub spectral: Option<usize>,
    /// Rest frequency in Hz, from RESTFRQ, RESTFREQ or RESTWAV.
    pub rest_hz: Option<f64>,
    /// What had to be assumed or could not be used.
    pub warnings: Vec<String>,
    linear: Linear,
    sip: Option<Sip>,
    celestial: Option<Celestial>,
    line: Option<Spectral>,
}

struct Celestial {
    longitude: usize,
    latitude: usize,
    projection: Box<dyn Projection>,
    rotation: Rotation,
    /// Moves the plane so that (0, 0) is the reference point.
    offset: (f64, f64),
    tpv: Option<Tpv>,
    /// Takes pixels to the plane instead of the linear part.
    plate: Option<Plate>,
}

/// One axis as `aquila info` shows it: world coordinates of the first and last pixel of the array's diagonal.
#[derive(Clone, Debug, PartialEq)]
pub struct AxisRange {
    pub ctype: String,
    /// SI name after conversion; empty where the file does not say.
    pub unit: String,
    pub first: f64,
    pub last: f64,
}

/// A telescope beam.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beam {
    pub major_deg: f64,
    pub minor_deg: f64,
    pub angle_deg: f64,
}

impl Wcs {
    /// Reads the primary description (no alternate letter). A projection or algorithm that is not known leaves NaN for
    /// those axes and a warning; an error means that no axis can be trusted.
    pub fn from_header(header: &Header) -> Result<Self, WcsError> {
        let count = axis::count(header);
        let mut warnings = Vec::new();
        let mut axes: Vec<Axis> = (0..count).map(|axis| Axis::of(header, axis)).collect();
        let find = |kind: AxisKind| axes.iter().position(|axis| axis.kind == kind);
        let (longitude, latitude) = (find(AxisKind::Longitude), find(AxisKind::Latitude));
        let spectral = find(AxisKind::Spectral);
        let sky = longitude.zip(latitude);
        let linear = Linear::of(header, count, sky).map_err(WcsError::Header)?;
        let rest_hz = rest::of(header);
        let celestial = sky.and_then(|(lon, lat)| match Celestial::of(header, &axes, lon, lat) {
            Ok(celestial) => celestial,
            Err(why) => {
                warnings.push(format!("no sky coordinates: {why}"));
                axes[lon].broken = true;
                axes[lat].broken = true;
                None
            }
        });
        let mut line = None;
        if let Some(index) = spectral {
            axis::judge_velocity_unit(&mut axes[index], header, &linear, index, &mut warnings);
            let axis = &axes[index];
            if let Some((quantity, algorithm)) = spectral::axis_of(header, &axis.ctype) {
                match Spectral::new(quantity, &algorithm, axis.reference * axis.factor, rest_hz) {
                    Ok(found) => line = Some(found),
                    Err(why) => {
                        warnings.push(format!("no spectral coordinates: {why}"));
                        axes[index].broken = true;
                    }
                }
            }
        }
        for axis in &mut axes {
            if axis.ctype.ends_with("-TAB") {
                warnings.push(format!(
                    "no coordinates for the axis {}: look-up tables are not supported",
                    axis.ctype
                ));
                axis.broken = true;
            }
            if let Some(unit) = &axis.unknown_unit {
                warnings.push(format!(
                    "the unit '{unit}' of the axis {} is not known and kept as it is",
                    axis.ctype
                ));
            }
        }
        let sip =
            sky.and_then(|(lon, _)| axes[lon].ctype.ends_with("-SIP").then(|| Sip::of(header)).flatten());
        Ok(Self { axes, longitude, latitude, spectral, rest_hz, warnings, linear, sip, celestial, line })
    }

    /// World coordinates of a pixel: degrees, SI; NaN where the sky does not reach or the axis is not understood.
    /// Missing pixel coordinates count as 1. A SIP distortion is left out, as in astropy's `wcs_pix2world`;
    /// `world_with_distortion` has it.
    pub fn world(&self, pixel: &[f64]) -> Vec<f64> {
        let mut pixel: Vec<f64> = pixel.iter().copied().take(self.axes.len()).collect();
        pixel.resize(self.axes.len(), 1.0);
        let intermediate = self.linear.intermediate_from_pixel(&pixel);
        let mut world: Vec<f64> = self
            .axes
            .iter()
            .zip(&intermediate)
            .map(|(axis, x)| if axis.broken { f64::NAN } else { (axis.reference + x) * axis.factor })
            .collect();
        if let Some(celestial) = &self.celestial {
            let (lon, lat) = (celestial.longitude, celestial.latitude);
            let x = intermediate[lon] * self.axes[lon].factor;
            let y = intermediate[lat] * self.axes[lat].factor;
            let (x, y) = celestial.plate.as_ref().map_or((x, y), |plate| plate.standard(pixel[0], pixel[1]));
            let place = celestial.sky(x, y).unwrap_or((f64::NAN, f64::NAN));
            (world[lon], world[lat]) = place;
        }
        if let (Some(line), Some(index)) = (&self.line, self.spectral) {
            world[index] = line.value(intermediate[index] * self.axes[index].factor).unwrap_or(f64::NAN);
        }
        world
    }

    /// As `world`, with the SIP distortion of the header, as astropy's `all_pix2world`.
    pub fn world_with_distortion(&self, pixel: &[f64]) -> Vec<f64> {
        match (&self.sip, pixel) {
            (Some(sip), [first, second, rest @ ..]) => {
                let (r1, r2) = (self.linear.reference(0), self.linear.reference(1));
                let (u, v) = sip.apply(first - r1, second - r2);
                self.world(&[&[u + r1, v + r2], rest].concat())
            }
            _ => self.world(pixel),
        }
    }

    /// Whether `world_with_distortion` differs from `world`.
    pub fn has_distortion(&self) -> bool {
        self.sip.is_some()
    }

    /// The pixel (from 1) of world coordinates, the way back of `world`; `None` where there is none.
    pub fn pixel_from_world(&self, world: &[f64]) -> Option<Vec<f64>> {
        if world.len() != self.axes.len() || self.axes.iter().any(|axis| axis.broken) {
            return None;
        }
        let mut intermediate: Vec<f64> =
            self.axes.iter().zip(world).map(|(axis, value)| value / axis.factor - axis.reference).collect();
        if let Some(celestial) = &self.celestial {
            let (lon, lat) = (celestial.longitude, celestial.latitude);
            let (x, y) = celestial.plane(world[lon], world[lat])?;
            intermediate[lon] = x / self.axes[lon].factor;
            intermediate[lat] = y / self.axes[lat].factor;
        }
        if let (Some(line), Some(index)) = (&self.line, self.spectral) {
            intermediate[index] = line.intermediate(world[index])? / self.axes[index].factor;
        }
        let mut pixel = self.linear.pixel_from_intermediate(&intermediate);
        if let Some(Celestial { plate: Some(plate), longitude, latitude, .. }) = &self.celestial {
            let (x, y) = (intermediate[*longitude], intermediate[*latitude]);
            (pixel[0], pixel[1]) =
                plate.pixel(x * self.axes[*longitude].factor, y * self.axes[*latitude].factor)?;
        }
        pixel.iter().all(|value| value.is_finite()).then_some(pixel)
    }

    /// The axes of an array with these lengths (FITS order): names, units, and the coordinates of its first and last pixel.
    pub fn ranges(&self, lengths: &[usize]) -> Vec<AxisRange> {
        let first = self.world(&vec![1.0; self.axes.len()]);
        let end: Vec<f64> =
            (0..self.axes.len()).map(|axis| *lengths.get(axis).unwrap_or(&1) as f64).collect();
        let last = self.world(&end);
        self.axes
            .iter()
            .zip(first.into_iter().zip(last))
            .map(|(axis, (first, last))| AxisRange {
                ctype: axis.ctype.clone(),
                unit: axis.unit.clone(),
                first,
                last,
            })
            .collect()
    }

    /// Whether the array has coordinates on the sky.
    pub fn is_celestial(&self) -> bool {
        self.celestial.is_some()
    }

    /// Size of a pixel along its longitude and latitude axes, in degrees.
    pub fn pixel_scale_deg(&self) -> Option<(f64, f64)> {
        let celestial = self.celestial.as_ref()?;
        let (lon, lat) = (celestial.longitude, celestial.latitude);
        let length = |axis: usize| {
            let x = self.linear.element(lon, axis) * self.axes[lon].factor;
            let y = self.linear.element(lat, axis) * self.axes[lat].factor;
            x.hypot(y)
        };
        Some((length(lon), length(lat)))
    }

    /// Velocities in km/s of the `count` channels. Velocity axes give theirs as they are; frequencies are turned by the
    /// radio convention and wavelengths by the optical one, which needs a rest frequency. An axis whose unit the file does
    /// not say is taken as km/s where m/s would be absurd; `warnings` says so.
    pub fn velocities_km_s(&self, count: usize) -> Result<Vec<f64>, WcsError> {
        let (Some(line), Some(index)) = (&self.line, self.spectral) else {
            return Err(WcsError::Header("there is no spectral axis".into()));
        };
        let velocities: Option<Vec<f64>> =
            (1..=count).map(|channel| self.velocity_at(line, index, channel as f64)).collect();
        velocities.ok_or_else(|| {
            WcsError::Header(format!(
                "velocities need the rest frequency of the line: no RESTFRQ beside {}",
                self.axes[index].ctype
            ))
        })
    }

    /// Velocity in km/s at a channel (from 1, also between channels and beyond them), as `velocities_km_s`; `None` where there is
    /// none.
    pub fn velocity_km_s(&self, channel: f64) -> Option<f64> {
        self.velocity_at(self.line.as_ref()?, self.spectral?, channel)
    }

    fn velocity_at(&self, line: &Spectral, index: usize, channel: f64) -> Option<f64> {
        line.quantity.velocity_km_s(self.spectral_si(index, channel), self.rest_hz)
    }

    /// The spectral coordinate at a channel (from 1, also between channels), made another quantity by the rest frequency: hertz, metres
    /// or m/s (Greisen et al. 2006, table 3). `None` where there is none, or no rest frequency that it needs.
    pub fn spectral_as(&self, quantity: Quantity, channel: f64) -> Option<f64> {
        let (line, index) = (self.line.as_ref()?, self.spectral?);
        let value = self.spectral_si(index, channel);
        let made = match quantity == line.quantity {
            true => value,
            false => quantity.at_hz(line.quantity.hz(value, self.rest_hz)?, self.rest_hz)?,
        };
        Some(made).filter(|made| made.is_finite())
    }

    fn spectral_si(&self, index: usize, channel: f64) -> f64 {
        self.along(index, channel) * if self.axes[index].assumed_km_s { 1e3 } else { 1.0 }
    }

    /// The coordinate of one axis at a pixel of it (from 1), the other axes at their reference pixels.
    pub fn along(&self, axis: usize, pixel: f64) -> f64 {
        let mut at: Vec<f64> = (0..self.axes.len()).map(|other| self.linear.reference(other)).collect();
        at[axis] = pixel;
        self.world(&at)[axis]
    }

    /// Length of a step of one pixel along an array axis, in the unit of its own coordinate (degrees or SI), or in degrees in the
    /// plane of projection for an axis of the sky.
    pub fn step(&self, axis: usize) -> f64 {
        let of = |row: usize| self.linear.element(row, axis) * self.axes[row].factor;
        match self.longitude.zip(self.latitude) {
            Some((lon, lat)) if axis == lon || axis == lat => of(lon).hypot(of(lat)),
            _ => of(axis).abs(),
        }
    }

    /// What the spectral axis counts.
    pub fn quantity(&self) -> Option<Quantity> {
        self.line.as_ref().map(|line| line.quantity)
    }
}

impl Celestial {
    /// `None` for plain RA and DEC without a projection, which are linear.
    fn of(header: &Header, axes: &[Axis], lon: usize, lat: usize) -> Result<Option<Self>, String> {
        let Some(code) = axes[lon].projection() else { return Ok(None) };
        if axes[lat].projection() != Some(code) {
            return Err(format!("{} and {} do not belong together", axes[lon].ctype, axes[lat].ctype));
        }
        // SCAMP leaves its polynomial in PV cards of TAN-SIP headers, where they mean nothing.
        let sip = axes[lon].ctype.ends_with("-SIP");
        let parameter = |axis: usize, index: usize| {
            if sip { None } else { header.float(&format!("PV{}_{index}", axis + 1)) }
        };
        let plate = (code == "TAN" && !sip && lon < 2 && lat < 2).then(|| Plate::of(header)).flatten();
        let mut pv: projection::Parameters = std::array::from_fn(|index| parameter(lat, index));
        let written = (axes[lon].reference * axes[lon].factor, axes[lat].reference * axes[lat].factor);
        let (longitude, latitude) = plate.as_ref().map_or(written, |plate| plate.centre);
        let mut phi0 = parameter(lon, 1);
        let mut theta0 = parameter(lon, 2);
        let mut moved = parameter(lon, 0).is_some_and(|flag| flag != 0.0);
        // A TAN header with polynomial terms is the older spelling of TPV.
        let polynomial = (3..40).any(|index| parameter(lon, index).is_some() && index > 4)
            || (5..40).any(|index| parameter(lat, index).is_some());
        let tpv = (code == "TPV" || (code == "TAN" && polynomial)).then(|| Tpv::of(header, lon, lat));
        if tpv.is_some() {
            (phi0, theta0, moved) = (None, None, false);
        }
        let code = match code {
            // East-west arrays of old: SIN, slanted towards the pole.
            "NCP" => {
                let sine = angle::sind(latitude);
                if sine == 0.0 {
                    return Err("NCP has no map at the equator".into());
                }
                pv[1] = Some(0.0);
                pv[2] = Some(angle::cosd(latitude) / sine);
                "SIN"
            }
            // AIPS: SFL whose reference latitude only moves the map.
            "GLS" if longitude != 0.0 || latitude != 0.0 => {
                (phi0, theta0, moved) = (Some(0.0), Some(latitude), true);
                "SFL"
            }
            code => code,
        };
        let (projection, default_theta0) = projection::build(code, &pv)?;
        let (phi0, theta0) = (phi0.unwrap_or(0.0), theta0.unwrap_or(default_theta0));
        let offset = if moved {
            projection.plane_from_native(phi0, theta0).ok_or("the reference point is not on the map")?
        } else {
            (0.0, 0.0)
        };
        // For TPV the numbers 1 to 4 of the longitude axis are polynomial terms.
        let pole = |index: usize, key: &str| {
            let own = if tpv.is_some() { None } else { parameter(lon, index) };
            own.or_else(|| header.float(key)).filter(|&value| value != 999.0)
        };
        let reference = Reference {
            longitude,
            latitude,
            phi0,
            theta0,
            lonpole: pole(3, "LONPOLE"),
            latpole: pole(4, "LATPOLE"),
        };
        let rotation = Rotation::new(&reference)?;
        Ok(Some(Self { longitude: lon, latitude: lat, projection, rotation, offset, tpv, plate }))
    }

    fn sky(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let (x, y) = self.tpv.as_ref().map_or((x, y), |tpv| tpv.apply(x, y));
        let (phi, theta) = self.projection.native_from_plane(x + self.offset.0, y + self.offset.1)?;
        // Cylindrical maps may be drawn beyond their poles; there is no sky.
        if theta.abs() > 90.0 + 1e-9 {
            return None;
        }
        Some(self.rotation.celestial_from_native(phi, theta.clamp(-90.0, 90.0)))
    }

    fn plane(&self, longitude: f64, latitude: f64) -> Option<(f64, f64)> {
        let (phi, theta) = self.rotation.native_from_celestial(longitude, latitude);
        let (x, y) = self.projection.plane_from_native(phi, theta)?;
        let (x, y) = (x - self.offset.0, y - self.offset.1);
        match &self.tpv {
            Some(tpv) => tpv.invert(x, y),
            None => Some((x, y)),
        }
    }
}

/// The beam of a header: BMAJ, BMIN, BPA, or what AIPS notes in its HISTORY; `None` where absent or not positive.
pub fn beam(header: &Header) -> Option<Beam> {
    let beam = match header.float("BMAJ") {
        Some(major_deg) => Beam {
            major_deg,
            minor_deg: header.float("BMIN").unwrap_or(major_deg),
            angle_deg: header.float("BPA").unwrap_or(0.0),
        },
        None => {
            // HISTORY AIPS   CLEAN BMAJ=  5.0000E-04 BMIN=  5.0000E-04 BPA=   0.00
            let note = header
                .cards
                .iter()
                .rev()
                .find(|card| card.key == "HISTORY" && card.comment.contains("BMAJ="))?;
            let after = |name: &str| -> Option<f64> {
                note.comment.split_once(name)?.1.split_whitespace().next()?.parse().ok()
            };
            Beam {
                major_deg: after("BMAJ=")?,
                minor_deg: after("BMIN=")?,
                angle_deg: after("BPA=").unwrap_or(0.0),
            }
        }
    };
    (beam.major_deg > 0.0 && beam.minor_deg > 0.0).then_some(beam)
}

/// The header of a map that is left when a cube is summed or cut along its other axes: sky axes, beam and history stay,
/// spectral cards go. `None` where the cube has no sky axes.
pub fn celestial_header(header: &Header) -> Option<Header> {
    let count = axis::count(header);
    let axes: Vec<Axis> = (0..count).map(|axis| Axis::of(header, axis)).collect();
    let find = |kind: AxisKind| axes.iter().position(|axis| axis.kind == kind);
    let (longitude, latitude) = find(AxisKind::Longitude).zip(find(AxisKind::Latitude))?;
    let mut map = super::header::keep_axes(header, &[longitude + 1, latitude + 1]);
    for key in
        ["RESTFRQ", "RESTFREQ", "RESTWAV", "SPECSYS", "VELREF", "ALTRVAL", "ALTRPIX", "SSYSOBS", "VELOSYS"]
    {
        map.remove(key);
    }
    Some(map)
}

/// The FITS axes (1-based) of longitude, latitude and the spectral coordinate, where all three are among `axes`.
pub(crate) fn sky_axes(header: &Header, axes: &[usize]) -> Option<[usize; 3]> {
    let find = |kind: AxisKind| axes.iter().copied().find(|&axis| Axis::of(header, axis - 1).kind == kind);
    Some([find(AxisKind::Longitude)?, find(AxisKind::Latitude)?, find(AxisKind::Spectral)?])
}
