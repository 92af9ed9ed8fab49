//! Trigonometry in degrees, exact at multiples of 90.

pub(super) fn sind(angle: f64) -> f64 {
    match quadrant(angle) {
        Some(0 | 2) => 0.0,
        Some(1) => 1.0,
        Some(_) => -1.0,
        None => angle.to_radians().sin(),
    }
}

pub(super) fn cosd(angle: f64) -> f64 {
    match quadrant(angle) {
        Some(0) => 1.0,
        Some(2) => -1.0,
        Some(_) => 0.0,
        None => angle.to_radians().cos(),
    }
}

pub(super) fn tand(angle: f64) -> f64 {
    match quadrant(angle) {
        Some(0 | 2) => 0.0,
        _ => angle.to_radians().tan(),
    }
}

fn quadrant(angle: f64) -> Option<i64> {
    (angle % 90.0 == 0.0).then(|| ((angle / 90.0).round() as i64).rem_euclid(4))
}

pub(super) fn asind(sine: f64) -> f64 {
    sine.asin().to_degrees()
}

pub(super) fn acosd(cosine: f64) -> f64 {
    cosine.acos().to_degrees()
}

pub(super) fn atand(tangent: f64) -> f64 {
    tangent.atan().to_degrees()
}

pub(super) fn atan2d(y: f64, x: f64) -> f64 {
    y.atan2(x).to_degrees()
}

/// Rounding may carry a sine or the like a hair beyond ±1: that is clamped, anything more is outside.
pub(super) fn unit_range(value: f64) -> Option<f64> {
    const TOLERANCE: f64 = 1e-13;
    (value.abs() <= 1.0 + TOLERANCE).then(|| value.clamp(-1.0, 1.0))
}
