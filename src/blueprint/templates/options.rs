//! What a template can be asked for: sizes by name, each with its limits and the template's own default.

use super::{TemplateError, TemplateInfo};
use crate::blueprint::catalogue::{AUTO, ParameterSpec, Values};
use crate::blueprint::model::Parameter;
use indexmap::IndexMap;

/// Options by name, as [`TemplateInfo::options`] lists them; what is not given has the template's default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TemplateOptions(IndexMap<String, Parameter>);

/// The sizes of a U-Net as recipes name them: the options of the template `unet`, typed.
#[derive(Clone, Debug, PartialEq)]
pub struct UnetOptions {
    /// How often the map is halved.
    pub levels: usize,
    /// Filters of the first level.
    pub base_filters: usize,
    /// Two convolutions in each block instead of one.
    pub double: bool,
    /// An attention gate on each skip.
    pub attention: bool,
    /// Probability of dropping a channel at the end of a block; `None`: 0.01 for single blocks, 0.05 for double ones.
    pub dropout: Option<f64>,
    pub in_channels: usize,
    pub height: usize,
    pub width: usize,
}

impl TemplateOptions {
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more option: `TemplateOptions::new().with("levels", 3)`.
    pub fn with(mut self, option: &str, value: impl Into<Parameter>) -> Self {
        self.set(option, value);
        self
    }

    pub fn set(&mut self, option: &str, value: impl Into<Parameter>) {
        self.0.insert(option.to_owned(), value.into());
    }

    /// Sets what is given, and leaves the template's default otherwise.
    pub fn set_some(&mut self, option: &str, value: Option<impl Into<Parameter>>) {
        if let Some(value) = value {
            self.set(option, value);
        }
    }

    pub fn get(&self, option: &str) -> Option<&Parameter> {
        self.0.get(option)
    }
}

impl Default for UnetOptions {
    fn default() -> Self {
        Self {
            levels: 4,
            base_filters: 64,
            double: false,
            attention: true,
            dropout: None,
            in_channels: 1,
            height: 128,
            width: 128,
        }
    }
}

impl From<&UnetOptions> for TemplateOptions {
    fn from(unet: &UnetOptions) -> Self {
        let count = super::builder::count;
        let options = Self::new()
            .with("levels", count(unet.levels))
            .with("base", count(unet.base_filters))
            .with("block", if unet.double { "double" } else { "single" })
            .with("attention", unet.attention)
            .with("channels", count(unet.in_channels))
            .with("height", count(unet.height))
            .with("width", count(unet.width));
        match unet.dropout {
            Some(dropout) => options.with("dropout", dropout),
            None => options,
        }
    }
}

impl From<&TemplateOptions> for TemplateOptions {
    fn from(options: &TemplateOptions) -> Self {
        options.clone()
    }
}

/// The options of one template, checked, with its defaults filled in.
pub(super) struct Settings<'a> {
    info: &'static TemplateInfo,
    given: &'a TemplateOptions,
}

impl<'a> Settings<'a> {
    pub fn new(info: &'static TemplateInfo, given: &'a TemplateOptions) -> Result<Self, TemplateError> {
        for (name, value) in &given.0 {
            let Some(spec) = info.option(name) else {
                return Err(TemplateError::NoOption {
                    template: info.name,
                    option: name.clone(),
                    known: info.options.iter().map(|spec| spec.name).collect::<Vec<_>>().join(", "),
                });
            };
            spec.check(value).map_err(|expected| TemplateError::Value {
                option: spec.name,
                expected,
                came: value.to_string(),
            })?;
        }
        Ok(Self { info, given })
    }

    pub fn size(&self, name: &'static str) -> Result<usize, TemplateError> {
        match self.value(name)? {
            Parameter::Integer(value) => usize::try_from(value).map_err(|_| self.missing(name)),
            _ => Err(self.missing(name)),
        }
    }

    pub fn flag(&self, name: &'static str) -> Result<bool, TemplateError> {
        match self.value(name)? {
            Parameter::Flag(value) => Ok(value),
            _ => Err(self.missing(name)),
        }
    }

