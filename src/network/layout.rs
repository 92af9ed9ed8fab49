//! Where each named parameter lies in the one flat tensor that holds them all.
//!
//! One flat tensor makes an optimiser step, a gradient norm, a moving average and a checkpoint a handful of operations
//! instead of a handful for each of some hundred tensors.

use super::{NetworkError, tensors};
use indexmap::IndexMap;
use std::collections::BTreeSet;
use tch::{Kind, Tensor};

/// One parameter's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub offset: usize,
    /// Sizes as PyTorch names them: a convolution's weight is [out, in, y, x].
    pub shape: Vec<usize>,
    pub(super) start: Start,
}

/// What a parameter holds before training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    Zeros,
    Ones,
    /// Uniform in ±√(6/fan_in): He et al. 2015 for ReLU, `torch.nn.init.kaiming_uniform_` with a = 0.
    Kaiming {
        fan_in: usize,
    },
    /// Uniform in ±1/√fan_in, as PyTorch's `nn.Linear` and `nn.Conv2d` start.
    Plain {
        fan_in: usize,
    },
    /// Uniform in ±√(6/(fan_in + fan_out)): Glorot & Bengio 2010.
    Xavier {
        fan_in: usize,
        fan_out: usize,
    },
    /// Normal with deviation 0.1, nothing beyond ±2, as FastKAN's splines start.
    SmallNormal,
}

/// Names, shapes and places of a network's parameters, in the order of its steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    pub slots: IndexMap<String, Slot>,
    pub length: usize,
}

impl Slot {
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

impl Layout {
    pub(super) fn add(&mut self, name: String, shape: Vec<usize>, start: Start) -> Result<(), NetworkError> {
        let slot = Slot { offset: self.length, shape, start };
        self.length += slot.count();
        match self.slots.insert(name.clone(), slot) {
            None => Ok(()),
            Some(_) => Err(NetworkError::DuplicateName { name }),
        }
    }

    /// A parameter's view into a flat tensor of this layout. Kernels lie channels-last in memory: [out, y, x, in], and the same with
    /// one axis or three.
    pub fn view(&self, flat: &Tensor, slot: &Slot) -> Result<Tensor, tch::TchError> {
        let part = flat.f_narrow(0, slot.offset as i64, slot.count() as i64)?;
        let shape: Vec<i64> = slot.shape.iter().map(|&size| size as i64).collect();
        match *shape.as_slice() {
            [out, inner, x] => part.f_view([out, x, inner])?.f_permute([0, 2, 1]),
            [out, inner, y, x] => part.f_view([out, y, x, inner])?.f_permute([0, 3, 1, 2]),
            [out, inner, z, y, x] => part.f_view([out, z, y, x, inner])?.f_permute([0, 4, 1, 2, 3]),
            _ => part.f_view(shape.as_slice()),
        }
    }

    /// The named parts of a flat tensor (weights, gradients, moments), as copies in row-major order on the CPU.
    pub fn split(&self, flat: &Tensor) -> Result<IndexMap<String, Tensor>, NetworkError> {
        let flat = flat.f_detach()?.f_to_device(tch::Device::Cpu)?;
        self.slots
            .iter()
            .map(|(name, slot)| Ok((name.clone(), tensors::copy(&self.view(&flat, slot)?.f_contiguous()?)?)))
            .collect()
    }

    /// Copies named parts into a flat tensor of this layout. All names and shapes are checked before anything changes.
    pub fn join(&self, parts: &IndexMap<String, Tensor>, flat: &Tensor) -> Result<(), NetworkError> {
        let wanted = self.slots.iter().map(|(name, slot)| (name.as_str(), slot.shape.clone()));
        check_names(wanted, parts)?;
        tch::no_grad(|| {
            for (name, slot) in &self.slots {
                self.view(flat, slot)?.f_copy_(&parts[name.as_str()])?;
            }
            Ok(())
        })
    }
}

/// Compares names and shapes; the error lists every difference, so that one look tells what the file is.
pub(super) fn check_names<'a>(
    wanted: impl Iterator<Item = (&'a str, Vec<usize>)>,
    given: &IndexMap<String, Tensor>,
) -> Result<(), NetworkError> {
    let mut left: BTreeSet<&str> = given.keys().map(String::as_str).collect();
    let mut faults = Vec::new();
    for (name, shape) in wanted {
        left.remove(name);
        match given.get(name) {
            None => faults.push(format!("`{name}` is missing")),
            Some(tensor) => {
                let found: Vec<usize> = tensor.size().iter().map(|&size| size as usize).collect();
                if found != shape {
                    faults.push(format!("`{name}` should be {shape:?} but is {found:?}"));
                } else if !matches!(tensor.kind(), Kind::Float | Kind::Double | Kind::BFloat16 | Kind::Half) {
                    faults.push(format!("`{name}` holds {:?}, not floats", tensor.kind()));
                }
            }
        }
    }
    faults.extend(left.into_iter().map(|name| format!("`{name}` is unknown here")));
    if faults.is_empty() {
        return Ok(());
    }
    const SHOWN: usize = 8;
    let rest = faults.len().saturating_sub(SHOWN);
    let mut text = faults.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("; ");
    if rest > 0 {
        text.push_str(&format!("; and {rest} more"));
    }
    Err(NetworkError::OtherNetwork(text))
}
