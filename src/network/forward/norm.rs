//! Normalisations. Their statistics are float32 also where the activations are bfloat16.

use super::{Pass, as_before, as_map, channels_first, fault, pixels_first};
use tch::{TchError, Tensor};

impl Pass<'_> {
    /// Batch norm with the step's parameters from `parameter` on and buffers from `buffer` on.
    pub(super) fn batch_norm(
        &self,
        x: &Tensor,
        parameter: usize,
        buffer: usize,
        epsilon: f64,
        momentum: f64,
    ) -> Result<Tensor, TchError> {
        let weights = [self.parameter(parameter), self.parameter(parameter + 1)];
        self.batch_statistics(x, Some(weights), buffer, epsilon, momentum)
    }

    /// The same without weights if there are none.
    pub(super) fn batch_statistics(
        &self,
        x: &Tensor,
        weights: Option<[&Tensor; 2]>,
        buffer: usize,
        epsilon: f64,
        momentum: f64,
    ) -> Result<Tensor, TchError> {
        let training = self.run.training.is_some();
        let map = as_map(x)?;
        let size = map.size();
        if training && size[0] * size[2..].iter().product::<i64>() < 2 {
            return Err(fault(
                "batch statistics want more than one value per channel; take a larger batch or larger maps",
            ));
        }
        let y = map.f_batch_norm(
            weights.map(|[weight, _]| weight),
            weights.map(|[_, bias]| bias),
            Some(self.buffer(buffer)),
            Some(self.buffer(buffer + 1)),
            training,
            momentum,
            epsilon,
            true,
        )?;
        as_before(y, x.dim())
    }

    pub(super) fn group_norm(&self, x: &Tensor, groups: usize, epsilon: f64) -> Result<Tensor, TchError> {
        let (weight, bias) = (self.weight(0)?, self.weight(1)?);
        let y = as_map(x)?.f_group_norm(groups as i64, Some(&weight), Some(&bias), epsilon, true)?;
        as_before(y, x.dim())
    }

    /// A group norm with as many groups as channels, which does not copy the map into another order.
    pub(super) fn instance_norm(
        &self,
        x: &Tensor,
        channels: usize,
        epsilon: f64,
    ) -> Result<Tensor, TchError> {
        if as_map(x)?.size()[2..].iter().product::<i64>() < 2 {
            return Err(fault("its statistics want more than one pixel; take larger maps or another norm"));
        }
        self.group_norm(x, channels, epsilon)
    }

    pub(super) fn layer_norm(&self, x: &Tensor, channels: usize, epsilon: f64) -> Result<Tensor, TchError> {
        let (weight, bias) = (self.weight(0)?, self.weight(1)?);
        let y =
            pixels_first(x)?.f_layer_norm([channels as i64], Some(&weight), Some(&bias), epsilon, true)?;
        channels_first(&y, x.dim())
    }
}
