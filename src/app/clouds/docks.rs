//! How the docks of the Clouds workspace look and what their tabs do. What a tab holds is in `pane`.

use super::CloudsView;
use super::pane;
use super::sheet::SheetId;
use crate::app::state::AppState;
use crate::app::theme::{self, Tokens};
use egui::{Ui, WidgetText};
use egui_tiles::{SimplificationOptions, TileId, Tiles, UiResponse};

/// What the docks ask of the workspace.
pub(super) struct Docker<'a> {
    pub clouds: &'a mut CloudsView,
    pub state: &'a mut AppState,
    pub closed: Vec<SheetId>,
}

impl egui_tiles::Behavior<SheetId> for Docker<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile: TileId, pane: &mut SheetId) -> UiResponse {
        let Some(sheet) = self.clouds.sheets.iter_mut().find(|sheet| sheet.id == *pane) else {
            return UiResponse::None;
        };
        ui.painter().rect_filled(ui.max_rect(), 0, Tokens::of(ui).window);
        if pane::show(ui, sheet, self.state) {
            self.clouds.front = Some(*pane);
        }
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &SheetId) -> WidgetText {
        let sheet = self.clouds.sheets.iter().find(|sheet| sheet.id == *pane);
        sheet.map_or_else(String::new, |sheet| sheet.title.clone()).into()
    }

    fn is_tab_closable(&self, _tiles: &Tiles<SheetId>, _tile: TileId) -> bool {
        true
    }

    fn on_tab_close(&mut self, tiles: &mut Tiles<SheetId>, tile: TileId) -> bool {
        self.closed.extend(tiles.get_pane(&tile).copied());
        true
    }

    fn on_tab_button(
        &mut self,
        tiles: &mut Tiles<SheetId>,
        tile: TileId,
        response: egui::Response,
    ) -> egui::Response {
        if response.clicked()
            && let Some(pane) = tiles.get_pane(&tile)
        {
            self.clouds.front = Some(*pane);
        }
        response
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: true, ..SimplificationOptions::default() }
    }

    fn tab_bar_height(&self, _style: &egui::Style) -> f32 {
        32.0
    }

    fn gap_width(&self, _style: &egui::Style) -> f32 {
        1.0
    }

    fn tab_bar_color(&self, visuals: &egui::Visuals) -> egui::Color32 {
        visuals.panel_fill
    }

    fn tab_bg_color(
        &self,
        visuals: &egui::Visuals,
        _tiles: &Tiles<SheetId>,
        _tile: TileId,
        state: &egui_tiles::TabState,
    ) -> egui::Color32 {
        let tokens = if visuals.dark_mode { &theme::DARK } else { &theme::LIGHT };
        if state.active { tokens.window } else { tokens.panel }
    }

    fn tab_outline_stroke(
        &self,
        _visuals: &egui::Visuals,
        _tiles: &Tiles<SheetId>,
        _tile: TileId,
        _state: &egui_tiles::TabState,
    ) -> egui::Stroke {
        egui::Stroke::NONE
    }

    fn tab_text_color(
        &self,
        visuals: &egui::Visuals,
        tiles: &Tiles<SheetId>,
        tile: TileId,
        state: &egui_tiles::TabState,
    ) -> egui::Color32 {
        let tokens = if visuals.dark_mode { &theme::DARK } else { &theme::LIGHT };
        let front = tiles.get_pane(&tile).copied() == self.clouds.front;
        match (state.active, front) {
            (true, true) => tokens.text,
            (true, false) => tokens.dim,
            _ => tokens.faint,
        }
    }
}
