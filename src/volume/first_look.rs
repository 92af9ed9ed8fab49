//! The scene with which a cube is first shown, by the window and by `aquila render` alike.

use super::geometry::Geometry;
use super::grid::Lattice;
use super::histogram::Histogram;
use super::intensities::intensities;
use super::load::{Loaded, Wish};
use super::scene::{Mode, Radiation, Scene, Source};
use super::transfer::{Stretch, Transfer};
use super::view::View;
use crate::figure::ColourMap;
use ndarray::{ArrayView3, Axis};
use serde::{Deserialize, Serialize};

/// A cube as it is first shown: seen a little from the side, noise transparent, the source neither a veil nor a wall.
pub fn first_look(loaded: &Loaded) -> Scene {
    let mut scene = first_look_at(&loaded.lattice, &loaded.histogram, loaded.values.view());
    if let Some(finer) = loaded.finer_to_come {
        // Looked at as the cube to come will be, whose voxels are so many times finer.
        scene.density /= finer;
    }
    scene
}

/// As `first_look`, of a lattice and its physical values (z, y, x), blanks as NaN.
pub fn first_look_at(lattice: &Lattice, histogram: &Histogram, values: ArrayView3<'_, f32>) -> Scene {
    let (range, stretch) = first_range(lattice, histogram);
    let transfer = Transfer::rising(range, stretch, ColourMap::default());
    Scene {
        view: View { azimuth_deg: 25.0, elevation_deg: 20.0, ..View::default() },
        density: exposure(lattice, values, &transfer),
        transfer,
        ..Scene::of(lattice)
    }
}

/// Where the colours of a first look begin and end, and how values between are spread.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FirstColours {
    /// In the unit of what the mode gives.
    pub range: (f64, f64),
    pub stretch: Stretch,
}

impl FirstColours {
    /// What the mode gives of a cube, in its colours. With one source function S everywhere every intensity of the radiative transfer
    /// lies between S and what comes in from behind, I = I₀·e^(−τ) + S·(1 − e^(−τ)), whatever the cube holds; with that of a cube it is
    /// where the intensities of lines through the cube lie, nearly all of them. All other modes give values of the cube itself.
    pub fn of(mode: &Mode, own: &Loaded, second: Option<&Loaded>) -> Self {
        let linear = |range| Self { range, stretch: Stretch::Linear };
        match mode {
            Mode::Transfer(Radiation { source: Source::Constant(value), background, .. }) => {
                let ends = (value.min(*background), value.max(*background));
                return linear(if ends.0 < ends.1 { ends } else { around(*value) });
            }
            Mode::Transfer(radiation) => {
                let found = intensities(radiation, own, second).map(|lines| Histogram::of(lines.view()));
                let ends = found.and_then(|found| Some((found.percentile(1.0)?, found.percentile(99.9)?)));
                if let Some((low, high)) = ends {
                    return linear(if low < high { (low, high) } else { around(high) });
                }
            }
            _ => {}
        }
        let (range, stretch) = first_range(&own.lattice, &own.histogram);
        Self { range, stretch }
    }
}

/// Optical depth of the lines of sight through what is seen, as the median by what they hold: there the nearer half of the gas shows,
/// and what lies behind shines through.
const DEPTH: f64 = 2.2;
/// Optical depth of full opacity over the shortest side of the box where nothing is seen.
const FULL_DEPTH: f32 = 20.0;
/// And over a voxel at most.
const MOST_DENSITY: f32 = 4.0;
/// Lines of sight looked at along each axis, and voxels along each.
const LINES: usize = 4096;
const VOXELS_OF_LINE: usize = 512;

