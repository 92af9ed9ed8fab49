//! The moving pictures of `aquila render`: a turn of the cube, or a path through keyframes.

use crate::job::Context;
use crate::volume::Scene;
use crate::volume::film::{Film, Keyframes, Motion};
use crate::volume::gpu::{Canvas, Volume};
use std::path::PathBuf;

/// Jittered passes that make up a frame.
const PASSES: u32 = 4;

#[derive(clap::Args)]
pub struct FilmArgs {
    /// A turn of the cube beside the picture: an animation (.gif), or a new folder for numbered PNGs
    #[arg(long, value_name = "FILE.gif|FOLDER")]
    pub movie: Option<PathBuf>,
    /// Frames of the movie
    #[arg(long, default_value_t = 36, value_parser = clap::value_parser!(u32).range(2..=3600))]
    pub frames: u32,
    /// How long the movie lasts [default: as the keyframes say, or 0.06 s a frame]
    #[arg(long, requires = "movie")]
    pub seconds: Option<f64>,
    /// In the movie a slice flies through an axis of the cube and back, instead of a turn; z is the slowest axis of the file: the velocity of
    /// a spectral cube
    #[arg(long, value_enum, value_name = "AXIS", requires = "movie", conflicts_with = "keyframes")]
    pub through: Option<AxisArg>,
    /// The movie follows a path instead of a turn
    ///
    /// A JSON file, as the window writes it: {"keyframes": [{"time_s": 0, "view": {"azimuth_deg": 0, "elevation_deg": 20,
    /// "distance": 2, "target": [0, 0, 0], "orthographic": false}}, …]}. Two keyframes or more with growing times; each may also
    /// have "clip" ([[0, 1], [0, 1], [0, 1]], parts of x, y, z), "range" ([low, high] of the colours) and "density", and as the window
    /// writes them "mode", "transfer", "surfaces" and "slices". The camera passes through all of them on a smooth path, or with
    /// "pace": "even" beside "keyframes" straight and evenly from one to the next.
    #[arg(long, value_name = "FILE.json", requires = "movie")]
    pub keyframes: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub enum AxisArg {
    X,
    Y,
    Z,
}

impl FilmArgs {
    /// What is to be shot, before any cube is read; `None` where no movie is asked for.
    pub fn film(&self, size: (u32, u32)) -> anyhow::Result<Option<Film>> {
        if self.movie.is_none() {
            return Ok(None);
        }
        let (motion, seconds) = match &self.keyframes {
            Some(path) => {
                let keyframes = Keyframes::read(path)?;
                let (first, last) = keyframes.times();
                (Motion::Path(keyframes), last - first)
            }
            None => {
                let motion = match self.through {
                    Some(axis) => Motion::Through { axis: axis as usize },
                    None => Motion::Turn,
                };
                (motion, 0.06 * f64::from(self.frames))
            }
        };
        let film = Film { motion, frames: self.frames, seconds: self.seconds.unwrap_or(seconds), size };
        film.check()?;
        Ok(Some(film))
    }

    /// Draws and writes the film.
    pub fn shoot(
        &self,
        film: &Film,
        canvas: &mut Canvas,
        (volume, second): (&Volume, Option<&Volume>),
        scene: &Scene,
        ctx: &Context,
    ) -> anyhow::Result<()> {
        let Some(path) = &self.movie else { return Ok(()) };
        anyhow::ensure!(
            second.is_some() || !film.needs_second(scene),
            "a keyframe takes source or opacity from a second cube; give it with --second"
        );
        film.shoot(scene, path, ctx, &mut |scene, ctx| {
            for pass in 0..PASSES {
                ctx.check()?;
                canvas.draw(volume, second, scene, pass)?;
            }
            Ok(canvas.pixels()?)
        })
    }
}
