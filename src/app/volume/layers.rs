//! The column at the left of the picture: the open cubes, what is drawn of the one in front, the views of it.

use super::cube::{CubeId, Open};
use crate::app::files::{caption, row};
use crate::app::theme::Tokens;
use egui::Ui;
use egui_phosphor::regular as icon;

/// The open cubes; a click brings one to the front.
pub fn show(ui: &mut Ui, open: &mut [Open], front: &mut Option<CubeId>) {
    let tokens = Tokens::of(ui);
    ui.spacing_mut().item_spacing.y = 2.0;
    caption(ui, "CUBES");
    for cube in open {
        if row(ui, icon::CUBE, tokens.dim, &cube.title, None, *front == Some(cube.id)).clicked() {
            *front = Some(cube.id);
        }
    }
}