/// The density at which a cube is seen well: a source that takes a small part of the box as well as gas that fills it. Along each axis
/// the optical depth that half of all opacity lies behind at least is made [`DEPTH`]; of the three axes it is the middle one.
fn exposure(lattice: &Lattice, values: ArrayView3<'_, f32>, transfer: &Transfer) -> f32 {
    let finest = f64::from(lattice.finest());
    let mut depths: [f64; 3] = std::array::from_fn(|along| {
        // The array counts z, y, x.
        let axis = Axis(2 - along);
        let lines = values.lanes(axis);
        let skipped = (lines.into_iter().len() / LINES).max(1);
        let stride = values.len_of(axis).div_ceil(VOXELS_OF_LINE).max(1);
        let step = f64::from(lattice.sides[along]) / lattice.shape[along] as f64 * stride as f64 / finest;
        let mut depths: Vec<f64> = values
            .lanes(axis)
            .into_iter()
            .step_by(skipped)
            .map(|line| {
                let seen = line.iter().step_by(stride).filter(|value| value.is_finite());
                let opacity = |value: &f32| transfer.opacity_at(transfer.place_from_value(f64::from(*value)));
                step * seen.map(|value| f64::from(opacity(value))).sum::<f64>()
            })
            .collect();
        depths.sort_unstable_by(f64::total_cmp);
        let half = 0.5 * depths.iter().sum::<f64>();
        let mut below = 0.0;
        let median = depths.into_iter().find(|depth| {
            below += depth;
            below >= half
        });
        median.unwrap_or_default()
    });
    depths.sort_unstable_by(f64::total_cmp);
    let found = (DEPTH / depths[1]) as f32;
    let shortest = lattice.sides.into_iter().fold(1.0, f32::min);
    let unseen = FULL_DEPTH * lattice.finest() / shortest;
    if found.is_finite() { found.min(MOST_DENSITY) } else { unseen.min(MOST_DENSITY) }
}

/// Noise is hidden up to this many standard deviations.
const NOISE_SIGMAS: f64 = 3.0;
/// Noise hardly ever reaches so many.
const SIGNAL_SIGMAS: f64 = 5.0;
/// A cube with a smaller fraction of negative values has no noise about zero to speak of.
const LEAST_NEGATIVE: f64 = 0.02;
/// From this ratio of its ends on, a range of positive values is spread by its logarithm.
const WIDE: f64 = 50.0;

/// Where colours and opacity begin and end, and how values between are spread.
///
/// Noise about zero is told by negative values; its σ is the distance from the median down to the percentile 15.87, which a normal
/// distribution has one σ below, and which emission hardly touches where most voxels are empty. What lies above 3σ is shown, up to the
/// percentile 99.5 of that. Without noise it is what lies above the median, up to the percentile 99.9.
fn first_range(lattice: &Lattice, histogram: &Histogram) -> ((f64, f64), Stretch) {
    let (least, greatest) = lattice.range;
    let (Some(median), Some(lower)) = (histogram.percentile(50.0), histogram.percentile(15.87)) else {
        return ((0.0, 1.0), Stretch::Linear);
    };
    if least == greatest {
        return (around(least), Stretch::Linear);
    }
    let is_noisy = histogram.rank(0.0) > LEAST_NEGATIVE && greatest > 0.0;
    let sigma = median - lower;
    let low = match is_noisy {
        true if greatest > median + SIGNAL_SIGMAS * sigma => median + NOISE_SIGMAS * sigma,
        // Nothing but noise is shown as such, not as an empty box.
        true => median + sigma,
        false => median,
    };
    let above = histogram.rank(low.next_up());
    let percent = if is_noisy || median == lower { 100.0 * (above + 0.995 * (1.0 - above)) } else { 99.9 };
    let high = histogram.percentile(percent).unwrap_or(greatest);
    let range = match (low < high, low < greatest) {
        (true, _) => (low, high),
        (false, true) => (low, greatest),
        (false, false) => (least, greatest),
    };
    // What the middle of a cube without noise holds is worth seeing, too.
    let stretch =
        if !is_noisy && range.0 > 0.0 && range.1 / range.0 > WIDE { Stretch::Log } else { Stretch::Linear };
    (range, stretch)
}

/// A range at whose upper end one value lies.
fn around(value: f64) -> (f64, f64) {
    match value {
        v if v > 0.0 => (0.0, v),
        v if v < 0.0 => (2.0 * v, v),
        _ => (-1.0, 0.0),
    }
}

