//! From native to celestial coordinates: the rotation that CRVAL, LONPOLE and LATPOLE describe (paper II, section 2).

use super::angle::{acosd, asind, atan2d, cosd, sind};

const TOLERANCE: f64 = 1e-10;

/// The rotation, with all angles in degrees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rotation {
    /// Celestial longitude of the native pole.
    longitude: f64,
    /// Celestial colatitude of the native pole.
    colatitude: f64,
    /// Native longitude of the celestial pole.
    native: f64,
}

/// What fixes a rotation; angles in degrees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reference {
    /// Celestial coordinates of the reference point (CRVAL).
    pub longitude: f64,
    pub latitude: f64,
    /// Native coordinates of the reference point.
    pub phi0: f64,
    pub theta0: f64,
    pub lonpole: Option<f64>,
    pub latpole: Option<f64>,
}

impl Rotation {
    /// Paper II, equations 8 to 10 and the rules for ambiguous cases below them.
    pub fn new(reference: &Reference) -> Result<Self, String> {
        let Reference { longitude, latitude, phi0, theta0, lonpole, latpole } = *reference;
        if latitude.abs() > 90.0 + TOLERANCE {
            return Err(format!("the reference latitude is {latitude}°"));
        }
        let native = match lonpole {
            Some(lonpole) => lonpole,
            None => half_turn(phi0 + if latitude < theta0 { 180.0 } else { 0.0 }),
        };
        if theta0 == 90.0 {
            return Ok(Self { longitude, colatitude: 90.0 - latitude, native });
        }
        let wanted = latpole.unwrap_or(90.0);
        let (slat, clat) = (sind(latitude), cosd(latitude));
        let (sphi, cphi) = (sind(native - phi0), cosd(native - phi0));
        let (stheta, ctheta) = (sind(theta0), cosd(theta0));
        let pole = {
            let (x, y) = (ctheta * cphi, stheta);
            let z = x.hypot(y);
            if z == 0.0 {
                if slat.abs() > TOLERANCE {
                    return Err("LONPOLE contradicts CRVAL".into());
                }
                wanted
            } else {
                let ratio = slat / z;
                if ratio.abs() > 1.0 + TOLERANCE {
                    return Err("LONPOLE contradicts CRVAL".into());
                }
                // Where the poles are aligned the angles are known without loss.
                let (u, v) = if native == phi0 {
                    (theta0, 90.0 - latitude)
                } else {
                    (atan2d(y, x), acosd(ratio.clamp(-1.0, 1.0)))
                };
                let (first, second) = (half_turn(u + v), half_turn(u - v));
                let valid = |pole: f64| pole.abs() <= 90.0 + TOLERANCE;
                let (near, far) = if (wanted - first).abs() < (wanted - second).abs() {
                    (first, second)
                } else {
                    (second, first)
                };
                if valid(near) { near } else { far }
            }
        };
        if pole.abs() > 90.0 + TOLERANCE {
            return Err("LONPOLE contradicts CRVAL".into());
        }
        let pole = pole.clamp(-90.0, 90.0);
        let z = cosd(pole) * clat;
        let longitude_of_pole = if z.abs() < TOLERANCE {
            if clat.abs() < TOLERANCE {
                longitude
            } else if pole > 0.0 {
                longitude + native - phi0 - 180.0
            } else {
                longitude - native + phi0
            }
        } else {
            let (x, y) = ((stheta - sind(pole) * slat) / z, sphi * ctheta / clat);
            longitude - atan2d(y, x)
        };
        // The longitude of the pole keeps the sign convention of CRVAL.
        let longitude_of_pole = if longitude >= 0.0 {
            if longitude_of_pole < 0.0 {
                longitude_of_pole + 360.0
            } else if longitude_of_pole > 360.0 {
                longitude_of_pole - 360.0
            } else {
                longitude_of_pole
            }
        } else if longitude_of_pole > 0.0 {
            longitude_of_pole - 360.0
        } else if longitude_of_pole < -360.0 {
            longitude_of_pole + 360.0
        } else {
            longitude_of_pole
        };
        Ok(Self { longitude: longitude_of_pole, colatitude: 90.0 - pole, native })
    }

