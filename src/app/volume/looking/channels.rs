//! The tab of channel maps: a picture of every loaded plane in the colours of the cube; a click makes one a slice.

use super::maps::{Colours, Placing};
use super::strip::decimal;
use super::{Desk as Whole, Grid, draw, paint};
use crate::app::state::AppState;
use crate::app::text;
use crate::app::theme::Tokens;
use crate::app::volume::cube::Cube;
use crate::volume::{Lattice, Plane, Slice};
use egui::{
    Align2, Color32, FontId, Pos2, Rect, Response, ScrollArea, Sense, Stroke, TextureHandle, TextureId,
    TextureOptions, Ui, Vec2, pos2, vec2,
};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

#[derive(Default)]
pub struct Desk {
    thumbnails: HashMap<usize, TextureHandle>,
    colours: Option<Colours>,
    /// The channel to which the strip was scrolled last.
    scrolled_to: Option<usize>,
}

/// More pictures of channels are not kept.
const MOST_THUMBNAILS: usize = 300;
const THUMBNAIL_PX: usize = 160;

/// The loaded plane that is shown as a slice across the third axis.
fn slice_channel(cube: &Cube) -> Option<usize> {
    let depth = cube.lattice.shape[2];
    cube.look.scene.slices.iter().filter(|slice| slice.shown).find_map(|slice| match slice.plane {
        Plane::Across { axis: 2, place } => Some(((place * depth as f32) as usize).min(depth - 1)),
        _ => None,
    })
}

/// Shows a loaded plane as the slice across the third axis.
fn show_channel(cube: &mut Cube, channel: usize) {
    let place = (channel as f32 + 0.5) / cube.lattice.shape[2] as f32;
    let plane = Plane::Across { axis: 2, place };
    let slices = &mut cube.look.scene.slices;
    match slices.iter_mut().find(|slice| matches!(slice.plane, Plane::Across { axis: 2, .. })) {
        Some(slice) => (slice.plane, slice.shown) = (plane, true),
        None => slices.push(Slice::of(plane)),
    }
}

/// With two rows of this height the channels make a grid, in points.
const ROW: f32 = 150.0;
const GAP: f32 = 10.0;
/// Below each picture, for its velocity.
const LABEL: f32 = 18.0;

/// How the pictures lie: in a row that is scrolled sideways, or, in a high strip, in a grid that is scrolled down.
struct Lie {
    size: Vec2,
    pitch: Vec2,
    columns: Option<usize>,
}

impl Lie {
    fn of(area: Vec2, lattice: &Lattice) -> Self {
        let rows = (area.y / ROW).floor();
        let is_grid = rows >= 2.0;
        let height = if is_grid { area.y / rows - LABEL - GAP } else { area.y - LABEL - 12.0 };
        let height = height.max(24.0);
        let whole = Rect::from_min_size(Pos2::ZERO, vec2(3.0 * height, height));
        let size = Placing::within(whole, lattice).rect.size();
        let pitch = if is_grid { size + vec2(GAP, LABEL + GAP) } else { size + vec2(GAP, LABEL) };
        let columns = is_grid.then(|| ((area.x - GAP) / pitch.x).floor().max(1.0) as usize);
        Self { size, pitch, columns }
    }

    fn corner(&self, channel: usize) -> Vec2 {
        let columns = self.columns.unwrap_or(usize::MAX);
        vec2((channel % columns) as f32, (channel / columns) as f32) * self.pitch
    }

    fn extent(&self, count: usize) -> Vec2 {
        let columns = self.columns.unwrap_or(count).max(1);
        vec2(columns.min(count) as f32, count.div_ceil(columns) as f32) * self.pitch
    }

    fn visible(&self, viewport: Rect, count: usize) -> Range<usize> {
        let part = |from: f32, to: f32, pitch: f32| {
            ((from / pitch).max(0.0) as usize, (to / pitch).ceil().max(0.0) as usize)
        };
        let (first, last) = match self.columns {
            Some(columns) => {
                let (first, last) = part(viewport.min.y, viewport.max.y, self.pitch.y);
                (first * columns, last * columns)
            }
            None => part(viewport.min.x, viewport.max.x, self.pitch.x),
        };
        first.min(count)..last.min(count)
    }
}

