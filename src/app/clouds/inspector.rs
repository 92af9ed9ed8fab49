//! What the inspector tells of the map or cube in front: how it is drawn, its numbers, its coordinates, its spectrum.

use super::content::{Content, CubeContent, CubeMode, Histogram};
use super::map::gradient;
use super::picture::Stretch;
use super::sheet::Sheet;
use super::sky::Sky;
use crate::app::files::caption;
use crate::app::state::AppState;
use crate::app::text;
use crate::app::theme::{CONTROL_RADIUS, Tokens, title_style};
use crate::app::workspace::Workspace;
use crate::data::Statistics;
use crate::figure::ColourMap;
use crate::figure::PixelSize;
use egui::{ComboBox, DragValue, Pos2, Rect, RichText, Sense, Stroke, Ui, pos2, vec2};
use egui_phosphor::regular as icon;
use egui_plot::{Line, Plot, PlotPoints, VLine};

pub fn show(ui: &mut Ui, sheet: &mut Sheet, state: &mut AppState) {
    let Some(content) = sheet.content().cloned() else {
        caption(ui, "MAP");
        ui.label(RichText::new(&sheet.title).text_style(title_style()));
        return;
    };
    match &content {
        Content::Map(map) => {
            caption(ui, "MAP");
            ui.label(RichText::new(&sheet.title).text_style(title_style()));
            appearance(ui, sheet, state, &map.histogram);
            statistics(ui, map.statistics.as_ref(), &map.image.unit);
            coordinates(ui, &map.sky);
        }
        Content::Cube(cube) => {
            caption(ui, "CUBE");
            ui.label(RichText::new(&sheet.title).text_style(title_style()));
            let fly = ui.button(format!("{}  Fly through it in Volume", icon::CUBE));
            if fly.on_hover_text("The same cube in three dimensions").clicked() {
                state.request_open_in(&sheet.path, Workspace::Volume);
            }
            appearance(ui, sheet, state, &cube.histogram);
            line_of_sight(ui, sheet, cube);
            statistics(ui, cube.statistics.as_ref(), &cube.cube.unit);
            if let Some(noise) = cube.noise {
                fact(ui, "noise σ", &text::quantity(f64::from(noise), &cube.cube.unit));
            }
            coordinates(ui, &cube.sky);
        }
        Content::Table(_) => {
            caption(ui, "TABLE");
            ui.label(RichText::new(&sheet.title).text_style(title_style()));
            parts(ui, sheet, state);
        }
    }
}

/// A labelled line: the name at the left, the control filling the rest.
pub fn setting<R>(ui: &mut Ui, name: &str, control: impl FnOnce(&mut Ui) -> R) -> R {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(104.0, 24.0), Sense::hover());
        let font = egui::TextStyle::Body.resolve(ui.style());
        ui.painter().text(rect.left_center(), egui::Align2::LEFT_CENTER, name, font, tokens.dim);
        control(ui)
    })
    .inner
}

/// A labelled number.
pub fn fact(ui: &mut Ui, name: &str, value: &str) {
    setting(ui, name, |ui| {
        ui.add(egui::Label::new(RichText::new(value).monospace()).truncate().selectable(true))
    });
}

pub fn section(ui: &mut Ui, name: &str) {
    ui.add_space(12.0);
    caption(ui, name);
}

fn parts(ui: &mut Ui, sheet: &mut Sheet, state: &AppState) {
    if sheet.parts.len() < 2 {
        return;
    }
    let chosen = sheet.hdu.and_then(|index| sheet.parts.iter().find(|part| part.index == index));
    let mut choice = None;
    setting(ui, "HDU", |ui| {
        let text = chosen.map_or("", |part| part.label.as_str());
        ComboBox::from_id_salt("hdu").selected_text(text).width(ui.available_width()).truncate().show_ui(
            ui,
            |ui| {
                for part in &sheet.parts {
                    if ui.selectable_label(Some(part.index) == sheet.hdu, &part.label).clicked() {
                        choice = Some(part.index);
                    }
                }
            },
        );
    });
    if let Some(index) = choice {
        sheet.choose(&state.queue, index);
    }
}

