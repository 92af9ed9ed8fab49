//! Sample sets as files: Aquila's own HDF5 layout, the patch folders of POLARIScore, and cutouts of star clusters.

use super::{Error, Result, hdf5, npy};
use crate::data::{CardValue, Channel, ColumnValues, Header, SampleSet, Split, Values};
use crate::io::Contents;
use indexmap::IndexMap;
use ndarray::{ArrayD, IxDyn};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Writes `/channels/<name>`, `/target/<name>` (float32, attribute `units`), `/split` (0 train, 1 validation, 2 test),
/// `/group`, and the attributes of the file. The same set gives the same bytes.
pub fn write(path: &Path, set: &SampleSet) -> Result<()> {
    if let Some(what) = set.inconsistency() {
        return Err(Error::unsupported(path, "", what, "this set cannot be written: make it anew"));
    }
    let split = set.split.iter().map(|part| match part {
        Split::Train => 0_u8,
        Split::Validation => 1,
        Split::Test => 2,
    });
    let split = Values::U8(split.collect::<ndarray::Array1<u8>>().into_dyn());
    let group = Values::U32(set.group.iter().copied().collect::<ndarray::Array1<u32>>().into_dyn());
    let mut entries = Vec::new();
    for (folder, channels) in [("channels", &set.channels), ("target", &set.targets)] {
        for (index, (name, channel)) in channels.iter().enumerate() {
            // HDF5 lists names in alphabetical order; networks care for the order of their inputs.
            let mut header = Header::default();
            header.cards.push(card("index", CardValue::Integer(index as i64)));
            entries.push(hdf5::Entry {
                name: format!("{folder}/{name}"),
                values: hdf5::Numbers::Single(&channel.values),
                unit: &channel.unit,
                header,
            });
        }
    }
    for (name, values) in [("split", &split), ("group", &group)] {
        let values = hdf5::Numbers::Any(values);
        entries.push(hdf5::Entry { name: name.into(), values, unit: "", header: Header::default() });
    }
    let mut attributes = Header::default();
    for (key, text) in &set.attributes {
        let value = match (key.as_str(), text.parse::<i64>()) {
            ("seed", Ok(seed)) => CardValue::Integer(seed),
            _ => CardValue::Text(text.clone()),
        };
        attributes.cards.push(card(key, value));
    }
    hdf5::write(path, &entries, &attributes)
}

/// Reads a sample set: a file of ours, a file with `image_cutouts` of star clusters, or a folder `batch_*` of POLARIScore.
/// The latter two name no split: every sample is marked as training, and the attribute `split` says so.
pub fn read(path: &Path) -> Result<SampleSet> {
    if path.is_dir() {
        return read_polariscore(path);
    }
    let found = hdf5::scan(path)?;
    let has = |name: &str| found.iter().any(|info| info.name == name);
    let set = if has("image_cutouts") {
        read_clusters(path, &found)?
    } else if has("split") && found.iter().any(|info| info.name.starts_with("channels/")) {
        read_own(path, &found)?
    } else {
        let names: Vec<&str> = found.iter().map(|info| info.name.as_str()).take(10).collect();
        let what = format!("is no sample set: it holds {}", names.join(", "));
        return Err(Error::absent(path, "", what, "make one with `aquila dataset`"));
    };
    match set.inconsistency() {
        Some(what) => Err(Error::damaged(path, "", what, "make the set anew with `aquila dataset`")),
        None => Ok(set),
    }
}

fn card(key: &str, value: CardValue) -> crate::data::Card {
    crate::data::Card { key: key.to_owned(), value, comment: String::new() }
}

fn singles(path: &Path, name: &str) -> Result<ArrayD<f32>> {
    hdf5::read_values(path, name)?.into_f32().ok_or_else(|| {
        Error::unsupported(path, format!("dataset {name}"), "holds complex numbers", "give real samples")
    })
}

fn integers(path: &Path, name: &str) -> Result<Vec<i64>> {
    let values = hdf5::read_values(path, name)?;
    let whole = values.to_f64().map(|array| array.into_iter().collect::<Vec<f64>>()).unwrap_or_default();
    if whole.iter().any(|value| value.fract() != 0.0 || value.abs() > 9e15) {
        let what = "holds something that is no whole number";
        return Err(Error::damaged(path, format!("dataset {name}"), what, "make the set anew"));
    }
    Ok(whole.into_iter().map(|value| value as i64).collect())
}

