//! From a file to the adapter: a coarse picture first, then the finest level that fits, plane by plane. The values stay in memory
//! once, in single precision; nothing else of their size is kept.

use super::error::VolumeError;
use super::extremes::Extremes;
use super::feed::Feed;
use super::gpu::{Adapter, Volume};
use super::grid::{Grid, Lattice};
use super::histogram::Histogram;
use super::memory::machine_room;
use super::reduce::{Reduce, reduced};
use crate::data::Header;
use crate::io::{CubeFile, Region};
use crate::job::Context;
use ndarray::{Array3, s};
use std::path::PathBuf;
use std::sync::Arc;

/// What is wanted of a cube.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Sides of a voxel of the file along x, y, z, in any common unit.
    pub voxel: [f64; 3],
    /// Which way x, y, z run; see [`Lattice::signs`].
    pub signs: [f32; 3],
    /// Voxels that the adapter takes along one axis.
    pub longest_side: usize,
    /// The adapter interpolates between full floats; only between half floats else.
    pub full_floats: bool,
    /// Bytes that the values may have in single precision.
    pub most_bytes: u64,
    /// What becomes of the voxels of a block where the cube must be reduced.
    pub reduce: Reduce,
    /// The part that is wanted; all where not given.
    pub region: Option<Region>,
    /// Whether few voxels are to come first, to be drawn at once.
    pub coarse_first: bool,
}

impl Default for Wish {
    /// Any size, cubic voxels, as the sky is seen.
    fn default() -> Self {
        Self {
            voxel: [1.0; 3],
            signs: [1.0, 1.0, -1.0],
            longest_side: usize::MAX,
            full_floats: true,
            most_bytes: u64::MAX,
            reduce: Reduce::Mean,
            region: None,
            coarse_first: true,
        }
    }
}

/// What keeps a cube from being drawn as finely as the file has it.
#[derive(Clone, Debug, PartialEq)]
pub enum Limit {
    /// Voxels that the adapter takes along one axis.
    Side(usize),
    /// Bytes of this machine's memory that are left for it.
    Memory(u64),
    /// The adapter has no more room, or may not give more.
    Adapter,
}

impl Limit {
    /// After "each 2 × 2 × 2 voxels averaged to one".
    fn words(&self) -> String {
        match self {
            Self::Side(most) => format!("the adapter takes {most} along an axis"),
            Self::Memory(bytes) => format!("{} of memory are left for it", size_words(*bytes as f64)),
            Self::Adapter => "the adapter's memory is full".to_owned(),
        }
    }
}

/// A cube in memory, as it is drawn.
#[derive(Clone)]
pub struct Loaded {
    pub path: PathBuf,
    /// HDU, or number of the array or dataset.
    pub hdu: usize,
    /// Cards of the axes x, y, z of the file, before any reduction.
    pub header: Header,
    pub unit: String,
    /// Voxels of the file along z, y, x.
    pub file_shape: [usize; 3],
    /// The part of the file that is here.
    pub region: Region,
    /// Each `factor`³ voxels of the file are one here (fewer in the last blocks along an axis).
    pub factor: usize,
    pub reduce: Reduce,
    /// Why it is coarser than the file.
    pub limit: Option<Limit>,
    /// Physical, (z, y, x), blanks as NaN.
    pub values: Arc<Array3<f32>>,
    pub lattice: Lattice,
    /// The picture has fewer digits than the range of the values needs: half floats, the adapter takes no others.
    pub lacks_digits: bool,
    pub histogram: Histogram,
    /// Voxels of `values` without a finite value.
    pub count_blank: usize,
    pub file: Arc<CubeFile>,
    /// It is a first look, of single voxels; the cube to come is so many times finer.
    pub finer_to_come: Option<f32>,
}

impl Loaded {
    /// The first look that `load` hands on as `Feed::Coarse`, as a cube that can be worked with until the rest is there.
    ///
    /// # Errors
    /// No voxels.
    pub fn first_look(file: &Arc<CubeFile>, wish: &Wish, grid: &Grid) -> Result<Self, VolumeError> {
        let region = wish.region.unwrap_or(Region::whole(file.shape()));
        let (factor, limit) = finest_factor(region.size, wish);
        let shape = region.size.map(|length| length.div_ceil(factor));
        let to_come = Lattice::new([shape[2], shape[1], shape[0]], sides(wish, region, shape), (0.0, 0.0))?;
        let blank = |z_y_x| grid.valid.as_ref().is_some_and(|valid| valid[z_y_x] == 0);
        let physical = |at, &stored: &f32| {
            if blank(at) { f32::NAN } else { grid.lattice.physical(stored) as f32 }
        };
        let values = Array3::from_shape_fn(grid.values.dim(), |at| physical(at, &grid.values[at]));
        Ok(Self {
            path: file.path().to_owned(),
            hdu: file.part(),
            header: file.header().clone(),
            unit: file.unit().to_owned(),
            file_shape: file.shape(),
            region,
            factor: coarse_step(region.size),
            reduce: wish.reduce,
            limit,
            lattice: grid.lattice.clone(),
            lacks_digits: false,
            histogram: Histogram::of(values.view()),
            count_blank: values.iter().filter(|value| !value.is_finite()).count(),
            values: Arc::new(values),
            file: Arc::clone(file),
            finer_to_come: Some(grid.lattice.finest() / to_come.finest()),
        })
    }