impl Wish {
    /// All of a cube with these coordinates, for an adapter that takes `longest_side` voxels along one axis.
    pub fn of(geometry: &Geometry, velocity_ratio: f64, longest_side: usize) -> Self {
        Self {
            voxel: geometry.voxel(velocity_ratio),
            signs: geometry.signs(),
            longest_side,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Opacity;
    use super::*;
    use ndarray::Array3;

    fn range_of(cube: &Array3<f32>) -> (f64, f64) {
        let finite = cube.iter().filter(|v| v.is_finite()).map(|&v| f64::from(v));
        let range = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        let (depth, height, width) = cube.dim();
        let lattice = Lattice::new([width, height, depth], [1.0; 3], range).expect("a lattice");
        first_look_at(&lattice, &Histogram::of(cube.view()), cube.view()).transfer.range
    }

    /// A source of opacity 1 that is ten voxels deep along every axis, in boxes of several sizes: its own depth counts, not the box's.
    #[test]
    fn a_source_is_exposed_by_its_own_depth() {
        for side in [20, 60] {
            let mut cube = Array3::from_elem((side, side, side), 0.0_f32);
            cube.slice_mut(ndarray::s![5..15, 5..15, 5..15]).fill(2.0);
            let lattice = Lattice::new([side; 3], [1.0; 3], (0.0, 2.0)).expect("a lattice");
            let scene = first_look_at(&lattice, &Histogram::of(cube.view()), cube.view());
            assert!((scene.density - DEPTH as f32 / 10.0).abs() < 1e-4, "{side}: {}", scene.density);
        }
    }

    #[test]
    fn noise_is_hidden_and_the_line_is_not() {
        use rand::SeedableRng;
        use rand_distr::{Distribution, Normal};
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let normal = Normal::new(0.0_f32, 0.2).expect("a distribution");
        let mut cube = Array3::from_shape_simple_fn((40, 50, 60), || normal.sample(&mut random));
        let noise = range_of(&cube);
        assert!((noise.0 - 0.2).abs() < 0.02, "{noise:?}");
        cube.slice_mut(ndarray::s![10..16, 20..30, 20..30]).mapv_inplace(|v| v + 8.0);
        let (low, high) = range_of(&cube);
        assert!((low - 0.6).abs() < 0.05 && (8.0..9.0).contains(&high), "{low} to {high}");
    }

    #[test]
    fn the_transfer_is_coloured_over_its_intensities() {
        let folder = tempfile::tempdir().expect("a folder");
        let loaded = |name: &str, values: Array3<f32>| {
            let path = folder.path().join(name);
            crate::io::npy::write(&path, &crate::data::Values::F32(values.into_dyn())).expect("written");
            let file = std::sync::Arc::new(crate::io::CubeFile::open(&path, None, None).expect("a cube"));
            let context = crate::job::Context::unwatched();
            super::super::load::load(&file, &Wish::default(), &context, &mut |_| Ok(())).expect("loaded")
        };
        // Two slabs of 3 and 5 K, 0.5 pc deep each, κ = 2 per parsec: τ = 1 each; z 0 is near.
        let slabs =
            loaded("a.npy", Array3::from_shape_fn((8, 8, 8), |(z, _, _)| if z < 4 { 3.0 } else { 5.0 }));
        let radiation =
            Radiation { opacity: Opacity::Constant(2.0), background: 1.0, ..Radiation::default() };
        let colours = |radiation, second| FirstColours::of(&Mode::Transfer(radiation), &slabs, second);
        let e = (-1.0_f64).exp();
        let truth = 3.0 * (1.0 - e) + e * 5.0 * (1.0 - e) + e * e;
        let (low, high) = colours(radiation, None).range;
        assert!(low == 0.0 && (high - truth).abs() < 1e-5, "{low} to {high}, by hand {truth}");
        let constant = Radiation { source: Source::Constant(12.0), background: 2.725, ..radiation };
        assert_eq!(colours(constant, None).range, (2.725, 12.0));
        assert_eq!(colours(Radiation { background: 12.0, ..constant }, None).range, (0.0, 12.0));
        // A second cube of another shape that shines on one side only, and dims nothing where it is negative.
        let second =
            loaded("b.npy", Array3::from_shape_fn((4, 4, 4), |(_, _, x)| if x < 2 { -1.0 } else { 4.0 }));
        let of_second =
            Radiation { source: Source::Second, opacity: Opacity::Second(1.0), background: 0.0, ..radiation };
        let (low, high) = colours(of_second, Some(&second)).range;
        assert!(low == 0.0 && (high - 4.0 * (1.0 - (-4.0_f64).exp())).abs() < 1e-5, "{low} to {high}");
        // Until the second cube is there the colours are the cube's own.
        assert_eq!(colours(of_second, None), FirstColours::of(&Mode::Maximum, &slabs, None));
    }

    #[test]
    fn every_cube_has_a_range_that_rises() {
        let of = |values: &[f32]| {
            range_of(&Array3::from_shape_vec((1, 1, values.len()), values.to_vec()).expect("a cube"))
        };
        let kinds: [&[f32]; 7] = [
            &[0.0],
            &[3.0, 3.0],
            &[-3.0, -3.0],
            &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
            &[-5.0, -4.0, -1.0],
            &[1e-40, 2e-40],
            &[-1e38, 1e38, 0.0],
        ];
        for values in kinds {
            let (low, high) = of(values);
            assert!(low < high && low.is_finite() && high.is_finite(), "{values:?}: {low} to {high}");
        }
    }
}
