//! What can keep a cube from being drawn.

#[derive(Clone, Debug, thiserror::Error)]
pub enum VolumeError {
    #[error("a cube of {shape:?} voxels (z, y, x) holds nothing to draw")]
    Empty { shape: [usize; 3] },
    #[error("{0} is no length of a voxel's side; give three positive numbers")]
    Voxel(f64),
    #[error("the cube is not on the stage; it was closed")]
    NotThere,
    #[error("the cube is being loaded anew; this load is given up")]
    Superseded,
    #[error("the stage is closed")]
    Closed,
    /// The job that draws was stopped.
    #[error(transparent)]
    Cancelled(#[from] crate::job::Cancelled),
    #[error("no graphics adapter was found, not even a software one; install mesa-vulkan-drivers")]
    NoAdapter,
    #[error("the graphics adapter refused: {}; `aquila doctor` says what this machine offers", .0.trim_end_matches('.'))]
    Device(String),
    #[error(
        "the graphics adapter was lost ({0}); try again, with fewer voxels or less beside it where its memory ran out"
    )]
    Lost(String),
    #[error(
        "the graphics adapter has no room for {} MiB more; crop the cube, or average its voxels",
        bytes.div_ceil(1 << 20)
    )]
    OutOfMemory { bytes: u64 },
    #[error(
        "cubes may take {} MiB more of the adapter's memory ({}), this one takes {}; crop the cube, or average its voxels",
        left >> 20, super::memory::ADAPTER_SETTING, bytes.div_ceil(1 << 20)
    )]
    NotAllowed { bytes: u64, left: u64 },
    #[error("{name}={value} is no amount of memory; give one such as 2GB")]
    Setting { name: &'static str, value: String },
    #[error(
        "the cube has {longest} voxels along one axis, the adapter takes {most}; crop it, or average each {factor} voxels to one"
    )]
    TooLong { longest: usize, most: usize, factor: usize },
    #[error("{found:?} voxels (z, y, x) from plane {first} are no part of a cube of {shape:?} (x, y, z)")]
    Slab { first: usize, found: [usize; 3], shape: [usize; 3] },
    #[error("plane {plane} has blank voxels, but the cube was said to have none; say so in its lattice")]
    Blanks { plane: usize },
    #[error("a picture of {width} × {height} is not possible here; the adapter takes up to {most}")]
    Picture { width: u32, height: u32, most: u32 },
    #[error("this scene needs a second cube, and there is none")]
    NoSecond,
    #[error("{count} {what} are shown, the adapter draws {most} at once; hide some")]
    TooMany { what: &'static str, count: usize, most: usize },
    #[error("the shader {file}: {message}")]
    Shader { file: String, message: String },
}

impl VolumeError {
    /// The adapter has no room: what is smaller may fit. A driver that runs out of memory amid its own work takes the whole device
    /// with it, and says why only in words.
    pub fn is_out_of_memory(&self) -> bool {
        match self {
            Self::OutOfMemory { .. } | Self::NotAllowed { .. } => true,
            Self::Lost(reason) => reason.to_ascii_lowercase().contains("memory"),
            _ => false,
        }
    }
}
