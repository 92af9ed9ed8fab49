//! `aquila info`: what a file holds, part by part.

use super::console::Console;
use super::rest_line::RestArgs;
use crate::data::{Header, Statistics, statistics};
use crate::io::wcs::{self, Wcs};
use crate::io::{self, Contents, Opened, Part, PartKind};
use crate::job::Context;
use crate::units::lines::RestLine;
use anyhow::Context as _;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Args {
    /// FITS, NPY, NPZ, HDF5, PNG, a table as text, or a header kept as text (.hdr)
    file: PathBuf,
    /// Only this HDU (or array, or dataset), from 0
    #[arg(long, value_name = "N")]
    hdu: Option<usize>,
    /// World coordinates of this pixel, counted from 1 as FITS does: X Y [Z …]
    #[arg(long, num_args = 2..=9, value_names = ["X", "Y"], allow_negative_numbers = true)]
    world: Option<Vec<f64>>,
    #[command(flatten)]
    rest: RestArgs,
}

pub fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    let (answer, lines) = console.run_job("info", move |context| describe(&args, context))?;
    for line in lines {
        console.say(line);
    }
    console.answer(&answer);
    Ok(())
}

/// The answer for scripts and the lines for people.
fn describe(args: &Args, context: &Context) -> anyhow::Result<(Value, Vec<String>)> {
    let path = &args.file;
    if is_header_text(path) {
        return describe_header(args);
    }
    let file = io::open(path)?;
    let mut lines = vec![format!("{}: {}", path.display(), file.format.name())];
    lines.extend(file.warnings.iter().map(|warning| format!("  warning: {warning}")));
    let chosen = match args.hdu {
        Some(index) => vec![file.part(index)?],
        None => file.parts.iter().collect(),
    };
    let mut hdus = Vec::new();
    let (mut readable, mut first_fault) = (0, None);
    for part in &chosen {
        context.check()?;
        let (hdu, fault) = describe_part(&file, part, (args.rest, context), &mut lines)?;
        hdus.push(hdu);
        match fault {
            None => readable += 1,
            Some(fault) => first_fault = first_fault.or(Some(fault)),
        }
    }
    // A file of which nothing can be read is an error; one with a broken part is described with what is wrong in it.
    if let (0, Some(fault)) = (readable, first_fault) {
        return Err(fault.into());
    }
    let mut answer = json!({
        "path": path.display().to_string(),
        "kind": file.format.name(),
        "hdus": hdus,
        "warnings": file.warnings,
    });
    if let Some(pixel) = &args.world {
        let with_sky = |part: &&&Part| Wcs::from_header(&part.header).is_ok_and(|wcs| wcs.is_celestial());
        let with_axes =
            |part: &&&Part| matches!(part.kind, PartKind::Image | PartKind::Cube | PartKind::Array);
        let part = chosen.iter().find(with_sky).or_else(|| chosen.iter().find(with_axes)).or(chosen.first());
        let part = part.with_context(|| format!("{}: holds nothing", path.display()))?;
        let place = format!("{}, {}", path.display(), file.place(part.index));
        let header = args.rest.applied(&part.header).unwrap_or_else(|_| part.header.clone());
        add_world(&mut answer, &header, pixel, &mut lines).context(place)?;
    }
    Ok((answer, lines))
}

