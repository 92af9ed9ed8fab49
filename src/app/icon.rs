//! The window's icon, drawn from code: a star of four points in the accent colour on the dark ground.

use super::theme::DARK;
use egui::{Color32, IconData};

const SIDE: usize = 64;

pub fn window_icon() -> IconData {
    let mut rgba = Vec::with_capacity(SIDE * SIDE * 4);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let pixel = pixel((x as f32 + 0.5) / SIDE as f32, (y as f32 + 0.5) / SIDE as f32);
            rgba.extend(pixel.to_srgba_unmultiplied());
        }
    }
    IconData { rgba, width: SIDE as u32, height: SIDE as u32 }
}

/// The colour at (x, y) in 0 to 1. The star is the astroid |x|^½ + |y|^½ < r^½, its edge one pixel soft.
fn pixel(x: f32, y: f32) -> Color32 {
    let (dx, dy) = ((x - 0.5).abs(), (y - 0.5).abs());
    let corner = egui::vec2((dx - 0.32).max(0.0), (dy - 0.32).max(0.0)).length();
    let ground = ((0.18 - corner) * SIDE as f32).clamp(0.0, 1.0);
    let star = ((0.42_f32.sqrt() - dx.sqrt() - dy.sqrt()) * SIDE as f32 * 0.5).clamp(0.0, 1.0);
    DARK.panel.lerp_to_gamma(DARK.accent, star).gamma_multiply(ground)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_icon_is_a_star_on_a_rounded_ground() {
        let icon = super::window_icon();
        let at = |x: usize, y: usize| &icon.rgba[(y * super::SIDE + x) * 4..][..4];
        assert_eq!(at(0, 0)[3], 0, "corners are clear");
        assert!(at(32, 32)[2] > 200, "the middle is bright");
    }
}
