//! Projections onto the faces of a cube (quad-cube), and HEALPix.

use super::super::angle::{asind, atan2d, atand, cosd, sind, unit_range};
use super::Projection;

/// How a face is filled.
pub enum Face {
    /// TSC (165 to 172).
    Tangential,
    /// CSC (173 to 178), polynomials of the COBE sky cube.
    Cobe,
    /// QSC (179 to 187).
    EqualArea,
}

pub struct Cube(pub Face);

/// Place of the six faces in the plane, in units of half a face.
const CENTRES: [(f64, f64); 6] = [(0.0, 2.0), (0.0, 0.0), (2.0, 0.0), (4.0, 0.0), (6.0, 0.0), (0.0, -2.0)];

/// Direction cosines from the coordinates on a face: `zeta` outwards, `xi` to the east, `eta` to the north.
fn direction(face: usize, xi: f64, eta: f64, zeta: f64) -> (f64, f64, f64) {
    match face {
        0 => (-eta, xi, zeta),
        1 => (zeta, xi, eta),
        2 => (-xi, zeta, eta),
        3 => (-zeta, -xi, eta),
        4 => (xi, -zeta, eta),
        _ => (eta, xi, -zeta),
    }
}

/// The face that a direction meets and its coordinates there: face, xi, eta, zeta.
fn face_of(l: f64, m: f64, n: f64) -> (usize, f64, f64, f64) {
    let faces = [(m, -l, n), (m, n, l), (-l, n, m), (-m, n, -l), (l, n, -m), (m, l, -n)];
    let mut best = 0;
    for face in 1..6 {
        if faces[face].2 > faces[best].2 {
            best = face;
        }
    }
    let (xi, eta, zeta) = faces[best];
    (best, xi, eta, zeta)
}

impl Projection for Cube {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let (mut x, mut y) = (x / 45.0, y / 45.0);
        // The faces beside the middle column form a band; the map may be continued to the left.
        let inside = if x.abs() <= 1.0 { y.abs() <= 3.0 } else { x.abs() <= 7.0 && y.abs() <= 1.0 };
        if !inside {
            return None;
        }
        if x < -1.0 {
            x += 8.0;
        }
        let face = match (x, y) {
            (x, _) if x > 5.0 => 4,
            (x, _) if x > 3.0 => 3,
            (x, _) if x > 1.0 => 2,
            (_, y) if y > 1.0 => 0,
            (_, y) if y < -1.0 => 5,
            _ => 1,
        };
        x -= CENTRES[face].0;
        y -= CENTRES[face].1;
        let (xi, eta, zeta) = match self.0 {
            Face::Tangential => {
                let zeta = 1.0 / (1.0 + x * x + y * y).sqrt();
                (x * zeta, y * zeta, zeta)
            }
            Face::Cobe => {
                let (a, b) = (cobe_inverse(x, y), cobe_inverse(y, x));
                let zeta = 1.0 / (a * a + b * b + 1.0).sqrt();
                (a * zeta, b * zeta, zeta)
            }
            Face::EqualArea => equal_area_inverse(x, y)?,
        };
        let (l, m, n) = direction(face, xi, eta, zeta);
        let phi = if l == 0.0 && m == 0.0 { 0.0 } else { atan2d(m, l) };
        Some((phi, asind(unit_range(n)?)))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        let (face, xi, eta, zeta) = face_of(cosd(theta) * cosd(phi), cosd(theta) * sind(phi), sind(theta));
        let (x, y) = match self.0 {
            Face::Tangential => (xi / zeta, eta / zeta),
            Face::Cobe => (cobe(xi / zeta, eta / zeta), cobe(eta / zeta, xi / zeta)),
            Face::EqualArea => equal_area(xi, eta, zeta),
        };
        Some((45.0 * (CENTRES[face].0 + x.clamp(-1.0, 1.0)), 45.0 * (CENTRES[face].1 + y.clamp(-1.0, 1.0))))
    }
}

/// The COBE polynomial (175) for the first coordinate; the second has the arguments exchanged.
fn cobe(a: f64, b: f64) -> f64 {
    let (a2, b2) = (a * a, b * b);
    let (ca2, cb2) = (1.0 - a2, 1.0 - b2);
    let c = 0.141189631152 + 0.0809701286525 * a2 - 0.281528535557 * b2 + 0.15384112876 * a2 * b2
        - 0.178251207466 * a2 * a2
        + 0.106959469314 * b2 * b2;
    let b_part = b2 * (-0.13161671474 * ca2 + 0.004869491981 * a2 + cb2 * c);
    let a_part = a2 * (-0.159596235474 - ca2 * (0.0759196200467 - 0.0217762490699 * a2));
    a * (a2 + ca2 * (1.37484847732 + b_part + a_part))
}

