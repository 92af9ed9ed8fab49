//! The text beside a map: what was computed, of what number, with what filling, in what unit.

use super::occlusion::border_px;
use crate::figure::text;
use crate::inspection::request::{AttributionSettings, Baseline, Filling, Method, Region};
use crate::inspection::subject::Loaded;
use crate::recipe::Space;
use crate::training::Standard;

pub(super) const RANDOMISED: &str = "The same definition on the same network with all weights drawn anew. \
    A method that tells of the training must give another map: the rank correlation (Spearman, of absolute values) should be low. \
    The map of one pixel keeps the shape of its receptive field whatever the weights: there, compare a region or the whole output.";

/// The words for one answer.
pub(super) struct Words<'a> {
    settings: &'a AttributionSettings,
    target: Option<&'a Standard>,
    trained: bool,
    block: String,
}

impl<'a> Words<'a> {
    pub fn new(loaded: &'a Loaded, settings: &'a AttributionSettings, block: String) -> Self {
        Self { settings, target: loaded.target(settings.output), trained: loaded.run.is_some(), block }
    }

    /// Of output(x) itself.
    pub fn output_unit(&self) -> String {
        self.target.map(label).unwrap_or_default()
    }

    /// Of a difference of outputs.
    fn difference(&self) -> String {
        match self.target {
            None => "output".to_owned(),
            Some(standard) => difference(standard),
        }
    }

    /// Unit of the values of a map; `input` is the unit of a difference of its channel.
    pub fn map_unit(&self, input: &str) -> String {
        let output = self.difference();
        match self.settings.method {
            Method::Saliency | Method::SmoothGrad { .. } => match (output.as_str(), input) {
                ("output", _) => "∂output/∂input".to_owned(),
                ("dex", "dex") => "dex per dex".to_owned(),
                (output, "") => format!("{output} per unit"),
                (output, input) => format!("{output} per {input}"),
            },
            _ => output,
        }
    }

    /// The name of the only map there is.
    pub fn only_name(&self, channel: &str) -> String {
        match self.settings.method {
            Method::GradCam => format!("all channels, at {}", self.block),
            _ => channel.to_owned(),
        }
    }

    pub fn definition(&self, gradients: Option<u32>) -> String {
        let how = match self.settings.method {
            Method::Saliency => "Saliency: ∂output/∂input at each pixel, with its sign. Positive: more input there raises the output.".to_owned(),
            Method::SmoothGrad { samples, sigma } => format!(
                "SmoothGrad: the mean of ∂output/∂input at {samples} inputs x + noise, normal noise of {sigma} times the range of x. Positive: more input there raises the output."
            ),
            Method::IntegratedGradients { baseline, .. } => format!(
                "Integrated gradients: (x − baseline) · ∫ ∂output/∂input dα along baseline + α(x − baseline), {} Gauss–Legendre points; their sum should be output(x) − output(baseline). Baseline: {}.",
                gradients.unwrap_or(0),
                match baseline {
                    Baseline::Zero => self.zero(),
                    Baseline::Blurred { sigma_px } => format!("the sample blurred with a Gaussian of {sigma_px} px"),
                    Baseline::OtherSample(index) => format!("sample {index}"),
                }
            ),
            Method::GradCam => format!(
                "Grad-CAM at {}: ReLU(Σ α_k A_k) over its channels A_k, α_k the mean of ∂output/∂A_k over all pixels; interpolated to the pixels of the input.",
                self.block
            ),
            Method::Occlusion { window, stride, filling } => format!(
                "Occlusion: output(x) − output(x with a window filled), windows of {window} by {window} px of one channel, moved by {stride} px; each pixel is the mean over the windows that cover it. Positive: the output is lower without these pixels. Filling: {}.",
                match filling {
                    Filling::Zero => self.zero(),
                    Filling::LocalSky =>
                        format!("local sky, the median of a border of {} px around the window", border_px(window)),
                    Filling::Blurred { sigma_px } => format!("the sample blurred with a Gaussian of {sigma_px} px"),
                    Filling::NoiseMatched => format!(
                        "normal noise of the mean and deviation of a border of {} px around the window, seed {}",
                        border_px(window),
                        self.settings.seed
                    ),
                    Filling::OtherSample(index) => format!("the same pixels of sample {index}"),
                }
            ),
        };
        format!("{how} Output: {}.", self.output())
    }

    fn zero(&self) -> String {
        if self.trained {
            "0 as the network sees it, the training mean of each channel".to_owned()
        } else {
            "0".to_owned()
        }
    }

    /// What the attributed number is.
    fn output(&self) -> String {
        let choice = self.settings.output;
        let what = match self.target {
            Some(standard) => label(standard),
            None => format!(
                "channel {} of output {} (numbers of the network, not standardised back)",
                choice.channel, choice.output
            ),
        };
        match choice.region {
            Region::Whole => format!("the mean of {what} over all pixels"),
            Region::Pixel { y, x } => format!("{what} at the pixel in row {y}, column {x} (from 0)"),
            Region::Box { y, x } => format!(
                "the mean of {what} over rows {} to {} and columns {} to {} (from 0)",
                y.0,
                y.1.saturating_sub(1),
                x.0,
                x.1.saturating_sub(1)
            ),
        }
    }
}

/// `log₁₀ mass weighted density (cm⁻³)`.
pub(in crate::inspection) fn label(standard: &Standard) -> String {
    let name = standard.name.replace('_', " ");
    let unit = text::unit(&standard.unit);
    let unit = if unit.is_empty() { String::new() } else { format!(" ({unit})") };
    match standard.space {
        Space::Log10 => format!("log₁₀ {name}{unit}"),
        Space::Linear => format!("{name}{unit}"),
    }
}

/// The unit of a difference in the quantity's space.
pub(in crate::inspection) fn difference(standard: &Standard) -> String {
    match standard.space {
        Space::Log10 => "dex".to_owned(),
        Space::Linear if standard.unit.starts_with("dex") => "dex".to_owned(),
        Space::Linear => text::unit(&standard.unit),
    }
}
