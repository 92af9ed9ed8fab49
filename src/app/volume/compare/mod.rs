//! Two cubes against each other, a prediction and the truth, say: side by side, under a curtain or in turns, with one camera; what is
//! under the cursor in both; and what becomes of both, as a cube of its own.

mod making;
mod pictures;
mod probe;

use super::cube::{Cube, Open};
use super::layers::key_line;
use super::navigate::Motion;
use super::pane::Pane;
use crate::app::files::caption;
use crate::app::keymap::KeyMap;
use crate::app::theme::Tokens;
use crate::job::JobQueue;
use crate::volume::Scene;
use crate::volume::stage::CubeId;
use egui::{ComboBox, Pos2, Rect, RichText, Ui};
pub use making::Seen;
use making::{Made, Making};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The width between two pictures.
const GAP: f32 = 2.0;

/// How two pictures share the room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrangement {
    /// One cube alone.
    #[default]
    Alone,
    Beside,
    /// Both in one place, on either side of a line that is dragged.
    Curtain,
    /// Both in one place, in turns.
    Blink,
}

/// What the cube in front is compared with, and how.
pub struct Compare {
    kept: Kept,
    other: Option<CubeId>,
    /// In turns: the other one is in sight now.
    is_other_in_sight: bool,
    pane: Pane,
    motion: Motion,
    link: Option<probe::Link>,
    /// The camera of this cube was moved back for the narrower picture: to here, from there.
    moved_back: Option<(CubeId, f32, f32)>,
    making: Option<Making>,
    made: Option<Made>,
    fault: Option<String>,
}

/// What the session keeps of it; the other cube by its place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Of sessions that knew no other arrangement.
    #[serde(skip_serializing)]
    beside: bool,
    arrangement: Arrangement,
    /// Where the curtain hangs, from 0 at the left to 1.
    curtain: f32,
    own_colours: bool,
    own_clip: bool,
    own_surfaces: bool,
    other: Option<usize>,
    measure: making::Choice,
    threshold: f32,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            beside: false,
            arrangement: Arrangement::Alone,
            curtain: 0.5,
            own_colours: false,
            own_clip: false,
            own_surfaces: false,
            other: None,
            measure: making::Choice::default(),
            threshold: 0.5,
        }
    }
}

impl Default for Compare {
    fn default() -> Self {
        Self {
            kept: Kept::default(),
            other: None,
            is_other_in_sight: false,
            pane: Pane::new(1),
            motion: Motion::default(),
            link: None,
            moved_back: None,
            making: None,
            made: None,
            fault: None,
        }
    }
}

impl Compare {
    /// As a session kept it, among these cubes.
    pub fn reopened(mut kept: Kept, open: &[Open]) -> Self {
        if kept.beside && kept.arrangement == Arrangement::Alone {
            kept.arrangement = Arrangement::Beside;
        }
        kept.curtain = if kept.curtain.is_finite() { kept.curtain.clamp(0.0, 1.0) } else { 0.5 };
        let other = kept.other.and_then(|index| open.get(index)).map(|open| open.id);
        Self { kept, other, ..Self::default() }
    }

    pub fn kept(&self, open: &[Open]) -> Kept {
        Kept { other: self.other.and_then(|id| open.iter().position(|one| one.id == id)), ..self.kept }
    }

    /// The other cube: the one that was chosen, else the first that is not in front.
    fn partner(&self, open: &[Open], front: CubeId) -> Option<usize> {
        let chosen = open.iter().position(|one| Some(one.id) == self.other && one.id != front);
        chosen.or_else(|| open.iter().position(|one| one.id != front))
    }

    /// The other cube, where it is shown and is read.
    pub fn shown(&self, open: &[Open], front: CubeId) -> Option<usize> {
        let partner = (self.kept.arrangement != Arrangement::Alone).then(|| self.partner(open, front))??;
        open[partner].cube().map(|_| partner)
    }

