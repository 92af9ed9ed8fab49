//! A simulation folder as POLARIScore lays it out: five FITS cubes and `processing_config.json`.

use super::{Axis, Error, Result, Simulation};
use crate::data::{Cube, Header};
use crate::io;
use crate::job::Context;
use ndarray::Array3;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const DENSITY: &str = "datacube.fits";
const TEMPERATURE: &str = "datacube_temp.fits";
const VELOCITY: [&str; 3] = ["datacube_velx.fits", "datacube_vely.fits", "datacube_velz.fits"];
const CONFIG: &str = "processing_config.json";

fn fault(folder: &Path, what: impl Into<String>, advice: impl Into<String>) -> Error {
    Error::Simulation { folder: folder.display().to_string(), what: what.into(), advice: advice.into() }
}

/// Reads a simulation folder.
///
/// `box_size_pc` is the size of the global box of which the cube is a part, as POLARIScore's `global_size`; `None` takes
/// `global_size_pc` from `processing_config.json`, which folders written by Aquila have.
///
/// # Errors
/// A missing file, cubes of different shapes, an unknown size, values that are not physical, or `Cancelled`.
pub fn read_simulation(folder: &Path, box_size_pc: Option<f64>, ctx: &Context) -> Result<Simulation> {
    let all = [DENSITY, TEMPERATURE, VELOCITY[0], VELOCITY[1], VELOCITY[2], CONFIG];
    let missing: Vec<&str> = all.into_iter().filter(|name| !folder.join(name).is_file()).collect();
    if !missing.is_empty() {
        let what = format!("{} missing from the simulation folder", missing.join(", "));
        return Err(fault(
            folder,
            what,
            "a simulation folder holds datacube.fits, datacube_temp.fits, datacube_velx|y|z.fits and processing_config.json",
        ));
    }
    let config = read_config(folder)?;
    let global_pc = match box_size_pc.or_else(|| config.get("global_size_pc").and_then(Value::as_f64)) {
        Some(size) if size.is_finite() && size > 0.0 => size,
        _ => {
            return Err(fault(
                folder,
                format!("{CONFIG} does not say how large the global box is"),
                "give the size of the box in pc",
            ));
        }
    };
    let number = |name: &str| {
        config.get(name).and_then(Value::as_f64).filter(|v| v.is_finite()).ok_or_else(|| {
            fault(folder, format!("{CONFIG} lacks the number run_parameters.{name}"), "repair the file")
        })
    };
    let size_pc = number("size")? * global_pc;
    let mut cubes = Vec::with_capacity(5);
    for (index, name) in all[..5].iter().enumerate() {
        ctx.check()?;
        ctx.report(format!("reading {name}"), Some(index as f32 / 5.0));
        let cube = io::read_cube_watched(&folder.join(name), None, ctx)?.values;
        let first = cubes.first().map_or(cube.dim(), Array3::dim);
        if cube.dim() != first {
            let what = format!("{name} is {:?}, {DENSITY} is {first:?} (z, y, x)", cube.dim());
            return Err(fault(folder, what, "all cubes must lie on the same grid"));
        }
        cubes.push(cube);
    }
    let (nz, ny, nx) = cubes[0].dim();
    let nres = number("nres").or_else(|_| number("nxyz"))?;
    if nres != nx as f64 {
        let what = format!("{CONFIG} says {nres} cells, {DENSITY} has {nx} along x");
        return Err(fault(
            folder,
            what,
            "repair the file: a wrong number of cells makes every column density wrong",
        ));
    }
    if (nz, ny) != (nx, nx) {
        ctx.warn(format!("{}: the cube is not a cube: {nz} x {ny} x {nx} cells (z, y, x)", folder.display()));
    }
    let mut cubes = cubes.into_iter();
    let mut next = || cubes.next().ok_or_else(|| fault(folder, "a cube is missing", "copy the folder again"));
    let simulation = Simulation {
        name: folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
        density_cm3: next()?,
        temperature_k: next()?,
        velocity_km_s: [next()?, next()?, next()?],
        cell_pc: size_pc / nx as f64,
        center_pc: [number("xcenter")?, number("ycenter")?, number("zcenter")?].map(|c| c * global_pc),
    };
    simulation.check().map_err(|error| match error {
        Error::Simulation { what, advice, .. } => fault(folder, what, advice),
        other => other,
    })?;
    Ok(simulation)
}

/// The `run_parameters` of the configuration, or the whole of it where they are not wrapped.
fn read_config(folder: &Path) -> Result<Value> {
    let path = folder.join(CONFIG);
    let text =
        std::fs::read_to_string(&path).map_err(|source| io::Error::system(&path, "read the file", source))?;
    let config: Value = serde_json::from_str(&text)
        .map_err(|error| io::Error::damaged(&path, "", error.to_string(), "repair the file"))?;
    Ok(config.get("run_parameters").cloned().unwrap_or(config))
}

