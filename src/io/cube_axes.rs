//! What of a file is a cube: which part, which of its axes are z, y, x, and what becomes of the axes beyond three. Nothing is read here.

use super::opened::{Opened, Part, PartKind};
use super::{Error, Result, wcs};
use crate::data::Header;

/// Which axes of an array are those of a cube, and the plane of the rest.
pub struct CubeAxes {
    /// Lengths in the file, NumPy order.
    pub shape: Vec<usize>,
    /// Which of them are z, y, x: spectral axis, latitude, longitude where the header has all of them; else the fastest three after
    /// those of one pixel are dropped.
    pub zyx: [usize; 3],
    /// Of the planes that the other axes go over, counted from 0, the last axis fastest.
    pub plane: usize,
}

impl CubeAxes {
    /// Of an array with three axes or more.
    pub fn of(header: &Header, shape: &[usize], plane: usize) -> Self {
        Self { shape: shape.to_vec(), zyx: cube_axes(header, shape), plane }
    }

    fn surplus(&self) -> impl DoubleEndedIterator<Item = usize> {
        (0..self.shape.len()).filter(|axis| !self.zyx.contains(axis))
    }

    pub fn planes(&self) -> usize {
        self.surplus().map(|axis| self.shape[axis]).product()
    }

    /// Index along every axis of the file where the first voxel of a plane lies.
    pub fn origin(&self, plane: usize) -> Vec<usize> {
        let mut origin = vec![0; self.shape.len()];
        let mut left = plane;
        for axis in self.surplus().rev() {
            origin[axis] = left % self.shape[axis];
            left /= self.shape[axis];
        }
        origin
    }

    /// The axes x, y, z as FITS numbers them.
    pub fn fits_axes(&self) -> Vec<usize> {
        self.zyx.iter().rev().map(|axis| self.shape.len() - axis).collect()
    }

    /// "STOKES and axis 5": the axes over which there is more than one plane.
    pub fn surplus_words(&self, header: &Header) -> String {
        let long = self.surplus().filter(|&axis| self.shape[axis] > 1);
        long.map(|axis| axis_name(header, self.shape.len() - axis)).collect::<Vec<_>>().join(" and ")
    }

    /// "Stokes Q", "axis 4: 2 of 3": where a plane lies along the other axes.
    pub fn plane_words(&self, header: &Header, plane: usize) -> String {
        let origin = self.origin(plane);
        let words = self.surplus().filter(|&axis| self.shape[axis] > 1).map(|axis| {
            let (number, index) = (self.shape.len() - axis, origin[axis]);
            let name = axis_name(header, number);
            let stokes = name.trim().eq_ignore_ascii_case("STOKES").then(|| stokes(header, number, index));
            stokes.flatten().unwrap_or_else(|| format!("{name}: {} of {}", index + 1, self.shape[axis]))
        });
        words.collect::<Vec<_>>().join(" · ")
    }
}

/// The polarisation of a pixel of an axis STOKES (Greisen & Calabretta 2002, table 7).
fn stokes(header: &Header, axis: usize, index: usize) -> Option<String> {
    const FROM_MINUS_8: [&str; 13] = ["YX", "XY", "YY", "XX", "LR", "RL", "LL", "RR", "", "I", "Q", "U", "V"];
    let card = |stem: &str, usual: f64| header.float(&format!("{stem}{axis}")).unwrap_or(usual);
    let code = card("CRVAL", 0.0) + (index as f64 + 1.0 - card("CRPIX", 0.0)) * card("CDELT", 1.0);
    let place = (code + 8.0).round();
    let name = FROM_MINUS_8.get(place as usize).filter(|name| place >= 0.0 && !name.is_empty())?;
    Some(format!("Stokes {name}"))
}

/// The first part with three axes longer than one pixel, else the first with three axes at all.
pub fn first_cube(opened: &Opened) -> Result<usize> {
    let array = |part: &&Part| {
        matches!(part.kind, PartKind::Image | PartKind::Cube | PartKind::Array) && part.shape.len() >= 3
    };
    let long = |part: &&Part| part.shape.iter().filter(|&&length| length > 1).count() >= 3;
    let parts = &opened.parts;
    let found = parts.iter().filter(array).find(long).or_else(|| parts.iter().find(array));
    if let Some(found) = found {
        return Ok(found.index);
    }
    // What the file does hold says best what to do.
    let richest = parts
        .iter()
        .filter(|part| matches!(part.kind, PartKind::Image | PartKind::Array))
        .max_by_key(|part| part.shape.len());
    match richest {
        Some(part) => check_kind(opened, part).map(|()| part.index),
        None => {
            let advice = "`aquila info` lists what it holds";
            Err(Error::absent(&opened.path, "", "no part of this file holds a cube", advice))
        }
    }
}