    /// How the cube was reduced and why, in words for the screen; `None` where it was not.
    pub fn reduced_words(&self) -> Option<String> {
        let factor = self.factor;
        if self.finer_to_come.is_some() {
            return Some(format!("a first look at one of {factor} × {factor} × {factor} voxels"));
        }
        let bytes = |shape: [usize; 3]| shape.iter().product::<usize>() as f64 * 4.0;
        let (depth, height, width) = self.values.dim();
        (factor > 1).then(|| {
            let why = self.limit.as_ref().map(|limit| format!(": {}", limit.words()));
            format!(
                "each {factor} × {factor} × {factor} voxels {}, {} → {}{}",
                self.reduce.words(),
                size_words(bytes(self.region.size)),
                size_words(bytes([depth, height, width])),
                why.unwrap_or_default()
            )
        })
    }

    /// Whether only a part of the file is here.
    pub fn is_cropped(&self) -> bool {
        self.region != Region::whole(self.file_shape)
    }
}

fn size_words(bytes: f64) -> String {
    match bytes {
        b if b >= 1e9 => format!("{:.1} GB", b / 1e9),
        b if b >= 1e6 => format!("{:.0} MB", b / 1e6),
        b => format!("{:.0} kB", b / 1e3),
    }
}

/// What half floats do to a cube whose values span more than they hold.
const FEW_DIGITS: &str = "the adapter takes half floats only: in the picture, values below a ten-thousandth of the greatest are coarse; \
                          load a part without the brightest voxels to see them well";

/// Voxels of a coarse picture: enough to recognise a cube, few enough to be there at once.
const COARSE: usize = 1 << 21;
/// Voxels read at once: one step of progress and of cancelling.
const BLOCK: usize = 1 << 22;
/// Bytes handed on at once.
const SLAB_BYTES: usize = 64 << 20;

/// Reads what is wanted of a cube at the finest level that fits, and hands it on: a coarse cube first, then lattice, slabs and the end.
/// What does not fit the adapter after all is read again at the next coarser level, with a warning.
///
/// # Errors
/// A region outside the cube; a file that changes, ends early or cannot be read; an adapter that is lost; cancelled.
pub fn load(
    file: &Arc<CubeFile>,
    wish: &Wish,
    context: &Context,
    feed: &mut dyn FnMut(Feed) -> Result<(), VolumeError>,
) -> anyhow::Result<Loaded> {
    let file_shape = file.shape();
    let region = wish.region.unwrap_or(Region::whole(file_shape));
    anyhow::ensure!(
        region.lies_within(file_shape),
        "{}: the region of {} × {} × {} voxels from {}, {}, {} (x, y, z) does not lie within its {} × {} × {}",
        file.path().display(),
        region.size[2],
        region.size[1],
        region.size[0],
        region.start[2],
        region.start[1],
        region.start[0],
        file_shape[2],
        file_shape[1],
        file_shape[0],
    );
    file.warnings().iter().for_each(|warning| context.warn(warning));
    let (mut factor, mut limit) = finest_factor(region.size, wish);
    let voxels = region.size.iter().product::<usize>();
    if wish.coarse_first && voxels > 4 * COARSE && file.skips_cheaply() {
        context.report("a first look", Some(0.0));
        let coarse = coarse(file, wish, region, context)?;
        match feed(Feed::Coarse(coarse)) {
            // An adapter without room for that much: the level that does fit is as coarse.
            Err(error) if error.is_out_of_memory() => {}
            fed => fed?,
        }
    }
    loop {
        let (values, lattice, count_blank) = read(file, wish, region, factor, &context.part(0.05, 0.8))?;
        let values = Arc::new(values);
        match hand_on(&values, &lattice, &context.part(0.8, 1.0), feed) {
            Ok(()) => {
                let histogram = Histogram::of(values.view());
                let lacks_digits = !wish.full_floats && !lattice.fits_half;
                if lacks_digits {
                    context.warn(format!("{}: {FEW_DIGITS}", file.path().display()));
                }
                let loaded = Loaded {
                    path: file.path().to_owned(),
                    hdu: file.part(),
                    header: file.header().clone(),
                    unit: file.unit().to_owned(),
                    file_shape,
                    region,
                    factor,
                    reduce: wish.reduce,
                    limit,
                    values,
                    lattice,
                    lacks_digits,
                    histogram,
                    count_blank,
                    file: Arc::clone(file),
                    finer_to_come: None,
                };
                if factor == 1 && !loaded.is_cropped() {
                    file.release();
                }
                return Ok(loaded);
            }
            Err(error) => (factor, limit) = coarser(error, factor, region.size, context)?,
        }
    }
}

