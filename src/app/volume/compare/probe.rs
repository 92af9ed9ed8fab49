//! What both cubes hold under the cursor: the voxel that one picture shows, and the same place of the other cube.

use super::super::cube::{Cube, Open};
use super::super::looking;
use super::super::overlay;
use super::{Arrangement, Compare};
use crate::app::state::AppState;
use crate::app::text;
use crate::cloud::CommonGrid;
use crate::job::Context;
use crate::volume::stage::CubeId;
use crate::volume::{self, Scene};
use egui::{Pos2, Rect, Stroke, Ui, vec2};
use std::sync::Arc;

/// Where the voxels of two cubes lie in each other.
pub(super) struct Link {
    /// Cubes and files it belongs to.
    of: [(CubeId, usize); 2],
    /// `None` where the grids do not fit.
    grid: Option<CommonGrid>,
}

impl Link {
    fn key(pair: [&Cube; 2]) -> [(CubeId, usize); 2] {
        pair.map(|cube| (cube.id, Arc::as_ptr(&cube.loaded.file) as usize))
    }

    fn of(pair: [&Cube; 2]) -> Self {
        let [first, second] = pair.map(|cube| cube.loaded.file.as_ref());
        Self { of: Self::key(pair), grid: CommonGrid::of(first, second, &Context::unwatched()).ok() }
    }
}

/// The voxel of the file that a picture shows at a place of it.
fn voxel_under(cube: &Cube, scene: &Scene, rect: Rect, pointer: Pos2) -> Option<[usize; 3]> {
    let at = pointer - rect.min;
    let size = [rect.width(), rect.height()];
    let found = volume::probe(cube.loaded.values.view(), &cube.lattice, scene, size, [at.x, at.y])?;
    let part = cube.part();
    Some(std::array::from_fn(|axis| {
        part.first[axis] + found.voxel[axis] * part.factor + (part.factor.saturating_sub(1)) / 2
    }))
}

/// The value of a voxel of the file, as loaded.
fn value_of(cube: &Cube, voxel: [usize; 3]) -> Option<f64> {
    let part = cube.part();
    let mut at = [0; 3];
    for axis in 0..3 {
        at[axis] = voxel[axis].checked_sub(part.first[axis])? / part.factor.max(1);
    }
    let value = *cube.loaded.values.get([at[2], at[1], at[0]])?;
    value.is_finite().then_some(f64::from(value))
}

impl Compare {
    /// Shows what both hold under the cursor. The rectangles are those of the picture of the cube in front and of the other.
    pub(super) fn hover(
        &mut self,
        ui: &Ui,
        open: &mut [Open],
        [index, partner]: [usize; 2],
        rects: [Rect; 2],
        state: &mut AppState,
    ) {
        let pressed = ui.input(|input| input.pointer.any_down());
        let Some(pointer) = ui.input(|input| input.pointer.hover_pos()).filter(|_| !pressed) else { return };
        let covered = ui.ctx().layer_id_at(pointer).is_some_and(|layer| layer != ui.layer_id());
        let (Some(first), Some(other)) = (open[index].cube(), open[partner].cube()) else { return };
        let Some(from) = (0..2).find(|&side| rects[side].contains(pointer)).filter(|_| !covered) else {
            return;
        };
        let is_beside = self.kept.arrangement == Arrangement::Beside;
        let to = if is_beside { 1 - from } else { from };
        let at = rects[to].min + (pointer - rects[from].min);
        if is_beside {
            cross_hair(ui, rects[to], at);
        }
        let cubes = [first, other];
        if self.link.as_ref().is_none_or(|link| link.of != Link::key(cubes)) {
            self.link = Some(Link::of(cubes));
        }
        let scenes = [first.look.drawn(), self.scene(first, other)];
        let voxel = voxel_under(cubes[from], &scenes[from], rects[from], pointer);
        let grid = self.link.as_ref().and_then(|link| link.grid.as_ref());
        let (Some(voxel), Some(grid)) = (voxel, grid) else { return };
        let there = if from == 0 { grid.in_second(voxel) } else { grid.in_first(voxel) };
        let voxels = if from == 0 { [Some(voxel), there] } else { [there, Some(voxel)] };
        let values = [0, 1].map(|side| voxels[side].and_then(|voxel| value_of(cubes[side], voxel)));
        let told = |side: usize| match values[side] {
            Some(value) => text::quantity(value, &text::unit(&cubes[side].loaded.unit)),
            None => "no value".to_owned(),
        };
        let tokens = overlay::tokens_on(first.look.scene.background);
        let mut lines = vec![];
        let is_one_unit = first.loaded.unit.trim() == other.loaded.unit.trim();
        if let [Some(a), Some(b)] = values {
            if is_one_unit {
                lines.push(format!("a − b  {}", text::quantity(a - b, &text::unit(&first.loaded.unit))));
            }
            if b != 0.0 {
                lines.push(format!("a / b  {}", text::number(a / b)));
            }
        }
        if !lines.is_empty() {
            state.readout = format!("a {} · b {} · {}", told(0), told(1), lines.join(" · "));
        }
        if is_beside {
            lines.insert(0, told(to));
            if from == 1 {
                let words = other.geometry.words(voxel.map(|place| place as f64));
                looking::tooltip(ui.painter(), rects[1], pointer, &[told(1), words], tokens);
            }
            looking::tooltip(ui.painter(), rects[to], at, &lines, tokens);
        } else {
            // The value of the cube in front stands above the cursor.
            lines.insert(0, format!("b  {}", told(1)));
            looking::panel(ui.painter(), rects[0], pointer + vec2(16.0, 22.0), &lines, tokens);
        }
        if from == 1
            && ui.input(|input| input.pointer.primary_clicked())
            && let Some(voxel) = there
            && let Some(cube) = open[index].cube_mut()
        {
            cube.look.looking.picked = Some(voxel);
        }
    }
}

/// The cursor of one picture at the same place of the other.
fn cross_hair(ui: &Ui, rect: Rect, at: Pos2) {
    let painter = ui.painter_at(rect);
    let stroke = Stroke::new(1.0, crate::app::theme::Tokens::of(ui).dim);
    for arm in [vec2(10.0, 0.0), vec2(0.0, 10.0)] {
        painter.line_segment([at - arm, at + arm], stroke);
    }
}
