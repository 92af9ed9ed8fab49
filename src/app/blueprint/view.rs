//! Where the canvas looks: pan and zoom as one transform between canvas units and the screen. No painting here.

use egui::{Pos2, Rect, Vec2, pos2, vec2};

/// Smallest and largest zoom. Beyond these a block is a dot, or a wall.
pub const ZOOM: std::ops::RangeInclusive<f32> = 0.08..=3.0;

/// How long a fit or a jump takes, in seconds: motion explains where the view went.
const EASE_SECONDS: f64 = 0.12;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Look {
    /// The canvas point in the middle of the view.
    center: Pos2,
    /// Screen points per canvas unit.
    zoom: f32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Ease {
    from: Look,
    to: Look,
    start_s: f64,
}

/// A window onto the canvas. `rect` is where it lies on the screen in this frame.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    look: Look,
    ease: Option<Ease>,
    rect: Rect,
    is_fitted: bool,
}

impl Default for View {
    fn default() -> Self {
        Self { look: Look { center: Pos2::ZERO, zoom: 1.0 }, ease: None, rect: Rect::ZERO, is_fitted: false }
    }
}

impl View {
    /// Call once a frame, first. Answers whether the view is still moving.
    pub fn begin(&mut self, rect: Rect, now_s: f64) -> bool {
        self.rect = rect;
        let Some(ease) = self.ease else { return false };
        let t = ((now_s - ease.start_s) / EASE_SECONDS).clamp(0.0, 1.0) as f32;
        let s = t * t * (3.0 - 2.0 * t);
        self.look.zoom = ease.from.zoom * (ease.to.zoom / ease.from.zoom).powf(s);
        self.look.center = ease.from.center + (ease.to.center - ease.from.center) * s;
        if t >= 1.0 {
            self.look = ease.to;
            self.ease = None;
        }
        self.ease.is_some()
    }

    pub fn rect(&self) -> Rect {
        self.rect
    }

    pub fn zoom(&self) -> f32 {
        self.look.zoom
    }

    pub fn to_screen(&self, canvas: Pos2) -> Pos2 {
        self.rect.center() + (canvas - self.look.center) * self.look.zoom
    }

    pub fn to_canvas(&self, screen: Pos2) -> Pos2 {
        self.look.center + (screen - self.rect.center()) / self.look.zoom
    }

    pub fn rect_to_screen(&self, canvas: Rect) -> Rect {
        Rect::from_min_max(self.to_screen(canvas.min), self.to_screen(canvas.max))
    }

    /// The part of the canvas that is in sight.
    pub fn visible(&self) -> Rect {
        Rect::from_min_max(self.to_canvas(self.rect.min), self.to_canvas(self.rect.max))
    }

    /// Whether the view shows everything, since nobody has moved it after a fit.
    pub fn is_fitted(&self) -> bool {
        self.is_fitted
    }

    fn moved_by_hand(&mut self) {
        self.ease = None;
        self.is_fitted = false;
    }

    pub fn pan(&mut self, screen: Vec2) {
        self.moved_by_hand();
        self.look.center -= screen / self.look.zoom;
    }

    /// Zooms so that the canvas point under `anchor` (on the screen) stays there.
    pub fn zoom_at(&mut self, anchor: Pos2, factor: f32) {
        if !(factor.is_finite() && factor > 0.0) {
            return;
        }
        self.moved_by_hand();
        let fixed = self.to_canvas(anchor);
        self.look.zoom = (self.look.zoom * factor).clamp(*ZOOM.start(), *ZOOM.end());
        self.look.center = fixed - (anchor - self.rect.center()) / self.look.zoom;
    }

    pub fn look_at(&mut self, canvas: Pos2) {
        self.moved_by_hand();
        self.look.center = canvas;
    }

    /// The zoom at which `bounds` (canvas units) fit, never above 100 %.
    pub fn fitting_zoom(&self, bounds: Rect, margin: Vec2) -> f32 {
        let room = (self.rect.size() - 2.0 * margin).max(vec2(40.0, 40.0));
        let zoom = (room.x / bounds.width().max(1.0)).min(room.y / bounds.height().max(1.0));
        zoom.clamp(*ZOOM.start(), 1.0)
    }

