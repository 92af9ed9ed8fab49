//! The start page of the Blueprint workspace: templates as cards, the project's own blueprints, the options of the chosen one.

use super::blueprint::Miniature;
use super::command::Command;
use super::form::{caption, number_row, row};
use super::state::AppState;
use super::task::Task;
use super::text;
use super::theme::{BLOCK_RADIUS, CONTROL_RADIUS, Tokens, strong_family, title_style};
use crate::blueprint::catalogue::{AUTO, ParameterSpec, Values};
use crate::blueprint::{
    self, Analysis, Blueprint, Parameter, TEMPLATES, TemplateInfo, TemplateOptions, analyse,
};
use crate::project::{Entry, EntryKind};
use egui::{
    Align, Align2, Button, ComboBox, Context, DragValue, FontId, Frame, Label, Layout, Margin, Rect, RichText,
};
use egui::{ScrollArea, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, WidgetType, vec2};
use egui_phosphor::regular as icon;
use std::path::{Path, PathBuf};

const CARD: egui::Vec2 = vec2(212.0, 164.0);
const PICTURE: f32 = 88.0;
const FORM: f32 = 300.0;
/// More of the project's own blueprints than this are not drawn; the files panel lists all.
const OWN: usize = 24;

/// What a card shows.
struct Card {
    title: String,
    /// Under the title: the paper, or where the file lies.
    origin: String,
    parameters: String,
    /// What goes in and what comes out.
    sizes: String,
    miniature: Miniature,
}

/// The pictures, drawn away from the window's thread.
#[derive(Default)]
struct Gallery {
    templates: Vec<Card>,
    own: Vec<(PathBuf, Card)>,
}

/// A template with the options so far, and what comes of them.
struct Chosen {
    info: &'static TemplateInfo,
    options: TemplateOptions,
    made: Result<(Blueprint, Analysis), String>,
}

#[derive(Default)]
pub struct StartPage {
    gallery: Gallery,
    drawing: Option<Task<Gallery>>,
    /// The blueprints of the project that the gallery shows.
    of: Option<Vec<PathBuf>>,
    chosen: Option<Chosen>,
}

impl StartPage {
    pub fn is_settled(&self) -> bool {
        self.drawing.is_none()
    }

    /// Takes the pictures when they are drawn, also where the page has gone out of sight meanwhile.
    pub fn update(&mut self) {
        if let Some(gallery) = self.drawing.as_ref().and_then(Task::take) {
            self.drawing = None;
            self.gallery = gallery.unwrap_or_default();
        }
    }

    /// Draws the page; what the user chooses becomes the open blueprint.
    pub fn show(&mut self, ui: &mut Ui, state: &mut AppState) {
        self.refresh(ui.ctx(), state);
        let tokens = Tokens::of(ui);
        Frame::new().inner_margin(Margin::same(16)).show(ui, |ui| {
            self.head(ui, state);
            ui.add_space(8.0);
            let whole = ui.available_rect_before_wrap();
            let (mut cards, mut form) = (whole, whole);
            if self.chosen.is_some() {
                form.min.x = whole.right() - FORM;
                cards.max.x = form.min.x - 16.0;
            }
            let part = |ui: &mut Ui, rect: Rect, name: &str| {
                let builder = UiBuilder::new().max_rect(rect).id_salt(name);
                ui.new_child(builder.layout(Layout::top_down(Align::Min)))
            };
            let mut child = part(ui, cards, "cards");
            ScrollArea::vertical().auto_shrink([false, false]).show(&mut child, |ui| self.cards(ui, state));
            if self.chosen.is_some() {
                ui.painter().rect_filled(form, BLOCK_RADIUS, tokens.panel);
                let mut child = part(ui, form.shrink(12.0), "form");
                self.form(&mut child, state);
            }
        });
        let is_escaped =
            !ui.ctx().text_edit_focused() && ui.input(|input| input.key_pressed(egui::Key::Escape));
        if is_escaped && state.document.current().is_some() {
            state.start_page = false;
        }
    }

    fn refresh(&mut self, context: &Context, state: &AppState) {
        let mut files = Vec::new();
        collect(&state.tree, &mut files);
        files.truncate(OWN);
        if self.of.as_ref() != Some(&files) && self.drawing.is_none() {
            self.of = Some(files.clone());
            self.drawing = Some(Task::spawn(context, "start page", move || Ok(draw(files))));
        }
    }

