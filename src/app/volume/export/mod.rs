//! Pictures and films of a cube for files: the section of the inspector, the keyframes and their preview. The work itself is a job,
//! in `shoot`.

mod preview;
mod shoot;

pub use preview::{own_slices, play};

use super::cube::Cube;
use super::inspector::fold;
use crate::app::command::Command;
use crate::app::form::{self, row};
use crate::app::state::AppState;
use crate::app::theme::{Tokens, number_style};
use crate::job::{JobQueue, Lane};
use crate::volume::film::{Film, Keyframe, Keyframes, Motion, Pace, is_animation};
use crate::volume::stage::{Request, Stage};
use crate::volume::{AxisKind, Scene};
use egui::{Button, Checkbox, ComboBox, DragValue, RichText, Ui, WidgetInfo, WidgetType};
use egui_phosphor::regular as icon;
use serde::{Deserialize, Serialize};
use shoot::Shot;
use std::path::PathBuf;

/// What can be written to a file, or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// A PNG.
    Picture,
    /// A GIF.
    Animation,
    /// A folder of numbered PNGs.
    Frames,
    /// The keyframes, for `aquila render`.
    Keyframes,
    /// Keyframes of a file, in place of those that are there.
    OpenKeyframes,
}

/// What a film shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Course {
    /// Once round the up axis.
    #[default]
    Turn,
    /// The slice flies through the axis of velocity, the slowest where there is none.
    Through,
    Keyframes,
}

/// What the session keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Pixels; those of the view where not given.
    pub size: Option<[u32; 2]>,
    /// With axes, scale and colour bar.
    pub is_labelled: bool,
    pub course: Course,
    pub frames: u32,
    /// How long a turn or a flight of the slice lasts.
    pub turn_s: f64,
    /// Keyframes hold the whole look besides the camera.
    pub holds_all: bool,
    pub keyframes: Keyframes,
    #[serde(skip)]
    playing: Option<preview::Playing>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            size: None,
            is_labelled: true,
            course: Course::Turn,
            frames: 120,
            turn_s: 8.0,
            holds_all: true,
            keyframes: Keyframes::default(),
            playing: None,
        }
    }
}

/// Sizes to choose from besides the view's.
const SIZES: [[u32; 2]; 3] = [[1280, 720], [1920, 1080], [3840, 2160]];
const MOST_SIDE: u32 = 16_384;
const MOST_FRAMES: u32 = 3600;
/// Between two keyframes, until the user says otherwise.
const STEP_S: f64 = 2.0;

impl Kept {
    /// The film as it would be shot; `axis` is the one that a slice flies through.
    fn film(&self, axis: usize, size: (u32, u32)) -> Film {
        let (first, last) = self.keyframes.times();
        let (motion, seconds) = match self.course {
            Course::Turn => (Motion::Turn, self.turn_s),
            Course::Through => (Motion::Through { axis }, self.turn_s),
            Course::Keyframes => (Motion::Path(self.keyframes.clone()), last - first),
        };
        Film { motion, frames: self.frames, seconds, size }
    }

    fn add(&mut self, scene: &Scene) {
        let last = self.keyframes.keyframes.last();
        let time_s = last.map_or(0.0, |key| key.time_s + STEP_S);
        let key = Keyframe { time_s, view: scene.view, ..Keyframe::default() };
        self.keyframes.keyframes.push(if self.holds_all {
            Keyframe {
                clip: Some(scene.clip),
                density: Some(scene.density),
                mode: Some(scene.mode),
                transfer: Some(scene.transfer.clone()),
                surfaces: Some(scene.surfaces.clone()),
                slices: Some(scene.slices.clone()),
                ..key
            }
        } else {
            key
        });
    }

    /// Changes places in the path; the times stay where they are.
    fn swap(&mut self, a: usize, b: usize) {
        let keys = &mut self.keyframes.keyframes;
        if a.max(b) < keys.len() {
            let (time_a, time_b) = (keys[a].time_s, keys[b].time_s);
            keys.swap(a, b);
            (keys[a].time_s, keys[b].time_s) = (time_a, time_b);
        }
    }
}

/// The section of the inspector.
pub fn show(ui: &mut Ui, cube: &mut Cube, state: &mut AppState) {
    if !fold::heading(ui, "EXPORT") {
        return;
    }
    let kept = &mut cube.look.export;
    row(ui, "Size", "Pixels of pictures and films", |ui| size(ui, &mut kept.size));
    row(ui, "Labels", "With axes, scale and colour bar, as in the view", |ui| {
        ui.add(Checkbox::new(&mut kept.is_labelled, "Axes and scales"));
    });
    if button(ui, icon::FILE_PNG, "Picture…", Command::SaveVolumePicture).clicked() {
        state.request(Command::SaveVolumePicture);
    }
    ui.add_space(8.0);
    film(ui, cube, state);
    keyframes(ui, cube, state);
}

