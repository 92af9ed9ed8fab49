//! Cylindrical and pseudo-cylindrical projections: the reference point lies on the native equator.

use super::super::angle::{asind, atan2d, atand, cosd, sind, tand, unit_range};
use super::{Projection, R0};
use std::f64::consts::PI;

/// Cylindrical perspective (79 to 83).
pub struct Cyp {
    mu: f64,
    lambda: f64,
}

impl Cyp {
    pub fn new(mu: f64, lambda: f64) -> Result<Self, String> {
        if lambda == 0.0 || mu == -lambda {
            return Err("CYP has no map for these PVi_1 and PVi_2".into());
        }
        Ok(Self { mu, lambda })
    }
}

impl Projection for Cyp {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let eta = y / (R0 * (self.mu + self.lambda));
        let t = unit_range(eta * self.mu / (eta * eta + 1.0).sqrt())?;
        Some((x / self.lambda, atan2d(eta, 1.0) + asind(t)))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        let below = self.mu + cosd(theta);
        (below != 0.0).then(|| (self.lambda * phi, R0 * (self.mu + self.lambda) * sind(theta) / below))
    }
}

/// Cylindrical equal-area (85).
pub struct Cea {
    lambda: f64,
}

impl Cea {
    pub fn new(lambda: f64) -> Result<Self, String> {
        if !(lambda > 0.0 && lambda <= 1.0) {
            return Err("CEA needs PVi_1 above 0 and up to 1".into());
        }
        Ok(Self { lambda })
    }
}

impl Projection for Cea {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        Some((x, asind(unit_range(y * self.lambda / R0)?)))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        Some((phi, R0 / self.lambda * sind(theta)))
    }
}

/// Plate carrée (86).
pub struct Car;

impl Projection for Car {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        Some((x, y))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        Some((phi, theta))
    }
}

/// Mercator's (87, 88).
pub struct Mer;

impl Projection for Mer {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        Some((x, 2.0 * atand((y / R0).exp()) - 90.0))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        (theta.abs() < 90.0).then(|| (phi, R0 * tand((90.0 + theta) / 2.0).ln()))
    }
}

/// Sanson-Flamsteed (91, 92).
pub struct Sfl;

impl Projection for Sfl {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let cosine = cosd(y);
        Some((if cosine == 0.0 { 0.0 } else { x / cosine }, y))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        Some((phi * cosd(theta), theta))
    }
}

/// Parabolic (93 to 96).
pub struct Par;

impl Projection for Par {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let s = y / 180.0;
        let t = 1.0 - 4.0 * s * s;
        if s.abs() > 1.0 || (t == 0.0 && x != 0.0) {
            return None;
        }
        Some((if t == 0.0 { 0.0 } else { x / t }, 3.0 * asind(s)))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        let s = sind(theta / 3.0);
        Some((phi * (1.0 - 4.0 * s * s), 180.0 * s))
    }
}

/// Mollweide's (97 to 103).
pub struct Mol;

impl Projection for Mol {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let y0 = y / R0;
        let s2 = 2.0 - y0 * y0;
        if s2 < -1e-13 {
            return None;
        }
        let s = s2.max(0.0).sqrt();
        if s < 1e-6 && x.abs() > 1e-6 {
            return None;
        }
        let phi = if s < 1e-6 { 0.0 } else { 90.0 * x / (R0 * s) };
        let half = unit_range(y0 / 2f64.sqrt())?;
        let sine = unit_range(2.0 / PI * half.asin() + y0 * s / PI)?;
        Some((phi, asind(sine)))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        // v + sin v = π sin θ, by bisection: Newton's steps fail near the poles.
        let target = PI * sind(theta);
        let (mut low, mut high) = (-PI, PI);
        for _ in 0..100 {
            let middle = (low + high) / 2.0;
            if middle + middle.sin() < target { low = middle } else { high = middle }
        }
        let gamma = (low + high) / 4.0;
        let w = 2f64.sqrt() * R0;
        Some((w / 90.0 * phi * gamma.cos(), w * gamma.sin()))
    }
}

/// Hammer-Aitoff (108 to 110).
pub struct Ait;

impl Projection for Ait {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let z2 = 1.0 - (x / (4.0 * R0)).powi(2) - (y / (2.0 * R0)).powi(2);
        if z2 < 0.5 - 1e-13 {
            return None;
        }
        let z = z2.sqrt();
        let phi = 2.0 * atan2d(z * x / (2.0 * R0), 2.0 * z2 - 1.0);
        Some((phi, asind(unit_range(y * z / R0)?)))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        let gamma = R0 * (2.0 / (1.0 + cosd(theta) * cosd(phi / 2.0))).sqrt();
        Some((2.0 * gamma * cosd(theta) * sind(phi / 2.0), gamma * sind(theta)))
    }
}
