//! From a value to a colour and an opacity: range, stretch, colour map, opacity points. The stretch acts after interpolation.

use crate::figure::{ColourMap, Tick, label, linear_ticks};
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
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Sqrt => "sqrt",
            Self::Log => "log",
            Self::Asinh { .. } => "asinh",
            Self::Power { .. } => "power",
        }
    }

    pub fn apply(self, x: f32) -> f32 {
        let x = x.clamp(0.0, 1.0);
        let parameter = self.code().1;
        match self {
            Self::Linear => x,
            Self::Sqrt => x.sqrt(),
            Self::Log => (1.0 + 1000.0 * x).ln() / 1001_f32.ln(),
            Self::Asinh { .. } => (x / parameter).asinh() / (1.0 / parameter).asinh(),
            Self::Power { .. } => x.powf(parameter),
        }
    }

    /// The inverse of `apply`, in double precision.
    pub fn undo(self, place: f64) -> f64 {
        let place = place.clamp(0.0, 1.0);
        let parameter = f64::from(self.code().1);
        match self {
            Self::Linear => place,
            Self::Sqrt => place * place,
            Self::Log => (1001_f64.powf(place) - 1.0) / 1000.0,
            Self::Asinh { .. } => parameter * (place * (1.0 / parameter).asinh()).sinh(),
            Self::Power { .. } => place.powf(1.0 / parameter),
        }
    }

    /// The number by which the shader knows it, and its parameter, within what can be computed with.
    pub(super) fn code(self) -> (u32, f32) {
        match self {
            Self::Linear => (0, 1.0),
            Self::Sqrt => (1, 1.0),
            Self::Log => (2, 1.0),
            Self::Asinh { softening } => (3, held(softening, 1e-6, 1e3, 0.1)),
            Self::Power { exponent } => (4, held(exponent, 0.01, 100.0, 1.0)),
        }
    }
}

fn held(value: f32, least: f32, most: f32, otherwise: f32) -> f32 {
    if value.is_nan() { otherwise } else { value.clamp(least, most) }
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
    /// The colours run from high to low.
    #[serde(default)]
    pub reversed: bool,
}

/// Entries of a table: enough that neighbours differ by less than a step of an 8-bit picture.
pub const TABLE: usize = 1024;

impl Transfer {
    /// Opacity that grows along the range.
    pub fn rising(range: (f64, f64), stretch: Stretch, colours: ColourMap) -> Self {
        Self { range, stretch, colours, opacity: vec![[0.0, 0.0], [1.0, 1.0]], reversed: false }
    }

    /// Where a value lies along the stretched range, 0 to 1; 0 for all where the range is none (its ends are equal, not in order or
    /// not finite), NaN for a blank.
    pub fn place_from_value(&self, value: f64) -> f32 {
        if value.is_nan() {
            return f32::NAN;
        }
        let Some((low, span)) = self.low_and_span() else { return 0.0 };
        self.stretch.apply(((value - low) / span) as f32)
    }

    /// The value at a place; the inverse of `place_from_value` within the range. The low end where the range is none.
    pub fn value_from_place(&self, place: f32) -> f64 {
        match self.low_and_span() {
            Some((low, span)) => low + span * self.stretch.undo(f64::from(place)),
            None => self.range.0,
        }
    }

    fn low_and_span(&self) -> Option<(f64, f64)> {
        let (low, high) = self.range;
        let span = high - low;
        (low.is_finite() && span.is_finite() && span > 0.0).then_some((low, span))
    }

    /// Takes another range, if it is one; an asinh stretch keeps its softening in physical units.
    pub fn set_range(&mut self, low: f64, high: f64) -> bool {
        let span = high - low;
        if !(low.is_finite() && span.is_finite() && span > 0.0) {
            return false;
        }
        let before = self.low_and_span();
        if let (Stretch::Asinh { softening }, Some((_, before))) = (&mut self.stretch, before) {
            *softening = (f64::from(*softening) * before / span) as f32;
        }
        self.range = (low, high);
        true
    }

    /// Colour at a place, turned round where the colours are.
    pub fn rgb_at(&self, place: f32) -> [u8; 3] {
        self.colours.rgb(if self.reversed { 1.0 - place } else { place })
    }

