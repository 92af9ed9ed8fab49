//! What the keyboard does on the picture of a cube: the table of actions with their words and default keys. Keys count while nobody
//! types and the pointer is over the picture or nothing else has the focus. `app::keymap` knows the present keys.

use crate::app::keymap::{actions, plain};
use egui::Key;
use egui_phosphor::regular as icon;

actions! {
    /// An action on the picture of a cube that a key or a row of the view list can ask for.
    VolumeAction;
    Projection: "Perspective", "With vanishing points, or with parallel rays", icon::PERSPECTIVE, [plain(Key::P)];
    Sky: "Face on: sky", "As the sky is seen, the velocity away", icon::FRAME_CORNERS, [plain(Key::Num1)];
    AlongY: "Position–velocity RA", "From above: right ascension across, velocity up", icon::ARROWS_HORIZONTAL,
        [plain(Key::Num2)];
    AlongX: "Position–velocity Dec", "From the side: velocity across, declination up", icon::ARROWS_VERTICAL,
        [plain(Key::Num3)];
    Reset: "Reset view", "Three sides of the whole cube", icon::HOUSE, [plain(Key::Num0)];
    Turn: "Slow turn", "Turn by itself, once in half a minute", icon::ARROWS_CLOCKWISE, [plain(Key::R)];
    ClipBox: "Clip box", "Handles on the six faces that cut parts away", icon::CROP, [plain(Key::C)];
    Blink: "Blink two cubes", "The cube that is compared in the place of the one in front, and back", icon::SWAP,
        [plain(Key::B)];
    Frame: "Zoom to what is seen", "The part of the cube that holds what shows", icon::FRAME_CORNERS, [plain(Key::F)];
    Labels: "Hide all labels", "Axes, scale bar, beam and colour bar: the picture alone, or all of it", icon::EYE_SLASH,
        [plain(Key::H)];
    TurnLeft: "Turn left", "While held", icon::ARROW_LEFT, [plain(Key::ArrowLeft)];
    TurnRight: "Turn right", "While held", icon::ARROW_RIGHT, [plain(Key::ArrowRight)];
    TurnUp: "Turn up", "While held", icon::ARROW_UP, [plain(Key::ArrowUp)];
    TurnDown: "Turn down", "While held", icon::ARROW_DOWN, [plain(Key::ArrowDown)];
    Nearer: "Nearer", "While held", icon::PLUS, [plain(Key::Plus), plain(Key::Equals)];
    Farther: "Farther", "While held", icon::MINUS, [plain(Key::Minus)];
    FlyForward: "Fly forward", "While held, into the cube as well", icon::ARROW_UP, [plain(Key::W)];
    FlyBack: "Fly back", "While held", icon::ARROW_DOWN, [plain(Key::S)];
    FlyLeft: "Fly left", "While held", icon::ARROW_LEFT, [plain(Key::A)];
    FlyRight: "Fly right", "While held", icon::ARROW_RIGHT, [plain(Key::D)];
    FlyDown: "Fly down", "While held", icon::ARROW_LINE_DOWN, [plain(Key::Q)];
    FlyUp: "Fly up", "While held", icon::ARROW_LINE_UP, [plain(Key::E)];
}
