//! Occlusion: a window of one channel filled with something that knows nothing, moved over the input.

use super::{Case, Found, arrays};
use crate::blueprint::PortType;
use crate::inspection::error::{InspectionError, Result};
use crate::inspection::grid;
use crate::inspection::request::Filling;
use crate::job::Context;
use crate::network::{Tensor, seed};
use ndarray::{Array2, Array3, Array4, Array5, ArrayView2, Axis, s};
use rand_distr::{Distribution, StandardNormal};

/// How the input is covered.
pub(super) struct Windows {
    pub window: usize,
    pub stride: usize,
    pub filling: Filling,
    pub seed: u64,
}

/// One mask: a window of one channel of one input; of a cube through all of its z.
#[derive(Clone, Copy)]
struct Mask {
    input: usize,
    channel: usize,
    y: (usize, usize),
    x: (usize, usize),
}

/// output(x) − output(x with the window filled), averaged at each pixel over the windows that cover it.
pub(super) fn occlude(
    case: &Case,
    inputs: &[Tensor],
    other: Option<&[Tensor]>,
    windows: &Windows,
    ctx: &Context,
) -> Result<Found> {
    if windows.window == 0 || windows.stride == 0 || windows.stride > windows.window {
        return Err(InspectionError::request(
            format!("windows of {} pixels, moved by {}", windows.window, windows.stride),
            "both must be at least 1, and the step not larger than the window, so that every pixel is covered",
        ));
    }
    let own = arrays(case, inputs)?;
    let fillings = Fillings::new(case, &own, other, windows)?;
    let masks = masks(&own, windows);
    let whole = case.evaluate(inputs)?.first().copied().unwrap_or(f64::NAN);
    let mut sums: Vec<Array3<f64>> =
        own.iter().map(|input| Array3::zeros((input.dim().0, input.dim().2, input.dim().3))).collect();
    let mut covers: Vec<Array3<u32>> = sums.iter().map(|sum| Array3::zeros(sum.dim())).collect();
    let mut done = 0;
    for part in masks.chunks(case.batch_size(inputs)) {
        ctx.check()?;
        let mut batches: Vec<Array5<f32>> = own
            .iter()
            .map(|input| {
                let (c, z, y, x) = input.dim();
                input
                    .view()
                    .insert_axis(Axis(0))
                    .broadcast((part.len(), c, z, y, x))
                    .map(|view| view.to_owned())
            })
            .collect::<Option<_>>()
            .ok_or_else(|| InspectionError::request("the inputs cannot be copied", "please report it"))?;
        for (place, mask) in part.iter().enumerate() {
            let filled = fillings.fill(&own[mask.input], mask);
            batches[mask.input]
                .slice_mut(s![place, mask.channel, .., mask.y.0..mask.y.1, mask.x.0..mask.x.1])
                .assign(&filled);
        }
        let tensors = batches
            .iter()
            .zip(&case.kinds)
            .zip(inputs)
            .map(|((batch, &kind), input)| grid::tensor(kind, batch, input.device()))
            .collect::<Result<Vec<_>>>()?;
        for (mask, output) in part.iter().zip(case.evaluate(&tensors)?) {
            let at = s![mask.channel, mask.y.0..mask.y.1, mask.x.0..mask.x.1];
            sums[mask.input].slice_mut(at).mapv_inplace(|sum| sum + whole - output);
            covers[mask.input].slice_mut(at).mapv_inplace(|count| count + 1);
        }
        done += part.len();
        ctx.report(format!("{done} of {} masks", masks.len()), Some(done as f32 / masks.len() as f32));
    }
    let mut maps = Vec::new();
    for ((sum, count), &kind) in sums.iter().zip(&covers).zip(&case.kinds) {
        let mean =
            ndarray::Zip::from(sum).and(count).map_collect(|sum, &count| (sum / f64::from(count)) as f32);
        maps.extend(grid::maps(kind, &mean.insert_axis(Axis(1))));
    }
    // All channels of an input are covered alike.
    let first = covers.iter().zip(&case.kinds).find(|(_, kind)| **kind != PortType::Vector);
    let covers = first.map(|(count, _)| count.index_axis(Axis(0), 0).to_owned());
    Ok(Found { maps, covers, masks: Some(masks.len()), ..Found::default() })
}

