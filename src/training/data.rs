//! A sample set as a training wants it: channels in order, in their space, standardised by the training pixels alone, blanks known.

use super::error::{Result, TrainingError};
use super::metrics::{Metrics, PowerLaw, Residuals};
use super::symmetry::Symmetry;
use crate::data::{Channel, SampleSet, Split};
use crate::recipe::{DataSettings, Space};
use ndarray::{Array3, Array4, ArrayD, ArrayView3, Axis, s};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One quantity and the straight line that standardises it: (value in its space − mean) / std.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standard {
    /// The channel of the sample set, with `[i]` where it has several planes.
    pub name: String,
    pub unit: String,
    pub space: Space,
    /// Over the training pixels, in the space above.
    pub mean: f64,
    pub std: f64,
    pub min: f64,
    pub max: f64,
}

/// All that must be known to bring data into the trained network and its answer back; stored in the run and its checkpoints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Described {
    pub inputs: Vec<Standard>,
    pub targets: Vec<Standard>,
    /// Rows and columns of a sample; one by one where it is a list of numbers.
    pub shape: [usize; 2],
    /// Side of a pixel in pc, where the sample set says it.
    pub pixel_pc: Option<f64>,
    /// Samples for training, validation, test.
    pub samples: [usize; 3],
    /// The trivial predictor: first target as a power law of the first input, fitted to the training pixels.
    pub baseline: Option<PowerLaw>,
}

/// The samples, standardised.
pub struct Samples {
    pub described: Described,
    /// (sample, channel, y, x).
    pub inputs: Array4<f32>,
    /// (sample, channel, y, x), NaN where the truth is not known; one by one pixel for a scalar target.
    pub targets: Array4<f32>,
    /// Whether the target is a map (else one number per sample and channel).
    pub target_is_map: bool,
    /// Planes of each input the recipe names.
    pub planes: Vec<usize>,
    pub group: Vec<u32>,
    pub train: Vec<usize>,
    pub validation: Vec<usize>,
    pub test: Vec<usize>,
}

impl Standard {
    /// Value in its space from a physical one; NaN where there is none.
    pub fn in_space(&self, physical: f32) -> f32 {
        match self.space {
            Space::Linear => physical,
            Space::Log10 if physical > 0.0 => physical.log10(),
            Space::Log10 => f32::NAN,
        }
    }

    /// Standardised value from a physical one.
    pub fn standardise(&self, physical: f32) -> f32 {
        ((f64::from(self.in_space(physical)) - self.mean) / self.std) as f32
    }

    /// Physical value from a standardised one.
    pub fn physical(&self, standardised: f32) -> f32 {
        let value = f64::from(standardised) * self.std + self.mean;
        match self.space {
            Space::Linear => value as f32,
            Space::Log10 => 10_f64.powf(value) as f32,
        }
    }

    /// log10 of the physical value from a standardised one; NaN or −∞ where it has none.
    pub fn dex(&self, standardised: f32) -> f32 {
        let value = f64::from(standardised) * self.std + self.mean;
        match self.space {
            Space::Linear if self.is_logarithm() => value as f32,
            Space::Linear => value.log10() as f32,
            Space::Log10 => value as f32,
        }
    }

    /// Whether the values are decimal logarithms already, as their unit says (ages of clusters: `dex(yr)`).
    fn is_logarithm(&self) -> bool {
        self.unit.starts_with("dex")
    }
}

