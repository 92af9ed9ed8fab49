//! Small pieces of the inspector's rows: numbers as they are printed and typed, choices, switches.

use crate::app::text;
use crate::app::theme::Tokens;
use egui::{ComboBox, DragValue, Response, RichText, Slider, Ui, WidgetInfo, WidgetType};
use egui_phosphor::regular as icon;

/// A number as a paper prints it, dragged or typed. `name` is what it is called by those who do not see it.
pub fn number(ui: &mut Ui, name: &str, value: &mut f64, speed: f64, range: (f64, f64)) -> Response {
    suffixed(ui, name, value, speed, range, "")
}

/// As `number`, with a unit behind.
pub fn suffixed(
    ui: &mut Ui,
    name: &str,
    value: &mut f64,
    speed: f64,
    (least, most): (f64, f64),
    suffix: &str,
) -> Response {
    let before = *value;
    let field = DragValue::new(value)
        .speed(speed)
        .range(least..=most)
        .clamp_existing_to_range(false)
        .suffix(if suffix.is_empty() { String::new() } else { format!(" {suffix}") })
        .custom_formatter(|value, _| text::number(value))
        .custom_parser(parsed);
    let response = ui.add(field);
    // What is printed has fewer digits than the value: only another number is a change.
    if !response.dragged() && text::number(*value) == text::number(before) {
        *value = before;
    }
    response.widget_info(|| WidgetInfo::labeled(WidgetType::DragValue, true, name));
    response
}

/// A number as it is printed or typed: `−0.3`, `2.1×10²²`, `2.1e22`.
pub fn parsed(text: &str) -> Option<f64> {
    const SUPERSCRIPTS: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹";
    let mut plain = String::new();
    for letter in text.trim().replace("×10", "e").chars() {
        match letter {
            '−' | '⁻' => plain.push('-'),
            ',' => plain.push('.'),
            letter => match SUPERSCRIPTS.chars().position(|other| other == letter) {
                Some(digit) => plain.push_str(&digit.to_string()),
                None => plain.push(letter),
            },
        }
    }
    plain.trim().parse::<f64>().ok().filter(|value| value.is_finite())
}

/// A slider without its number, as wide as the row.
pub fn slider(ui: &mut Ui, name: &str, slider: Slider<'_>, spare: f32) -> Response {
    ui.scope(|ui| {
        ui.spacing_mut().slider_width = (ui.available_width() - spare).max(40.0);
        // The handle is as high as the row.
        ui.spacing_mut().interact_size.y = 16.0;
        let response = ui.add(slider);
        response.widget_info(|| WidgetInfo::labeled(WidgetType::Slider, true, name));
        response
    })
    .inner
}

/// One of a few words. Answers whether it changed.
pub fn choice<T: PartialEq + Clone>(
    ui: &mut Ui,
    name: &str,
    value: &mut T,
    width: f32,
    options: &[(T, &str)],
) -> bool {
    let shown = options.iter().find(|(option, _)| option == value).map_or("", |(_, words)| *words);
    let before = value.clone();
    let answer = ComboBox::from_id_salt(name).selected_text(shown).width(width).show_ui(ui, |ui| {
        for (option, words) in options {
            ui.selectable_value(value, option.clone(), *words);
        }
    });
    answer.response.widget_info(|| WidgetInfo::labeled(WidgetType::ComboBox, true, name));
    *value != before
}

/// A button of one icon, with its words for the tooltip and for those who do not see it.
pub fn icon_button(ui: &mut Ui, icon: &str, words: &str) -> Response {
    let tokens = Tokens::of(ui);
    let font = egui::FontId::new(15.0, crate::app::theme::icon_family());
    let button = egui::Button::new(RichText::new(icon).font(font).color(tokens.dim)).frame(false);
    let response = ui.add(button).on_hover_text(words);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, words));
    response
}

/// An eye, open where the thing is drawn.
pub fn eye(ui: &mut Ui, shown: &mut bool, what: &str) {
    let (icon, verb) = if *shown { (icon::EYE, "Hide") } else { (icon::EYE_SLASH, "Show") };
    if icon_button(ui, icon, &format!("{verb} {what}")).clicked() {
        *shown = !*shown;
    }
}

/// A colour as on screen, with the egui's picker behind.
pub fn colour(ui: &mut Ui, name: &str, colour: &mut [f32; 3]) {
    let mut bytes = colour.map(|part| (part.clamp(0.0, 1.0) * 255.0).round() as u8);
    let response = ui.color_edit_button_srgb(&mut bytes);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::ColorButton, true, name));
    if response.changed() {
        *colour = bytes.map(|part| f32::from(part) / 255.0);
    }
}

/// A remark below a row.
pub fn note(ui: &mut Ui, words: &str) {
    let tokens = Tokens::of(ui);
    ui.add(egui::Label::new(RichText::new(words).small().color(tokens.dim)).wrap());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_printed() {
        for value in [0.0, -0.031, 21.5, 2.1e22, -9.99e-7, 1.0] {
            assert_eq!(parsed(&text::number(value)), Some(value));
        }
        assert_eq!((parsed(" 1,5 "), parsed("3e-4")), (Some(1.5), Some(3e-4)));
        assert_eq!((parsed("blank"), parsed("inf"), parsed("")), (None, None, None));
    }
}
