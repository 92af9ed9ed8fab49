//! A cube in a file that may be larger than memory: what it holds is known at once, any part of it is read when asked for.
//! Where the format allows, no more is read than that: plain FITS, NPY and HDF5 are read in place, chunked HDF5 by its
//! chunks; only what is packed as a whole (gzip, tiles, NPZ) is unpacked into memory.

use super::cube_axes::{CubeAxes, check_kind, first_cube};
use super::fits::FitsFile;
use super::flat::Flat;
use super::header::keep_axes;
use super::opened::{Format, Opened, open};
use super::{Error, Result, hdf5, npy};
use crate::data::Header;
use crate::job::Context;
use ndarray::{Array3, ArrayD, ArrayView3, ArrayViewD, ArrayViewMut3, Axis, IxDyn, Slice};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// A box of voxels, along z, y, x.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    pub start: [usize; 3],
    pub size: [usize; 3],
}

impl Region {
    pub fn whole(shape: [usize; 3]) -> Self {
        Self { start: [0; 3], size: shape }
    }

    /// Whether it holds voxels, all of them inside a cube of this shape.
    pub fn lies_within(&self, shape: [usize; 3]) -> bool {
        (0..3).all(|axis| {
            let end = self.start[axis].checked_add(self.size[axis]);
            self.size[axis] > 0 && end.is_some_and(|end| end <= shape[axis])
        })
    }

    /// The voxels that are read when one of each `step`³ is wanted: start along z, y, x and count. Each is as near to the middle
    /// of its block as an even spacing allows.
    fn picks(&self, step: usize) -> ([usize; 3], [usize; 3]) {
        let count = self.size.map(|size| size.div_ceil(step));
        let first = std::array::from_fn(|axis| {
            let last = self.size[axis].saturating_sub(1) - (count[axis].saturating_sub(1)) * step;
            self.start[axis] + (step / 2).min(last)
        });
        (first, count)
    }
}

/// An open file of which one array is a cube, seen as (spectral axis, y, x) where the header tells the axes apart, else in the
/// file's own order.
pub struct CubeFile {
    opened: Opened,
    part: usize,
    axes: CubeAxes,
    /// Index along every axis of the file where the cube's first voxel lies.
    origin: Vec<usize>,
    header: Header,
    warnings: Vec<String>,
    reader: Reader,
    stamp: (u64, Option<SystemTime>),
}

enum Reader {
    /// Numbers in place, and the count of numbers between neighbours along each axis of the file.
    Flat(Flat, Vec<usize>),
    /// A dataset read through the HDF5 library, with the lengths of its chunks.
    Hdf5(Vec<usize>),
    /// Unpacked as a whole when first read.
    Packed(Mutex<Option<Arc<ArrayD<f32>>>>),
}

/// Numbers that one task reads at once: small enough for a core's cache, large enough for the disk.
const TASK: usize = 1 << 17;

impl CubeFile {
    /// Opens a part (HDU, array, dataset) of a file, else the first that holds a cube. Of axes beyond three, those of one pixel are
    /// dropped; of the rest the plane `plane` is seen (counted from 0 over them all, the last of them fastest), the first where
    /// `None`, which is said in `warnings`.
    ///
    /// # Errors
    /// No such file or part; nothing with three axes; a file that is cut off; a header that claims more than the file holds.
    pub fn open(path: &Path, part: Option<usize>, plane: Option<usize>) -> Result<Self> {
        let stamp = stamp(path).map_err(|source| Error::system(path, "open the file", source))?;
        let opened = open(path)?;
        let part = match part {
            Some(part) => part,
            None => first_cube(&opened)?,
        };
        let about = opened.part(part)?;
        check_kind(&opened, about)?;
        let axes = CubeAxes::of(&about.header, &about.shape, plane.unwrap_or(0));
        let planes = axes.planes();
        if axes.plane >= planes {
            let (plane, shape) = (axes.plane, &axes.shape);
            let what = format!("there is no plane {plane}, the array of shape {shape:?} has {planes}");
            let advice = format!("choose one from 0 to {}", planes - 1);
            return Err(Error::absent(path, opened.place(part), what, advice));
        }
        let mut warnings: Vec<String> =
            opened.warnings.iter().map(|warning| format!("{}: {warning}", path.display())).collect();
        if planes > 1 && plane.is_none() {
            warnings.push(format!(
                "{}: of the {} axes, plane 0 of {planes} along {} is shown; choose another plane to see the rest",
                path.display(),
                axes.shape.len(),
                axes.surplus_words(&about.header)
            ));
        }
        let header = keep_axes(&about.header, &axes.fits_axes());
        let origin = axes.origin(axes.plane);
        let reader = reader(&opened, part)?;
        Ok(Self { opened, part, axes, origin, header, warnings, reader, stamp })
    }

