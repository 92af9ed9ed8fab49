//! Which parts of the input made an output what it is: what the number is that is attributed, the methods, and the text that defines them.
//!
//! Definitions differ silently between programs (pytorch/captum issue 1022: the change of an output under a mask with either sign), so
//! each answer carries its own: a difference is always output(x) − output(changed x), and "output" is said in words.

mod cam;
mod check;
mod define;
mod gradient;
mod occlusion;

pub(super) use define::{difference, label};

use super::answer::{AttributionMap, AttributionView, Randomised};
use super::block;
use super::error::{InspectionError, Result};
use super::grid;
use super::request::{AttributionSettings, Baseline, Filling, Method, OutputChoice, Region};
use super::subject::{Loaded, Sample};
use crate::blueprint::{PathId, PortType, Step};
use crate::job::Context;
use crate::network::{Mode, Network, Tensor, seed, tensors};
use ndarray::{Array2, Array4};

/// The attributed number of a network: the mean over a region of one channel of one output, in the space of the training's target.
pub(super) struct Case<'a> {
    pub network: &'a Network,
    pub choice: OutputChoice,
    /// The wire types of the network's inputs.
    pub kinds: Vec<PortType>,
    output_kind: PortType,
    /// Target value = mean + std · output.
    mean: f64,
    std: f64,
}

/// What a method has found.
#[derive(Default)]
struct Found {
    /// One for each input channel (each input that is a vector); one for all channels of Grad-CAM.
    maps: Vec<Array2<f32>>,
    covers: Option<Array2<u32>>,
    baseline_output: Option<f64>,
    gradients: Option<u32>,
    masks: Option<usize>,
}

/// Attributes an output of the loaded network to the sample's pixels.
///
/// # Errors
/// An output, channel, region, window, block or other sample that is not there; `Cancelled`.
pub(super) fn attribute(
    loaded: &mut Loaded,
    sample: &Sample,
    path: &PathId,
    settings: &AttributionSettings,
    ctx: &Context,
) -> Result<AttributionView> {
    let other = match settings.method {
        Method::IntegratedGradients { baseline: Baseline::OtherSample(index), .. }
        | Method::Occlusion { filling: Filling::OtherSample(index), .. } => Some(loaded.sample(index, ctx)?),
        _ => None,
    };
    let loaded = &*loaded;
    let case = Case::new(loaded, &loaded.network, settings.output)?;
    let output = case.evaluate(&sample.inputs)?.first().copied().unwrap_or(f64::NAN);
    let work = Work { loaded, sample, other: other.as_ref(), path, settings };
    let share = if settings.randomised { 0.5 } else { 1.0 };
    let found = work.find(&case, &ctx.part(0.0, share))?;
    let randomised = if settings.randomised {
        let drawn = loaded.drawn_anew(seed::derive(settings.seed, "randomised weights", &[]))?;
        let case = Case::new(loaded, &drawn, settings.output)?;
        let maps = work.find(&case, &ctx.part(share, 1.0))?.maps;
        Some(Randomised {
            rank_correlation: check::rank_correlation(&found.maps, &maps),
            maps,
            definition: define::RANDOMISED.to_owned(),
        })
    } else {
        None
    };
    let sum: f64 = found.maps.iter().flatten().map(|&value| f64::from(value)).sum();
    let completeness_error =
        found.baseline_output.map(|baseline| gradient::incompleteness(sum, output - baseline));
    let gradients = found.gradients;
    let words =
        define::Words::new(loaded, settings, block::name(loaded.network.steps(), path, &loaded.blueprint)?);
    Ok(AttributionView {
        method: settings.method.title().to_owned(),
        definition: words.definition(gradients),
        output,
        output_unit: words.output_unit(),
        baseline_output: found.baseline_output,
        sum,
        completeness_error,
        gradients,
        masks: found.masks,
        maps: named(loaded, sample, found, &words)?,
        randomised,
    })
}

/// What a method works on, beside the network.
struct Work<'a> {
    loaded: &'a Loaded,
    sample: &'a Sample,
    other: Option<&'a Sample>,
    path: &'a PathId,
    settings: &'a AttributionSettings,
}

