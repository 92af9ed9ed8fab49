//! What an opened file holds, read and measured away from the window: a map, a cube with its spectral axis, or a table.

use super::picture::{Stretch, percentile_range};
use super::sky::Sky;
use crate::cloud::{self, Moments};
use crate::data::{Cube, Image, Statistics, Table, Values, statistics};
use crate::figure::{Spectral, spectral};
use crate::io::{self, PartKind};
use crate::job::Context;
use anyhow::bail;
use ndarray::{ArrayView2, ArrayView3, Axis};
use std::path::Path;
use std::sync::Arc;

/// A part of a file that can be chosen: an HDU, an array, a dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub index: usize,
    pub label: String,
}

/// How the values spread, for the inspector.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    /// Values at the ends.
    pub range: (f32, f32),
    pub counts: Vec<u32>,
}

/// A map as it is shown.
pub struct MapContent {
    pub image: Image,
    pub sky: Sky,
    pub statistics: Option<Statistics>,
    pub histogram: Histogram,
}

/// A cube as it is shown.
pub struct CubeContent {
    pub cube: Cube,
    pub sky: Sky,
    pub spectral: Option<Spectral>,
    /// Integrated intensity and peak of everything, where the spectral axis allows.
    pub moments: Option<Moments>,
    /// Velocity and variance of what stands out of the noise: the mean velocity of noise is no velocity.
    pub line: Option<Moments>,
    /// Noise of a channel, from the values below zero (their median is 0.6745 σ below).
    pub noise: Option<f32>,
    pub statistics: Option<Statistics>,
    pub histogram: Histogram,
}

/// What was found in a file.
#[derive(Clone)]
pub enum Content {
    Map(Arc<MapContent>),
    Cube(Arc<CubeContent>),
    Table(Arc<Table>),
}

/// A file as it was read.
pub struct Opened {
    pub content: Content,
    pub parts: Vec<Part>,
    /// The part that is shown.
    pub hdu: Option<usize>,
}

/// Reads a file and measures it; meant for a light job.
pub fn read(path: &Path, part: Option<usize>, context: &Context) -> anyhow::Result<Opened> {
    context.report("reading", None);
    let file = io::open(path)?;
    let first = |kinds: &[PartKind]| file.parts.iter().position(|part| kinds.contains(&part.kind));
    let chosen =
        part.or_else(|| first(&[PartKind::Image, PartKind::Cube])).or_else(|| first(&[PartKind::Table]));
    let Some(index) = chosen else {
        bail!(
            "{}: it holds neither a map, nor a cube, nor a table; `aquila info` lists what it holds",
            path.display()
        );
    };
    let content = match file.part(index)?.kind {
        PartKind::Image => map(io::read_image_watched(path, chosen, context)?, context)?,
        PartKind::Cube => cube(io::read_cube_watched(path, chosen, context)?, context)?,
        PartKind::Table => match file.read(index, context)? {
            io::Contents::Table(table) => Content::Table(Arc::new(table)),
            _ => bail!("{}, {}: no table here; choose another part", path.display(), file.place(index)),
        },
        _ => bail!(
            "{}, {}: neither a map, nor a cube, nor a table; choose another part",
            path.display(),
            file.place(index)
        ),
    };
    let label = |part: &io::Part| {
        let size = part.shape.iter().map(usize::to_string).collect::<Vec<_>>().join("×");
        let words = [part.index.to_string(), part.name.clone(), size];
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" · ")
    };
    let parts = file.parts.iter().map(|part| Part { index: part.index, label: label(part) }).collect();
    Ok(Opened { content, parts, hdu: chosen })
}

pub fn map(image: Image, context: &Context) -> anyhow::Result<Content> {
    context.check()?;
    context.report("measuring", None);
    let (rows, columns) = image.values.dim();
    let sky = Sky::new(&image.header, rows, columns);
    let values = Values::F32(image.values.clone().into_dyn());
    let histogram = histogram(image.values.view());
    Ok(Content::Map(Arc::new(MapContent { sky, statistics: statistics(&values), histogram, image })))
}

fn cube(cube: Cube, context: &Context) -> anyhow::Result<Content> {
    context.check()?;
    context.report("measuring", None);
    let (channels, rows, columns) = cube.values.dim();
    let sky = Sky::new(&cube.header, rows, columns);
    let spectral = spectral(&cube.header, channels, |warning| context.warn(warning));
    context.report("moments", None);
    let velocities = spectral.as_ref().and_then(|spectral| spectral.velocity_km_s.clone());
    let noise = noise(flat(cube.values.view()));
    let taken = |threshold: Option<f32>| {
        let velocities = velocities.as_ref()?;
        cloud::moments(&cube, velocities, threshold)
            .inspect_err(|error| context.warn(format!("no moments: {error}")))
            .ok()
    };
    let moments = taken(None);
    context.check()?;
    let line = moments.as_ref().and_then(|_| taken(noise.map(|noise| THRESHOLD_SIGMA * noise)));
    let histogram = histogram(flat(cube.values.view()));
    let values = Values::F32(cube.values.clone().into_dyn());
    let statistics = statistics(&values);
    Ok(Content::Cube(Arc::new(CubeContent {
        sky,
        spectral,
        moments,
        line,
        noise,
        statistics,
        histogram,
        cube,
    })))
}

/// Velocities are taken from channels above this many σ.
pub const THRESHOLD_SIGMA: f32 = 3.0;