    pub fn path(&self) -> &Path {
        &self.opened.path
    }

    /// The number of the part, from 0: the HDU of a FITS file.
    pub fn part(&self) -> usize {
        self.part
    }

    /// "HDU 1", "member x", "dataset a/b", or nothing.
    pub fn place(&self) -> String {
        self.opened.place(self.part)
    }

    /// Voxels along z, y, x.
    pub fn shape(&self) -> [usize; 3] {
        self.axes.zyx.map(|axis| self.axes.shape[axis])
    }

    /// The cards, of the axes x, y, z in this order.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The unit of the values as the file says, or nothing.
    pub fn unit(&self) -> &str {
        self.opened.parts.get(self.part).map_or("", |part| part.unit.as_str())
    }

    /// Over how many planes the axes beyond three go on; 1 for a plain cube.
    pub fn planes(&self) -> usize {
        self.axes.planes()
    }

    /// The one that is seen, from 0.
    pub fn plane(&self) -> usize {
        self.axes.plane
    }

    /// Where a plane lies along the axes beyond three: "Stokes Q".
    pub fn plane_words(&self, plane: usize) -> String {
        let header = self.opened.parts.get(self.part).map(|part| &part.header);
        header.map_or_else(String::new, |header| self.axes.plane_words(header, plane))
    }

    /// What was odd about the file, and what was chosen of it.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The axes 0 (z) to 2 (x), the one that is slowest in the file first.
    pub fn slowest_first(&self) -> [usize; 3] {
        let mut order = [0, 1, 2];
        match &self.reader {
            Reader::Flat(_, strides) => {
                order.sort_by_key(|&axis| std::cmp::Reverse(strides[self.axes.zyx[axis]]));
            }
            // Chunks are best read whole: first along the axis that has most of them.
            Reader::Hdf5(chunks) => order.sort_by_key(|&axis| {
                let (length, chunk) = (self.axes.shape[self.axes.zyx[axis]], chunks[self.axes.zyx[axis]]);
                std::cmp::Reverse(length.div_ceil(chunk.max(1)))
            }),
            Reader::Packed(_) => {}
        }
        order
    }

    /// Voxels along z, y, x that are stored together.
    pub fn grain(&self) -> [usize; 3] {
        match &self.reader {
            Reader::Hdf5(chunks) => self.axes.zyx.map(|axis| chunks[axis].clamp(1, self.axes.shape[axis])),
            Reader::Flat(..) | Reader::Packed(_) => [1; 3],
        }
    }

    /// Whether reading every nth voxel costs less than reading all.
    pub fn skips_cheaply(&self) -> bool {
        !matches!(self.reader, Reader::Hdf5(_))
    }

    /// Physical values of a region, (z, y, x), blanks as NaN: one of each `step`³, all where `step` is 1.
    ///
    /// # Errors
    /// A region that does not lie in the cube; a file that has changed since it was opened or cannot be read; cancelled.
    pub fn read(&self, region: Region, step: usize, context: &Context) -> Result<Array3<f32>> {
        let (_, count) = region.picks(step.max(1));
        let mut values =
            if region.lies_within(self.shape()) { Array3::zeros(count) } else { Array3::zeros([0; 3]) };
        self.fill(region, step, values.view_mut(), context)?;
        Ok(values)
    }

