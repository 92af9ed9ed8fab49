//! A trained network on an observed map: units asked, pixels brought to the training's scale, WCS and provenance kept.

use super::error::{Result, TrainingError};
use super::model::Model;
use super::reach::{Reach, reach};
use crate::cloud::tiling::{TileSettings, apply_tiled};
use crate::cloud::{area_mean, bilinear, fill_blanks};
use crate::data::{Header, Image};
use crate::io::wcs::Wcs;
use crate::job::Context;
use crate::network::DeviceChoice;
use ndarray::{Array2, Array4, Axis, Zip, s};
use std::path::Path;
use std::time::Instant;

/// What an observed map holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapQuantity {
    /// N_H in cm⁻².
    Column,
    /// log₁₀ of N_H in cm⁻².
    LogColumn,
    /// N(H₂) in cm⁻²; N_H is twice that.
    ColumnH2,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ApplySettings {
    pub quantity: MapQuantity,
    /// Distance of the cloud, to bring the map to the pixel scale of the training; without it the map is taken pixel by pixel.
    pub distance_pc: Option<f64>,
    /// Whether a map of another pixel scale is resampled (else the mismatch is only told).
    pub resample: bool,
    /// Share of a patch that overlaps the next.
    pub overlap: f64,
    /// Patches at once.
    pub batch: usize,
}

impl ApplySettings {
    pub fn new(quantity: MapQuantity) -> Self {
        Self { quantity, distance_pc: None, resample: true, overlap: 0.5, batch: 8 }
    }
}

/// The network's map and how it came about.
#[derive(Clone, Debug)]
pub struct Applied {
    /// On the pixels of the map given, with its WCS; finite wherever that is.
    pub image: Image,
    pub patches: usize,
    pub seconds: f64,
    /// Pixels that are not finite.
    pub count_nan_in: usize,
    pub count_nan_out: usize,
    /// Training pixel over map pixel, where both sizes are known.
    pub scale: Option<f64>,
    /// Whether the map was brought to the training's pixels and back.
    pub resampled: bool,
    /// Share of pixels below and above the columns seen in training.
    pub outside: [f64; 2],
}

/// Pixel scales that differ by less than this are as good as equal.
const SAME_SCALE: f64 = 1.1;
/// A map is not refined beyond this; the network would see only interpolation.
const FINEST: f64 = 4.0;
/// Above this share of pixels outside the range of the training a warning is given.
const OUTSIDE_TOLD: f64 = 0.001;

/// Applies the best checkpoint of the run `root` to a column-density map.
///
/// # Errors
/// No run; a network that takes more than one column map; a map whose values cannot be what was said; `Cancelled`.
pub fn apply(
    root: &Path,
    map: &Image,
    settings: &ApplySettings,
    device: DeviceChoice,
    ctx: &Context,
) -> Result<Applied> {
    let started = Instant::now();
    let model = Model::load(root, device)?;
    let (input, target, patch) = the_only(&model)?;
    let reach = reach(model.network.steps()).map_err(|what| {
        TrainingError::apply(what, "only a network that makes a map pixel by pixel from what is near can be applied to maps of any size")
    })?;
    let column = column_cm2(map, settings.quantity)?;
    let count_nan_in = map.values.iter().filter(|v| !v.is_finite()).count();
    let in_dex = column.mapv(f32::log10);
    let outside = outside(&in_dex, input.min, input.max, ctx);
    let map_pc = pixel_deg(&map.header).zip(settings.distance_pc).map(|(deg, pc)| deg.to_radians() * pc);
    let scale = model.described.pixel_pc.zip(map_pc).map(|(training, own)| training / own);
    let grid = scale.and_then(|scale| other_grid(scale, column.dim(), settings, ctx));
    // Means are of the columns themselves; a finer grid is interpolated in their logarithm.
    let seen = match grid {
        None => in_dex.clone(),
        Some((rows, _)) if rows < column.nrows() => {
            area_mean(column.view(), grid.unwrap_or(column.dim())).mapv(f32::log10)
        }
        Some(grid) => finer(&in_dex, grid)?,
    };
    let tiles = tiles(patch, reach, settings);
    let standard = |v: f32| ((f64::from(v) - input.mean) / input.std) as f32;
    let log_input = matches!(input.space, crate::recipe::Space::Log10);
    let seen = if log_input { seen } else { seen.mapv(|v| 10_f32.powf(v)) };
    let answered = apply_tiled(&seen.mapv(standard), &tiles, ctx, |batch: Array4<f32>| {
        let size = batch.len_of(Axis(0));
        Ok(super::batch::predict(&model.network, batch.view(), &model.feeds, size)?)
    });
    let answered = match answered {
        Ok(answered) => answered,
        Err(error) => {
            ctx.check()?;
            return Err(TrainingError::apply(format!("{error:#}"), "check the map and the run"));
        }
    };
    let dex = answered.values.slice(s![0, .., ..]).mapv(|v| target.dex(v));
    let dex = match grid {
        None => dex,
        Some((rows, _)) if rows < column.nrows() => finer(&dex, column.dim())?,
        Some(grid) => {
            // What coarser pixels see of mass-weighted densities is their mean weighted by the column.
            let fine = finer(&in_dex, grid)?.mapv(|v| 10_f32.powf(v));
            let weighted = area_mean((&dex.mapv(|v| 10_f32.powf(v)) * &fine).view(), column.dim());
            (weighted / area_mean(fine.view(), column.dim())).mapv(f32::log10)
        }
    };
    let mut values = dex.mapv(|v| 10_f32.powf(v));
    Zip::from(&mut values).and(&map.values).for_each(|value, given| {
        if !given.is_finite() {
            *value = f32::NAN;
        }
    });
    let count_nan_out = values.iter().filter(|v| !v.is_finite()).count();
    let unit = target.unit.replace('^', "");
    let mut applied = Applied {
        image: Image { name: target.name.clone(), values, unit, header: map.header.clone() },
        patches: answered.patches,
        seconds: started.elapsed().as_secs_f64(),
        count_nan_in,
        count_nan_out,
        scale,
        resampled: grid.is_some(),
        outside,
    };
    provenance(&mut applied, root, map, &model, settings);
    Ok(applied)
}

