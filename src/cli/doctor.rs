//! `aquila doctor`: what this machine gives Aquila, and what to do about each fault.

use super::console::Console;
use crate::app::graphics;
use crate::network::device;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Args {}

/// One line of the report: what was looked at, what was found, and the remedy where that is a fault.
struct Finding {
    key: &'static str,
    title: &'static str,
    found: String,
    remedy: Option<String>,
}

impl Finding {
    fn good(key: &'static str, title: &'static str, found: impl Into<String>) -> Self {
        Self { key, title, found: found.into(), remedy: None }
    }

    fn fault(
        key: &'static str,
        title: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { key, title, found: found.into(), remedy: Some(remedy.into()) }
    }
}

pub fn run(_args: Args, console: &Console) -> anyhow::Result<()> {
    let mut findings = vec![Finding::good("version", "Aquila", env!("CARGO_PKG_VERSION"))];
    libtorch(&mut findings);
    findings.push(adapters());
    findings.push(display());
    findings.push(machine());
    folders(&mut findings);

    for finding in &findings {
        let mark = if finding.remedy.is_some() { "✗" } else { "✓" };
        console.say(format!("{mark} {:<18} {}", finding.title, finding.found));
        if let Some(remedy) = &finding.remedy {
            console.say(format!("  {:<18} → {remedy}", ""));
        }
    }
    let faults = findings.iter().filter(|finding| finding.remedy.is_some()).count();
    console.say(match faults {
        0 => "everything is in order".to_owned(),
        1 => "one fault, see the arrow".to_owned(),
        n => format!("{n} faults, see the arrows"),
    });
    let found: serde_json::Map<String, Value> = findings
        .iter()
        .map(|f| (f.key.to_owned(), json!({ "found": f.found, "remedy": f.remedy })))
        .collect();
    console.answer(&json!({ "faults": faults, "findings": found }));
    Ok(())
}

fn libtorch(findings: &mut Vec<Finding>) {
    let facts = device::facts();
    let place = facts
        .library_folder
        .as_deref()
        .map_or("of an unknown folder".to_owned(), |p| p.display().to_string());
    findings.push(Finding::good("libtorch", "libtorch", format!("{} from {place}", facts.torch_version)));
    findings.push(match (&facts.cuda, facts.cuda_devices) {
        (device::CudaLibrary::NoDriver, _) => {
            Finding::good("cuda", "CUDA", format!("{}; networks run on the CPU", facts.cuda))
        }
        (device::CudaLibrary::Loaded(_), devices @ 1..) => {
            Finding::good("cuda", "CUDA", format!("{devices} device{}", if devices == 1 { "" } else { "s" }))
        }
        (device::CudaLibrary::Loaded(_), 0) => Finding::fault(
            "cuda",
            "CUDA",
            "loaded, but no device answers",
            "check the driver with nvidia-smi",
        ),
        _ => Finding::fault("cuda", "CUDA", facts.cuda.to_string(), "make setup-cuda"),
    });
    findings.push(Finding::good(
        "threads",
        "threads",
        format!("{} for networks, oneDNN {}", facts.threads, if facts.onednn { "on" } else { "off" }),
    ));
}

fn adapters() -> Finding {
    let adapters = graphics::adapters();
    let list: Vec<String> =
        adapters.iter().map(|a| format!("{} ({}, {})", a.name, a.backend, a.driver)).collect();
    let found = list.join("; ");
    if adapters.is_empty() {
        Finding::fault(
            "graphics",
            "graphics",
            "no adapter",
            "install a Vulkan driver, in Debian: mesa-vulkan-drivers",
        )
    } else if adapters.iter().all(|adapter| adapter.is_software) {
        Finding::good(
            "graphics",
            "graphics",
            format!("{found}: drawn on the processor, the window works but is slower"),
        )
    } else {
        Finding::good("graphics", "graphics", found)
    }
}

fn display() -> Finding {
    let named = |key: &str| std::env::var(key).ok().filter(|value| !value.is_empty());
    match (named("WAYLAND_DISPLAY"), named("DISPLAY")) {
        (Some(name), _) => Finding::good("display", "display", format!("Wayland {name}")),
        (None, Some(name)) => Finding::good("display", "display", format!("X {name}")),
        (None, None) => {
            Finding::good("display", "display", "none: the window cannot open here, all other commands can")
        }
    }
}

fn machine() -> Finding {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let text = format!(
        "{cores} cores, {:.1} of {:.1} GiB memory free",
        gib(system.available_memory()),
        gib(system.total_memory())
    );
    if gib(system.available_memory()) < 2.0 {
        Finding::fault("machine", "machine", text, "close other programs: a training needs about 2 GiB")
    } else {
        Finding::good("machine", "machine", text)
    }
}

fn folders(findings: &mut Vec<Finding>) {
    match crate::project::home() {
        Ok(home) => findings.push(writable(
            "home",
            "own folder",
            &home,
            "set AQUILA_HOME to a folder you can write to",
        )),
        Err(error) => {
            findings.push(Finding::fault("home", "own folder", error.to_string(), "set AQUILA_HOME"))
        }
    }
    let temporary = std::env::temp_dir();
    findings.push(writable(
        "temporary",
        "temporary folder",
        &temporary,
        "set TMPDIR to a folder you can write to",
    ));
}

/// Whether a file can be made in a folder, or in the nearest parent that exists.
fn writable(key: &'static str, title: &'static str, folder: &Path, remedy: &str) -> Finding {
    let existing: PathBuf = folder.ancestors().find(|parent| parent.is_dir()).unwrap_or(folder).to_owned();
    match tempfile::tempfile_in(&existing) {
        Ok(_) => Finding::good(key, title, folder.display().to_string()),
        Err(error) => Finding::fault(key, title, format!("{}: {error}", folder.display()), remedy),
    }
}