    /// As `read`, into an array of the right shape.
    pub fn fill(
        &self,
        region: Region,
        step: usize,
        mut into: ArrayViewMut3<'_, f32>,
        context: &Context,
    ) -> Result<()> {
        let step = step.max(1);
        let (first, count) = region.picks(step);
        let (path, shape) = (self.path(), self.shape());
        if !region.lies_within(shape) || into.dim() != (count[0], count[1], count[2]) {
            let what = format!("the region {:?} + {:?} does not lie in {shape:?}", region.start, region.size);
            return Err(Error::absent(path, self.place(), what, "choose one inside the cube"));
        }
        context.check()?;
        match &self.reader {
            Reader::Flat(flat, strides) => {
                let order = self.slowest_first();
                let run = Runs {
                    flat,
                    base: self.origin.iter().zip(strides).map(|(at, stride)| (at * stride) as u64).sum(),
                    first: order.map(|axis| first[axis]),
                    count: order.map(|axis| count[axis]),
                    stride: order.map(|axis| strides[self.axes.zyx[axis]]),
                    step,
                };
                match into.as_slice_mut() {
                    Some(into) if order == [0, 1, 2] => run.read(into, context)?,
                    _ => {
                        let mut values = vec![0.0; run.count.iter().product()];
                        run.read(&mut values, context)?;
                        let values = ArrayView3::from_shape(run.count, &values)
                            .map_err(|error| self.broken(&error.to_string()))?;
                        // `order[i]` says which axis of the cube the i-th of these is; wanted is the reverse.
                        let back: [usize; 3] = std::array::from_fn(|axis| {
                            order.iter().position(|&at| at == axis).unwrap_or(axis)
                        });
                        into.assign(&values.permuted_axes(back));
                    }
                }
            }
            Reader::Hdf5(_) => {
                let (mut start, mut size) = (self.origin.clone(), vec![1; self.origin.len()]);
                for (axis, &at) in self.axes.zyx.iter().enumerate() {
                    (start[at], size[at]) = (first[axis], (count[axis] - 1) * step + 1);
                }
                let name = self.opened.part(self.part)?.name.as_str();
                let values = hdf5::read_box(path, name, &start, &size)?;
                let values = ArrayViewD::from_shape(IxDyn(&size), &values)
                    .map_err(|error| self.broken(&error.to_string()))?;
                self.assign(values, &vec![0; start.len()], [0; 3], step, into)?;
            }
            Reader::Packed(_) => {
                let whole = self.unpacked(context)?;
                self.assign(whole.view(), &self.origin, first, step, into)?;
            }
        }
        self.check_unchanged()
    }

    /// The values of all planes at one place of the sky, as stored in the file, at full resolution.
    pub fn spectrum(&self, x: usize, y: usize) -> Result<Vec<f32>> {
        let region = Region { start: [0, y, x], size: [self.shape()[0], 1, 1] };
        Ok(self.read(region, 1, &Context::unwatched())?.into_iter().collect())
    }

