//! The options of `aquila render` that say how a cube is drawn, and the scene they make.

use crate::figure::ColourMap;
use crate::volume::{
    FirstColours, Loaded, Mode, Opacity, Plane, Radiation, Scene, Slice, Source, Stretch, Surface, Transfer,
    View, first_look,
};
use clap::ValueEnum;

#[derive(clap::Args)]
pub struct SceneArgs {
    /// What a ray makes of the values along it
    #[arg(long, value_enum, default_value_t = ModeArg::Absorption)]
    pub mode: ModeArg,
    /// Degrees from the face on which the sky is seen, to the right [default: 25]
    #[arg(long, allow_negative_numbers = true)]
    azimuth: Option<f32>,
    /// Degrees above that face [default: 20]
    #[arg(long, allow_negative_numbers = true)]
    elevation: Option<f32>,
    /// From the middle of the cube, in lengths of its longest side [default: where the cube fills the picture]
    #[arg(long)]
    distance: Option<f32>,
    /// Parallel rays instead of perspective
    #[arg(long)]
    orthographic: bool,
    /// How values between the ends of the range are spread [default: linear, log for positive values over a wide range]
    #[arg(long, value_enum)]
    stretch: Option<StretchArg>,
    /// Softening of the asinh stretch, as a fraction of the range: linear below, logarithmic above
    #[arg(long, default_value_t = 0.1)]
    softening: f32,
    /// Exponent of the power stretch
    #[arg(long, default_value_t = 2.0)]
    exponent: f32,
    /// The colour map
    #[arg(long, default_value = "magma", value_parser = colours)]
    colormap: ColourMap,
    /// Values at the ends of the colours, in the unit of the cube; in the mode transfer in that of the source function [default: from
    /// three sigma of the noise, or the median, to the brightest; with one source function from the intensity behind to it]
    #[arg(long, num_args = 2, value_names = ["LO", "HI"], allow_negative_numbers = true)]
    range: Option<Vec<f64>>,
    /// Opacity at a place of the stretched range, both 0 to 1; repeat for more points [default: rising from 0 to 1]
    #[arg(long, num_args = 2, value_names = ["PLACE", "OPACITY"], action = clap::ArgAction::Append)]
    opacity_point: Vec<f32>,
    /// Draws the surface of this value, in the unit of the cube, in any mode; after @ an opacity from 0 to 1 may follow, such as 2.5@0.3. Repeat for more
    /// [default in the mode isosurface: the middle of the range]
    #[arg(long, value_name = "VALUE[@OPACITY]", value_parser = surface, allow_hyphen_values = true)]
    iso: Vec<Surface>,
    /// Leaves surfaces open where --clip cuts them, instead of closing the cut in their colour
    #[arg(long)]
    open_cuts: bool,
    /// Draws a plane: x=PLACE, y=PLACE or z=PLACE with 0 to 1 along the axis, or free=PX,PY,PZ,NX,NY,NZ through a point and across
    /// a direction; a thickness in voxels may follow after a comma, and after @ an opacity from 0 to 1. Repeat for more
    #[arg(long, value_name = "PLANE", value_parser = slice, allow_hyphen_values = true)]
    slice: Vec<Slice>,
    /// The part that is drawn, from 0 to 1 along each axis
    #[arg(long, num_args = 6, value_names = ["X0", "X1", "Y0", "Y1", "Z0", "Z1"])]
    clip: Option<Vec<f32>>,
    /// Colour of blank voxels, such as 335577 [default: transparent]
    #[arg(long, value_name = "RRGGBB", value_parser = rgb)]
    blank: Option<Colour>,
    /// Colour behind the cube, such as 335577; an intensity is --intensity-behind
    #[arg(long, value_name = "RRGGBB", value_parser = rgb, default_value = "000000")]
    background: Colour,
    /// Optical depth of full opacity across one voxel [default: what is seen of the cube is about 2 deep]
    #[arg(long)]
    density: Option<f32>,
    /// Samples along the longest side [default: one for each of the finest voxels]
    #[arg(long)]
    steps: Option<u32>,
    /// Transfer: the source function: the cube's own values, one value (in kelvin, say), or those of the second cube
    #[arg(long, value_name = "cube|VALUE|second", value_parser = source, default_value = "cube", allow_hyphen_values = true)]
    source: Source,
    /// Transfer: the opacity for each parsec, or for each parsec and unit of the cube that --opacity-from names
    #[arg(long, required_if_eq("mode", "transfer"))]
    opacity: Option<f64>,
    /// Transfer: what the opacity goes with
    #[arg(long, value_enum, default_value_t = OpacityArg::Constant)]
    opacity_from: OpacityArg,
    /// Transfer: length of the box's longest side in parsecs
    #[arg(long, required_if_eq("mode", "transfer"))]
    length_pc: Option<f64>,
    /// Transfer: the intensity that comes in from behind, in the unit of the source function
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    intensity_behind: f64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModeArg {
    /// Colours add up: an optically thin line
    Emission,
    /// Near gas hides far gas
    Absorption,
    /// The greatest value along the ray
    Mip,
    /// The mean value along the ray
    Average,
    /// The integral of the values over the path
    Integral,
    /// The radiative transfer equation in physical units
    Transfer,
    /// The surface of one value alone
    Isosurface,
    /// Surfaces and slices alone
    Nothing,
}

#[derive(Clone, Copy, ValueEnum)]
enum StretchArg {
    Linear,
    Sqrt,
    Log,
    Asinh,
    Power,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OpacityArg {
    /// The same everywhere
    Constant,
    /// The cube's own values
    Cube,
    /// The values of the second cube
    Second,
}

impl SceneArgs {
    /// # Errors
    /// A number outside of what makes a picture.
    pub fn check(&self) -> anyhow::Result<()> {
        let positive = [
            ("--distance", self.distance.map(f64::from)),
            ("--density", self.density.map(f64::from)),
            ("--softening", Some(f64::from(self.softening))),
            ("--exponent", Some(f64::from(self.exponent))),
            ("--steps", self.steps.map(f64::from)),
            ("--length-pc", self.length_pc),
        ];
        for (name, value) in positive {
            let bad = value.filter(|value| !(value.is_finite() && *value > 0.0));
            anyhow::ensure!(bad.is_none(), "{name} must be above 0, not {}", bad.unwrap_or_default());
        }
        if let Some(opacity) = self.opacity {
            anyhow::ensure!(
                opacity.is_finite() && opacity >= 0.0,
                "--opacity must be 0 or more, not {opacity}"
            );
        }
        anyhow::ensure!(self.intensity_behind.is_finite(), "--intensity-behind must be a number");
        if let Some(&[low, high]) = self.range.as_deref() {
            let rises = low.is_finite() && high.is_finite() && low < high;
            anyhow::ensure!(
                rises,
                "--range must rise from its first value to its second, not {low} to {high}"
            );
        }
        if let Some(clip) = &self.clip {
            let sound = clip.chunks(2).all(|pair| 0.0 <= pair[0] && pair[0] < pair[1] && pair[1] <= 1.0);
            anyhow::ensure!(sound, "--clip needs 0 ≤ X0 < X1 ≤ 1 and the same for y and z");
        }
        let inside = self.opacity_point.iter().all(|value| (0.0..=1.0).contains(value));
        anyhow::ensure!(inside, "--opacity-point needs a place and an opacity from 0 to 1");
        Ok(())
    }