/// What the film shows, how long, its preview, and its two kinds of file.
fn film(ui: &mut Ui, cube: &mut Cube, state: &mut AppState) {
    let (axis, is_velocity) = flight_axis(cube);
    let kept = &mut cube.look.export;
    let through = if is_velocity { "Through velocity" } else { "Through depth" };
    ui.add_space(4.0);
    form::caption(ui, "Film");
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let mut choice = |course, text: &str, tip: &str| {
            ui.selectable_value(&mut kept.course, course, text).on_hover_text(tip);
        };
        choice(Course::Turn, "Turn", "Once round the up axis");
        choice(Course::Through, through, "A slice flies through the cube and back");
        choice(Course::Keyframes, "Keyframes", "Along the keyframes below");
    });
    row(ui, "Frames", "", |ui| {
        let frames = ui.add(DragValue::new(&mut kept.frames).range(2..=MOST_FRAMES));
        frames.widget_info(|| WidgetInfo::labeled(WidgetType::DragValue, true, "Frames of the film"));
        let seconds = kept.film(axis, (1, 1)).seconds;
        if seconds > 0.0 {
            let rate = format!("{:.0} a second", f64::from(kept.frames) / seconds);
            ui.label(RichText::new(rate).text_style(number_style()).color(Tokens::of(ui).dim));
        }
    });
    let (first, last) = kept.keyframes.times();
    row(ui, "Length", "A film of keyframes lasts as long as they say", |ui| {
        if kept.course == Course::Keyframes {
            ui.label(RichText::new(format!("{:.1} s", last - first)).text_style(number_style()));
        } else {
            let length = DragValue::new(&mut kept.turn_s).range(0.1..=3600.0).speed(0.1).suffix(" s");
            let words = "Length of the film in seconds";
            ui.add(length).widget_info(|| WidgetInfo::labeled(WidgetType::DragValue, true, words));
        }
    });
    let can_film = kept.film(axis, (1, 1)).check().is_ok();
    ui.add_enabled_ui(can_film, |ui| {
        preview::bar(ui, cube);
        ui.horizontal(|ui| {
            if button(ui, icon::FILM_STRIP, "GIF…", Command::MakeMovie).clicked() {
                state.request(Command::MakeMovie);
            }
            if button(ui, icon::IMAGES, "PNG sequence…", Command::MakeMovieFrames).clicked() {
                state.request(Command::MakeMovieFrames);
            }
        });
    });
}

/// The axis of the cube that a slice flies through, and whether it is one of velocity.
fn flight_axis(cube: &Cube) -> (usize, bool) {
    let spectral = cube
        .geometry
        .axes()
        .iter()
        .position(|axis| matches!(axis.kind, AxisKind::Velocity | AxisKind::Spectral(_)));
    (spectral.unwrap_or(2), spectral.is_some())
}

fn button(ui: &mut Ui, icon: &str, text: &str, command: Command) -> egui::Response {
    ui.button(format!("{icon}  {text}")).on_hover_text(command.tooltip())
}

fn size(ui: &mut Ui, size: &mut Option<[u32; 2]>) {
    let words = |[width, height]: [u32; 2]| format!("{width} × {height}");
    let text = size.map_or_else(|| "As the view".to_owned(), words);
    let list = ComboBox::from_id_salt("export size").selected_text(text).width(112.0).show_ui(ui, |ui| {
        ui.selectable_value(size, None, "As the view");
        for known in SIZES {
            ui.selectable_value(size, Some(known), words(known));
        }
        let own = size.unwrap_or([1000, 1000]);
        ui.selectable_value(size, Some(own), "Own size");
    });
    list.response.widget_info(|| WidgetInfo::labeled(WidgetType::ComboBox, true, "Size of the picture"));
    if let Some([width, height]) = size {
        ui.spacing_mut().item_spacing.x = 4.0;
        for (pixels, words) in [(width, "Width in pixels"), (height, "Height in pixels")] {
            let field = ui.add(DragValue::new(pixels).range(16..=MOST_SIDE));
            field.widget_info(|| WidgetInfo::labeled(WidgetType::DragValue, true, words));
        }
    }
}

/// What was done to a line of the list.
enum Touch {
    GoTo(usize),
    Swap(usize, usize),
    Remove(usize),
}

