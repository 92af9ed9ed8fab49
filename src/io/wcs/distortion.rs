//! Distortions of the focal plane: SIP polynomials of pixels, TPV polynomials of intermediate coordinates, and the plate
//! solutions of the Digitized Sky Survey.

use crate::data::Header;

/// SIP: Shupe et al. 2005, ASP Conf. 347, 491. f(u, v) = Σ A_p_q u^p v^q on pixels from the reference pixel.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sip {
    a: Vec<(i32, i32, f64)>,
    b: Vec<(i32, i32, f64)>,
}

impl Sip {
    pub fn of(header: &Header) -> Option<Self> {
        let terms = |letter: &str| -> Option<Vec<(i32, i32, f64)>> {
            let order = header.integer(&format!("{letter}_ORDER")).filter(|order| (0..=9).contains(order))?;
            let mut terms = Vec::new();
            for p in 0..=order as i32 {
                for q in 0..=order as i32 - p {
                    let value = header.float(&format!("{letter}_{p}_{q}"));
                    terms.extend(value.filter(|&value| value != 0.0).map(|value| (p, q, value)));
                }
            }
            Some(terms)
        };
        let (a, b) = (terms("A")?, terms("B")?);
        (!a.is_empty() || !b.is_empty()).then_some(Self { a, b })
    }

    /// The undistorted offset of a pixel offset from the reference pixel.
    pub fn apply(&self, u: f64, v: f64) -> (f64, f64) {
        let sum = |terms: &[(i32, i32, f64)]| -> f64 {
            terms.iter().map(|&(p, q, value)| value * u.powi(p) * v.powi(q)).sum()
        };
        (u + sum(&self.a), v + sum(&self.b))
    }
}

/// TPV: the polynomial of the registry of FITS conventions, as SCAMP writes it, on intermediate coordinates in degrees.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tpv {
    x: [f64; 40],
    y: [f64; 40],
}

/// Powers of (x, y, r) of each coefficient.
const TPV_TERMS: [(i32, i32, i32); 40] = [
    (0, 0, 0),
    (1, 0, 0),
    (0, 1, 0),
    (0, 0, 1),
    (2, 0, 0),
    (1, 1, 0),
    (0, 2, 0),
    (3, 0, 0),
    (2, 1, 0),
    (1, 2, 0),
    (0, 3, 0),
    (0, 0, 3),
    (4, 0, 0),
    (3, 1, 0),
    (2, 2, 0),
    (1, 3, 0),
    (0, 4, 0),
    (5, 0, 0),
    (4, 1, 0),
    (3, 2, 0),
    (2, 3, 0),
    (1, 4, 0),
    (0, 5, 0),
    (0, 0, 5),
    (6, 0, 0),
    (5, 1, 0),
    (4, 2, 0),
    (3, 3, 0),
    (2, 4, 0),
    (1, 5, 0),
    (0, 6, 0),
    (7, 0, 0),
    (6, 1, 0),
    (5, 2, 0),
    (4, 3, 0),
    (3, 4, 0),
    (2, 5, 0),
    (1, 6, 0),
    (0, 7, 0),
    (0, 0, 7),
];

impl Tpv {
    /// `lon` and `lat` are 0-based axes.
    pub fn of(header: &Header, lon: usize, lat: usize) -> Self {
        let coefficients = |axis: usize| {
            let mut values = [0.0; 40];
            for (index, value) in values.iter_mut().enumerate() {
                let default = if index == 1 { 1.0 } else { 0.0 };
                *value = header.float(&format!("PV{}_{index}", axis + 1)).unwrap_or(default);
            }
            values
        };
        Self { x: coefficients(lon), y: coefficients(lat) }
    }

    pub fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        let r = x.hypot(y);
        let sum = |coefficients: &[f64; 40], x: f64, y: f64| -> f64 {
            let terms = coefficients.iter().zip(TPV_TERMS).filter(|(value, _)| **value != 0.0);
            terms.map(|(value, (i, j, k))| value * x.powi(i) * y.powi(j) * r.powi(k)).sum()
        };
        (sum(&self.x, x, y), sum(&self.y, y, x))
    }

    pub fn invert(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        settle(x, y, |x, y| self.apply(x, y))
    }
}

