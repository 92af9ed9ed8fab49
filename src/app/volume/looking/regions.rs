//! Regions of the sky: their list in the inspector, their spectra and numbers, files of them.

use super::{Grid, Kept, region_edit};
use crate::app::plot::line_colour;
use crate::app::state::AppState;
use crate::app::task::Task;
use crate::app::text;
use crate::app::theme::Tokens;
use crate::app::volume::cube::Cube;
use crate::cloud::{
    Combine, Frame, Region, RegionFile, RegionStatistics, Shape, read_regions, region_spectrum,
    region_statistics, write_regions,
};
use crate::job::{Handle, Lane};
use crate::volume::Reduce;
use egui::{Color32, Label, RichText, Ui};
use egui_phosphor::regular as icon;
use std::sync::Arc;

#[derive(Default)]
pub struct Desk {
    asked: Option<(Key, Task<Vec<Found>>)>,
    found: Option<(Key, Vec<Found>)>,
    reading: Option<Handle<Option<RegionFile>>>,
    /// What a file held that was left out.
    left_out: Vec<String>,
}

/// What the numbers depend on.
type Key = (Vec<(Frame, Shape)>, Combine);

fn key(kept: &Kept) -> Key {
    let shapes = kept.regions.iter().map(|region| (region.frame, region.shape.clone()));
    (shapes.collect(), kept.combine)
}

/// What a region holds.
#[derive(Clone)]
struct Found {
    /// Why there is none.
    spectrum: Result<Vec<f32>, String>,
    statistics: Option<RegionStatistics>,
    /// In Jy km/s.
    flux: Option<f64>,
}

/// The colour of a region, on maps and of its spectrum.
pub fn colour(tokens: &Tokens, index: usize, region: &Region) -> Color32 {
    region.colour.map_or_else(|| line_colour(tokens, index + 2), |[r, g, b]| Color32::from_rgb(r, g, b))
}

/// A region in pixels of the file becomes one on the sky, where there is a sky.
pub fn add(cube: &mut Cube, grid: &Grid, shape: Shape) {
    let number = cube.look.looking.regions.len() + 1;
    let name = format!("region {number}");
    let region = on_sky(grid, &shape).unwrap_or(Region {
        name: String::new(),
        frame: Frame::Pixels,
        colour: None,
        shape,
    });
    cube.look.looking.regions.push(Region { name, ..region });
    cube.look.looking.regions_shown = true;
}

fn on_sky(grid: &Grid, shape: &Shape) -> Option<Region> {
    let sky = |pixel: [f64; 2]| grid.sky.sky(grid.loaded(pixel));
    // Lengths in pixels of the file, as long as they are in its middle.
    let sides =
        |at: [f64; 2]| grid.sky.pixel_sides(grid.loaded(at)).map(|side| side / grid.part.factor as f64);
    let shape = match shape {
        Shape::Circle { centre, radius } => {
            let [x, y] = sides(*centre);
            Shape::Circle { centre: sky(*centre)?, radius: radius * (x * y).sqrt() }
        }
        Shape::Ellipse { centre, radii, angle_deg } => {
            let [x, y] = sides(*centre);
            let radii = [radii[0] * x, radii[1] * y];
            Shape::Ellipse { centre: sky(*centre)?, radii, angle_deg: *angle_deg }
        }
        Shape::Box { centre, sides: lengths, angle_deg } => {
            let [x, y] = sides(*centre);
            Shape::Box {
                centre: sky(*centre)?,
                sides: [lengths[0] * x, lengths[1] * y],
                angle_deg: *angle_deg,
            }
        }
        Shape::Polygon { corners } => {
            Shape::Polygon { corners: corners.iter().map(|corner| sky(*corner)).collect::<Option<_>>()? }
        }
    };
    Some(Region { name: String::new(), frame: grid.sky.frame(), colour: None, shape })
}