/// Whether a part can be a cube; the error says what it is instead.
pub fn check_kind(opened: &Opened, part: &Part) -> Result<()> {
    let (path, place) = (&opened.path, opened.place(part.index));
    let list = "`aquila info` lists what the file holds";
    let (what, advice) = match (part.kind, part.shape.as_slice()) {
        (PartKind::Table, _) => ("this is a table, a cube needs an array of three axes".to_owned(), list),
        (PartKind::Empty, []) => {
            ("a header without data, a cube needs an array of three axes".to_owned(), list)
        }
        (PartKind::Groups | PartKind::Unread, _) => {
            ("this is not read as a cube".to_owned(), "convert it to an image of three axes first")
        }
        (_, shape) if shape.contains(&0) => {
            (format!("an array of shape {shape:?} holds no values"), "choose a part with values")
        }
        (_, []) => ("a single number, a cube has three axes".to_owned(), list),
        (_, [_]) => ("one axis: a row of numbers, a cube has three axes".to_owned(), list),
        (_, shape @ [_, _]) => (
            format!("two axes of shape {shape:?}: a map, a cube has three"),
            "open it in the workspace Clouds",
        ),
        _ => return Ok(()),
    };
    Err(Error::absent(path, place, what, advice))
}

/// Which axes (NumPy order) are z, y, x: spectral axis, latitude, longitude where the header has all of them; else the fastest
/// three after those of one pixel are dropped.
fn cube_axes(header: &Header, shape: &[usize]) -> [usize; 3] {
    let count = shape.len();
    let all: Vec<usize> = (1..=count).collect();
    if let Some([longitude, latitude, spectral]) = wcs::sky_axes(header, &all) {
        return [count - spectral, count - latitude, count - longitude];
    }
    let mut kept: Vec<usize> = (0..count).collect();
    while let Some(at) = kept.iter().position(|&axis| shape[axis] == 1).filter(|_| kept.len() > 3) {
        kept.remove(at);
    }
    let kept = &kept[kept.len() - 3..];
    [kept[0], kept[1], kept[2]]
}

/// CTYPE of a FITS axis, or its number.
fn axis_name(header: &Header, axis: usize) -> String {
    match header.text(&format!("CTYPE{axis}")) {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => format!("axis {axis}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_are_named_by_their_polarisation_and_their_place() {
        let mut header = Header::default();
        for (axis, kind) in ["RA---TAN", "DEC--TAN", "VRAD", "STOKES", "EPOCH"].iter().enumerate() {
            header.set_text(&format!("CTYPE{}", axis + 1), *kind, "");
        }
        for (key, value) in [("CRPIX4", 1.0), ("CRVAL4", 1.0), ("CDELT4", 1.0)] {
            header.set_float(key, value, "");
        }
        // Epoch, Stokes, v, y, x.
        let axes = CubeAxes::of(&header, &[3, 4, 5, 6, 7], 0);
        assert_eq!((axes.zyx, axes.planes(), axes.fits_axes()), ([2, 3, 4], 12, vec![1, 2, 3]));
        assert_eq!(axes.origin(6), [1, 2, 0, 0, 0]);
        assert_eq!(axes.plane_words(&header, 6), "EPOCH: 2 of 3 · Stokes U");
        assert_eq!(axes.surplus_words(&header), "EPOCH and STOKES");
        header.set_float("CRVAL4", -5.0, "");
        header.set_float("CDELT4", -1.0, "");
        assert_eq!(axes.plane_words(&header, 1), "EPOCH: 1 of 3 · Stokes YY");
        header.set_float("CRVAL4", 1e30, "");
        assert_eq!(axes.plane_words(&header, 1), "EPOCH: 1 of 3 · STOKES: 2 of 4");
    }
}
