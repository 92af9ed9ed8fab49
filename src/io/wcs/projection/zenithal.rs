//! Zenithal projections: the reference point is the native pole.

use super::super::angle::{acosd, asind, atan2d, atand, cosd, sind, tand, unit_range};
use super::{Parameters, Projection, R0};

const TOLERANCE: f64 = 1e-13;

/// Longitude and radius of a point of the plane (14, 15).
fn polar(x: f64, y: f64) -> (f64, f64) {
    let r = x.hypot(y);
    (if r == 0.0 { 0.0 } else { atan2d(x, -y) }, r)
}

/// The point of the plane at this longitude and radius (12, 13).
fn place(phi: f64, r: f64) -> (f64, f64) {
    (r * sind(phi), -r * cosd(phi))
}

/// Gnomonic (54, 55).
pub struct Tan;

impl Projection for Tan {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let (phi, r) = polar(x, y);
        Some((phi, atan2d(R0, r)))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        let sine = sind(theta);
        (sine > 0.0).then(|| place(phi, R0 * cosd(theta) / sine))
    }
}

/// Stereographic (56, 57).
pub struct Stg;

impl Projection for Stg {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let (phi, r) = polar(x, y);
        Some((phi, 90.0 - 2.0 * atand(r / (2.0 * R0))))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        let below = 1.0 + sind(theta);
        (below > 0.0).then(|| place(phi, 2.0 * R0 * cosd(theta) / below))
    }
}

/// Zenithal equidistant (67).
pub struct Arc;

impl Projection for Arc {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let (phi, r) = polar(x, y);
        (r <= 180.0 + TOLERANCE).then_some((phi, 90.0 - r))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        Some(place(phi, 90.0 - theta))
    }
}

/// Zenithal equal-area (69).
pub struct Zea;

impl Projection for Zea {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let (phi, r) = polar(x, y);
        Some((phi, 90.0 - 2.0 * asind(unit_range(r / (2.0 * R0))?)))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        Some(place(phi, 2.0 * R0 * sind((90.0 - theta) / 2.0)))
    }
}

/// Sine of the latitude from the quadratic that slant projections lead to, a s² + 2 b s + c = 0 for s = sin θ.
fn northern_root(a: f64, b: f64, c: f64) -> Option<f64> {
    let discriminant = b * b - a * c;
    if discriminant < 0.0 {
        return None;
    }
    let root = discriminant.sqrt();
    let (first, second) = ((-b + root) / a, (-b - root) / a);
    let (larger, smaller) = (first.max(second), first.min(second));
    unit_range(larger).or_else(|| unit_range(smaller))
}

/// Orthographic and slant orthographic (58 to 66).
pub struct Sin {
    pub xi: f64,
    pub eta: f64,
}

impl Projection for Sin {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let (x, y) = (x / R0, y / R0);
        let r2 = x * x + y * y;
        let slant = self.xi * self.xi + self.eta * self.eta;
        if slant == 0.0 {
            let phi = if r2 == 0.0 { 0.0 } else { atan2d(x, -y) };
            return match r2 {
                r2 if r2 < 0.5 => Some((phi, acosd(r2.sqrt()))),
                r2 if r2 <= 1.0 => Some((phi, asind((1.0 - r2).sqrt()))),
                _ => None,
            };
        }
        let xy = x * self.xi + y * self.eta;
        // 1 − sin θ is found directly near the pole, where the quadratic would lose all digits.
        let (theta, z) = if r2 < 1e-10 {
            (90.0 - (r2 / (1.0 + xy)).sqrt().to_degrees(), r2 / 2.0)
        } else {
            let sine = northern_root(slant + 1.0, xy - slant, r2 - xy - xy + slant - 1.0)?;
            (asind(sine), 1.0 - sine)
        };
        let (x1, y1) = (-y + self.eta * z, x - self.xi * z);
        Some((if x1 == 0.0 && y1 == 0.0 { 0.0 } else { atan2d(y1, x1) }, theta))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        // The horizon as seen along the slanted direction.
        if theta < -atand(self.xi * sind(phi) - self.eta * cosd(phi)) {
            return None;
        }
        let t = (90.0 - theta.abs()).to_radians();
        let (z, cosine) = match t {
            t if t < 1e-5 && theta > 0.0 => (t * t / 2.0, t),
            t if t < 1e-5 => (2.0 - t * t / 2.0, t),
            _ => (1.0 - sind(theta), cosd(theta)),
        };
        let (x, y) = place(phi, R0 * cosine);
        Some((x + R0 * self.xi * z, y + R0 * self.eta * z))
    }
}