/// A region in pixels of the file as one in those of the loaded cube; others as they are.
pub fn loaded(region: &Region, grid: &Grid) -> Region {
    if region.frame != Frame::Pixels {
        return region.clone();
    }
    let (place, factor) = (|pixel: [f64; 2]| grid.loaded(pixel), grid.part.factor as f64);
    let shape = match &region.shape {
        Shape::Circle { centre, radius } => Shape::Circle { centre: place(*centre), radius: radius / factor },
        Shape::Ellipse { centre, radii, angle_deg } => Shape::Ellipse {
            centre: place(*centre),
            radii: radii.map(|part| part / factor),
            angle_deg: *angle_deg,
        },
        Shape::Box { centre, sides, angle_deg } => Shape::Box {
            centre: place(*centre),
            sides: sides.map(|part| part / factor),
            angle_deg: *angle_deg,
        },
        Shape::Polygon { corners } => Shape::Polygon { corners: corners.iter().map(|c| place(*c)).collect() },
    };
    Region { shape, ..region.clone() }
}

impl Desk {
    pub fn is_settled(&self) -> bool {
        self.asked.is_none()
    }

    /// Works out what the regions hold, where they or the cube are others than before.
    fn update(&mut self, ui: &Ui, cube: &Cube, grid: &Arc<Grid>) {
        if let Some((key, task)) = &self.asked
            && let Some(answer) = task.take()
        {
            self.found = Some((key.clone(), answer.unwrap_or_default()));
            self.asked = None;
        }
        let kept = &cube.look.looking;
        let key = key(kept);
        let is_known = self.found.as_ref().is_some_and(|(known, _)| *known == key);
        if is_known || self.asked.is_some() || kept.regions.is_empty() && self.found.is_none() {
            return;
        }
        let (regions, combine) = (kept.regions.clone(), kept.combine);
        let flux = FluxScale::of(cube);
        let (values, grid) = (Arc::clone(&cube.loaded.values), Arc::clone(grid));
        let task = Task::spawn(ui.ctx(), "regions", move || {
            let (_, rows, columns) = values.dim();
            let found = regions.iter().map(|region| {
                let region = loaded(region, &grid);
                let [x, y] = grid.sky.pixel_sides([0.5 * columns as f64, 0.5 * rows as f64]);
                let answer = region.mask(&grid.sky, (rows, columns)).and_then(|mask| {
                    let spectrum = region_spectrum(values.view(), mask.view(), combine)?;
                    Ok((spectrum, region_statistics(values.view(), mask.view(), x * y)?))
                });
                match answer {
                    Ok((spectrum, statistics)) => {
                        let flux =
                            statistics.and_then(|found| flux?.total(&spectrum, combine, &found, &grid));
                        Found { spectrum: Ok(spectrum), statistics, flux }
                    }
                    Err(error) => Found { spectrum: Err(error.to_string()), statistics: None, flux: None },
                }
            });
            Ok(found.collect())
        });
        self.asked = Some((key, task));
    }

    /// Numbers, names and spectra, along the loaded planes, of the regions that have one.
    pub fn spectra(&self, cube: &Cube, grid: &Grid) -> Vec<(usize, String, Vec<f32>)> {
        let planes = grid.third.len();
        let Some((_, found)) = &self.found else { return Vec::new() };
        if !cube.look.looking.regions_shown {
            return Vec::new();
        }
        let spectra = found.iter().enumerate().filter_map(|(index, found)| {
            // Names may have changed since.
            let name = &cube.look.looking.regions.get(index)?.name;
            Some((index, name.clone(), found.spectrum.clone().ok()?))
        });
        spectra.filter(|(_, _, values)| values.len() == planes).collect()
    }

    /// Takes the file that was read.
    fn take_file(&mut self, kept: &mut Kept, state: &mut AppState) {
        let Some(handle) = &self.reading else { return };
        let Some(answer) = handle.try_take() else { return };
        self.reading = None;
        match answer {
            Ok(Some(file)) => {
                if file.regions.is_empty() && file.warnings.is_empty() {
                    self.left_out = vec!["the file holds no regions".to_owned()];
                } else {
                    self.left_out = file.warnings;
                }
                kept.regions.extend(file.regions);
                kept.regions_shown = true;
            }
            Ok(None) => {}
            Err(error) => state.notices.error(error),
        }
    }
}

