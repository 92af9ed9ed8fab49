//! `aquila cloud`: synthetic clouds, projections, moments.

use super::console::Console;
use super::rest_line::RestArgs;
use super::{cloud_difference, cloud_example, cloud_line};
use crate::cloud::{self, Axis, Quantity, Selection, SynthSettings};
use crate::data::{Image, Values, statistics};
use crate::io;
use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Subcommand)]
pub enum Command {
    /// A synthetic molecular cloud: density, temperature and three velocity cubes as a simulation folder
    Synth(Synth),
    /// A projection of a simulation, with units
    Map(Map),
    /// An emission cube of a synthetic cloud in 13CO, to try things on
    ExampleCube(cloud_example::Args),
    /// Moments 0, 1, 2 and peak of an emission cube, with units
    Moments(Moments),
    /// The spectrum of one line of sight, its moments and Gaussian components with errors
    Spectrum(cloud_line::Spectrum),
    /// A position–velocity map along a line on the sky, as FITS
    Pv(cloud_line::Pv),
    /// A cube against another one: difference, ratio, the part within a mask, as FITS; and how well both agree, in numbers
    Difference(cloud_difference::Difference),
}

#[derive(Args)]
pub struct Synth {
    /// Cells along each edge, even
    #[arg(long, default_value_t = SynthSettings::default().size)]
    size: usize,
    /// Seed of every random draw
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Folder to write
    #[arg(long)]
    out: PathBuf,
    /// Edge of the box in pc
    #[arg(long, default_value_t = SynthSettings::default().box_size_pc)]
    box_size_pc: f64,
    /// Mean density n_H in cm^-3
    #[arg(long, default_value_t = SynthSettings::default().mean_density_cm3)]
    mean_density: f64,
    /// Rms Mach number of the turbulence
    #[arg(long, default_value_t = SynthSettings::default().mach)]
    mach: f64,
    /// Share of the mass in filaments
    #[arg(long, default_value_t = SynthSettings::default().filament_fraction)]
    filament_fraction: f64,
    /// Share of the mass in dense cores
    #[arg(long, default_value_t = SynthSettings::default().core_fraction)]
    core_fraction: f64,
    /// Scale of the envelope as a fraction of the box; 0 fills the box evenly
    #[arg(long, default_value_t = SynthSettings::default().envelope_radius)]
    envelope_radius: f64,
}

#[derive(Clone, Copy, ValueEnum)]
enum QuantityArg {
    Column,
    MassWeighted,
    VolumeWeighted,
    Max,
}

#[derive(Clone, Copy, ValueEnum)]
enum AxisArg {
    X,
    Y,
    Z,
}

#[derive(Args)]
pub struct Map {
    /// Simulation folder
    sim: PathBuf,
    /// What the map shows
    #[arg(long, value_enum)]
    quantity: QuantityArg,
    /// Line of sight
    #[arg(long, value_enum)]
    axis: AxisArg,
    /// FITS file to write
    #[arg(long)]
    out: PathBuf,
    /// Size of the global box in pc, where processing_config.json does not say it
    #[arg(long)]
    box_size_pc: Option<f64>,
}

#[derive(Args)]
pub struct Moments {
    /// Emission cube
    cube: PathBuf,
    /// Folder for moment0.fits, moment1.fits, moment2.fits and peak.fits
    #[arg(long)]
    out: PathBuf,
    /// Only values above this count, in the cube's unit
    #[arg(long, allow_negative_numbers = true)]
    threshold: Option<f32>,
    /// Only values above so many σ of the noise, by the median absolute deviation of all values
    #[arg(long)]
    sigmas: Option<f32>,
    /// With --sigmas: also the voxels above this many σ that are joined to those (a mask that grows from cores)
    #[arg(long, requires = "sigmas")]
    grow_to_sigmas: Option<f32>,
    /// The first and the last channel that count, from 1
    #[arg(long, num_args = 2, value_names = ["FIRST", "LAST"])]
    channels: Option<Vec<usize>>,
    /// HDU with the cube; the first one that holds a cube where not given
    #[arg(long)]
    hdu: Option<usize>,
    #[command(flatten)]
    rest: RestArgs,
}

impl Moments {
    fn selection(&self) -> anyhow::Result<Selection> {
        let channels = match self.channels.as_deref() {
            Some(&[first, last]) => {
                anyhow::ensure!(first > 0, "--channels {first} {last}: channels are counted from 1");
                Some([first - 1, last.saturating_sub(1)])
            }
            _ => None,
        };
        Ok(Selection {
            channels,
            threshold: self.threshold,
            sigmas: self.sigmas,
            grown_to_sigmas: self.grow_to_sigmas,
        })
    }
}

