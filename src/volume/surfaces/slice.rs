//! Planes through the cube, across an axis or free, with the colours of the values they cut.

use super::{Hit, ROUNDING};
use crate::volume::grid::Lattice;
use crate::volume::march::{Marcher, Span};
use crate::volume::scene::{Plane, Slice};

/// A mean is taken over so many samples at most: the whole of a cube of this length, each voxel once.
const MOST_SAMPLES: f32 = 4096.0;
/// A slice as rays meet it: its plane is where (place − point) · covector = 0, in places of the cube.
#[derive(Clone, Copy, Debug)]
pub(in crate::volume) struct Cut {
    pub point: [f32; 3],
    pub covector: [f32; 3],
    /// From place to place along the normal, for each longest side.
    pub across: [f32; 3],
    /// In longest sides.
    pub thickness: f32,
    /// Of the mean, one for each shortest voxel side: an odd whole thickness about the middle of a voxel gives the mean of whole voxels.
    pub samples: f32,
    pub opacity: f32,
}

impl Cut {
    /// `None` for an axis that is none, a normal without length, and what is not finite.
    pub fn of(slice: &Slice, lattice: &Lattice) -> Option<Self> {
        let (sides, signs) = (lattice.sides, lattice.signs);
        let (point, normal) = match slice.plane {
            Plane::Across { axis, place } => {
                let mut point = [0.5; 3];
                let mut normal = [0.0; 3];
                *point.get_mut(axis)? = place;
                normal[axis] = 1.0;
                (point, normal)
            }
            Plane::Free { point, normal } => (point, normal),
        };
        let length = normal.iter().map(|part| part * part).sum::<f32>().sqrt();
        let finite = point.iter().chain([&length, &slice.thickness]).all(|part| part.is_finite());
        (finite && length > 0.0 && slice.opacity > 0.0).then(|| Self {
            point,
            covector: std::array::from_fn(|axis| signs[axis] * normal[axis] / length * sides[axis]),
            across: std::array::from_fn(|axis| signs[axis] * normal[axis] / length / sides[axis]),
            thickness: slice.thickness.max(0.0) * lattice.finest(),
            samples: slice.thickness.ceil().clamp(1.0, MOST_SAMPLES),
            opacity: slice.opacity.clamp(0.0, 1.0),
        })
    }
}

/// Where the ray meets the slice, if there is a value, from `begin` on and nearer than `until`.
pub(super) fn meet(marcher: &Marcher<'_>, span: &Span, cut: &Cut, begin: f32, until: f32) -> Option<Hit> {
    let lattice = &marcher.grid.lattice;
    let dot = |a: [f32; 3], b: [f32; 3]| (0..3).map(|axis| a[axis] * b[axis]).sum::<f32>();
    let slope = dot(span.along, cut.covector);
    if slope.abs() < 1e-6 {
        return None;
    }
    let away: [f32; 3] = std::array::from_fn(|axis| cut.point[axis] - span.start[axis]);
    let distance = dot(away, cut.covector) / slope;
    if distance < begin || distance > span.leave - span.enter + ROUNDING || distance >= until {
        return None;
    }
    let place = span.place(distance);
    let (mut sum, mut count) = (0.0_f32, 0.0_f32);
    for sample in 0..cut.samples as u32 {
        let apart = ((sample as f32 + 0.5) / cut.samples - 0.5) * cut.thickness;
        let at: [f32; 3] = std::array::from_fn(|axis| place[axis] + apart * cut.across[axis]);
        // Beyond the cube nothing is known; the plane itself may lie on its border.
        if apart != 0.0 && at.iter().any(|part| !(0.0..=1.0).contains(part)) {
            continue;
        }
        if let Some(value) = marcher.grid.sample(at) {
            sum += value;
            count += 1.0;
        }
    }
    let mean = (count > 0.0).then(|| sum / count)?;
    let [r, g, b, _] = marcher.colour(mean);
    Some(Hit {
        distance: distance.max(0.0),
        place,
        value: lattice.physical(mean),
        rgb: [r, g, b],
        opacity: cut.opacity,
    })
}
