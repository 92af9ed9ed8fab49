//! The film in the window before it is shot: it runs, or is held at a time.

use super::{Cube, flight_axis};
use crate::app::theme::{Tokens, number_style};
use crate::volume::{Scene, View};
use egui::{Button, Context, RichText, Slider, Ui, WidgetInfo, WidgetType};
use egui_phosphor::regular as icon;

/// A film that is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Playing {
    /// What was in sight before.
    before: Scene,
    /// Seconds of the film.
    at_s: f64,
    /// The window's clock when it was at 0, while it runs.
    begun_s: Option<f64>,
    /// Where it put the camera last.
    view: View,
}

/// Moves on the film that is looked at. True while it runs.
pub fn play(context: &Context, cube: &mut Cube) -> bool {
    let now = context.input(|input| input.time);
    let film = cube.look.export.film(flight_axis(cube).0, (1, 1));
    let look = &mut cube.look;
    let Some(playing) = &mut look.export.playing else { return false };
    if let Some(begun_s) = playing.begun_s {
        playing.at_s = now - begun_s;
    }
    let is_moved = look.scene.view != playing.view;
    let is_over = playing.at_s > film.seconds && !film.is_loop();
    if is_moved || is_over || film.check().is_err() {
        // Whoever takes the camera over keeps it where it is; else all is as it was before.
        let view = if is_moved { look.scene.view } else { playing.before.view };
        look.scene = Scene { view, ..playing.before.clone() };
        look.export.playing = None;
        context.request_repaint();
        return false;
    }
    if film.is_loop() && playing.begun_s.is_some() {
        playing.at_s %= film.seconds;
    }
    look.scene = film.at(&playing.before, (playing.at_s / film.seconds).min(1.0));
    playing.view = look.scene.view;
    let runs = playing.begun_s.is_some();
    if runs {
        context.request_repaint();
    }
    runs
}

/// Ends the preview: all is as it was before.
pub fn end(cube: &mut Cube) {
    if let Some(playing) = cube.look.export.playing.take() {
        cube.look.scene = playing.before;
    }
}

/// How many of the scene's slices are the user's: one that a film adds is not, and comes last.
pub fn own_slices(cube: &Cube) -> usize {
    let scene = cube.look.export.playing.as_ref().map_or(&cube.look.scene, |playing| &playing.before);
    scene.slices.len()
}

/// Play, pause, stop, and the time to go to.
pub fn bar(ui: &mut Ui, cube: &mut Cube) {
    let seconds = cube.look.export.film(flight_axis(cube).0, (1, 1)).seconds;
    let now = ui.input(|input| input.time);
    let scene = cube.look.scene.clone();
    let playing = &mut cube.look.export.playing;
    let begin = |at_s| Playing { view: scene.view, before: scene.clone(), at_s, begun_s: None };
    let mut is_ended = false;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let runs = playing.as_ref().is_some_and(|playing| playing.begun_s.is_some());
        let (icon, text) = if runs { (icon::PAUSE, "Pause") } else { (icon::PLAY, "Play") };
        if ui.button(format!("{icon}  {text}")).on_hover_text("The film in this view").clicked() {
            let playing = playing.get_or_insert_with(|| begin(0.0));
            playing.begun_s = if runs { None } else { Some(now - playing.at_s) };
        }
        let mut at_s = playing.as_ref().map_or(0.0, |playing| playing.at_s);
        ui.spacing_mut().slider_width = (ui.available_width() - 96.0).clamp(40.0, 120.0);
        let slider = ui.add(Slider::new(&mut at_s, 0.0..=seconds.max(1e-3)).show_value(false));
        slider.widget_info(|| WidgetInfo::labeled(WidgetType::Slider, true, "Time in the film"));
        if slider.on_hover_text("Time in the film").changed() {
            let playing = playing.get_or_insert_with(|| begin(at_s));
            playing.at_s = at_s;
            playing.begun_s = None;
        }
        let words =
            RichText::new(format!("{at_s:.1} s")).text_style(number_style()).color(Tokens::of(ui).dim);
        ui.label(words);
        if playing.is_some() {
            let stop =
                ui.add(Button::new(icon::STOP).frame(false)).on_hover_text("Back to the view as it was");
            stop.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, "Stop the film"));
            is_ended = stop.clicked();
        }
    });
    if is_ended {
        end(cube);
    }
}