/// Loads a cube onto an adapter, to be drawn when all of it is there. One that is lost because its memory ran out is opened again for a
/// coarser level: `adapter` is that one then, and whatever else was on it is gone.
///
/// # Errors
/// As [`load`].
pub fn load_onto(
    adapter: &mut Arc<Adapter>,
    file: &Arc<CubeFile>,
    wish: &Wish,
    context: &Context,
) -> anyhow::Result<(Loaded, Volume)> {
    let mut volume: Option<Volume> = None;
    let loaded = load(file, wish, context, &mut |feed| match (feed, &mut volume) {
        (Feed::Coarse(_), _) => Ok(()),
        (Feed::Begin(lattice), place) => {
            // The room of one that did not fit must be free before the next is asked for.
            *place = None;
            if adapter.is_lost() {
                *adapter = adapter.again()?;
            }
            *place = Some(Volume::begin(adapter, lattice)?);
            Ok(())
        }
        (Feed::Slab { planes, values }, Some(volume)) => {
            volume.write(planes.start, values.slice(s![planes, .., ..]))
        }
        (Feed::Done, Some(volume)) => volume.finish(),
        (Feed::Slab { .. } | Feed::Done, None) => Err(VolumeError::NotThere),
    })?;
    let volume = volume.ok_or(VolumeError::NotThere)?;
    Ok((loaded, volume))
}

/// The next level to try after an adapter refused one, and what limits it.
fn coarser(
    error: anyhow::Error,
    factor: usize,
    size: [usize; 3],
    context: &Context,
) -> anyhow::Result<(usize, Option<Limit>)> {
    let (next, limit) = match error.downcast_ref::<VolumeError>() {
        Some(VolumeError::TooLong { factor: more, most, .. }) => {
            (factor * (*more).max(2), Limit::Side(*most))
        }
        // How much too large it is, is known: a file that is read for hours is not read in vain.
        Some(VolumeError::NotAllowed { bytes, left }) => {
            let times = (*bytes as f64 / (*left).max(1) as f64).cbrt();
            (((factor as f64 * times).ceil() as usize).max(factor + 1), Limit::Adapter)
        }
        Some(refused) if refused.is_out_of_memory() => (factor + 1, Limit::Adapter),
        _ => return Err(error),
    };
    if next > size.into_iter().max().unwrap_or(1) {
        return Err(error);
    }
    context.warn(format!("{error}; each {next} × {next} × {next} voxels become one"));
    Ok((next, Some(limit)))
}

/// The least factor at which the cube fits the wish and this machine, and what asks for it.
fn finest_factor(size: [usize; 3], wish: &Wish) -> (usize, Option<Limit>) {
    let longest = size.into_iter().max().unwrap_or(1);
    let most_bytes = wish.most_bytes.min(machine_room());
    let small = |factor: usize| size.map(|length| length.div_ceil(factor));
    let is_short = |factor: usize| small(factor).into_iter().all(|length| length <= wish.longest_side);
    let is_light = |factor: usize| {
        let bytes = small(factor).iter().fold(4_u64, |bytes, &length| bytes.saturating_mul(length as u64));
        bytes <= most_bytes
    };
    let factor = (1..longest).find(|&factor| is_short(factor) && is_light(factor)).unwrap_or(longest);
    let limit = match factor {
        1 => None,
        _ if is_light(factor - 1) => Some(Limit::Side(wish.longest_side)),
        _ => Some(Limit::Memory(most_bytes)),
    };
    (factor, limit)
}

/// The least step at which a coarse picture has few enough voxels.
fn coarse_step(size: [usize; 3]) -> usize {
    let longest = size.into_iter().max().unwrap_or(1);
    let voxels = |step: usize| size.map(|length| length.div_ceil(step)).iter().product::<usize>();
    (1..=longest).find(|&step| voxels(step) <= COARSE).unwrap_or(longest)
}

/// Sides along x, y, z of the voxels of a region brought to a shape (z, y, x): the box has the proportions of the region, though the
/// last voxels along an axis may stand for fewer of the file.
fn sides(wish: &Wish, region: Region, shape: [usize; 3]) -> [f64; 3] {
    std::array::from_fn(|axis| {
        wish.voxel[axis] * region.size[2 - axis] as f64 / shape[2 - axis].max(1) as f64
    })
}

