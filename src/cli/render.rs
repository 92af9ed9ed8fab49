//! `aquila render`: pictures of a cube by the ray march, with no window.

mod scene;

use super::console::{Console, Usage};
use super::film::FilmArgs;
use super::rest_line::RestArgs;
use crate::io::{self, CubeFile, Region};
use crate::job::Context;
use crate::volume::gpu::{Adapter, Canvas, Volume};
use crate::volume::load::{load, load_onto};
use crate::volume::{Feed, Geometry, Grid, Loaded, Mode, Reduce, VolumeError, Wish};
use clap::ValueEnum;
use scene::SceneArgs;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const EXAMPLES: &str = "\
Examples:
  aquila render cube.fits --out cube.png --range 0.3 4 --colormap viridis
  aquila render cube.fits --out sky.png --mode mip --azimuth 0 --elevation 0 --orthographic
  aquila render cube.fits --out slab.png --mode transfer --source 12 --opacity 0.4 --length-pc 2 --intensity-behind 2.725
  aquila render run1/*.fits --out pictures --range 0 5 --json

Values (--range, --iso) are in the cube's own unit, which `aquila info` names; lengths along the box in parts of it. Without --range each
cube has its own: give one to compare pictures. The same command on the same adapter gives the same bytes. Exit status: 0 done, 1 a
cube could not be drawn, 2 wrong usage, 130 stopped.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The cube: FITS, NPY, NPZ or HDF5; several are drawn alike, one picture each
    #[arg(required = true, value_name = "CUBE")]
    cubes: Vec<PathBuf>,
    /// PNG to write; of several cubes the folder, in which each picture has its cube's name
    #[arg(long, value_name = "PNG|FOLDER")]
    out: PathBuf,
    /// HDU with the cube, or number of the array or dataset; the first one that holds a cube where not given
    #[arg(long)]
    hdu: Option<usize>,
    /// Of an array with more than three axes longer than one pixel, the plane to draw, counted from 0
    #[arg(long)]
    plane: Option<usize>,
    /// The voxels to load, in the order x, y, z, from 0, the last of each axis excluded; an empty part means all
    #[arg(long, value_name = "X0:X1,Y0:Y1,Z0:Z1", value_parser = region)]
    region: Option<RegionArg>,
    /// What becomes of the voxels of a block where the cube must be reduced
    #[arg(long, value_enum, default_value_t = ReduceArg::Mean)]
    reduce: ReduceArg,
    /// A second cube of the same shape, for the source function or the opacity of the radiative transfer
    #[arg(long, value_name = "CUBE")]
    second: Option<PathBuf>,
    /// Pixels of the picture
    #[arg(long, value_name = "WxH", default_value = "1024x768", value_parser = size)]
    size: (u32, u32),
    #[command(flatten)]
    scene: SceneArgs,
    /// Length of a velocity axis compared with the longer side of the sky
    #[arg(long, default_value_t = 1.0)]
    velocity_ratio: f64,
    #[command(flatten)]
    rest: RestArgs,
    /// Draw so many pictures with shifted samples and average them
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4096))]
    passes: u32,
    /// Draw by the rule, scaling and constants of another program instead of a mode
    #[arg(long, value_enum, conflicts_with = "mode")]
    compatible: Option<Compatible>,
    /// Draw on the processor's driver even where there is a graphics card
    #[arg(long)]
    software: bool,
    /// Draw so often, for timing
    #[arg(long, default_value_t = 1)]
    repeat: u32,
    #[command(flatten)]
    film: FilmArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum ReduceArg {
    Mean,
    Maximum,
}

#[derive(Clone, Copy, ValueEnum)]
enum Compatible {
    /// POLARIS's viewer: ln(x + 1) over its maximum in a box of equal sides, 200 steps
    Polaris,
}

/// Field of view of POLARIS's camera.
const POLARIS_FIELD_DEG: f32 = 60.0;

/// A picture that was drawn.
struct Drawn {
    cube: PathBuf,
    out: PathBuf,
    /// Voxels of the file along x, y, z.
    shape: [usize; 3],
    /// Of the values, as the file says.
    unit: String,
    level: usize,
    reduced: Option<String>,
    lacks_digits: bool,
    ms_load: f64,
    ms_first: f64,
    ms_frame: f64,
    ms_least: f64,
    range: (f64, f64),
}

pub fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    let outs = check(&args).and_then(|()| outs(&args)).map_err(|error| Usage(format!("{error:#}")))?;
    let (movie, (width, height), is_one) = (args.film.movie.clone(), args.size, outs.len() == 1);
    let (drawn, failed, adapter) = console.run_job("render", move |ctx| {
        ctx.report("opening the graphics adapter", Some(0.0));
        let adapter = Adapter::open(args.software)?;
        let (mut drawn, mut failed) = (vec![], vec![]);
        let count = outs.len() as f32;
        for (number, (cube, out)) in outs.into_iter().enumerate() {
            ctx.check()?;
            let part = ctx.part(number as f32 / count, (number + 1) as f32 / count);
            match draw(&args, [&cube, &out], &adapter, &part) {
                Ok(picture) => drawn.push(picture),
                Err(error) if is_one => return Err(error),
                Err(error) => {
                    ctx.check()?;
                    ctx.warn(format!("{error:#}"));
                    failed.push((cube, format!("{error:#}")));
                }
            }
        }
        Ok((drawn, failed, adapter.name.clone()))
    })?;
    for picture in &drawn {
        let Drawn { shape, reduced, ms_first, ms_frame, out, .. } = picture;
        let words = reduced.as_ref().map_or(String::new(), |words| format!(", {words},"));
        console.say(format!(
            "{} × {} × {} voxels{words} on {adapter}: first picture {ms_first:.0} ms, then {ms_frame:.1} ms: {}",
            shape[0],
            shape[1],
            shape[2],
            out.display()
        ));
    }
    let picture = |drawn: &Drawn| {
        json!({
            "cube": drawn.cube, "out": drawn.out, "movie": movie, "width": width, "height": height, "adapter": adapter,
            "level": drawn.level, "reduced": drawn.reduced, "lacks_digits": drawn.lacks_digits, "shape": [drawn.shape[2], drawn.shape[1], drawn.shape[0]],
            "unit": drawn.unit, "ms_load": drawn.ms_load, "ms_first_frame": drawn.ms_first, "ms_per_frame": drawn.ms_frame,
            "ms_least": drawn.ms_least, "range": [drawn.range.0, drawn.range.1],
        })
    };
    if let (true, [only]) = (is_one, drawn.as_slice()) {
        console.answer(&picture(only));
        return Ok(());
    }
    let pictures: Vec<_> = drawn.iter().map(picture).collect();
    let not_drawn: Vec<_> =
        failed.iter().map(|(cube, error)| json!({ "cube": cube, "error": error })).collect();
    console.answer(&json!({ "pictures": pictures, "failed": not_drawn }));
    let names: Vec<_> = failed.iter().map(|(cube, _)| cube.display().to_string()).collect();
    anyhow::ensure!(
        failed.is_empty(),
        "{} of {} cubes were not drawn: {}",
        failed.len(),
        failed.len() + drawn.len(),
        names.join(", ")
    );
    Ok(())
}

/// Each cube with the file of its picture.
///
/// # Errors
/// Two cubes of one name, or a movie of several.
fn outs(args: &Args) -> anyhow::Result<Vec<(PathBuf, PathBuf)>> {
    if let [only] = args.cubes.as_slice() {
        return Ok(vec![(only.clone(), args.out.clone())]);
    }
    anyhow::ensure!(args.film.movie.is_none(), "--movie is of one cube; name them one after the other");
    let mut outs: Vec<(PathBuf, PathBuf)> = vec![];
    for cube in &args.cubes {
        let name = cube.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let out = args.out.join(format!("{stem}.png"));
        if let Some((other, _)) = outs.iter().find(|(_, known)| *known == out) {
            anyhow::bail!(
                "{} and {} would both be {}: draw them into two folders",
                other.display(),
                cube.display(),
                out.display()
            );
        }
        outs.push((cube.clone(), out));
    }
    Ok(outs)
}

/// # Errors
/// Arguments that cannot be meant.
fn check(args: &Args) -> anyhow::Result<()> {
    args.scene.check()?;
    let ratio = args.velocity_ratio;
    anyhow::ensure!(ratio.is_finite() && ratio > 0.0, "--velocity-ratio must be above 0, not {ratio}");
    match (&args.second, args.scene.needs_second()) {
        (None, true) => {
            anyhow::bail!("the transfer takes source or opacity from a second cube: name it with --second")
        }
        (Some(_), false) => {
            anyhow::bail!(
                "--second is drawn in the mode transfer alone: add --mode transfer with --source second or \
                 --opacity-from second"
            )
        }
        _ => Ok(()),
    }
}

/// As `load_onto`, of what POLARIS's viewer makes of the cube: its own values never go to the adapter.
fn load_polaris(
    adapter: &Arc<Adapter>,
    file: &Arc<CubeFile>,
    wish: &Wish,
    ctx: &Context,
) -> anyhow::Result<(Loaded, Volume)> {
    let mut volume = None;
    let loaded = load(file, wish, ctx, &mut |feed| {
        if let Feed::Slab { planes, values } = feed
            && planes.start == 0
        {
            // The room of one that did not fit must be free before the next is asked for.
            volume = None;
            volume = Some(Volume::of(adapter, &Grid::polaris(values.view())?)?);
        }
        Ok(())
    })?;
    Ok((loaded, volume.ok_or(VolumeError::NotThere)?))
}

fn draw(
    args: &Args,
    [cube, out]: [&Path; 2],
    adapter: &Arc<Adapter>,
    ctx: &Context,
) -> anyhow::Result<Drawn> {
    let film = args.film.film(args.size)?;
    let started = Instant::now();
    let file = Arc::new(CubeFile::open(cube, args.hdu, args.plane)?);
    let second_file = args.second.as_deref().map(|path| CubeFile::open(path, None, None)).transpose()?;
    // One that ran out of memory for an earlier cube is opened again.
    let mut adapter = if adapter.is_lost() { adapter.again()? } else { Arc::clone(adapter) };
    let (width, height) = args.size;
    // A picture that is too large is refused before a cube is read for it.
    Canvas::new(&adapter, width, height)?;
    let [depth, rows, columns] = file.shape();
    let geometry = Geometry::new(&args.rest.applied(file.header())?, file.shape());
    geometry.warnings.iter().for_each(|warning| ctx.warn(warning));
    let wish = Wish {
        region: args.region.map(|region| region.within(file.shape())),
        reduce: match args.reduce {
            ReduceArg::Mean => Reduce::Mean,
            ReduceArg::Maximum => Reduce::Maximum,
        },
        coarse_first: false,
        full_floats: adapter.takes_full_floats(),
        ..Wish::of(&geometry, args.velocity_ratio, adapter.longest_side())
    };
    let is_polaris = matches!(args.compatible, Some(Compatible::Polaris));
    let part = ctx.part(0.0, 0.6);
    let (loaded, volume) = match is_polaris {
        true => load_polaris(&adapter, &file, &wish, &part)?,
        false => load_onto(&mut adapter, &file, &wish, &part)?,
    };
    let second = match second_file {
        Some(second) => {
            anyhow::ensure!(
                second.shape() == file.shape(),
                "{} has {:?} voxels (z, y, x) and {} {:?}: two cubes are drawn together only where they agree",
                cube.display(),
                file.shape(),
                second.path().display(),
                second.shape()
            );
            Some(load_onto(&mut adapter, &Arc::new(second), &wish, &ctx.part(0.6, 0.7))?)
        }
        None => None,
    };
    let mut canvas = Canvas::new(&adapter, width, height)?;
    let aspect = width as f32 / height as f32;
    let mut scene = args.scene.scene(&loaded, second.as_ref().map(|(second, _)| second), aspect);
    if is_polaris {
        scene.mode = Mode::Polaris;
        scene.background = [0.0; 3];
        scene.view.field_deg = POLARIS_FIELD_DEG;
        if !args.scene.has_distance() {
            // Its box has other proportions than the cube.
            scene.view = scene.view.fitted(volume.lattice(), aspect);
        }
    }
    let reduced = loaded.reduced_words();
    let (level, unit, lacks_digits) = (loaded.factor, loaded.unit.clone(), loaded.lacks_digits);
    drop(loaded);
    let second = second.map(|(_, volume)| volume);
    let ms_load = milliseconds(started.elapsed());
    for pass in 0..args.passes {
        ctx.check()?;
        ctx.report("drawing", Some(0.7));
        canvas.draw(&volume, second.as_ref(), &scene, pass)?;
    }
    let pixels = canvas.pixels()?;
    let ms_first = milliseconds(started.elapsed());
    io::png::write_rgba(out, &pixels, width as usize, height as usize)?;
    let mut times = vec![];
    for _ in 0..args.repeat.max(1) {
        ctx.check()?;
        let started = Instant::now();
        canvas.draw(&volume, second.as_ref(), &scene, 0)?;
        canvas.pixels()?;
        times.push(milliseconds(started.elapsed()));
    }
    times.sort_by(f64::total_cmp);
    if let Some(film) = film {
        args.film.shoot(&film, &mut canvas, (&volume, second.as_ref()), &scene, &ctx.part(0.7, 1.0))?;
    }
    Ok(Drawn {
        cube: cube.to_owned(),
        out: out.to_owned(),
        unit,
        shape: [columns, rows, depth],
        level,
        reduced,
        lacks_digits,
        ms_load,
        ms_first,
        ms_frame: times[times.len() / 2],
        ms_least: times[0],
        range: scene.transfer.range,
    })
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let parts = text.split_once(['x', '×']).and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    parts.filter(|&(w, h)| w > 0 && h > 0).ok_or_else(|| "give width and height, such as 1024x768".to_owned())
}

/// Ends of a region along x, y, z; open ones reach to the ends of the cube.
#[derive(Clone, Copy)]
struct RegionArg([(usize, Option<usize>); 3]);

impl RegionArg {
    fn within(self, shape: [usize; 3]) -> Region {
        let part = |axis: usize| {
            let (from, to) = self.0[2 - axis];
            (from, to.unwrap_or(shape[axis]).saturating_sub(from))
        };
        Region {
            start: std::array::from_fn(|axis| part(axis).0),
            size: std::array::from_fn(|axis| part(axis).1),
        }
    }
}

fn region(text: &str) -> Result<RegionArg, String> {
    let form = "give X0:X1,Y0:Y1,Z0:Z1 with whole numbers from 0, such as 10:60,,0:20";
    let mut ends = [(0, None); 3];
    let parts: Vec<&str> = text.split(',').collect();
    if parts.len() != 3 {
        return Err(form.to_owned());
    }
    for (end, part) in ends.iter_mut().zip(parts).filter(|(_, part)| !part.trim().is_empty()) {
        let (from, to) = part.split_once(':').ok_or(form)?;
        let number = |text: &str, open: Option<usize>| match text.trim() {
            "" => Ok(open),
            digits => digits.parse().map(Some).map_err(|_| form.to_owned()),
        };
        *end = (number(from, Some(0))?.unwrap_or(0), number(to, None)?);
        if end.1.is_some_and(|to| to <= end.0) {
            return Err("a region must not be empty".to_owned());
        }
    }
    Ok(RegionArg(ends))
}
