//! Which key does what: the defaults of commands, canvas actions and volume actions, the user's changes over them, and what is pressed.
//! The changes are kept with the user's settings (`project::Recent::keys`); nothing is painted here.

use super::blueprint::CanvasAction;
use super::command::Command;
use super::volume::VolumeAction;
use egui::{Context, Event, Id, Key, KeyboardShortcut, Modifiers};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A table of actions that keys ask for: name, words, tooltip, icon, default keys.
macro_rules! actions {
    ($(#[$doc:meta])* $table:ident; $($name:ident: $text:literal, $tooltip:literal, $icon:expr, [$($key:expr),*];)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $table { $(#[doc = $tooltip] $name),* }

        impl $table {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            fn entry(self) -> (&'static str, &'static str, &'static str, &'static [egui::KeyboardShortcut]) {
                match self {
                    $(Self::$name => ($text, $tooltip, $icon, const { &[$($key),*] })),*
                }
            }

            pub fn text(self) -> &'static str {
                self.entry().0
            }

            pub fn tooltip(self) -> &'static str {
                self.entry().1
            }

            pub fn icon(self) -> &'static str {
                self.entry().2
            }

            pub fn default_keys(self) -> &'static [egui::KeyboardShortcut] {
                self.entry().3
            }
        }
    };
}
pub(super) use actions;

/// A key alone, as the tables of actions name it.
pub(super) const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

/// Anything that a key can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Command(Command),
    Canvas(CanvasAction),
    Volume(VolumeAction),
}

impl Action {
    pub fn all() -> impl Iterator<Item = Self> {
        let commands = Command::ALL.iter().copied().map(Self::Command);
        let canvas = CanvasAction::ALL.iter().copied().map(Self::Canvas);
        commands.chain(canvas).chain(VolumeAction::ALL.iter().copied().map(Self::Volume))
    }

    /// The name in the settings file; it outlives a change of the words in the window.
    pub fn name(self) -> String {
        match self {
            Self::Command(command) => format!("{command:?}"),
            Self::Canvas(action) => format!("Canvas{action:?}"),
            Self::Volume(action) => format!("Volume{action:?}"),
        }
    }

    pub fn text(self) -> &'static str {
        match self {
            Self::Command(command) => command.text(),
            Self::Canvas(action) => action.text(),
            Self::Volume(action) => action.text(),
        }
    }

    pub fn tooltip(self) -> &'static str {
        match self {
            Self::Command(command) => command.tooltip(),
            Self::Canvas(action) => action.tooltip(),
            Self::Volume(action) => action.tooltip(),
        }
    }

    pub fn icon(self) -> &'static str {
        match self {
            Self::Command(command) => command.icon(),
            Self::Canvas(action) => action.icon(),
            Self::Volume(action) => action.icon(),
        }
    }

    pub fn default_keys(self) -> Vec<KeyboardShortcut> {
        match self {
            Self::Command(command) => command.default_key().into_iter().collect(),
            Self::Canvas(action) => action.default_keys().to_vec(),
            Self::Volume(action) => action.default_keys().to_vec(),
        }
    }

    /// Whether both can be asked for at one time: canvas and cube have keys of their own.
    fn meets(self, other: Self) -> bool {
        !matches!((self, other), (Self::Canvas(_), Self::Volume(_)) | (Self::Volume(_), Self::Canvas(_)))
    }
}

impl From<Command> for Action {
    fn from(command: Command) -> Self {
        Self::Command(command)
    }
}

impl From<CanvasAction> for Action {
    fn from(action: CanvasAction) -> Self {
        Self::Canvas(action)
    }
}

impl From<VolumeAction> for Action {
    fn from(action: VolumeAction) -> Self {
        Self::Volume(action)
    }
}

/// What the user changed, as the settings file holds it: the action's name → its keys (`Ctrl+Shift+Z`), none for no key.
pub type Changes = BTreeMap<String, Vec<String>>;

/// The keys of every action.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyMap {
    keys: Vec<(Action, Vec<KeyboardShortcut>)>,
}

