//! Where the voxels of one cube lie in another: the same sky but for whole pixels, other velocities. No values are read here.

use super::sky_plane::{SkyPlane, separation_deg};
use super::{Error, Result};
use crate::io::CubeFile;
use crate::io::wcs::Wcs;
use crate::job::Context;

/// Grids that differ by less than this share of a pixel are the same.
const SAME: f64 = 0.02;

/// How a second cube lies on the grid of a first.
#[derive(Clone, Debug, PartialEq)]
pub struct CommonGrid {
    /// The pixel (x, y) of the first at which pixel (0, 0) of the second lies.
    pub shift: [isize; 2],
    /// Where each channel of the first lies in the second: channels counted from 0, between two where the velocities are; `None` beyond.
    pub channels: Vec<Option<f64>>,
    /// What is done to the second for it, in words; empty where the grids are the same.
    pub how: Vec<String>,
}

/// What is known of a cube without its values.
struct Side<'a> {
    file: &'a CubeFile,
    channels: usize,
    /// Pixels along x and y.
    size: (usize, usize),
}

impl<'a> Side<'a> {
    fn of(file: &'a CubeFile) -> Self {
        let [channels, rows, columns] = file.shape();
        Self { file, channels, size: (columns, rows) }
    }
}

type Refusal = (String, &'static str);

impl CommonGrid {
    /// # Errors
    /// Sky grids that do not fit, or only one on the sky while the shapes differ; other channels without velocities; no overlap.
    pub fn of(first: &CubeFile, second: &CubeFile, ctx: &Context) -> Result<Self> {
        let refuse = |(what, advice): Refusal| {
            let [a, b] = [first, second].map(|file| file.path().display().to_string());
            Error::input(format!("{a} and {b}: {what}"), advice)
        };
        let (a, b) = (Side::of(first), Side::of(second));
        let shift = sky_shift(&a, &b).map_err(refuse)?;
        let channels = channel_places(&a, &b, ctx).map_err(refuse)?;
        let grid = Self { shift, channels, how: Vec::new() };
        let [x, y] = grid.overlap(a.size, b.size);
        if x.is_empty() || y.is_empty() || grid.channels.iter().all(Option::is_none) {
            let advice = "choose cubes of one region and velocity range";
            return Err(refuse(("they do not overlap".to_owned(), advice)));
        }
        let mut how = Vec::new();
        if shift != [0, 0] {
            let [x, y] = shift;
            how.push(format!("the second cube was moved by {x} pixels along x and {y} along y"));
        }
        if grid.channels.iter().enumerate().any(|(index, place)| *place != Some(index as f64)) {
            let beyond = grid.channels.iter().filter(|place| place.is_none()).count();
            let outside =
                if beyond > 0 { format!("; {beyond} channels lie beyond it") } else { String::new() };
            how.push(format!("the second cube was interpolated to the velocities of the first{outside}"));
        }
        if shift == [0, 0] && a.size != b.size {
            let ((w, h), (v, g)) = (a.size, b.size);
            how.push(format!("the channels have {w} × {h} and {v} × {g} pixels"));
        }
        Ok(Self { how, ..grid })
    }

    /// The voxel (x, y, z) of the second nearest to one of the first; it may lie beyond the second's sides.
    pub fn in_second(&self, [x, y, z]: [usize; 3]) -> Option<[usize; 3]> {
        let place = (*self.channels.get(z)?)?;
        let [left, up] = self.shift;
        Some([x.checked_add_signed(-left)?, y.checked_add_signed(-up)?, place.round() as usize])
    }

    /// The voxel (x, y, z) of the first nearest to one of the second; it may lie beyond the first's sides.
    pub fn in_first(&self, [x, y, z]: [usize; 3]) -> Option<[usize; 3]> {
        let known = || self.channels.iter().enumerate().filter_map(|(at, place)| Some((at, (*place)?)));
        let off = |place: f64| (place - z as f64).abs();
        let (channel, place) = known().min_by(|a, b| off(a.1).total_cmp(&off(b.1)))?;
        let step = known().zip(known().skip(1)).map(|(a, b)| (b.1 - a.1).abs()).fold(1.0, f64::max);
        if off(place) > 0.5 * step {
            return None;
        }
        let [left, up] = self.shift;
        Some([x.checked_add_signed(left)?, y.checked_add_signed(up)?, channel])
    }

    /// The pixels of the first, along x and y, at which the second has some; both sizes are (x, y).
    pub fn overlap(&self, first: (usize, usize), second: (usize, usize)) -> [std::ops::Range<usize>; 2] {
        [(0, first.0, second.0), (1, first.1, second.1)].map(|(axis, ours, theirs)| {
            let shift = self.shift[axis];
            let from = shift.clamp(0, ours as isize) as usize;
            let to = shift.saturating_add_unsigned(theirs).clamp(from as isize, ours.max(from) as isize);
            from..to as usize
        })
    }
}

fn sky_shift(first: &Side<'_>, second: &Side<'_>) -> std::result::Result<[isize; 2], Refusal> {
    let (a, b) = (SkyPlane::of(first.file.header()), SkyPlane::of(second.file.header()));
    if !(a.has_sky() && b.has_sky()) {
        if first.size == second.size {
            return Ok([0, 0]);
        }
        let ((w, h), (v, g)) = (first.size, second.size);
        return Err(match (a.has_sky(), b.has_sky()) {
            (false, false) => {
                let advice = "without coordinates only cubes of one shape can be compared";
                (format!("the channels have {w} × {h} and {v} × {g} pixels"), advice)
            }
            (has_first, _) => {
                let which = if has_first { "second" } else { "first" };
                let advice = "give it the header of the other, or cubes of one shape";
                (format!("the {which} cube has no sky coordinates, and the shapes differ"), advice)
            }
        });
    }
    let (width, height) = second.size;
    let corners = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 0.5]]
        .map(|[x, y]| [x * (width.max(2) - 1) as f64, y * (height.max(2) - 1) as f64]);
    let advice = "regrid one cube onto the other's sky grid first (reproject, CASA imregrid)";
    let mut shift = None;
    for corner in corners {
        let there = b.sky(corner).and_then(|sky| {
            let sky = a.from_frame(b.frame(), sky).ok()?;
            Some((sky, a.pixel(sky)?))
        });
        let Some((sky, pixel)) = there else {
            return Err(("the second cube's sky cannot be found in the first's coordinates".into(), advice));
        };
        let offset = [pixel[0] - corner[0], pixel[1] - corner[1]];
        let whole = shift.get_or_insert(offset.map(f64::round));
        let off = (offset[0] - whole[0]).hypot(offset[1] - whole[1]);
        if off.is_nan() || off > SAME {
            let target = a.sky([whole[0] + corner[0], whole[1] + corner[1]]);
            let distance = target.map_or(f64::NAN, |target| separation_deg(target, sky) * 3600.0);
            let what = format!(
                "the sky grids differ by {off:.2} pixels ({distance:.1}″) beside a shift by whole pixels"
            );
            return Err((what, advice));
        }
    }
    Ok(shift.unwrap_or([0.0; 2]).map(|part| part as isize))
}

