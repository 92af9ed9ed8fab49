//! The picture of a view: asks the stage for it, takes the latest, paints it. Never waits.

use crate::volume::stage::{CubeId, Request, Shown, Stage, ViewId};
use egui::{Color32, ColorImage, Context, Rect, TextureHandle, TextureOptions, Ui, pos2};
use std::sync::Arc;
use std::time::Duration;

/// Changes that follow each other within this belong to one motion.
const REST: Duration = Duration::from_millis(160);

/// Where a picture is shown.
pub struct Pane {
    view: ViewId,
    texture: Option<TextureHandle>,
    shown: Option<Arc<Shown>>,
    asked: Option<Request>,
    /// When what is asked for last changed, in the window's seconds.
    changed_s: f64,
}

impl Pane {
    pub fn new(view: u64) -> Self {
        Self { view: ViewId(view), texture: None, shown: None, asked: None, changed_s: f64::NEG_INFINITY }
    }

    /// Says what is to be seen. A scene that changes is drawn coarsely until it rests.
    pub fn ask(&mut self, context: &Context, stage: &Stage, mut request: Request) {
        let now = context.input(|input| input.time);
        let rests = |old: &Request| Request { moving: request.moving, ..old.clone() } == request;
        let first = self.asked.as_ref().is_none_or(|old| old.cube != request.cube);
        if !first && !self.asked.as_ref().is_some_and(rests) {
            self.changed_s = now;
        }
        let left_s = self.changed_s + REST.as_secs_f64() - now;
        request.moving |= left_s > 0.0;
        if left_s > 0.0 {
            context.request_repaint_after(Duration::from_secs_f64(left_s));
        }
        stage.show(self.view, Some(request.clone()));
        self.asked = Some(request);
        if let Some(shown) = stage.shown(self.view)
            && !self.shown.as_ref().is_some_and(|old| Arc::ptr_eq(old, &shown))
        {
            let size = [shown.width as usize, shown.height as usize];
            let image = ColorImage::from_rgba_unmultiplied(size, &shown.rgba);
            match &mut self.texture {
                Some(texture) => texture.set(image, TextureOptions::LINEAR),
                None => {
                    let name = format!("volume {}", self.view.0);
                    self.texture = Some(context.load_texture(name, image, TextureOptions::LINEAR));
                }
            }
            self.shown = Some(shown);
        }
    }

    /// Nothing is to be seen here.
    pub fn forget(&mut self, stage: &Stage) {
        if self.asked.take().is_some() {
            stage.show(self.view, None);
            (self.shown, self.texture) = (None, None);
        }
    }

    /// What is to be seen.
    pub fn asked(&self) -> Option<&Request> {
        self.asked.as_ref()
    }

    /// The latest picture, if it is of this cube.
    pub fn shown(&self, cube: CubeId) -> Option<&Shown> {
        self.shown.as_deref().filter(|shown| shown.request.cube == cube)
    }

    pub fn paint(&self, ui: &Ui, rect: Rect, cube: CubeId) {
        self.paint_part(ui, rect, rect, cube);
    }

    /// Paints what of a picture that would fill `rect` lies within `part`.
    pub fn paint_part(&self, ui: &Ui, rect: Rect, part: Rect, cube: CubeId) {
        if let (Some(_), Some(texture)) = (self.shown(cube), &self.texture) {
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            ui.painter_at(part).image(texture.id(), rect, whole, Color32::WHITE);
        }
    }

    /// The picture that was asked for is there, as good as it will be.
    pub fn is_settled(&self) -> bool {
        let Some(asked) = &self.asked else { return true };
        !asked.moving && self.shown.as_ref().is_some_and(|shown| shown.is_settled && shown.request == *asked)
    }
}
