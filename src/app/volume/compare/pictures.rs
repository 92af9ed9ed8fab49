//! The picture of the other cube: where it lies, its name, the curtain before it.

use super::super::cube::{Cube, Open};
use super::super::navigate;
use super::super::overlay;
use super::{Arrangement, Compare, halves};
use crate::app::state::AppState;
use crate::app::theme::{CONTROL_RADIUS, Tokens};
use crate::volume::stage::{CubeId, Request, Stage};
use egui::{
    Align2, CursorIcon, FontId, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, WidgetType, pos2, vec2,
};

/// How near to the curtain the mouse takes hold of it.
const GRIP: f32 = 6.0;
/// Height of title and modes over the picture.
const HEADLINE: f32 = 80.0;

impl Compare {
    /// The places of the pictures of the cube in front and of the other one.
    pub fn rects(&self, whole: Rect, is_shown: bool) -> [Rect; 2] {
        match self.kept.arrangement {
            Arrangement::Beside if is_shown => halves(whole),
            _ => [whole, whole],
        }
    }

    /// Moves the camera back where a whole cube would be cut off by the narrower picture, and to where it was afterwards.
    pub fn fit(&mut self, cube: &mut Cube, rects: [Rect; 2], whole: Rect) {
        let is_narrow = rects[0].width() < whole.width();
        let view = &mut cube.look.scene.view;
        match self.moved_back.filter(|(id, ..)| *id == cube.id) {
            None if is_narrow => {
                let fitted = |rect: Rect| view.fitted(&cube.lattice, rect.aspect_ratio()).distance;
                let (before, now) = (view.distance, fitted(rects[0]));
                // Who looks closely goes on looking closely.
                if before > 0.98 * fitted(whole) {
                    // Half of the way: the box is whole, and not lost in room for its labels.
                    view.distance = before.max((before * now).sqrt());
                }
                self.moved_back = Some((cube.id, view.distance, before));
            }
            Some((_, now, before)) if !is_narrow => {
                if view.distance == now {
                    view.distance = before;
                }
                self.moved_back = None;
            }
            _ => {}
        }
    }

    /// Draws the other cube, under the camera of the one in front: beside it, or over what it shows of its place.
    pub fn draw(
        &mut self,
        ui: &Ui,
        stage: &Stage,
        open: &[Open],
        ([index, partner], second): ([usize; 2], Option<CubeId>),
        (rect, moving): (Rect, bool),
    ) {
        let (Some(first), Some(other)) = (open[index].cube(), open[partner].cube()) else { return };
        let scene = self.scene(first, other);
        let pixels = rect.size() * ui.ctx().pixels_per_point();
        let (width, height) = (pixels.x.round().max(1.0) as u32, pixels.y.round().max(1.0) as u32);
        let request = Request { cube: other.id, second, scene: scene.clone(), width, height, moving };
        self.pane.ask(ui.ctx(), stage, request);
        let part = match self.kept.arrangement {
            Arrangement::Curtain => rect.with_min_x(self.curtain_x(rect)),
            Arrangement::Blink if !self.is_other_in_sight => return,
            _ => rect,
        };
        // What is behind must not be seen while the first picture comes.
        ui.painter_at(part).rect_filled(part, 0, egui::Color32::BLACK);
        self.pane.paint_part(ui, rect, part, other.id);
        if self.kept.arrangement == Arrangement::Beside {
            let mut guest: Cube = other.clone();
            guest.look.scene = scene;
            guest.look.overlay = first.look.overlay;
            overlay::paint(ui.painter(), rect, &guest);
        }
    }

    /// The other cube is not in sight.
    pub fn rest(&mut self, stage: &Stage) {
        self.pane.forget(stage);
    }

