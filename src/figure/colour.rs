//! Perceptually uniform colour maps, one list for the window, the figures and the volume.

use serde::{Deserialize, Serialize};

/// Colour of blank pixels: a grey that no map of the list contains.
pub const NAN_RGB: [u8; 3] = [58, 64, 72];

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColourMap {
    Viridis,
    #[default]
    Magma,
    Inferno,
    Plasma,
    Cividis,
    Cubehelix,
    Turbo,
    /// White sky is low: dark is bright, as on plates.
    GreysInverted,
    Greys,
    /// Diverging: blue low, red high, for residuals.
    RedBlue,
}

impl ColourMap {
    pub const ALL: [Self; 10] = [
        Self::Viridis,
        Self::Magma,
        Self::Inferno,
        Self::Plasma,
        Self::Cividis,
        Self::Cubehelix,
        Self::Turbo,
        Self::GreysInverted,
        Self::Greys,
        Self::RedBlue,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Viridis => "viridis",
            Self::Magma => "magma",
            Self::Inferno => "inferno",
            Self::Plasma => "plasma",
            Self::Cividis => "cividis",
            Self::Cubehelix => "cubehelix",
            Self::Turbo => "turbo",
            Self::GreysInverted => "greys, inverted",
            Self::Greys => "greys",
            Self::RedBlue => "red–blue",
        }
    }

    /// Colour at `t` in 0 (low) to 1 (high); blank for NaN.
    pub fn rgb(self, t: f32) -> [u8; 3] {
        if t.is_nan() {
            return NAN_RGB;
        }
        let t = f64::from(t.clamp(0.0, 1.0));
        let (gradient, t) = match self {
            Self::Viridis => (colorous::VIRIDIS, t),
            Self::Magma => (colorous::MAGMA, t),
            Self::Inferno => (colorous::INFERNO, t),
            Self::Plasma => (colorous::PLASMA, t),
            Self::Cividis => (colorous::CIVIDIS, t),
            Self::Cubehelix => (colorous::CUBEHELIX, t),
            Self::Turbo => (colorous::TURBO, t),
            Self::GreysInverted => (colorous::GREYS, t),
            Self::Greys => (colorous::GREYS, 1.0 - t),
            Self::RedBlue => (colorous::RED_BLUE, 1.0 - t),
        };
        let colour = gradient.eval_continuous(t);
        [colour.r, colour.g, colour.b]
    }

    /// 256 colours from low to high.
    pub fn table(self) -> [[u8; 3]; 256] {
        std::array::from_fn(|i| self.rgb(i as f32 / 255.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniform_maps_grow_lighter_all_the_way() {
        let lightness =
            |[r, g, b]: [u8; 3]| 0.2126 * f32::from(r) + 0.7152 * f32::from(g) + 0.0722 * f32::from(b);
        for map in
            [ColourMap::Viridis, ColourMap::Magma, ColourMap::Inferno, ColourMap::Cividis, ColourMap::Greys]
        {
            let table = map.table();
            for pair in table.windows(8) {
                assert!(lightness(pair[7]) > lightness(pair[0]), "{} is not monotone", map.name());
            }
        }
    }

    #[test]
    fn blank_has_its_own_colour() {
        for map in ColourMap::ALL {
            assert_eq!(map.rgb(f32::NAN), NAN_RGB);
            assert!(!map.table().contains(&NAN_RGB), "{} contains the blank", map.name());
        }
    }
}