/// Takes what the recipe names out of the set and standardises it by the training samples.
///
/// # Errors
/// A name the set does not have, shapes that do not fit, blanks in an input, a sample without any known target.
pub fn prepare(set: &SampleSet, settings: &DataSettings) -> Result<Samples> {
    let (train, validation) = (set.indices(Split::Train), set.indices(Split::Validation));
    if train.is_empty() || validation.is_empty() {
        return Err(TrainingError::data(
            format!("{} training and {} validation samples", train.len(), validation.len()),
            "both are needed; make more patches, or give another split",
        ));
    }
    let raw = Raw::of(set, settings)?;
    let standards = |planes: &[Plane], space| standards(planes, space, &train);
    let inputs = standards(&raw.inputs, settings.input_space)?;
    let targets = standards(&raw.targets, settings.target_space)?;
    let described = Described {
        inputs,
        targets,
        shape: raw.shape,
        pixel_pc: set.attributes.get("pixel_pc").and_then(|text| text.parse().ok()),
        samples: [train.len(), validation.len(), set.indices(Split::Test).len()],
        baseline: None,
    };
    let mut samples = standardised(set, raw, described)?;
    for (part, members) in [("training", &samples.train), ("validation", &samples.validation)] {
        let blank =
            |&&sample: &&usize| samples.targets.index_axis(Axis(0), sample).iter().all(|v| v.is_nan());
        if let Some(sample) = members.iter().find(blank) {
            return Err(TrainingError::data(
                format!("{part} sample {sample} has no known pixel of the target `{}`", settings.target),
                "leave such samples out when making the set",
            ));
        }
    }
    samples.described.baseline = samples.fit_baseline();
    Ok(samples)
}

/// As `prepare`, but standardised as a trained network wants it.
pub fn prepare_with(set: &SampleSet, settings: &DataSettings, described: &Described) -> Result<Samples> {
    let raw = Raw::of(set, settings)?;
    if (raw.inputs.len(), raw.targets.len()) != (described.inputs.len(), described.targets.len()) {
        return Err(TrainingError::data(
            format!("{} input and {} target planes", raw.inputs.len(), raw.targets.len()),
            format!(
                "the network was trained on {} and {}; give a sample set of the same kind",
                described.inputs.len(),
                described.targets.len()
            ),
        ));
    }
    standardised(set, raw, described.clone())
}

/// One plane of a channel or target: (sample, y, x), physical.
struct Plane {
    name: String,
    unit: String,
    values: Array3<f32>,
    /// How many planes before this one the channel began, with which it shares its standard: the velocities of a cube.
    shared: usize,
}

/// What the recipe names, before it is standardised.
struct Raw {
    inputs: Vec<Plane>,
    /// Planes of each named input.
    planes: Vec<usize>,
    targets: Vec<Plane>,
    target_is_map: bool,
    shape: [usize; 2],
}

impl Raw {
    fn of(set: &SampleSet, settings: &DataSettings) -> Result<Self> {
        let (mut inputs, mut planes) = (Vec::new(), Vec::new());
        for name in &settings.inputs {
            let channel = find(&set.channels, name, "channel", "data.inputs")?;
            let (values, velocities) = stacked(&channel.values, name)?;
            let own = split_planes(channel, name, values, velocities, set.len())?;
            planes.push(own.len());
            inputs.extend(own);
        }
        let name = &settings.target;
        let target = find(&set.targets, name, "target", "data.target")?;
        let target_is_map = target.values.ndim() == 4;
        let (values, _) = if matches!(target.values.ndim(), 2 | 4) {
            stacked(&target.values, name)?
        } else {
            return Err(TrainingError::data(
                format!("target `{name}` has the shape {:?}", target.values.shape()),
                "a target is a map (sample, channel, y, x) or a number (sample, channel)",
            ));
        };
        let targets = split_planes(target, name, values, 1, set.len())?;
        let first = inputs.first().zip(targets.first()).ok_or_else(|| {
            TrainingError::data("an input or the target has no planes", "the file is damaged; make it again")
        })?;
        let (_, rows, columns) = first.0.values.dim();
        if let Some(other) = inputs.iter().find(|plane| plane.values.dim() != first.0.values.dim()) {
            return Err(TrainingError::data(
                format!("input `{}` has another shape than `{}`", other.name, first.0.name),
                "all inputs must lie on one grid",
            ));
        }
        Ok(Self { inputs, planes, targets, target_is_map, shape: [rows, columns] })
    }
}