/// A plate solution of the Digitized Sky Survey: pixels to standard coordinates about the plate's centre. Its TAN cards are
/// only an approximation to it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plate {
    /// Right ascension and declination of the plate's centre, degrees.
    pub centre: (f64, f64),
    x: [f64; 13],
    y: [f64; 13],
    /// Centre of the plate, micrometres.
    origin_um: (f64, f64),
    pixel_um: (f64, f64),
    /// Pixel of the plate at which the image begins.
    start: (f64, f64),
}

impl Plate {
    pub fn of(header: &Header) -> Option<Self> {
        let number = |key: &str| header.float(key);
        let terms = |stem: &str| -> Option<[f64; 13]> {
            let mut values = [0.0; 13];
            for (index, value) in values.iter_mut().enumerate() {
                *value = number(&format!("{stem}{}", index + 1))?;
            }
            Some(values)
        };
        let sexagesimal = |stem: &str, whole: &str| -> Option<f64> {
            let part = |letter: &str| number(&format!("{stem}{letter}"));
            Some(part(whole)? + part("M")? / 60.0 + part("S")? / 3600.0)
        };
        let declination = sexagesimal("PLTDEC", "D")?;
        let south = header.text("PLTDECSN").is_some_and(|sign| sign.starts_with('-'));
        let plate = Self {
            centre: (15.0 * sexagesimal("PLTRA", "H")?, if south { -declination } else { declination }),
            x: terms("AMDX")?,
            y: terms("AMDY")?,
            origin_um: (number("PPO3")?, number("PPO6")?),
            pixel_um: (number("XPIXELSZ")?, number("YPIXELSZ")?),
            start: (number("CNPIX1")?, number("CNPIX2")?),
        };
        let usable =
            plate.pixel_um.0 != 0.0 && plate.pixel_um.1 != 0.0 && plate.x[0] != 0.0 && plate.y[0] != 0.0;
        usable.then_some(plate)
    }

    /// Standard coordinates in degrees of a pixel (from 1).
    pub fn standard(&self, p1: f64, p2: f64) -> (f64, f64) {
        let x = (self.origin_um.0 - self.pixel_um.0 * (self.start.0 + p1 - 0.5)) / 1000.0;
        let y = (self.pixel_um.1 * (self.start.1 + p2 - 0.5) - self.origin_um.1) / 1000.0;
        let (xi, eta) = self.arcseconds(x, y);
        (xi / 3600.0, eta / 3600.0)
    }

    /// From millimetres on the plate.
    fn arcseconds(&self, x: f64, y: f64) -> (f64, f64) {
        let sum = |c: &[f64; 13], x: f64, y: f64| {
            let r2 = x * x + y * y;
            c[0] * x
                + c[1] * y
                + c[2]
                + c[3] * x * x
                + c[4] * x * y
                + c[5] * y * y
                + c[6] * r2
                + c[7] * x * x * x
                + c[8] * x * x * y
                + c[9] * x * y * y
                + c[10] * y * y * y
                + c[11] * x * r2
                + c[12] * x * r2 * r2
        };
        (sum(&self.x, x, y), sum(&self.y, y, x))
    }

    pub fn pixel(&self, xi_deg: f64, eta_deg: f64) -> Option<(f64, f64)> {
        let (a, b) = (self.x[0], self.y[0]);
        let (x, y) = settle(xi_deg * 3600.0 / a, eta_deg * 3600.0 / b, |x, y| {
            let (xi, eta) = self.arcseconds(x, y);
            (xi / a, eta / b)
        })?;
        let p1 = (self.origin_um.0 - 1000.0 * x) / self.pixel_um.0 - self.start.0 + 0.5;
        let p2 = (1000.0 * y + self.origin_um.1) / self.pixel_um.1 - self.start.1 + 0.5;
        Some((p1, p2))
    }
}

/// Solves f(x, y) = (u, v) for a map near the identity.
fn settle(u: f64, v: f64, f: impl Fn(f64, f64) -> (f64, f64)) -> Option<(f64, f64)> {
    let (mut x, mut y) = (u, v);
    for _ in 0..200 {
        let (fx, fy) = f(x, y);
        let (dx, dy) = (u - fx, v - fy);
        x += dx;
        y += dy;
        if !(x.is_finite() && y.is_finite()) {
            return None;
        }
        if dx.hypot(dy) < 1e-11 * (1.0 + x.hypot(y)) {
            return Some((x, y));
        }
    }
    None
}