fn keyframes(ui: &mut Ui, cube: &mut Cube, state: &mut AppState) {
    let tokens = Tokens::of(ui);
    ui.add_space(12.0);
    form::caption(ui, "Keyframes");
    let kept = &mut cube.look.export;
    let count = kept.keyframes.keyframes.len();
    let mut touch = None;
    for (index, key) in kept.keyframes.keyframes.iter_mut().enumerate() {
        ui.push_id(index, |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                let time = DragValue::new(&mut key.time_s).range(0.0..=86_400.0).speed(0.05).suffix(" s");
                let time = ui.add(time.max_decimals(2)).on_hover_text("When the camera is there");
                let words = format!("Time of keyframe {} in seconds", index + 1);
                time.widget_info(|| WidgetInfo::labeled(WidgetType::DragValue, true, &words));
                let view = key.view;
                let words =
                    format!("{:.0}° {:.0}° {:.2}", view.azimuth_deg, view.elevation_deg, view.distance);
                let words = RichText::new(words).text_style(number_style()).color(tokens.dim);
                let place = ui.add(Button::new(words).frame(false));
                if place.on_hover_text("Azimuth, elevation, distance; click to go there").clicked() {
                    touch = Some(Touch::GoTo(index));
                }
                let small = |ui: &mut Ui, is_on: bool, icon: &str, tip: &str| {
                    let button = Button::new(RichText::new(icon).color(tokens.dim)).frame(false);
                    ui.add_enabled(is_on, button).on_hover_text(tip).clicked()
                };
                if small(ui, index > 0, icon::ARROW_UP, "Earlier") {
                    touch = Some(Touch::Swap(index, index - 1));
                }
                if small(ui, index + 1 < count, icon::ARROW_DOWN, "Later") {
                    touch = Some(Touch::Swap(index, index + 1));
                }
                if small(ui, true, icon::X, "Remove") {
                    touch = Some(Touch::Remove(index));
                }
            });
        });
    }
    match touch {
        Some(Touch::GoTo(index)) => {
            let one = vec![kept.keyframes.keyframes[index].clone()];
            cube.look.scene =
                Keyframes { keyframes: one, ..Keyframes::default() }.scene_at(&cube.look.scene, 0.0);
        }
        Some(Touch::Swap(a, b)) => kept.swap(a, b),
        Some(Touch::Remove(index)) => drop(kept.keyframes.keyframes.remove(index)),
        None => {}
    }
    let fault = kept.keyframes.check().err();
    if count > 1
        && let Some(fault) = &fault
    {
        ui.label(RichText::new(fault.to_string()).color(tokens.warning));
    }
    row(
        ui,
        "Hold",
        "What a new keyframe keeps besides the camera: mode, colours, clip box, surfaces, slices",
        |ui| {
            ui.add(Checkbox::new(&mut kept.holds_all, "The whole look"));
        },
    );
    row(ui, "Pace", "On curves from rest to rest, or straight and even from keyframe to keyframe", |ui| {
        ui.selectable_value(&mut kept.keyframes.pace, Pace::Smooth, "Smooth");
        ui.selectable_value(&mut kept.keyframes.pace, Pace::Even, "Even");
    });
    if ui.button(format!("{}  Add this view", icon::PLUS)).clicked() {
        let scene = cube.look.scene.clone();
        cube.look.export.add(&scene);
        cube.look.export.course = Course::Keyframes;
    }
    ui.horizontal(|ui| {
        if button(ui, icon::FOLDER_OPEN, "Open…", Command::OpenKeyframes).clicked() {
            state.request(Command::OpenKeyframes);
        }
        let save = Button::new(format!("{}  Save…", icon::FLOPPY_DISK));
        let tip = Command::SaveKeyframes.tooltip();
        if ui.add_enabled(fault.is_none(), save).on_hover_text(tip).clicked() {
            state.request(Command::SaveKeyframes);
        }
    });
}

/// Why this cannot be made of the cube, as a sentence; `None` where it can.
pub fn refuses(cube: &Cube, product: Product) -> Option<String> {
    if cube.is_first_look() && !matches!(product, Product::Keyframes | Product::OpenKeyframes) {
        return Some("Only a first look at the cube is there: wait until it is read".to_owned());
    }
    let kept = &cube.look.export;
    let needs_path = match product {
        Product::Picture | Product::OpenKeyframes => false,
        Product::Animation | Product::Frames => kept.course == Course::Keyframes,
        Product::Keyframes => true,
    };
    let fault = needs_path.then(|| kept.keyframes.check().err()).flatten();
    fault.map(|fault| format!("The keyframes are no path yet: {fault}"))
}