/// One part; a fault of its data is reported beside what its header says.
fn describe_part(
    file: &Opened,
    part: &Part,
    (rest, context): (RestArgs, &Context),
    lines: &mut Vec<String>,
) -> anyhow::Result<(Value, Option<io::Error>)> {
    let mut hdu = json!({
        "index": part.index,
        "name": part.name,
        "kind": part.kind.name(),
        "shape": part.shape,
        "dtype": part.dtype,
        "unit": part.unit,
        "axes": [],
    });
    let Value::Object(keys) = &mut hdu else { anyhow::bail!("internal error: no object") };
    let name = if part.name.is_empty() { String::new() } else { format!(" {}", part.name) };
    let unit = if part.unit.is_empty() { String::new() } else { format!(" in {}", part.unit) };
    lines.push(format!("[{}]{name}: {} {:?} {}{unit}", part.index, part.kind.name(), part.shape, part.dtype));
    if matches!(part.kind, PartKind::Image | PartKind::Cube | PartKind::Array)
        && !part.header.cards.is_empty()
    {
        describe_axes(keys, &part.header, rest, &part.shape, lines);
    }
    let fault = match file.read(part.index, context) {
        Ok(Contents::Values(values)) => {
            // The reader knows the type for sure.
            keys.insert("dtype".into(), json!(values.dtype()));
            match statistics(&values) {
                Some(found) => describe_statistics(keys, &found, lines),
                None => lines.push("    complex numbers: no statistics".into()),
            }
            None
        }
        Ok(Contents::Table(table)) => {
            let columns = table
                .columns
                .iter()
                .map(|column| json!({"name": column.name, "unit": column.unit, "width": column.width}));
            keys.insert("columns".into(), columns.collect());
            for column in &table.columns {
                let unit = if column.unit.is_empty() { String::new() } else { format!(" [{}]", column.unit) };
                let width = if column.width == 1 { String::new() } else { format!(" x {}", column.width) };
                lines.push(format!("    {}{unit}{width}", column.name));
            }
            None
        }
        Ok(Contents::Empty) => None,
        Err(io::Error::Cancelled(cancelled)) => return Err(cancelled.into()),
        Err(fault) => {
            keys.insert("error".into(), json!(fault.to_string()));
            lines.push(format!("    {fault}"));
            Some(fault)
        }
    };
    Ok((hdu, fault))
}

fn describe_statistics(keys: &mut Map<String, Value>, found: &Statistics, lines: &mut Vec<String>) {
    keys.insert("count_nan".into(), json!(found.count_nan));
    keys.insert("count_inf".into(), json!(found.count_inf));
    // JSON has no NaN: where no value is finite these are null.
    for (key, value) in found.named() {
        keys.insert(key.into(), json!(value));
    }
    lines.push(format!(
        "    min {}  max {}  mean {}  std {}  median {}  sum {}",
        found.min, found.max, found.mean, found.std, found.median, found.sum
    ));
    lines.push(format!("    {} finite, {} NaN, {} infinite", found.count, found.count_nan, found.count_inf));
}

/// Axes in FITS order (NAXIS1 first), beam and rest frequency.
fn describe_axes(
    keys: &mut Map<String, Value>,
    header: &Header,
    rest: RestArgs,
    shape: &[usize],
    lines: &mut Vec<String>,
) {
    // A part without a spectral axis is described as it is.
    let header = &rest.applied(header).unwrap_or_else(|refused| {
        lines.push(format!("    warning: {refused}"));
        header.clone()
    });
    match Wcs::from_header(header) {
        Ok(wcs) => {
            let lengths: Vec<usize> = shape.iter().rev().copied().collect();
            let ranges = wcs.ranges(&lengths);
            let axes = ranges.iter().map(|axis| {
                json!({"ctype": axis.ctype, "unit": axis.unit, "first": axis.first, "last": axis.last})
            });
            keys.insert("axes".into(), axes.collect());
            for (number, axis) in ranges.iter().enumerate() {
                let name = if axis.ctype.is_empty() { "pixels" } else { &axis.ctype };
                lines.push(format!(
                    "    axis {}: {name} {} to {} {}",
                    number + 1,
                    axis.first,
                    axis.last,
                    axis.unit
                ));
            }
            if let (Some(_), Ok(velocities)) = (
                wcs.spectral,
                wcs.velocities_km_s(wcs.spectral.and_then(|axis| lengths.get(axis)).copied().unwrap_or(1)),
            ) && let (Some(first), Some(last)) = (velocities.first(), velocities.last())
            {
                keys.insert("velocity_km_s".into(), json!([first, last]));
                lines.push(format!("    velocities {first:.4} to {last:.4} km/s"));
            }
            if let Some((x, y)) = wcs.pixel_scale_deg() {
                keys.insert("pixel_scale_deg".into(), json!([x, y]));
                lines.push(format!("    pixel {:.4}\" x {:.4}\"", x * 3600.0, y * 3600.0));
            }
            if let Some(hz) = wcs.rest_hz {
                keys.insert("rest_frequency_hz".into(), json!(hz));
                let line = RestLine::at(hz).map_or(String::new(), |line| format!(", {}", line.name));
                lines.push(format!("    rest frequency {:.7} GHz{line}", hz / 1e9));
            }
            if let Some(axis) = wcs.spectral.and_then(|axis| wcs.axes.get(axis)) {
                let frame = wcs::rest_frame(header, &axis.ctype);
                keys.insert("rest_frame".into(), json!(frame.as_ref().map(|(code, _)| code)));
                lines.push(match frame {
                    Some((code, meaning)) => format!("    frame of rest {code}: {meaning}"),
                    None => "    frame of rest: not given by the file (SPECSYS)".to_owned(),
                });
            }
            if !wcs.warnings.is_empty() {
                keys.insert("warnings".into(), json!(wcs.warnings));
                lines.extend(wcs.warnings.iter().map(|warning| format!("    warning: {warning}")));
            }
        }
        Err(error) => {
            keys.insert("warnings".into(), json!([error.to_string()]));
            lines.push(format!("    warning: {error}"));
        }
    }
    if let Some(beam) = wcs::beam(header) {
        let (major, minor, angle) = (beam.major_deg, beam.minor_deg, beam.angle_deg);
        keys.insert("beam".into(), json!({"major_deg": major, "minor_deg": minor, "angle_deg": angle}));
        lines.push(format!("    beam {:.3}\" x {:.3}\" at {angle}°", major * 3600.0, minor * 3600.0));
    }
}

