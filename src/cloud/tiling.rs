//! Bringing a network of fixed patch size onto a map of any size: overlapping patches, reflected edges, filled blanks,
//! tapered blending. No tensors here: the network is a closure on plain arrays.

use super::resample::fill_blanks;
use super::{Error, Result};
use crate::job::Context;
use ndarray::{Array1, Array2, Array3, Array4, Axis};

/// How a map is cut into patches.
#[derive(Clone, Debug, PartialEq)]
pub struct TileSettings {
    /// Edge of a patch in pixels, as the network wants it.
    pub patch_px: usize,
    /// Share of a patch that overlaps the next one along each axis, 0.25 to 0.9.
    pub overlap: f64,
    /// Patches given to the network at once.
    pub batch: usize,
    /// Pixels around a patch that the network sees but whose answer is thrown away: padding has touched it.
    pub margin_px: usize,
}

impl TileSettings {
    pub fn new(patch_px: usize) -> Self {
        Self { patch_px, overlap: 0.5, batch: 8, margin_px: 0 }
    }
}

/// A network on a whole map.
#[derive(Clone, Debug, PartialEq)]
pub struct Tiled {
    /// (channel, y, x): finite where the map is finite, NaN elsewhere.
    pub values: Array3<f32>,
    pub patches: usize,
}

/// Runs `network` over `map`, already in the space the network wants (log10 N_H, say).
///
/// `network` takes a batch (patch, 1, y, x), each with its margin on all sides, and gives (patch, channel, y, x) of the same size. The map may be smaller than a patch:
/// what lies beyond its edges is its mirror image, what is blank inside is filled from around it, both as context only.
/// Patches are blended with raised-cosine weights that add up to 1 in every pixel.
///
/// # Errors
/// An empty or wholly blank map, a network that fails, answers a wrong shape or gives a value that is not finite, or `Cancelled`.
pub fn apply_tiled(
    map: &Array2<f32>,
    settings: &TileSettings,
    ctx: &Context,
    mut network: impl FnMut(Array4<f32>) -> anyhow::Result<Array4<f32>>,
) -> anyhow::Result<Tiled> {
    let (rows, columns) = map.dim();
    check(settings)?;
    let (patch, margin) = (settings.patch_px, settings.margin_px);
    let side = patch + 2 * margin;
    let filled = fill_blanks(map.view())
        .ok_or_else(|| Error::input("the map has no finite pixel", "choose another HDU or map"))?;
    let (tops, lefts) = (starts(rows, settings), starts(columns, settings));
    let corners: Vec<(isize, isize)> =
        tops.iter().flat_map(|&top| lefts.iter().map(move |&left| (top, left))).collect();
    let taper = taper(patch);
    let mut weight = Array2::<f64>::zeros((rows, columns));
    let mut sum: Option<Array3<f64>> = None;
    for (index, corners_now) in corners.chunks(settings.batch).enumerate() {
        ctx.check()?;
        let done = index * settings.batch;
        ctx.report(format!("patch {done} of {}", corners.len()), Some(done as f32 / corners.len() as f32));
        let batch = Array4::from_shape_fn((corners_now.len(), 1, side, side), |(i, _, y, x)| {
            let (top, left) = (corners_now[i].0 - margin as isize, corners_now[i].1 - margin as isize);
            filled[[mirror(top + y as isize, rows), mirror(left + x as isize, columns)]]
        });
        let answer = network(batch)?;
        let (count, channels, height, width) = answer.dim();
        let known = sum.as_ref().map_or(channels, |sum| sum.dim().0);
        if (count, height, width) != (corners_now.len(), side, side) || channels != known || channels == 0 {
            return Err(Error::input(
                format!(
                    "the network answered a batch of shape {:?} with {:?}",
                    (corners_now.len(), 1, side, side),
                    answer.dim()
                ),
                "only a network whose output has the size of its input can be applied to a map",
            )
            .into());
        }
        if !answer.iter().all(|v| v.is_finite()) {
            return Err(Error::input(
                "the network gave a value that is not finite",
                "train it again, or from an earlier checkpoint",
            )
            .into());
        }
        let sum = sum.get_or_insert_with(|| Array3::zeros((channels, rows, columns)));
        for (&(top, left), answer) in corners_now.iter().zip(answer.outer_iter()) {
            let (ys, xs) = (inside(top, patch, rows), inside(left, patch, columns));
            for y in ys {
                for x in xs.clone() {
                    let (py, px) = ((y as isize - top) as usize, (x as isize - left) as usize);
                    let w = taper[py] * taper[px];
                    weight[[y, x]] += w;
                    for channel in 0..channels {
                        sum[[channel, y, x]] += w * f64::from(answer[[channel, py + margin, px + margin]]);
                    }
                }
            }
        }
    }
    let sum = sum.ok_or_else(|| Error::input("the map is empty", "choose another HDU or map"))?;
    let mut values = sum.mapv(|v| v as f32);
    for (mut plane, sum) in values.axis_iter_mut(Axis(0)).zip(sum.axis_iter(Axis(0))) {
        for ((at, value), sum) in plane.indexed_iter_mut().zip(sum) {
            *value = if map[at].is_finite() { (sum / weight[at]) as f32 } else { f32::NAN };
        }
    }
    ctx.report(format!("{} patches", corners.len()), Some(1.0));
    Ok(Tiled { values, patches: corners.len() })
}