/// First pixels of windows along an axis: every stride, the last one moved back so that it fits.
fn starts(length: usize, window: usize, stride: usize) -> Vec<usize> {
    let last = length.saturating_sub(window);
    let mut starts: Vec<usize> = (0..last).step_by(stride).collect();
    starts.push(last);
    starts
}

fn masks(inputs: &[Array4<f32>], windows: &Windows) -> Vec<Mask> {
    let mut masks = Vec::new();
    for (place, input) in inputs.iter().enumerate() {
        let (channels, _, rows, columns) = input.dim();
        for channel in 0..channels {
            for y in starts(rows, windows.window, windows.stride) {
                for x in starts(columns, windows.window, windows.stride) {
                    masks.push(Mask {
                        input: place,
                        channel,
                        y: (y, (y + windows.window).min(rows)),
                        x: (x, (x + windows.window).min(columns)),
                    });
                }
            }
        }
    }
    masks
}

/// What windows are filled with.
struct Fillings {
    filling: Filling,
    seed: u64,
    /// The whole of what pixels are taken from, where they are taken from something.
    source: Option<Vec<Array4<f32>>>,
}

impl Fillings {
    fn new(case: &Case, own: &[Array4<f32>], other: Option<&[Tensor]>, windows: &Windows) -> Result<Self> {
        let source = match (windows.filling, other) {
            (Filling::Blurred { sigma_px }, _) => {
                Some(own.iter().map(|input| blurred(input, sigma_px)).collect())
            }
            (Filling::OtherSample(_), Some(other)) => Some(arrays(case, other)?),
            (Filling::OtherSample(_), None) => {
                return Err(InspectionError::request("the other sample is missing", "name one"));
            }
            _ => None,
        };
        Ok(Self { filling: windows.filling, seed: windows.seed, source })
    }

    /// (z, y, x) of the window.
    fn fill(&self, input: &Array4<f32>, mask: &Mask) -> Array3<f32> {
        let (y, x) = (mask.y.0..mask.y.1, mask.x.0..mask.x.1);
        let depth = input.dim().1;
        if let Some(source) = &self.source {
            return source[mask.input].slice(s![mask.channel, .., y, x]).to_owned();
        }
        let mut filled = Array3::zeros((depth, y.len(), x.len()));
        if self.filling == Filling::Zero {
            return filled;
        }
        let place = format!("filling {} {} {} {}", mask.input, mask.channel, mask.y.0, mask.x.0);
        let mut generator = seed::stream(self.seed, &place);
        for (z, mut plane) in filled.axis_iter_mut(Axis(0)).enumerate() {
            let mut border = border(input.slice(s![mask.channel, z, .., ..]), mask);
            if self.filling == Filling::LocalSky {
                plane.fill(median(&mut border));
                continue;
            }
            let count = border.len().max(1) as f64;
            let mean = border.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
            let square = border.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>();
            let std = (square / count).sqrt();
            plane.mapv_inplace(|_| {
                let drawn: f64 = StandardNormal.sample(&mut generator);
                (mean + std * drawn) as f32
            });
        }
        filled
    }
}

/// Width of the border that local sky and noise are measured in: half a window, at least 2 pixels.
pub(super) fn border_px(window: usize) -> usize {
    (window / 2).max(2)
}

/// The values in the border around a window, as far as the map reaches; of a window that is the whole map its own values.
fn border(plane: ArrayView2<f32>, mask: &Mask) -> Vec<f32> {
    let (rows, columns) = plane.dim();
    let reach = |(first, last): (usize, usize), length: usize| {
        let width = border_px(last - first);
        first.saturating_sub(width)..(last + width).min(length)
    };
    let (outer_y, outer_x) = (reach(mask.y, rows), reach(mask.x, columns));
    let inside = |y: usize, x: usize| (mask.y.0..mask.y.1).contains(&y) && (mask.x.0..mask.x.1).contains(&x);
    let around: Vec<f32> = outer_y
        .flat_map(|y| outer_x.clone().map(move |x| (y, x)))
        .filter(|&(y, x)| !inside(y, x))
        .map(|at| plane[at])
        .collect();
    if around.is_empty() { plane.iter().copied().collect() } else { around }
}

