//! What tells sizes: scale bar and beam.

use super::labels::Labels;
use super::{Brush, Cube};
use crate::app::text;
use crate::app::volume::triad;
use crate::figure::{PixelSize, scale_bar};
use crate::volume::Lens;
use egui::{Align2, Pos2, Rect, Shape, Stroke, Vec2, pos2, vec2};
use std::f32::consts::TAU;

/// Longest scale bar in points.
const LONGEST: f32 = 160.0;
/// A beam larger than this would hide the cube: its size is only written.
const LARGEST_BEAM: f32 = 80.0;

pub fn paint(brush: &Brush<'_>, rect: Rect, cube: &Cube, labels: &mut Labels) {
    let shown = cube.look.overlay;
    let lens = Lens::new(&cube.look.scene.view, rect.width(), rect.height());
    let target = cube.look.scene.view.target;
    let foot = rect.left_bottom() + vec2(24.0, -24.0);
    let mut x = foot.x;
    if shown.scale_bar
        && let Some((length, words)) = bar(cube, &lens, target)
    {
        let (from, to) = (pos2(x, foot.y), pos2(x + length, foot.y));
        for (width, ink) in [(4.0, brush.halo), (2.0, brush.tokens.text)] {
            brush.painter.line_segment([from, to], Stroke::new(width, ink));
        }
        let written = brush.text(from - vec2(0.0, 6.0), Align2::LEFT_BOTTOM, &words, brush.tokens.text);
        labels.reserve(written.union(Rect::from_two_pos(from, to)).expand(4.0));
        x = to.x.max(written.right()) + 28.0;
    }
    if shown.beam
        && let Some(taken) = beam(brush, cube, &lens, target, pos2(x, foot.y))
    {
        labels.reserve(taken.expand(4.0));
    }
    if let Some(taken) = triad::taken(rect, cube) {
        labels.reserve(taken);
    }
}

/// Length of the bar in points and its words; it holds for lengths on the sky, or in the unit of x, at the target.
fn bar(cube: &Cube, lens: &Lens, target: [f32; 3]) -> Option<(f32, String)> {
    let per_unit = f64::from(lens.pixels_per_unit(target)?);
    let per_voxel = per_unit * voxel_length(cube);
    let degrees = cube.geometry.pixel_deg();
    let mut words = String::new();
    let length = match (degrees, cube.look.distance_pc) {
        (Some(degrees), Some(distance)) => {
            let parsec = PixelSize::Parsec(degrees.to_radians() * distance / per_voxel);
            let (length, label) = scale_bar(parsec, f64::from(LONGEST))?;
            words += &format!("{label} · {}", text::angle(length / per_voxel * degrees));
            length
        }
        (Some(degrees), None) => {
            let (length, label) = scale_bar(PixelSize::Degrees(degrees / per_voxel), f64::from(LONGEST))?;
            words += &label;
            length
        }
        (None, _) => {
            let axis = &cube.geometry.axes()[0];
            let unit = if axis.unit.is_empty() { "voxels" } else { axis.unit.as_str() };
            let size = if axis.unit.is_empty() { 1.0 } else { cube.geometry.step(0) };
            let length = round_below(size / per_voxel * f64::from(LONGEST))?;
            words += &format!("{} {unit}", text::number(length));
            length / size * per_voxel
        }
    };
    if !cube.look.scene.view.orthographic {
        words += " at the centre";
    }
    Some((length as f32, words))
}

/// Length in the world of a voxel of the file along x and y (their mean, where they differ).
fn voxel_length(cube: &Cube) -> f64 {
    let part = cube.part();
    let along =
        |axis: usize| f64::from(cube.lattice.sides[axis]) / (cube.lattice.shape[axis] * part.factor) as f64;
    if cube.geometry.pixel_deg().is_some() { (along(0) * along(1)).sqrt() } else { along(0) }
}

/// 1, 2 or 5 times a power of ten, as large as it goes.
fn round_below(most: f64) -> Option<f64> {
    if !(most.is_finite() && most > 0.0) {
        return None;
    }
    let power = 10_f64.powf(most.log10().floor());
    [5.0, 2.0, 1.0].map(|part| part * power).into_iter().find(|length| *length <= most)
}

/// The beam as it would lie on the sky's face at the target, turned with the cube.
fn beam(brush: &Brush<'_>, cube: &Cube, lens: &Lens, target: [f32; 3], at: Pos2) -> Option<Rect> {
    let beam = cube.geometry.beam()?;
    let (north, east) = cube.geometry.compass()?;
    let per_degree = voxel_length(cube) / cube.geometry.pixel_deg()?;
    let angle = beam.angle_deg.to_radians();
    let signs = cube.lattice.signs;
    let point = |turn: f32| {
        let (along, across) = (
            0.5 * beam.major_deg * per_degree * f64::from(turn.cos()),
            0.5 * beam.minor_deg * per_degree * f64::from(turn.sin()),
        );
        // The position angle runs from north to east.
        let to_north = along * angle.cos() - across * angle.sin();
        let to_east = along * angle.sin() + across * angle.cos();
        let off = |axis: usize| ((to_north * north[axis] + to_east * east[axis]) as f32) * signs[axis];
        [target[0] + off(0), target[1] + off(1), target[2]]
    };
    let (centre, _) = lens.project(target)?;
    let ring: Option<Vec<Vec2>> = (0..48)
        .map(|step| {
            let (at, _) = lens.project(point(step as f32 / 48.0 * TAU))?;
            Some(vec2(at[0] - centre[0], at[1] - centre[1]))
        })
        .collect();
    let ring = ring?;
    let half = ring.iter().fold(Vec2::ZERO, |most, off| most.max(off.abs()));
    let size = if (beam.major_deg / beam.minor_deg - 1.0).abs() < 0.01 {
        text::angle(beam.major_deg)
    } else {
        format!("{} × {}", text::angle(beam.major_deg), text::angle(beam.minor_deg))
    };
    let first = if cube.geometry.has_beam_per_plane() { " (first plane)" } else { "" };
    let words = format!("beam {size}{first}");
    let is_drawn = half.max_elem() <= LARGEST_BEAM;
    let mut text_x = at.x;
    if is_drawn {
        // Upright in the line of the bar, but never below the picture.
        let middle = pos2(at.x + half.x, at.y - half.y.max(4.0));
        let ring: Vec<Pos2> = ring.into_iter().map(|off| middle + off).collect();
        let outer = Stroke::new(3.5, brush.halo);
        brush.painter.add(Shape::closed_line(ring.clone(), outer));
        brush.painter.add(Shape::closed_line(ring, Stroke::new(1.5, brush.tokens.text)));
        text_x += 2.0 * half.x + 8.0;
    }
    let height = if is_drawn { half.y.clamp(4.0, 10.0) } else { 4.0 };
    let written = brush.text(pos2(text_x, at.y - height), Align2::LEFT_CENTER, &words, brush.tokens.dim);
    let low = if is_drawn { 2.0 * half.y } else { 0.0 };
    Some(written.union(Rect::from_min_max(pos2(at.x, at.y - low), at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_round() {
        assert_eq!(round_below(0.7), Some(0.5));
        assert_eq!(round_below(230.0), Some(200.0));
        assert_eq!(round_below(0.0), None);
        assert_eq!(round_below(f64::NAN), None);
    }
}
