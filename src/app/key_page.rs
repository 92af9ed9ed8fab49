//! The page of keys: every action with its keys, searched, changed by pressing the new key, reset. It changes the user's settings.

use super::command::Menu;
use super::form::caption;
use super::keymap::{self, Action, Changes, KeyMap};
use super::theme::{Tokens, icon_family, title_style};
use egui::{Align, Area, Button, Context, Event, Id, Key, KeyboardShortcut, Layout, Modal, RichText};
use egui::{ScrollArea, Sense, TextEdit, Ui, WidgetInfo, WidgetType, vec2};
use egui_phosphor::regular as icon;

const WIDTH: f32 = 640.0;
const ROW: f32 = 30.0;

/// What the mouse does on the canvas and on a cube. These are no keys and cannot be changed.
const MOUSE: [(&str, &str); 12] = [
    ("Double-click on the canvas", "Add a block"),
    ("Double-click on a block", "Rename it; open it, where it is a group"),
    ("Drag from a port", "Draw a wire; on empty canvas, choose among the blocks that fit"),
    ("Drag an input's wire away", "Cut it"),
    ("Drag on the canvas", "Select by a box; with Shift, add to the selection"),
    ("Wheel · middle button, or Space", "Zoom · pan"),
    ("Ctrl+Shift+click on a port", "Show its feature map"),
    ("Drag on a cube", "Turn it"),
    ("Right or middle drag, or Shift and drag, on a cube", "Move it along with the cursor"),
    ("Wheel or pinch on a cube", "Zoom to the cursor"),
    ("Double-click on a cube", "Look at the brightest point behind the cursor"),
    ("Drag a handle of the clip box", "Cut away what lies beyond"),
];

/// One key of an action; the index after its last key stands for a further one.
#[derive(Clone, Copy, PartialEq)]
struct Slot {
    action: Action,
    index: usize,
}

/// A pressed key that another action has.
struct Clash {
    slot: Slot,
    key: KeyboardShortcut,
    holder: Action,
}

#[derive(Default)]
pub struct KeyPage {
    open: bool,
    /// The search takes the focus in the page's first frame.
    is_new: bool,
    search: String,
    /// The next key pressed goes here.
    listening: Option<Slot>,
    clash: Option<Clash>,
}

impl KeyPage {
    pub fn toggle(&mut self) {
        *self = Self { open: !self.open, is_new: true, ..Self::default() };
    }

    /// Takes the awaited key out of the input, before anything else can act on it.
    pub fn listen(&mut self, context: &Context, changes: &mut Changes) {
        let Some(slot) = self.listening else { return };
        let pressed = context.input_mut(|input| {
            let held = input.modifiers;
            let at = input.events.iter().position(|event| keymap::shortcut_of(event, held).is_some())?;
            let key = keymap::shortcut_of(&input.events[at], held);
            // The letter itself must not land in the search field.
            input.events.retain(|event| {
                !matches!(
                    event,
                    Event::Key { .. } | Event::Text(_) | Event::Copy | Event::Cut | Event::Paste(_)
                )
            });
            key
        });
        let Some(key) = pressed.map(keymap::portable) else { return };
        self.listening = None;
        if key.logical_key == Key::Escape && key.modifiers.is_none() {
            return;
        }
        let (mut map, _) = KeyMap::new(changes);
        match map.holder(key, slot.action) {
            Some(holder) => self.clash = Some(Clash { slot, key, holder }),
            None => {
                put(&mut map, slot, key);
                *changes = map.changes();
            }
        }
    }

    /// Shows the page while it is open.
    pub fn show(&mut self, context: &Context, changes: &mut Changes) {
        if !self.open {
            return;
        }
        let area = Area::new(Id::new("keys"))
            .kind(egui::UiKind::Modal)
            .anchor(egui::Align2::CENTER_TOP, [0.0, 64.0])
            .order(egui::Order::Foreground);
        let height = (context.content_rect().height() - 220.0).clamp(160.0, 560.0);
        let frame = egui::Frame::popup(&context.global_style()).inner_margin(16);
        let answer = Modal::new(Id::new("keys-modal")).area(area).frame(frame).show(context, |ui| {
            ui.set_width(WIDTH);
            let mut map = (*KeyMap::of(ui.ctx())).clone();
            let before = map.clone();
            let done = self.content(ui, &mut map, height);
            if map != before {
                *changes = map.changes();
            }
            done
        });
        if answer.inner || answer.should_close() {
            *self = Self::default();
        }
    }