    /// Lets go of what was unpacked into memory; it is unpacked again when next asked for.
    pub fn release(&self) {
        if let Reader::Packed(whole) = &self.reader {
            *whole.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    fn unpacked(&self, context: &Context) -> Result<Arc<ArrayD<f32>>> {
        let Reader::Packed(kept) = &self.reader else { return Err(self.broken("it is not packed")) };
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(whole) = &*kept {
            return Ok(Arc::clone(whole));
        }
        let whole = Arc::new(self.opened.singles(self.part, context)?);
        if whole.shape() != self.axes.shape {
            return Err(self.broken(&format!("it holds shape {:?}", whole.shape())));
        }
        *kept = Some(Arc::clone(&whole));
        Ok(whole)
    }

    /// Every `step`-th value from `first` (along z, y, x) of an array with the file's axes.
    fn assign(
        &self,
        values: ArrayViewD<'_, f32>,
        origin: &[usize],
        first: [usize; 3],
        step: usize,
        mut into: ArrayViewMut3<'_, f32>,
    ) -> Result<()> {
        let mut values = values;
        let (depth, height, width) = into.dim();
        for (axis, count) in [depth, height, width].into_iter().enumerate() {
            let slice = Slice::new(
                first[axis] as isize,
                Some((first[axis] + (count - 1) * step + 1) as isize),
                step as isize,
            );
            values.slice_axis_inplace(Axis(self.axes.zyx[axis]), slice);
        }
        for axis in (0..values.ndim()).filter(|axis| !self.axes.zyx.contains(axis)) {
            values.slice_axis_inplace(Axis(axis), Slice::from(origin[axis]..=origin[axis]));
        }
        let mut order: Vec<usize> = self.axes.zyx.to_vec();
        order.extend((0..values.ndim()).filter(|axis| !self.axes.zyx.contains(axis)));
        let mut values = values.permuted_axes(order);
        while values.ndim() > 3 {
            values = values.index_axis_move(Axis(3), 0);
        }
        let values =
            values.into_dimensionality::<ndarray::Ix3>().map_err(|error| self.broken(&error.to_string()))?;
        into.assign(&values);
        Ok(())
    }

    fn broken(&self, what: &str) -> Error {
        Error::damaged(
            self.path(),
            self.place(),
            format!("cannot be read as a cube: {what}"),
            "fetch the file again",
        )
    }

    /// # Errors
    /// The file has another length or was written to since it was opened. A file that was removed meanwhile is still read.
    fn check_unchanged(&self) -> Result<()> {
        if stamp(self.path()).is_ok_and(|now| now != self.stamp) {
            let what = "the file has changed since it was opened";
            return Err(Error::damaged(self.path(), self.place(), what, "open it again once it is complete"));
        }
        Ok(())
    }
}

/// A box of a flat array, its axes from the slowest in the file to the fastest.
struct Runs<'a> {
    flat: &'a Flat,
    base: u64,
    first: [usize; 3],
    count: [usize; 3],
    stride: [usize; 3],
    step: usize,
}

impl Runs<'_> {
    fn read(&self, into: &mut [f32], context: &Context) -> Result<()> {
        let Self { count, stride, step, .. } = *self;
        let row = count[2];
        let pitch = stride[2] * step;
        let start = |number: usize| {
            let at = [number / count[1], number % count[1], 0];
            let offset: u64 =
                (0..3).map(|axis| (self.first[axis] + at[axis] * step) as u64 * stride[axis] as u64).sum();
            self.base + offset
        };
        let rows_each = (TASK / row).max(1);
        into.par_chunks_mut(rows_each * row).enumerate().try_for_each_init(
            Vec::new,
            |buffer, (task, into)| {
                context.check()?;
                let rows = into.len() / row;
                let mut done = 0;
                while done < rows {
                    let first = start(task * rows_each + done);
                    // Rows that follow each other without a gap are read at once.
                    let mut together = 1;
                    while pitch == 1
                        && done + together < rows
                        && start(task * rows_each + done + together) == first + (together * row) as u64
                    {
                        together += 1;
                    }
                    let part = &mut into[done * row..(done + together) * row];
                    self.flat.read(first, pitch, part, buffer)?;
                    done += together;
                }
                Ok(())
            },
        )
    }
}

fn stamp(path: &Path) -> std::io::Result<(u64, Option<SystemTime>)> {
    let about = std::fs::metadata(path)?;
    Ok((about.len(), about.modified().ok()))
}