/// Zenithal perspective (20 to 27).
pub struct Azp {
    mu: f64,
    gamma: f64,
}

impl Azp {
    pub fn new(mu: f64, gamma: f64) -> Result<Self, String> {
        if mu == -1.0 || cosd(gamma) == 0.0 {
            return Err("AZP has no map for these PVi_1 and PVi_2".into());
        }
        Ok(Self { mu, gamma })
    }
}

/// The larger of two angles, each brought below 90°.
fn upper(a: f64, b: f64) -> f64 {
    let fold = |angle: f64| if angle > 90.0 { angle - 360.0 } else { angle };
    fold(a).max(fold(b))
}

impl Projection for Azp {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let w = R0 * (self.mu + 1.0);
        let yc = y * cosd(self.gamma);
        let r = x.hypot(yc);
        if r == 0.0 {
            return Some((0.0, 90.0));
        }
        let s = r / (w + y * sind(self.gamma));
        let t = asind(unit_range(s * self.mu / (s * s + 1.0).sqrt())?);
        let psi = atan2d(1.0, s);
        Some((atan2d(x, -yc), upper(psi - t, psi + t + 180.0)))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        let a = tand(self.gamma) * cosd(phi);
        let t = self.mu + sind(theta) + cosd(theta) * a;
        if t == 0.0 {
            return None;
        }
        // The limb of the sphere, and the point where rays become parallel to the plane.
        if self.mu.abs() > 1.0 && theta < asind(-1.0 / self.mu) {
            return None;
        }
        if (self.mu * cosd(self.gamma)).abs() < 1.0 {
            let limit = self.mu / (1.0 + a * a).sqrt();
            if limit.abs() <= 1.0 {
                let (s, t) = (atand(-a), asind(limit));
                if theta < upper(s - t, s + t + 180.0) {
                    return None;
                }
            }
        }
        let r = R0 * (self.mu + 1.0) * cosd(theta) / t;
        Some((r * sind(phi), -r * cosd(phi) / cosd(self.gamma)))
    }
}

/// Slant zenithal perspective (32 to 42).
pub struct Szp {
    x: f64,
    y: f64,
    z: f64,
}

impl Szp {
    pub fn new(mu: f64, phi: f64, theta: f64) -> Result<Self, String> {
        let z = mu * sind(theta) + 1.0;
        if z == 0.0 {
            return Err("SZP has no map for these PVi_1 and PVi_3".into());
        }
        Ok(Self { x: -mu * cosd(theta) * sind(phi), y: mu * cosd(theta) * cosd(phi), z })
    }
}

impl Projection for Szp {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let (x, y) = (x / R0, y / R0);
        let r2 = x * x + y * y;
        let (x1, y1) = ((x - self.x) / self.z, (y - self.y) / self.z);
        let xy = x * x1 + y * y1;
        let (theta, z) = if r2 < 1e-10 {
            (90.0 - (r2 / (1.0 + xy)).sqrt().to_degrees(), r2 / 2.0)
        } else {
            let t = x1 * x1 + y1 * y1;
            let sine = northern_root(t + 1.0, xy - t, r2 - xy - xy + t - 1.0)?;
            (asind(sine), 1.0 - sine)
        };
        let (east, north) = (x - x1 * z, -(y - y1 * z));
        Some((if east == 0.0 && north == 0.0 { 0.0 } else { atan2d(east, north) }, theta))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        let s = 1.0 - sind(theta);
        let t = self.z - s;
        if t <= 0.0 {
            return None;
        }
        let r = R0 * self.z * cosd(theta) / t;
        let (x, y) = place(phi, r);
        let point = (x - R0 * self.x * s / t, y - R0 * self.y * s / t);
        // Only the side of the sphere that the plane sees: the way back must lead here.
        let (phi_back, theta_back) = self.native_from_plane(point.0, point.1)?;
        let turn = (phi_back - phi + 540.0).rem_euclid(360.0) - 180.0;
        let seen = (theta_back - theta).abs() < 1e-6 && (turn * cosd(theta)).abs() < 1e-6;
        seen.then_some(point)
    }
}

/// Zenithal polynomial (68): the radius as a polynomial of the distance from the pole.
pub struct Zpn {
    coefficients: Vec<f64>,
    /// The polynomial rises up to this distance (radians) and this radius.
    last: (f64, f64),
}