fn split_planes(
    channel: &Channel,
    name: &str,
    values: Array4<f32>,
    velocities: usize,
    samples: usize,
) -> Result<Vec<Plane>> {
    if values.len_of(Axis(0)) != samples {
        return Err(TrainingError::data(
            format!("`{name}` has {} samples, the split {samples}", values.len_of(Axis(0))),
            "the file is damaged; make it again",
        ));
    }
    let count = values.len_of(Axis(1));
    Ok((0..count)
        .map(|plane| Plane {
            name: if count == 1 { name.to_owned() } else { format!("{name}[{plane}]") },
            unit: channel.unit.clone(),
            values: values.index_axis(Axis(1), plane).to_owned(),
            shared: plane % velocities.max(1),
        })
        .collect())
}

fn standardised(set: &SampleSet, raw: Raw, described: Described) -> Result<Samples> {
    let stack = |planes: &[Plane], standards: &[Standard]| {
        let (samples, rows, columns) = planes[0].values.dim();
        let mut stacked = Array4::<f32>::zeros((samples, planes.len(), rows, columns));
        for (mut to, (plane, standard)) in stacked.axis_iter_mut(Axis(1)).zip(planes.iter().zip(standards)) {
            to.zip_mut_with(&plane.values, |to, &value| *to = standard.standardise(value));
        }
        stacked
    };
    let inputs = stack(&raw.inputs, &described.inputs);
    refuse_blanks(&inputs, &described.inputs)?;
    Ok(Samples {
        inputs,
        targets: stack(&raw.targets, &described.targets),
        target_is_map: raw.target_is_map,
        planes: raw.planes,
        group: set.group.clone(),
        train: set.indices(Split::Train),
        validation: set.indices(Split::Validation),
        test: set.indices(Split::Test),
        described,
    })
}

impl Samples {
    /// Input and target of one sample as a symmetry shows them.
    pub fn seen(&self, sample: usize, symmetry: Symmetry) -> (ArrayView3<'_, f32>, ArrayView3<'_, f32>) {
        let input = symmetry.apply(self.inputs.index_axis(Axis(0), sample));
        let target = self.targets.index_axis(Axis(0), sample);
        (input, if self.target_is_map { symmetry.apply(target) } else { target })
    }

    /// (log10 input, log10 target) of every pixel of these samples, first channel and first target.
    fn pairs<'a>(&'a self, samples: &'a [usize]) -> impl Iterator<Item = (f32, f32)> + Clone + 'a {
        let (input, target) = (&self.described.inputs[0], &self.described.targets[0]);
        samples.iter().flat_map(move |&sample| {
            let x = self.inputs.slice(s![sample, 0, .., ..]);
            let y = self.targets.slice(s![sample, 0, .., ..]);
            x.into_iter().zip(y).map(move |(&x, &y)| (input.dex(x), target.dex(y)))
        })
    }

    fn fit_baseline(&self) -> Option<PowerLaw> {
        self.target_is_map.then(|| PowerLaw::fit(self.pairs(&self.train))).flatten()
    }

    /// How good the trivial predictor is on these samples.
    pub fn baseline_metrics(&self, samples: &[usize]) -> Option<Metrics> {
        let law = self.described.baseline?;
        let mut residuals = Residuals::default();
        for (input, target) in self.pairs(samples) {
            residuals.add(f64::from(law.predict_dex(input)), f64::from(target));
        }
        residuals.metrics()
    }

    /// The samples of each group, groups in ascending order.
    pub fn by_group(&self, samples: &[usize]) -> BTreeMap<u32, Vec<usize>> {
        let mut groups: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for &sample in samples {
            groups.entry(self.group.get(sample).copied().unwrap_or(0)).or_default().push(sample);
        }
        groups
    }
}

fn find<'a>(
    channels: &'a indexmap::IndexMap<String, Channel>,
    name: &str,
    what: &str,
    key: &str,
) -> Result<&'a Channel> {
    channels.get(name).ok_or_else(|| {
        let known: Vec<&str> = channels.keys().map(String::as_str).collect();
        TrainingError::data(
            format!("the sample set has no {what} `{name}`"),
            format!("it has: {}; mend {key} in the recipe", known.join(", ")),
        )
    })
}