    pub fn choice(&self, name: &'static str) -> Result<String, TemplateError> {
        match self.value(name)? {
            Parameter::Text(value) => Ok(value),
            _ => Err(self.missing(name)),
        }
    }

    /// A number, or `None` for `auto`.
    pub fn number_or_auto(&self, name: &'static str) -> Result<Option<f64>, TemplateError> {
        match self.value(name)? {
            Parameter::Float(value) => Ok(Some(value)),
            Parameter::Integer(value) => Ok(Some(value as f64)),
            Parameter::Text(text) if text == AUTO => Ok(None),
            _ => Err(self.missing(name)),
        }
    }

    fn value(&self, name: &'static str) -> Result<Parameter, TemplateError> {
        let spec = self.info.option(name).ok_or_else(|| self.missing(name))?;
        Ok(self.given.get(name).cloned().unwrap_or_else(|| spec.default()))
    }

    /// A template that asks for what its own list does not have: a fault of the table, which the tests find.
    fn missing(&self, name: &'static str) -> TemplateError {
        let known = self.info.options.iter().map(|spec| spec.name).collect::<Vec<_>>().join(", ");
        TemplateError::NoOption { template: self.info.name, option: name.to_owned(), known }
    }
}

pub(super) const fn levels(default: i64) -> ParameterSpec {
    size("levels", "Levels", "", default, 1, 8, "How often the map is halved")
}

pub(super) const fn base(default: i64) -> ParameterSpec {
    size(
        "base",
        "Base filters",
        "",
        default,
        1,
        256,
        "Filters of the first level; they double with each level",
    )
}

pub(super) const fn channels(default: i64) -> ParameterSpec {
    size("channels", "Channels", "", default, 1, 4096, "Maps stacked at each pixel of the input")
}

pub(super) const fn height(default: i64) -> ParameterSpec {
    size("height", "Height", "px", default, 1, 65536, "Pixels of the input along y")
}

pub(super) const fn width(default: i64) -> ParameterSpec {
    size("width", "Width", "px", default, 1, 65536, "Pixels of the input along x")
}

pub(super) const fn depth(default: i64) -> ParameterSpec {
    size("depth", "Depth", "px", default, 1, 4096, "Pixels of the input along z")
}

/// Channels of a position-position-velocity cube.
pub(super) const fn velocities(default: i64) -> ParameterSpec {
    size("depth", "Velocity channels", "", default, 1, 4096, "Channels of the cube along the velocity axis")
}

pub(super) const fn attention(default: bool) -> ParameterSpec {
    flag("attention", "Attention gates", default, "A gate on each skip, after Oktay et al. (2018)")
}

pub(super) const fn block(default: &'static str) -> ParameterSpec {
    let choices = &["single", "double", "residual"];
    choice("block", "Block", choices, default, "One convolution, two, or two with a shortcut around them")
}

pub(super) const DROPOUT: ParameterSpec = ParameterSpec {
    auto: Some("0.01 for single blocks, 0.05 for double ones"),
    ..number("dropout", "Dropout", 0.01, 0.0, 0.99, "Probability of dropping a channel at the end of a block")
};

pub(super) const fn size(
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    default: i64,
    min: i64,
    max: i64,
    help: &'static str,
) -> ParameterSpec {
    ParameterSpec { name, label, unit, values: Values::Integer { default, min, max }, auto: None, help }
}

pub(super) const fn number(
    name: &'static str,
    label: &'static str,
    default: f64,
    min: f64,
    max: f64,
    help: &'static str,
) -> ParameterSpec {
    ParameterSpec { name, label, unit: "", values: Values::Float { default, min, max }, auto: None, help }
}

pub(super) const fn flag(
    name: &'static str,
    label: &'static str,
    default: bool,
    help: &'static str,
) -> ParameterSpec {
    ParameterSpec { name, label, unit: "", values: Values::Flag { default }, auto: None, help }
}

pub(super) const fn choice(
    name: &'static str,
    label: &'static str,
    choices: &'static [&'static str],
    default: &'static str,
    help: &'static str,
) -> ParameterSpec {
    ParameterSpec { name, label, unit: "", values: Values::Choice { default, choices }, auto: None, help }
}
