//! `aquila cloud example-cube`: an emission cube to try things on.

use super::console::Console;
use crate::cloud::ExampleCube;
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

#[derive(clap::Args)]
pub struct Args {
    /// FITS file to write
    #[arg(long, value_name = "FILE.fits")]
    out: PathBuf,
    /// Also the true density n_H behind it, as another FITS cube
    #[arg(long, value_name = "FILE.fits")]
    density: Option<PathBuf>,
    /// Pixels along each side of the sky, even
    #[arg(long, default_value_t = 160)]
    size: usize,
    /// Seed of every random draw
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

pub fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    let started = Instant::now();
    let (out, density) = (args.out.clone(), args.density.clone());
    let (shape, peak_k) = console.run_job("example cube", move |ctx| {
        let example = ExampleCube::of_size(args.size, args.seed);
        let cube = example.write(&args.out, args.density.as_deref(), ctx)?;
        Ok((cube.values.shape().to_vec(), cube.values.iter().fold(f32::MIN, |a, b| a.max(*b))))
    })?;
    let seconds = started.elapsed().as_secs_f64();
    let [channels, rows, columns] = shape[..] else { anyhow::bail!("the cube has {} axes", shape.len()) };
    console.say(format!(
        "{columns} × {rows} pixels, {channels} channels, up to {peak_k:.1} K, in {seconds:.1} s: {}",
        out.display()
    ));
    console.answer(&json!({
        "out": out, "density": density, "shape": shape, "seed": args.seed, "peak_k": peak_k, "seconds": seconds,
    }));
    Ok(())
}