    fn head(&mut self, ui: &mut Ui, state: &mut AppState) {
        let tokens = Tokens::of(ui);
        ui.horizontal(|ui| {
            ui.label(RichText::new("New blueprint").text_style(title_style()));
            ui.label(RichText::new("choose a network to start from, or").color(tokens.dim));
            let fly = Command::OpenExample;
            if ui.button(format!("{}  {}", fly.icon(), fly.text())).on_hover_text(fly.tooltip()).clicked() {
                state.request(fly);
            }
            if state.document.current().is_some() {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let close = Button::new(icon::X).frame(false).min_size(vec2(28.0, 28.0));
                    let response = ui.add(close).on_hover_text("Back to the open blueprint  (Esc)");
                    response.widget_info(|| {
                        WidgetInfo::labeled(WidgetType::Button, true, "Close the start page")
                    });
                    if response.clicked() {
                        state.start_page = false;
                    }
                });
            }
        });
    }

    fn cards(&mut self, ui: &mut Ui, state: &mut AppState) {
        let mut opened = None;
        let mut group = "";
        let mut of_group: Vec<usize> = Vec::new();
        let groups = |index: usize| TEMPLATES.get(index).map_or("", |info| info.group);
        caption(ui, "From nothing");
        ui.add_space(4.0);
        if empty_card(ui) {
            opened = Some(Blueprint::new("Untitled"));
        }
        for index in 0..=self.gallery.templates.len() {
            if groups(index) != group || index == self.gallery.templates.len() {
                opened = opened.or(self.template_cards(ui, group, &of_group));
                group = groups(index);
                of_group.clear();
            }
            of_group.push(index);
        }
        let own = self.own_cards(ui);
        if let Some(blueprint) = opened {
            open(state, blueprint, None);
        } else if let Some(path) = own {
            match blueprint::load(&path) {
                Ok(blueprint) => open(state, blueprint, Some(path)),
                Err(error) => state.notices.error(error.to_string()),
            }
        }
    }

    /// The cards of one group; answers the blueprint of a double-clicked one.
    fn template_cards(&mut self, ui: &mut Ui, group: &str, indices: &[usize]) -> Option<Blueprint> {
        if indices.is_empty() || group.is_empty() {
            return None;
        }
        ui.add_space(12.0);
        caption(ui, group);
        ui.add_space(4.0);
        let mut opened = None;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(12.0, 12.0);
            for &index in indices {
                let (Some(info), Some(card)) = (TEMPLATES.get(index), self.gallery.templates.get(index))
                else {
                    continue;
                };
                let is_chosen = self.chosen.as_ref().is_some_and(|chosen| chosen.info.name == info.name);
                let response = card_button(ui, card, is_chosen).on_hover_text(info.help);
                if response.double_clicked() {
                    opened = blueprint::template(info.name, TemplateOptions::new()).ok();
                } else if response.clicked() {
                    self.chosen = Some(Chosen::new(info, TemplateOptions::new()));
                }
            }
        });
        opened
    }

    /// The project's own blueprints; answers the file of a clicked one.
    fn own_cards(&mut self, ui: &mut Ui) -> Option<PathBuf> {
        if self.gallery.own.is_empty() {
            return None;
        }
        ui.add_space(12.0);
        caption(ui, "Of this project");
        ui.add_space(4.0);
        let mut opened = None;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(12.0, 12.0);
            for (path, card) in &self.gallery.own {
                let response = card_button(ui, card, false);
                if response.on_hover_text(path.display().to_string()).clicked() {
                    opened = Some(path.clone());
                }
            }
        });
        opened
    }

    /// What is known of the chosen template, its options, and the button that opens it.
    fn form(&mut self, ui: &mut Ui, state: &mut AppState) {
        let tokens = Tokens::of(ui);
        let Some(chosen) = &mut self.chosen else { return };
        ui.label(RichText::new(chosen.info.label).text_style(title_style()));
        let paper = RichText::new(chosen.info.paper).small().color(tokens.dim);
        ui.add(Label::new(paper).wrap());
        ui.add_space(8.0);
        let can = chosen.made.is_ok();
        let create =
            Button::new("Open on the canvas").corner_radius(CONTROL_RADIUS).min_size(vec2(0.0, 28.0));
        let is_created = ui.add_enabled(can, create).clicked();
        ui.add_space(8.0);
        ScrollArea::vertical().id_salt("options").auto_shrink([false, false]).show(ui, |ui| {
            ui.add(Label::new(RichText::new(chosen.info.help).color(tokens.dim)).wrap());
            ui.add_space(8.0);
            chosen.facts(ui);
            if !chosen.info.options.is_empty() {
                ui.add_space(8.0);
                caption(ui, "Options");
            }
            let before = chosen.options.clone();
            for spec in chosen.info.options {
                option(ui, spec, &mut chosen.options);
            }
            if chosen.options != before {
                *chosen = Chosen::new(chosen.info, chosen.options.clone());
            }
            if let Ok((blueprint, _)) = &chosen.made
                && !blueprint.note.is_empty()
            {
                ui.add_space(8.0);
                caption(ui, "Note");
                ui.add(Label::new(RichText::new(&blueprint.note).small().color(tokens.dim)).wrap());
            }
        });
        if is_created && let Ok((blueprint, _)) = &chosen.made {
            open(state, blueprint.clone(), None);
        }
    }
}