/// Numbers (sample, channel), maps (sample, channel, y, x) or cubes (sample, channel, y, x, v) as planes (sample, plane, y, x): a
/// number is a plane of one pixel, a cube one plane for each velocity. And how many velocities there are.
fn stacked(values: &ArrayD<f32>, name: &str) -> Result<(Array4<f32>, usize)> {
    let (samples, channels, rows, columns, velocities) = match *values.shape() {
        [samples, channels] => (samples, channels, 1, 1, 1),
        [samples, channels, rows, columns] => (samples, channels, rows, columns, 1),
        [samples, channels, rows, columns, velocities] => (samples, channels, rows, columns, velocities),
        _ => {
            return Err(TrainingError::data(
                format!("`{name}` has the shape {:?}", values.shape()),
                "a training takes numbers (sample, channel), maps (sample, channel, y, x) and cubes (sample, channel, y, x, v)",
            ));
        }
    };
    let ordered =
        if values.ndim() == 5 { values.view().permuted_axes(vec![0, 1, 4, 2, 3]) } else { values.view() };
    let shape = (samples, channels * velocities, rows, columns);
    let planes = ordered.as_standard_layout().into_owned().into_shape_with_order(shape).map_err(|error| {
        TrainingError::data(format!("`{name}`: {error}"), "the file is damaged; make it again")
    })?;
    Ok((planes, velocities))
}

fn standards(planes: &[Plane], space: Space, train: &[usize]) -> Result<Vec<Standard>> {
    let mut standards: Vec<Standard> = Vec::with_capacity(planes.len());
    for (index, plane) in planes.iter().enumerate() {
        let own = match standards.get(index.wrapping_sub(plane.shared)).filter(|_| plane.shared > 0) {
            Some(first) => Standard { name: plane.name.clone(), ..first.clone() },
            None => {
                let family = 1 + planes[index + 1..].iter().take_while(|next| next.shared > 0).count();
                standard(&planes[index..index + family], space, train)?
            }
        };
        standards.push(own);
    }
    Ok(standards)
}

/// Mean, deviation and range over the training pixels of the planes of one quantity; the first gives the name.
fn standard(planes: &[Plane], space: Space, train: &[usize]) -> Result<Standard> {
    let plane = &planes[0];
    let mut standard = Standard {
        name: plane.name.clone(),
        unit: plane.unit.clone(),
        space,
        mean: 0.0,
        std: 1.0,
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
    };
    let (mut n, mut mean, mut square) = (0_u64, 0.0_f64, 0.0_f64);
    for &sample in train {
        for &value in planes.iter().flat_map(|plane| plane.values.index_axis(Axis(0), sample).into_iter()) {
            let value = f64::from(standard.in_space(value));
            if !value.is_finite() {
                continue;
            }
            n += 1;
            let step = value - mean;
            mean += step / n as f64;
            square += step * (value - mean);
            standard.min = standard.min.min(value);
            standard.max = standard.max.max(value);
        }
    }
    if n == 0 {
        return Err(TrainingError::data(
            format!("`{}` has no usable pixel in the training samples", standard.name),
            "every value is blank, or not positive in a logarithmic space; choose another channel or `linear`",
        ));
    }
    standard.mean = mean;
    let std = (square / n as f64).sqrt();
    // A constant quantity has nothing to scale by.
    standard.std = if std > 1e-12 * mean.abs().max(1e-30) { std } else { 1.0 };
    Ok(standard)
}

