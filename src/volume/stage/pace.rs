//! How large a picture may be so that it comes in time. Only arithmetic on measured times.

/// Milliseconds for a frame of a moving scene on a graphics card: 60 frames a second with a rest for the window itself.
pub const CARD_MS: f32 = 12.0;
/// The same on the software driver, which shares the cores with the window: 20 frames a second are still a motion, and the picture
/// has four times the pixels that 12 ms would give.
pub const SOFTWARE_MS: f32 = 50.0;
/// A drawing that takes longer is cut into bands, so that a new request does not wait for it.
pub const BAND_MS: f32 = 60.0;
/// Above this a scene at rest is first shown in few pixels.
pub const PATIENCE_MS: f32 = 100.0;

/// Of the width and height asked for.
const SCALES: [f32; 5] = [1.0, 0.75, 0.5, 0.375, 0.25];
/// A larger size is chosen only where it leaves so much of the time unused: sizes must not flicker.
const SLACK: f32 = 0.7;

/// The measured cost of a view's pictures.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// Nanoseconds for a pixel and pass; 0 until something was measured.
    cost: f32,
    /// Index of the present scale.
    scale: usize,
}

impl Pace {
    pub fn is_known(&self) -> bool {
        self.cost > 0.0
    }

    /// A drawing of so many pixels took so many milliseconds.
    pub fn measured(&mut self, pixels: u64, ms: f32) {
        let cost = ms * 1e6 / pixels.max(1) as f32;
        self.cost = if self.cost > 0.0 { 0.4 * self.cost + 0.6 * cost } else { cost };
    }

    /// Milliseconds that so many pixels will take.
    pub fn predicted(&self, pixels: u64) -> f32 {
        self.cost * pixels as f32 * 1e-6
    }

    /// The size at which a moving picture of this full size comes within `target_ms`.
    pub fn size(&mut self, (width, height): (u32, u32), target_ms: f32) -> (u32, u32) {
        if self.is_known() {
            let full_ms = self.predicted(u64::from(width) * u64::from(height));
            let ms = |index: usize| full_ms * SCALES[index].powi(2);
            while self.scale + 1 < SCALES.len() && ms(self.scale) > 1.2 * target_ms {
                self.scale += 1;
            }
            while self.scale > 0 && ms(self.scale - 1) < SLACK * target_ms {
                self.scale -= 1;
            }
        } else {
            // Nothing is known yet: the smallest size is in time wherever any is.
            self.scale = SCALES.len() - 1;
        }
        scaled((width, height), SCALES[self.scale])
    }

    /// Rows of a picture that take about `BAND_MS`.
    pub fn band(&self, (width, height): (u32, u32)) -> u32 {
        let ms = self.predicted(u64::from(width) * u64::from(height));
        if ms <= PATIENCE_MS {
            return height;
        }
        ((height as f32 * BAND_MS / ms) as u32).clamp(1, height)
    }
}

fn scaled((width, height): (u32, u32), scale: f32) -> (u32, u32) {
    let part = |length: u32| ((length as f32 * scale).round() as u32).max(1);
    (part(width), part(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: (u32, u32) = (1000, 800);

    fn pace(full_ms: f32) -> Pace {
        let mut pace = Pace::default();
        pace.measured(800_000, full_ms);
        pace
    }

    #[test]
    fn the_size_follows_the_cost_between_all_and_a_quarter() {
        assert_eq!(pace(5.0).size(FULL, CARD_MS), FULL);
        assert_eq!(pace(40.0).size(FULL, CARD_MS), (500, 400));
        assert_eq!(pace(5000.0).size(FULL, CARD_MS), (250, 200));
        assert_eq!(Pace::default().size(FULL, CARD_MS), (250, 200));
    }

    #[test]
    fn times_that_waver_by_a_fifth_do_not_change_the_size() {
        let mut pace = pace(20.0);
        let first = pace.size(FULL, CARD_MS);
        for turn in 0..50 {
            let ms = if turn % 2 == 0 { 17.0 } else { 23.0 };
            pace.measured(800_000, ms);
            assert_eq!(pace.size(FULL, CARD_MS), first, "after {turn}");
        }
    }

    #[test]
    fn slow_pictures_are_cut_into_bands_and_fast_ones_are_not() {
        assert_eq!(pace(90.0).band(FULL), 800);
        assert_eq!(pace(600.0).band(FULL), 80);
        assert_eq!(pace(1e9).band(FULL), 1);
    }
}