    fn content(&mut self, ui: &mut Ui, map: &mut KeyMap, height: f32) -> bool {
        let tokens = Tokens::of(ui);
        let mut done = false;
        ui.horizontal(|ui| {
            ui.label(RichText::new("Keys").text_style(title_style()));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                done = ui.button("Done").clicked();
                let is_changed = !map.changes().is_empty();
                let reset = ui.add_enabled(is_changed, Button::new("Reset all"));
                if reset.on_hover_text("Every key as it was delivered").clicked() {
                    *map = KeyMap::default();
                    self.clash = None;
                }
                ui.label(RichText::new("click a key, then press the new one").small().color(tokens.faint));
            });
        });
        ui.add_space(4.0);
        let search = TextEdit::singleline(&mut self.search)
            .hint_text("Find an action or a key")
            .desired_width(f32::INFINITY)
            .margin(egui::Margin::symmetric(12, 8));
        let response = ui.add(search);
        if std::mem::take(&mut self.is_new) {
            response.request_focus();
        }
        for (key, actions) in map.conflicts() {
            let names: Vec<&str> = actions.iter().map(|action| action.text()).collect();
            let text = format!(
                "{}  {} is the key of {}: only the first gets it",
                icon::WARNING,
                ui.ctx().format_shortcut(&key),
                names.join(" and of ")
            );
            ui.label(RichText::new(text).small().color(tokens.warning));
        }
        ui.add_space(4.0);
        ScrollArea::vertical().max_height(height).auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (title, actions) in groups() {
                let shown: Vec<Action> =
                    actions.into_iter().filter(|action| self.is_sought(ui, map, *action)).collect();
                if shown.is_empty() {
                    continue;
                }
                ui.add_space(8.0);
                caption(ui, title);
                ui.add_space(4.0);
                for action in shown {
                    self.row(ui, map, action);
                }
            }
            if self.search.trim().is_empty() {
                mouse(ui);
            }
        });
        done
    }

    fn is_sought(&self, ui: &Ui, map: &KeyMap, action: Action) -> bool {
        let sought = self.search.trim().to_lowercase();
        let keys = map.keys(action).iter().map(|key| ui.ctx().format_shortcut(key).to_lowercase());
        action.text().to_lowercase().contains(&sought)
            || action.tooltip().to_lowercase().contains(&sought)
            || keys.into_iter().any(|key| key.contains(&sought))
    }

    fn row(&mut self, ui: &mut Ui, map: &mut KeyMap, action: Action) {
        let tokens = Tokens::of(ui);
        ui.horizontal(|ui| {
            ui.set_min_height(ROW);
            let (rect, response) = ui.allocate_exact_size(vec2(0.5 * WIDTH, ROW), Sense::hover());
            let font = egui::TextStyle::Body.resolve(ui.style());
            let painter = ui.painter().with_clip_rect(rect);
            let left = egui::Align2::LEFT_CENTER;
            let icon_font = egui::FontId::new(font.size, icon_family());
            painter.text(rect.left_center(), left, action.icon(), icon_font, tokens.dim);
            painter.text(rect.left_center() + vec2(24.0, 0.0), left, action.text(), font, tokens.text);
            response.on_hover_text(action.tooltip());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.add_space(8.0);
                let is_changed = map.is_changed(action);
                // Inter has a letter of its own at this place.
                let arrow = RichText::new(icon::ARROW_COUNTER_CLOCKWISE).family(icon_family());
                let reset = Button::new(arrow).frame(false).min_size(vec2(24.0, 24.0));
                let response = ui.add_enabled(is_changed, reset).on_hover_text("The delivered key again");
                name(&response, format!("Reset {}", action.text()));
                if response.clicked() {
                    map.set(action, action.default_keys());
                    self.clash = None;
                }
                let add = Button::new(icon::PLUS).frame(false).min_size(vec2(24.0, 24.0));
                let response = ui.add(add).on_hover_text("A further key");
                name(&response, format!("Add a key to {}", action.text()));
                let count = map.keys(action).len();
                if response.clicked() {
                    self.start(Slot { action, index: count });
                }
                let waiting = self.listening.filter(|slot| slot.action == action);
                for index in (0..count + usize::from(waiting.is_some_and(|slot| slot.index == count))).rev() {
                    self.key_button(ui, map, Slot { action, index });
                }
            });
        });
        self.clash_row(ui, map, action);
    }

    fn key_button(&mut self, ui: &mut Ui, map: &mut KeyMap, slot: Slot) {
        let tokens = Tokens::of(ui);
        if self.listening == Some(slot) {
            if ui.button("No key").on_hover_text("Take the key away").clicked() {
                let mut keys = map.keys(slot.action).to_vec();
                if slot.index < keys.len() {
                    keys.remove(slot.index);
                }
                map.set(slot.action, keys);
                self.listening = None;
            }
            ui.label(RichText::new("press a key · Esc").small().color(tokens.accent));
            return;
        }
        let text = map.keys(slot.action).get(slot.index).map(|key| ui.ctx().format_shortcut(key));
        let button = Button::new(RichText::new(text.unwrap_or_default()).monospace());
        let response = ui.add(button).on_hover_text("Click, then press the new key");
        name(&response, format!("Key of {}", slot.action.text()));
        if response.clicked() {
            self.start(slot);
        }
    }

    fn start(&mut self, slot: Slot) {
        self.listening = Some(slot);
        self.clash = None;
    }

    /// Under its row: the pressed key belongs to another action.
    fn clash_row(&mut self, ui: &mut Ui, map: &mut KeyMap, action: Action) {
        let Some(clash) = self.clash.as_ref().filter(|clash| clash.slot.action == action) else { return };
        let tokens = Tokens::of(ui);
        let mut is_settled = false;
        ui.horizontal(|ui| {
            ui.set_min_height(ROW);
            let key = ui.ctx().format_shortcut(&clash.key);
            let text = format!("{}  {key} is the key of {}", icon::WARNING, clash.holder.text());
            ui.label(RichText::new(text).color(tokens.warning));
            if ui.button("Take it").clicked() {
                let kept = map.keys(clash.holder).iter().copied().filter(|key| *key != clash.key).collect();
                map.set(clash.holder, kept);
                put(map, clash.slot, clash.key);
                is_settled = true;
            }
            is_settled |= ui.button("Leave it").clicked();
        });
        if is_settled {
            self.clash = None;
        }
    }
}

