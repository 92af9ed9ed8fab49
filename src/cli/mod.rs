//! The command line: one file per subcommand. Reads arguments and recipes, starts jobs, prints.
//! Human text goes to standard error; with `--json` one object, and nothing else, goes to standard output.

mod apply;
mod blueprint;
mod cloud;
mod cloud_difference;
mod cloud_example;
mod cloud_line;
mod console;
mod convert;
mod dataset;
mod demo;
mod doctor;
mod evaluate;
mod exchange;
mod film;
mod info;
mod inspect;
mod render;
mod report;
mod rest_line;
mod train;
mod window;

use clap::{CommandFactory, Parser, Subcommand};
use console::Console;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "aquila", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    window: window::Args,
    /// Print one JSON object on standard output, and nothing else there
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// The main job with no display: clouds, training, evaluation, application, figures, report.html
    Demo(demo::Args),
    /// Versions, libtorch, devices, graphics, folders, and what to do about each fault
    Doctor(doctor::Args),
    /// What a file holds: shape, type, axes, units, coordinates, statistics
    Info(info::Args),
    /// Between FITS, NPY and HDF5, keeping WCS and units where the format can
    Convert(convert::Args),
    /// Synthetic clouds, projections, moments
    #[command(subcommand)]
    Cloud(cloud::Command),
    /// A sample set from a recipe
    Dataset(dataset::Args),
    /// Networks as documents
    #[command(subcommand)]
    Blueprint(blueprint::Command),
    /// Train a network from a recipe
    Train(train::Args),
    /// A picture or a turn of a cube by the ray march
    Render(Box<render::Args>),
    /// Metrics and figures of a run on a sample set
    Evaluate(evaluate::Args),
    /// A run's network on an observed map
    Apply(apply::Args),
    /// What a block of a run's network has learnt and looks at: weights, feature maps, attribution
    Inspect(inspect::Args),
}

/// Runs the program: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.command.is_some() && !cli.window.is_empty() {
        let text = "files and options of the window stand without a command; put a command's own behind it";
        Cli::command().error(clap::error::ErrorKind::ArgumentConflict, text).exit();
    }
    let console = Console::new(cli.json);
    let done = match cli.command {
        None => window::run(cli.window, &console),
        Some(Command::Demo(args)) => demo::run(args, &console),
        Some(Command::Doctor(args)) => doctor::run(args, &console),
        Some(Command::Info(args)) => info::run(args, &console),
        Some(Command::Convert(args)) => convert::run(args, &console),
        Some(Command::Cloud(command)) => cloud::run(command, &console),
        Some(Command::Dataset(args)) => dataset::run(args, &console),
        Some(Command::Blueprint(command)) => blueprint::run(command, &console),
        Some(Command::Train(args)) => train::run(args, &console),
        Some(Command::Render(args)) => render::run(*args, &console),
        Some(Command::Evaluate(args)) => evaluate::run(args, &console),
        Some(Command::Apply(args)) => apply::run(args, &console),
        Some(Command::Inspect(args)) => inspect::run(args, &console),
    };
    console.exit(done)
}