pub fn run(command: Command, console: &Console) -> anyhow::Result<()> {
    match command {
        Command::Synth(args) => synth(args, console),
        Command::Map(args) => map(args, console),
        Command::ExampleCube(args) => cloud_example::run(args, console),
        Command::Moments(args) => moments(args, console),
        Command::Spectrum(args) => cloud_line::spectrum(args, console),
        Command::Pv(args) => cloud_line::pv(args, console),
        Command::Difference(args) => cloud_difference::run(args, console),
    }
}

fn synth(args: Synth, console: &Console) -> anyhow::Result<()> {
    let settings = SynthSettings {
        size: args.size,
        seed: args.seed,
        box_size_pc: args.box_size_pc,
        mean_density_cm3: args.mean_density,
        mach: args.mach,
        filament_fraction: args.filament_fraction,
        core_fraction: args.core_fraction,
        envelope_radius: args.envelope_radius,
        ..SynthSettings::default()
    };
    let started = Instant::now();
    let out = args.out.clone();
    let size = settings.size;
    let cell_pc = settings.cell_pc();
    let note = format!("aquila cloud synth: {}", serde_json::to_string(&settings)?);
    let density = console.run_job("synthetic cloud", move |ctx| {
        let simulation = cloud::synthesise(&settings, &ctx.part(0.0, 0.7))?;
        cloud::write_simulation(&args.out, &simulation, &[note], &ctx.part(0.7, 1.0))?;
        Ok(statistics(&Values::F32(simulation.density_cm3.into_dyn())))
    })?;
    let seconds = started.elapsed().as_secs_f64();
    console.say(format!("{size}³ cells in {seconds:.1} s: {}", out.display()));
    let (mean, max) = density.map_or((f64::NAN, f64::NAN), |d| (d.mean, d.max));
    console.answer(&json!({
        "out": out,
        "shape": [size, size, size],
        "seed": args.seed,
        "cell_pc": cell_pc,
        "mean_density_cm3": mean,
        "max_density_cm3": max,
        "seconds": seconds,
    }));
    Ok(())
}

fn map(args: Map, console: &Console) -> anyhow::Result<()> {
    let quantity = match args.quantity {
        QuantityArg::Column => Quantity::Column,
        QuantityArg::MassWeighted => Quantity::MassWeighted,
        QuantityArg::VolumeWeighted => Quantity::VolumeWeighted,
        QuantityArg::Max => Quantity::Max,
    };
    let axis = match args.axis {
        AxisArg::X => Axis::X,
        AxisArg::Y => Axis::Y,
        AxisArg::Z => Axis::Z,
    };
    let out = args.out.clone();
    let image = console.run_job("map", move |ctx| {
        let simulation = cloud::read_simulation(&args.sim, args.box_size_pc, ctx)?;
        let image = cloud::project(&simulation, quantity, axis);
        io::fits::write_image(&args.out, &image)?;
        Ok(image)
    })?;
    console.say(format!("{} in {}: {}", image.name, image.unit, out.display()));
    let mut answer = summary(&image);
    answer["out"] = json!(out);
    answer["quantity"] = json!(quantity.name());
    answer["axis"] = json!(axis.name());
    console.answer(&answer);
    Ok(())
}

fn moments(args: Moments, console: &Console) -> anyhow::Result<()> {
    let folder = args.out.clone();
    let selection = args.selection()?;
    let maps = console.run_job("moments", move |ctx| {
        let mut cube = io::read_cube_watched(&args.cube, args.hdu, ctx)?;
        cube.header = args.rest.applied(&cube.header).with_context(|| args.cube.display().to_string())?;
        let velocity_km_s = cloud::velocity_axis_km_s(&cube, ctx)?;
        ctx.report("moments", Some(0.5));
        let about = (&cube.header, cube.unit.as_str(), cube.name.as_str());
        let maps = cloud::moments_of(cube.values.view(), about, &velocity_km_s, &selection)?;
        ctx.check()?;
        let named = [
            ("moment0", maps.integrated),
            ("moment1", maps.velocity),
            ("moment2", maps.variance),
            ("peak", maps.peak),
        ];
        for (name, map) in &named {
            io::fits::write_image(&args.out.join(format!("{name}.fits")), map)?;
        }
        Ok(named)
    })?;
    console.say(format!("moment0, moment1, moment2 and peak: {}", folder.display()));
    let mut answer = json!({ "out": folder });
    for (name, map) in &maps {
        answer[*name] = summary(map);
    }
    console.answer(&answer);
    Ok(())
}

/// Shape, unit and statistics of a map, as `aquila info` names them.
fn summary(image: &Image) -> serde_json::Value {
    let values = Values::F32(image.values.clone().into_dyn());
    let mut answer = json!({ "shape": image.values.shape(), "unit": image.unit });
    if let Some(s) = statistics(&values) {
        answer["count_nan"] = json!(s.count_nan);
        for (key, value) in s.named() {
            answer[key] = json!(value);
        }
    }
    answer
}
