//! Looking closely at a cube: what is under the cursor, the spectrum of a line of sight, channel maps, moments, position–velocity cuts,
//! regions and catalogues. The numbers come from `cloud` and `volume::probe`; here they are asked for, kept and shown.

mod catalogue;
mod catalogue_table;
mod channels;
mod cut;
mod cut_map;
mod draw;
mod line;
mod maps;
mod paint;
mod path;
mod region_edit;
mod regions;
mod selection;
mod sheet;
mod strip;
mod work;

use super::cube::Cube;
use super::overlay;
use crate::app::state::AppState;
use crate::app::text;
use crate::app::theme::{CONTROL_RADIUS, Tokens};
use crate::cloud::{Combine, Region, Selection, SkyPlane};
use crate::data::Header;
use crate::io::header::cropped;
use crate::volume::{self, AxisKind, Geometry, Part, Probe};
use egui::{Galley, Painter, Pos2, Rect, Response, Stroke, Ui, Vec2, vec2};
pub use line::{has_line, line, section};
pub use paint::paint;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
pub use strip::{Tab, strip};

/// What a session keeps of looking closely.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// The line of sight that is looked at: voxel of the file, x, y, z from 0.
    pub picked: Option<[usize; 3]>,
    /// Gaussian components that are fitted; 0 for none.
    pub components: usize,
    pub tab: Tab,
    /// What makes the moments.
    #[serde(flatten)]
    pub selection: Selection,
    /// Pixels of the file (x, y from 0) through which the position–velocity cut goes.
    pub cut: Vec<[f64; 2]>,
    /// In arcseconds; in pixels of the file where there is no sky.
    pub cut_width: f64,
    pub regions: Vec<Region>,
    pub combine: Combine,
    pub regions_shown: bool,
    pub catalogue: Option<catalogue::Kept>,
    pub catalogue_shown: bool,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            picked: None,
            components: 1,
            tab: Tab::default(),
            selection: Selection::default(),
            cut: Vec::new(),
            cut_width: 0.0,
            regions: Vec::new(),
            combine: Combine::default(),
            regions_shown: true,
            catalogue: None,
            catalogue_shown: true,
        }
    }
}

/// What is worked out for a cube and not kept.
#[derive(Default)]
pub struct Desk {
    /// The values all of it belongs to.
    grid: Option<Arc<Grid>>,
    line: line::Desk,
    maps: maps::Desk,
    channels: channels::Desk,
    draw: draw::Desk,
    path: path::Desk,
    edit: region_edit::Desk,
    /// Where the position–velocity map is in the window.
    cut_area: Option<Rect>,
    /// Handles are painted: what is exported has none.
    has_handles: bool,
    /// The voxel of the file that is pointed at elsewhere, on the position–velocity map.
    pointed: Option<[f64; 3]>,
    regions: regions::Desk,
    catalogue: catalogue::Desk,
}

/// The loaded voxels of a cube: their header and their sky.
struct Grid {
    /// Tells one reading from another.
    values: usize,
    geometry: Arc<Geometry>,
    part: Part,
    /// Pixels of the whole file along x and y.
    file: [usize; 2],
    header: Header,
    sky: SkyPlane,
    /// Coordinates along the third axis, at each loaded plane, and their name with the unit.
    third: Vec<f64>,
    third_title: String,
    /// Velocities of the loaded planes in km/s, where there are some, whatever `third` counts.
    velocity_km_s: Option<Vec<f64>>,
}

impl Grid {
    fn of(cube: &Cube) -> Self {
        let part = cube.part();
        let header = part_header(cube.geometry.header(), part);
        let centre = part.voxel([0.5; 3]);
        let place = |plane: usize| part.first[2] as f64 + (plane as f64 + 0.5) * part.factor as f64 - 0.5;
        let planes = 0..part.shape[2];
        let third = planes
            .clone()
            .map(|plane| cube.geometry.world([centre[0], centre[1], place(plane)])[2])
            .collect();
        let is_spectral = cube.geometry.spectral_axis() == Some(2);
        let velocity_km_s = planes.map(|plane| cube.geometry.velocity_km_s(place(plane))).collect();
        Self {
            values: Arc::as_ptr(&cube.loaded.values) as usize,
            geometry: Arc::clone(&cube.geometry),
            part,
            file: [cube.loaded.file_shape[2], cube.loaded.file_shape[1]],
            sky: SkyPlane::of(&header),
            header,
            third,
            third_title: cube.geometry.axes()[2].title(),
            velocity_km_s: if is_spectral { velocity_km_s } else { None },
        }
    }

