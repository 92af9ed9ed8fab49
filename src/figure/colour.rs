//! Colour maps, one list for the window, the figures and the volume. Perceptually uniform ones come first.

use super::lab::{self, Diverging, Ramp};
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
    /// Black, red, gold, white.
    Ember,
    /// Black, brown, gold, white.
    Gold,
    /// Black, blue, white.
    Glacier,
    /// Black, teal, white.
    Lagoon,
    /// Black, green, white.
    Forest,
    /// Black, violet, white.
    Violet,
    /// Black, violet, rose, gold, white.
    Dusk,
    Cubehelix,
    CubehelixCool,
    CubehelixWarm,
    /// White sky is low: dark is bright, as on plates.
    GreysInverted,
    Greys,
    /// From black to white in even steps of lightness.
    GreysEven,
    /// Diverging: blue low, red high, for residuals.
    RedBlue,
    BlueRedEven,
    PurpleGreen,
    BrownTeal,
    /// Dark in the middle: for volumes, where the middle should be nothing.
    IceFire,
    Blues,
    Greens,
    Oranges,
    Purples,
    Reds,
    Turbo,
    Rainbow,
    Spectral,
    Jet,
    Hot,
}

/// What a colour map is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColourGroup {
    /// Equal steps of the value are equal steps of lightness.
    Uniform,
    /// Lightness rises all the way, but not evenly.
    Helix,
    Greys,
    Diverging,
    SingleHue,
    /// Makes edges where the values have none; to compare with old pictures.
    Classic,
}

impl ColourGroup {
    pub const ALL: [Self; 6] =
        [Self::Uniform, Self::Helix, Self::Greys, Self::Diverging, Self::SingleHue, Self::Classic];

    pub fn name(self) -> &'static str {
        match self {
            Self::Uniform => "Perceptually uniform",
            Self::Helix => "Helices of rising lightness",
            Self::Greys => "Sky greys",
            Self::Diverging => "Diverging",
            Self::SingleHue => "Single hue",
            Self::Classic => "Classic, not uniform",
        }
    }

    pub fn maps(self) -> impl Iterator<Item = ColourMap> {
        ColourMap::ALL.into_iter().filter(move |map| map.group() == self)
    }
}

