//! The transfer function as the march looks it up: a table over the values themselves, with the stretch in it, fine enough that the
//! nearest entry will do; and its running integral, which gives the mean between two values.

use super::grid::Lattice;
use super::transfer::Transfer;

/// Entries of the table.
pub const ENTRIES: usize = 4096;
/// Cells of the running integral: more would cost digits where little is between two of its entries.
pub const CELLS: usize = 1024;
/// An opacity that changes by more than this within 1/64 of the table has edges that samples may step over.
const SHARP: f32 = 0.3;

/// Colour and opacity of every stored value.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// Stored value at the low end, and one over the width.
    window: (f32, f32),
    /// Entries lie evenly along √x where the stretch is steep at 0.
    is_rooted: bool,
    pub entries: Vec<[f32; 4]>,
    /// The opacity as a sum of hinges, where the stretch is linear and few will do.
    pub hinges: Option<Hinges>,
    /// Σ over the cells below of opacity·colour and of opacity; one entry more than cells. Empty where the table is smooth.
    pub integrals: Vec<[f32; 4]>,
}

/// Opacity at x from 0 to 1: `start + Σ slope·max(x − at, 0)`. Cheaper than a table on a driver that draws on the processor, as what is
/// left to look up then fits into 32 bits.
#[derive(Clone, Copy, Debug)]
pub struct Hinges {
    pub at: [f32; 4],
    pub slope: [f32; 4],
    pub start: f32,
    /// How many of the four there are.
    pub count: usize,
}

impl Hinges {
    /// `None` where there are more bends than hinges.
    fn of(transfer: &Transfer) -> Option<Self> {
        let mut hinges =
            Self { at: [0.0; 4], slope: [0.0; 4], start: transfer.opacity.first()?[1], count: 0 };
        let mut before = 0.0;
        for (index, [at, low]) in transfer.opacity.iter().enumerate() {
            // A step is as wide as an entry of the table.
            let slope = transfer
                .opacity
                .get(index + 1)
                .map_or(0.0, |[next, high]| (high - low) / (next - at).max(1.0 / ENTRIES as f32));
            if slope != before && *at < 1.0 {
                *hinges.at.get_mut(hinges.count)? = *at;
                hinges.slope[hinges.count] = slope - before;
                hinges.count += 1;
            }
            before = slope;
        }
        Some(hinges)
    }
}

impl Lookup {
    pub fn new(transfer: &Transfer, lattice: &Lattice) -> Self {
        let (low, high) = (lattice.stored(transfer.range.0), lattice.stored(transfer.range.1));
        let window = (low, if high > low { 1.0 / (high - low) } else { 0.0 });
        let is_rooted = transfer.stretch.code().0 != 0;
        let entries: Vec<[f32; 4]> = (0..ENTRIES)
            .map(|index| {
                let at = index as f32 / (ENTRIES - 1) as f32;
                let place = transfer.stretch.apply(if is_rooted { at * at } else { at });
                let [r, g, b] = transfer.rgb_at(place).map(|part| f32::from(part) / 255.0);
                [r, g, b, transfer.opacity_at(place).clamp(0.0, 1.0)]
            })
            .collect();
        let is_sharp = (0..ENTRIES - 64).any(|at| (entries[at + 64][3] - entries[at][3]).abs() > SHARP);
        let integrals = if is_sharp { integrals(&entries) } else { vec![] };
        let hinges = Hinges::of(transfer).filter(|hinges| !is_rooted && !is_sharp && hinges.count > 0);
        Self { window, is_rooted, entries, hinges, integrals }
    }

    pub fn is_sharp(&self) -> bool {
        !self.integrals.is_empty()
    }

    /// Where a stored value lies along the table, 0 to 1.
    fn place(&self, stored: f32) -> f32 {
        let x = ((stored - self.window.0) * self.window.1).clamp(0.0, 1.0);
        if self.is_rooted { x.sqrt() } else { x }
    }

    /// The entry of a stored value.
    pub fn index(&self, stored: f32) -> usize {
        (self.place(stored) * (ENTRIES - 1) as f32 + 0.5) as usize
    }

    pub fn colour(&self, stored: f32) -> [f32; 4] {
        self.entries[self.index(stored)]
    }

