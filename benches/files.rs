//! Reading a 512³ float cube into memory in native byte order, against astropy doing the same from the same warm file; and opening
//! it as a volume: the time to a coarse picture's voxels and to the whole, and the memory that this takes.

use aquila::data::{Cube, Header};
use aquila::io::CubeFile;
use aquila::job::Context;
use aquila::volume::gpu::{Adapter, Volume};
use aquila::volume::load::{load, load_onto};
use aquila::volume::{Feed, Mode, Scene, Wish};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

const REPEATS: usize = 5;

fn main() -> anyhow::Result<()> {
    let side = if std::env::args().any(|a| a == "--small") { 64 } else { 512 };
    let folder = tempfile::tempdir_in(std::env::temp_dir())?;
    let file = folder.path().join("cube.fits");
    write_cube(&file, side)?;

    let ours = (0..=REPEATS).map(|_| seconds_to_read(&file)).collect::<anyhow::Result<Vec<_>>>()?;
    let ours = median(ours[1..].to_vec());
    println!("reading a {side}³ float32 FITS cube, median of {REPEATS} from a warm cache");
    println!("  aquila    {:8.3} s", ours);
    match astropy(&file)? {
        Some(theirs) => println!("  astropy   {theirs:8.3} s    ratio {:.2}", theirs / ours),
        None => println!("  astropy   not measured: run benches/run.sh, which sets up the Python peers"),
    }
    open_as_volume(&file, side)
}

/// Values without a pattern that a file system or a memory controller could profit from.
fn write_cube(file: &Path, side: usize) -> anyhow::Result<()> {
    let mut state = 1u32;
    let values = ndarray::Array3::from_shape_simple_fn((side, side, side), || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state as f32 / u32::MAX as f32
    });
    let cube = Cube { name: "bench".into(), values, unit: "K".into(), header: Header::default() };
    aquila::io::fits::write_cube(file, &cube)?;
    Ok(())
}

fn seconds_to_read(file: &Path) -> anyhow::Result<f64> {
    let start = Instant::now();
    let cube = aquila::io::read_cube(file, None)?;
    let seconds = start.elapsed().as_secs_f64();
    anyhow::ensure!(cube.values.sum().is_finite(), "the cube came back broken");
    Ok(seconds)
}

/// Milliseconds until few voxels are there, until all are handed on, and until a software driver holds them.
fn open_as_volume(file: &Path, side: usize) -> anyhow::Result<()> {
    let (mut coarse, mut whole) = (vec![], vec![]);
    for _ in 0..=REPEATS {
        let start = Instant::now();
        let cube = Arc::new(CubeFile::open(file, None, None)?);
        let (mut first, mut last) = (f64::NAN, f64::NAN);
        load(&cube, &Wish::default(), &Context::unwatched(), &mut |feed| {
            match feed {
                Feed::Coarse(_) => first = start.elapsed().as_secs_f64(),
                Feed::Done => last = start.elapsed().as_secs_f64(),
                Feed::Begin(_) | Feed::Slab { .. } => {}
            }
            Ok(())
        })?;
        coarse.push(first);
        whole.push(last);
    }
    let (coarse, whole) = (median(coarse[1..].to_vec()), median(whole[1..].to_vec()));
    println!("opening it as a volume");
    println!("  coarse voxels after  {:6.0} ms   (target 150 ms at 512³)", 1e3 * coarse);
    println!("  all handed on after  {:6.0} ms   (target 1000 ms at 512³)", 1e3 * whole);
    if let Some(peak) = peak_bytes() {
        let cube = (side.pow(3) * 4) as f64;
        println!("  most memory so far   {:6.2} times the cube", peak / cube);
    }
    match Adapter::open(true) {
        Ok(mut adapter) => {
            let start = Instant::now();
            let cube = Arc::new(CubeFile::open(file, None, None)?);
            let (_, volume) = load_onto(&mut adapter, &cube, &Wish::default(), &Context::unwatched())?;
            println!("  on {} after {:.0} ms", adapter.name, 1e3 * start.elapsed().as_secs_f64());
            find_what_shows(&volume);
        }
        Err(error) => println!("  on an adapter: not measured, {error}"),
    }
    Ok(())
}

/// Milliseconds to find the bricks to be leapt over, as after a change of the transfer function: the least of many.
fn find_what_shows(volume: &Volume) {
    let mut scene = Scene { mode: Mode::Absorption, ..Scene::of(volume.lattice()) };
    println!("what shows of it after a change of the transfer function   (target 1 ms)");
    for from in [0.0, 0.999, 1.0] {
        scene.transfer.opacity = vec![[from, 0.0], [1.0, f32::from(u8::from(from < 1.0))]];
        let (mut part, mut least) = (f64::NAN, f64::INFINITY);
        for _ in 0..20 {
            let start = Instant::now();
            part = volume.shown_part(&scene);
            least = least.min(start.elapsed().as_secs_f64());
        }
        println!("  {:4.0} % of the bricks  {:6.2} ms", 1e2 * part, 1e3 * least);
    }
}

/// The most memory that this process has held, where the system tells (Linux).
fn peak_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok().map(|kilobytes| kilobytes * 1024.0)
}

fn astropy(file: &Path) -> anyhow::Result<Option<f64>> {
    let peers = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
    let python = peers.join(".venv/bin/python");
    if !python.exists() {
        return Ok(None);
    }
    let output =
        Command::new(python).arg(peers.join("read_fits.py")).arg(file).arg(REPEATS.to_string()).output()?;
    anyhow::ensure!(output.status.success(), "astropy failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(Some(String::from_utf8_lossy(&output.stdout).trim().parse()?))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