impl ColourMap {
    pub const ALL: [Self; 33] = [
        Self::Viridis,
        Self::Magma,
        Self::Inferno,
        Self::Plasma,
        Self::Cividis,
        Self::Ember,
        Self::Gold,
        Self::Glacier,
        Self::Lagoon,
        Self::Forest,
        Self::Violet,
        Self::Dusk,
        Self::Cubehelix,
        Self::CubehelixCool,
        Self::CubehelixWarm,
        Self::GreysInverted,
        Self::Greys,
        Self::GreysEven,
        Self::RedBlue,
        Self::BlueRedEven,
        Self::PurpleGreen,
        Self::BrownTeal,
        Self::IceFire,
        Self::Blues,
        Self::Greens,
        Self::Oranges,
        Self::Purples,
        Self::Reds,
        Self::Turbo,
        Self::Rainbow,
        Self::Spectral,
        Self::Jet,
        Self::Hot,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Viridis => "viridis",
            Self::Magma => "magma",
            Self::Inferno => "inferno",
            Self::Plasma => "plasma",
            Self::Cividis => "cividis",
            Self::Ember => "ember",
            Self::Gold => "gold",
            Self::Glacier => "glacier",
            Self::Lagoon => "lagoon",
            Self::Forest => "forest",
            Self::Violet => "violet",
            Self::Dusk => "dusk",
            Self::Cubehelix => "cubehelix",
            Self::CubehelixCool => "cubehelix, cool",
            Self::CubehelixWarm => "cubehelix, warm",
            Self::GreysInverted => "greys, inverted",
            Self::Greys => "greys",
            Self::GreysEven => "greys, even",
            Self::RedBlue => "red–blue",
            Self::BlueRedEven => "blue–red, even",
            Self::PurpleGreen => "purple–green",
            Self::BrownTeal => "brown–teal",
            Self::IceFire => "ice–fire",
            Self::Blues => "blues",
            Self::Greens => "greens",
            Self::Oranges => "oranges",
            Self::Purples => "purples",
            Self::Reds => "reds",
            Self::Turbo => "turbo",
            Self::Rainbow => "rainbow",
            Self::Spectral => "spectral",
            Self::Jet => "jet",
            Self::Hot => "hot",
        }
    }

    /// The name as it is typed and saved: `greys-inverted` for “greys, inverted”.
    pub fn key(self) -> String {
        self.name().replace(", ", "-").replace('–', "-")
    }

    /// The map of this name or key.
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|map| map.name() == text || map.key() == text)
    }

    pub fn group(self) -> ColourGroup {
        match self {
            Self::Viridis | Self::Magma | Self::Inferno | Self::Plasma | Self::Cividis => {
                ColourGroup::Uniform
            }
            Self::Ember | Self::Gold | Self::Glacier | Self::Lagoon => ColourGroup::Uniform,
            Self::Forest | Self::Violet | Self::Dusk => ColourGroup::Uniform,
            Self::Cubehelix | Self::CubehelixCool | Self::CubehelixWarm => ColourGroup::Helix,
            Self::GreysInverted | Self::Greys | Self::GreysEven => ColourGroup::Greys,
            Self::RedBlue | Self::BlueRedEven | Self::PurpleGreen | Self::BrownTeal | Self::IceFire => {
                ColourGroup::Diverging
            }
            Self::Blues | Self::Greens | Self::Oranges | Self::Purples | Self::Reds => ColourGroup::SingleHue,
            Self::Turbo | Self::Rainbow | Self::Spectral | Self::Jet | Self::Hot => ColourGroup::Classic,
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
            Self::Ember => return EMBER.rgb(t),
            Self::Gold => return GOLD.rgb(t),
            Self::Glacier => return GLACIER.rgb(t),
            Self::Lagoon => return LAGOON.rgb(t),
            Self::Forest => return FOREST.rgb(t),
            Self::Violet => return VIOLET.rgb(t),
            Self::Dusk => return DUSK.rgb(t),
            Self::Cubehelix => (colorous::CUBEHELIX, t),
            Self::CubehelixCool => return lab::helix(0.2, -0.5, t),
            Self::CubehelixWarm => return lab::helix(0.0, 0.6, t),
            Self::GreysInverted => (colorous::GREYS, t),
            Self::Greys => (colorous::GREYS, 1.0 - t),
            Self::GreysEven => return GREYS_EVEN.rgb(t),
            Self::RedBlue => (colorous::RED_BLUE, 1.0 - t),
            Self::BlueRedEven => return BLUE_RED_EVEN.rgb(t),
            Self::PurpleGreen => (colorous::PURPLE_GREEN, t),
            Self::BrownTeal => (colorous::BROWN_GREEN, t),
            Self::IceFire => return ICE_FIRE.rgb(t),
            Self::Blues => (colorous::BLUES, t),
            Self::Greens => (colorous::GREENS, t),
            Self::Oranges => (colorous::ORANGES, t),
            Self::Purples => (colorous::PURPLES, t),
            Self::Reds => (colorous::REDS, t),
            Self::Turbo => (colorous::TURBO, t),
            // The sinebow's circle without the piece in which it returns to red.
            Self::Rainbow => (colorous::RAINBOW, 0.75 - 0.75 * t),
            Self::Spectral => (colorous::SPECTRAL, 1.0 - t),
            Self::Jet => return lab::jet(t),
            Self::Hot => return lab::hot(t),
        };
        let colour = gradient.eval_continuous(t);
        [colour.r, colour.g, colour.b]
    }

    /// 256 colours from low to high.
    pub fn table(self) -> [[u8; 3]; 256] {
        std::array::from_fn(|i| self.rgb(i as f32 / 255.0))
    }
}

const fn ramp(lightness: [f64; 2], hue_deg: [f64; 2], peak: f64, skew: f64, power: f64) -> Ramp {
    Ramp { lightness, hue_deg, peak, skew, power }
}