fn median(values: &mut [f32]) -> f32 {
    values.sort_unstable_by(f32::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[half],
        _ => 0.5 * (values[half - 1] + values[half]),
    }
}

/// Each plane (y, x) convolved with a Gaussian of this deviation, borders replicated.
pub(super) fn blurred(input: &Array4<f32>, sigma_px: f64) -> Array4<f32> {
    let sigma = if sigma_px.is_finite() { sigma_px.clamp(0.0, 1e3) } else { 0.0 };
    let radius = (4.0 * sigma).ceil() as isize;
    if radius == 0 {
        return input.clone();
    }
    let kernel: Vec<f64> = (-radius..=radius).map(|d| (-0.5 * (d as f64 / sigma).powi(2)).exp()).collect();
    let total: f64 = kernel.iter().sum();
    let along = |values: &Array2<f64>| {
        let columns = values.ncols() as isize;
        Array2::from_shape_fn(values.dim(), |(y, x)| {
            let at = |d: isize| values[[y, (x as isize + d).clamp(0, columns - 1) as usize]];
            (-radius..=radius).zip(&kernel).map(|(d, weight)| weight * at(d)).sum::<f64>() / total
        })
    };
    let mut blurred = input.clone();
    for mut channel in blurred.axis_iter_mut(Axis(0)) {
        for mut plane in channel.axis_iter_mut(Axis(0)) {
            let rows = along(&plane.mapv(f64::from));
            let both = along(&rows.reversed_axes().as_standard_layout().into_owned()).reversed_axes();
            plane.assign(&both.mapv(|value| value as f32));
        }
    }
    blurred
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_everything_and_fit() {
        assert_eq!(starts(10, 4, 3), [0, 3, 6]);
        assert_eq!(starts(11, 4, 3), [0, 3, 6, 7]);
        assert_eq!(starts(3, 8, 4), [0]);
        assert_eq!(starts(8, 8, 4), [0]);
    }

    #[test]
    fn fillings_are_what_they_say() {
        let input = Array4::from_shape_fn((1, 1, 9, 9), |(_, _, y, x)| {
            if (3..6).contains(&y) && (3..6).contains(&x) { 50.0 } else { x as f32 }
        });
        let mask = Mask { input: 0, channel: 0, y: (3, 6), x: (3, 6) };
        let around = border(input.slice(s![0, 0, .., ..]), &mask);
        assert_eq!(around.len(), 49 - 9);
        let fillings = |filling| Fillings { filling, seed: 3, source: None };
        assert!(fillings(Filling::LocalSky).fill(&input, &mask).iter().all(|&value| value == 4.0));
        assert!(fillings(Filling::Zero).fill(&input, &mask).iter().all(|&value| value == 0.0));
        let noise = fillings(Filling::NoiseMatched).fill(&input, &mask);
        assert_eq!(noise, fillings(Filling::NoiseMatched).fill(&input, &mask));
        assert!(noise.iter().all(|&value| value > -6.0 && value < 14.0));
        // A Gaussian keeps a constant and the mean of a distant point.
        let constant = Array4::from_elem((1, 2, 5, 6), 3.0);
        assert!(blurred(&constant, 2.0).iter().all(|&value| (value - 3.0).abs() < 1e-6));
        let mut point = Array4::zeros((1, 1, 21, 21));
        point[[0, 0, 10, 10]] = 1.0;
        let spread = blurred(&point, 1.5);
        assert!((spread.sum() - 1.0).abs() < 1e-5);
        assert!((spread[[0, 0, 10, 10]] - 1.0 / (2.0 * std::f32::consts::PI * 2.25)).abs() < 2e-3);
    }
}
