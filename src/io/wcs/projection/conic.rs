//! Conic projections, and the pseudo-conic ones of Bonne and the polyconic.

use super::super::angle::{asind, atan2d, atand, cosd, sind, tand, unit_range};
use super::{Projection, R0};

/// How the radius of a parallel follows from its latitude.
enum Law {
    /// COP (119 to 122).
    Perspective { middle: f64, scale: f64, offset: f64 },
    /// COE (130 to 134): radius = scale √(a − b sin θ).
    EqualArea { scale: f64, a: f64, b: f64 },
    /// COD (124 to 129): radius = offset − θ.
    Equidistant { offset: f64 },
    /// COO (135 to 139): radius = ψ tan((90° − θ)/2)^C.
    Orthomorphic { psi: f64 },
}

pub struct Conic {
    law: Law,
    /// The constant of the cone, C.
    constant: f64,
    /// Y₀: the radius at the middle latitude.
    y0: f64,
    /// The apex lies in the south.
    southern: bool,
}

impl Conic {
    /// `middle` and `half` are θ_a and η, in degrees.
    pub fn new(code: &str, middle: f64, half: f64) -> Result<Self, String> {
        let (theta1, theta2) = (middle - half, middle + half);
        let flat = || format!("{code} has no map for these PVi_1 and PVi_2");
        let (law, constant, y0) = match code {
            "COP" => {
                let constant = sind(middle);
                let scale = R0 * cosd(half);
                if constant == 0.0 || scale == 0.0 {
                    return Err(flat());
                }
                let offset = scale / tand(middle);
                (Law::Perspective { middle, scale, offset }, constant, offset)
            }
            "COE" => {
                let (s1, s2) = (sind(theta1), sind(theta2));
                let b = s1 + s2;
                if b == 0.0 {
                    return Err(flat());
                }
                let (scale, a) = (2.0 * R0 / b, 1.0 + s1 * s2);
                (Law::EqualArea { scale, a, b }, b / 2.0, scale * (a - b * sind(middle)).sqrt())
            }
            "COD" => {
                if sind(middle) == 0.0 {
                    return Err(flat());
                }
                let (constant, cotangents) = if half == 0.0 {
                    (sind(middle), R0 / tand(middle))
                } else {
                    (sind(middle) * sind(half) / half.to_radians(), half / (tand(half) * tand(middle)))
                };
                (Law::Equidistant { offset: middle + cotangents }, constant, cotangents)
            }
            _ => {
                let (t1, t2) = (tand((90.0 - theta1) / 2.0), tand((90.0 - theta2) / 2.0));
                let constant = if theta1 == theta2 {
                    sind(theta1)
                } else {
                    (cosd(theta2) / cosd(theta1)).ln() / (t2 / t1).ln()
                };
                if constant == 0.0 || !constant.is_finite() {
                    return Err(flat());
                }
                let psi = R0 * cosd(theta1) / (constant * t1.powf(constant));
                (Law::Orthomorphic { psi }, constant, psi * tand((90.0 - middle) / 2.0).powf(constant))
            }
        };
        Ok(Self { law, constant, y0, southern: middle < 0.0 })
    }
}

impl Projection for Conic {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let dy = self.y0 - y;
        let r = if self.southern { -x.hypot(dy) } else { x.hypot(dy) };
        let alpha = if r == 0.0 { 0.0 } else { atan2d(x / r, dy / r) };
        let theta = match self.law {
            Law::Perspective { middle, scale, offset } => middle + atand((offset - r) / scale),
            Law::EqualArea { scale, a, b } => asind(unit_range((a - (r / scale).powi(2)) / b)?),
            Law::Equidistant { offset } => offset - r,
            Law::Orthomorphic { .. } if r == 0.0 => {
                if self.constant < 0.0 {
                    -90.0
                } else {
                    90.0
                }
            }
            Law::Orthomorphic { psi } => 90.0 - 2.0 * atand((r / psi).powf(1.0 / self.constant)),
        };
        Some((alpha / self.constant, theta))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        let alpha = self.constant * phi;
        let r = match self.law {
            Law::Perspective { middle, scale, offset } => {
                if cosd(theta - middle) <= 0.0 {
                    return None;
                }
                offset - scale * tand(theta - middle)
            }
            Law::EqualArea { scale, a, b } => scale * (a - b * sind(theta)).max(0.0).sqrt(),
            Law::Equidistant { offset } => offset - theta,
            Law::Orthomorphic { psi } => {
                let t = tand((90.0 - theta) / 2.0);
                if theta <= -90.0 && self.constant >= 0.0 {
                    return None;
                }
                psi * t.powf(self.constant)
            }
        };
        Some((r * sind(alpha), self.y0 - r * cosd(alpha)))
    }
}

/// Bonne's (140 to 146).
pub struct Bon {
    y0: f64,
    southern: bool,
}

impl Bon {
    pub fn new(parallel: f64) -> Result<Self, String> {
        if parallel.abs() > 90.0 {
            return Err("BON needs PVi_1 from −90 to 90".into());
        }
        Ok(Self { y0: R0 / tand(parallel) + parallel, southern: parallel < 0.0 })
    }
}

impl Projection for Bon {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let dy = self.y0 - y;
        let r = if self.southern { -x.hypot(dy) } else { x.hypot(dy) };
        let alpha = if r == 0.0 { 0.0 } else { atan2d(x / r, dy / r) };
        let theta = self.y0 - r;
        let cosine = cosd(theta);
        Some((if cosine == 0.0 { 0.0 } else { alpha * (r / R0) / cosine }, theta))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        let r = self.y0 - theta;
        let alpha = if r == 0.0 { 0.0 } else { R0 * phi * cosd(theta) / r };
        Some((r * sind(alpha), self.y0 - r * cosd(alpha)))
    }
}

/// Polyconic (147 to 151).
pub struct Pco;

impl Projection for Pco {
    fn native_from_plane(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        if y.abs() < 1e-12 {
            return Some((x, 0.0));
        }
        if (y.abs() - 90.0).abs() < 1e-12 {
            return Some((0.0, 90f64.copysign(y)));
        }
        // x² + (y − θ)² − 2 (y − θ) R₀ cot θ changes its sign once between the equator and y.
        let off = |theta: f64| x * x + (y - theta) * ((y - theta) - 2.0 * R0 / tand(theta));
        let (mut low, mut high) = (0.0, y);
        for _ in 0..100 {
            let middle = (low + high) / 2.0;
            if off(middle) > 0.0 { high = middle } else { low = middle }
        }
        let theta = (low + high) / 2.0;
        let tangent = tand(theta);
        let (x1, y1) = (R0 - (y - theta) * tangent, x * tangent);
        Some((if x1 == 0.0 && y1 == 0.0 { 0.0 } else { atan2d(y1, x1) / sind(theta) }, theta))
    }

    fn plane_from_native(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        if theta == 0.0 {
            return Some((phi, 0.0));
        }
        let a = phi * sind(theta);
        let cotangent = R0 * cosd(theta) / sind(theta);
        // 1 − cos a without loss near the equator.
        Some((cotangent * sind(a), theta + cotangent * 2.0 * sind(a / 2.0).powi(2)))
    }
}
