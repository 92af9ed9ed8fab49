//! Mini-batches: samples, seen through their symmetries, as tensors; and whole-split predictions as arrays.

use super::data::Samples;
use super::error::{Result, TrainingError};
use super::symmetry::Symmetry;
use crate::blueprint::{Op, PortType, Step};
use crate::network::{Device, Mode, Network, Tensor, tensors};
use ndarray::{Array4, ArrayView4, Axis};

/// How the planes of the samples are dealt to the network's inputs: all to its only one, or one recipe input to each.
#[derive(Clone, Debug, PartialEq)]
pub struct Feeds(Vec<Feed>);

/// What one input of the network takes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Feed {
    planes: usize,
    shape: FeedShape,
}

/// How planes (batch, plane, y, x) become the input's tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
enum FeedShape {
    /// (batch, channel, y, x), of any size.
    Map,
    /// (batch, channel, z, y, x).
    Cube { channels: usize },
    /// (batch, value), from planes of one pixel.
    Vector,
}

/// One mini-batch.
pub struct Batch {
    pub inputs: Vec<Tensor>,
    pub target: Tensor,
    /// Target values that are known.
    pub known: u64,
}

impl Feeds {
    /// For inputs of the recipe with these numbers of planes.
    ///
    /// # Errors
    /// Numbers that do not fit, and inputs that no sample set can feed.
    pub fn new(network: &Network, planes: &[usize]) -> Result<Self> {
        let inputs = network.steps().iter().filter(|step| matches!(step.op, Op::Input { .. }));
        let wanted: Vec<(&str, Feed)> =
            inputs.map(|step| Ok((step.name.as_str(), Feed::of(step)?))).collect::<Result<_>>()?;
        let total: usize = planes.iter().sum();
        let given = if wanted.len() == 1 { vec![total] } else { planes.to_vec() };
        if wanted.iter().map(|(_, feed)| feed.planes).eq(given.iter().copied()) {
            return Ok(Self(wanted.into_iter().map(|(_, feed)| feed).collect()));
        }
        let wanted: Vec<String> =
            wanted.iter().map(|(name, feed)| format!("`{name}` takes {}", feed.planes)).collect();
        Err(TrainingError::data(
            format!("the recipe gives {given:?} channels, but the network's {}", wanted.join(", ")),
            "mend data.inputs in the recipe, or the input blocks of the blueprint",
        ))
    }

    /// The inputs of the network from all channels stacked, (sample, channel, y, x).
    pub fn deal(&self, stacked: &Tensor) -> Result<Vec<Tensor>> {
        let mut first = 0;
        self.0
            .iter()
            .map(|feed| {
                let part = stacked.f_narrow(1, first, feed.planes as i64)?;
                first += feed.planes as i64;
                Ok(match (feed.shape, part.size().as_slice()) {
                    (FeedShape::Map, _) => part,
                    (FeedShape::Cube { channels }, &[batch, _, y, x]) => {
                        part.f_reshape([batch, channels as i64, -1, y, x])?
                    }
                    (FeedShape::Vector, &[batch, _, 1, 1]) => part.f_reshape([batch, -1])?,
                    (_, size) => {
                        return Err(TrainingError::data(
                            format!("an input of the network wants a list of numbers, but the samples are maps {size:?}"),
                            "give it a channel of shape (sample, channel), or put global pooling behind a map input",
                        ));
                    }
                })
            })
            .collect()
    }
}

impl Feed {
    fn of(step: &Step) -> Result<Self> {
        let (planes, shape) = match (step.shape.kind, step.shape.sizes.as_slice()) {
            (PortType::Map, &[channels, ..]) => (channels, FeedShape::Map),
            (PortType::Cube, &[channels, depth, ..]) => (channels * depth, FeedShape::Cube { channels }),
            (PortType::Vector, &[values]) => (values, FeedShape::Vector),
            _ => {
                return Err(TrainingError::data(
                    format!(
                        "the network's input `{}` is {} {}",
                        step.name,
                        step.shape.kind.phrase(),
                        step.shape
                    ),
                    "a training feeds maps, cubes and lists of numbers; use one of these as input and reshape behind it",
                ));
            }
        };
        Ok(Self { planes, shape })
    }
}

impl Batch {
    /// The named samples, each through its symmetry.
    pub fn new(
        samples: &Samples,
        chosen: &[usize],
        symmetries: &[Symmetry],
        feeds: &Feeds,
        device: Device,
    ) -> Result<Self> {
        let (_, channels, rows, columns) = samples.inputs.dim();
        let (_, planes, target_rows, target_columns) = samples.targets.dim();
        let mut input = Array4::<f32>::zeros((chosen.len(), channels, rows, columns));
        let mut target = Array4::<f32>::zeros((chosen.len(), planes, target_rows, target_columns));
        for (place, (&sample, &symmetry)) in chosen.iter().zip(symmetries).enumerate() {
            let (seen, truth) = samples.seen(sample, symmetry);
            input.index_axis_mut(Axis(0), place).assign(&seen);
            target.index_axis_mut(Axis(0), place).assign(&truth);
        }
        let known = target.iter().filter(|v| !v.is_nan()).count() as u64;
        let shape = if samples.target_is_map {
            vec![chosen.len(), planes, target_rows, target_columns]
        } else {
            vec![chosen.len(), planes]
        };
        let values = target.as_slice().ok_or_else(not_contiguous)?;
        Ok(Self {
            inputs: feeds.deal(&tensor(&input, device)?)?,
            target: tensors::from_slice(values, &shape, device)?,
            known,
        })
    }
}

/// The network on standardised inputs (sample, channel, y, x) in evaluation mode: standardised answers (sample, channel, y, x),
/// one by one pixel where the network gives numbers.
pub fn predict(
    network: &Network,
    inputs: ArrayView4<f32>,
    feeds: &Feeds,
    batch: usize,
) -> Result<Array4<f32>> {
    let count = inputs.len_of(Axis(0));
    let (mut values, mut shape) = (Vec::new(), vec![0, 1, 1]);
    for part in inputs.axis_chunks_iter(Axis(0), batch.max(1)) {
        let stacked = tensor(&part.to_owned(), network.device())?;
        let outputs = network.forward(&feeds.deal(&stacked)?, Mode::Evaluate)?;
        let output = outputs.first().ok_or_else(|| {
            TrainingError::data("the network has no output", "add an output block to the blueprint")
        })?;
        shape = output.size()[1..].iter().map(|&size| size as usize).collect();
        values.extend(tensors::to_vec(output)?);
    }
    shape.resize(3, 1);
    Array4::from_shape_vec((count, shape[0], shape[1], shape[2]), values).map_err(|error| {
        TrainingError::data(
            format!("the network's answer has a strange shape: {error}"),
            "check its output block",
        )
    })
}

fn tensor(values: &Array4<f32>, device: Device) -> Result<Tensor> {
    let slice = values.as_slice().ok_or_else(not_contiguous)?;
    Ok(tensors::from_slice(slice, values.shape(), device)?)
}

fn not_contiguous() -> TrainingError {
    TrainingError::data("an array does not lie in one piece", "please report it")
}
