//! Two cubes side by side, a prediction and the truth, say: one camera, one transfer function; and their difference as a cube of its own.

use super::cube::{Cube, Open};
use super::navigate::Motion;
use super::overlay;
use super::pane::Pane;
use crate::app::files::caption;
use crate::app::theme::{Tokens, title_style};
use crate::cloud::{self, Measure};
use crate::figure::ColourMap;
use crate::job::{Handle, JobQueue, Lane};
use crate::volume::stage::CubeId;
use crate::volume::{Scene, Stretch, Transfer, View};
use egui::{ComboBox, Pos2, Rect, RichText, Stroke, Ui, vec2};
use egui_phosphor::regular as icon;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The width between the two pictures.
const GAP: f32 = 2.0;

/// What the cube in front is compared with, and how.
pub struct Compare {
    pub beside: bool,
    /// The other picture has the colours of the first.
    pub same_colours: bool,
    pub other: Option<CubeId>,
    pub pane: Pane,
    pub motion: Motion,
    making: Option<(Handle<PathBuf>, View)>,
    fault: Option<String>,
}

/// What the session keeps of it; the other cube by its place in the list.
#[derive(Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    pub beside: bool,
    pub own_colours: bool,
    pub other: Option<usize>,
}

impl Default for Compare {
    fn default() -> Self {
        Self {
            beside: false,
            same_colours: true,
            other: None,
            pane: Pane::new(1),
            motion: Motion::default(),
            making: None,
            fault: None,
        }
    }
}

impl Compare {
    /// The other cube: the one that was chosen, else the first that is not in front.
    pub fn partner(&self, open: &[Open], front: CubeId) -> Option<usize> {
        let chosen = open.iter().position(|one| Some(one.id) == self.other && one.id != front);
        chosen.or_else(|| open.iter().position(|one| one.id != front))
    }

    /// The section of the column.
    pub fn section(
        &mut self,
        ui: &mut Ui,
        open: &[Open],
        front: usize,
        (queue, folder): (&JobQueue, Option<&Path>),
    ) {
        let tokens = Tokens::of(ui);
        ui.add_space(12.0);
        caption(ui, "COMPARE");
        let Some(partner) = self.partner(open, open[front].id) else {
            self.beside = false;
            let hint = RichText::new("Open a second cube to compare").color(tokens.dim);
            ui.add(egui::Label::new(hint).wrap());
            return;
        };
        ui.checkbox(&mut self.beside, "Prediction beside truth").on_hover_text("Two cubes, one camera");
        let list = ComboBox::from_id_salt("compared with").selected_text(&open[partner].title);
        list.width(ui.available_width()).truncate().show_ui(ui, |ui| {
            for one in open.iter().filter(|one| one.id != open[front].id) {
                if ui.selectable_label(one.id == open[partner].id, &one.title).clicked() {
                    self.other = Some(one.id);
                }
            }
        });
        if self.beside {
            ui.checkbox(&mut self.same_colours, "One transfer function")
                .on_hover_text("The same colours for the same values in both");
        }
        let both = open[front].cube().zip(open[partner].cube());
        let button = egui::Button::new(format!("{}  Difference", icon::MINUS_CIRCLE));
        let tip =
            "The cube in front minus the other, as a cube of its own in the project's folder “differences”";
        let can = both.is_some() && folder.is_some() && self.making.is_none();
        if ui.add_enabled(can, button).on_hover_text(tip).clicked()
            && let (Some((first, second)), Some(folder)) = (both, folder)
        {
            self.fault = None;
            self.making = Some((subtract(first, second, folder, queue), first.look.scene.view));
        }
        if let Some((handle, _)) = &self.making {
            ui.label(RichText::new(handle.context.progress().text).color(tokens.dim));
        }
        if let Some(fault) = &self.fault {
            ui.add(egui::Label::new(RichText::new(fault).color(tokens.error)).wrap());
        }
    }

    /// The file of a difference that was made, and how the cube in front was seen.
    pub fn take(&mut self) -> Option<(PathBuf, View)> {
        let (handle, view) = self.making.as_ref()?;
        let (answer, view) = (handle.try_take()?, *view);
        self.making = None;
        answer.map(|path| (path, view)).map_err(|error| self.fault = Some(error)).ok()
    }