/// How a cube in Jy/beam becomes Jy.
#[derive(Clone, Copy)]
struct FluxScale {
    beam_arcsec2: f64,
}

impl FluxScale {
    /// `None` for other units, without a beam, and where a reduced cube holds the brightest of its voxels.
    fn of(cube: &Cube) -> Option<Self> {
        let unit: String = cube.loaded.unit.to_lowercase().chars().filter(|c| c.is_alphabetic()).collect();
        let beam = cube.geometry.beam()?;
        let is_true = cube.loaded.factor == 1 || cube.loaded.reduce == Reduce::Mean;
        // The solid angle of a Gaussian beam, π/(4 ln 2) times its full widths.
        let beam_deg2 =
            std::f64::consts::PI / (4.0 * std::f64::consts::LN_2) * beam.major_deg * beam.minor_deg;
        (matches!(unit.as_str(), "jybeam" | "jybm") && is_true && beam_deg2 > 0.0)
            .then_some(Self { beam_arcsec2: beam_deg2 * 3600.0 * 3600.0 })
    }

    /// Σ over pixels and channels of I·Ω_pixel/Ω_beam·Δv, in Jy km/s.
    fn total(self, spectrum: &[f32], combine: Combine, found: &RegionStatistics, grid: &Grid) -> Option<f64> {
        let velocity = grid.velocity_km_s.as_ref()?;
        let count = velocity.len();
        if !grid.sky.has_sky() || count != spectrum.len() {
            return None;
        }
        let (first, last) = (velocity.first()?, velocity.last()?);
        let width = (last - first).abs() / count.saturating_sub(1).max(1) as f64;
        let total: f64 =
            spectrum.iter().filter(|value| value.is_finite()).map(|value| f64::from(*value)).sum();
        // A mean stands for all pixels, also for those that are blank.
        let pixels = if combine == Combine::Mean { found.pixels as f64 } else { 1.0 };
        let pixel = found.area / found.pixels.max(1) as f64;
        (count > 1).then(|| total * pixels * pixel / self.beam_arcsec2 * width)
    }
}

