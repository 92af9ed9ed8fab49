//! The inspector of the selected block, drawn from the catalogue: parameters with the right fields, costs, faults with their mends.

use super::cards::{kind_icon, value_of};
use super::editor::Editor;
use crate::app::form::{caption, number_row, row};
use crate::app::text;
use crate::app::theme::{Tokens, icon_family, strong_family, title_style};
use crate::blueprint::catalogue::{self, AUTO, ParameterSpec, Values};
use crate::blueprint::{Block, Fault, Graph, Parameter, PathId, Port, Severity};
use crate::figure::numbers;
use egui::{Button, CollapsingHeader, ComboBox, DragValue, FontId, RichText, TextEdit, Ui};
use egui_phosphor::regular as icon;

/// A text parameter while it is being typed.
#[derive(Default)]
pub struct Typing {
    of: Option<(PathId, &'static str)>,
    text: String,
    /// Why the last value was not taken.
    refusal: Option<String>,
}

/// The inspector of one block. Answers a block to show instead, where the user asked for one.
pub fn block(ui: &mut Ui, editor: &mut Editor, typing: &mut Typing, path: &PathId) -> Option<PathId> {
    let block = editor.block(path)?.clone();
    let tokens = Tokens::of(ui);
    let kind = catalogue::kind(&block.kind);
    caption(ui, "Block");
    ui.horizontal(|ui| {
        ui.label(
            RichText::new(kind_icon(&block.kind)).font(FontId::new(15.0, icon_family())).color(tokens.dim),
        );
        let label = kind.map_or("unknown kind", |kind| kind.label);
        let title = if block.name == label { label.to_owned() } else { format!("{} · {label}", block.name) };
        ui.add(egui::Label::new(RichText::new(title).text_style(title_style())).truncate());
    });
    if let Some(kind) = kind {
        ui.add(egui::Label::new(RichText::new(kind.help).small().color(tokens.dim)).wrap());
    }
    ui.add_space(8.0);
    let mut show = faults(ui, editor, typing, path);
    let parameters = kind.map_or(&[][..], |kind| kind.parameters);
    for spec in parameters {
        row(ui, spec.label, spec.help, |ui| field(ui, editor, typing, path, &block, spec));
    }
    if let Some(inside) = &block.inside {
        inner_fields(ui, editor, typing, path, inside);
    }
    if let Some(refusal) = &typing.refusal {
        ui.add(egui::Label::new(RichText::new(refusal).small().color(tokens.error)).wrap());
    }
    if let Some(inside) = &block.inside {
        show = show.or_else(|| contents(ui, path, inside));
    }
    ui.add_space(4.0);
    costs(ui, editor, path, &block);
    show
}

fn costs(ui: &mut Ui, editor: &Editor, path: &PathId, block: &Block) {
    if let Some(report) = editor.analysis().blocks.get(path) {
        number_row(ui, "parameters", text::count(report.parameters));
        number_row(ui, "multiply-adds", numbers::scaled(report.multiply_adds));
        let batch = u64::from(editor.batch);
        let at_batch =
            |bytes: u64| format!("{} at batch {batch}", numbers::bytes(bytes.saturating_mul(batch)));
        number_row(ui, "memory, forward", at_batch(report.forward_bytes));
        number_row(ui, "memory, training", at_batch(report.training_bytes));
    }
    let groups = path[..path.len().saturating_sub(1)].to_vec();
    for port in catalogue::outputs_of(block) {
        let key = (groups.clone(), Port { block: block.id, port: port.name.clone() });
        if let Some(shape) = editor.analysis().shapes.get(&key) {
            let label = if port.name == catalogue::OUT {
                "shape".to_owned()
            } else {
                format!("shape of {}", port.name)
            };
            number_row(ui, &label, shape.to_string());
        }
    }
}

/// What is wrong here or inside, with the mend.
fn faults(ui: &mut Ui, editor: &mut Editor, typing: &mut Typing, path: &PathId) -> Option<PathId> {
    let faults: Vec<Fault> =
        editor.analysis().faults.iter().filter(|fault| fault.path.starts_with(path)).cloned().collect();
    let mut show = None;
    for fault in &faults {
        let colour = fault_colour(ui, fault);
        let frame = egui::Frame::new().fill(colour.gamma_multiply(0.12)).corner_radius(6).inner_margin(8);
        let wanted = frame.show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            if fault.path != *path && ui.link(RichText::new(&fault.block).small().color(colour)).clicked() {
                show = Some(fault.path.clone());
            }
            fault_card(ui, fault)
        });
        if wanted.inner
            && let Some(mend) = &fault.mend
        {
            typing.refusal = editor.mend(mend).err();
        }
        ui.add_space(4.0);
    }
    show
}