fn channel_places(
    first: &Side<'_>,
    second: &Side<'_>,
    ctx: &Context,
) -> std::result::Result<Vec<Option<f64>>, Refusal> {
    let axis = |side: &Side<'_>| {
        let wcs = Wcs::from_header(side.file.header()).ok().filter(|wcs| wcs.spectral == Some(2))?;
        wcs.velocities_km_s(side.channels).ok()
    };
    let (ours, theirs) = (first.channels, second.channels);
    let (Some(a), Some(b)) = (axis(first), axis(second)) else {
        if ours != theirs {
            let advice = "cubes with other channels need a velocity axis each";
            return Err((
                format!("there are {ours} and {theirs} channels, and not both have velocities"),
                advice,
            ));
        }
        if axis(first).is_some() || axis(second).is_some() {
            ctx.warn("only one of the cubes has velocities; channels are taken one by one");
        }
        return Ok((0..ours).map(|channel| Some(channel as f64)).collect());
    };
    let place = |velocity: &f64| {
        let place = place_along(&b, *velocity)?;
        // The same grid to within rounding of its header is taken as it is.
        let nearest = place.round();
        Some(if (place - nearest).abs() < 1e-3 { nearest } else { place })
    };
    Ok(a.iter().map(place).collect())
}

fn place_along(axis: &[f64], velocity: f64) -> Option<f64> {
    if let [only] = axis {
        return (only == &velocity).then_some(0.0);
    }
    let step = (axis.last()? - axis.first()?).abs() / (axis.len() - 1) as f64;
    // The ends of both axes may differ by rounding.
    let near = |end: f64| (end - velocity).abs() < 1e-3 * step;
    if near(axis[0]) {
        return Some(0.0);
    }
    if near(axis[axis.len() - 1]) {
        return Some((axis.len() - 1) as f64);
    }
    let low = axis.windows(2).position(|pair| (pair[0] - velocity) * (pair[1] - velocity) <= 0.0)?;
    Some(low as f64 + (velocity - axis[low]) / (axis[low + 1] - axis[low]))
}
