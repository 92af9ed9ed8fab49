//! The zip that `torch.save` writes: a pickle that says where the tensors lie, and their numbers, stored as they are.
//! What the file claims is checked against what it holds before memory is asked for.

use super::pickle::{Number, Pickle, Storage, TensorPlace, Value};
use crate::network::tensors;
use indexmap::IndexMap;
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;
use std::rc::Rc;
use tch::{Device, Tensor};
use zip::{CompressionMethod, ZipArchive};

/// The longest pickle that is read: names and sizes of a million tensors.
const MOST_PICKLE_BYTES: u64 = 256 << 20;
/// Keys under which training scripts keep the state dict, the likeliest first.
const USUAL_KEYS: [&str; 6] = ["model_state_dict", "state_dict", "model", "network", "net", "weights"];

/// The named tensors of a state dict, as float32, in the file's order.
///
/// # Errors
/// No such file, a damaged one, a pickle that wants to execute something, or several state dicts of which none is the usual one.
pub fn read(path: &Path) -> anyhow::Result<IndexMap<String, Tensor>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut archive = ZipArchive::new(BufReader::new(file))
        .map_err(|error| anyhow::anyhow!("the zip is damaged ({error}); copy or save the file again"))?;
    let pickles: Vec<String> =
        archive.file_names().filter(|name| name.ends_with("/data.pkl")).map(str::to_owned).collect();
    let [pickle] = pickles.as_slice() else {
        anyhow::bail!(
            "this zip holds {} state dicts (data.pkl), not one; it was not written by torch.save",
            pickles.len()
        );
    };
    let root = pickle.trim_end_matches("data.pkl").to_owned();
    if archive.file_names().any(|name| name == format!("{root}byteorder"))
        && entry(&mut archive, &format!("{root}byteorder"), 16)? != b"little"
    {
        anyhow::bail!("its numbers are big-endian; save it again on another machine");
    }
    let bytes = entry(&mut archive, pickle, MOST_PICKLE_BYTES)?;
    let pickle = Pickle::read(&bytes)?;
    let places = state_dict(&pickle)?;
    let mut reader = Reader { archive, root, left: 16 * length + (1 << 20), last: None };
    places.into_iter().map(|(name, place)| Ok((name.clone(), reader.tensor(&name, &place)?))).collect()
}

/// An entry that is stored uncompressed and no longer than `most`.
fn entry(archive: &mut ZipArchive<BufReader<File>>, name: &str, most: u64) -> anyhow::Result<Vec<u8>> {
    let entry = archive.by_name(name).map_err(|error| anyhow::anyhow!("`{name}` in the zip: {error}"))?;
    if entry.compression() != CompressionMethod::Stored {
        anyhow::bail!("`{name}` in the zip is compressed, which torch.save never does");
    }
    if entry.size() > most {
        anyhow::bail!("`{name}` in the zip claims {} bytes", entry.size());
    }
    let size = entry.size();
    let mut bytes = Vec::new();
    entry.take(most).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != size {
        anyhow::bail!("`{name}` in the zip ends too early");
    }
    Ok(bytes)
}

/// A tensor's name in a dictionary, and where it lies.
type NamedPlace = (String, Rc<TensorPlace>);

/// The dictionary of tensors: the pickle's own, or the one under a usual key.
fn state_dict(pickle: &Pickle) -> anyhow::Result<Vec<NamedPlace>> {
    let mut found: Vec<(String, Vec<NamedPlace>)> = Vec::new();
    let mut seen = HashSet::new();
    let mut left = vec![(String::new(), pickle.value.clone())];
    while let Some((path, value)) = left.pop() {
        let Value::Dict(number) = value else { continue };
        if !seen.insert(number) {
            continue;
        }
        let mut tensors = Vec::new();
        for (key, value) in pickle.dict(number) {
            let Value::Text(key) = key else { continue };
            match value {
                Value::Tensor(place) => tensors.push((key.to_string(), Rc::clone(place))),
                Value::Dict(_) => left.push((format!("{path}/{key}"), value.clone())),
                _ => {}
            }
        }
        if !tensors.is_empty() {
            found.push((path, tensors));
        }
    }
    let usual =
        USUAL_KEYS.iter().find_map(|key| found.iter().position(|(path, _)| path == &format!("/{key}")));
    let own = found.iter().position(|(path, _)| path.is_empty());
    match (usual.or(own), found.len()) {
        (Some(place), _) => Ok(found.swap_remove(place).1),
        (None, 1) => Ok(found.swap_remove(0).1),
        (None, 0) => {
            anyhow::bail!("there is no tensor in it; save the state dict: torch.save(model.state_dict(), …)")
        }
        (None, _) => {
            let paths: Vec<&str> = found.iter().map(|(path, _)| path.trim_start_matches('/')).collect();
            anyhow::bail!(
                "it holds several state dicts ({}); save only the one that is meant",
                paths.join(", ")
            )
        }
    }
}