impl Zpn {
    pub fn new(pv: &Parameters) -> Result<Self, String> {
        let count =
            pv.iter().rposition(|value| value.is_some_and(|value| value != 0.0)).map_or(0, |last| last + 1);
        let coefficients: Vec<f64> = pv[..count].iter().map(|value| value.unwrap_or(0.0)).collect();
        if count < 2 || coefficients[1] <= 0.0 {
            return Err("ZPN needs PVi_1 above zero".into());
        }
        let mut zpn = Self { coefficients, last: (std::f64::consts::PI, 0.0) };
        // The first zero of the slope, found in steps of a degree and then by bisection.
        let mut low = 0.0;
        for step in 1..=180 {
            let high = f64::from(step).to_radians();
            if zpn.slope(high) <= 0.0 {
                let (mut a, mut b) = (low, high);
                for _ in 0..60 {
                    let middle = (a + b) / 2.0;
                    if zpn.slope(middle) > 0.0 { a = middle } else { b = middle }
                }
                zpn.last.0 = a;
                break;
            }
            low = high;
        }
        zpn.last.1 = zpn.radius(zpn.last.0);
        Ok(zpn)
    }

    fn radius(&self, distance: f64) -> f64 {
        self.coefficients.iter().rev().fold(0.0, |sum, c| sum * distance + c)
    }

    fn slope(&self, distance: f64) -> f64 {
        let terms = self.coefficients.iter().enumerate().skip(1).rev();
        terms.fold(0.0, |sum, (power, c)| sum * distance + power as f64 * c)
    }
}

impl Projection for Zpn {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let (phi, r) = polar(x, y);
        let r = r / R0;
        let (mut low, mut high) = (0.0, self.last.0);
        if r < self.coefficients[0] - TOLERANCE || r > self.last.1 + TOLERANCE {
            return None;
        }
        // Newton's steps, kept inside an interval that always holds the answer.
        let mut distance = ((r - self.coefficients[0]) / self.coefficients[1]).clamp(low, high);
        for _ in 0..100 {
            let off = self.radius(distance) - r;
            if off.abs() < 1e-15 {
                break;
            }
            if off > 0.0 {
                high = distance
            } else {
                low = distance
            }
            let newton = distance - off / self.slope(distance);
            distance = if newton > low && newton < high { newton } else { (low + high) / 2.0 };
            if high - low < 1e-16 {
                break;
            }
        }
        Some((phi, 90.0 - distance.to_degrees()))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        let distance = (90.0 - theta).to_radians();
        (distance <= self.last.0 + TOLERANCE).then(|| place(phi, R0 * self.radius(distance)))
    }
}

/// Airy's (70 to 72).
pub struct Air {
    /// ln(cos ξ_b) / tan² ξ_b.
    weight: f64,
}

impl Air {
    pub fn new(boundary: f64) -> Result<Self, String> {
        if !(boundary > -90.0 && boundary <= 90.0) {
            return Err("AIR needs PVi_1 above −90 and up to 90".into());
        }
        let cosine = cosd((90.0 - boundary) / 2.0);
        let squared = cosine * cosine;
        // The limit for ξ_b → 0.
        let weight = if boundary == 90.0 { -0.5 } else { cosine.ln() * squared / (1.0 - squared) };
        Ok(Self { weight })
    }

    /// Radius at half the distance from the pole (radians).
    fn radius(&self, xi: f64) -> f64 {
        if xi < 1e-4 {
            return 2.0 * R0 * xi * (0.5 - self.weight);
        }
        let tangent = xi.tan();
        -2.0 * R0 * (xi.cos().ln() / tangent + self.weight * tangent)
    }
}

impl Projection for Air {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let (phi, r) = polar(x, y);
        // The radius rises monotonically from the pole for a while; that part is the map.
        let mut high = 0.0;
        let step = 0.5f64.to_radians();
        loop {
            let next = high + step;
            if next >= std::f64::consts::FRAC_PI_2 || self.radius(next) < self.radius(high) {
                return None;
            }
            high = next;
            if self.radius(high) >= r {
                break;
            }
        }
        let mut low = high - step;
        for _ in 0..80 {
            let middle = (low + high) / 2.0;
            if self.radius(middle) < r { low = middle } else { high = middle }
        }
        Some((phi, 90.0 - (low + high).to_degrees()))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        (theta > -90.0).then(|| place(phi, self.radius((90.0 - theta).to_radians() / 2.0)))
    }
}
