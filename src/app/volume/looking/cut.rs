//! The position–velocity tab: the map on which the cut is drawn, its width, where it is saved; the cut itself is in `cut_map`.

use super::maps::Moment;
use super::strip::moment_map;
use super::{Desk as Whole, Grid, cut_map};
use crate::app::state::AppState;
use crate::app::theme::Tokens;
use crate::app::volume::cube::Cube;
use crate::cloud::PositionVelocity;
use crate::io;
use crate::job::Lane;
use egui::{DragValue, Label, RichText, ScrollArea, Ui};
use std::sync::Arc;

/// The tab.
pub fn show(ui: &mut Ui, cube: &mut Cube, grid: &Arc<Grid>, desk: &mut Whole, state: &mut AppState) {
    ui.style_mut().always_scroll_the_only_direction = true;
    // As high without a scroll bar: nothing moves under the mouse when the cut appears beside the map.
    let height = ui.available_height() - ui.spacing().scroll.allocated_width();
    // In a narrow window the map is still as wide as a map must be.
    ScrollArea::horizontal()
        .auto_shrink([false, false])
        .id_salt("cut")
        .show(ui, |ui| columns(ui, height, cube, grid, desk, state));
}

fn columns(
    ui: &mut Ui,
    height: f32,
    cube: &mut Cube,
    grid: &Arc<Grid>,
    desk: &mut Whole,
    state: &mut AppState,
) {
    let tokens = Tokens::of(ui);
    ui.horizontal_top(|ui| {
        // The map on which the cut is drawn: all the light, or without velocities the plane in the middle.
        let moments =
            if grid.velocity_km_s.is_some() { desk.maps.moments(ui.ctx(), cube, grid, state) } else { None };
        match moments {
            Some(Ok(maps)) => moment_map(ui, height, Moment::Peak, &maps, cube, grid, desk, state),
            Some(Err(error)) => drop(ui.label(RichText::new(error).color(tokens.error))),
            None if grid.velocity_km_s.is_some() => {
                drop(ui.label(RichText::new("Working out the map …").color(tokens.dim)))
            }
            None => drop(ui.label(RichText::new("Draw the cut on a channel map or the cube").color(tokens.dim))),
        }
        let path = desk.path.shown(&cube.look.looking.cut);
        let is_busy = desk.path.is_busy();
        let answer = desk.maps.cut(ui.ctx(), (&path, is_busy), cube, grid, state);
        ScrollArea::vertical().id_salt("cut settings").show(ui, |ui| {
            ui.vertical(|ui| {
                ui.set_width(150.0);
                settings(ui, cube, grid, answer.as_ref().and_then(|answer| answer.as_ref().ok()), desk, state);
                if answer.is_some() {
                    let wanted = desk.maps.cut_key(&path, cube);
                    desk.maps.cut.provenance(ui, &wanted, cube.loaded.factor);
                }
            });
        });
        match answer {
            None if path.len() < 2 => {
                let words = "Drag a straight cut on the map, or choose the cut tool and click corners on a map or on the cube";
                ui.add(Label::new(RichText::new(words).color(tokens.dim)).wrap());
            }
            None => drop(ui.label(RichText::new("Cutting …").color(tokens.dim))),
            Some(Err(error)) => drop(ui.add(Label::new(RichText::new(error).color(tokens.error)).wrap())),
            Some(Ok(map)) => cut_map::show(ui, height, &map, cube, grid, desk, state),
        }
    });
}

/// The width in the sky's unit and in pixels, and where the map goes.
fn settings(
    ui: &mut Ui,
    cube: &mut Cube,
    grid: &Grid,
    map: Option<&Arc<PositionVelocity>>,
    desk: &Whole,
    state: &mut AppState,
) {
    let tokens = Tokens::of(ui);
    ui.spacing_mut().item_spacing.y = 3.0;
    let at = cube.look.looking.cut.first().copied().unwrap_or_default();
    let [a, b] = grid.sides(at);
    let side = a.min(b);
    let width = &mut cube.look.looking.cut_width;
    let tip = "The mean is taken over this width; 0 for the line alone";
    ui.horizontal(|ui| {
        ui.label(RichText::new("width").color(tokens.dim));
        if grid.sky.has_sky() {
            let field = DragValue::new(width).range(0.0..=1e7).speed(0.25 * side).max_decimals(1).suffix("″");
            ui.add(field).on_hover_text(tip);
        }
        let mut pixels = *width / side;
        let field = DragValue::new(&mut pixels).range(0.0..=1e5).speed(0.05).max_decimals(1).suffix(" px");
        if ui.add(field).on_hover_text(tip).changed() {
            *width = pixels * side;
        }
    });
    let Some(map) = map else { return };
    let length = map.corners.last().copied().unwrap_or_default();
    ui.add(Label::new(RichText::new(cut_map::length_words(cube, map, length)).color(tokens.dim)).wrap());
    ui.horizontal(|ui| {
        let fits = ui.button("FITS…").on_hover_text("Save the map as FITS, with its offsets and velocities");
        if fits.clicked() {
            let (map, name) = (Arc::clone(map), format!("{}-pv.fits", cut_map::file_stem(cube)));
            state.queue.spawn_with_product(Lane::Light, format!("Save {name}"), Clone::clone, move |_| {
                let Some(path) = rfd::FileDialog::new().set_file_name(&name).save_file() else {
                    return Ok(None);
                };
                io::fits::write_image(&path, &map.image)?;
                Ok(Some(path))
            });
        }
        if let Some(area) = desk.cut_area
            && ui.button("PNG…").on_hover_text("Save the map as it is seen").clicked()
        {
            cut_map::save_picture(ui, cube, area);
        }
        if ui.button("Remove").on_hover_text("Remove the cut").clicked() {
            cube.look.looking.cut.clear();
        }
    });
    let hint = "Corners and the square of the width can be dragged, here and on the cube; a point between two \
                corners becomes one, a right click takes one away";
    ui.add(Label::new(RichText::new(hint).small().color(tokens.faint)).wrap());
}
