//! From patches to a sample set.

use super::place::{FaceMaps, cut, place_on_maps};
use super::{
    COLUMN_DENSITY, CONTEXT, MASS_WEIGHTED_DENSITY, Patch, PatchSettings, Region, SplitSettings, plan_regions,
};
use crate::cloud::projection::project_values;
use crate::cloud::{Axis, Error, Quantity, Result, Simulation};
use crate::data::{Channel, SampleSet, Split};
use crate::job::Context;
use ndarray::{Array2, Array4, Axis as Direction, s};
use sha2::{Digest, Sha256};

/// Makes a sample set: input `column_density` in cm⁻² (and `context`), target `mass_weighted_density` in cm⁻³, both
/// (sample, channel, y, x) and linear. The group of a sample is its region.
///
/// Where the patch is larger than its pixels, the column density is averaged over area, and so is the mass-weighted density,
/// with the column density as its weight: both stay what a coarser simulation would give.
///
/// # Errors
/// Settings out of range, a split that cannot be kept apart, a part that gets no patch, or `Cancelled`.
pub fn make_sample_set(
    simulations: &[Simulation],
    settings: &PatchSettings,
    split: &SplitSettings,
    ctx: &Context,
) -> Result<SampleSet> {
    simulations.iter().try_for_each(Simulation::check)?;
    let regions = plan_regions(simulations, settings, split, ctx)?;
    let mut builder = Builder::new(settings);
    for (index, simulation) in simulations.iter().enumerate() {
        let mut faces: Vec<Axis> = Vec::new();
        for face in regions.iter().filter(|r| r.simulation == index).flat_map(|r| &r.faces) {
            if !faces.contains(face) {
                faces.push(*face);
            }
        }
        let maps = face_maps(simulation, &faces);
        for (number, region) in regions.iter().enumerate().filter(|(_, r)| r.simulation == index) {
            ctx.check()?;
            ctx.report(format!("patches of {}", simulation.name), Some(number as f32 / regions.len() as f32));
            let patches = place_on_maps(number, region, simulation.cell_pc, &maps, settings, ctx)?;
            if patches.len() < region.count {
                ctx.warn(format!(
                    "{}: {} of {} patches found room ({}); lower nearest_distance or count, or turn score_filter off",
                    simulation.name,
                    patches.len(),
                    region.count,
                    name(region.split)
                ));
            }
            for patch in &patches {
                if let Some(map) = maps.iter().find(|map| map.face == patch.face) {
                    builder.push(patch, map, region, simulation.cell_pc);
                }
            }
        }
    }
    for part in [Split::Train, Split::Validation, Split::Test] {
        if regions.iter().any(|r| r.split == part) && !builder.split.contains(&part) {
            return Err(Error::patches(
                format!("no patch was found for {}", name(part)),
                "use smaller patches, or turn score_filter off",
            ));
        }
    }
    builder.finish(simulations, settings, split)
}

fn name(part: Split) -> &'static str {
    match part {
        Split::Train => "training",
        Split::Validation => "validation",
        Split::Test => "test",
    }
}

/// Both maps of the faces in use.
pub(super) fn face_maps(simulation: &Simulation, faces: &[Axis]) -> Vec<FaceMaps> {
    faces
        .iter()
        .map(|&face| FaceMaps {
            face,
            column: project_values(simulation, Quantity::Column, face),
            density: project_values(simulation, Quantity::MassWeighted, face),
        })
        .collect()
}

struct Builder {
    pixels: usize,
    column: Vec<f32>,
    context: Vec<f32>,
    density: Vec<f32>,
    pixel_pc: Vec<f64>,
    split: Vec<Split>,
    group: Vec<u32>,
}

impl Builder {
    fn new(settings: &PatchSettings) -> Self {
        Self {
            pixels: settings.pixels,
            column: Vec::new(),
            context: Vec::new(),
            density: Vec::new(),
            pixel_pc: Vec::new(),
            split: Vec::new(),
            group: Vec::new(),
        }
    }