fn coarse(file: &CubeFile, wish: &Wish, region: Region, context: &Context) -> anyhow::Result<Grid> {
    let values = file.read(region, coarse_step(region.size), context)?;
    let (depth, height, width) = values.dim();
    let voxel = sides(wish, region, [depth, height, width]);
    let mut grid = Grid::new(values.view(), voxel)?;
    grid.lattice.signs = wish.signs;
    Ok(grid)
}

/// Reads a region block by block, reducing each: no more is ever in memory than the result and one block.
fn read(
    file: &CubeFile,
    wish: &Wish,
    region: Region,
    factor: usize,
    context: &Context,
) -> anyhow::Result<(Array3<f32>, Lattice, usize)> {
    let shape = region.size.map(|length| length.div_ceil(factor));
    let mut values = zeros(shape)?;
    let blocks = blocks(file, region, factor);
    let mut extremes = Extremes::NONE;
    for (number, block) in blocks.iter().enumerate() {
        context.report("reading", Some(number as f32 / blocks.len() as f32));
        let low: [usize; 3] = std::array::from_fn(|axis| (block.start[axis] - region.start[axis]) / factor);
        let high: [usize; 3] = std::array::from_fn(|axis| low[axis] + block.size[axis].div_ceil(factor));
        let mut part = values.slice_mut(s![low[0]..high[0], low[1]..high[1], low[2]..high[2]]);
        if factor == 1 {
            file.fill(*block, 1, part.view_mut(), context)?;
        } else {
            let full = file.read(*block, 1, context)?;
            part.assign(&reduced(full.view(), factor, wish.reduce));
        }
        extremes = extremes.with(Extremes::of(part.view()));
    }
    if extremes.infinite > 0 {
        context.warn(format!(
            "{}: {} values are infinite in single precision and drawn as blank",
            file.path().display(),
            extremes.infinite
        ));
    }
    if extremes.blank == values.len() {
        context.warn(format!("{}: every voxel is blank, there is nothing to see", file.path().display()));
    }
    let voxel = sides(wish, region, shape);
    let mut lattice = Lattice::new([shape[2], shape[1], shape[0]], voxel, extremes.range())?;
    lattice.signs = wish.signs;
    lattice.set_storage(values.view(), &extremes);
    Ok((values, lattice, extremes.blank))
}

/// Memory for a cube; refused with a sentence where there is none.
fn zeros(shape: [usize; 3]) -> anyhow::Result<Array3<f32>> {
    let count = shape.iter().product();
    let mut values: Vec<f32> = Vec::new();
    values.try_reserve_exact(count).map_err(|_| {
        anyhow::anyhow!(
            "there is no memory for {}; close other programs, or load a part of the cube",
            size_words(count as f64 * 4.0)
        )
    })?;
    drop(values);
    // Asked for as zeros, pages are only taken when they are written to.
    Ok(Array3::zeros(shape))
}

/// The region in pieces of about `BLOCK` voxels that begin at multiples of the factor and lie together in the file.
fn blocks(file: &CubeFile, region: Region, factor: usize) -> Vec<Region> {
    let grain = file.grain();
    let mut pieces = vec![region];
    for axis in file.slowest_first() {
        let unit = factor * grain[axis].div_ceil(factor);
        let mut cut = Vec::new();
        for piece in pieces {
            let voxels: usize = piece.size.iter().product();
            let plane = voxels / piece.size[axis];
            let length = (BLOCK / plane / unit).max(1) * unit;
            let mut at = 0;
            while at < piece.size[axis] {
                let mut part = piece;
                part.start[axis] += at;
                part.size[axis] = length.min(piece.size[axis] - at);
                at += part.size[axis];
                cut.push(part);
            }
        }
        pieces = cut;
    }
    pieces
}

/// Lattice, slabs, end.
fn hand_on(
    values: &Arc<Array3<f32>>,
    lattice: &Lattice,
    context: &Context,
    feed: &mut dyn FnMut(Feed) -> Result<(), VolumeError>,
) -> anyhow::Result<()> {
    feed(Feed::Begin(lattice.clone()))?;
    let (depth, height, width) = values.dim();
    let slab = (SLAB_BYTES / (height * width * 4).max(1)).clamp(1, depth);
    for first in (0..depth).step_by(slab) {
        context.check()?;
        context.report("handing the cube to the adapter", Some(first as f32 / depth as f32));
        let planes = first..(first + slab).min(depth);
        feed(Feed::Slab { planes, values: Arc::clone(values) })?;
    }
    feed(Feed::Done)?;
    Ok(())
}