    /// What lies over both pictures: names, the curtain, what is under the cursor.
    pub fn over(
        &mut self,
        ui: &mut Ui,
        open: &mut [Open],
        [index, partner]: [usize; 2],
        rects: [Rect; 2],
        state: &mut AppState,
    ) {
        let names = [format!("a  {}", open[index].title), format!("b  {}", open[partner].title)];
        let rect = rects[1];
        match self.kept.arrangement {
            Arrangement::Alone => return,
            Arrangement::Beside => {
                let response = ui.allocate_rect(rect, Sense::click_and_drag());
                response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, true, "Other cube"));
                if let Some(cube) = open[index].cube_mut() {
                    let reduce_motion = state.recent.reduce_motion;
                    navigate::interact(ui, &response, rect, cube, &mut self.motion, reduce_motion);
                }
                label(ui, rect.left_top() + vec2(16.0, 12.0), Align2::LEFT_TOP, &names[1], true);
            }
            Arrangement::Curtain => self.curtain(ui, rect, &names),
            Arrangement::Blink => {
                let at = pos2(rect.center().x, rect.bottom() - 16.0);
                let name = &names[usize::from(self.is_other_in_sight)];
                label(ui, at, Align2::CENTER_BOTTOM, name, self.is_other_in_sight);
            }
        }
        self.hover(ui, open, [index, partner], rects, state);
    }

    fn curtain_x(&self, rect: Rect) -> f32 {
        (rect.left() + self.kept.curtain * rect.width()).round()
    }

    /// The line between both pictures, which can be dragged and is moved by the arrow keys, with the names at its sides.
    fn curtain(&mut self, ui: &mut Ui, rect: Rect, names: &[String; 2]) {
        let x = self.curtain_x(rect);
        // Below title and modes, which are to be clicked.
        let below = (rect.top() + HEADLINE).min(rect.bottom())..=rect.bottom();
        let grip = Rect::from_x_y_ranges(x - GRIP..=x + GRIP, below.clone());
        let response = ui.interact(grip, ui.id().with("curtain"), Sense::drag());
        response
            .widget_info(|| WidgetInfo::slider(true, f64::from(self.kept.curtain), "Line between the cubes"));
        let response = response.on_hover_cursor(CursorIcon::ResizeHorizontal);
        if response.dragged()
            && let Some(at) = response.interact_pointer_pos()
        {
            self.kept.curtain = ((at.x - rect.left()) / rect.width().max(1.0)).clamp(0.0, 1.0);
        }
        let tokens = Tokens::of(ui);
        let is_touched = response.dragged() || response.hovered();
        let ink = if is_touched { tokens.accent } else { tokens.text };
        let painter = ui.painter_at(rect);
        painter.vline(x, below, Stroke::new(1.0, ink));
        let knob = Rect::from_center_size(pos2(x, rect.center().y), vec2(8.0, 36.0));
        painter.rect(knob, 4, tokens.panel, Stroke::new(1.0, ink), StrokeKind::Inside);
        for (side, align) in [(-1.0, Align2::RIGHT_BOTTOM), (1.0, Align2::LEFT_BOTTOM)] {
            let at = pos2(x + 10.0 * side, rect.bottom() - 16.0);
            label(ui, at, align, &names[usize::from(side > 0.0)], true);
        }
    }
}

/// A cube's name on its picture.
fn label(ui: &Ui, at: Pos2, align: Align2, name: &str, is_strong: bool) {
    let tokens = Tokens::of(ui);
    let ink = if is_strong { tokens.text } else { tokens.dim };
    let galley = ui.painter().layout_no_wrap(name.to_owned(), FontId::proportional(13.0), ink);
    let frame = align.anchor_size(at, galley.size() + vec2(16.0, 8.0));
    let stroke = Stroke::new(1.0, tokens.line);
    ui.painter().rect(frame, CONTROL_RADIUS, tokens.panel.gamma_multiply(0.9), stroke, StrokeKind::Inside);
    ui.painter().galley(frame.min + vec2(8.0, 4.0), galley, ink);
}
