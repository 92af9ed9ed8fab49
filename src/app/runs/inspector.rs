//! The inspector of the chosen run: what it is, how good it is beside the trivial predictor, what can be done with it.

use super::child::Child;
use super::desk::Desk;
use super::listing::{Judged, Run};
use super::settings;
use super::table::state_colour;
use crate::app::command::Command;
use crate::app::form::{caption, number_row, row};
use crate::app::state::AppState;
use crate::app::text;
use crate::app::theme::{Tokens, title_style};
use crate::job::Lane;
use crate::network::DeviceChoice;
use crate::training::{RunState, evaluate};
use egui::{Button, Grid, RichText, Ui};
use egui_phosphor::regular as icon;
use std::path::Path;

pub fn show(ui: &mut Ui, state: &mut AppState, chosen: &[Run], desk: &mut Desk) {
    let tokens = Tokens::of(ui);
    // A child that is being described takes the place of all else.
    let is_asked = |child: &mut Child| matches!(chosen, [run] if run.folder == child.parent);
    if let Some(mut child) = desk.child.take_if(|child| is_asked(child)) {
        if !child.show(ui, state) {
            desk.child = Some(child);
        }
        return;
    }
    match chosen {
        [] => {
            caption(ui, "Run");
            ui.label(RichText::new("Choose a run to see what became of it").color(tokens.dim));
        }
        [run] => one(ui, state, run, desk),
        several => {
            caption(ui, "Runs");
            ui.label(RichText::new(format!("{} runs", several.len())).text_style(title_style()));
            ui.add_space(8.0);
            compare(ui, several);
            ui.add_space(8.0);
            match several {
                [before, after] => desk.comparison.show(ui, before, after),
                _ => {
                    let text = "Choose two runs to see what differs between them";
                    ui.label(RichText::new(text).small().color(tokens.faint));
                }
            }
            ui.add_space(8.0);
            discard_button(ui, state, &several.iter().collect::<Vec<_>>(), desk);
        }
    }
    settings::show(ui, &mut state.training);
}

fn one(ui: &mut Ui, state: &mut AppState, run: &Run, desk: &mut Desk) {
    let tokens = Tokens::of(ui);
    let info = &run.info;
    caption(ui, "Run");
    ui.add(egui::Label::new(RichText::new(&run.name).text_style(title_style())).truncate());
    row(ui, "state", "", |ui| {
        _ = ui.label(RichText::new(run.state_word()).color(state_colour(run.state_word(), tokens)))
    });
    if !info.message.is_empty() {
        ui.add(egui::Label::new(RichText::new(&info.message).small().color(tokens.warning)).wrap());
    }
    desk.name_and_tags(ui, state, run);
    if let Some(parent) = &info.parent {
        row(ui, "began with", "Whose weights it began with", |ui| {
            let text = format!("{}, epoch {}", parent.run, parent.epoch);
            ui.add(egui::Label::new(text).truncate());
        });
    }
    number_row(ui, "epochs", text::count(u64::from(info.epochs)));
    number_row(ui, "steps", text::count(info.steps));
    number_row(ui, "parameters", text::count(info.parameters));
    number_row(ui, "time", text::duration(info.seconds));
    number_row(ui, "speed", format!("{:.0} samples/s", info.samples_per_second));
    number_row(
        ui,
        "device",
        format!("{} · {} thread{}", info.device, info.threads, if info.threads == 1 { "" } else { "s" }),
    );
    number_row(ui, "seed", info.seed.to_string());
    let [train, validation, test] = info.data.samples;
    number_row(ui, "samples", format!("{train} · {validation} · {test}"));
    ui.add_space(8.0);
    metrics(ui, run);
    ui.add_space(8.0);
    actions(ui, state, run, desk);
}

/// Throws runs away; it can be undone, so it is not asked twice.
fn discard_button(ui: &mut Ui, state: &mut AppState, runs: &[&Run], desk: &mut Desk) {
    let is_running = state.training.is_running()
        && runs
            .iter()
            .any(|run| state.training.current.as_ref().is_some_and(|current| current.folder == run.folder));
    let button = Button::new(format!("{}  Delete", icon::TRASH));
    let response = ui.add_enabled(!is_running, button).on_hover_text("To the wastebasket of the desktop");
    if response.on_disabled_hover_text("It trains; stop it first").clicked() {
        desk.discard(state, runs);
    }
}

/// Reads one number of a judgement.
type Value = fn(&Judged) -> f64;