    /// Whether the transfer needs the second cube.
    pub fn needs_second(&self) -> bool {
        self.mode == ModeArg::Transfer
            && (self.source == Source::Second || self.opacity_from == OpacityArg::Second)
    }

    pub fn has_distance(&self) -> bool {
        self.distance.is_some()
    }

    /// `aspect` is the picture's width over its height.
    pub fn scene(&self, loaded: &Loaded, second: Option<&Loaded>, aspect: f32) -> Scene {
        let first = first_look(loaded);
        let colours = FirstColours::of(&self.mode(), loaded, second);
        let stretch = match self.stretch {
            None => colours.stretch,
            Some(StretchArg::Linear) => Stretch::Linear,
            Some(StretchArg::Sqrt) => Stretch::Sqrt,
            Some(StretchArg::Log) => Stretch::Log,
            Some(StretchArg::Asinh) => Stretch::Asinh { softening: self.softening },
            Some(StretchArg::Power) => Stretch::Power { exponent: self.exponent },
        };
        let range = match self.range.as_deref() {
            Some(&[low, high]) => (low, high),
            _ => colours.range,
        };
        let mut transfer = Transfer::rising(range, stretch, self.colormap);
        if !self.opacity_point.is_empty() {
            transfer.opacity = self.opacity_point.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
            transfer.opacity.sort_by(|a, b| a[0].total_cmp(&b[0]));
        }
        let mut surfaces = self.iso.clone();
        if self.mode == ModeArg::Isosurface && surfaces.is_empty() {
            surfaces.push(Surface::of(0.5 * (range.0 + range.1)));
        }
        let samples = self.steps.map(|steps| steps as f32 * loaded.lattice.finest());
        let view = View {
            azimuth_deg: self.azimuth.unwrap_or(first.view.azimuth_deg),
            elevation_deg: self.elevation.unwrap_or(first.view.elevation_deg),
            orthographic: self.orthographic,
            ..first.view
        };
        let fitted = view.fitted(&loaded.lattice, aspect);
        Scene {
            mode: self.mode(),
            view: View { distance: self.distance.unwrap_or(fitted.distance), ..view },
            transfer,
            density: self.density.unwrap_or(first.density),
            samples_per_voxel: samples.unwrap_or(first.samples_per_voxel),
            clip: self
                .clip
                .as_deref()
                .map_or(first.clip, |clip| std::array::from_fn(|axis| [clip[2 * axis], clip[2 * axis + 1]])),
            background: self.background.0,
            blank: self.blank.map(|colour| colour.0),
            surfaces,
            slices: self.slice.clone(),
            close_cuts: !self.open_cuts,
        }
    }