impl Chosen {
    fn new(info: &'static TemplateInfo, options: TemplateOptions) -> Self {
        let made = blueprint::template(info.name, &options).map_err(|error| error.to_string());
        let made = made.map(|blueprint| {
            let analysis = analyse(&blueprint);
            (blueprint, analysis)
        });
        Self { info, options, made }
    }

    fn facts(&self, ui: &mut Ui) {
        let tokens = Tokens::of(ui);
        match &self.made {
            Ok((blueprint, analysis)) => {
                number_row(ui, "Parameters", text::count(analysis.parameters));
                for (title, kind) in [("Input", "input"), ("Output", "output")] {
                    for shape in shapes(blueprint, analysis, kind) {
                        number_row(ui, title, shape);
                    }
                }
                if let Some(fault) = analysis.faults.first() {
                    let text = RichText::new(&fault.message).small().color(tokens.error);
                    ui.add(Label::new(text).wrap());
                }
            }
            Err(fault) => _ = ui.add(Label::new(RichText::new(fault).small().color(tokens.error)).wrap()),
        }
    }
}

/// The shapes at the inputs or outputs of a network.
fn shapes(blueprint: &Blueprint, analysis: &Analysis, end: &str) -> Vec<String> {
    let is_end = |kind: &str| if end == "output" { kind == "output" } else { kind.ends_with("input") };
    let graph = &blueprint.graph;
    let blocks = graph.blocks.iter().filter(|block| is_end(&block.kind));
    let shape = |block: &blueprint::Block| {
        let port = match end {
            "output" => graph.links.iter().find(|link| link.to.block == block.id)?.from.clone(),
            _ => blueprint::Port { block: block.id, port: blueprint::catalogue::OUT.to_owned() },
        };
        analysis.shapes.get(&(Vec::new(), port)).map(ToString::to_string)
    };
    blocks.filter_map(shape).collect()
}

/// A field for an option.
fn option(ui: &mut Ui, spec: &ParameterSpec, options: &mut TemplateOptions) {
    let value = options.get(spec.name).cloned().unwrap_or_else(|| spec.default());
    row(ui, spec.label, spec.help, |ui| {
        let width = ui.available_width() - 8.0;
        ui.spacing_mut().interact_size.x = width;
        let mut is_auto = value == Parameter::Text(AUTO.to_owned());
        if let Some(meaning) = spec.auto {
            ui.spacing_mut().interact_size.x = 0.5 * width;
            if ui.checkbox(&mut is_auto, "auto").on_hover_text(meaning).changed() {
                let number = match spec.values {
                    Values::Float { default, .. } => Parameter::Float(default),
                    Values::Integer { default, .. } => Parameter::Integer(default),
                    _ => spec.default(),
                };
                options.set(spec.name, if is_auto { Parameter::Text(AUTO.to_owned()) } else { number });
                return;
            }
        }
        let suffix = if spec.unit.is_empty() { String::new() } else { format!(" {}", spec.unit) };
        let name = |response: egui::Response| {
            response.widget_info(|| WidgetInfo::labeled(WidgetType::DragValue, true, spec.label));
            response.changed()
        };
        match (&spec.values, value) {
            (Values::Integer { min, max, .. }, Parameter::Integer(mut number)) => {
                let field = DragValue::new(&mut number).range(*min..=*max).speed(0.1).suffix(suffix);
                if name(ui.add(field)) {
                    options.set(spec.name, number);
                }
            }
            (Values::Float { min, max, .. }, Parameter::Float(mut number)) => {
                let field = DragValue::new(&mut number).range(*min..=*max).speed(0.002).suffix(suffix);
                if name(ui.add(field)) {
                    options.set(spec.name, number);
                }
            }
            (Values::Flag { .. }, Parameter::Flag(mut flag)) => {
                let field = ui.checkbox(&mut flag, "");
                if field.changed() {
                    options.set(spec.name, flag);
                }
            }
            (Values::Choice { choices, .. }, Parameter::Text(mut text)) => {
                let before = text.clone();
                let list = ComboBox::from_id_salt(spec.name).width(width).selected_text(&text);
                list.show_ui(ui, |ui| {
                    for choice in *choices {
                        ui.selectable_value(&mut text, (*choice).to_owned(), *choice);
                    }
                });
                if text != before {
                    options.set(spec.name, text.as_str());
                }
            }
            _ => {}
        }
    });
}