    /// Celestial longitude and latitude (equation 2).
    pub fn celestial_from_native(&self, phi: f64, theta: f64) -> (f64, f64) {
        let (turn, latitude) = rotate(phi - self.native, theta, self.colatitude);
        let turn = turn.unwrap_or(if self.colatitude < 90.0 {
            phi - self.native + 180.0
        } else {
            self.native - phi
        });
        (fold(self.longitude + turn, self.longitude), latitude)
    }

    /// Native longitude and latitude (equation 5), the longitude within ±180°.
    pub fn native_from_celestial(&self, longitude: f64, latitude: f64) -> (f64, f64) {
        let off = longitude - self.longitude;
        let (turn, theta) = rotate(off, latitude, self.colatitude);
        let turn = turn.unwrap_or(if self.colatitude < 90.0 { off - 180.0 } else { -off });
        (half_turn(self.native + turn), theta)
    }
}

/// The turn of longitude (`None` at a pole, where any will do) and the latitude after tilting by `colatitude`.
fn rotate(off: f64, latitude: f64, colatitude: f64) -> (Option<f64>, f64) {
    if sind(colatitude) == 0.0 {
        return if cosd(colatitude) > 0.0 { (Some(off + 180.0), latitude) } else { (Some(-off), -latitude) };
    }
    let (s, c) = (sind(latitude), cosd(latitude));
    let (s_tilt, c_tilt) = (sind(colatitude), cosd(colatitude));
    let (s_off, c_off) = (sind(off), cosd(off));
    let mut x = s * s_tilt - c * c_tilt * c_off;
    if x.abs() < 1e-5 {
        // The same, arranged so that no digits cancel.
        x = -cosd(latitude + colatitude) + c * c_tilt * (1.0 - c_off);
    }
    let y = -c * s_off;
    let turn = (x != 0.0 || y != 0.0).then(|| atan2d(y, x));
    let tilted = if off % 180.0 == 0.0 {
        let along = latitude + c_off * colatitude;
        match along {
            along if along > 90.0 => 180.0 - along,
            along if along < -90.0 => -180.0 - along,
            along => along,
        }
    } else {
        let z = s * c_tilt + c * s_tilt * c_off;
        if z.abs() > 0.99 { acosd(x.hypot(y).min(1.0)).copysign(z) } else { asind(z) }
    };
    (turn, tilted)
}

/// Within ±180°.
fn half_turn(angle: f64) -> f64 {
    let angle = angle % 360.0;
    match angle {
        angle if angle > 180.0 => angle - 360.0,
        angle if angle < -180.0 => angle + 360.0,
        angle => angle,
    }
}

/// From 0 to below 360 where the pole's longitude is positive, else down to above −360.
fn fold(longitude: f64, like: f64) -> f64 {
    let longitude = if like >= 0.0 {
        if longitude < 0.0 { longitude + 360.0 } else { longitude }
    } else if longitude > 0.0 {
        longitude - 360.0
    } else {
        longitude
    };
    match longitude {
        longitude if longitude >= 360.0 => longitude - 360.0,
        longitude if longitude <= -360.0 => longitude + 360.0,
        longitude => longitude,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rotation_leads_back_and_takes_the_reference_to_itself() {
        for (longitude, latitude, phi0, theta0, lonpole) in [
            (45.0, 30.0, 0.0, 90.0, None),
            (200.0, -66.0, 0.0, 0.0, None),
            (12.0, 0.0, 0.0, 0.0, Some(30.0)),
            (300.0, 20.0, 0.0, 45.0, None),
            (0.0, 90.0, 0.0, 90.0, None),
            (0.0, -90.0, 0.0, 90.0, Some(0.0)),
        ] {
            let reference = Reference { longitude, latitude, phi0, theta0, lonpole, latpole: None };
            let rotation = Rotation::new(&reference).expect("consistent");
            let (lon, lat) = rotation.celestial_from_native(phi0, theta0);
            assert!((lat - latitude).abs() < 1e-9, "{reference:?}: {lat}");
            assert!(latitude.abs() == 90.0 || (lon - longitude).abs() < 1e-9, "{reference:?}: {lon}");
            for (phi, theta) in [(10.0, 20.0), (-170.0, -45.0), (90.0, 80.0)] {
                let (lon, lat) = rotation.celestial_from_native(phi, theta);
                let back = rotation.native_from_celestial(lon, lat);
                assert!((back.0 - phi).abs() < 1e-9 && (back.1 - theta).abs() < 1e-9, "{back:?}");
            }
        }
    }
}