impl Default for KeyMap {
    fn default() -> Self {
        Self { keys: Action::all().map(|action| (action, action.default_keys())).collect() }
    }
}

impl KeyMap {
    /// The defaults with the user's changes. What names no action or no key is left out and told.
    pub fn new(changes: &Changes) -> (Self, Vec<String>) {
        let mut map = Self::default();
        let mut faults = Vec::new();
        for (name, texts) in changes {
            let Some(entry) = map.keys.iter_mut().find(|(action, _)| action.name() == *name) else {
                faults.push(format!("the settings give a key to {name:?}, which this version does not have"));
                continue;
            };
            entry.1.clear();
            for text in texts {
                match from_text(text) {
                    Some(shortcut) => entry.1.push(shortcut),
                    None => {
                        faults.push(format!("the settings give {name:?} the key {text:?}, which is no key"))
                    }
                }
            }
        }
        (map, faults)
    }

    /// The map that the window goes by.
    pub fn of(context: &Context) -> Arc<Self> {
        context.data_mut(|data| data.get_temp_mut_or_default::<Arc<Self>>(Id::new("key map")).clone())
    }

    pub fn install(self, context: &Context) {
        context.data_mut(|data| data.insert_temp(Id::new("key map"), Arc::new(self)));
    }

    pub fn keys(&self, action: impl Into<Action>) -> &[KeyboardShortcut] {
        let action = action.into();
        self.keys.iter().find(|(other, _)| *other == action).map_or(&[], |(_, keys)| keys)
    }

    /// The first key of an action as the platform writes it; empty where it has none.
    pub fn text(&self, context: &Context, action: impl Into<Action>) -> String {
        self.keys(action).first().map(|key| context.format_shortcut(key)).unwrap_or_default()
    }

    /// The tooltip of an action with its key.
    pub fn tip(&self, context: &Context, action: impl Into<Action>) -> String {
        let action = action.into();
        match self.text(context, action) {
            key if key.is_empty() => action.tooltip().to_owned(),
            key => format!("{}  ({key})", action.tooltip()),
        }
    }

    /// Who else has this key.
    pub fn holder(&self, shortcut: KeyboardShortcut, besides: Action) -> Option<Action> {
        let has = |(other, keys): &&(Action, Vec<KeyboardShortcut>)| {
            *other != besides && other.meets(besides) && keys.contains(&shortcut)
        };
        self.keys.iter().find(has).map(|(action, _)| *action)
    }

    /// The keys that more than one action has, with these actions.
    pub fn conflicts(&self) -> Vec<(KeyboardShortcut, Vec<Action>)> {
        let mut conflicts: Vec<(KeyboardShortcut, Vec<Action>)> = Vec::new();
        for (action, keys) in &self.keys {
            for &key in keys {
                let meets = |actions: &[Action]| actions.iter().all(|other| other.meets(*action));
                match conflicts.iter_mut().find(|(other, actions)| *other == key && meets(actions)) {
                    Some((_, actions)) => actions.push(*action),
                    None => conflicts.push((key, vec![*action])),
                }
            }
        }
        conflicts.retain(|(_, actions)| actions.len() > 1);
        conflicts
    }

    pub fn is_changed(&self, action: Action) -> bool {
        self.keys(action) != action.default_keys()
    }

    pub fn set(&mut self, action: Action, keys: Vec<KeyboardShortcut>) {
        if let Some(entry) = self.keys.iter_mut().find(|(other, _)| *other == action) {
            entry.1 = keys;
        }
    }

    /// What differs from the defaults, for the settings file.
    pub fn changes(&self) -> Changes {
        let changed = self.keys.iter().filter(|(action, _)| self.is_changed(*action));
        changed.map(|(action, keys)| (action.name(), keys.iter().map(text_of).collect())).collect()
    }