fn texts(header: &Header) -> IndexMap<String, String> {
    let text = |value: &CardValue| match value {
        CardValue::Text(text) => text.clone(),
        CardValue::Integer(value) => value.to_string(),
        CardValue::Float(value) => value.to_string(),
        CardValue::Logical(value) => value.to_string(),
        CardValue::Empty => String::new(),
    };
    header.cards.iter().map(|card| (card.key.clone(), text(&card.value))).collect()
}

fn read_own(path: &Path, found: &[hdf5::DatasetInfo]) -> Result<SampleSet> {
    let folder = |prefix: &str| -> Result<IndexMap<String, Channel>> {
        let mut inside: Vec<_> =
            found.iter().filter_map(|info| Some((info.name.strip_prefix(prefix)?, info))).collect();
        inside.sort_by_key(|(_, info)| info.header.integer("index").unwrap_or(i64::MAX));
        let channel = |(name, info): (&str, &hdf5::DatasetInfo)| {
            let values = singles(path, &info.name)?;
            Ok((name.to_owned(), Channel { unit: info.unit.clone(), values }))
        };
        inside.into_iter().map(channel).collect()
    };
    let damaged = |name: &str, what: String| {
        Error::damaged(path, format!("dataset {name}"), what, "make the set anew with `aquila dataset`")
    };
    let split = integers(path, "split")?.into_iter().map(|part| match part {
        0 => Ok(Split::Train),
        1 => Ok(Split::Validation),
        2 => Ok(Split::Test),
        other => Err(damaged("split", format!("holds {other}; known are 0 train, 1 validation, 2 test"))),
    });
    let group = integers(path, "group")?
        .into_iter()
        .map(|group| u32::try_from(group).map_err(|_| damaged("group", format!("holds {group}"))));
    Ok(SampleSet {
        channels: folder("channels/")?,
        targets: folder("target/")?,
        split: split.collect::<Result<_>>()?,
        group: group.collect::<Result<_>>()?,
        attributes: texts(&hdf5::attributes(path)?),
    })
}

/// What the foreign layouts do not say.
const NO_SPLIT: &str = "the source names none: every sample is marked train";

fn read_clusters(path: &Path, found: &[hdf5::DatasetInfo]) -> Result<SampleSet> {
    let mut set = SampleSet { attributes: texts(&hdf5::attributes(path)?), ..SampleSet::default() };
    let cutouts = singles(path, "image_cutouts")?;
    let count = cutouts.shape().first().copied().unwrap_or(0);
    let unit = |name: &str| {
        found.iter().find(|info| info.name == name).map(|info| info.unit.clone()).unwrap_or_default()
    };
    set.channels.insert("image_cutouts".into(), Channel { unit: unit("image_cutouts"), values: cutouts });
    let ages = singles(path, "cluster_log_ages")?;
    let damaged = |name: &str, what: String| {
        Error::damaged(
            path,
            format!("dataset {name}"),
            what,
            "every dataset must have one entry for each cutout",
        )
    };
    let (length, shape) = (ages.len(), IxDyn(&[count, 1]));
    let ages = ages
        .into_shape_with_order(shape)
        .map_err(|_| damaged("cluster_log_ages", format!("holds {length} ages for {count} cutouts")))?;
    set.targets.insert("cluster_log_ages".into(), Channel { unit: "dex(yr)".into(), values: ages });
    let galaxies = match hdf5::read(path, "galaxy_ids")? {
        Contents::Table(table) => match table.columns.into_iter().next().map(|column| column.values) {
            Some(ColumnValues::Text(names)) => names,
            _ => return Err(damaged("galaxy_ids", "holds no names".into())),
        },
        _ => integers(path, "galaxy_ids")?.iter().map(i64::to_string).collect(),
    };
    let names: BTreeSet<&String> = galaxies.iter().collect();
    let numbers: BTreeMap<&String, u32> = names.iter().copied().zip(0..).collect();
    set.group = galaxies.iter().map(|name| numbers[name]).collect();
    set.split = vec![Split::Train; count];
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    set.attributes.insert("groups".into(), names.join(", "));
    if found.iter().any(|info| info.name == "cluster_ids") {
        let ids: Vec<String> = integers(path, "cluster_ids")?.iter().map(i64::to_string).collect();
        set.attributes.insert("cluster_ids".into(), ids.join(", "));
    }
    set.attributes.insert("split".into(), NO_SPLIT.into());
    Ok(set)
}

/// Units of POLARIScore's channels, and which of them its networks predict.
const POLARISCORE: [(&str, &str, bool); 6] = [
    ("cdens", "cm-2", false),
    ("vdens", "cm-3", true),
    ("cospectra", "K", false),
    ("density", "cm-3", true),
    ("cdens_context", "cm-2; mask", false),
    ("physize", "pc", false),
];