    /// Whether the third axis is shown as a velocity.
    fn counts_velocity(&self) -> bool {
        self.velocity_km_s.is_some() && self.geometry.axes()[2].kind == AxisKind::Velocity
    }

    /// A coordinate along the third axis with its unit.
    fn third_words(&self, words: String) -> String {
        let unit = &self.geometry.axes()[2].unit;
        if unit.is_empty() { words } else { format!("{words} {unit}") }
    }

    /// A pixel of the file as one of the loaded cube, both along x and y from 0.
    fn loaded(&self, pixel: [f64; 2]) -> [f64; 2] {
        std::array::from_fn(|axis| {
            (pixel[axis] - self.part.first[axis] as f64 + 0.5) / self.part.factor as f64 - 0.5
        })
    }

    fn of_file(&self, pixel: [f64; 2]) -> [f64; 2] {
        maps::of_file(self.part, pixel)
    }

    /// The nearest place within the pixels of the file.
    fn within_file(&self, pixel: [f64; 2]) -> [f64; 2] {
        std::array::from_fn(|axis| pixel[axis].clamp(-0.5, self.file[axis] as f64 - 0.5))
    }

    /// The coordinates along the third axis of a cut and their name: velocities in km/s where there are any.
    fn speeds(&self) -> (&[f64], &str) {
        match &self.velocity_km_s {
            Some(velocity_km_s) => (velocity_km_s, "v, km s⁻¹"),
            None => (&self.third, &self.third_title),
        }
    }

    /// Channels of the file to one of a map with so many over the loaded part.
    fn depth_of(&self, channels: usize) -> f64 {
        (self.part.shape[2] * self.part.factor) as f64 / channels.max(1) as f64
    }

    /// Sides of a pixel of the file where it lies: arcseconds, or 1 pixel where there is no sky.
    fn sides(&self, pixel: [f64; 2]) -> [f64; 2] {
        if !self.sky.has_sky() {
            return [1.0; 2];
        }
        self.sky.pixel_sides(self.loaded(pixel)).map(|side| side / self.part.factor.max(1) as f64)
    }

    /// The loaded voxel in which one of the file lies; `None` outside of what is loaded.
    fn voxel(&self, of_file: [usize; 3]) -> Option<[usize; 3]> {
        let mut voxel = [0; 3];
        for axis in 0..3 {
            voxel[axis] = of_file[axis].checked_sub(self.part.first[axis])? / self.part.factor.max(1);
            if voxel[axis] >= self.part.shape[axis] {
                return None;
            }
        }
        Some(voxel)
    }

    /// The voxel of the file in the middle of a loaded one.
    fn file_voxel(&self, voxel: [usize; 3]) -> [usize; 3] {
        std::array::from_fn(|axis| {
            self.part.first[axis] + voxel[axis] * self.part.factor + (self.part.factor.saturating_sub(1)) / 2
        })
    }
}

/// The header of the part that is loaded: reference pixels move, steps grow by the factor.
fn part_header(header: &Header, part: Part) -> Header {
    let mut own = cropped(header, &part.first.map(|first| first as f64));
    if part.factor > 1 {
        let factor = part.factor as f64;
        for axis in 1..=3 {
            let place = own.float(&format!("CRPIX{axis}")).unwrap_or(0.0);
            own.set_float(&format!("CRPIX{axis}"), (place - 0.5) / factor + 0.5, "");
        }
        let has_cd = own.cards.iter().any(|card| card.key.starts_with("CD") && card.key.contains('_'));
        for first in 1..=3 {
            if !has_cd {
                let key = format!("CDELT{first}");
                own.set_float(&key, own.float(&key).unwrap_or(1.0) * factor, "");
            }
            for second in 1..=3 {
                let key = format!("CD{first}_{second}");
                if let Some(step) = own.float(&key) {
                    own.set_float(&key, step * factor, "");
                }
            }
        }
    }
    own
}

/// A copy for an export has what is painted; what is under way stays with the original.
impl Clone for Desk {
    fn clone(&self) -> Self {
        Self { grid: self.grid.clone(), catalogue: self.catalogue.copied(), ..Self::default() }
    }
}

