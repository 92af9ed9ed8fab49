//! The jobs of an export: the stage's pictures, with labels painted over them as in the view, into files.

use super::super::cube::Cube;
use super::super::overlay;
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
        let rgba = self.frame(&scene, PICTURE_PASSES, darkroom.as_mut())?;
        context.check()?;
        png::write_rgba(path, &rgba, self.request.width as usize, self.request.height as usize)?;
        Ok(())
    }

    /// Writes an animation or a folder of pictures.
    pub fn film(mut self, film: &Film, path: &Path, context: &Context) -> anyhow::Result<()> {
        let mut darkroom = self.darkroom()?;
        let base = self.request.scene.clone();
        film.shoot(&base, path, context, &mut |scene| self.frame(scene, FRAME_PASSES, darkroom.as_mut()))
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
    ) -> anyhow::Result<Vec<u8>> {
        let request = Request { scene: scene.clone(), ..self.request.clone() };
        let (width, height) = (request.width as usize, request.height as usize);
        let rgba = self.camera.picture(request, passes)?;
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
        })?;
        Ok(printed.pixels.iter().flat_map(|pixel| pixel.to_array()).collect())
    }
}