/// A folder of `<sample>_<channel>.npy` and `settings.json`.
fn read_polariscore(folder: &Path) -> Result<SampleSet> {
    let system = |source| Error::system(folder, "list the folder", source);
    let mut files: BTreeMap<String, BTreeMap<u64, PathBuf>> = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(system)? {
        let path = entry.map_err(system)?.path();
        let Some(stem) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".npy")) else {
            continue;
        };
        let Some((number, channel)) = stem.split_once('_') else { continue };
        if let Ok(number) = number.parse() {
            files.entry(channel.to_owned()).or_default().insert(number, path.clone());
        }
    }
    let Some(numbers) = files.values().next().map(|paths| paths.keys().copied().collect::<Vec<u64>>()) else {
        let what = "is no patch folder: it holds no files `<sample>_<channel>.npy`";
        return Err(Error::absent(
            folder,
            "",
            what,
            "name a POLARIScore folder `batch_…` or a sample set `*.h5`",
        ));
    };
    let mut set = SampleSet {
        split: vec![Split::Train; numbers.len()],
        // All patches of a folder are cut from one simulation.
        group: vec![0; numbers.len()],
        ..SampleSet::default()
    };
    set.attributes.insert("format".into(), "polariscore".into());
    set.attributes.insert("split".into(), NO_SPLIT.into());
    let mut order: Vec<String> = Vec::new();
    let settings = folder.join("settings.json");
    if settings.is_file() {
        let text = fs::read_to_string(&settings)
            .map_err(|source| Error::system(&settings, "read the file", source))?;
        let parsed: serde_json::Value = serde_json::from_str(&text).map_err(|error| {
            Error::damaged(&settings, "", format!("is no JSON: {error}"), "mend or remove it")
        })?;
        if let Some(names) = parsed["order"].as_array() {
            order.extend(names.iter().filter_map(|name| name.as_str().map(str::to_owned)));
        }
        set.attributes.insert("settings".into(), text);
    }
    order.retain(|name| files.contains_key(name));
    order.extend(files.keys().filter(|name| !order.contains(name)).cloned().collect::<Vec<_>>());
    for name in order {
        let Some(paths) = files.get(&name) else { continue };
        if let Some(absent) = numbers.iter().find(|number| !paths.contains_key(number)) {
            let what = format!("{absent}_{name}.npy is missing");
            return Err(Error::absent(
                folder,
                "",
                what,
                "complete the folder or remove the sample's other files",
            ));
        }
        if paths.len() != numbers.len() {
            let what = format!("the channel {name} has {} samples, others {}", paths.len(), numbers.len());
            return Err(Error::absent(folder, "", what, "complete the folder"));
        }
        let known = POLARISCORE.iter().find(|(known, ..)| *known == name);
        let unit = known.map_or("", |(_, unit, _)| unit).to_owned();
        let channel = Channel { unit, values: stacked(&name, paths)? };
        let targets = known.is_some_and(|(.., target)| *target);
        if targets { &mut set.targets } else { &mut set.channels }.insert(name, channel);
    }
    Ok(set)
}

/// The samples of one channel, one after the other.
fn stacked(channel: &str, paths: &BTreeMap<u64, PathBuf>) -> Result<ArrayD<f32>> {
    let mut shape: Vec<usize> = Vec::new();
    let mut all = Vec::new();
    for path in paths.values() {
        let values = npy::read_values(path, "")?;
        if all.is_empty() {
            shape = values.shape().to_vec();
            all.reserve_exact(values.len() * paths.len());
        }
        if values.shape() != shape {
            let what = format!("has the shape {:?}, the samples before it {shape:?}", values.shape());
            return Err(Error::unsupported(path, "", what, "all samples of a channel must have one shape"));
        }
        let values = values
            .into_f32()
            .ok_or_else(|| Error::unsupported(path, "", "holds complex numbers", "give real samples"))?;
        all.extend(values);
    }
    // A context has its channels in front, a cube its velocities at the end, a number stands for itself.
    let mut full = vec![paths.len()];
    if shape.is_empty() || (shape.len() > 1 && !channel.ends_with("_context")) {
        full.push(1);
    }
    full.extend(shape);
    let first = paths.values().next().map(PathBuf::as_path).unwrap_or(Path::new(channel));
    ArrayD::from_shape_vec(full, all)
        .map_err(|error| Error::damaged(first, "", error.to_string(), "write the samples again"))
}