/// Makes it the open blueprint. Changes of the one before that lie in no file are kept beside it.
fn open(state: &mut AppState, blueprint: Blueprint, path: Option<PathBuf>) {
    if let Err(reason) = keep_changes(state) {
        state.notices.error(reason);
        return;
    }
    let is_new = path.is_none();
    state.document.open(blueprint, path, is_new);
    state.start_page = false;
}

fn keep_changes(state: &mut AppState) -> Result<(), String> {
    let (Some(project), Some(current)) = (&state.project, state.document.current()) else { return Ok(()) };
    if !state.document.is_changed() || current.graph.blocks.is_empty() {
        return Ok(());
    }
    let folder = project.blueprints();
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let plain: String =
        current.name.chars().map(|c| if std::path::is_separator(c) { '-' } else { c }).collect();
    let file = |number: u32| folder.join(format!("{plain}, unsaved {number}.blueprint.json"));
    let path = (1..).map(file).find(|path| !path.exists()).unwrap_or_else(|| file(0));
    blueprint::save(current, &path).map_err(|error| error.to_string())?;
    state.notices.done(format!("The changes of {} are kept, {}", current.name, path.display()));
    Ok(())
}

fn collect(entries: &[Entry], files: &mut Vec<PathBuf>) {
    for entry in entries {
        match &entry.kind {
            EntryKind::Folder(inner) => collect(inner, files),
            EntryKind::Blueprint => files.push(entry.path.clone()),
            _ => {}
        }
    }
}

fn draw(files: Vec<PathBuf>) -> Gallery {
    let template = |info: &TemplateInfo| Card {
        title: info.label.to_owned(),
        origin: info.paper.to_owned(),
        parameters: format!("{} parameters", text::count(info.parameters)),
        sizes: info.sizes.to_owned(),
        miniature: blueprint::template(info.name, TemplateOptions::new())
            .map(|blueprint| Miniature::of(&blueprint))
            .unwrap_or_default(),
    };
    let own = |path: PathBuf| {
        let blueprint = blueprint::load(&path).ok()?;
        let parameters = analyse(&blueprint).parameters;
        let card = Card {
            title: blueprint.name.clone(),
            origin: name_of(&path),
            parameters: format!("{} parameters", text::count(parameters)),
            sizes: String::new(),
            miniature: Miniature::of(&blueprint),
        };
        Some((path, card))
    };
    Gallery {
        templates: TEMPLATES.iter().map(template).collect(),
        own: files.into_iter().filter_map(own).collect(),
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn card_button(ui: &mut Ui, card: &Card, is_chosen: bool) -> egui::Response {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(CARD, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, &card.title));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    card_frame(ui, rect, is_chosen, response.hovered());
    let painter = ui.painter().with_clip_rect(rect.shrink(4.0));
    let picture = Rect::from_min_size(rect.min, vec2(rect.width(), PICTURE)).shrink(10.0);
    card.miniature.paint(&painter, picture, tokens);
    let left = rect.left() + 12.0;
    let mut top = rect.top() + PICTURE;
    let width = rect.width() - 24.0;
    for (text, size, colour, is_strong) in [
        (&card.title, 13.0, tokens.text, true),
        (&card.origin, 11.0, tokens.dim, false),
        (&card.parameters, 11.0, tokens.dim, false),
        (&card.sizes, 11.0, tokens.dim, false),
    ] {
        let font = if is_strong { FontId::new(size, strong_family()) } else { FontId::proportional(size) };
        let mut job = egui::text::LayoutJob::simple(text.clone(), font, colour, width);
        job.wrap.max_rows = 1;
        let galley = painter.layout_job(job);
        let height = galley.size().y;
        painter.galley(egui::pos2(left, top), galley, colour);
        top += height + 3.0;
    }
    response
}

fn card_frame(ui: &Ui, rect: Rect, is_chosen: bool, is_hovered: bool) {
    let tokens = Tokens::of(ui);
    let (ink, width) = if is_chosen { (tokens.accent, 2.0) } else { (tokens.line, 1.0) };
    let fill = if is_hovered { tokens.hover } else { tokens.panel };
    ui.painter().rect(rect, BLOCK_RADIUS, fill, Stroke::new(width, ink), StrokeKind::Inside);
}

fn empty_card(ui: &mut Ui) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(CARD.x, 56.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, "Empty canvas"));
    card_frame(ui, rect, false, response.hovered());
    let text = format!("{}   Empty canvas", icon::PLUS);
    let font = FontId::new(13.0, strong_family());
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, text, font, tokens.text);
    response.clicked()
}