/// Best validation, test, and the trivial predictor side by side.
fn metrics(ui: &mut Ui, run: &Run) {
    let tokens = Tokens::of(ui);
    let best = run.info.best.as_ref().map(|best| Judged {
        rms_dex: best.metrics.rms_dex,
        mae_dex: best.metrics.mae_dex,
        bias_dex: best.metrics.bias_dex,
        accuracy_0p3dex: best.metrics.accuracy_0p3dex,
    });
    let columns = [("best validation", best), ("test", run.judged), ("power law", run.baseline)];
    caption(ui, "How good");
    Grid::new("metrics").num_columns(4).spacing([12.0, 6.0]).show(ui, |ui| {
        ui.label("");
        for (title, _) in &columns {
            ui.label(RichText::new(*title).small().color(tokens.faint));
        }
        ui.end_row();
        let rows: [(&str, Value); 4] = [
            ("rms (dex)", |judged| judged.rms_dex),
            ("mean |Δ| (dex)", |judged| judged.mae_dex),
            ("bias (dex)", |judged| judged.bias_dex),
            ("within 0.3 dex", |judged| judged.accuracy_0p3dex),
        ];
        for (label, value) in rows {
            ui.label(RichText::new(label).small().color(tokens.dim));
            for (_, judged) in &columns {
                let number =
                    judged.as_ref().map_or("–".to_owned(), |judged| format!("{:.4}", value(judged)));
                ui.label(RichText::new(number.replace('-', "−")).monospace());
            }
            ui.end_row();
        }
    });
}

fn compare(ui: &mut Ui, runs: &[Run]) {
    let tokens = Tokens::of(ui);
    Grid::new("compare").num_columns(3).spacing([12.0, 6.0]).show(ui, |ui| {
        for title in ["run", "rms (dex)", "within 0.3 dex"] {
            ui.label(RichText::new(title).small().color(tokens.faint));
        }
        ui.end_row();
        for run in runs {
            ui.label(RichText::new(&run.name).small());
            ui.label(RichText::new(format!("{:.4}", run.best_rms_dex())).monospace());
            ui.label(RichText::new(format!("{:.4}", run.best_accuracy())).monospace());
            ui.end_row();
        }
    });
}

fn actions(ui: &mut Ui, state: &mut AppState, run: &Run, desk: &mut Desk) {
    let button = |ui: &mut Ui, enabled: bool, icon: &str, text: &str, tip: &str| {
        ui.add_enabled(enabled, Button::new(format!("{icon}  {text}"))).on_hover_text(tip).clicked()
    };
    let is_current = state.training.current.as_ref().is_some_and(|current| current.folder == run.folder);
    let is_training = is_current && state.training.is_running();
    ui.horizontal_wrapped(|ui| {
        let can_resume = run.info.state != RunState::Done && !state.training.is_running();
        if button(ui, can_resume, icon::PLAY, "Resume", "Go on from the latest checkpoint")
            && let Err(reason) = state.training.resume(&state.queue, &run.folder)
        {
            state.notices.error(reason);
        }
        let has_network = run.info.best.is_some() && !is_training;
        let tip = "A child run: other settings, beginning with the weights of this one";
        if button(ui, run.info.best.is_some(), icon::GIT_BRANCH, "Continue…", tip) {
            match Child::of(run) {
                Ok(child) => desk.child = Some(child),
                Err(reason) => state.notices.error(reason),
            }
        }
        if button(ui, has_network, icon::TARGET, "Evaluate", "Judge the best checkpoint on the test samples")
        {
            let folder = run.folder.clone();
            let product = run.folder.join("figures");
            state.queue.spawn_with_product(
                Lane::Heavy,
                format!("Evaluate {}", run.name),
                move |()| Some(product),
                move |context| {
                    evaluate(&folder, None, DeviceChoice::Auto, context)?;
                    Ok(())
                },
            );
        }
        if button(ui, has_network, icon::MAGIC_WAND, "Apply…", "The network on a map of the Clouds workspace")
        {
            state.request(Command::ShowClouds);
            state.request(Command::ApplyNetwork);
        }
        if button(ui, true, icon::FOLDER_OPEN, "Open folder", "Show the run's files in the file manager")
            && let Err(reason) = open_folder(&run.folder)
        {
            state.notices.error(reason);
        }
        discard_button(ui, state, &[run], desk);
    });
}

/// Hands a folder to the desktop's file manager.
fn open_folder(folder: &Path) -> Result<(), String> {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    std::process::Command::new(program)
        .arg(folder)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .map(drop)
        .map_err(|error| {
            format!("{}: no file manager could be started ({error}); the folder is there", folder.display())
        })
}