/// Writes a simulation folder, whole or not at all: into a temporary folder beside it, then renamed. A folder of that name that is
/// a simulation is replaced; any other is left alone.
///
/// # Errors
/// A folder that cannot be written or must not be replaced, a simulation that contradicts itself, or `Cancelled`.
pub fn write_simulation(
    folder: &Path,
    simulation: &Simulation,
    notes: &[String],
    ctx: &Context,
) -> Result<()> {
    simulation.check()?;
    let [nz, ny, nx] = simulation.shape();
    if (nz, ny) != (nx, nx) {
        return Err(fault(
            folder,
            format!("the cube is {nz} x {ny} x {nx}"),
            "only cubes of equal edges have a place in a simulation folder",
        ));
    }
    let exists = folder.exists();
    if exists && !is_replaceable(folder) {
        return Err(fault(
            folder,
            "this is there already and is not a simulation folder",
            "choose another name",
        ));
    }
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let system = |path: &Path, doing| {
        let path = path.to_owned();
        move |source| io::Error::system(&path, doing, source)
    };
    std::fs::create_dir_all(&parent).map_err(system(&parent, "create the folder"))?;
    let temporary = tempfile::Builder::new()
        .prefix(".aquila-")
        .tempdir_in(&parent)
        .map_err(system(&parent, "create a temporary folder in"))?;
    let new = temporary.path().join("new");
    std::fs::create_dir(&new).map_err(system(&new, "create the folder"))?;
    let cubes = [
        (DENSITY, &simulation.density_cm3, "cm-3", "number density of hydrogen nuclei"),
        (TEMPERATURE, &simulation.temperature_k, "K", "gas temperature"),
        (VELOCITY[0], &simulation.velocity_km_s[0], "km s-1", "velocity along x"),
        (VELOCITY[1], &simulation.velocity_km_s[1], "km s-1", "velocity along y"),
        (VELOCITY[2], &simulation.velocity_km_s[2], "km s-1", "velocity along z"),
    ];
    for (index, (name, values, unit, what)) in cubes.into_iter().enumerate() {
        ctx.check()?;
        ctx.report(format!("writing {name}"), Some(index as f32 / 5.0));
        let mut header = box_header(simulation);
        header.history(format!("{what}; axes in NumPy order: z, y, x"));
        notes.iter().for_each(|note| header.history(note.as_str()));
        let cube = Cube { name: name.to_owned(), values: values.clone(), unit: unit.to_owned(), header };
        io::fits::write_cube(&new.join(name), &cube)?;
    }
    let size_pc = simulation.cell_pc * nx as f64;
    let config = json!({
        "run_parameters": {
            "nres": nx,
            "size": 1.0,
            "xcenter": simulation.center_pc[0] / size_pc,
            "ycenter": simulation.center_pc[1] / size_pc,
            "zcenter": simulation.center_pc[2] / size_pc,
            "global_size_pc": size_pc,
        },
        "axes": "z, y, x in NumPy order; NAXIS1 is x",
    });
    let text = serde_json::to_vec_pretty(&config)
        .map_err(|error| fault(folder, error.to_string(), "check the simulation's numbers"))?;
    io::atomic::write_bytes(&new.join(CONFIG), &text)?;
    ctx.check()?;
    // A folder cannot be replaced in one step: the old one steps aside and is dropped with the temporary folder.
    if exists {
        std::fs::rename(folder, temporary.path().join("old"))
            .map_err(system(folder, "replace the folder"))?;
    }
    std::fs::rename(&new, folder).map_err(system(folder, "create the folder"))?;
    Ok(())
}

/// An empty folder, or one that holds nothing but the files of a simulation.
fn is_replaceable(folder: &Path) -> bool {
    let ours = |entry: std::fs::DirEntry| {
        let name = entry.file_name();
        [DENSITY, TEMPERATURE, CONFIG].into_iter().chain(VELOCITY).any(|known| name.to_str() == Some(known))
    };
    std::fs::read_dir(folder)
        .map(|entries| entries.into_iter().all(|entry| entry.is_ok_and(ours)))
        .unwrap_or(false)
}

/// A linear WCS in pc for all three axes.
fn box_header(simulation: &Simulation) -> Header {
    let mut header = Header::default();
    header.set_text("OBJECT", simulation.name.clone(), "");
    for (index, axis) in Axis::ALL.into_iter().enumerate() {
        simulation.set_linear_axis(&mut header, index + 1, axis);
    }
    header
}