impl Work<'_> {
    fn find(&self, case: &Case, ctx: &Context) -> Result<Found> {
        match self.settings.method {
            Method::Saliency => {
                let (_, gradients) = case.gradients(&self.sample.inputs)?;
                Ok(Found { maps: self.per_unit(case, &gradients)?, gradients: Some(1), ..Found::default() })
            }
            Method::SmoothGrad { samples, sigma } => {
                let mean =
                    gradient::smooth(case, &self.sample.inputs, samples, sigma, self.settings.seed, ctx)?;
                Ok(Found { maps: self.per_unit(case, &mean)?, gradients: Some(samples), ..Found::default() })
            }
            Method::IntegratedGradients { steps, baseline } => {
                let start = self.baseline(case, baseline)?;
                let path = gradient::integrate(case, &self.sample.inputs, &start, steps, ctx)?;
                Ok(Found {
                    maps: maps_of(case, &path.attributions)?,
                    baseline_output: Some(path.baseline_output),
                    gradients: Some(path.points),
                    ..Found::default()
                })
            }
            Method::GradCam => {
                let step = block::outlet(self.loaded.network.steps(), self.path)?;
                let map = cam::grad_cam(case, &self.sample.inputs, step)?;
                Ok(Found { maps: vec![map], ..Found::default() })
            }
            Method::Occlusion { window, stride, filling } => {
                let other = self.other.map(|sample| sample.inputs.as_slice());
                let windows = occlusion::Windows { window, stride, filling, seed: self.settings.seed };
                occlusion::occlude(case, &self.sample.inputs, other, &windows, ctx)
            }
        }
    }

    /// Gradients to standardised inputs as gradients to the inputs in their space (dex where that is log₁₀).
    fn per_unit(&self, case: &Case, gradients: &[Tensor]) -> Result<Vec<Array2<f32>>> {
        let scaled: Vec<Tensor> = match &self.sample.scales {
            Some(scales) => gradients
                .iter()
                .zip(scales)
                .map(|(gradient, scale)| gradient.f_div(&scale.std))
                .collect::<std::result::Result<_, _>>()?,
            None => gradients.iter().map(Tensor::shallow_clone).collect(),
        };
        maps_of(case, &scaled)
    }

    fn baseline(&self, case: &Case, baseline: Baseline) -> Result<Vec<Tensor>> {
        let inputs = &self.sample.inputs;
        match baseline {
            Baseline::Zero => {
                Ok(inputs.iter().map(Tensor::f_zeros_like).collect::<std::result::Result<_, _>>()?)
            }
            Baseline::Blurred { sigma_px } => inputs
                .iter()
                .zip(&case.kinds)
                .map(|(input, &kind)| {
                    let blurred = occlusion::blurred(&grid::single(kind, input)?, sigma_px);
                    grid::tensor(kind, &blurred.insert_axis(ndarray::Axis(0)), input.device())
                })
                .collect(),
            Baseline::OtherSample(_) => match self.other {
                Some(other) => Ok(other.inputs.iter().map(Tensor::shallow_clone).collect()),
                None => Err(InspectionError::request("the other sample is missing", "name one")),
            },
        }
    }
}

impl<'a> Case<'a> {
    fn new(loaded: &Loaded, network: &'a Network, choice: OutputChoice) -> Result<Self> {
        let steps = network.steps();
        let outputs: Vec<&Step> =
            steps.iter().filter(|step| matches!(step.op, crate::blueprint::Op::Output { .. })).collect();
        let Some(output) = outputs.get(choice.output) else {
            return Err(InspectionError::request(
                format!("the network has no output {}", choice.output),
                format!("its outputs are 0 to {}", outputs.len().saturating_sub(1)),
            ));
        };
        let inputs = steps.iter().filter(|step| matches!(step.op, crate::blueprint::Op::Input { .. }));
        let target = loaded.target(choice);
        Ok(Self {
            network,
            choice,
            kinds: inputs.map(|step| step.shape.kind).collect(),
            output_kind: output.shape.kind,
            mean: target.map_or(0.0, |standard| standard.mean),
            std: target.map_or(1.0, |standard| standard.std),
        })
    }