/// The tab.
pub fn show(ui: &mut Ui, cube: &mut Cube, grid: &Arc<Grid>, desk: &mut Whole, state: &mut AppState) {
    let tokens = Tokens::of(ui);
    let count = cube.lattice.shape[2];
    let transfer = &cube.look.scene.transfer;
    let colours = Colours { map: transfer.colours, range: transfer.range, stretch: transfer.stretch };
    if desk.channels.colours != Some(colours) {
        desk.channels.colours = Some(colours);
        desk.channels.thumbnails.clear();
    }
    let lie = Lie::of(ui.available_size(), &cube.lattice);
    let placing = Placing::within(Rect::from_min_size(Pos2::ZERO, lie.size), &cube.lattice);
    let selected = slice_channel(cube);
    let mut area = if lie.columns.is_some() {
        ScrollArea::vertical()
    } else {
        ui.style_mut().always_scroll_the_only_direction = true;
        ScrollArea::horizontal()
    };
    area = area.auto_shrink([false, false]).id_salt(("channels", lie.columns.is_some()));
    // A channel that was chosen elsewhere is brought in sight.
    if desk.channels.scrolled_to != selected || (selected.is_none() && desk.channels.thumbnails.is_empty()) {
        desk.channels.scrolled_to = selected;
        let picked = cube.look.looking.picked.and_then(|voxel| grid.voxel(voxel)).map(|voxel| voxel[2]);
        let channel = selected.or(picked).unwrap_or(count / 2);
        let middle = lie.corner(channel) + 0.5 * lie.pitch - 0.5 * ui.available_size();
        area = if lie.columns.is_some() {
            area.vertical_scroll_offset(middle.y.max(0.0))
        } else {
            area.horizontal_scroll_offset(middle.x.clamp(0.0, lie.extent(count).x))
        };
    }
    let mut chosen = None;
    area.show_viewport(ui, |ui, viewport| {
        ui.set_width(lie.extent(count).x);
        ui.set_height(lie.extent(count).y);
        let origin = ui.min_rect().min;
        for channel in lie.visible(viewport, count) {
            let rect = Rect::from_min_size(origin + lie.corner(channel), placing.rect.size());
            let texture = thumbnail(ui, cube, &mut desk.channels, channel, colours);
            let response = ui.interact(rect, ui.id().with(("channel", channel)), Sense::click_and_drag());
            let words = grid.third.get(channel).map(|value| decimal(*value)).unwrap_or_default();
            let words = grid.third_words(words);
            response.widget_info(|| {
                let label = format!("Channel {}, {words}", channel + 1);
                egui::WidgetInfo::selected(
                    egui::WidgetType::SelectableLabel,
                    true,
                    selected == Some(channel),
                    label,
                )
            });
            picture(ui, rect, texture);
            if selected == Some(channel) {
                ui.painter().rect_stroke(
                    rect,
                    2.0,
                    Stroke::new(2.0, tokens.accent),
                    egui::StrokeKind::Outside,
                );
            }
            let placing = placing.at(rect);
            paint::beam(ui.painter(), rect, cube, grid, tokens);
            paint::on_map(ui.painter(), &placing, cube, grid, desk, tokens);
            if draw::draw(ui, &response, &placing, cube, grid, desk) && response.clicked() {
                chosen = Some(channel);
            }
            readout(&response, &placing, cube, grid, channel, state);
            let colour = if selected == Some(channel) { tokens.text } else { tokens.dim };
            let at = pos2(rect.center().x, rect.bottom() + 4.0);
            ui.painter().text(at, Align2::CENTER_TOP, words, FontId::monospace(11.0), colour);
        }
    });
    if let Some(channel) = chosen {
        show_channel(cube, channel);
        desk.channels.scrolled_to = Some(channel);
    }
}

fn thumbnail(ui: &Ui, cube: &Cube, desk: &mut Desk, channel: usize, colours: Colours) -> TextureId {
    if let Some(texture) = desk.thumbnails.get(&channel) {
        return texture.id();
    }
    if desk.thumbnails.len() >= MOST_THUMBNAILS {
        desk.thumbnails.clear();
    }
    let values = cube.loaded.values.index_axis(ndarray::Axis(0), channel);
    let image = colours.image(values, [cube.lattice.signs[0], cube.lattice.signs[1]], THUMBNAIL_PX);
    let texture = ui.ctx().load_texture("channel", image, TextureOptions::NEAREST);
    let id = texture.id();
    desk.thumbnails.insert(channel, texture);
    id
}

pub fn picture(ui: &Ui, rect: Rect, texture: TextureId) {
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    ui.painter().image(texture, rect, whole, Color32::WHITE);
}

fn readout(
    response: &Response,
    placing: &Placing,
    cube: &Cube,
    grid: &Grid,
    channel: usize,
    state: &mut AppState,
) {
    let Some([x, y]) = response.hover_pos().and_then(|at| placing.index(at)) else { return };
    let value = cube.loaded.values[[channel, y, x]];
    let voxel = grid.file_voxel([x, y, channel]).map(|place| place as f64);
    state.readout =
        format!("{} · {}", text::quantity(f64::from(value), &cube.loaded.unit), cube.geometry.words(voxel));
}