    fn mode(&self) -> Mode {
        match self.mode {
            ModeArg::Emission => Mode::Emission,
            ModeArg::Absorption => Mode::Absorption,
            ModeArg::Mip => Mode::Maximum,
            ModeArg::Average => Mode::Average,
            ModeArg::Integral => Mode::Integral,
            ModeArg::Transfer => Mode::Transfer(Radiation {
                source: self.source,
                opacity: match (self.opacity_from, self.opacity.unwrap_or_default()) {
                    (OpacityArg::Constant, opacity) => Opacity::Constant(opacity),
                    (OpacityArg::Cube, opacity) => Opacity::Cube(opacity),
                    (OpacityArg::Second, opacity) => Opacity::Second(opacity),
                },
                background: self.intensity_behind,
                longest_pc: self.length_pc.unwrap_or(1.0),
            }),
            ModeArg::Isosurface | ModeArg::Nothing => Mode::Nothing,
        }
    }
}

/// A colour as on screen.
#[derive(Clone, Copy)]
struct Colour([f32; 3]);

fn rgb(text: &str) -> Result<Colour, String> {
    let digits = text.trim_start_matches('#');
    let number = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 6);
    let number = number.ok_or("give six hexadecimal digits, such as 335577")?;
    Ok(Colour([16, 8, 0].map(|shift| (number >> shift & 255) as f32 / 255.0)))
}

fn source(text: &str) -> Result<Source, String> {
    match (text, text.parse::<f64>()) {
        ("cube", _) => Ok(Source::Cube),
        ("second", _) => Ok(Source::Second),
        (_, Ok(value)) if value.is_finite() => Ok(Source::Constant(value)),
        _ => Err("give cube, second or a value".to_owned()),
    }
}

/// What stands before an @, and the opacity after it; 1 where there is none.
fn with_opacity(text: &str) -> Result<(&str, f32), String> {
    let Some((before, opacity)) = text.split_once('@') else { return Ok((text, 1.0)) };
    let opacity = opacity.trim().parse().ok().filter(|opacity| (0.0..=1.0).contains(opacity));
    opacity.map(|opacity| (before, opacity)).ok_or_else(|| "an opacity lies from 0 to 1".to_owned())
}

fn surface(text: &str) -> Result<Surface, String> {
    let (value, opacity) = with_opacity(text)?;
    let value = value.trim().parse().ok().filter(|value: &f64| value.is_finite());
    let value = value.ok_or("give a value such as 2.5, or a value and an opacity such as 2.5@0.3")?;
    Ok(Surface { opacity, ..Surface::of(value) })
}

fn slice(text: &str) -> Result<Slice, String> {
    let form = "give x=PLACE, y=PLACE, z=PLACE or free=PX,PY,PZ,NX,NY,NZ, and perhaps a thickness in voxels after a comma";
    let (text, opacity) = with_opacity(text)?;
    let (name, rest) = text.split_once('=').ok_or(form)?;
    let numbers: Result<Vec<f32>, _> = rest.split(',').map(|part| part.trim().parse::<f32>()).collect();
    let numbers = numbers.ok().filter(|all| all.iter().all(|value| value.is_finite())).ok_or(form)?;
    let axis = ["x", "y", "z"].iter().position(|&axis| axis == name);
    let (plane, thickness) = match (axis, name, numbers.as_slice()) {
        (Some(axis), _, &[place, ref more @ ..]) if more.len() < 2 => (Plane::Across { axis, place }, more),
        (None, "free", &[px, py, pz, nx, ny, nz, ref more @ ..]) if more.len() < 2 => {
            (Plane::Free { point: [px, py, pz], normal: [nx, ny, nz] }, more)
        }
        _ => return Err(form.to_owned()),
    };
    match plane {
        Plane::Across { place, .. } if !(0.0..=1.0).contains(&place) => {
            Err("a place lies from 0 to 1".to_owned())
        }
        Plane::Free { normal: [0.0, 0.0, 0.0], .. } => Err("a direction must not be 0,0,0".to_owned()),
        _ if thickness.iter().any(|&thickness| thickness < 0.0) => {
            Err("a thickness must not be negative".to_owned())
        }
        _ => Ok(Slice { thickness: thickness.first().copied().unwrap_or(0.0), opacity, ..Slice::of(plane) }),
    }
}

fn colours(text: &str) -> Result<ColourMap, String> {
    let known = || ColourMap::ALL.map(ColourMap::name).join(", ");
    ColourMap::named(text).ok_or_else(|| format!("known are: {}", known()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surfaces_and_slices_have_an_opacity_after_the_at_sign() {
        let read = |text: &str| surface(text).map(|surface| (surface.value, surface.opacity));
        assert_eq!(read("2.5"), Ok((2.5, 1.0)));
        assert_eq!(read("-3e-2@0.25"), Ok((-0.03, 0.25)));
        for bad in ["", "@0.5", "2@", "2@1.5", "2@-0.1", "nan", "1@0.5@0.5"] {
            assert!(surface(bad).is_err(), "{bad}");
        }
        let read = |text: &str| slice(text).map(|slice| (slice.thickness, slice.opacity));
        assert_eq!(read("z=0.5"), Ok((0.0, 1.0)));
        assert_eq!(read("free=0.5,0.5,0.5,1,0,-1,3@0.4"), Ok((3.0, 0.4)));
        assert!(slice("z=0.5@2").is_err());
    }
}
