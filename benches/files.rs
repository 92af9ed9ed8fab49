//! Reading a 512³ float cube into memory in native byte order, against astropy doing the same from the same warm file.

use aquila::data::{Cube, Header};
use std::path::{Path, PathBuf};
use std::process::Command;
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
    Ok(())
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