    /// The mean over all values between two, as along a short piece of a ray: colour by opacity, and opacity. Exact for values that
    /// change evenly and cells of the table (Engel, Kraus and Ertl 2001, with the integral in one dimension as both ends are cells).
    pub fn between(&self, one: f32, other: f32) -> [f32; 4] {
        let cell = |stored| ((self.place(stored) * CELLS as f32) as usize).min(CELLS - 1);
        let (one, other) = (cell(one), cell(other));
        let (first, last) = (one.min(other), one.max(other) + 1);
        let count = (last - first) as f32;
        let [r, g, b, opacity]: [f32; 4] =
            std::array::from_fn(|i| (self.integrals[last][i] - self.integrals[first][i]) / count);
        let part = opacity.max(1e-6);
        [r / part, g / part, b / part, opacity]
    }

    /// For each entry the next one, itself included, with any opacity.
    pub fn visible_until(&self) -> Vec<usize> {
        let mut next = vec![usize::MAX; ENTRIES];
        let mut seen = usize::MAX;
        for index in (0..ENTRIES).rev() {
            if self.entries[index][3] > 0.0 {
                seen = index;
            }
            next[index] = seen;
        }
        next
    }
}

fn integrals(entries: &[[f32; 4]]) -> Vec<[f32; 4]> {
    let mut sum = [0.0_f64; 4];
    let mut integrals = vec![[0.0_f32; 4]];
    for cell in entries.chunks_exact(ENTRIES / CELLS) {
        for &[r, g, b, opacity] in cell {
            let parts = [r * opacity, g * opacity, b * opacity, opacity];
            sum.iter_mut().zip(parts).for_each(|(sum, part)| *sum += f64::from(part) / cell.len() as f64);
        }
        integrals.push(sum.map(|part| part as f32));
    }
    integrals
}

#[cfg(test)]
mod tests {
    use super::super::Stretch;
    use super::*;
    use crate::figure::ColourMap;

    #[test]
    fn hinges_give_the_opacity_of_the_points() {
        let mut transfer = Transfer::rising((0.0, 1.0), Stretch::Linear, ColourMap::Viridis);
        for opacity in [
            vec![[0.0, 0.0], [1.0, 1.0]],
            vec![[0.2, 0.1], [0.5, 0.3], [0.9, 0.05]],
            vec![[0.0, 0.4], [0.3, 0.4], [0.6, 0.9], [1.0, 0.2]],
        ] {
            transfer.opacity = opacity;
            let Hinges { at, slope, start, .. } = Hinges::of(&transfer).expect("few bends");
            for x in (0..=100).map(|x| x as f32 / 100.0) {
                let sum = start + (0..4).map(|i| slope[i] * (x - at[i]).max(0.0)).sum::<f32>();
                assert!(
                    (sum - transfer.opacity_at(x)).abs() < 1e-5,
                    "{sum} at {x} of {:?}",
                    transfer.opacity
                );
            }
        }
        transfer.opacity = (0..9).map(|i| [i as f32 / 8.0, (i % 2) as f32 / 10.0]).collect();
        assert!(Hinges::of(&transfer).is_none());
    }

    #[test]
    fn the_mean_between_two_values_is_that_of_many_between() {
        let lattice = Lattice::new([2; 3], [1.0; 3], (0.0, 1.0)).expect("a lattice");
        let mut transfer = Transfer::rising((0.0, 1.0), Stretch::Linear, ColourMap::Viridis);
        // A thin shell of values about 0.5.
        transfer.opacity = vec![[0.48, 0.0], [0.5, 1.0], [0.52, 0.0]];
        let lookup = Lookup::new(&transfer, &lattice);
        assert!(lookup.is_sharp());
        for (one, other) in [(0.1_f32, 0.9_f32), (0.8, 0.47), (0.49, 0.51), (0.2, 0.3)] {
            // Both ends fall on whole cells.
            let cell = |value: f32| (value * CELLS as f32).floor();
            let first = cell(one.min(other)) / CELLS as f32;
            let width = (cell(one.max(other)) + 1.0) / CELLS as f32 - first;
            let at = |i: u16| transfer.opacity_at(first + width * (f32::from(i) + 0.5) / 1e4);
            let mean = (0..10_000).map(at).sum::<f32>() / 1e4;
            let [.., opacity] = lookup.between(one, other);
            assert!((opacity - mean).abs() < 5e-3, "{one} to {other}: {opacity}, not {mean}");
        }
        let smooth = Transfer::rising((0.0, 1.0), Stretch::Log, ColourMap::Viridis);
        assert!(!Lookup::new(&smooth, &lattice).is_sharp());
    }
}
