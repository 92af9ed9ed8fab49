//! Every action of the window, once: its words, its tooltip, its icon, its key. Menus, palette and keys iterate this list.

use egui::{Key, KeyboardShortcut, Modifiers};
use egui_phosphor::regular as icon;

macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// An action that the user can ask for by menu, palette, key or button.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Command { $($(#[$doc])* $name),* }

        impl Command {
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

commands! {
    OpenFile, OpenProject, OpenDemo, OpenExample, NewBlueprint, Save, SaveAs, Screenshot, Quit,
    Undo, Redo, Keys,
    ShowBlueprint, ShowVolume, ShowClouds, ShowRuns,
    ToggleFiles, ToggleInspector, ToggleDrawer, Palette,
    ThemeSystem, ThemeDark, ThemeLight, ToggleTheme,
    ZoomIn, ZoomOut, ZoomReset, TextLarger, TextSmaller, ReduceMotion,
    Train, PauseTraining, StopTraining, ApplyNetwork,
    ExportPyTorch, ExportOnnx, ImportWeights,
    SaveVolumePicture, MakeMovie, MakeMovieFrames, SaveKeyframes, OpenKeyframes,
    FitView, StopAllJobs, ClearNotices,
}

/// Where a command stands in the menus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    File,
    Edit,
    View,
    Network,
}

impl Menu {
    pub const ALL: [Self; 4] = [Self::File, Self::Edit, Self::View, Self::Network];

    pub fn text(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Edit => "Edit",
            Self::View => "View",
            Self::Network => "Network",
        }
    }
}