fn check(settings: &TileSettings) -> Result<()> {
    if !(2..=4096).contains(&settings.patch_px) {
        return Err(Error::setting("patch_px", settings.patch_px, "give the network's patch, 2 to 4096"));
    }
    if !(0.25..=0.9).contains(&settings.overlap) {
        return Err(Error::setting("overlap", settings.overlap, "give a share from 0.25 to 0.9"));
    }
    if settings.margin_px > 4096 {
        return Err(Error::setting("margin_px", settings.margin_px, "give 0 to 4096"));
    }
    if !(1..=1024).contains(&settings.batch) {
        return Err(Error::setting("batch", settings.batch, "give 1 to 1024 patches"));
    }
    Ok(())
}

/// First pixels of the patches along an axis. The first patch begins, and the last one ends, a quarter of a patch beyond the
/// map, so that the border lies where a patch weighs enough and sees something on both sides.
fn starts(length: usize, settings: &TileSettings) -> Vec<isize> {
    let patch = settings.patch_px;
    let margin = patch / 4;
    let span = length + 2 * margin;
    if span <= patch {
        return vec![-((patch - length) as isize / 2)];
    }
    let stride = ((patch as f64 * (1.0 - settings.overlap)) as usize).max(1);
    let steps = (span - patch).div_ceil(stride);
    // Evenly spread: no patch nearly repeats another at the far edge.
    (0..=steps).map(|i| (i * (span - patch) / steps) as isize - margin as isize).collect()
}

/// The pixels of a map that a patch covers.
fn inside(start: isize, patch: usize, length: usize) -> std::ops::Range<usize> {
    start.max(0) as usize..((start + patch as isize).max(0) as usize).min(length)
}

/// The index of the mirror image, edge pixel repeated (… 1 0 | 0 1 2 …), for any distance beyond the edge.
fn mirror(index: isize, length: usize) -> usize {
    let at = index.rem_euclid(2 * length as isize) as usize;
    if at < length { at } else { 2 * length - 1 - at }
}

/// Raised cosine over a patch, positive everywhere.
fn taper(patch: usize) -> Array1<f64> {
    (0..patch)
        .map(|i| (std::f64::consts::PI * (i as f64 + 0.5) / patch as f64).sin().powi(2).max(1e-4))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::s;

    fn identity(map: &Array2<f32>, settings: &TileSettings) -> Tiled {
        apply_tiled(map, settings, &Context::unwatched(), Ok).expect("applied")
    }

    #[test]
    fn every_map_is_covered_to_the_border_and_the_identity_gives_it_back() {
        for (rows, columns) in [(1, 1), (5, 40), (16, 16), (33, 70), (100, 17)] {
            let map = Array2::from_shape_fn((rows, columns), |(y, x)| (y * 7 + x * 3) as f32 * 0.01 + 20.0);
            for overlap in [0.25, 0.5, 0.9] {
                let settings = TileSettings { overlap, ..TileSettings::new(16) };
                let out = identity(&map, &settings).values;
                for (a, b) in map.iter().zip(&out.slice(s![0, .., ..])) {
                    assert!((a - b).abs() <= 4e-6, "{rows}x{columns}: {a} became {b}");
                }
            }
        }
    }

    #[test]
    fn blanks_stay_blank_and_nothing_else_is_lost() {
        let mut map = Array2::from_shape_fn((50, 50), |(y, x)| 21.0 + (y as f32 - x as f32) * 0.01);
        map.slice_mut(s![10..25, 0..20]).fill(f32::NAN);
        map[[49, 49]] = f32::INFINITY;
        let out = identity(&map, &TileSettings::new(16)).values;
        for (a, b) in map.iter().zip(&out) {
            assert_eq!(a.is_finite(), b.is_finite());
        }
    }

    #[test]
    fn patches_that_disagree_leave_no_seam() {
        // A network with an offset that grows across its patch: a hard edge would jump by its whole range.
        let map = Array2::from_elem((96, 96), 21.0_f32);
        let settings = TileSettings::new(32);
        let out = apply_tiled(&map, &settings, &Context::unwatched(), |mut batch| {
            for ((_, _, _, x), value) in batch.indexed_iter_mut() {
                *value += x as f32 / 31.0;
            }
            Ok(batch)
        })
        .expect("applied")
        .values;
        let row = out.slice(s![0, 40, ..]);
        let jump = row.windows(2).into_iter().map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(jump < 0.06, "a jump of {jump} between neighbours, where a seam would be 1");
    }

    #[test]
    fn a_wrong_answer_and_a_blank_map_are_refused_in_words() {
        let ctx = Context::unwatched();
        let settings = TileSettings::new(8);
        let map = Array2::zeros((20, 20));
        let half = apply_tiled(&map, &settings, &ctx, |b| Ok(b.slice(s![.., .., ..4, ..4]).to_owned()));
        assert!(half.expect_err("refused").to_string().contains("size of its input"));
        let nan = apply_tiled(&map, &settings, &ctx, |b| Ok(b * f32::NAN));
        assert!(nan.expect_err("refused").to_string().contains("not finite"));
        let blank = Array2::from_elem((20, 20), f32::NAN);
        assert!(apply_tiled(&blank, &settings, &ctx, Ok).is_err());
    }
}