fn appearance(ui: &mut Ui, sheet: &mut Sheet, state: &AppState, histogram: &Histogram) {
    ui.add_space(4.0);
    parts(ui, sheet, state);
    let range = sheet.picture().map(|picture| picture.range);
    draw_histogram(ui, histogram, range);
    let look = &mut sheet.glance.look;
    setting(ui, "colour map", |ui| {
        ComboBox::from_id_salt("colours")
            .selected_text(look.colours.name())
            .width(ui.available_width())
            .show_ui(ui, |ui| {
                for colours in ColourMap::ALL {
                    ui.horizontal(|ui| {
                        let (rect, _) = ui.allocate_exact_size(vec2(10.0, 18.0), Sense::hover());
                        gradient(ui.painter(), rect, colours);
                        ui.selectable_value(&mut look.colours, colours, colours.name());
                    });
                }
            });
    });
    setting(ui, "stretch", |ui| {
        ComboBox::from_id_salt("stretch")
            .selected_text(look.stretch.name())
            .width(ui.available_width())
            .show_ui(ui, |ui| {
                for stretch in Stretch::ALL {
                    ui.selectable_value(&mut look.stretch, stretch, stretch.name());
                }
            });
    });
    setting(ui, "range", |ui| {
        let percent = |value| DragValue::new(value).speed(0.05).suffix(" %").max_decimals(2);
        ui.add(percent(&mut look.low_percent).range(0.0..=49.0))
            .on_hover_text("Percentile of the lowest colour");
        ui.label("–");
        ui.add(percent(&mut look.high_percent).range(51.0..=100.0))
            .on_hover_text("Percentile of the highest colour");
    });
}

/// How the values spread, with the ends of the colours.
fn draw_histogram(ui: &mut Ui, histogram: &Histogram, range: Option<(f32, f32)>) {
    let tokens = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 72.0), Sense::hover());
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, CONTROL_RADIUS, tokens.window);
    // Counts span decades: their square root keeps the tail in sight.
    let most = histogram.counts.iter().copied().max().unwrap_or(1).max(1) as f32;
    let width = rect.width() / histogram.counts.len().max(1) as f32;
    for (index, &count) in histogram.counts.iter().enumerate() {
        let height = (count as f32 / most).sqrt() * (rect.height() - 8.0);
        let left = rect.left() + index as f32 * width;
        let bar =
            Rect::from_min_max(pos2(left, rect.bottom() - height), pos2(left + width - 1.0, rect.bottom()));
        painter.rect_filled(bar, 0, tokens.line);
    }
    let Some((low, high)) = range else { return };
    let place = |value: f32| {
        let place = (value - histogram.range.0) / (histogram.range.1 - histogram.range.0);
        rect.left() + place.clamp(0.0, 1.0) * rect.width()
    };
    let line: [Pos2; 2] = [pos2(place(low), rect.bottom() - 1.0), pos2(place(high), rect.top() + 6.0)];
    painter.line_segment(line, Stroke::new(1.5, tokens.accent));
    for end in line {
        painter.circle(end, 3.5, tokens.window, Stroke::new(1.5, tokens.accent));
    }
    ui.add_space(4.0);
}

fn statistics(ui: &mut Ui, statistics: Option<&Statistics>, unit: &str) {
    section(ui, "STATISTICS");
    let Some(s) = statistics else {
        ui.label(RichText::new("No value is finite").color(Tokens::of(ui).dim));
        return;
    };
    let quantity = |value: f64| text::quantity(value, unit);
    fact(ui, "minimum", &quantity(s.min));
    fact(ui, "median", &quantity(s.median));
    fact(ui, "mean", &quantity(s.mean));
    fact(ui, "maximum", &quantity(s.max));
    fact(ui, "deviation", &quantity(s.std));
    fact(ui, "values", &text::count(s.count as u64));
    fact(ui, "blank", &text::count(s.count_nan as u64));
    if s.count_inf > 0 {
        fact(ui, "infinite", &text::count(s.count_inf as u64));
    }
}