    /// Takes the commands whose keys were pressed out of the input.
    pub fn take_commands(&self, context: &Context) -> Vec<Command> {
        let is_typing = context.text_edit_focused();
        let taken = self.take(context, |action, shortcut| {
            let Action::Command(command) = action else { return false };
            // A text field has keys of its own, its undo among them.
            let own = !(shortcut.modifiers.command || shortcut.modifiers.ctrl || shortcut.modifiers.alt);
            !(is_typing && (own || matches!(command, Command::Undo | Command::Redo)))
        });
        let command = |(action, _)| if let Action::Command(command) = action { Some(command) } else { None };
        taken.into_iter().filter_map(command).collect()
    }

    /// Takes the canvas actions whose keys were pressed out of the input, each with the text that a paste brought.
    pub fn take_canvas_actions(&self, context: &Context) -> Vec<(CanvasAction, Option<String>)> {
        let taken = self.take(context, |action, _| matches!(action, Action::Canvas(_)));
        let canvas = |(action, text)| {
            if let Action::Canvas(action) = action { Some((action, text)) } else { None }
        };
        taken.into_iter().filter_map(canvas).collect()
    }

    /// Takes the volume actions whose keys were pressed out of the input.
    pub fn take_volume_actions(&self, context: &Context) -> Vec<VolumeAction> {
        let taken = self.take(context, |action, _| matches!(action, Action::Volume(_)));
        let volume = |(action, _)| if let Action::Volume(action) = action { Some(action) } else { None };
        taken.into_iter().filter_map(volume).collect()
    }

    /// Whether a key of an action is held down, and nothing but it.
    pub fn is_held(&self, context: &Context, action: impl Into<Action>) -> bool {
        let held = |key: &KeyboardShortcut| {
            context.input(|input| {
                input.key_down(key.logical_key) && input.modifiers.matches_exact(key.modifiers)
            })
        };
        self.keys(action).iter().any(held)
    }

    /// Takes pressed keys out of the input, in their order; where two actions have a key, the first in the list gets it.
    fn take(
        &self,
        context: &Context,
        wanted: impl Fn(Action, KeyboardShortcut) -> bool,
    ) -> Vec<(Action, Option<String>)> {
        let mut taken = Vec::new();
        context.input_mut(|input| {
            let held = input.modifiers;
            input.events.retain(|event| {
                let hit = |key: &KeyboardShortcut| is_pressed(event, held, *key);
                let found = self.keys.iter().find_map(|(action, keys)| {
                    let key = keys.iter().copied().find(|key| hit(key))?;
                    wanted(*action, key).then_some(*action)
                });
                let Some(action) = found else { return true };
                let text = if let Event::Paste(text) = event { Some(text.clone()) } else { None };
                taken.push((action, text));
                false
            });
        });
        taken
    }
}

/// Whether an event is this key going down. The system's copy, cut and paste come as events of their own.
fn is_pressed(event: &Event, held: Modifiers, shortcut: KeyboardShortcut) -> bool {
    let Some(pressed) = shortcut_of(event, held) else { return false };
    // Digits and punctuation need Shift on some keyboards and not on others.
    let key = shortcut.logical_key;
    let may_need_shift = PUNCTUATION.contains(&key) || key.name().chars().all(|c| c.is_ascii_digit());
    let matches = if may_need_shift { Modifiers::matches_logically } else { Modifiers::matches_exact };
    pressed.logical_key == key && matches(&pressed.modifiers, shortcut.modifiers)
}

const PUNCTUATION: [Key; 8] = [
    Key::Plus,
    Key::Minus,
    Key::Equals,
    Key::Period,
    Key::Comma,
    Key::Slash,
    Key::Semicolon,
    Key::Questionmark,
];

/// The key that an event is about, as it went down.
pub fn shortcut_of(event: &Event, held: Modifiers) -> Option<KeyboardShortcut> {
    let command = |key| {
        let rest = Modifiers { shift: held.shift, alt: held.alt, ..Modifiers::NONE };
        Some(KeyboardShortcut::new(Modifiers::COMMAND | rest, key))
    };
    match event {
        Event::Copy => command(Key::C),
        Event::Cut => command(Key::X),
        Event::Paste(_) => command(Key::V),
        Event::Key { key, pressed: true, modifiers, .. } => Some(KeyboardShortcut::new(*modifiers, *key)),
        _ => None,
    }
}