    pub fn is_settled(&self) -> bool {
        self.making.is_none() && (!self.beside || self.pane.is_settled())
    }

    /// The scene in which the other cube is drawn beside the first.
    pub fn scene(&self, first: &Cube, other: &Cube) -> Scene {
        let scene = first.look.drawn();
        let transfer =
            if self.same_colours { scene.transfer.clone() } else { other.look.scene.transfer.clone() };
        Scene { transfer, ..scene }
    }

    /// Axes and name of the other cube on its picture.
    pub fn paint_other(&self, ui: &mut Ui, rect: Rect, other: &Cube, scene: Scene) {
        let mut guest = other.clone();
        guest.look.scene = scene;
        overlay::paint(ui.painter(), rect, &guest);
        let tokens = Tokens::of(ui);
        let font = title_style().resolve(ui.style());
        let place = rect.min + vec2(16.0, 12.0);
        ui.painter().text(place, egui::Align2::LEFT_TOP, &other.title, font, tokens.text);
    }
}

/// The places of two pictures.
pub fn halves(rect: Rect) -> [Rect; 2] {
    let middle = rect.center().x;
    let left = Rect::from_min_max(rect.min, Pos2::new(middle - 0.5 * GAP, rect.bottom()));
    [left, Rect::from_min_max(Pos2::new(middle + 0.5 * GAP, rect.top()), rect.max)]
}

/// The cursor of one picture at the same place of the other.
pub fn cross_hair(ui: &Ui, [from, to]: [Rect; 2], pointer: Pos2) {
    let tokens = Tokens::of(ui);
    let at = to.min + (pointer - from.min);
    let painter = ui.painter_at(to);
    let stroke = Stroke::new(1.0, tokens.dim);
    for arm in [vec2(10.0, 0.0), vec2(0.0, 10.0)] {
        painter.line_segment([at - arm, at + arm], stroke);
    }
}

/// Subtracts in a job, from the files at full resolution, and leaves the difference as a FITS file in the folder.
fn subtract(first: &Cube, second: &Cube, folder: &Path, queue: &JobQueue) -> Handle<PathBuf> {
    let name = format!("{} − {}", stem(&first.path), stem(&second.path));
    let path = folder.join("differences").join(format!("{name}.fits"));
    let files = [first, second].map(|cube| Arc::clone(&cube.loaded.file));
    queue.spawn(Lane::Light, format!("Difference {name}"), move |context| {
        let made = cloud::compare([&files[0], &files[1]], Measure::Difference, Some(&path), context)?;
        made.how.iter().for_each(|how| context.warn(how));
        Ok(path)
    })
}

/// How a file is called in the name of another.
fn stem(path: &Path) -> String {
    let title = crate::app::files::title(path);
    title.trim_end_matches(".gz").trim_end_matches(".fits").to_owned()
}

/// Colours about zero: blue below, red above, nothing between.
pub fn diverging(percentiles: (f64, f64), range: (f64, f64)) -> Transfer {
    let reach = |(low, high): (f64, f64)| low.abs().max(high.abs());
    let most = [reach(percentiles), reach(range), 1.0].into_iter().find(|most| *most > 0.0).unwrap_or(1.0);
    Transfer {
        opacity: vec![[0.0, 1.0], [0.42, 0.02], [0.5, 0.0], [0.58, 0.02], [1.0, 1.0]],
        ..Transfer::rising((-most, most), Stretch::Linear, ColourMap::IceFire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colours_of_a_difference_are_centred_on_zero() {
        let transfer = diverging((-0.5, 2.0), (-3.0, 4.0));
        assert_eq!(transfer.range, (-2.0, 2.0));
        assert_eq!(transfer.opacity_at(0.5), 0.0);
        // Two equal cubes: nothing but zero.
        assert_eq!(diverging((0.0, 0.0), (0.0, 0.0)).range, (-1.0, 1.0));
    }

    #[test]
    fn two_pictures_share_the_room() {
        let [left, right] = halves(Rect::from_min_max(Pos2::new(10.0, 0.0), Pos2::new(110.0, 50.0)));
        assert_eq!((left.width(), right.width()), (49.0, 49.0));
        assert!(left.right() < right.left());
    }
}