fn coordinates(ui: &mut Ui, sky: &Sky) {
    section(ui, "COORDINATES");
    match sky.frame_name() {
        Some(frame) => fact(ui, "frame", frame),
        None => {
            let tokens = Tokens::of(ui);
            ui.label(RichText::new("The header gives no sky coordinates").color(tokens.dim));
        }
    }
    match sky.pixel {
        Some(PixelSize::Degrees(degrees)) => fact(ui, "pixel", &text::angle(degrees)),
        Some(PixelSize::Parsec(parsec)) => fact(ui, "pixel", &format!("{} pc", text::number(parsec))),
        None => {}
    }
    if let Some([major, minor, angle]) = sky.beam_deg {
        fact(
            ui,
            "beam",
            &format!("{} × {}, {}°", text::angle(major), text::angle(minor), text::number(angle)),
        );
    }
}

/// The spectrum at the marked pixel, with the channel in sight.
fn line_of_sight(ui: &mut Ui, sheet: &mut Sheet, cube: &CubeContent) {
    section(ui, "LINE OF SIGHT");
    let tokens = Tokens::of(ui);
    let (channels, rows, columns) = cube.cube.values.dim();
    let Some([column, row]) = sheet.glance.mark.filter(|[column, row]| *column < columns && *row < rows)
    else {
        ui.label(RichText::new("Click the map to see a spectrum").color(tokens.dim));
        return;
    };
    let plain: Vec<f64> = (0..channels).map(|channel| channel as f64 + 1.0).collect();
    let (axis, label) = match &cube.spectral {
        Some(spectral) => (&spectral.values, spectral.label.as_str()),
        None => (&plain, "channel"),
    };
    let spectrum = cube.cube.values.slice(ndarray::s![.., row, column]);
    let points: PlotPoints<'_> = axis
        .iter()
        .zip(spectrum)
        .filter(|(_, value)| value.is_finite())
        .map(|(&x, &y)| [x, f64::from(y)])
        .collect();
    let shown = axis.get(sheet.glance.channel).copied();
    let response = Plot::new("spectrum")
        .height(140.0)
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_boxed_zoom(false)
        .show_axes([true, true])
        .x_axis_label(RichText::new(label).small())
        .y_axis_label(RichText::new(text::unit(&cube.cube.unit)).small())
        .show(ui, |plot| {
            plot.line(Line::new("spectrum", points).color(tokens.accent).width(1.5));
            if sheet.glance.mode == CubeMode::Channel
                && let Some(x) = shown
            {
                plot.vline(VLine::new("channel", x).color(tokens.warning).width(1.0));
            }
            plot.response().clicked().then(|| plot.pointer_coordinate()).flatten()
        });
    if let Some(point) = response.inner {
        let nearest = axis
            .iter()
            .enumerate()
            .min_by(|(_, a), (_, b)| (*a - point.x).abs().total_cmp(&(*b - point.x).abs()))
            .map(|(channel, _)| channel);
        if let Some(channel) = nearest {
            sheet.glance.channel = channel;
            sheet.glance.mode = CubeMode::Channel;
        }
    }
    let mut facts = vec![format!("x {} y {}", column + 1, row + 1)];
    facts.extend(cube.sky.words(pos2(column as f32, row as f32)));
    ui.label(RichText::new(facts.join(" · ")).monospace().color(tokens.dim));
    if let (Some(moments), Some(line)) = (&cube.moments, &cube.line) {
        let at = [row, column];
        let unit = &moments.integrated.unit;
        let area = text::quantity(f64::from(moments.integrated.values[at]), unit);
        let (mean, variance) = (f64::from(line.velocity.values[at]), f64::from(line.variance.values[at]));
        let mut text = format!("∫ {area}");
        if mean.is_finite() && variance >= 0.0 {
            text =
                format!("{text} · ⟨v⟩ {} · σ {} km s⁻¹", text::number(mean), text::number(variance.sqrt()));
        }
        ui.label(RichText::new(text).monospace().color(tokens.dim));
    }
}