/// The list of regions, with what they hold.
pub fn section(
    ui: &mut Ui,
    cube: &mut Cube,
    grid: &Arc<Grid>,
    (desk, edit): (&mut Desk, &mut region_edit::Desk),
    state: &mut AppState,
) {
    let tokens = Tokens::of(ui);
    desk.take_file(&mut cube.look.looking, state);
    desk.update(ui, cube, grid);
    let kept = &mut cube.look.looking;
    if kept.regions.is_empty() {
        ui.add(
            Label::new(
                RichText::new("Draw a circle, ellipse, box or polygon on a map below, or open a DS9 file")
                    .color(tokens.dim),
            )
            .wrap(),
        );
    } else {
        ui.horizontal(|ui| {
            ui.checkbox(&mut kept.regions_shown, "Shown");
            ui.selectable_value(&mut kept.combine, Combine::Mean, "mean");
            ui.selectable_value(&mut kept.combine, Combine::Sum, "sum");
        });
    }
    let mut removed = None;
    for (index, region) in kept.regions.iter_mut().enumerate() {
        ui.horizontal(|ui| {
            let [r, g, b, _] = colour(tokens, index, region).to_array();
            let mut chosen = [r, g, b];
            if ui.color_edit_button_srgb(&mut chosen).on_hover_text("Colour of the region").changed() {
                region.colour = Some(chosen);
            }
            let name = egui::TextEdit::singleline(&mut region.name).desired_width(120.0);
            if ui.add(name).gained_focus() {
                edit.chosen = Some(index);
            }
            let is_chosen = edit.chosen == Some(index);
            let button = egui::Button::selectable(is_chosen, icon::BOUNDING_BOX);
            let handles = "Handles on the maps and the cube: drag them, or the outline; Delete removes it";
            if ui.add(button).on_hover_text(handles).clicked() {
                edit.chosen = (!is_chosen).then_some(index);
            }
            let cross = ui.add(egui::Button::new(icon::X).frame(false)).on_hover_text("Remove the region");
            if cross.clicked() {
                removed = Some(index);
            }
        });
        let found = desk.found.as_ref().and_then(|(_, found)| found.get(index));
        let words = match found.map(|found| (&found.spectrum, &found.statistics)) {
            Some((Err(error), _)) => RichText::new(error).color(tokens.error),
            Some((_, Some(numbers))) => {
                let flux = found.and_then(|found| found.flux);
                RichText::new(words(numbers, flux, &cube.loaded.unit, grid)).monospace().color(tokens.dim)
            }
            Some((_, None)) => RichText::new("no pixel with a value lies inside").color(tokens.warning),
            None => RichText::new("…").color(tokens.dim),
        };
        ui.add(Label::new(words).wrap().selectable(true));
    }
    if let Some(index) = removed {
        kept.regions.remove(index);
        edit.chosen = None;
    }
    if cube.loaded.factor > 1 && !kept.regions.is_empty() {
        let words = format!("Pixels and values of the cube at 1/{} of its resolution", cube.loaded.factor);
        ui.add(Label::new(RichText::new(words).color(tokens.dim)).wrap());
    }
    for line in &desk.left_out {
        ui.add(Label::new(RichText::new(line).color(tokens.warning)).wrap());
    }
    ui.horizontal(|ui| {
        if ui
            .button(format!("{}  Open…", icon::FOLDER_OPEN))
            .on_hover_text("Regions of SAOImage DS9 (.reg)")
            .clicked()
        {
            desk.reading = Some(state.queue.spawn(Lane::Light, "Open regions", |_| {
                let dialog = rfd::FileDialog::new()
                    .add_filter("DS9 regions", &["reg"])
                    .add_filter("All files", &["*"]);
                Ok(dialog.pick_file().map(|path| read_regions(&path)).transpose()?)
            }));
        }
        let save = egui::Button::new(format!("{}  Save…", icon::FLOPPY_DISK));
        if ui.add_enabled(!kept.regions.is_empty(), save).on_hover_text("As a DS9 file (.reg)").clicked() {
            let regions = kept.regions.clone();
            state.queue.spawn_with_product(Lane::Light, "Save regions", Clone::clone, move |_| {
                let Some(path) = rfd::FileDialog::new().set_file_name("regions.reg").save_file() else {
                    return Ok(None);
                };
                write_regions(&path, &regions)?;
                Ok(Some(path))
            });
        }
    });
}

fn words(numbers: &RegionStatistics, flux: Option<f64>, unit: &str, grid: &Grid) -> String {
    let [mean, std, rms, sum] = [numbers.mean, numbers.std, numbers.rms, numbers.sum]
        .map(|value| text::quantity(digits(value), unit));
    let area = if grid.sky.has_sky() {
        format!(" · {} arcsec²", text::number(digits(numbers.area)))
    } else {
        String::new()
    };
    let flux =
        flux.map(|flux| format!(" · flux {} Jy km s⁻¹", text::number(digits(flux)))).unwrap_or_default();
    let blanks = if numbers.blanks > 0 {
        format!(" · {} blank", text::count(numbers.blanks as u64))
    } else {
        String::new()
    };
    let (low, high) = (text::number(digits(numbers.min)), text::number(digits(numbers.max)));
    format!(
        "mean {mean} · σ {std} · rms {rms} · {low} … {high} · sum {sum}{flux} · {} pixels{area}{blanks}",
        text::count(numbers.pixels as u64)
    )
}

fn digits(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10_f64.powf(3.0 - value.abs().log10().floor());
    if scale.is_finite() && scale > 0.0 { (value * scale).round() / scale } else { value }
}