fn fault_colour(ui: &Ui, fault: &Fault) -> egui::Color32 {
    let tokens = Tokens::of(ui);
    if fault.severity == Severity::Error { tokens.error } else { tokens.warning }
}

/// The message and the mend: a button where it can be done at once. Answers whether it was pressed.
fn fault_card(ui: &mut Ui, fault: &Fault) -> bool {
    let tokens = Tokens::of(ui);
    ui.horizontal_top(|ui| {
        ui.label(RichText::new(icon::WARNING_CIRCLE).color(fault_colour(ui, fault)));
        ui.add(egui::Label::new(&fault.message).wrap());
    });
    let Some(fix) = &fault.fix else { return false };
    let text = RichText::new(format!("{}  {fix}", icon::WRENCH)).small();
    if fault.mend.is_some() {
        return ui.add(Button::new(text).wrap()).clicked();
    }
    ui.add(egui::Label::new(text.color(tokens.dim)).wrap());
    false
}

/// The parameters by which a group is known, by the kind of the inner block that has them.
const MAIN: &[(&str, &[&str])] = &[
    ("transposed-convolution", &["stride"]),
    ("convolution", &["filters", "kernel"]),
    ("dropout", &["probability"]),
];

/// The main parameters of the blocks inside a group, so that it need not be opened to change them.
fn inner_fields(ui: &mut Ui, editor: &mut Editor, typing: &mut Typing, path: &PathId, inside: &Graph) {
    for (kind, names) in MAIN {
        let blocks: Vec<&Block> = inside.blocks.iter().filter(|block| block.kind == *kind).collect();
        for block in &blocks {
            let inner: PathId = path.iter().copied().chain([block.id]).collect();
            let specs = names.iter().filter_map(|name| catalogue::kind(kind)?.parameter(name));
            for spec in specs {
                // With two convolutions the block's name says which is meant.
                let label = match (blocks.len(), *kind) {
                    (1, "dropout") => "Dropout".to_owned(),
                    (1, _) => spec.label.to_owned(),
                    _ => format!("{} {}", block.name, spec.label.to_lowercase()),
                };
                ui.push_id((block.id, spec.name), |ui| {
                    row(ui, &label, spec.help, |ui| field(ui, editor, typing, &inner, block, spec));
                });
            }
        }
    }
}

/// The blocks of a group, to go to; folded, since what is seen inside them stands below.
fn contents(ui: &mut Ui, path: &PathId, inside: &Graph) -> Option<PathId> {
    let tokens = Tokens::of(ui);
    let count = inside.blocks.len();
    let title = RichText::new(format!("{count} block{} inside", if count == 1 { "" } else { "s" }));
    let mut show = None;
    CollapsingHeader::new(title.color(tokens.dim)).id_salt("contents").show(ui, |ui| {
        for block in &inside.blocks {
            ui.horizontal(|ui| {
                ui.label(
                    RichText::new(kind_icon(&block.kind))
                        .font(FontId::new(13.0, icon_family()))
                        .color(tokens.faint),
                );
                if ui.add(egui::Label::new(&block.name).sense(egui::Sense::click())).clicked() {
                    show = Some(path.iter().copied().chain([block.id]).collect());
                }
                let kind = catalogue::kind(&block.kind).map_or(block.kind.as_str(), |kind| kind.label);
                if kind != block.name {
                    ui.label(RichText::new(kind).small().color(tokens.faint));
                }
            });
        }
    });
    show
}

fn field(
    ui: &mut Ui,
    editor: &mut Editor,
    typing: &mut Typing,
    path: &PathId,
    block: &Block,
    spec: &'static ParameterSpec,
) {
    let Some(value) = value_of(block, spec.name) else { return };
    let is_auto = matches!(&value, Parameter::Text(text) if text == AUTO) && spec.auto.is_some();
    let mut new = None;
    if let Some(meaning) = spec.auto {
        let button = Button::selectable(is_auto, RichText::new(AUTO).small());
        if ui.add(button).on_hover_text(format!("auto: {meaning}")).clicked() {
            new = Some(if is_auto { by_hand(spec) } else { AUTO.into() });
        }
    }
    if is_auto {
        let tokens = Tokens::of(ui);
        let meaning = RichText::new(spec.auto.unwrap_or_default()).small().color(tokens.faint);
        ui.add(egui::Label::new(meaning).truncate());
    } else {
        let width = ui.available_width();
        ui.spacing_mut().interact_size.x = width;
        new = new.or_else(|| plain_field(ui, editor, typing, path, spec, &value, width));
    }
    if let Some(new) = new {
        typing.refusal = editor.set_parameter(path, spec.name, new).err();
    }
}