struct Reader {
    archive: ZipArchive<BufReader<File>>,
    root: String,
    /// Bytes that may still be asked for: a few views of one storage are usual, thousands are an attack.
    left: u64,
    last: Option<(Rc<Storage>, Vec<u8>)>,
}

impl Reader {
    fn tensor(&mut self, name: &str, place: &TensorPlace) -> anyhow::Result<Tensor> {
        let storage = &place.storage;
        let beyond =
            || anyhow::anyhow!("tensor `{name}` of sizes {:?} does not lie within its storage", place.sizes);
        let count = place
            .sizes
            .iter()
            .try_fold(1_u64, |count, &size| count.checked_mul(size))
            .filter(|&count| count <= storage.count)
            .ok_or_else(beyond)?;
        // The last number must lie within, too; strides are never negative.
        place
            .sizes
            .iter()
            .zip(&place.strides)
            .try_fold(place.offset, |last, (&size, &stride)| {
                last.checked_add(size.saturating_sub(1).checked_mul(stride)?)
            })
            .filter(|&last| count == 0 || last < storage.count)
            .ok_or_else(beyond)?;
        let bytes = self.storage(name, storage)?;
        let size = storage.number.bytes() as usize;
        let mut values = Vec::with_capacity(count as usize);
        let mut index = vec![0_u64; place.sizes.len()];
        for _ in 0..count {
            let at =
                place.offset + index.iter().zip(&place.strides).map(|(i, stride)| i * stride).sum::<u64>();
            let at = at as usize * size;
            values.push(number(storage.number, &bytes[at..at + size]));
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                if index[axis] < place.sizes[axis] {
                    break;
                }
                index[axis] = 0;
            }
        }
        let sizes: Vec<usize> = place.sizes.iter().map(|&size| size as usize).collect();
        Ok(tensors::from_slice(&values, &sizes, Device::Cpu)?)
    }

    fn storage(&mut self, name: &str, storage: &Rc<Storage>) -> anyhow::Result<&[u8]> {
        let bytes = storage.count.checked_mul(storage.number.bytes()).filter(|&bytes| bytes <= self.left);
        let Some(bytes) = bytes else {
            anyhow::bail!("tensor `{name}` claims {} numbers, more than the file can hold", storage.count);
        };
        self.left -= bytes;
        let is_last =
            self.last.as_ref().is_some_and(|(last, _)| Rc::ptr_eq(last, storage) || last == storage);
        if !is_last {
            let content = entry(&mut self.archive, &format!("{}data/{}", self.root, storage.key), bytes)?;
            if (content.len() as u64) < bytes {
                anyhow::bail!("tensor `{name}` claims {} numbers, its storage holds fewer", storage.count);
            }
            self.last = Some((Rc::clone(storage), content));
        }
        Ok(self.last.as_ref().map_or(&[], |(_, content)| content.as_slice()))
    }
}

/// One number of a storage, little-endian, as float32. The slice has the number's length.
fn number(kind: Number, bytes: &[u8]) -> f32 {
    let mut whole = [0; 8];
    whole[..bytes.len()].copy_from_slice(bytes);
    let raw = u64::from_le_bytes(whole);
    match kind {
        Number::F16 => half::f16::from_bits(raw as u16).to_f32(),
        Number::BF16 => half::bf16::from_bits(raw as u16).to_f32(),
        Number::F32 => f32::from_bits(raw as u32),
        Number::F64 => f64::from_bits(raw) as f32,
        Number::I8 => f32::from(raw as i8),
        Number::U8 => f32::from(raw as u8),
        Number::I16 => f32::from(raw as i16),
        Number::I32 => raw as i32 as f32,
        Number::I64 => raw as i64 as f32,
        Number::Bool => f32::from(u8::from(raw != 0)),
    }
}
