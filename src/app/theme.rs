//! The look: colour tokens of both themes, faces, type scale, spacing. No widget picks a colour or a size of its own.

use egui::epaint::{CornerRadius, Shadow};
use egui::style::{HandleShape, WidgetVisuals, Widgets};
use egui::{Color32, Context, FontData, FontDefinitions, FontFamily, FontId, Margin, Stroke, Style};
use egui::{TextStyle, Theme, Ui, Vec2, Visuals};
use std::sync::Arc;

/// Radius of buttons and fields.
pub const CONTROL_RADIUS: u8 = 6;
/// Radius of blocks, cards and windows.
pub const BLOCK_RADIUS: u8 = 8;
/// How long a motion that explains takes, in seconds.
pub const MOTION_S: f32 = 0.12;

/// What a block does; its header carries the colour of its family, beside an icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    Data,
    Convolution,
    Normalisation,
    Activation,
    Shape,
    Attention,
    Kan,
    Physics,
    Output,
}

/// The colours of one theme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tokens {
    pub window: Color32,
    pub panel: Color32,
    pub field: Color32,
    pub hover: Color32,
    pub line: Color32,
    pub text: Color32,
    pub dim: Color32,
    pub faint: Color32,
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    pub ok: Color32,
    pub warning: Color32,
    pub error: Color32,
    data: Color32,
    convolution: Color32,
    normalisation: Color32,
    activation: Color32,
    shape: Color32,
    attention: Color32,
    kan: Color32,
    physics: Color32,
    output: Color32,
}

const fn hex(rgb: u32) -> Color32 {
    Color32::from_rgb((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
}

pub const DARK: Tokens = Tokens {
    window: hex(0x0E1116),
    panel: hex(0x141920),
    field: hex(0x1C232C),
    hover: hex(0x27303B),
    line: hex(0x2A323D),
    text: hex(0xE6EAF0),
    dim: hex(0x9AA6B2),
    faint: hex(0x66727F),
    accent: hex(0x7CC4FF),
    on_accent: hex(0x06131F),
    ok: hex(0x6FCF97),
    warning: hex(0xF2C14E),
    error: hex(0xFF6B6B),
    data: hex(0x62B5E4),
    convolution: hex(0x8AAAEE),
    normalisation: hex(0xB59CE3),
    activation: hex(0xDD8FB4),
    shape: hex(0xE29572),
    attention: hex(0xC9A658),
    kan: hex(0x87BB7B),
    physics: hex(0x4AC0B9),
    output: hex(0xC9D1DA),
};

pub const LIGHT: Tokens = Tokens {
    window: hex(0xF6F7F9),
    panel: hex(0xFFFFFF),
    field: hex(0xEEF1F4),
    hover: hex(0xE3E8ED),
    line: hex(0xD5DBE1),
    text: hex(0x1A2027),
    dim: hex(0x55616D),
    faint: hex(0x8A949E),
    accent: hex(0x0B6BCB),
    on_accent: hex(0xFFFFFF),
    ok: hex(0x2E8B57),
    warning: hex(0xA86A00),
    error: hex(0xC73A3A),
    data: hex(0x007BAD),
    convolution: hex(0x4F6EB7),
    normalisation: hex(0x7D5FAD),
    activation: hex(0xA4517B),
    shape: hex(0xAA5830),
    attention: hex(0x916A00),
    kan: hex(0x48823B),
    physics: hex(0x008781),
    output: hex(0x55616D),
};

impl Tokens {
    /// The tokens of the theme a widget is drawn in.
    pub fn of(ui: &Ui) -> &'static Self {
        if ui.visuals().dark_mode { &DARK } else { &LIGHT }
    }

    pub fn for_theme(theme: Theme) -> &'static Self {
        match theme {
            Theme::Dark => &DARK,
            Theme::Light => &LIGHT,
        }
    }

    pub fn family(&self, family: Family) -> Color32 {
        match family {
            Family::Data => self.data,
            Family::Convolution => self.convolution,
            Family::Normalisation => self.normalisation,
            Family::Activation => self.activation,
            Family::Shape => self.shape,
            Family::Attention => self.attention,
            Family::Kan => self.kan,
            Family::Physics => self.physics,
            Family::Output => self.output,
        }
    }

    /// Text on a family's or a state's colour: dark on the bright hues of the dark theme, white on the deep ones of the light theme.
    pub fn on_colour(&self) -> Color32 {
        self.on_accent
    }
}

/// The semi-bold face, for titles and the names of blocks.
pub fn strong_family() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// The icons alone: Inter has glyphs of its own at some of their code points, so an icon that is painted by itself asks for this.
pub fn icon_family() -> FontFamily {
    FontFamily::Name("icon".into())
}

/// Panel headings in small capitals' stead: 11, semi-bold, faint.
pub fn caption_style() -> TextStyle {
    TextStyle::Name("caption".into())
}

/// Titles inside a panel: 15, semi-bold.
pub fn title_style() -> TextStyle {
    TextStyle::Name("title".into())
}

/// Numbers in running text: 13, monospaced, so that nothing jumps when a digit changes.
pub fn number_style() -> TextStyle {
    TextStyle::Name("number".into())
}

/// Installs faces, both themes, and the type scale grown by `text_scale` (1 to 1.5).
pub fn install(context: &Context, text_scale: f32) {
    context.set_fonts(fonts());
    restyle(context, text_scale);
}