impl Desk {
    /// What belongs to other values goes.
    fn grid(&mut self, cube: &Cube) -> Arc<Grid> {
        let values = Arc::as_ptr(&cube.loaded.values) as usize;
        if let Some(grid) = &self.grid
            && grid.values == values
            && grid.part == cube.part()
            && Arc::ptr_eq(&grid.geometry, &cube.geometry)
        {
            return Arc::clone(grid);
        }
        // Another line puts the sources of a catalogue elsewhere.
        let is_read_anew =
            self.grid.as_ref().is_some_and(|grid| !Arc::ptr_eq(&grid.geometry, &cube.geometry));
        let grid = Arc::new(Grid::of(cube));
        let catalogue = if is_read_anew { Default::default() } else { std::mem::take(&mut self.catalogue) };
        *self = Self { grid: Some(Arc::clone(&grid)), catalogue, ..Self::default() };
        grid
    }

    /// Nothing is being worked out.
    pub fn is_settled(&self) -> bool {
        self.line.is_settled()
            && self.maps.is_settled()
            && self.regions.is_settled()
            && self.catalogue.is_settled()
    }
}

/// What is drawn over the cube besides it: names, and whether they are shown.
pub fn layers(cube: &mut Cube) -> Vec<(String, &mut bool)> {
    let looking = &mut cube.look.looking;
    let mut layers = Vec::new();
    if looking.catalogue.is_some() {
        let count = cube.desk.catalogue.points().len();
        layers.push((format!("Catalogue, {count} sources"), &mut looking.catalogue_shown));
    }
    if !looking.regions.is_empty() {
        layers.push((format!("Regions, {}", looking.regions.len()), &mut looking.regions_shown));
    }
    layers
}

/// The voxel under a point of the picture that fills `rect`.
pub fn probe(cube: &Cube, pointer: Pos2, rect: Rect) -> Option<Probe> {
    let at = pointer - rect.min;
    let size = [rect.width(), rect.height()];
    volume::probe(cube.loaded.values.view(), &cube.lattice, &cube.look.drawn(), size, [at.x, at.y])
}

/// Lets the mouse at what is drawn in the picture that fills `rect`; answers whether the pointer is taken.
pub fn touch(ui: &Ui, response: &Response, rect: Rect, cube: &mut Cube) -> bool {
    let mut desk = std::mem::take(&mut cube.desk);
    let grid = desk.grid(cube);
    let taken = draw::in_picture(ui, response, rect, cube, &grid, &mut desk);
    cube.desk = desk;
    taken
}

/// Shows what is under the cursor, at it and in the status bar; a click picks the line of sight.
pub fn hover(ui: &Ui, response: &Response, rect: Rect, cube: &mut Cube, state: &mut AppState) {
    let Some(pointer) = response.hover_pos().filter(|_| !response.dragged()) else { return };
    if cube.desk.path.is_drawing() {
        return;
    }
    if catalogue::hover(ui, response, pointer, rect, cube, state) {
        return;
    }
    let Some(found) = probe(cube, pointer, rect) else { return };
    let mut desk = std::mem::take(&mut cube.desk);
    let grid = desk.grid(cube);
    cube.desk = desk;
    let voxel = grid.file_voxel(found.voxel);
    let value = text::quantity(found.value, &cube.loaded.unit);
    let words = cube.geometry.words(voxel.map(|place| place as f64));
    state.readout = format!("{value} · {words}");
    let [x, y, z] = voxel.map(|place| place + 1);
    let mut place = format!("voxel {x}, {y}, {z}");
    if let Some(depth) = found.depth_before {
        place = format!("{place} · τ {}", depth_words(depth));
    }
    let lines = [format!("{value} · {}", found.seen.words()), words, place];
    let tokens = overlay::tokens_on(cube.look.scene.background);
    tooltip(ui.painter(), rect, pointer, &lines, tokens);
    if response.clicked() {
        cube.look.looking.picked = Some(voxel);
    }
}

fn depth_words(depth: f64) -> String {
    if depth < 0.005 { "0.00".to_owned() } else { text::number((depth * 100.0).round() / 100.0) }
}

