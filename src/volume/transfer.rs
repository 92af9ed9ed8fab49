//! From a value to a colour and an opacity: range, stretch, colour map, opacity points. The stretch acts after interpolation.

use crate::figure::ColourMap;
use serde::{Deserialize, Serialize};

/// How values between the ends of the range are spread. x runs from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stretch {
    #[default]
    Linear,
    Sqrt,
    /// log10(1 + 1000 x) / log10(1001), as DS9.
    Log,
    /// asinh(x/β) / asinh(1/β) (Lupton et al. 1999); small β favours faint values.
    Asinh {
        softening: f32,
    },
    /// x^γ
    Power {
        exponent: f32,
    },
}

impl Stretch {
    pub fn apply(self, x: f32) -> f32 {
        let x = x.clamp(0.0, 1.0);
        match self {
            Self::Linear => x,
            Self::Sqrt => x.sqrt(),
            Self::Log => (1.0 + 1000.0 * x).ln() / 1001_f32.ln(),
            Self::Asinh { softening } => (x / softening).asinh() / (1.0 / softening).asinh(),
            Self::Power { exponent } => x.powf(exponent),
        }
    }

    /// The number by which the shader knows it, and its parameter.
    pub(super) fn code(self) -> (u32, f32) {
        match self {
            Self::Linear => (0, 1.0),
            Self::Sqrt => (1, 1.0),
            Self::Log => (2, 1.0),
            Self::Asinh { softening } => (3, softening),
            Self::Power { exponent } => (4, exponent),
        }
    }
}

/// Colour and opacity of every value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    /// Physical values at the ends of the colour map.
    pub range: (f64, f64),
    pub stretch: Stretch,
    pub colours: ColourMap,
    /// (place along the stretched range, opacity), both 0 to 1, in ascending order; straight between, level beyond the ends.
    pub opacity: Vec<[f32; 2]>,
}

/// Entries of a table: enough that neighbours differ by less than a step of an 8-bit picture.
pub const TABLE: usize = 1024;

impl Transfer {
    /// Opacity that grows along the range.
    pub fn rising(range: (f64, f64), stretch: Stretch, colours: ColourMap) -> Self {
        Self { range, stretch, colours, opacity: vec![[0.0, 0.0], [1.0, 1.0]] }
    }

    pub fn opacity_at(&self, place: f32) -> f32 {
        let Some(&[first, low]) = self.opacity.first() else { return place };
        if place <= first {
            return low;
        }
        for pair in self.opacity.windows(2) {
            let ([x0, y0], [x1, y1]) = (pair[0], pair[1]);
            if place <= x1 {
                return if x1 > x0 { y0 + (y1 - y0) * (place - x0) / (x1 - x0) } else { y1 };
            }
        }
        self.opacity.last().map_or(place, |last| last[1])
    }

    /// Red, green, blue of a physical value, as on screen.
    pub fn rgb(&self, value: f64) -> [f32; 3] {
        let (low, high) = self.range;
        let place = if high > low { (value - low) / (high - low) } else { 0.0 };
        self.colours.rgb(self.stretch.apply(place as f32)).map(|part| f32::from(part) / 255.0)
    }

    /// Red, green, blue (as on screen, not linear light) and opacity along the stretched range.
    pub fn table(&self) -> Vec<[f32; 4]> {
        (0..TABLE)
            .map(|index| {
                let place = index as f32 / (TABLE - 1) as f32;
                let [r, g, b] = self.colours.rgb(place).map(|part| f32::from(part) / 255.0);
                [r, g, b, self.opacity_at(place).clamp(0.0, 1.0)]
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_keep_their_ends_and_rise() {
        let all = [
            Stretch::Linear,
            Stretch::Sqrt,
            Stretch::Log,
            Stretch::Asinh { softening: 0.1 },
            Stretch::Power { exponent: 2.5 },
        ];
        for stretch in all {
            assert!(
                stretch.apply(0.0).abs() < 1e-6 && (stretch.apply(1.0) - 1.0).abs() < 1e-6,
                "{stretch:?}"
            );
            let steps: Vec<f32> = (0..=100).map(|i| stretch.apply(i as f32 / 100.0)).collect();
            assert!(steps.windows(2).all(|pair| pair[1] > pair[0]), "{stretch:?} does not rise");
        }
    }

    #[test]
    fn opacity_is_straight_between_its_points() {
        let mut transfer = Transfer::rising((0.0, 1.0), Stretch::Linear, ColourMap::Viridis);
        transfer.opacity = vec![[0.25, 0.0], [0.75, 1.0]];
        for (place, opacity) in [(0.0, 0.0), (0.5, 0.5), (0.7, 0.9), (1.0, 1.0)] {
            assert!((transfer.opacity_at(place) - opacity).abs() < 1e-6);
        }
    }
}