fn refuse_blanks(inputs: &Array4<f32>, standards: &[Standard]) -> Result<()> {
    for (channel, standard) in standards.iter().enumerate() {
        let blanks = inputs.slice(s![.., channel, .., ..]).iter().filter(|v| !v.is_finite()).count();
        if blanks > 0 {
            let log = matches!(standard.space, Space::Log10);
            return Err(TrainingError::data(
                format!(
                    "input `{}` has {blanks} blank{} pixels",
                    standard.name,
                    if log { " or not positive" } else { "" }
                ),
                "leave those samples out when making the set, or use data.input_space = \"linear\" where the values may be negative",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use indexmap::IndexMap;

    fn set() -> SampleSet {
        let input = ArrayD::from_shape_fn(vec![3, 1, 2, 2], |i| 10_f32.powi((i[0] + i[2]) as i32));
        let mut target = input.mapv(|v| 100.0 * v * v);
        target[[0, 0, 0, 0]] = f32::NAN;
        let channel = |values| Channel { unit: "cm^-2".into(), values };
        SampleSet {
            channels: IndexMap::from([("n".to_owned(), channel(input))]),
            targets: IndexMap::from([("d".to_owned(), channel(target))]),
            split: vec![Split::Train, Split::Train, Split::Validation],
            group: vec![0, 0, 1],
            attributes: IndexMap::new(),
        }
    }

    fn settings() -> DataSettings {
        DataSettings { inputs: vec!["n".into()], target: "d".into(), ..DataSettings::default() }
    }

    #[test]
    fn only_training_pixels_standardise_and_fit() {
        let samples = prepare(&set(), &settings()).expect("good data");
        let input = &samples.described.inputs[0];
        // Training pixels are 0, 0, 1, 1 and 1, 1, 2, 2 dex.
        assert!((input.mean - 1.0).abs() < 1e-6 && (input.std - 0.5_f64.sqrt()).abs() < 1e-6, "{input:?}");
        assert_eq!((input.min, input.max), (0.0, 2.0));
        let law = samples.described.baseline.expect("a line");
        assert!((law.slope - 2.0).abs() < 1e-5 && (law.intercept_dex - 2.0).abs() < 1e-5, "{law:?}");
        assert!(samples.targets[[0, 0, 0, 0]].is_nan(), "an unknown truth stays unknown");
        assert!((input.physical(input.standardise(37.0)) - 37.0).abs() < 1e-4);
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let mut faulty = set();
        faulty.channels["n"].values[[1, 0, 0, 0]] = 0.0;
        let message = prepare(&faulty, &settings()).err().expect("refused").to_string();
        assert!(message.contains("`n` has 1 blank or not positive"), "{message}");
        let other = DataSettings { target: "density".into(), ..settings() };
        let message = prepare(&set(), &other).err().expect("refused").to_string();
        assert!(message.contains("no target `density`") && message.contains("it has: d"), "{message}");
    }

    #[test]
    fn the_velocities_of_a_cube_are_planes_with_one_standard() {
        // (sample, channel, y, x, v): 100 for each sample, 10 for each row, 1 for each velocity.
        let cube = ArrayD::from_shape_fn(vec![3, 1, 2, 2, 4], |i| (100 * i[0] + 10 * i[2] + i[4]) as f32);
        let mut set = set();
        set.channels.insert("ppv".into(), Channel { unit: "K".into(), values: cube });
        let settings = DataSettings { inputs: vec!["ppv".into()], input_space: Space::Linear, ..settings() };
        let samples = prepare(&set, &settings).expect("good data");
        assert_eq!(samples.inputs.dim(), (3, 4, 2, 2));
        assert_eq!(samples.planes, [4]);
        let standards = &samples.described.inputs;
        assert!(standards.iter().all(|one| (one.mean, one.std) == (standards[0].mean, standards[0].std)));
        // Mean over the two training samples: (0 + 100) / 2 + 5 + 1.5.
        assert!((standards[0].mean - 56.5).abs() < 1e-9, "{}", standards[0].mean);
        let back = standards[2].physical(samples.inputs[[1, 2, 1, 0]]);
        assert!((back - 112.0).abs() < 1e-3, "velocity 2 of row 1 of sample 1 is 112, not {back}");
    }

    #[test]
    fn a_target_in_dex_is_its_own_logarithm() {
        let mut set = set();
        let ages = ArrayD::from_shape_vec(vec![3, 1], vec![7.0, 9.0, 8.0]).expect("three ages");
        set.targets.insert("age".into(), Channel { unit: "dex(yr)".into(), values: ages });
        let settings = DataSettings { target: "age".into(), target_space: Space::Linear, ..settings() };
        let samples = prepare(&set, &settings).expect("good data");
        assert!(!samples.target_is_map);
        let standard = &samples.described.targets[0];
        assert!((standard.dex(samples.targets[[1, 0, 0, 0]]) - 9.0).abs() < 1e-6);
    }
}
