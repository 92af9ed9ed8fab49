//! What closes a surface where the clip box cuts it open: the side of the box, in the colour of the innermost surface there.

use super::{Hit, ROUNDING, Stops};
use crate::volume::march::{Marcher, Span};

/// A cut is flat: light from everywhere, a little darker than a surface that faces the camera.
const FLAT: f32 = 0.7;

/// The cut at an end of the ray, if a side of the clip box within the cube ends it inside of a surface. The borders of the cube are none:
/// nothing was cut off there.
pub(super) fn meet(marcher: &Marcher<'_>, stops: &Stops, span: &Span, distance: f32) -> Option<Hit> {
    let place = span.place(distance);
    let cuts = |(axis, &[low, high]): (usize, &[f32; 2])| {
        ((place[axis] - low).abs() < ROUNDING && low > 0.0)
            || ((place[axis] - high).abs() < ROUNDING && high < 1.0)
    };
    if !stops.closes_cuts || !marcher.scene.clip.iter().enumerate().any(cuts) {
        return None;
    }
    let value = marcher.grid.sample(place)?;
    let inside = stops.levels.iter().filter(|level| (value - level.stored) * level.side >= 0.0);
    let innermost = inside.max_by(|a, b| (a.stored * a.side).total_cmp(&(b.stored * b.side)))?;
    Some(Hit {
        distance,
        place,
        value: marcher.grid.lattice.physical(value),
        rgb: innermost.rgb.map(|part| FLAT * part),
        opacity: innermost.opacity,
    })
}
