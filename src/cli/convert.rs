//! `aquila convert`: one part of a file into another format, keeping values, unit and coordinates where the format can.

use super::console::Console;
use crate::data::{Header, Table, Values};
use crate::io::{self, Contents, Opened, PartKind, fits, hdf5, npy, tables};
use crate::job::Context;
use anyhow::{Result, bail};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Args {
    /// FITS, NPY, NPZ, HDF5, PNG, CSV, ECSV or columns of text
    input: PathBuf,
    /// The new file; its name says the format: .fits, .npy, .h5, for tables also .csv, .ecsv
    output: PathBuf,
    /// Which HDU, array or dataset, from 0 (else the first with values)
    #[arg(long, value_name = "N", conflicts_with = "member")]
    hdu: Option<usize>,
    /// The same by name: EXTNAME, array of an NPZ, dataset of an HDF5 file
    #[arg(long, value_name = "NAME")]
    member: Option<String>,
    /// Replace the new file if it is there already
    #[arg(long)]
    force: bool,
}

/// What the new file is to be.
#[derive(Clone, Copy, PartialEq)]
enum Target {
    Fits,
    Npy,
    Hdf5,
    Csv,
    Ecsv,
}

impl Target {
    fn of(path: &Path) -> Result<Self> {
        let extension =
            path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        Ok(match extension.as_str() {
            "fits" | "fit" | "fts" => Self::Fits,
            "npy" => Self::Npy,
            "h5" | "hdf5" => Self::Hdf5,
            "csv" => Self::Csv,
            "ecsv" => Self::Ecsv,
            _ => bail!(
                "{}: the name does not say which format to write; end it in .fits, .npy, .h5, .csv or .ecsv",
                path.display()
            ),
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Fits => "fits",
            Self::Npy => "npy",
            Self::Hdf5 => "hdf5",
            Self::Csv => "csv",
            Self::Ecsv => "ecsv",
        }
    }
}

pub fn run(args: Args, console: &Console) -> Result<()> {
    let target = Target::of(&args.output)?;
    if args.output.exists() && !args.force {
        bail!("{} is there already; give --force to replace it, or another name", args.output.display());
    }
    let output = args.output.clone();
    let answer = console.run_job("convert", move |context| convert(&args, target, context))?;
    for note in answer["notes"].as_array().into_iter().flatten().filter_map(|note| note.as_str()) {
        console.say(format!("note: {note}"));
    }
    console.say(format!(
        "{}: {} {} of shape {}",
        output.display(),
        answer["dtype"].as_str().unwrap_or_default(),
        answer["kind"].as_str().unwrap_or_default(),
        answer["shape"]
    ));
    console.answer(&answer);
    Ok(())
}

fn convert(args: &Args, target: Target, context: &Context) -> Result<serde_json::Value> {
    context.report(format!("reading {}", args.input.display()), None);
    let file = io::open(&args.input)?;
    file.warnings.iter().for_each(|warning| context.warn(warning));
    let index = chosen(args, &file)?;
    let contents = file.read(index, context)?;
    context.check()?;
    context.report(format!("writing {}", args.output.display()), None);
    let part = file.part(index)?;
    let mut notes = Vec::new();
    let (shape, dtype) = match contents {
        Contents::Values(values) => {
            write_values(&args.output, target, values, &part.unit, &part.header, &mut notes)?
        }
        Contents::Table(table) => {
            write_table(&args.output, target, &table, &mut notes)?;
            (vec![table.rows], "table")
        }
        Contents::Empty => bail!(
            "{}, {}: has no values to convert; choose another with --hdu or --member",
            args.input.display(),
            file.place(index)
        ),
    };
    Ok(json!({
        "input": args.input,
        "output": args.output,
        "from": file.format.name(),
        "format": target.name(),
        "part": index,
        "name": part.name,
        "kind": part.kind.name(),
        "shape": shape,
        "dtype_in": part.dtype,
        "dtype": dtype,
        "unit": part.unit,
        "notes": notes,
    }))
}

fn chosen(args: &Args, file: &Opened) -> Result<usize> {
    if let Some(index) = args.hdu {
        return Ok(file.part(index)?.index);
    }
    if let Some(name) = &args.member {
        return Ok(file.part_named(name)?.index);
    }
    let first = |kinds: &[PartKind]| file.parts.iter().position(|part| kinds.contains(&part.kind));
    let numbers = first(&[PartKind::Image, PartKind::Cube]).or_else(|| first(&[PartKind::Array]));
    match numbers.or_else(|| first(&[PartKind::Table, PartKind::Groups, PartKind::Unread])) {
        Some(index) => Ok(index),
        None => bail!("{}: holds nothing to convert", file.path.display()),
    }
}

/// Shape and type as written; every number is as it was.
fn write_values(
    path: &Path,
    target: Target,
    values: Values,
    unit: &str,
    header: &Header,
    notes: &mut Vec<String>,
) -> Result<(Vec<usize>, &'static str)> {
    let shape = values.shape().to_vec();
    let mut written = values.dtype();
    match target {
        Target::Fits => {
            if shape.is_empty() {
                bail!("{}: a single number is no FITS image; write .npy or .h5", path.display());
            }
            match values {
                Values::F16(_) => {
                    written = "float32";
                    notes.push(
                        "FITS has no half precision: written as float32, the numbers are the same".into(),
                    );
                }
                Values::Bool(_) => {
                    written = "uint8";
                    notes.push("FITS images have no truth values: written as bytes 0 and 1".into());
                }
                _ => {}
            }
            if header.cards.is_empty() {
                notes.push("the source has no header: no coordinates are written".into());
            }
            let mut cards = header.clone();
            cards.cards.retain(|card| !hdf5::describes_file(&card.key));
            fits::write_values(path, &values, unit, &cards)?;
        }
        Target::Npy => {
            if !unit.is_empty() || !header.cards.is_empty() {
                let unit = if unit.is_empty() { "no unit" } else { unit };
                let cards = header.cards.len();
                notes.push(format!(
                    "NPY holds neither unit nor coordinates: {unit} and {cards} cards are left out"
                ));
            }
            npy::write(path, &values)?;
        }
        Target::Hdf5 => {
            if matches!(values, Values::F16(_)) {
                written = "float32";
                notes.push("half precision is written as float32, the numbers are the same".into());
            }
            if header.cards.iter().any(|card| !card.comment.is_empty() && !is_remark(&card.key)) {
                notes.push("the comments behind the values of header cards are left out".into());
            }
            hdf5::write_image(path, &values, unit, header)?;
        }
        Target::Csv | Target::Ecsv => {
            bail!("{}: an array is no table; write .fits, .npy or .h5", path.display())
        }
    }
    Ok((shape, written))
}

fn is_remark(key: &str) -> bool {
    key == "COMMENT" || key == "HISTORY"
}

fn write_table(path: &Path, target: Target, table: &Table, notes: &mut Vec<String>) -> Result<()> {
    match target {
        Target::Fits => fits::write_table(path, table)?,
        Target::Ecsv => tables::write_ecsv(path, table)?,
        Target::Csv => {
            if table.columns.iter().any(|column| !column.unit.is_empty()) {
                notes.push("CSV holds no units: write .ecsv to keep them".into());
            }
            tables::write_csv(path, table)?;
        }
        Target::Npy | Target::Hdf5 => bail!("{}: a table is written as .fits, .csv or .ecsv", path.display()),
    }
    Ok(())
}