// For given ends, hues and power the skew is the one with the most chroma, and the peak is what sRGB holds.
const EMBER: Ramp = ramp([0.0, 98.0], [10.0, 100.0], 71.9, 1.35, 0.6);
const GOLD: Ramp = ramp([0.0, 98.0], [40.0, 95.0], 65.6, 1.55, 0.6);
const GLACIER: Ramp = ramp([0.0, 98.0], [285.0, 235.0], 36.3, 1.0, 0.6);
const LAGOON: Ramp = ramp([0.0, 98.0], [265.0, 190.0], 31.6, 1.55, 0.6);
const FOREST: Ramp = ramp([0.0, 98.0], [160.0, 110.0], 75.8, 1.55, 0.8);
const VIOLET: Ramp = ramp([0.0, 97.0], [305.0, 320.0], 107.2, 0.75, 1.2);
const DUSK: Ramp = ramp([0.0, 97.0], [285.0, 445.0], 67.5, 0.9, 0.8);
const GREYS_EVEN: Ramp = ramp([0.0, 100.0], [0.0, 0.0], 0.0, 1.0, 1.0);
const BLUE_RED_EVEN: Diverging =
    Diverging { lightness: [35.0, 96.0], hue_deg: [275.0, 30.0], peak: 40.1, power: 0.8 };
const ICE_FIRE: Diverging =
    Diverging { lightness: [75.0, 8.0], hue_deg: [245.0, 55.0], peak: 42.0, power: 1.0 };

#[cfg(test)]
mod tests {
    use super::lab::lightness;
    use super::*;

    /// Lightness gained over each fifteenth of the map, in means of all.
    fn steps(map: ColourMap) -> Vec<f64> {
        let table: Vec<f64> = map.table().iter().step_by(17).map(|&rgb| lightness(rgb)).collect();
        let mean = (table[15] - table[0]) / 15.0;
        table.windows(2).map(|pair| (pair[1] - pair[0]) / mean).collect()
    }

    #[test]
    fn maps_that_claim_it_are_even_in_lightness() {
        for map in ColourGroup::Uniform.maps().chain([ColourMap::GreysEven]) {
            // Ours are even in L* to the rounding to bytes. Those of matplotlib are even in the lightness of CAM02-UCS, which
            // near black is slower than L*: by its own tables the steps lie between 0.52 (magma's first) and 1.28 (plasma's last);
            // the crate may take the entry beside, a seventeenth of a step.
            let published = [
                ColourMap::Viridis,
                ColourMap::Magma,
                ColourMap::Inferno,
                ColourMap::Plasma,
                ColourMap::Cividis,
            ];
            let (least, most) = if published.contains(&map) { (0.46, 1.34) } else { (0.94, 1.06) };
            for step in steps(map) {
                assert!((least..most).contains(&step), "{}: {:?}", map.name(), steps(map));
            }
        }
    }

    #[test]
    fn lightness_rises_or_falls_all_the_way() {
        let groups = [ColourGroup::Helix, ColourGroup::Greys, ColourGroup::SingleHue];
        for map in groups.into_iter().flat_map(ColourGroup::maps) {
            assert!(steps(map).iter().all(|step| *step > 0.0), "{}: {:?}", map.name(), steps(map));
        }
    }

    #[test]
    fn diverging_maps_turn_once_in_the_middle() {
        for map in ColourGroup::Diverging.maps() {
            let table: Vec<f64> = (0..=16).map(|i| lightness(map.rgb(i as f32 / 16.0))).collect();
            let up = (table[8] - table[0]).signum();
            let rises = table.windows(2).map(|pair| (pair[1] - pair[0]) * up > 0.0);
            assert!(rises.eq((0..16).map(|i| i < 8)), "{}: {table:?}", map.name());
        }
    }

    #[test]
    fn blank_has_its_own_colour() {
        for map in ColourMap::ALL {
            assert_eq!(map.rgb(f32::NAN), NAN_RGB);
            assert!(!map.table().contains(&NAN_RGB), "{} contains the blank", map.name());
        }
    }

    #[test]
    fn every_map_has_one_name_that_is_typed_saved_and_found() {
        let grouped: Vec<ColourMap> = ColourGroup::ALL.into_iter().flat_map(ColourGroup::maps).collect();
        assert_eq!(grouped, ColourMap::ALL, "the list is in the order of the groups");
        for map in ColourMap::ALL {
            let key = map.key();
            assert!(key.is_ascii(), "{key}");
            assert_eq!(serde_json::to_value(map).expect("a word"), key);
            assert_eq!(ColourMap::named(&key), Some(map));
            assert_eq!(ColourMap::named(map.name()), Some(map));
        }
        assert_eq!(ColourMap::named("mauve"), None);
    }
}
