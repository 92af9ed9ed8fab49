//! Colours from formulas: ramps of even lightness in CIELAB, Green's helix, a few classics. No tables of other people's data.

use std::f64::consts::{PI, TAU};

/// From black (or nearly) to white through the hues between two angles of CIELAB. Lightness L* is straight in the place, the chroma is
/// `peak · sin(π·t^skew)^power`: 0 at the ends, and everywhere within sRGB, so that nothing is clipped and L* stays straight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ramp {
    pub lightness: [f64; 2],
    pub hue_deg: [f64; 2],
    pub peak: f64,
    pub skew: f64,
    pub power: f64,
}

impl Ramp {
    pub fn rgb(&self, t: f64) -> [u8; 3] {
        let between = |[low, high]: [f64; 2]| low + (high - low) * t;
        let chroma = self.peak * (PI * t.powf(self.skew)).sin().max(0.0).powf(self.power);
        srgb(between(self.lightness), chroma, between(self.hue_deg))
    }
}

/// Two hues that meet in a grey; lightness is straight and equal on both sides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Diverging {
    /// L* at the ends and in the middle.
    pub lightness: [f64; 2],
    pub hue_deg: [f64; 2],
    pub peak: f64,
    pub power: f64,
}

impl Diverging {
    pub fn rgb(&self, t: f64) -> [u8; 3] {
        let away = (2.0 * t - 1.0).abs();
        let [end, middle] = self.lightness;
        let hue = self.hue_deg[usize::from(t > 0.5)];
        srgb(middle + (end - middle) * away, self.peak * away.powf(self.power), hue)
    }
}

/// The helix of Green (2011, Bull. Astr. Soc. India 39, 289, equation 2) with γ = 1 and saturation 1: `start` is the hue at black
/// (red 1, green 2, blue 3), `rotations` how often the hue turns on the way to white.
pub(super) fn helix(start: f64, rotations: f64, t: f64) -> [u8; 3] {
    let (sin, cos) = (TAU * (start / 3.0 + 1.0 + rotations * t)).sin_cos();
    let amplitude = 0.5 * t * (1.0 - t);
    [
        t + amplitude * (-0.14861 * cos + 1.78277 * sin),
        t + amplitude * (-0.29227 * cos - 0.90649 * sin),
        t + amplitude * 1.97294 * cos,
    ]
    .map(byte)
}

/// Black, red, yellow, white, each channel rising over a third.
pub(super) fn hot(t: f64) -> [u8; 3] {
    [3.0 * t, 3.0 * t - 1.0, 3.0 * t - 2.0].map(byte)
}

/// Dark blue, cyan, yellow, dark red: trapezia of the three channels a quarter apart.
pub(super) fn jet(t: f64) -> [u8; 3] {
    [3.0, 2.0, 1.0].map(|peak| byte(1.5 - (4.0 * t - peak).abs()))
}

fn byte(part: f64) -> u8 {
    (part.clamp(0.0, 1.0) * 255.0).round() as u8
}

/// CIELAB (CIE 15, white D65) in polar form to sRGB (IEC 61966-2-1).
fn srgb(lightness: f64, chroma: f64, hue_deg: f64) -> [u8; 3] {
    linear(lightness, chroma, hue_deg).map(|part| {
        let part = part.clamp(0.0, 1.0);
        byte(if part <= 0.003_130_8 { 12.92 * part } else { 1.055 * part.powf(1.0 / 2.4) - 0.055 })
    })
}

/// Red, green, blue in linear light; outside 0 to 1 where sRGB cannot show the colour.
fn linear(lightness: f64, chroma: f64, hue_deg: f64) -> [f64; 3] {
    const KNEE: f64 = 6.0 / 29.0;
    let (sin, cos) = hue_deg.to_radians().sin_cos();
    let inverse = |f: f64| if f > KNEE { f * f * f } else { 3.0 * KNEE * KNEE * (f - 4.0 / 29.0) };
    let middle = (lightness + 16.0) / 116.0;
    let x = 0.950_47 * inverse(middle + chroma * cos / 500.0);
    let y = inverse(middle);
    let z = 1.088_83 * inverse(middle - chroma * sin / 200.0);
    [
        3.240_454_2 * x - 1.537_138_5 * y - 0.498_531_4 * z,
        -0.969_266 * x + 1.876_010_8 * y + 0.041_556 * z,
        0.055_643_4 * x - 0.204_025_9 * y + 1.057_225_2 * z,
    ]
}

/// L* of a colour on screen.
#[cfg(test)]
pub(super) fn lightness(rgb: [u8; 3]) -> f64 {
    let [r, g, b] = rgb.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    let y = 0.212_672_9 * r + 0.715_152_2 * g + 0.072_175 * b;
    if y > 216.0 / 24389.0 { 116.0 * y.cbrt() - 16.0 } else { 24389.0 / 27.0 * y }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_colours_come_back() {
        // sRGB red is L* 53.24, C* 104.55, h 40.00°; mid grey 119 is L* 50 (Lindbloom's calculator).
        assert_eq!(srgb(53.24, 104.55, 40.0), [255, 0, 0]);
        assert_eq!(srgb(50.0, 0.0, 0.0), [119; 3]);
        assert!((lightness([255, 0, 0]) - 53.24).abs() < 0.01);
        assert!((lightness([255; 3]) - 100.0).abs() < 0.01);
    }

    #[test]
    fn a_helix_is_the_published_one() {
        // The functions of matplotlib 3.11's cubehelix: blue at black, −1.5 turns.
        let expected = [(0.25, [22, 83, 76]), (0.5, [160, 121, 73]), (0.75, [199, 179, 237])];
        for (t, rgb) in expected {
            assert_eq!(helix(0.5, -1.5, t), rgb);
        }
    }
}
