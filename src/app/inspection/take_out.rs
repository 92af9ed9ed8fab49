//! What a picture's right-click menu does: the map as PNG or SVG, its values as NPY or CSV.

use super::picture::Look;
use crate::data::Values;
use crate::figure;
use crate::io::{atomic, npy, png};
use crate::job::{JobQueue, Lane};
use egui::Ui;
use ndarray::{Array2, ArrayView2};
use std::fmt::Write as _;
use std::path::Path;

/// A map with what its files are called.
pub struct Named<'a> {
    pub name: &'a str,
    pub unit: &'a str,
    pub values: ArrayView2<'a, f32>,
    pub look: Look,
}

/// A picture of few pixels is written this large at least, in whole steps, so that pixels stay squares.
const SIDE: usize = 512;

pub fn menu(ui: &mut Ui, queue: &JobQueue, map: &Named<'_>) {
    use egui_phosphor::regular as icon;
    let name = file_name(map.name);
    let entry = |ui: &mut Ui, icon: &str, text: &str| {
        let clicked = ui.button(format!("{icon}   {text}")).clicked();
        if clicked {
            ui.close();
        }
        clicked
    };
    if entry(ui, icon::COPY, "Copy values as CSV") {
        ui.ctx().copy_text(csv(map.values));
    }
    if entry(ui, icon::FILE_PNG, "Save as PNG…")
        && let Some(bytes) = enlarged(map)
    {
        save(queue, format!("{name}.png"), move |path| Ok(atomic::write_bytes(path, &bytes)?));
    }
    if entry(ui, icon::FILE_SVG, "Save as SVG…") {
        let panel = figure::Panel {
            title: map.name.to_owned(),
            values: map.values,
            label: map.unit.to_owned(),
            range: map.look.range,
            colours: map.look.colours,
        };
        let text = figure::maps_svg(&[panel], "row 0 at the bottom");
        save(queue, format!("{name}.svg"), move |path| Ok(atomic::write_bytes(path, text.as_bytes())?));
    }
    if entry(ui, icon::FLOPPY_DISK, "Save values as NPY…") {
        let values = map.values.to_owned();
        save(queue, format!("{name}.npy"), move |path| write_npy(path, values));
    }
    if entry(ui, icon::FILE_CSV, "Save values as CSV…") {
        let text = csv(map.values);
        save(queue, format!("{name}.csv"), move |path| Ok(atomic::write_bytes(path, text.as_bytes())?));
    }
}

/// Words to a file name.
fn file_name(words: &str) -> String {
    let name: String =
        words.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let name = name.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    if name.is_empty() { "map".to_owned() } else { name }
}

/// One line for each row, row 0 first, with all the digits that make the number.
fn csv(values: ArrayView2<'_, f32>) -> String {
    let mut text = String::new();
    for row in values.rows() {
        for (index, value) in row.iter().enumerate() {
            // Writing into a String cannot fail.
            let _infallible = write!(text, "{}{value:?}", if index > 0 { "," } else { "" });
        }
        text.push('\n');
    }
    text
}

fn enlarged(map: &Named<'_>) -> Option<Vec<u8>> {
    let (rows, columns) = map.values.dim();
    let factor = (SIDE / rows.max(columns).max(1)).max(1);
    let large = Array2::from_shape_fn((rows * factor, columns * factor), |(y, x)| {
        map.values[[y / factor, x / factor]]
    });
    let rgba = figure::rgba_from_map(large.view(), map.look.range, map.look.colours);
    png::encode_rgba(&rgba, columns * factor, rows * factor)
}

fn write_npy(path: &Path, values: Array2<f32>) -> anyhow::Result<()> {
    Ok(npy::write(path, &Values::from(values.into_dyn()))?)
}

/// Asks where, off the window's thread, and writes the file there.
fn save(queue: &JobQueue, name: String, write: impl FnOnce(&Path) -> anyhow::Result<()> + Send + 'static) {
    queue.spawn_with_product(Lane::Light, format!("Save {name}"), Clone::clone, move |_| {
        let Some(path) = rfd::FileDialog::new().set_file_name(&name).save_file() else { return Ok(None) };
        write(&path)?;
        Ok(Some(path))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::ColourMap;

    #[test]
    fn files_have_names_and_every_digit() {
        assert_eq!(file_name("Encoder 1 · channel 42"), "encoder-1-channel-42");
        assert_eq!(file_name("·"), "map");
        let values = ndarray::arr2(&[[0.1_f32, f32::NAN], [-3.0, 1e-20]]);
        assert_eq!(csv(values.view()), "0.1,NaN\n-3.0,1e-20\n");
        let look = Look { generation: 0, range: (0.0, 1.0), colours: ColourMap::Magma };
        let named = Named { name: "a", unit: "", values: values.view(), look };
        let bytes = enlarged(&named).expect("a picture");
        assert_eq!(bytes[16..24], [0, 0, 2, 0, 0, 0, 2, 0], "512 × 512 pixels");
    }
}
