//! `aquila render`: pictures of a cube by the ray march, with no window.

use super::console::Console;
use super::film::FilmArgs;
use crate::data::{Cube, Header, percentiles_sampled};
use crate::figure::ColourMap;
use crate::io;
use crate::volume::gpu::{Adapter, Canvas, Volume};
use crate::volume::{Grid, Mode, Reduce, Scene, Stretch, Surface, Transfer, View, reduced};
use clap::ValueEnum;
use serde_json::json;
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub struct Args {
    /// The cube: FITS, NPY, NPZ or HDF5
    cube: PathBuf,
    /// PNG to write
    #[arg(long, value_name = "PNG")]
    out: PathBuf,
    /// HDU with the cube; the first one that holds a cube where not given
    #[arg(long)]
    hdu: Option<usize>,
    /// Pixels of the picture
    #[arg(long, value_name = "WxH", default_value = "1024x768", value_parser = size)]
    size: (u32, u32),
    /// What a ray makes of the values along it
    #[arg(long, value_enum, default_value_t = ModeArg::Absorption)]
    mode: ModeArg,
    /// Degrees from the face on which the sky is seen, to the right
    #[arg(long, default_value_t = 25.0, allow_negative_numbers = true)]
    azimuth: f32,
    /// Degrees above that face
    #[arg(long, default_value_t = 20.0, allow_negative_numbers = true)]
    elevation: f32,
    /// From the middle of the cube, in lengths of its longest side
    #[arg(long, default_value_t = 2.0)]
    distance: f32,
    /// Parallel rays instead of perspective
    #[arg(long)]
    orthographic: bool,
    /// How values between the ends of the range are spread
    #[arg(long, value_enum, default_value_t = StretchArg::Linear)]
    stretch: StretchArg,
    /// Softening of the asinh stretch, as a fraction of the range
    #[arg(long, default_value_t = 0.1)]
    softening: f32,
    /// Exponent of the power stretch
    #[arg(long, default_value_t = 2.0)]
    exponent: f32,
    /// The colour map
    #[arg(long, default_value = "magma", value_parser = colours)]
    colormap: ColourMap,
    /// Values at the ends of the colours [default: the percentiles 50 and 99.9]
    #[arg(long, num_args = 2, value_names = ["LO", "HI"], allow_negative_numbers = true)]
    range: Option<Vec<f64>>,
    /// The value of the isosurface [default: the middle of the range]
    #[arg(long, allow_negative_numbers = true)]
    iso: Option<f64>,
    /// Optical depth of full opacity across one voxel
    #[arg(long, default_value_t = 0.2)]
    density: f32,
    /// Samples along the longest side [default: one for each of the finest voxels]
    #[arg(long)]
    steps: Option<u32>,
    /// Length of a velocity axis compared with the longer side of the sky
    #[arg(long, default_value_t = 1.0)]
    velocity_ratio: f64,
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
enum ModeArg {
    /// Colours add up: an optically thin line
    Emission,
    /// Near gas hides far gas
    Absorption,
    /// The greatest value along the ray
    Mip,
    /// The mean value along the ray
    Average,
    /// The surface of one value
    Isosurface,
}

#[derive(Clone, Copy, ValueEnum)]
enum StretchArg {
    Linear,
    Sqrt,
    Log,
    Asinh,
    Power,
}

struct Drawn {
    adapter: String,
    level: usize,
    shape: [usize; 3],
    ms_first: f64,
    ms_frame: f64,
    range: (f64, f64),
}

pub fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    let positive = [
        ("--distance", f64::from(args.distance)),
        ("--velocity-ratio", args.velocity_ratio),
        ("--density", f64::from(args.density)),
        ("--softening", f64::from(args.softening)),
        ("--exponent", f64::from(args.exponent)),
    ];
    for (name, value) in positive {
        anyhow::ensure!(value.is_finite() && value > 0.0, "{name} must be above 0, not {value}");
    }
    let (out, movie, (width, height)) = (args.out.clone(), args.film.movie.clone(), args.size);
    let drawn = console.run_job("render", move |ctx| draw(&args, ctx))?;
    let Drawn { adapter, level, shape, ms_first, ms_frame, range } = drawn;
    let reduced = if level > 1 { format!(", each {level}³ voxels averaged to one") } else { String::new() };
    console.say(format!(
        "{} × {} × {} voxels{reduced} on {adapter}: first picture {ms_first:.0} ms, then {ms_frame:.1} ms: {}",
        shape[0],
        shape[1],
        shape[2],
        out.display()
    ));
    console.answer(&json!({
        "out": out, "movie": movie, "width": width, "height": height, "adapter": adapter, "level": level,
        "ms_first_frame": ms_first, "ms_per_frame": ms_frame, "range": [range.0, range.1],
    }));
    Ok(())
}