/// Tiles with a margin as wide as padding reaches. The network takes maps of any size, so tiles grow until the margin is not
/// most of the work.
fn tiles(patch: usize, reach: Reach, settings: &ApplySettings) -> TileSettings {
    let patch_px = patch.max(2 * reach.margin_px).next_multiple_of(reach.stride_px);
    let growth = ((patch_px + 2 * reach.margin_px) as f64 / patch as f64).powi(2);
    let batch = ((settings.batch as f64 / growth) as usize).max(1);
    TileSettings { patch_px, overlap: settings.overlap, batch, margin_px: reach.margin_px }
}

/// Input, target and patch of a network that takes one column map and gives one map.
fn the_only(model: &Model) -> Result<(super::Standard, super::Standard, usize)> {
    let described = &model.described;
    let ([input], [target, ..], [rows, columns]) =
        (described.inputs.as_slice(), described.targets.as_slice(), described.shape)
    else {
        return Err(TrainingError::apply(
            format!("the network takes {} input channels", described.inputs.len()),
            "only one that takes the column density alone can be applied to a map",
        ));
    };
    if rows != columns {
        return Err(TrainingError::apply(
            format!("the network was trained on patches of {rows} by {columns} pixels"),
            "train on square patches to apply it to maps",
        ));
    }
    Ok((input.clone(), target.clone(), rows))
}

/// N_H in cm⁻² of a map, NaN where it is not finite; columns that are not positive become the smallest that is.
fn column_cm2(map: &Image, quantity: MapQuantity) -> Result<Array2<f32>> {
    let finite = || map.values.iter().copied().filter(|v| v.is_finite());
    let largest = finite().fold(f32::NEG_INFINITY, f32::max);
    match quantity {
        MapQuantity::LogColumn if largest > 37.0 => {
            return Err(TrainingError::apply(
                format!("the map reaches {largest:.3e}, which is no log₁₀ of a column density"),
                "say what it holds: --quantity column (N_H) or column-h2 (N(H₂))",
            ));
        }
        MapQuantity::Column | MapQuantity::ColumnH2 if (10.0..40.0).contains(&largest) => {
            return Err(TrainingError::apply(
                format!("the map reaches only {largest:.3}, which looks like a logarithm"),
                "say so: --quantity log-column",
            ));
        }
        _ => {}
    }
    // cm⁻² unless the file says m⁻².
    let unit = map.unit.to_lowercase().replace([' ', '^', '*'], "");
    let per_m2 = ["m-2", "1/m2"].iter().any(|m| unit.ends_with(m)) && !unit.contains("cm");
    let factor: f32 = if per_m2 { 1e-4 } else { 1.0 };
    let column = map.values.mapv(|v| match quantity {
        _ if !v.is_finite() => f32::NAN,
        MapQuantity::Column => v * factor,
        MapQuantity::LogColumn => 10_f32.powf(v) * factor,
        MapQuantity::ColumnH2 => 2.0 * v * factor,
    });
    let smallest = column.iter().copied().filter(|v| *v > 0.0).fold(f32::INFINITY, f32::min);
    if !smallest.is_finite() {
        return Err(TrainingError::apply(
            "the map holds not one positive column density".to_owned(),
            "choose another HDU, or say what it holds with --quantity",
        ));
    }
    Ok(column.mapv(|v| if v <= 0.0 { smallest } else { v }))
}

