//! A table as rows and columns, only the rows in sight.

use crate::app::text;
use crate::app::theme::{Tokens, title_style};
use crate::data::{ColumnValues, Table};
use egui::{RichText, Ui};
use egui_extras::{Column, TableBuilder};

/// More columns than this are not laid out: nobody reads them side by side.
const COLUMNS: usize = 64;

pub fn show(ui: &mut Ui, title: &str, table: &Table) {
    let tokens = Tokens::of(ui);
    egui::Frame::new().inner_margin(16).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(RichText::new(title).text_style(title_style()));
            let facts = format!("{} rows · {} columns", text::count(table.rows as u64), table.columns.len());
            ui.label(RichText::new(facts).monospace().color(tokens.dim));
        });
        ui.add_space(8.0);
        let columns = &table.columns[..table.columns.len().min(COLUMNS)];
        egui::ScrollArea::horizontal().auto_shrink([false, false]).show(ui, |ui| {
            TableBuilder::new(ui)
                .columns(Column::auto().at_least(88.0).clip(true).resizable(true), columns.len())
                .header(36.0, |mut header| {
                    for column in columns {
                        header.col(|ui| {
                            ui.vertical(|ui| {
                                ui.spacing_mut().item_spacing.y = 0.0;
                                ui.label(&column.name);
                                ui.label(RichText::new(text::unit(&column.unit)).small().color(tokens.faint));
                            });
                        });
                    }
                })
                .body(|body| {
                    body.rows(20.0, table.rows, |mut row| {
                        let index = row.index();
                        for column in columns {
                            row.col(|ui| {
                                ui.label(
                                    RichText::new(cell(&column.values, index, column.width)).monospace(),
                                );
                            });
                        }
                    });
                });
        });
    });
}

/// A cell in words: a vector shows its first values.
fn cell(values: &ColumnValues, row: usize, width: usize) -> String {
    let (first, end) = (row * width, (row + 1) * width);
    let most = end.min(first + 4);
    let join = |cells: Vec<String>| {
        let dots = if end > most { " …" } else { "" };
        cells.join(" ") + dots
    };
    match values {
        ColumnValues::Integer(all) => join(slice(all, first, most).iter().map(i64::to_string).collect()),
        ColumnValues::Float(all) => {
            join(slice(all, first, most).iter().map(|value| text::number(*value)).collect())
        }
        ColumnValues::Logical(all) => join(
            slice(all, first, most)
                .iter()
                .map(|value| if *value { "yes" } else { "no" }.to_owned())
                .collect(),
        ),
        ColumnValues::Text(all) => join(slice(all, first, most).to_vec()),
    }
}

fn slice<T>(all: &[T], first: usize, end: usize) -> &[T] {
    all.get(first..end.min(all.len())).unwrap_or_default()
}