/// The noise σ from the negative values, which hold no emission; `None` where there are too few of them.
fn noise(values: ArrayView2<'_, f32>) -> Option<f32> {
    let stride = values.len().div_ceil(1 << 20).max(1);
    let mut below: Vec<f32> = values.iter().step_by(stride).copied().filter(|value| *value < 0.0).collect();
    if below.len() < 1000 {
        return None;
    }
    let middle = below.len() / 2;
    let (_, median, _) = below.select_nth_unstable_by(middle, f32::total_cmp);
    Some(-*median / 0.6745)
}

/// A cube as one tall map: the same values in the same order.
pub fn flat(values: ArrayView3<'_, f32>) -> ArrayView2<'_, f32> {
    let (channels, rows, columns) = values.dim();
    values
        .into_shape_with_order((channels * rows, columns))
        // A cube that does not lie in one piece is judged by its middle channel.
        .unwrap_or_else(|_| values.index_axis_move(Axis(0), channels / 2))
}

fn histogram(values: ArrayView2<'_, f32>) -> Histogram {
    const BINS: usize = 72;
    let range = percentile_range(values, 0.05, 99.95);
    let mut counts = vec![0; BINS];
    let stride = values.len().div_ceil(1 << 20).max(1);
    for &value in values.iter().step_by(stride) {
        let place = (value - range.0) / (range.1 - range.0) * BINS as f32;
        if (0.0..BINS as f32).contains(&place) {
            counts[place as usize] += 1;
        }
    }
    Histogram { range, counts }
}

impl Content {
    /// The stretch that shows most of it at first: logarithmic for positive values that span decades.
    pub fn first_stretch(&self) -> Stretch {
        match self {
            Self::Map(map) => match &map.statistics {
                Some(s) if s.min > 0.0 && s.max > 30.0 * s.min => Stretch::Log,
                _ => Stretch::Linear,
            },
            _ => Stretch::Linear,
        }
    }
}

/// How the planes of a cube are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CubeMode {
    Channel,
    #[default]
    Integrated,
    Velocity,
    Dispersion,
    Peak,
}

impl CubeMode {
    pub const ALL: [Self; 5] =
        [Self::Channel, Self::Integrated, Self::Velocity, Self::Dispersion, Self::Peak];

    pub fn name(self) -> &'static str {
        match self {
            Self::Channel => "Channel",
            Self::Integrated => "Moment 0",
            Self::Velocity => "Moment 1",
            Self::Dispersion => "Moment 2",
            Self::Peak => "Peak",
        }
    }
}

/// What is drawn: one plane of a content.
#[derive(Clone)]
pub enum Plane {
    Map(Arc<MapContent>),
    Channel(Arc<CubeContent>, usize),
    Moment(Arc<CubeContent>, CubeMode),
}

impl Plane {
    pub fn of(content: &Content, mode: CubeMode, channel: usize) -> Option<Self> {
        match content {
            Content::Map(map) => Some(Self::Map(Arc::clone(map))),
            Content::Cube(cube) if mode == CubeMode::Channel || cube.moments.is_none() => {
                let last = cube.cube.values.dim().0.checked_sub(1)?;
                Some(Self::Channel(Arc::clone(cube), channel.min(last)))
            }
            Content::Cube(cube) => Some(Self::Moment(Arc::clone(cube), mode)),
            Content::Table(_) => None,
        }
    }

    pub fn values(&self) -> ArrayView2<'_, f32> {
        match self {
            Self::Map(map) => map.image.values.view(),
            Self::Channel(cube, channel) => cube.cube.values.index_axis(Axis(0), *channel),
            Self::Moment(cube, mode) => match moment(cube, *mode) {
                Some(image) => image.values.view(),
                None => cube.cube.values.index_axis(Axis(0), 0),
            },
        }
    }

    /// What the range of the colours is taken from: the whole cube for a channel, so that channels compare.
    pub fn range_values(&self) -> ArrayView2<'_, f32> {
        match self {
            Self::Channel(cube, _) => flat(cube.cube.values.view()),
            _ => self.values(),
        }
    }

    pub fn unit(&self) -> &str {
        match self {
            Self::Map(map) => &map.image.unit,
            Self::Channel(cube, _) => &cube.cube.unit,
            Self::Moment(cube, mode) => moment(cube, *mode).map_or("", |image| image.unit.as_str()),
        }
    }

    pub fn sky(&self) -> &Sky {
        match self {
            Self::Map(map) => &map.sky,
            Self::Channel(cube, _) | Self::Moment(cube, _) => &cube.sky,
        }
    }

    /// Tells planes apart, so that a picture is drawn anew only when it must be.
    pub fn key(&self) -> (usize, usize) {
        match self {
            Self::Map(map) => (Arc::as_ptr(map).cast::<()>() as usize, 0),
            Self::Channel(cube, channel) => (Arc::as_ptr(cube).cast::<()>() as usize, 16 + channel),
            Self::Moment(cube, mode) => (Arc::as_ptr(cube).cast::<()>() as usize, *mode as usize),
        }
    }
}

fn moment(cube: &CubeContent, mode: CubeMode) -> Option<&Image> {
    Some(match mode {
        CubeMode::Channel | CubeMode::Integrated => &cube.moments.as_ref()?.integrated,
        CubeMode::Velocity => &cube.line.as_ref()?.velocity,
        CubeMode::Dispersion => &cube.line.as_ref()?.variance,
        CubeMode::Peak => &cube.moments.as_ref()?.peak,
    })
}
