//! How a cube is looked at: everything that a session keeps of it. Plain values; nothing is painted or read here.

use crate::volume::{Lattice, Mode, Scene, View};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How a cube is looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    pub scene: Scene,
    /// Length of a velocity axis compared with the longer side of the sky.
    #[serde(default = "equal")]
    pub velocity_ratio: f64,
    /// For lengths in parsecs, which a header of the sky does not give.
    #[serde(default)]
    pub distance_pc: Option<f64>,
    /// The file of a second cube, of source or opacity.
    #[serde(default)]
    pub second: Option<PathBuf>,
}

fn equal() -> f64 {
    1.0
}

/// A first view that shows three sides.
const FIRST_VIEW: (f32, f32) = (32.0, 18.0);

impl Look {
    /// A first look at a cube.
    pub fn new(lattice: &Lattice) -> Self {
        let mut scene = Scene::of(lattice);
        scene.mode = Mode::Absorption;
        scene.view = first_view();
        Self { scene, velocity_ratio: equal(), distance_pc: None, second: None }
    }
}

/// Where the camera stands at first.
pub fn first_view() -> View {
    View { azimuth_deg: FIRST_VIEW.0, elevation_deg: FIRST_VIEW.1, ..View::default() }
}