    /// Adds a point where none is and answers its index.
    pub fn add_point(&mut self, place: f32, opacity: f32) -> usize {
        let place = place.clamp(0.0, 1.0);
        let index = self.opacity.partition_point(|[x, _]| *x <= place);
        self.opacity.insert(index, [place, opacity.clamp(0.0, 1.0)]);
        index
    }

    /// Moves a point; it stays between its neighbours.
    pub fn move_point(&mut self, index: usize, place: f32, opacity: f32) {
        if index >= self.opacity.len() || place.is_nan() || opacity.is_nan() {
            return;
        }
        let least = if index > 0 { self.opacity[index - 1][0] } else { 0.0 };
        let most = self.opacity.get(index + 1).map_or(1.0, |next| next[0]);
        self.opacity[index] = [place.max(least).min(most), opacity.clamp(0.0, 1.0)];
    }

    /// Takes a point away; the last one stays.
    pub fn remove_point(&mut self, index: usize) -> bool {
        let removes = index < self.opacity.len() && self.opacity.len() > 1;
        if removes {
            self.opacity.remove(index);
        }
        removes
    }

    /// Ticks of a colour bar: places from 0 to 1 with round values, numbers no closer than `apart` of the bar, minor ticks without.
    /// Under a stretch that is logarithmic the values are decades, 2 and 5 times them, and zero.
    pub fn ticks(&self, apart: f32) -> Vec<(f32, String)> {
        let Some((low, span)) = self.low_and_span() else { return vec![(0.0, label(self.range.0))] };
        let (high, apart) = (low + span, apart.clamp(0.01, 1.0));
        let is_logarithmic = match self.stretch {
            Stretch::Log => true,
            Stretch::Asinh { softening } => softening < 0.3,
            _ => false,
        };
        let candidates = if is_logarithmic && low < 0.2 * high {
            let softening = if let Stretch::Asinh { softening } = self.stretch { softening } else { 1e-3 };
            decades(low, high, f64::from(softening) * span)
        } else {
            // The finest steps of which all numbers have room.
            let most = (1.0 / apart) as usize;
            let is_airy = |ticks: &[Tick]| {
                let named = ticks.iter().filter(|tick| !tick.label.is_empty());
                let places: Vec<f32> = named.map(|tick| self.place_from_value(tick.value)).collect();
                places.windows(2).all(|pair| pair[1] - pair[0] >= apart)
            };
            let even = (2..=most.max(2)).rev().map(|count| linear_ticks(low, high, count));
            let mut ticks = if self.stretch == Stretch::Linear {
                even.into_iter().find(|ticks| is_airy(ticks)).unwrap_or_else(|| linear_ticks(low, high, 2))
            } else {
                linear_ticks(low, high, most)
            };
            // The numbers are chosen from the end where there is more room.
            if self.stretch.apply(0.5) < 0.5 {
                ticks.reverse();
            }
            ticks
        };
        let mut shown: Vec<(f32, String)> = Vec::new();
        for tick in candidates.into_iter().filter(|tick| (low..=high).contains(&tick.value)) {
            let place = self.place_from_value(tick.value);
            let has_room = !tick.label.is_empty()
                && shown.iter().all(|(other, text)| text.is_empty() || (other - place).abs() >= apart);
            shown.push((place, if has_room { tick.label } else { String::new() }));
        }
        shown.sort_by(|a, b| a.0.total_cmp(&b.0));
        shown
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
        self.rgb_at(self.place_from_value(value)).map(|part| f32::from(part) / 255.0)
    }

    /// Red, green, blue (as on screen, not linear light) and opacity along the stretched range.
    pub fn table(&self) -> Vec<[f32; 4]> {
        (0..TABLE)
            .map(|index| {
                let place = index as f32 / (TABLE - 1) as f32;
                let [r, g, b] = self.rgb_at(place).map(|part| f32::from(part) / 255.0);
                [r, g, b, self.opacity_at(place).clamp(0.0, 1.0)]
            })
            .collect()
    }
}

