//! The command palette: type a few letters, find any command, file, block or run.

use super::command::Command;
use super::keymap::KeyMap;
use super::theme::Tokens;
use super::workspace::{Find, Workspace};
use egui::{Align, Area, Context, Id, Key, Layout, Modal, Modifiers, RichText, ScrollArea, TextEdit, Ui};
use egui_phosphor::regular as icon;
use std::path::PathBuf;

/// What the user chose.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    Command(Command),
    File(PathBuf),
    Find(Workspace, String),
}

struct Row {
    text: String,
    icon: &'static str,
    /// The key of a command, the kind of anything else.
    aside: String,
    tooltip: String,
    choice: Choice,
}

/// Open or not, what is typed, which row is selected.
#[derive(Default)]
pub struct Palette {
    open: bool,
    query: String,
    selected: usize,
}

impl Palette {
    pub fn toggle(&mut self) {
        *self = Self { open: !self.open, ..Self::default() };
    }

    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Shows the palette while it is open; answers the choice once.
    pub fn show(
        &mut self,
        context: &Context,
        files: &[PathBuf],
        finds: &[(Workspace, Find)],
    ) -> Option<Choice> {
        if !self.open {
            return None;
        }
        let rows = self.rows(context, files, finds);
        let (down, up, enter) = context.input_mut(|input| {
            (
                input.consume_key(Modifiers::NONE, Key::ArrowDown),
                input.consume_key(Modifiers::NONE, Key::ArrowUp),
                input.consume_key(Modifiers::NONE, Key::Enter),
            )
        });
        let last = rows.len().saturating_sub(1);
        if down {
            self.selected += 1;
        }
        if up {
            self.selected = self.selected.saturating_sub(1);
        }
        self.selected = self.selected.min(last);
        let area = Area::new(Id::new("palette"))
            .kind(egui::UiKind::Modal)
            .anchor(egui::Align2::CENTER_TOP, [0.0, 88.0])
            .order(egui::Order::Foreground);
        let modal = Modal::new(Id::new("palette-modal")).area(area);
        let answer = modal.show(context, |ui| {
            ui.set_width(560.0);
            self.content(ui, &rows, down || up)
        });
        let closed = answer.should_close();
        let mut choice = answer.inner;
        if enter {
            choice = rows.into_iter().nth(self.selected).map(|row| row.choice);
        }
        if choice.is_some() || closed {
            self.open = false;
        }
        choice
    }

    fn content(&mut self, ui: &mut Ui, rows: &[Row], moved: bool) -> Option<Choice> {
        let tokens = Tokens::of(ui);
        let edit = TextEdit::singleline(&mut self.query)
            .hint_text("Find a command, file, block or run")
            .desired_width(f32::INFINITY)
            .margin(egui::Margin::symmetric(12, 8));
        let response = ui.add(edit);
        response.request_focus();
        if response.changed() {
            self.selected = 0;
        }
        ui.add_space(4.0);
        if rows.is_empty() {
            ui.label(RichText::new("Nothing of that name").color(tokens.dim));
        }
        let mut choice = None;
        ScrollArea::vertical().max_height(400.0).auto_shrink([false, true]).show(ui, |ui| {
            for (index, row) in rows.iter().enumerate() {
                let text = format!("{}   {}", row.icon, row.text);
                let aside = RichText::new(&row.aside).color(tokens.faint);
                let button = egui::Button::selectable(index == self.selected, text)
                    .right_text(aside)
                    .min_size(egui::vec2(ui.available_width(), 28.0));
                let response = ui
                    .with_layout(Layout::top_down_justified(Align::Min), |ui| ui.add(button))
                    .inner
                    .on_hover_text(&row.tooltip);
                if moved && index == self.selected {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    choice = Some(row.choice.clone());
                }
            }
        });
        choice
    }

    fn rows(&self, context: &Context, files: &[PathBuf], finds: &[(Workspace, Find)]) -> Vec<Row> {
        let keys = KeyMap::of(context);
        let commands =
            Command::ALL.iter().filter(|command| **command != Command::Palette).map(|command| Row {
                text: command.text().to_owned(),
                icon: command.icon(),
                aside: keys.text(context, *command),
                tooltip: command.tooltip().to_owned(),
                choice: Choice::Command(*command),
            });
        let finds = finds.iter().map(|(workspace, find)| Row {
            text: find.text.clone(),
            icon: workspace.command().icon(),
            aside: find.kind.to_owned(),
            tooltip: format!("Show it in {}", workspace.name()),
            choice: Choice::Find(*workspace, find.target.clone()),
        });
        let files = files.iter().map(|path| Row {
            text: path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
            icon: icon::FILE,
            aside: "file".to_owned(),
            tooltip: path.display().to_string(),
            choice: Choice::File(path.clone()),
        });
        let mut ranked: Vec<(i32, Row)> = commands
            .chain(finds)
            .chain(files)
            .filter_map(|row| Some((score(&self.query, &row.text)?, row)))
            .collect();
        ranked.sort_by_key(|(score, _)| -score);
        ranked.into_iter().map(|(_, row)| row).collect()
    }
}

/// How well `text` answers `query`: every letter of the query must come in order; runs and word beginnings count more.
/// `None` where a letter is missing.
fn score(query: &str, text: &str) -> Option<i32> {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut total, mut at, mut run) = (0, 0, 0);
    for letter in query.to_lowercase().chars().filter(|letter| !letter.is_whitespace()) {
        let found = text[at..].iter().position(|&other| other == letter)? + at;
        let begins = found == 0 || !text[found - 1].is_alphanumeric();
        run = if found == at && at > 0 { run + 1 } else { 0 };
        total += 1 + 4 * run + if begins { 6 } else { 0 } - (found - at).min(8) as i32 / 4;
        at = found + 1;
    }
    Some(total - text.len() as i32 / 16)
}

#[cfg(test)]
mod tests {
    use super::score;

    #[test]
    fn fuzzy_order_is_what_a_user_means() {
        assert!(score("xq", "Quit").is_none());
        assert!(score("tr", "Train").unwrap() > score("tr", "Stop training").unwrap());
        assert!(score("opf", "Open file…").unwrap() > score("opf", "Stop all… f").unwrap_or(i32::MIN));
        assert!(score("", "Anything").is_some());
    }
}