    /// The attributed number of each sample of a batch, standardised: [batch].
    fn number(&self, outputs: &[Tensor]) -> Result<Tensor> {
        let chosen = outputs
            .get(self.choice.output)
            .ok_or_else(|| InspectionError::request("the network has no such output", "choose another"))?;
        let axis = if self.output_kind == PortType::Sequence { 2 } else { 1 };
        let channels = chosen.size()[axis as usize];
        let channel = self.choice.channel as i64;
        if channel >= channels {
            return Err(InspectionError::request(
                format!("the output has no channel {channel}"),
                format!("its channels are 0 to {}", channels - 1),
            ));
        }
        let mut values = chosen.f_select(axis, channel)?;
        if let (PortType::Map, &[_, rows, columns]) = (self.output_kind, values.size().as_slice()) {
            let (y, x) = match self.choice.region {
                Region::Whole => ((0, rows as usize), (0, columns as usize)),
                Region::Pixel { y, x } => ((y, y + 1), (x, x + 1)),
                Region::Box { y, x } => (y, x),
            };
            if y.0 >= y.1 || x.0 >= x.1 || y.1 > rows as usize || x.1 > columns as usize {
                return Err(InspectionError::request(
                    format!(
                        "the region of rows {} to {} and columns {} to {} is not in the output",
                        y.0, y.1, x.0, x.1
                    ),
                    format!("it has {rows} rows and {columns} columns, counted from 0"),
                ));
            }
            values = values.f_narrow(1, y.0 as i64, (y.1 - y.0) as i64)?.f_narrow(
                2,
                x.0 as i64,
                (x.1 - x.0) as i64,
            )?;
        }
        let batch = values.size()[0];
        Ok(values.f_reshape([batch, -1])?.f_mean_dim(1, false, tch::Kind::Double)?)
    }

    fn in_space(&self, numbers: &Tensor) -> Result<Vec<f64>> {
        let plain = numbers.f_detach()?.f_to_device(crate::network::Device::Cpu)?;
        let values = Vec::<f64>::try_from(&plain)?;
        Ok(values.into_iter().map(|value| self.mean + self.std * value).collect())
    }

    /// The attributed number of each sample of a batch, in the target's space.
    pub fn evaluate(&self, inputs: &[Tensor]) -> Result<Vec<f64>> {
        self.in_space(&self.number(&self.network.forward(inputs, Mode::Evaluate)?)?)
    }

    /// The same with ∂number/∂input for each input, in the target's space per standardised input. The samples of a batch do not mix.
    pub fn gradients(&self, inputs: &[Tensor]) -> Result<(Vec<f64>, Vec<Tensor>)> {
        let leaves = leaves(inputs)?;
        let numbers = self.number(&self.network.forward_with_gradients(&leaves, None)?)?;
        let gradients = self.backward(&numbers, &leaves)?;
        Ok((self.in_space(&numbers)?, gradients))
    }

    /// ∂(sum of the numbers)/∂values, in the target's space.
    fn backward(&self, numbers: &Tensor, values: &[Tensor]) -> Result<Vec<Tensor>> {
        let sum = tch::with_grad(|| numbers.f_mul_scalar(self.std)?.f_sum(tch::Kind::Double))?;
        if !sum.requires_grad() {
            return Ok(values.iter().map(Tensor::f_zeros_like).collect::<std::result::Result<_, _>>()?);
        }
        Ok(Tensor::f_run_backward(&[sum], values, false, false)?)
    }

    /// How many samples go through the network at once: as many pixels as 32 patches of 64 by 64.
    fn batch_size(&self, inputs: &[Tensor]) -> usize {
        let pixels: usize = inputs.iter().map(Tensor::numel).sum();
        ((32 * 64 * 64) / pixels.max(1)).clamp(1, 32)
    }
}

/// Copies of the inputs that want gradients.
fn leaves(inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    inputs.iter().map(|input| Ok(tensors::copy(&input.f_detach()?)?.f_set_requires_grad(true)?)).collect()
}

/// One map for each input channel, of one tensor [1, …] for each input.
fn maps_of(case: &Case, values: &[Tensor]) -> Result<Vec<Array2<f32>>> {
    let mut maps = Vec::new();
    for (tensor, &kind) in values.iter().zip(&case.kinds) {
        maps.extend(grid::maps(kind, &grid::single(kind, tensor)?));
    }
    Ok(maps)
}

/// The maps with the inputs they belong to.
fn named(
    loaded: &Loaded,
    sample: &Sample,
    found: Found,
    words: &define::Words,
) -> Result<Vec<AttributionMap>> {
    let shown = loaded.shown_inputs(sample)?;
    // Grad-CAM has one map for all channels: it goes with the first.
    let single = found.maps.len() == 1;
    let covers = found.covers;
    Ok(found
        .maps
        .into_iter()
        .zip(shown)
        .map(|(values, shown)| AttributionMap {
            name: if single { words.only_name(&shown.name) } else { shown.name },
            input: shown.values,
            input_label: shown.label,
            unit: words.map_unit(&shown.unit),
            covers: covers.clone().filter(|covers| covers.dim() == values.dim()),
            values,
        })
        .collect())
}

/// The values of all inputs as arrays, for methods that change them.
fn arrays(case: &Case, inputs: &[Tensor]) -> Result<Vec<Array4<f32>>> {
    inputs.iter().zip(&case.kinds).map(|(input, &kind)| grid::single(kind, input)).collect()
}