fn add_world(
    answer: &mut Value,
    header: &Header,
    pixel: &[f64],
    lines: &mut Vec<String>,
) -> anyhow::Result<()> {
    let wcs = Wcs::from_header(header)?;
    let world = wcs.world(pixel);
    answer["world"] = json!(world);
    let mut line = format!("pixel {pixel:?}: {world:?}");
    if let (Some(lon), Some(lat)) = (wcs.longitude, wcs.latitude)
        && wcs.axes[lon].ctype.starts_with("RA")
    {
        line += &format!("  {} {}", wcs::right_ascension_text(world[lon]), wcs::declination_text(world[lat]));
    }
    lines.push(line);
    if wcs.has_distortion() {
        let distorted = wcs.world_with_distortion(pixel);
        lines.push(format!("with the SIP distortion: {distorted:?}"));
        answer["world_with_distortion"] = json!(distorted);
    }
    Ok(())
}

/// Headers kept as text have no first bytes of their own; their users name them so.
fn is_header_text(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    extension.is_some_and(|extension| ["hdr", "head", "keyrec"].contains(&extension.as_str()))
}

fn describe_header(args: &Args) -> anyhow::Result<(Value, Vec<String>)> {
    let path = &args.file;
    let header = io::fits::read_header_text(path)?;
    let shape: Vec<usize> = (1..=header.integer("NAXIS").unwrap_or(0).clamp(0, 999))
        .rev()
        .map(|axis| {
            header.integer(&format!("NAXIS{axis}")).and_then(|n| usize::try_from(n).ok()).unwrap_or(1)
        })
        .collect();
    let mut lines = vec![format!("{}: a header of {} cards", path.display(), header.cards.len())];
    let mut keys = Map::new();
    keys.insert("index".into(), json!(0));
    keys.insert("name".into(), json!(header.text("EXTNAME").unwrap_or("")));
    keys.insert("kind".into(), json!("header"));
    keys.insert("shape".into(), json!(shape));
    keys.insert("dtype".into(), json!(""));
    keys.insert("unit".into(), json!(header.text("BUNIT").unwrap_or("")));
    keys.insert("cards".into(), json!(header.cards.len()));
    describe_axes(&mut keys, &header, args.rest, &shape, &mut lines);
    let mut answer = json!({"path": path.display().to_string(), "kind": "header", "hdus": [keys]});
    if let Some(pixel) = &args.world {
        let header = args.rest.applied(&header).unwrap_or(header);
        add_world(&mut answer, &header, pixel, &mut lines).with_context(|| path.display().to_string())?;
    }
    Ok((answer, lines))
}