    /// Fits `bounds` (canvas units) between `margin` screen points on each side, never above 100 %.
    /// With a time the view eases there, without one it jumps.
    pub fn fit(&mut self, bounds: Rect, margin: Vec2, now_s: Option<f64>) {
        if !bounds.is_finite() || bounds.is_negative() {
            return;
        }
        self.is_fitted = true;
        let to = Look { center: bounds.center(), zoom: self.fitting_zoom(bounds, margin) };
        match now_s {
            Some(start_s) => self.ease = Some(Ease { from: self.look, to, start_s }),
            None => {
                self.ease = None;
                self.look = to;
            }
        }
    }

    /// Moves, and zooms in to at least 70 %, where `area` (canvas units) is not wholly in sight or too small to read.
    pub fn bring_into_sight(&mut self, area: Rect, margin: Vec2, now_s: Option<f64>) {
        const READABLE: f32 = 0.7;
        if !area.is_finite() || area.is_negative() {
            return;
        }
        let target = self.ease.map_or(self.look, |ease| ease.to);
        let room = (self.rect.size() - 2.0 * margin).max(vec2(40.0, 40.0));
        let most = (room.x / area.width().max(1.0)).min(room.y / area.height().max(1.0));
        let zoom = target.zoom.max(READABLE).min(most).clamp(*ZOOM.start(), *ZOOM.end());
        let seen = Rect::from_center_size(target.center, room / target.zoom);
        if zoom == target.zoom && seen.contains_rect(area) {
            return;
        }
        let to = Look { center: area.center(), zoom };
        self.is_fitted = false;
        self.ease = now_s.map(|start_s| Ease { from: self.look, to, start_s });
        if self.ease.is_none() {
            self.look = to;
        }
    }

    /// For the session file: centre x, centre y, zoom.
    pub fn to_numbers(&self) -> [f32; 3] {
        let look = self.ease.map_or(self.look, |ease| ease.to);
        [look.center.x, look.center.y, look.zoom]
    }

    /// Undoes `to_numbers`; numbers that make no view are left out.
    pub fn set_numbers(&mut self, [x, y, zoom]: [f32; 3]) {
        if x.is_finite() && y.is_finite() && zoom.is_finite() && zoom > 0.0 {
            self.moved_by_hand();
            self.look = Look { center: pos2(x, y), zoom: zoom.clamp(*ZOOM.start(), *ZOOM.end()) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> View {
        let mut view = View::default();
        view.begin(Rect::from_min_size(pos2(100.0, 50.0), vec2(800.0, 600.0)), 0.0);
        view
    }

    #[test]
    fn zooming_keeps_the_point_under_the_cursor_and_stays_within_limits() {
        let mut view = view();
        let anchor = pos2(230.0, 410.0);
        let before = view.to_canvas(anchor);
        for _ in 0..100 {
            view.zoom_at(anchor, 1.2);
            assert!((view.to_canvas(anchor) - before).length() < 1e-2);
        }
        assert_eq!(view.zoom(), *ZOOM.end());
        for _ in 0..200 {
            view.zoom_at(anchor, 0.8);
        }
        assert_eq!(view.zoom(), *ZOOM.start());
        view.zoom_at(anchor, f32::NAN);
        assert_eq!(view.zoom(), *ZOOM.start());
    }

    #[test]
    fn a_fit_shows_everything_inside_the_margin() {
        let mut view = view();
        let bounds = Rect::from_min_max(pos2(-300.0, 10.0), pos2(1500.0, 700.0));
        view.fit(bounds, vec2(24.0, 40.0), None);
        let shown = view.rect_to_screen(bounds);
        assert!(view.rect().shrink2(vec2(23.9, 39.9)).contains_rect(shown));
        view.fit(Rect::NOTHING, vec2(24.0, 40.0), None);
        assert!(view.zoom().is_finite());
    }
}