fn plain_field(
    ui: &mut Ui,
    editor: &mut Editor,
    typing: &mut Typing,
    path: &PathId,
    spec: &'static ParameterSpec,
    value: &Parameter,
    width: f32,
) -> Option<Parameter> {
    let suffix = if spec.unit.is_empty() { String::new() } else { format!(" {}", spec.unit) };
    match (&spec.values, value) {
        (Values::Integer { min, max, .. }, Parameter::Integer(value)) => {
            let mut number = *value;
            let speed = (number.unsigned_abs() as f64 * 0.01).max(0.05);
            let response = ui.add(DragValue::new(&mut number).range(*min..=*max).speed(speed).suffix(suffix));
            editor.settle_after(&response);
            response.changed().then_some(Parameter::Integer(number))
        }
        (Values::Float { min, max, .. }, Parameter::Float(_) | Parameter::Integer(_)) => {
            let mut number = match value {
                Parameter::Integer(value) => *value as f64,
                Parameter::Float(value) => *value,
                _ => return None,
            };
            let speed = (number.abs() * 0.01).max((max - min) * 1e-4);
            let response = ui.add(DragValue::new(&mut number).range(*min..=*max).speed(speed).suffix(suffix));
            editor.settle_after(&response);
            response.changed().then_some(Parameter::Float(number))
        }
        (Values::Flag { .. }, Parameter::Flag(flag)) => {
            let mut flag = *flag;
            let text = if flag { "yes" } else { "no" };
            ui.checkbox(&mut flag, text).changed().then_some(Parameter::Flag(flag))
        }
        (Values::Choice { choices, .. }, Parameter::Text(text)) => {
            let mut chosen = text.clone();
            ComboBox::from_id_salt(spec.name).width(width).selected_text(text).show_ui(ui, |ui| {
                for choice in *choices {
                    ui.selectable_value(&mut chosen, (*choice).to_owned(), *choice);
                }
            });
            (chosen != *text).then_some(Parameter::Text(chosen))
        }
        (Values::Text { .. }, Parameter::Text(text)) => text_field(ui, typing, path, spec, text, width),
        // Wrong type in the file: said, and put right on request.
        (_, wrong) => {
            let tokens = Tokens::of(ui);
            let text = format!("{}: reset", wrong);
            let button = Button::new(RichText::new(text).color(tokens.error));
            let tip = format!("expected {}", spec.expected());
            ui.add(button).on_hover_text(tip).clicked().then(|| by_hand(spec))
        }
    }
}

/// Text goes into the document when the field is left, not at every letter.
fn text_field(
    ui: &mut Ui,
    typing: &mut Typing,
    path: &PathId,
    spec: &'static ParameterSpec,
    text: &str,
    width: f32,
) -> Option<Parameter> {
    let is_typed = typing.of.as_ref().is_some_and(|(of, name)| of == path && *name == spec.name);
    let mut shown = if is_typed { typing.text.clone() } else { text.to_owned() };
    let font = FontId::new(13.0, egui::FontFamily::Proportional);
    let response = ui.add(TextEdit::singleline(&mut shown).font(font).desired_width(width - 8.0));
    if response.has_focus() {
        *typing = Typing { of: Some((path.clone(), spec.name)), text: shown.clone(), refusal: None };
    }
    if !response.lost_focus() {
        return None;
    }
    *typing = Typing::default();
    let given_up = ui.input(|input| input.key_pressed(egui::Key::Escape));
    (!given_up && shown != text).then_some(Parameter::Text(shown))
}

/// What a field starts from when it is no longer inferred.
fn by_hand(spec: &ParameterSpec) -> Parameter {
    match spec.values {
        Values::Integer { default, .. } => Parameter::Integer(default),
        Values::Float { default, .. } => Parameter::Float(default),
        Values::Flag { default } => Parameter::Flag(default),
        Values::Text { default } | Values::Choice { default, .. } => Parameter::Text(default.to_owned()),
    }
}

/// What is shown while no block is selected: the network as a whole.
pub fn network(ui: &mut Ui, editor: &mut Editor, typing: &mut Typing) -> Option<PathId> {
    let tokens = Tokens::of(ui);
    caption(ui, "Network");
    ui.add(egui::Label::new(RichText::new(editor.name()).text_style(title_style())).truncate());
    if let Some(note) = editor.blueprint().map(|blueprint| &blueprint.note).filter(|note| !note.is_empty()) {
        ui.add(egui::Label::new(RichText::new(note).small().color(tokens.dim)).wrap());
    }
    ui.add_space(8.0);
    faults(ui, editor, typing, &PathId::new())
}

/// Shown while several blocks are selected.
pub fn several(ui: &mut Ui, count: usize) {
    caption(ui, "Blocks");
    ui.label(RichText::new(format!("{count} blocks selected")).font(FontId::new(15.0, strong_family())));
}
