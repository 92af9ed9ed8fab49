//! Where tensors live: the choice of a device, CUDA's libraries loaded when they are there, and the facts for `aquila doctor`.

use super::NetworkError;
use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tch::{Cuda, Device};

/// What the user asks for: `auto`, `cpu`, `cuda` or `cuda:N`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first CUDA device if there is one, else the CPU.
    #[default]
    Auto,
    Cpu,
    Cuda(usize),
}

impl std::str::FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            _ => text
                .strip_prefix("cuda:")
                .and_then(|index| index.parse().ok())
                .map(Self::Cuda)
                .ok_or_else(|| format!("no device `{text}`: write auto, cpu or cuda:N")),
        }
    }
}

impl std::fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

impl DeviceChoice {
    /// The device to use.
    ///
    /// # Errors
    /// A CUDA device was asked for and is not there: the message says why.
    pub fn resolve(self) -> Result<Device, NetworkError> {
        prepare();
        let count = usize::try_from(Cuda::device_count()).unwrap_or(0);
        match self {
            Self::Cpu => Ok(Device::Cpu),
            Self::Auto if count == 0 => Ok(Device::Cpu),
            Self::Auto => Ok(Device::Cuda(0)),
            Self::Cuda(index) if index < count => Ok(Device::Cuda(index)),
            Self::Cuda(index) => Err(NetworkError::Device(match cuda_library() {
                CudaLibrary::Loaded(_) => {
                    format!("there is no cuda:{index}: {count} CUDA devices were found")
                }
                other => format!("there is no cuda:{index}: {other}"),
            })),
        }
    }
}

/// `cpu` or `cuda:N`, as users and run files write it.
pub fn name(device: Device) -> String {
    match device {
        Device::Cuda(index) => format!("cuda:{index}"),
        Device::Cpu => "cpu".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// What became of libtorch's CUDA half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CudaLibrary {
    Loaded(PathBuf),
    NoDriver,
    NotInstalled(PathBuf),
    Failed(String),
}

impl std::fmt::Display for CudaLibrary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Loaded(path) => write!(f, "loaded {}", path.display()),
            Self::NoDriver => f.write_str("no NVIDIA driver on this machine"),
            Self::NotInstalled(path) => {
                write!(f, "{} is not there; `make setup-cuda` fetches the CUDA set", path.display())
            }
            Self::Failed(text) => {
                write!(f, "the CUDA libraries do not load ({text}); `make setup-cuda` fetches the whole set")
            }
        }
    }
}

/// Facts for `aquila doctor` and `run.json`.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The version of libtorch that the binary was made for; the loaded one is checked to be the same when linking.
    pub torch_version: &'static str,
    /// The folder of the loaded libtorch.
    pub library_folder: Option<PathBuf>,
    pub cuda: CudaLibrary,
    pub cuda_devices: usize,
    pub threads: usize,
    /// Whether convolutions run on oneDNN.
    pub onednn: bool,
}

pub fn facts() -> Facts {
    prepare();
    Facts {
        torch_version: "2.11.0",
        library_folder: library_folder(),
        cuda: cuda_library().clone(),
        cuda_devices: usize::try_from(Cuda::device_count()).unwrap_or(0),
        threads: super::threads::current(),
        onednn: tch::utils::has_mkldnn(),
    }
}

/// Readies libtorch; must come before the first tensor of the process, and every door of this room calls it.
pub fn prepare() {
    static READY: OnceLock<()> = OnceLock::new();
    READY.get_or_init(|| {
        cuda_library();
        keep_freed_memory();
    });
}

/// Loads libtorch's CUDA half. libtorch looks its CUDA hooks up once, at the first call, and keeps the answer.
fn cuda_library() -> &'static CudaLibrary {
    static LIBRARY: OnceLock<CudaLibrary> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        if !Path::new("/proc/driver/nvidia/version").exists() && !Path::new("/dev/nvidiactl").exists() {
            return CudaLibrary::NoDriver;
        }
        let Some(folder) = library_folder() else {
            return CudaLibrary::Failed("the folder of libtorch is not known".to_owned());
        };
        let path = folder.join("libtorch_cuda.so");
        if !path.exists() {
            return CudaLibrary::NotInstalled(path);
        }
        match open_globally(&path) {
            Ok(()) => CudaLibrary::Loaded(path),
            Err(text) => CudaLibrary::Failed(text),
        }
    })
}

fn open_globally(path: &Path) -> Result<(), String> {
    let name = CString::new(path.as_os_str().as_bytes()).map_err(|error| error.to_string())?;
    // SAFETY: a plain dlopen of a library of the libtorch that is loaded already; it stays open for good.
    let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
    if !handle.is_null() {
        return Ok(());
    }
    // SAFETY: dlerror gives null or a text that is valid until the next call on this thread.
    unsafe {
        let text = libc::dlerror();
        Err(if text.is_null() {
            "unknown error".to_owned()
        } else {
            CStr::from_ptr(text).to_string_lossy().into_owned()
        })
    }
}

/// The folder that the running libtorch came from, by the loader's own word.
fn library_folder() -> Option<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps.lines().find(|line| line.ends_with("/libtorch_cpu.so"))?;
    let path = &line[line.find('/')?..];
    Path::new(path).parent().map(Path::to_owned)
}

/// Tells the allocator to keep large freed blocks. Every activation of a network is some megabytes, taken and freed at
/// each step; by default each goes back to the system and is fetched, cleared and mapped again page by page.
#[cfg(target_env = "gnu")]
fn keep_freed_memory() {
    // SAFETY: mallopt only sets numbers of the allocator.
    unsafe {
        libc::mallopt(libc::M_MMAP_MAX, 0);
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
    }
}

#[cfg(not(target_env = "gnu"))]
fn keep_freed_memory() {}