fn put(map: &mut KeyMap, slot: Slot, key: KeyboardShortcut) {
    let mut keys = map.keys(slot.action).to_vec();
    // Pressing another key that the action has makes one of the two.
    keys.retain(|other| *other != key || map.keys(slot.action).get(slot.index) == Some(other));
    match keys.get_mut(slot.index) {
        Some(old) => *old = key,
        None => keys.push(key),
    }
    map.set(slot.action, keys);
}

fn name(response: &egui::Response, text: String) {
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, &text));
}

/// The canvas first: its keys are the ones that are used most.
fn groups() -> Vec<(&'static str, Vec<Action>)> {
    let canvas = Action::all().filter(|action| matches!(action, Action::Canvas(_))).collect();
    let volume = Action::all().filter(|action| matches!(action, Action::Volume(_))).collect();
    let of_menu = |menu: Menu| {
        let is_in = |action: &Action| matches!(action, Action::Command(command) if command.menu() == menu);
        (menu.text(), Action::all().filter(is_in).collect())
    };
    [("Canvas", canvas), ("Volume", volume)].into_iter().chain(Menu::ALL.map(of_menu)).collect()
}

fn mouse(ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    ui.add_space(12.0);
    caption(ui, "Mouse");
    ui.add_space(4.0);
    for (what, does) in MOUSE {
        ui.horizontal(|ui| {
            ui.set_min_height(22.0);
            let (rect, _) = ui.allocate_exact_size(vec2(0.4 * WIDTH, 22.0), Sense::hover());
            let font = egui::TextStyle::Body.resolve(ui.style());
            ui.painter().text(rect.left_center(), egui::Align2::LEFT_CENTER, what, font, tokens.dim);
            ui.label(RichText::new(does).color(tokens.text));
        });
    }
}