/// The polynomial that undoes it nearly (178). Coefficients of x² (columns) and y² (rows).
fn cobe_inverse(x: f64, y: f64) -> f64 {
    const P: [&[f64]; 7] = [
        &[-0.27292696, -0.07629969, -0.22797056, 0.54852384, -0.62930065, 0.25795794, 0.02584375],
        &[-0.02819452, -0.01471565, 0.48051509, -1.74114454, 1.71547508, -0.53022337],
        &[0.27058160, -0.56800938, 0.30803317, 0.98938102, -0.83180469],
        &[-0.60441560, 1.50880086, -0.93678576, 0.08693841],
        &[0.93412077, -1.41601920, 0.33887446],
        &[-0.63915306, 0.52032238],
        &[0.14381585],
    ];
    let (xx, yy) = (x * x, y * y);
    let row = |row: &[f64]| row.iter().rev().fold(0.0, |sum, p| sum * xx + p);
    let sum = P.iter().rev().fold(0.0, |sum, coefficients| sum * yy + row(coefficients));
    x + x * (1.0 - xx) * sum
}

/// QSC from the plane to (xi, eta, zeta), (183 to 187).
fn equal_area_inverse(x: f64, y: f64) -> Option<(f64, f64, f64)> {
    let direct = x.abs() > y.abs();
    let (long, short) = if direct { (x, y) } else { (y, x) };
    if long == 0.0 {
        return Some((0.0, 0.0, 1.0));
    }
    let w = 15.0 * short / long;
    let omega = sind(w) / (cosd(w) - std::f64::consts::FRAC_1_SQRT_2);
    let tau = 1.0 + omega * omega;
    // 1 − ζ, kept apart for its digits near the centre of a face.
    let depth = long * long * (1.0 - 1.0 / (1.0 + tau).sqrt());
    if depth > 2.0 {
        return None;
    }
    let main = (depth * (2.0 - depth) / tau).sqrt().copysign(long);
    let (xi, eta) = if direct { (main, main * omega) } else { (main * omega, main) };
    Some((xi, eta, 1.0 - depth))
}

/// QSC to the plane (180 to 182).
fn equal_area(xi: f64, eta: f64, zeta: f64) -> (f64, f64) {
    let direct = xi.abs() > eta.abs();
    let (long, short) = if direct { (xi, eta) } else { (eta, xi) };
    if long == 0.0 {
        return (0.0, 0.0);
    }
    // 1 − ζ without loss near the centre of a face.
    let depth = (xi * xi + eta * eta) / (1.0 + zeta);
    let omega = short / long;
    let tau = 1.0 + omega * omega;
    let main = (depth / (1.0 - 1.0 / (1.0 + tau).sqrt())).sqrt().copysign(long);
    let side = main / 15.0 * (atand(omega) - asind(omega / (tau + tau).sqrt()));
    if direct { (main, side) } else { (side, main) }
}

/// HEALPix of any H and K: Calabretta & Roukema 2007, MNRAS 381, 865.
pub struct Hpx {
    h: f64,
    k: f64,
}

impl Hpx {
    pub fn new(h: f64, k: f64) -> Result<Self, String> {
        if !(h > 0.0 && k > 0.0 && h.is_finite() && k.is_finite()) {
            return Err("HPX needs PVi_1 and PVi_2 above zero".into());
        }
        Ok(Self { h, k })
    }

    /// Longitude of the middle of the facet that holds this longitude, in the north or south.
    fn facet(&self, longitude: f64, north: bool) -> f64 {
        let odd = (self.k + 0.5) as i64 % 2 == 1;
        let omega = if odd || north { 1.0 } else { 0.0 };
        let number = ((longitude + 180.0) * self.h / 360.0 + (1.0 - omega) / 2.0).floor();
        -180.0 + (2.0 * number + omega) * 180.0 / self.h
    }
}

impl Projection for Hpx {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let Self { h, k } = *self;
        if y.abs() <= 90.0 * (k - 1.0) / h {
            return Some((x, asind(unit_range(y * h / (90.0 * k))?)));
        }
        if y.abs() > 90.0 * (k + 1.0) / h + 1e-12 {
            return None;
        }
        let sigma = ((k + 1.0) / 2.0 - (y * h).abs() / 180.0).max(0.0);
        let centre = self.facet(x, y > 0.0);
        let theta = asind(unit_range(1.0 - sigma * sigma / k)?).copysign(y);
        if sigma == 0.0 {
            return Some((centre, theta));
        }
        let turn = (x - centre) / sigma;
        // Between the tips of the facets there is no sky.
        (turn.abs() <= 180.0 / h + 1e-9).then_some((centre + turn, theta))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        let Self { h, k } = *self;
        let sine = sind(theta);
        if sine.abs() <= (k - 1.0) / k {
            return Some((phi, 90.0 * k / h * sine));
        }
        let sigma = (k * (1.0 - sine.abs())).sqrt();
        let centre = self.facet(phi, theta > 0.0);
        let y = (180.0 / h * ((k + 1.0) / 2.0 - sigma)).copysign(theta);
        Some((centre + (phi - centre) * sigma, y))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faces_look_where_they_should() {
        let cube = Cube(Face::EqualArea);
        for (x, y, phi, theta) in [
            (0.0, 0.0, 0.0, 0.0),
            (90.0, 0.0, 90.0, 0.0),
            (180.0, 0.0, 180.0, 0.0),
            (270.0, 0.0, -90.0, 0.0),
            (0.0, 90.0, 0.0, 90.0),
        ] {
            let found = cube.native_from_plane(x, y).expect("on the map");
            let turn = (found.0 - phi).rem_euclid(360.0);
            assert!(turn < 1e-12 && (found.1 - theta).abs() < 1e-12, "{x} {y}: {found:?}");
        }
    }
}