/// Share of pixels below and above the training's columns, and a warning that says by how much.
fn outside(in_dex: &Array2<f32>, low: f64, high: f64, ctx: &Context) -> [f64; 2] {
    let (mut below, mut above, mut count) = (0_u64, 0_u64, 0_u64);
    let (mut lowest, mut highest) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in in_dex.iter().map(|&v| f64::from(v)).filter(|v| v.is_finite()) {
        count += 1;
        below += u64::from(value < low);
        above += u64::from(value > high);
        (lowest, highest) = (lowest.min(value), highest.max(value));
    }
    let share = |part: u64| part as f64 / count.max(1) as f64;
    for (share, side, by) in [(share(below), "below", low - lowest), (share(above), "above", highest - high)]
    {
        if share > OUTSIDE_TOLD {
            ctx.warn(format!(
                "{:.1} % of the map's pixels lie {side} the column densities seen in training (10^{low:.2} to 10^{high:.2} cm⁻²), by up to {by:.2} dex; the network extrapolates there",
                100.0 * share
            ));
        }
    }
    [share(below), share(above)]
}

/// The grid on which map pixels are as large as the training's; `None` where they are already, or where it would make no sense.
fn other_grid(
    scale: f64,
    (rows, columns): (usize, usize),
    settings: &ApplySettings,
    ctx: &Context,
) -> Option<(usize, usize)> {
    if (1.0 / SAME_SCALE..SAME_SCALE).contains(&scale) {
        return None;
    }
    let relation = if scale > 1.0 {
        format!("{scale:.2} times finer")
    } else {
        format!("{:.2} times coarser", 1.0 / scale)
    };
    if !(settings.resample && scale.is_finite() && scale > 1.0 / FINEST) {
        ctx.warn(format!("the map's pixels are {relation} than those of the training; densities may be off"));
        return None;
    }
    ctx.report(format!("the map's pixels are {relation} than the training's: resampling"), None);
    let size = |count: usize| ((count as f64 / scale).round() as usize).max(1);
    Some((size(rows), size(columns)))
}

/// Bilinear interpolation of a map with blanks, which are filled from around them.
fn finer(map: &Array2<f32>, shape: (usize, usize)) -> Result<Array2<f32>> {
    let filled = fill_blanks(map.view()).ok_or_else(|| {
        TrainingError::apply("the map has no finite pixel".to_owned(), "choose another HDU or map")
    })?;
    Ok(bilinear(filled.view(), shape))
}

/// Side of a pixel in degrees, the root of its area; `None` where the map is not on the sky.
fn pixel_deg(header: &Header) -> Option<f64> {
    let (width, height) = Wcs::from_header(header).ok()?.pixel_scale_deg()?;
    let side = (width * height).sqrt();
    (side > 0.0 && side.is_finite()).then_some(side)
}

/// What this map is and where it comes from, as cards.
fn provenance(applied: &mut Applied, root: &Path, map: &Image, model: &Model, settings: &ApplySettings) {
    let header = &mut applied.image.header;
    for key in ["BUNIT", "BTYPE", "DATAMIN", "DATAMAX", "BSCALE", "BZERO", "BLANK"] {
        header.remove(key);
    }
    header.set_text("BTYPE", model.described.targets[0].name.clone(), "n_H as the network predicts it");
    let quantity = match settings.quantity {
        MapQuantity::Column => "N_H",
        MapQuantity::LogColumn => "log10 N_H",
        MapQuantity::ColumnH2 => "N(H2), doubled to N_H",
    };
    let run =
        root.file_name().map_or_else(|| root.display().to_string(), |n| n.to_string_lossy().into_owned());
    header.history(format!("Aquila {}: density by a neural network", env!("CARGO_PKG_VERSION")));
    header.history(format!("run {run}, best checkpoint, epoch {}", model.epoch));
    header.history(format!("blueprint sha256 {}", &model.origin().blueprint_sha256));
    header.history(format!("training data sha256 {}", &model.origin().data_sha256));
    header.history(format!("input map: {} [{}], holding {quantity}", map.name, map.unit));
    header.history(format!("{} patches, overlap {}", applied.patches, settings.overlap));
    if let Some(distance) = settings.distance_pc {
        header.history(format!("distance {distance} pc"));
    }
    if let Some(scale) = applied.scale {
        let how = if applied.resampled { "resampled to it and back" } else { "taken as it is" };
        header.history(format!("training pixel / map pixel = {scale:.4}; {how}"));
    }
    let [below, above] = applied.outside;
    header.history(format!(
        "outside the training's columns: {:.2} % below, {:.2} % above",
        100.0 * below,
        100.0 * above
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(values: Array2<f32>) -> Image {
        Image { name: "m".into(), values, unit: String::new(), header: Header::default() }
    }

    #[test]
    fn what_a_map_holds_is_not_guessed() {
        let log = map(Array2::from_elem((3, 3), 21.5));
        assert!(column_cm2(&log, MapQuantity::Column).is_err());
        let linear = map(Array2::from_elem((3, 3), 3e21));
        assert!(column_cm2(&linear, MapQuantity::LogColumn).is_err());
        let h2 = column_cm2(&linear, MapQuantity::ColumnH2).expect("N(H2)");
        assert!((h2[[0, 0]] / 6e21 - 1.0).abs() < 1e-6);
    }
}