impl Command {
    /// The words, the tooltip, and the icon.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::OpenFile => {
                ("Open file…", "Open a FITS, NPY or HDF5 file, or a blueprint", icon::FOLDER_OPEN)
            }
            Self::OpenProject => {
                ("Open project…", "Open a project folder, or make a folder into one", icon::FOLDERS)
            }
            Self::OpenDemo => (
                "Open the demo project",
                "The synthetic clouds and the U-Net made on first start",
                icon::SPARKLE,
            ),
            Self::OpenExample => (
                "Fly through an example cube",
                "A synthetic molecular cloud in ¹³CO, made on first use",
                icon::CUBE_FOCUS,
            ),
            Self::NewBlueprint => {
                ("New blueprint…", "From a template, or from an empty canvas", icon::FILE_PLUS)
            }
            Self::Save => ("Save blueprint", "Write the blueprint to its file", icon::FLOPPY_DISK),
            Self::SaveAs => {
                ("Save blueprint as…", "Write the blueprint to another file", icon::FLOPPY_DISK_BACK)
            }
            Self::Screenshot => ("Save a picture of the window…", "Write the window to a PNG", icon::CAMERA),
            Self::Quit => ("Quit", "Leave; the session is kept", icon::SIGN_OUT),
            Self::Undo => (
                "Undo",
                "Take back the last change of the blueprint, or of how the cube is shown",
                icon::ARROW_U_UP_LEFT,
            ),
            Self::Redo => ("Redo", "Do the change again that was taken back", icon::ARROW_U_UP_RIGHT),
            Self::Keys => ("Keys…", "Every key, and how to change it", icon::KEYBOARD),
            Self::ShowBlueprint => ("Blueprint", "The network as connected blocks", icon::TREE_STRUCTURE),
            Self::ShowVolume => ("Volume", "Cubes in three dimensions", icon::CUBE),
            Self::ShowClouds => ("Clouds", "Maps and cubes of molecular clouds", icon::CLOUD),
            Self::ShowRuns => ("Runs", "Trainings, their curves and their products", icon::CHART_LINE),
            Self::ToggleFiles => ("Files panel", "Show or hide the files", icon::SIDEBAR_SIMPLE),
            Self::ToggleInspector => {
                ("Inspector panel", "Show or hide the inspector", icon::SLIDERS_HORIZONTAL)
            }
            Self::ToggleDrawer => ("Drawer", "Show or hide run, jobs and log", icon::ROWS),
            Self::Palette => {
                ("Command palette…", "Find any command, file, block or run", icon::MAGNIFYING_GLASS)
            }
            Self::ThemeSystem => {
                ("Theme of the system", "Dark or light as the desktop says", icon::CIRCLE_HALF)
            }
            Self::ThemeDark => ("Dark theme", "Light text on dark", icon::MOON),
            Self::ThemeLight => ("Light theme", "Dark text on light", icon::SUN),
            Self::ToggleTheme => {
                ("Dark or light", "Change between the dark and the light theme", icon::CIRCLE_HALF)
            }
            Self::ZoomIn => ("Zoom in", "Everything in the window larger", icon::MAGNIFYING_GLASS_PLUS),
            Self::ZoomOut => ("Zoom out", "Everything in the window smaller", icon::MAGNIFYING_GLASS_MINUS),
            Self::ZoomReset => ("Zoom 100 %", "The size of the system", icon::FRAME_CORNERS),
            Self::TextLarger => ("Larger text", "Text up to 150 %, the rest as it is", icon::TEXT_AA),
            Self::TextSmaller => ("Smaller text", "Text back towards 100 %", icon::TEXT_AA),
            Self::ReduceMotion => ("Reduce motion", "Panels and views change without sliding", icon::WIND),
            Self::Train => ("Train", "Train the blueprint on the project's clouds", icon::PLAY),
            Self::PauseTraining => ("Pause training", "Hold the training, or go on with it", icon::PAUSE),
            Self::StopTraining => ("Stop training", "Stop after this step; checkpoints are kept", icon::STOP),
            Self::ApplyNetwork => {
                ("Apply network…", "A run's network on the open map, as a new map", icon::MAGIC_WAND)
            }
            Self::ExportPyTorch => (
                "Export as PyTorch…",
                "A readable module with its weights: of the newest run of this network, else random ones",
                icon::EXPORT,
            ),
            Self::ExportOnnx => (
                "Export as ONNX…",
                "One file for other programs: weights of the newest run of this network, else random ones",
                icon::EXPORT,
            ),
            Self::ImportWeights => (
                "Import weights…",
                "A PyTorch state dict or safetensors file for this network; nothing in it is executed",
                icon::DOWNLOAD_SIMPLE,
            ),
            Self::SaveVolumePicture => (
                "Save a picture of the volume…",
                "The cube in front as a PNG of any size, as the inspector's export section says",
                icon::FILE_PNG,
            ),
            Self::MakeMovie => (
                "Make a movie…",
                "A turn of the cube, or along its keyframes, as an animated GIF",
                icon::FILM_STRIP,
            ),
            Self::MakeMovieFrames => (
                "Make a movie as pictures…",
                "A turn of the cube, or along its keyframes, as numbered PNGs in a new folder",
                icon::IMAGES,
            ),
            Self::SaveKeyframes => {
                ("Save the keyframes…", "For aquila render --keyframes, or another cube", icon::PATH)
            }
            Self::OpenKeyframes => {
                ("Open keyframes…", "A saved path of the camera, for the cube in front", icon::PATH)
            }
            Self::FitView => ("Zoom to fit", "Show all of it", icon::CORNERS_OUT),
            Self::StopAllJobs => {
                ("Stop all jobs", "Stop everything that runs in the background", icon::STOP_CIRCLE)
            }
            Self::ClearNotices => ("Clear the log", "Forget the messages so far", icon::BROOM),
        }
    }

    pub fn text(self) -> &'static str {
        self.words().0
    }

    pub fn tooltip(self) -> &'static str {
        self.words().1
    }

    pub fn icon(self) -> &'static str {
        self.words().2
    }

    /// The key that the command has until the user gives it another; `KeyMap` knows the present one.
    pub fn default_key(self) -> Option<KeyboardShortcut> {
        let command = |key| Some(KeyboardShortcut::new(Modifiers::COMMAND, key));
        let shifted = |key| Some(KeyboardShortcut::new(Modifiers::COMMAND | Modifiers::SHIFT, key));
        match self {
            Self::OpenFile => command(Key::O),
            Self::OpenProject => shifted(Key::O),
            Self::Save => command(Key::S),
            Self::SaveAs => shifted(Key::S),
            Self::Quit => command(Key::Q),
            Self::Undo => command(Key::Z),
            Self::Redo => shifted(Key::Z),
            Self::ShowBlueprint => command(Key::Num1),
            Self::ShowVolume => command(Key::Num2),
            Self::ShowClouds => command(Key::Num3),
            Self::ShowRuns => command(Key::Num4),
            Self::ToggleFiles => shifted(Key::B),
            Self::ToggleInspector => shifted(Key::I),
            Self::ToggleDrawer => shifted(Key::J),
            Self::Palette => shifted(Key::P),
            Self::ToggleTheme => shifted(Key::T),
            Self::ZoomIn => command(Key::Plus),
            Self::ZoomOut => command(Key::Minus),
            Self::ZoomReset => command(Key::Num0),
            Self::Train => command(Key::Enter),
            Self::PauseTraining => shifted(Key::Enter),
            Self::StopTraining => command(Key::Period),
            Self::SaveVolumePicture => shifted(Key::E),
            Self::MakeMovie => shifted(Key::M),
            Self::FitView => Some(KeyboardShortcut::new(Modifiers::NONE, Key::Home)),
            _ => None,
        }
    }

    pub fn menu(self) -> Menu {
        match self {
            Self::OpenFile
            | Self::OpenProject
            | Self::OpenDemo
            | Self::OpenExample
            | Self::NewBlueprint
            | Self::Save
            | Self::SaveAs
            | Self::Screenshot
            | Self::SaveVolumePicture
            | Self::MakeMovie
            | Self::MakeMovieFrames
            | Self::SaveKeyframes
            | Self::OpenKeyframes
            | Self::Quit => Menu::File,
            Self::Undo | Self::Redo | Self::Palette | Self::Keys | Self::ClearNotices => Menu::Edit,
            Self::Train
            | Self::PauseTraining
            | Self::StopTraining
            | Self::ApplyNetwork
            | Self::ExportPyTorch
            | Self::ExportOnnx
            | Self::ImportWeights
            | Self::StopAllJobs => Menu::Network,
            _ => Menu::View,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_share_a_text() {
        for (i, a) in Command::ALL.iter().enumerate() {
            for b in &Command::ALL[i + 1..] {
                assert_ne!(a.text(), b.text());
            }
        }
    }
}