/// `Ctrl+Alt+Shift+Name`; Ctrl is the command key of a Mac.
fn text_of(shortcut: &KeyboardShortcut) -> String {
    let held = shortcut.modifiers;
    let parts = [(held.command || held.ctrl, "Ctrl"), (held.alt, "Alt"), (held.shift, "Shift")];
    let held = parts.iter().filter(|(is_held, _)| *is_held).map(|(_, name)| *name);
    held.chain([shortcut.logical_key.name()]).collect::<Vec<_>>().join("+")
}

fn from_text(text: &str) -> Option<KeyboardShortcut> {
    let mut parts = text.split('+').rev();
    let key = Key::from_name(parts.next()?)?;
    let modifiers = parts.try_fold(Modifiers::NONE, |held, part| match part {
        "Ctrl" => Some(held | Modifiers::COMMAND),
        "Alt" => Some(held | Modifiers::ALT),
        "Shift" => Some(held | Modifiers::SHIFT),
        _ => None,
    })?;
    Some(KeyboardShortcut::new(modifiers, key))
}

/// The same key whatever the platform calls its command key, for keeping.
pub fn portable(shortcut: KeyboardShortcut) -> KeyboardShortcut {
    from_text(&text_of(&shortcut)).unwrap_or(shortcut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_actions_share_a_default_key_or_a_name() {
        let map = KeyMap::default();
        assert_eq!(map.conflicts(), [], "shared keys");
        let mut names: Vec<String> = Action::all().map(Action::name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), map.keys.len());
        for action in Action::all() {
            assert!(!action.tooltip().ends_with('.') && !action.text().ends_with('.'), "{action:?}");
        }
    }

    #[test]
    fn every_default_key_survives_the_settings_file() {
        for (_, keys) in &KeyMap::default().keys {
            for key in keys {
                assert_eq!(from_text(&text_of(key)), Some(*key), "{}", text_of(key));
            }
        }
        assert_eq!(from_text("Meta+Z"), None);
        assert_eq!(from_text(""), None);
    }

    #[test]
    fn changes_come_back_and_what_is_unknown_is_told() {
        let mut map = KeyMap::default();
        let (train, quit) = (Action::from(Command::Train), Action::from(Command::Quit));
        map.set(train, vec![KeyboardShortcut::new(Modifiers::ALT, Key::T)]);
        map.set(quit, vec![]);
        let mut changes = map.changes();
        assert_eq!(changes.len(), 2);
        let (again, faults) = KeyMap::new(&changes);
        assert_eq!((again, faults), (map, vec![]));
        changes.insert("Fly".to_owned(), vec!["F1".to_owned()]);
        changes.insert("Save".to_owned(), vec!["Ctrl+Nose".to_owned()]);
        let (_, faults) = KeyMap::new(&changes);
        assert_eq!(faults.len(), 2, "{faults:?}");
    }

    #[test]
    fn a_letter_wants_its_modifiers_exactly_and_a_plus_does_not() {
        let key =
            |key, modifiers| Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers };
        let command = Modifiers::COMMAND | Modifiers::CTRL;
        let undo = KeyboardShortcut::new(Modifiers::COMMAND, Key::Z);
        assert!(is_pressed(&key(Key::Z, command), command, undo));
        assert!(!is_pressed(&key(Key::Z, command | Modifiers::SHIFT), command, undo));
        assert!(!is_pressed(&key(Key::Z, Modifiers::NONE), Modifiers::NONE, undo));
        let plus = KeyboardShortcut::new(Modifiers::COMMAND, Key::Plus);
        assert!(is_pressed(&key(Key::Plus, command | Modifiers::SHIFT), command, plus));
        let paste = KeyboardShortcut::new(Modifiers::COMMAND | Modifiers::SHIFT, Key::V);
        assert!(is_pressed(&Event::Paste(String::new()), Modifiers::SHIFT, paste));
        assert!(!is_pressed(&Event::Paste(String::new()), Modifiers::NONE, paste));
    }
}