/// Writes or reads what was asked for, in the background. `request` is what the view shows, `pixels_per_point` its scale.
pub fn write(
    cube: &mut Cube,
    (stage, request, pixels_per_point): (&Stage, &Request, f32),
    (product, path): (Product, PathBuf),
    queue: &JobQueue,
) -> Result<(), String> {
    let asked = path;
    let path = with_ending(product, asked.clone());
    if path != asked && product != Product::Frames && path.exists() {
        // Whoever chose the name was asked about another file.
        return Err(format!("{} exists already; choose it, or give another name", path.display()));
    }
    preview::end(cube);
    let axis = flight_axis(cube).0;
    let kept = &mut cube.look.export;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    match product {
        Product::Keyframes => {
            kept.keyframes.check().map_err(|error| error.to_string())?;
            return kept.keyframes.write(&path).map_err(|error| error.to_string());
        }
        Product::OpenKeyframes => {
            kept.keyframes = Keyframes::read(&path).map_err(|error| error.to_string())?;
            kept.course = Course::Keyframes;
            return Ok(());
        }
        Product::Picture | Product::Animation | Product::Frames => {}
    }
    let [width, height] = kept.size.unwrap_or([request.width, request.height]);
    let film = kept.film(axis, (width, height));
    let is_labelled = kept.is_labelled;
    // A film of more pixels shows the same labels, larger.
    let scale = pixels_per_point * height as f32 / request.height.max(1) as f32;
    let request = Request { scene: cube.look.drawn(), width, height, moving: false, ..request.clone() };
    let mut cube = cube.clone();
    cube.look.overlay.clip_handles = false;
    let shot = Shot { camera: stage.camera(), cube, request, labels: is_labelled.then_some(scale) };
    if product == Product::Picture {
        let product = |path: &PathBuf| Some(path.clone());
        queue.spawn_with_product(Lane::Light, format!("Picture {name}"), product, move |context| {
            shot.picture(&path, context)?;
            Ok(path)
        });
        return Ok(());
    }
    film.check().map_err(|error| error.to_string())?;
    if film.needs_second(&shot.request.scene) && shot.request.second.is_none() {
        return Err("A keyframe takes source or opacity from a second cube: go to that keyframe, so that the cube is there".into());
    }
    let product = |path: &PathBuf| Some(path.clone());
    queue.spawn_with_product(Lane::Heavy, format!("Film {name}"), product, move |context| {
        shot.film(&film, &path, context)?;
        Ok(path)
    });
    Ok(())
}

/// The ending tells what is written: one that was not typed is added.
fn with_ending(product: Product, path: PathBuf) -> PathBuf {
    let ending = match product {
        Product::Picture => "png",
        Product::Animation => "gif",
        Product::Keyframes => "json",
        Product::Frames if is_animation(&path) => return path.with_extension(""),
        Product::Frames | Product::OpenKeyframes => return path,
    };
    if path.extension().is_some_and(|end| end.eq_ignore_ascii_case(ending)) {
        return path;
    }
    let mut name = path.into_os_string();
    name.push(".");
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::Lattice;

    fn scene(azimuth_deg: f32) -> Scene {
        let mut scene = Scene::of(&Lattice::new([4, 4, 4], [1.0; 3], (0.0, 1.0)).expect("a lattice"));
        scene.view.azimuth_deg = azimuth_deg;
        scene
    }

    #[test]
    fn keyframes_are_added_in_time_and_swapped_in_place() {
        let mut kept = Kept::default();
        for azimuth in [0.0, 40.0, 90.0] {
            kept.add(&scene(azimuth));
        }
        assert!(kept.keyframes.check().is_ok() && kept.keyframes.times() == (0.0, 2.0 * STEP_S));
        kept.swap(0, 1);
        let keys = &kept.keyframes.keyframes;
        assert_eq!((keys[0].view.azimuth_deg, keys[0].time_s, keys[1].time_s), (40.0, 0.0, STEP_S));
        let text = serde_json::to_value(&kept).expect("written");
        assert_eq!(serde_json::from_value::<Kept>(text).expect("read"), kept);
        assert_eq!(serde_json::from_value::<Kept>(serde_json::json!({})).expect("read"), Kept::default());
    }

    #[test]
    fn files_get_the_ending_that_says_what_they_are() {
        let named = |product, name: &str| with_ending(product, PathBuf::from(name));
        assert_eq!(named(Product::Animation, "a/n.2"), PathBuf::from("a/n.2.gif"));
        assert_eq!(named(Product::Animation, "n.GIF"), PathBuf::from("n.GIF"));
        assert_eq!(named(Product::Picture, "n.gif"), PathBuf::from("n.gif.png"));
        assert_eq!(named(Product::Frames, "n.gif"), PathBuf::from("n"));
    }
}