fn reader(opened: &Opened, part: usize) -> Result<Reader> {
    let about = opened.part(part)?;
    let c_order = |shape: &[usize]| -> Vec<usize> {
        (0..shape.len()).map(|axis| shape[axis + 1..].iter().product()).collect()
    };
    let packed = || Reader::Packed(Mutex::new(None));
    Ok(match opened.format {
        Format::Fits => match opened.fits().map(|file: &FitsFile| file.flat(part)).transpose()?.flatten() {
            Some(flat) => Reader::Flat(flat, c_order(&about.shape)),
            None => packed(),
        },
        Format::Npy => match npy::flat(&opened.path)? {
            Some((flat, false)) => Reader::Flat(flat, c_order(&about.shape)),
            Some((flat, true)) => {
                let strides = (0..about.shape.len()).map(|axis| about.shape[..axis].iter().product());
                Reader::Flat(flat, strides.collect())
            }
            None => packed(),
        },
        Format::Hdf5 => match hdf5::layout(&opened.path, &about.name)? {
            hdf5::Layout::Flat(flat) => Reader::Flat(flat, c_order(&about.shape)),
            hdf5::Layout::Chunks(chunks) => Reader::Hdf5(chunks),
        },
        Format::Npz | Format::Png | Format::Text => packed(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Values;
    use crate::io::{hdf5, npy};
    use ndarray::{ArrayD, s};

    fn numbers(shape: &[usize]) -> ArrayD<f32> {
        let mut number = 0.0;
        ArrayD::from_shape_simple_fn(IxDyn(shape), || {
            number += 1.0;
            number
        })
    }

    /// What reading in place gives must be what the slice of the whole array is, whatever the format and the axes.
    fn check(file: &CubeFile, expected: ArrayView3<'_, f32>) {
        let region = Region { start: [1, 0, 2], size: [3, 4, 3] };
        let part = expected.slice(s![1..4, 0..4, 2..5]);
        let context = Context::unwatched();
        assert_eq!(file.read(region, 1, &context).expect("read"), part);
        assert_eq!(file.read(Region::whole(file.shape()), 1, &context).expect("read"), expected);
        // Of 3 and 3 the first and the third at a step of 2, of 4 the second and the fourth.
        let every = part.slice(s![..;2, 1..;2, ..;2]);
        assert_eq!(file.read(region, 2, &context).expect("read"), every);
        assert_eq!(file.spectrum(3, 2).expect("read"), expected.slice(s![.., 2, 3]).to_vec());
        assert!(file.read(Region { start: [0, 0, 3], size: [1, 1, 5] }, 1, &context).is_err());
    }

    #[test]
    fn parts_of_every_format_are_those_of_the_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let cube = numbers(&[5, 4, 6]);
        let view = cube.view().into_dimensionality::<ndarray::Ix3>().expect("three axes");
        let doubles = cube.mapv(|value| value as i16);
        npy::write(&path("a.npy"), &Values::I16(doubles.clone())).expect("written");
        check(&CubeFile::open(&path("a.npy"), None, None).expect("open"), view);
        hdf5::write_image(&path("a.h5"), &Values::F32(cube.clone()), "K", &Header::default())
            .expect("written");
        check(&CubeFile::open(&path("a.h5"), None, None).expect("open"), view);
        crate::io::fits::write_values(&path("a.fits"), &Values::I16(doubles), "K", &Header::default())
            .expect("written");
        let file = CubeFile::open(&path("a.fits"), None, None).expect("open");
        check(&file, view);
        assert_eq!((file.unit(), file.planes()), ("K", 1));
    }

    #[test]
    fn the_spectral_axis_comes_first_and_other_axes_are_planes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.fits");
        let stored = numbers(&[4, 2, 5, 6]);
        let mut header = Header::default();
        // FITS axes 1 to 4 are NumPy axes 3 to 0.
        for (axis, kind) in ["VRAD", "RA---TAN", "STOKES", "DEC--TAN"].iter().enumerate() {
            header.set_text(&format!("CTYPE{}", axis + 1), *kind, "");
            header.set_float(&format!("CRPIX{}", axis + 1), axis as f64, "");
        }
        crate::io::fits::write_values(&path, &Values::F32(stored.clone()), "K", &header).expect("written");
        let file = CubeFile::open(&path, None, Some(1)).expect("open");
        assert_eq!((file.shape(), file.planes(), file.warnings().len()), ([6, 4, 5], 2, 0));
        let expected =
            stored.slice(s![.., 1, .., ..]).permuted_axes([2, 0, 1]).as_standard_layout().into_owned();
        let context = Context::unwatched();
        assert_eq!(file.read(Region::whole(file.shape()), 1, &context).expect("read"), expected);
        let pixels = ["CRPIX1", "CRPIX2", "CRPIX3"].map(|key| file.header().float(key));
        assert_eq!(pixels, [Some(1.0), Some(3.0), Some(0.0)]);
        let first = CubeFile::open(&path, None, None).expect("open");
        assert!(first.warnings()[0].contains("plane 0 of 2 along STOKES"), "{:?}", first.warnings());
        assert!(CubeFile::open(&path, None, Some(2)).is_err());
    }
}
