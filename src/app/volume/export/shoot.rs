//! The jobs of an export: the stage's pictures, with labels painted over them as in the view, into files.

use super::super::cube::Cube;
use super::super::{looking, overlay};
use crate::app::offscreen::Darkroom;
use crate::io::png;
use crate::job::Context;
use crate::volume::Scene;
use crate::volume::film::Film;
use crate::volume::stage::{Camera, Request};
use egui::{Color32, ColorImage, Rect, TextureOptions, pos2};
use std::path::Path;

/// Jittered passes of a single picture, and of a frame among many.
const PICTURE_PASSES: u32 = 16;
const FRAME_PASSES: u32 = 4;

/// Everything that a picture needs, apart from the window.
pub struct Shot {
    pub camera: Camera,
    pub cube: Cube,
    /// At the size of the file.
    pub request: Request,
    /// Pixels for a point of the labels; none are painted where not given.
    pub labels: Option<f32>,
}

impl Shot {
    /// Writes a PNG.
    pub fn picture(mut self, path: &Path, context: &Context) -> anyhow::Result<()> {
        context.report("drawing", None);
        let mut darkroom = self.darkroom()?;
        let scene = self.request.scene.clone();
        let rgba = self.frame(&scene, PICTURE_PASSES, darkroom.as_mut(), context)?;
        context.check()?;
        png::write_rgba(path, &rgba, self.request.width as usize, self.request.height as usize)?;
        Ok(())
    }

    /// Writes an animation or a folder of pictures.
    pub fn film(mut self, film: &Film, path: &Path, context: &Context) -> anyhow::Result<()> {
        let mut darkroom = self.darkroom()?;
        let base = self.request.scene.clone();
        film.shoot(&base, path, context, &mut |scene, context| {
            self.frame(scene, FRAME_PASSES, darkroom.as_mut(), context)
        })
    }

    fn darkroom(&self) -> anyhow::Result<Option<Darkroom>> {
        let size = [self.request.width, self.request.height];
        self.labels.map(|scale| Darkroom::new(size, scale)).transpose()
    }

    fn frame(
        &mut self,
        scene: &Scene,
        passes: u32,
        darkroom: Option<&mut Darkroom>,
        context: &Context,
    ) -> anyhow::Result<Vec<u8>> {
        let request = Request { scene: scene.clone(), ..self.request.clone() };
        let (width, height) = (request.width as usize, request.height as usize);
        let rgba = self.camera.picture(request, passes, context)?;
        let Some(darkroom) = darkroom else { return Ok(rgba) };
        self.cube.look.scene = scene.clone();
        let image = ColorImage::from_rgba_unmultiplied([width, height], &rgba);
        let texture = darkroom.context().load_texture("picture", image, TextureOptions::NEAREST);
        let printed = darkroom.print(&mut |ui| {
            let rect = ui.ctx().content_rect();
            let painter = ui.ctx().layer_painter(egui::LayerId::background());
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            painter.image(texture.id(), rect, whole, Color32::WHITE);
            overlay::paint(&painter, rect, &self.cube);
            looking::paint(&painter, rect, &self.cube);
        })?;
        Ok(printed.pixels.iter().flat_map(|pixel| pixel.to_array()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::cube::Open;
    use super::super::{Product, write};
    use super::*;
    use crate::job::{JobQueue, Status};
    use crate::volume::stage::{CubeId, Stage};
    use ndarray::Array3;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    fn wait_for(mut is_there: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !is_there() {
            assert!(begun.elapsed() < Duration::from_secs(120), "nothing came");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn pictures_and_films_are_written_at_their_size_with_the_view_s_labels() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let values = Array3::from_shape_fn((8, 10, 12), |(z, y, x)| (z * y + x) as f32);
        crate::io::npy::write(&at("cube.npy"), &values.into_dyn().into()).expect("written");
        let queue = JobQueue::new(Arc::new(|| {}));
        let stage = Stage::start(Arc::new(|| {}), true);
        let mut open = Open::new(CubeId(0), at("cube.npy"), None, None);
        open.load(&queue, &stage);
        wait_for(|| {
            open.update(&queue, &stage);
            open.is_settled()
        });
        let cube = open.cube_mut().expect("read");
        let scene = cube.look.drawn();
        let request = Request { cube: cube.id, second: None, scene, width: 160, height: 120, moving: false };
        let finish = || -> Vec<Status> {
            wait_for(|| queue.is_idle());
            queue.statuses()
        };
        let read = |name: &str| crate::io::png::read(&at(name)).expect("a picture");
        write(cube, (&stage, &request, 1.0), (Product::Picture, at("labelled")), &queue).expect("queued");
        finish();
        assert_eq!(read("labelled.png").shape(), [120, 160, 4]);
        cube.look.export.is_labelled = false;
        write(cube, (&stage, &request, 1.0), (Product::Picture, at("plain.png")), &queue).expect("queued");
        cube.look.export.size = Some([64, 32]);
        cube.look.export.frames = 3;
        write(cube, (&stage, &request, 1.0), (Product::Frames, at("film")), &queue).expect("queued");
        write(cube, (&stage, &request, 1.0), (Product::Animation, at("film.gif")), &queue).expect("queued");
        let done = finish();
        assert!(done.iter().all(|job| job.state == crate::job::State::Done), "{done:?}");
        assert_eq!(done.last().and_then(|job| job.product.clone()), Some(at("film.gif")));
        assert_eq!(read("film/frame-0003.png").shape(), [32, 64, 4]);
        let (labelled, plain) = (read("labelled.png"), read("plain.png"));
        assert!(labelled != plain, "labels are painted");
        let path = (Product::Keyframes, at("path"));
        assert!(write(cube, (&stage, &request, 1.0), path, &queue).is_err(), "no keyframes yet");
    }
}