    fn push(&mut self, patch: &Patch, map: &FaceMaps, region: &Region, cell_pc: f64) {
        let pixels = self.pixels;
        let turn = |map: Array2<f32>| turned(map, patch.quarter_turns);
        let column = cut(&map.column, patch.corner, patch.cells, pixels);
        let weighted = &map.density * &map.column;
        let density = cut(&weighted, patch.corner, patch.cells, pixels) / &column;
        self.column.extend(turn(column));
        self.density.extend(turn(density));
        if let Some((corner, edge)) = patch.context {
            let wide = cut(&map.column, corner, edge, pixels);
            let inside = Array2::from_shape_fn(map.column.dim(), |(y, x)| {
                let within = |at: usize, start: usize| at >= start && at < start + patch.cells;
                f32::from(within(y, patch.corner[0]) && within(x, patch.corner[1]))
            });
            self.context.extend(turn(wide));
            self.context.extend(turn(cut(&inside, corner, edge, pixels)));
        }
        self.pixel_pc.push(patch.cells as f64 * cell_pc / pixels as f64);
        self.split.push(region.split);
        self.group.push(patch.region as u32);
    }

    fn finish(
        self,
        simulations: &[Simulation],
        settings: &PatchSettings,
        split: &SplitSettings,
    ) -> Result<SampleSet> {
        let (count, p) = (self.split.len(), self.pixels);
        let mut set = SampleSet { split: self.split, group: self.group, ..SampleSet::default() };
        let channel = |values: Vec<f32>, depth: usize, unit: &str| {
            let values = Array4::from_shape_vec((count, depth, p, p), values)
                .map_err(|error| Error::patches(error.to_string(), "please report this"))?;
            Ok::<_, Error>(Channel { unit: unit.to_owned(), values: values.into_dyn() })
        };
        set.channels.insert(COLUMN_DENSITY.into(), channel(self.column, 1, "cm^-2")?);
        if !self.context.is_empty() {
            set.channels.insert(CONTEXT.into(), channel(self.context, 2, "cm^-2")?);
        }
        set.targets.insert(MASS_WEIGHTED_DENSITY.into(), channel(self.density, 1, "cm^-3")?);
        let mut attribute = |name: &str, value: String| set.attributes.insert(name.to_owned(), value);
        let json = |value: std::result::Result<String, serde_json::Error>| {
            value.map_err(|error| Error::patches(error.to_string(), "please report this"))
        };
        attribute("patches", json(serde_json::to_string(settings))?);
        attribute("split", json(serde_json::to_string(split))?);
        attribute("seed", settings.seed.to_string());
        let mut scales = self.pixel_pc;
        scales.sort_by(f64::total_cmp);
        attribute("pixel_pc", scales.get(scales.len() / 2).copied().unwrap_or_default().to_string());
        attribute("pixel_pc_min", scales.first().copied().unwrap_or_default().to_string());
        attribute("pixel_pc_max", scales.last().copied().unwrap_or_default().to_string());
        let sources: Vec<String> =
            simulations.iter().map(|s| format!("{} {}", density_hash(s), s.name)).collect();
        attribute("sources", sources.join("\n"));
        Ok(set)
    }
}

/// A map turned counterclockwise (row 0 at the top) by quarter turns, as numpy.rot90.
fn turned(map: Array2<f32>, quarter_turns: u8) -> Array2<f32> {
    match quarter_turns % 4 {
        1 => map.reversed_axes().slice_move(s![..;-1, ..]),
        2 => map.slice_move(s![..;-1, ..;-1]),
        3 => map.slice_move(s![..;-1, ..]).reversed_axes(),
        _ => map,
    }
}

/// SHA-256 of the density cube's bytes, little-endian, as 64 hexadecimal digits.
fn density_hash(simulation: &Simulation) -> String {
    let mut hash = Sha256::new();
    for plane in simulation.density_cm3.axis_iter(Direction(0)) {
        let bytes: Vec<u8> = plane.iter().flat_map(|v| v.to_le_bytes()).collect();
        hash.update(&bytes);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn quarter_turns_are_those_of_numpy() {
        let map = array![[1.0_f32, 2.0], [3.0, 4.0]];
        assert_eq!(turned(map.clone(), 1), array![[2.0, 4.0], [1.0, 3.0]]);
        assert_eq!(turned(map.clone(), 2), array![[4.0, 3.0], [2.0, 1.0]]);
        assert_eq!(turned(map, 3), array![[3.0, 1.0], [4.0, 2.0]]);
    }
}