    /// The two change places, each time it is called; the first time the other one comes.
    pub fn blink(&mut self) {
        self.is_other_in_sight = self.kept.arrangement != Arrangement::Blink || !self.is_other_in_sight;
        self.kept.arrangement = Arrangement::Blink;
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
            self.kept.arrangement = Arrangement::Alone;
            let hint = RichText::new("Open a second cube to compare").color(tokens.dim);
            ui.add(egui::Label::new(hint).wrap());
            return;
        };
        ui.label(RichText::new("with").color(tokens.dim));
        let list = ComboBox::from_id_salt("compared with").selected_text(&open[partner].title);
        list.width(ui.available_width()).truncate().show_ui(ui, |ui| {
            for one in open.iter().filter(|one| one.id != open[front].id) {
                if ui.selectable_label(one.id == open[partner].id, &one.title).clicked() {
                    self.other = Some(one.id);
                }
            }
        });
        let key = KeyMap::of(ui.ctx()).text(ui.ctx(), super::VolumeAction::Blink);
        for (arrangement, text, key, tip) in [
            (Arrangement::Beside, "Side by side", "", "Two pictures, one camera"),
            (Arrangement::Curtain, "Curtain", "", "One place, on either side of a line that can be dragged"),
            (Arrangement::Blink, "Blink", key.as_str(), "One place, in turns: the key changes them over"),
        ] {
            let is_on = self.kept.arrangement == arrangement;
            if key_line(ui, text, key, is_on).on_hover_text(tip).clicked() {
                (self.kept.arrangement, self.is_other_in_sight) = match (is_on, arrangement) {
                    (true, _) => (Arrangement::Alone, false),
                    (false, arrangement) => (arrangement, arrangement == Arrangement::Blink),
                };
            }
        }
        if self.kept.arrangement != Arrangement::Alone {
            for (own, text, tip) in [
                (
                    &mut self.kept.own_colours,
                    "One transfer function",
                    "The same colours for the same values in both",
                ),
                (&mut self.kept.own_clip, "One clip box", "The same part of both"),
                (
                    &mut self.kept.own_surfaces,
                    "One set of slices",
                    "Isosurfaces and slices of the cube in front in both",
                ),
            ] {
                let mut is_linked = !*own;
                ui.checkbox(&mut is_linked, text).on_hover_text(tip);
                *own = !is_linked;
            }
        }
        let both = open[front].cube().zip(open[partner].cube());
        self.making_section(ui, both, (queue, folder));
    }

    /// The file of a cube that was made of two, and how it is to be seen.
    pub fn take(&mut self) -> Option<(PathBuf, Seen)> {
        let answer = self.making.as_ref()?.try_take()?;
        self.making = None;
        match answer {
            Ok((made, seen)) => {
                self.made = Some(made);
                if seen.is_some() {
                    // It comes to the front, and alone.
                    self.kept.arrangement = Arrangement::Alone;
                }
                seen
            }
            Err(error) => {
                self.fault = Some(error);
                None
            }
        }
    }

    pub fn is_settled(&self) -> bool {
        self.making.is_none() && (self.kept.arrangement == Arrangement::Alone || self.pane.is_settled())
    }

    /// The scene in which the other cube is drawn beside the first.
    fn scene(&self, first: &Cube, other: &Cube) -> Scene {
        let mut scene = first.look.drawn();
        let own = &other.look.scene;
        if self.kept.own_colours {
            (scene.transfer, scene.density) = (own.transfer.clone(), own.density);
        }
        if self.kept.own_clip {
            scene.clip = own.clip;
        }
        if self.kept.own_surfaces {
            (scene.surfaces, scene.slices) = (own.surfaces.clone(), own.slices.clone());
        }
        scene
    }
}

/// The places of two pictures.
fn halves(rect: Rect) -> [Rect; 2] {
    let middle = rect.center().x;
    let left = Rect::from_min_max(rect.min, Pos2::new(middle - 0.5 * GAP, rect.bottom()));
    [left, Rect::from_min_max(Pos2::new(middle + 0.5 * GAP, rect.top()), rect.max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_pictures_share_the_room() {
        let [left, right] = halves(Rect::from_min_max(Pos2::new(10.0, 0.0), Pos2::new(110.0, 50.0)));
        assert_eq!((left.width(), right.width()), (49.0, 49.0));
        assert!(left.right() < right.left());
    }

    #[test]
    fn a_session_of_before_stands_side_by_side_again() {
        let kept: Kept = serde_json::from_value(serde_json::json!({ "beside": true, "own_colours": true }))
            .expect("readable");
        let compare = Compare::reopened(kept, &[]);
        assert_eq!(compare.kept.arrangement, Arrangement::Beside);
        assert!(compare.kept.own_colours);
        let text = serde_json::to_value(compare.kept(&[])).expect("written");
        let again: Kept = serde_json::from_value(text).expect("readable");
        assert_eq!(Compare::reopened(again, &[]).kept.arrangement, Arrangement::Beside);
    }

    #[test]
    fn blinking_begins_with_the_other_cube() {
        let mut compare = Compare::default();
        compare.blink();
        assert!(compare.is_other_in_sight && compare.kept.arrangement == Arrangement::Blink);
        compare.blink();
        assert!(!compare.is_other_in_sight);
    }
}
