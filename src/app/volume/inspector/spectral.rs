//! The line of the spectral axis, what is counted along it, and in which frame of rest. The file stays as it is.

use super::fields;
use crate::app::form::{number_row, row};
use crate::app::volume::cube::Cube;
use crate::app::volume::look::SpectralChoice;
use crate::io::wcs::Wcs;
use crate::units::lines::{LINES, RestLine, rest_frequency_hz};
use crate::volume::SpectralUnit;
use egui::{DragValue, Ui, WidgetInfo, WidgetType};

pub fn show(ui: &mut Ui, cube: &mut Cube) {
    let geometry = &cube.geometry;
    let choice = &mut cube.look.spectral;
    row(ui, "line", "Velocities count from its rest frequency; the file stays as it is", |ui| {
        let own = Wcs::from_header(&cube.loaded.header).ok().and_then(|wcs| wcs.rest_hz);
        line(ui, choice, own);
    });
    row(
        ui,
        "rest frequency",
        "GHz, or another unit or the name of a line when typed: 1420.4 MHz, 13CO-1-0",
        |ui| {
            rest_frequency(ui, choice, geometry.rest_hz());
        },
    );
    row(ui, "shown as", "Along the axis, under the cursor, in spectra and cuts", |ui| {
        let options = SpectralUnit::ALL.map(|unit| (unit, unit.name()));
        fields::choice(ui, "Spectral unit", &mut choice.unit, ui.available_width(), &options);
    });
    match geometry.rest_frame() {
        Some((code, meaning)) => {
            number_row(ui, "frame of rest", code);
            fields::note(ui, meaning);
        }
        None => number_row(ui, "frame of rest", "not given by the file"),
    }
    if choice.rest_hz.is_some_and(|wanted| geometry.rest_hz() != Some(wanted))
        && let Some(refused) = geometry.warnings.last()
    {
        fields::note(ui, refused);
    } else if choice.unit != geometry.spectral_unit() {
        fields::note(ui, "Needs the rest frequency of a line");
    }
}

/// The line by name, or what the file says.
fn line(ui: &mut Ui, choice: &mut SpectralChoice, file_hz: Option<f64>) {
    let file = match file_hz.map(|hz| (hz, RestLine::at(hz))) {
        Some((_, Some(line))) => format!("as the file: {}", line.name),
        Some((hz, None)) => format!("as the file: {} GHz", giga(hz)),
        None => "not given by the file".to_owned(),
    };
    let mut options = vec![(None, file.as_str())];
    options.extend(LINES.iter().map(|line| (Some(line.rest_hz), line.name)));
    if let Some(own) = choice.rest_hz.filter(|hz| LINES.iter().all(|line| line.rest_hz != *hz)) {
        options.push((Some(own), "own frequency"));
    }
    fields::choice(ui, "Line", &mut choice.rest_hz, ui.available_width(), &options);
}

fn rest_frequency(ui: &mut Ui, choice: &mut SpectralChoice, now_hz: Option<f64>) {
    let before_ghz = choice.rest_hz.or(now_hz).map_or(0.0, |hz| hz / 1e9);
    let mut ghz = before_ghz;
    let field = DragValue::new(&mut ghz)
        .range(0.0..=1e9)
        .speed(1e-4)
        .update_while_editing(false)
        .custom_formatter(
            |ghz, _| if ghz > 0.0 { format!("{} GHz", giga(ghz * 1e9)) } else { "not given".into() },
        )
        .custom_parser(|words| rest_frequency_hz(words).ok().map(|hz| hz / 1e9));
    let response = ui.add(field);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::DragValue, true, "Rest frequency in gigahertz"));
    // Printed with fewer digits than it has: a click alone changes nothing.
    if ghz > 0.0 && (response.dragged() || giga(ghz * 1e9) != giga(before_ghz * 1e9)) && ghz != before_ghz {
        choice.rest_hz = Some(ghz * 1e9);
    }
}

/// Hertz as gigahertz with the digits that catalogues of lines have.
fn giga(hz: f64) -> String {
    let ghz = format!("{:.7}", hz / 1e9);
    ghz.trim_end_matches('0').trim_end_matches('.').to_owned()
}