/// Round values of both signs over the decades between `least` and the ends, the roundest first.
fn decades(low: f64, high: f64, least: f64) -> Vec<Tick> {
    let most = low.abs().max(high.abs());
    let last = most.log10().floor() as i32;
    let first = (least.log10().floor() as i32).max(last - 8);
    let mut ticks = vec![Tick { value: 0.0, label: label(0.0) }];
    for digits in [&[1][..], &[5], &[2], &[3, 4, 6, 7, 8, 9]] {
        for decade in (first..=last).rev() {
            for &digit in digits {
                let value = f64::from(digit) * 10_f64.powi(decade);
                let text = if digits.len() == 1 { label(value) } else { String::new() };
                ticks.push(Tick { value, label: text });
                if low < 0.0 {
                    let text = if digits.len() == 1 { label(-value) } else { String::new() };
                    ticks.push(Tick { value: -value, label: text });
                }
            }
        }
    }
    ticks
}

/// Opacities to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpacityPreset {
    Rising,
    Faint,
    Brightest,
    Shell,
    Step,
}

impl OpacityPreset {
    pub const ALL: [Self; 5] = [Self::Rising, Self::Faint, Self::Brightest, Self::Shell, Self::Step];

    pub fn name(self) -> &'static str {
        match self {
            Self::Rising => "Rising",
            Self::Faint => "Faint gas",
            Self::Brightest => "Only the brightest",
            Self::Shell => "Shell around a value",
            Self::Step => "Step at a value",
        }
    }

    /// The points; a shell and a step are at the place `at`.
    pub fn points(self, at: f32) -> Vec<[f32; 2]> {
        let at = if at.is_nan() { 0.5 } else { at.clamp(0.1, 0.9) };
        match self {
            Self::Rising => vec![[0.0, 0.0], [1.0, 1.0]],
            Self::Faint => vec![[0.0, 0.0], [0.1, 0.12], [0.5, 0.3], [1.0, 0.35]],
            Self::Brightest => vec![[0.0, 0.0], [0.65, 0.0], [1.0, 1.0]],
            Self::Shell => vec![[at - 0.06, 0.0], [at, 0.8], [at + 0.06, 0.0]],
            Self::Step => vec![[at - 0.005, 0.0], [at + 0.005, 1.0]],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_keep_their_ends_and_rise() {
        for stretch in ALL {
            assert!(
                stretch.apply(0.0).abs() < 1e-6 && (stretch.apply(1.0) - 1.0).abs() < 1e-6,
                "{stretch:?}"
            );
            let steps: Vec<f32> = (0..=100).map(|i| stretch.apply(i as f32 / 100.0)).collect();
            assert!(steps.windows(2).all(|pair| pair[1] > pair[0]), "{stretch:?} does not rise");
        }
    }

    const ALL: [Stretch; 6] = [
        Stretch::Linear,
        Stretch::Sqrt,
        Stretch::Log,
        Stretch::Asinh { softening: 0.1 },
        Stretch::Asinh { softening: 1e-3 },
        Stretch::Power { exponent: 2.5 },
    ];

    #[test]
    fn values_and_places_are_inverse() {
        for stretch in ALL {
            let transfer = Transfer::rising((-0.3, 4.7), stretch, ColourMap::Viridis);
            for value in [-0.3, -0.29, 0.0, 0.1, 1.0, 3.3, 4.7] {
                let back = transfer.value_from_place(transfer.place_from_value(value));
                // The place is a single float; where the stretch is flat (power near 0) a step of it is worth more.
                let place = f64::from(transfer.place_from_value(value));
                let step = 5.0 * (stretch.undo(place + 2e-7) - stretch.undo((place - 2e-7).max(0.0)));
                assert!((back - value).abs() <= step + 1e-6, "{stretch:?}: {value} came back as {back}");
            }
            assert_eq!((transfer.place_from_value(-9.0), transfer.place_from_value(1e300)), (0.0, 1.0));
        }
    }

    #[test]
    fn a_range_that_is_none_has_one_place_and_one_value() {
        for range in [(2.0, 2.0), (3.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (-1e308, 1e308)] {
            for stretch in ALL {
                let transfer = Transfer::rising(range, stretch, ColourMap::Viridis);
                assert_eq!(transfer.place_from_value(5.0), 0.0, "{range:?}");
                let value = transfer.value_from_place(0.7);
                assert!(value == range.0 || value.is_nan() && range.0.is_nan());
                assert_eq!(transfer.ticks(0.2).len(), 1);
            }
        }
        let bad = [Stretch::Asinh { softening: 0.0 }, Stretch::Asinh { softening: f32::NAN }];
        for stretch in bad.into_iter().chain([Stretch::Power { exponent: 0.0 }]) {
            assert!(stretch.apply(0.5).is_finite() && stretch.undo(0.5).is_finite(), "{stretch:?}");
        }
        let mut transfer = Transfer::rising((0.0, 1.0), Stretch::Linear, ColourMap::Viridis);
        assert!(!transfer.set_range(1.0, 1.0) && !transfer.set_range(0.0, f64::NAN));
        assert!(transfer.place_from_value(f64::NAN).is_nan());
    }

    #[test]
    fn softening_stays_where_it_is_when_the_range_moves() {
        let mut transfer =
            Transfer::rising((0.0, 4.0), Stretch::Asinh { softening: 0.1 }, ColourMap::Viridis);
        assert!(transfer.set_range(-1.0, 7.0));
        assert_eq!(transfer.stretch, Stretch::Asinh { softening: 0.05 });
    }

    #[test]
    fn ticks_are_round_values_at_their_places() {
        for stretch in ALL {
            let transfer = Transfer::rising((-0.5, 200.0), stretch, ColourMap::Viridis);
            let ticks = transfer.ticks(0.15);
            let named: Vec<&(f32, String)> = ticks.iter().filter(|tick| !tick.1.is_empty()).collect();
            assert!(named.len() >= 2 && named.len() <= 8, "{stretch:?}: {named:?}");
            assert!(named.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 0.15 - 1e-6), "{stretch:?}");
            for (place, text) in named {
                let value: f64 = text.replace('−', "-").parse().expect("a number");
                assert!((transfer.place_from_value(value) - place).abs() < 1e-6, "{stretch:?}: {text}");
            }
        }
        // Three decades under the log: 100, 10 and 1 stand nearly a third apart.
        let transfer = Transfer::rising((0.0, 100.0), Stretch::Log, ColourMap::Viridis);
        let named: Vec<String> =
            transfer.ticks(0.12).into_iter().map(|tick| tick.1).filter(|text| !text.is_empty()).collect();
        assert!(["0", "1", "10", "100"].iter().all(|text| named.iter().any(|own| own == text)), "{named:?}");
    }

    #[test]
    fn a_linear_bar_has_even_round_numbers() {
        let transfer = Transfer::rising((1.2, 3.249), Stretch::Linear, ColourMap::Viridis);
        let named: Vec<String> =
            transfer.ticks(0.155).into_iter().map(|tick| tick.1).filter(|text| !text.is_empty()).collect();
        assert_eq!(named, ["1.5", "2", "2.5", "3"]);
    }

    #[test]
    fn points_stay_in_order_and_the_last_one_stays() {
        let mut transfer = Transfer::rising((0.0, 1.0), Stretch::Linear, ColourMap::Viridis);
        assert_eq!(transfer.add_point(0.5, 2.0), 1);
        assert_eq!(transfer.opacity[1], [0.5, 1.0]);
        transfer.move_point(1, 3.0, -1.0);
        assert_eq!(transfer.opacity[1], [1.0, 0.0]);
        transfer.move_point(0, 0.2, 0.4);
        assert!(transfer.remove_point(2) && transfer.remove_point(1) && !transfer.remove_point(0));
        assert_eq!(transfer.opacity_at(0.9), 0.4);
        for preset in OpacityPreset::ALL {
            for at in [-1.0, 0.5, 2.0, f32::NAN] {
                let points = preset.points(at);
                assert!(points.windows(2).all(|pair| pair[0][0] < pair[1][0]), "{preset:?}");
                assert!(points.iter().flatten().all(|part| (0.0..=1.0).contains(part)), "{preset:?}");
            }
        }
    }

    #[test]
    fn reversed_colours_swap_ends_and_an_older_record_is_read() {
        let mut transfer = Transfer::rising((0.0, 1.0), Stretch::Linear, ColourMap::Viridis);
        let (low, high) = (transfer.rgb_at(0.0), transfer.rgb_at(1.0));
        let mut old = serde_json::to_value(&transfer).expect("written");
        old.as_object_mut().expect("a record").remove("reversed");
        assert_eq!(serde_json::from_value::<Transfer>(old).expect("read"), transfer);
        transfer.reversed = true;
        assert_eq!((transfer.rgb_at(0.0), transfer.rgb_at(1.0)), (high, low));
        assert_eq!(transfer.table()[0][3], 0.0, "opacity is not turned round");
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