/// Sets both themes again, after the text size changed.
pub fn restyle(context: &Context, text_scale: f32) {
    for (theme, tokens) in [(Theme::Dark, &DARK), (Theme::Light, &LIGHT)] {
        context.set_style_of(theme, style(theme, tokens, text_scale));
    }
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let own: [(&str, &'static [u8]); 4] = [
        ("inter", include_bytes!("../../assets/fonts/Inter-Regular.otf")),
        ("inter-semibold", include_bytes!("../../assets/fonts/Inter-SemiBold.otf")),
        ("jetbrains-mono", include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf")),
        ("phosphor", egui_phosphor::Variant::Regular.font_bytes()),
    ];
    for (name, bytes) in own {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let fallback = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let family = |first: &[&str]| {
        first.iter().map(|name| (*name).to_owned()).chain(fallback.iter().cloned()).collect::<Vec<_>>()
    };
    fonts.families.insert(FontFamily::Proportional, family(&["inter", "phosphor"]));
    fonts.families.insert(icon_family(), vec!["phosphor".to_owned()]);
    fonts.families.insert(strong_family(), family(&["inter-semibold", "phosphor"]));
    fonts.families.insert(FontFamily::Monospace, family(&["jetbrains-mono", "inter", "phosphor"]));
    fonts
}

fn style(theme: Theme, tokens: &Tokens, text_scale: f32) -> Style {
    let size = |points: f32| points * text_scale;
    let mut style = Style { visuals: visuals(theme, tokens), ..Style::default() };
    style.text_styles = [
        (TextStyle::Small, FontId::new(size(11.0), FontFamily::Proportional)),
        (TextStyle::Body, FontId::new(size(13.0), FontFamily::Proportional)),
        (TextStyle::Button, FontId::new(size(13.0), FontFamily::Proportional)),
        (TextStyle::Heading, FontId::new(size(20.0), strong_family())),
        (TextStyle::Monospace, FontId::new(size(11.0), FontFamily::Monospace)),
        (caption_style(), FontId::new(size(11.0), strong_family())),
        (title_style(), FontId::new(size(15.0), strong_family())),
        (number_style(), FontId::new(size(13.0), FontFamily::Monospace)),
    ]
    .into();
    style.drag_value_text_style = TextStyle::Monospace;
    style.animation_time = MOTION_S;
    style.wrap_mode = None;
    let spacing = &mut style.spacing;
    spacing.item_spacing = Vec2::new(8.0, 4.0);
    spacing.button_padding = Vec2::new(8.0, 4.0);
    spacing.interact_size = Vec2::new(24.0, 24.0);
    spacing.menu_margin = Margin::same(4);
    spacing.window_margin = Margin::same(16);
    spacing.indent = 16.0;
    spacing.slider_width = 160.0;
    spacing.slider_rail_height = 4.0;
    spacing.icon_width = 16.0;
    spacing.icon_width_inner = 8.0;
    spacing.combo_width = 96.0;
    spacing.tooltip_width = 320.0;
    spacing.scroll = egui::style::ScrollStyle::thin();
    style.interaction.tooltip_delay = 0.4;
    style.interaction.selectable_labels = false;
    style
}

fn visuals(theme: Theme, tokens: &Tokens) -> Visuals {
    let radius = CornerRadius::same(CONTROL_RADIUS);
    let hairline = Stroke::new(1.0, tokens.line);
    let widget = |fill: Color32, text: Color32, edge: Stroke| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: edge,
        corner_radius: radius,
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    let shadow = Shadow {
        offset: [0, 4],
        blur: 16,
        spread: 0,
        color: Color32::from_black_alpha(if theme == Theme::Dark { 96 } else { 32 }),
    };
    let mut visuals = match theme {
        Theme::Dark => Visuals::dark(),
        Theme::Light => Visuals::light(),
    };
    visuals.widgets = Widgets {
        noninteractive: widget(tokens.panel, tokens.text, hairline),
        inactive: widget(tokens.field, tokens.text, Stroke::NONE),
        hovered: widget(tokens.hover, tokens.text, Stroke::NONE),
        active: widget(tokens.hover, tokens.text, Stroke::new(1.0, tokens.accent)),
        open: widget(tokens.hover, tokens.text, Stroke::NONE),
    };
    visuals.selection.bg_fill = tokens.accent.gamma_multiply(0.28);
    visuals.selection.stroke = Stroke::new(1.0, tokens.accent);
    visuals.weak_text_color = Some(tokens.dim);
    visuals.hyperlink_color = tokens.accent;
    visuals.faint_bg_color = tokens.field.gamma_multiply(0.5);
    visuals.extreme_bg_color = tokens.field;
    visuals.text_edit_bg_color = Some(tokens.field);
    visuals.code_bg_color = tokens.field;
    visuals.warn_fg_color = tokens.warning;
    visuals.error_fg_color = tokens.error;
    visuals.window_corner_radius = CornerRadius::same(BLOCK_RADIUS);
    visuals.menu_corner_radius = CornerRadius::same(BLOCK_RADIUS);
    visuals.window_fill = tokens.panel;
    visuals.window_stroke = hairline;
    visuals.window_shadow = shadow;
    visuals.popup_shadow = shadow;
    visuals.panel_fill = tokens.panel;
    visuals.collapsing_header_frame = false;
    visuals.indent_has_left_vline = false;
    visuals.slider_trailing_fill = true;
    visuals.handle_shape = HandleShape::Circle;
    visuals
}