/// Lines on a small panel beside the cursor, within the picture; the first is the brightest.
pub fn tooltip(painter: &Painter, rect: Rect, pointer: Pos2, lines: &[String], tokens: &Tokens) {
    let (galleys, Vec2 { x: width, y: height }) = laid_out(painter, lines, tokens);
    let arms = 9.0;
    let cross = Stroke::new(1.0, tokens.text);
    painter.hline(pointer.x - arms..=pointer.x + arms, pointer.y, cross);
    painter.vline(pointer.x, pointer.y - arms..=pointer.y + arms, cross);
    let mut corner = pointer + vec2(16.0, -0.5 * height - 16.0);
    if corner.x + width > rect.right() - 4.0 {
        corner.x = pointer.x - 16.0 - width;
    }
    if corner.x < rect.left() + 4.0 {
        // Neither side has the room: above the cursor.
        corner.x = rect.right() - 4.0 - width;
        corner.y = pointer.y - 16.0 - height;
    }
    paint_lines(painter, rect, corner, (galleys, vec2(width, height)), tokens);
}

/// Lines on a small panel with this corner, or as near as the picture allows.
pub fn panel(painter: &Painter, rect: Rect, mut corner: Pos2, lines: &[String], tokens: &Tokens) {
    let (galleys, size) = laid_out(painter, lines, tokens);
    corner.x = corner.x.min(rect.right() - 4.0 - size.x).max(rect.left() + 4.0);
    paint_lines(painter, rect, corner, (galleys, size), tokens);
}

fn laid_out(painter: &Painter, lines: &[String], tokens: &Tokens) -> (Vec<Arc<Galley>>, Vec2) {
    let font = egui::FontId::monospace(11.0);
    let galleys: Vec<_> = lines
        .iter()
        .enumerate()
        .map(|(index, line)| {
            let colour = if index == 0 { tokens.text } else { tokens.dim };
            painter.layout_no_wrap(line.clone(), font.clone(), colour)
        })
        .collect();
    let width = galleys.iter().map(|galley| galley.size().x).fold(0.0, f32::max) + 20.0;
    let height = 16.0 * galleys.len() as f32 + 14.0;
    (galleys, vec2(width, height))
}

fn paint_lines(
    painter: &Painter,
    rect: Rect,
    mut corner: Pos2,
    (galleys, size): (Vec<Arc<Galley>>, Vec2),
    tokens: &Tokens,
) {
    corner.y = corner.y.clamp(rect.top() + 4.0, (rect.bottom() - 4.0 - size.y).max(rect.top() + 4.0));
    let frame = Rect::from_min_size(corner, size);
    painter.rect(
        frame,
        CONTROL_RADIUS,
        tokens.panel.gamma_multiply(0.94),
        Stroke::new(1.0, tokens.line),
        egui::StrokeKind::Inside,
    );
    for (index, galley) in galleys.into_iter().enumerate() {
        painter.galley(corner + vec2(10.0, 7.0 + 16.0 * index as f32), galley, tokens.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::wcs::Wcs;

    /// A reduced part has its voxels where the file has them.
    #[test]
    fn the_header_of_a_part_gives_the_coordinates_of_the_file() {
        let mut header = Header::default();
        for (axis, ctype, value, step) in
            [(1, "RA---TAN", 51.0, -0.005), (2, "DEC--TAN", 60.0, 0.005), (3, "VRAD", 4e3, 100.0)]
        {
            header.set_text(&format!("CTYPE{axis}"), ctype, "");
            header.set_float(&format!("CRPIX{axis}"), 21.5, "");
            header.set_float(&format!("CRVAL{axis}"), value, "");
            header.set_float(&format!("CDELT{axis}"), step, "");
        }
        let part = Part { first: [4, 8, 2], factor: 4, shape: [5, 5, 5] };
        let whole = Wcs::from_header(&header).expect("coordinates");
        let small = Wcs::from_header(&part_header(&header, part)).expect("coordinates");
        for voxel in [[0.0, 0.0, 0.0], [3.0, 1.0, 4.0]] {
            let there = small.world(&voxel.map(|place| place + 1.0));
            let of_file = part.voxel(std::array::from_fn(|axis| ((voxel[axis] + 0.5) / 5.0) as f32));
            let truth = whole.world(&of_file.map(|place| place + 1.0));
            for (a, b) in there.iter().zip(truth) {
                assert!((a - b).abs() < 2e-6 * b.abs(), "{there:?}");
            }
        }
    }

    #[test]
    fn a_session_of_before_is_read() {
        let kept: Kept = serde_json::from_value(serde_json::json!({ "picked": [1, 2, 3] })).expect("read");
        assert_eq!((kept.picked, kept.components), (Some([1, 2, 3]), 1));
        let text = serde_json::to_value(&kept).expect("written");
        assert_eq!(serde_json::from_value::<Kept>(text).expect("read"), kept);
    }
}