fn draw(args: &Args, ctx: &crate::job::Context) -> anyhow::Result<Drawn> {
    let film = args.film.film(args.size)?;
    let cube = io::read_cube_watched(&args.cube, args.hdu, &ctx.part(0.0, 0.5))?;
    let started = Instant::now();
    ctx.report("opening the graphics adapter", Some(0.5));
    let adapter = Adapter::open(args.software)?;
    let shape = [cube.values.dim().2, cube.values.dim().1, cube.values.dim().0];
    let level = shape.into_iter().max().unwrap_or(1).div_ceil(adapter.longest_side());
    let voxel = voxel(&cube, args.velocity_ratio);
    let percents = percentiles_sampled(cube.values.as_slice().unwrap_or_default(), &[50.0, 99.9]);
    let values = if level > 1 { reduced(cube.values.view(), level, Reduce::Mean) } else { cube.values };
    ctx.report("handing the cube to the adapter", Some(0.6));
    let grid = Grid::new(values.view(), voxel)?;
    drop(values);
    let volume = Volume::of(&adapter, &grid)?;
    let scene = scene(args, &grid, percents.as_deref());
    ctx.check()?;
    let (width, height) = args.size;
    let picture = volume.picture(&scene, width, height)?;
    let ms_first = milliseconds(started.elapsed());
    io::png::write_rgba(&args.out, &picture.to_rgba8(), width as usize, height as usize)?;
    let mut times = vec![];
    for _ in 0..args.repeat.max(1) {
        ctx.check()?;
        let started = Instant::now();
        volume.picture(&scene, width, height)?;
        times.push(milliseconds(started.elapsed()));
    }
    times.sort_by(f64::total_cmp);
    if let Some(film) = film {
        let mut canvas = Canvas::new(&adapter, width, height)?;
        args.film.shoot(&film, &mut canvas, (&volume, None), &scene, &ctx.part(0.7, 1.0))?;
    }
    Ok(Drawn {
        adapter: adapter.name.clone(),
        level,
        shape,
        ms_first,
        ms_frame: times[times.len() / 2],
        range: scene.transfer.range,
    })
}

fn scene(args: &Args, grid: &Grid, percents: Option<&[f64]>) -> Scene {
    let range = match (args.range.as_deref(), percents) {
        (Some(&[low, high]), _) => (low, high),
        (_, Some(&[low, high])) if low < high => (low, high),
        _ => grid.lattice.range,
    };
    let stretch = match args.stretch {
        StretchArg::Linear => Stretch::Linear,
        StretchArg::Sqrt => Stretch::Sqrt,
        StretchArg::Log => Stretch::Log,
        StretchArg::Asinh => Stretch::Asinh { softening: args.softening },
        StretchArg::Power => Stretch::Power { exponent: args.exponent },
    };
    let mode = match args.mode {
        ModeArg::Emission => Mode::Emission,
        ModeArg::Absorption => Mode::Absorption,
        ModeArg::Mip => Mode::Maximum,
        ModeArg::Average => Mode::Average,
        ModeArg::Isosurface => Mode::Nothing,
    };
    let surface = Surface { value: args.iso.unwrap_or(0.5 * (range.0 + range.1)), colour: None, shown: true };
    let surfaces = if let ModeArg::Isosurface = args.mode { vec![surface] } else { vec![] };
    let base = Scene::of(&grid.lattice);
    Scene {
        mode,
        view: View {
            azimuth_deg: args.azimuth,
            elevation_deg: args.elevation,
            distance: args.distance,
            orthographic: args.orthographic,
            ..View::default()
        },
        transfer: Transfer::rising(range, stretch, args.colormap),
        density: args.density,
        surfaces,
        samples_per_voxel: args
            .steps
            .map_or(base.samples_per_voxel, |steps| steps as f32 * grid.lattice.finest()),
        ..base
    }
}

/// Sides of a voxel along x, y, z. Axes of one unit keep their proportions; a third axis of another kind (velocity, frequency) gets
/// `ratio` times the longer side of the sky as its length.
fn voxel(cube: &Cube, ratio: f64) -> [f64; 3] {
    let (depth, height, width) = cube.values.dim();
    let steps: [f64; 3] = std::array::from_fn(|axis| step(&cube.header, axis + 1).unwrap_or(1.0));
    let unit = |axis: usize| cube.header.text(&format!("CUNIT{axis}")).unwrap_or_default();
    let kind = |axis: usize| {
        let ctype = cube.header.text(&format!("CTYPE{axis}")).unwrap_or_default();
        ctype.split('-').next().unwrap_or_default().to_owned()
    };
    let celestial = ["RA", "DEC", "GLON", "GLAT", "ELON", "ELAT"].contains(&kind(1).as_str());
    if unit(3) == unit(1) && !celestial {
        return steps;
    }
    let longer = (width as f64 * steps[0]).max(height as f64 * steps[1]);
    [steps[0], steps[1], ratio * longer / depth as f64]
}

/// Length of a pixel along an axis: CDELT, or the column of the CD matrix.
fn step(header: &Header, axis: usize) -> Option<f64> {
    let column: f64 = (1..=3).filter_map(|row| header.float(&format!("CD{row}_{axis}"))).map(|v| v * v).sum();
    let step = if column > 0.0 { column.sqrt() } else { header.float(&format!("CDELT{axis}"))?.abs() };
    (step.is_finite() && step > 0.0).then_some(step)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let parts = text.split_once(['x', '×']).and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    parts.filter(|&(w, h)| w > 0 && h > 0).ok_or_else(|| "give width and height, such as 1024x768".to_owned())
}

fn colours(text: &str) -> Result<ColourMap, String> {
    let known = || ColourMap::ALL.map(ColourMap::key).join(", ");
    ColourMap::named(text).ok_or_else(|| format!("known are: {}", known()))
}
