//! What can keep a cube from being drawn.

#[derive(Debug, thiserror::Error)]
pub enum VolumeError {
    #[error("a cube of {shape:?} voxels (z, y, x) holds nothing to draw")]
    Empty { shape: [usize; 3] },
    #[error("{0} is no length of a voxel's side; give three positive numbers")]
    Voxel(f64),
    #[error("no graphics adapter was found, not even a software one; install mesa-vulkan-drivers")]
    NoAdapter,
    #[error("the graphics adapter refused: {0}")]
    Device(String),
    #[error(
        "the cube has {longest} voxels along one axis, the adapter takes {most}; crop it, or average each {factor} voxels to one"
    )]
    TooLong { longest: usize, most: usize, factor: usize },
    #[error("a picture of {width} × {height} is not possible here; the adapter takes up to {most}")]
    Picture { width: u32, height: u32, most: u32 },
}
