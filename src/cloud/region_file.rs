//! Regions as SAOImage DS9 writes them: circles, ellipses, boxes and polygons in fk5 (J2000), icrs, galactic or image coordinates.
//! What a file holds besides is left out, and said.

use super::region::{Region, Shape};
use super::sky_plane::Frame;
use super::{Error, Result};
use crate::io::atomic;
use std::fmt::Write;
use std::path::Path;

/// The regions of a file, and what was left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RegionFile {
    pub regions: Vec<Region>,
    pub warnings: Vec<String>,
}

/// Files of regions are small; a larger one is something else.
const MOST_BYTES: u64 = 16 << 20;

/// Reads a DS9 region file.
///
/// # Errors
/// A file that cannot be read, or is no text.
pub fn read_regions(path: &Path) -> Result<RegionFile> {
    let refused = |source| crate::io::Error::system(path, "read the file", source);
    let length = std::fs::metadata(path).map_err(refused)?.len();
    if length > MOST_BYTES {
        let advice = "choose a .reg file of SAOImage DS9";
        return Err(Error::input(
            format!("{}: {length} bytes are no list of regions", path.display()),
            advice,
        ));
    }
    Ok(parse_regions(&std::fs::read_to_string(path).map_err(refused)?))
}

/// The regions of a DS9 text.
pub fn parse_regions(text: &str) -> RegionFile {
    let mut file = RegionFile::default();
    let mut frame = None;
    // What DS9 draws in green it was not told to draw in any colour.
    let mut general = None;
    for (number, line) in text.lines().enumerate() {
        let (body, comment) = line.split_once('#').unwrap_or((line, ""));
        if body.trim_start().starts_with("global") {
            general = colour(line).filter(|colour| *colour != GREEN);
        }
        for part in body.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let mut warn = |what: String| file.warnings.push(format!("line {}: {what}", number + 1));
            let word: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            match word.to_ascii_lowercase().as_str() {
                "global" => break,
                "icrs" | "fk5" | "j2000" => frame = Some(Frame::Icrs),
                "galactic" => frame = Some(Frame::Galactic),
                "image" => frame = Some(Frame::Pixels),
                other @ ("physical" | "fk4" | "b1950" | "ecliptic" | "detector" | "amplifier" | "linear"
                | "wcs") => {
                    frame = None;
                    warn(format!(
                        "regions in {other} coordinates are left out; save them in fk5 or image coordinates"
                    ));
                }
                "" => warn(format!("'{part}' excludes or is no shape, and is left out")),
                shape => match frame {
                    None => {
                        warn(format!("the {shape} has no coordinate system that is known, and is left out"))
                    }
                    Some(frame) => match read_shape(shape, &part[word.len()..], frame) {
                        Ok(shape) => file.regions.push(Region {
                            name: name(comment),
                            frame,
                            colour: colour(comment).or(general),
                            shape,
                        }),
                        Err(what) => warn(what),
                    },
                },
            }
        }
    }
    file
}

const GREEN: [u8; 3] = [0, 255, 0];

/// The color= of a remark: a name of DS9, or #rgb, #rrggbb.
fn colour(remark: &str) -> Option<[u8; 3]> {
    // The name of a region may hold the word.
    let outside = match (remark.find("text="), remark.rfind(['}', '"', '\''])) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &remark[..from], &remark[to + 1..]),
        _ => remark.to_owned(),
    };
    let word = outside.split_once("color=")?.1.split_whitespace().next()?.to_ascii_lowercase();
    if let Some(digits) = word.strip_prefix('#') {
        let part = |at: usize, width: usize| u8::from_str_radix(digits.get(at..at + width)?, 16).ok();
        return match digits.len() {
            3 => Some([17 * part(0, 1)?, 17 * part(1, 1)?, 17 * part(2, 1)?]),
            6 => Some([part(0, 2)?, part(2, 2)?, part(4, 2)?]),
            _ => None,
        };
    }
    let named = match word.as_str() {
        "white" => [255; 3],
        "black" => [0; 3],
        "red" => [255, 0, 0],
        "green" => GREEN,
        "blue" => [0, 0, 255],
        "cyan" => [0, 255, 255],
        "magenta" => [255, 0, 255],
        "yellow" => [255, 255, 0],
        "orange" => [255, 165, 0],
        "pink" => [255, 192, 203],
        _ => return None,
    };
    Some(named)
}

/// The text= of a region's remark.
fn name(comment: &str) -> String {
    let Some((_, rest)) = comment.split_once("text=") else { return String::new() };
    let close = match rest.chars().next() {
        Some('{') => '}',
        Some(quote @ ('"' | '\'')) => quote,
        _ => return rest.split_whitespace().next().unwrap_or_default().to_owned(),
    };
    rest[1..].split(close).next().unwrap_or_default().to_owned()
}

fn read_shape(shape: &str, rest: &str, frame: Frame) -> std::result::Result<Shape, String> {
    let rest = rest.trim().trim_start_matches('(').split(')').next().unwrap_or_default();
    let words: Vec<&str> = rest.split([',', ' ', '\t']).filter(|word| !word.is_empty()).collect();
    let fault = |word: &str| format!("'{word}' of a {shape} is no number; the region is left out");
    let count = |wanted: usize| {
        if words.len() == wanted {
            Ok(())
        } else {
            Err(format!("a {shape} of {} numbers is left out", words.len()))
        }
    };
    let position = |index: usize| -> std::result::Result<[f64; 2], String> {
        let at = |index: usize, is_longitude: bool| {
            sky_angle(words[index], frame, is_longitude).ok_or_else(|| fault(words[index]))
        };
        Ok([at(index, true)?, at(index + 1, false)?])
    };
    let length = |index: usize| size(words[index], frame).ok_or_else(|| fault(words[index]));
    let angle = |index: usize| match words.get(index) {
        None => Ok(0.0),
        Some(word) => word.trim_end_matches(['d', '°']).parse::<f64>().map_err(|_| fault(word)),
    };
    match shape {
        "circle" => {
            count(3)?;
            Ok(Shape::Circle { centre: position(0)?, radius: length(2)? })
        }
        "ellipse" | "box" if words.len() == 4 || words.len() == 5 => {
            let (centre, pair, angle_deg) = (position(0)?, [length(2)?, length(3)?], angle(4)?);
            Ok(match shape {
                "ellipse" => Shape::Ellipse { centre, radii: pair, angle_deg },
                _ => Shape::Box { centre, sides: pair, angle_deg },
            })
        }
        "polygon" if words.len() >= 6 && words.len().is_multiple_of(2) => {
            let corners = (0..words.len() / 2).map(|index| position(2 * index));
            Ok(Shape::Polygon { corners: corners.collect::<std::result::Result<_, _>>()? })
        }
        "ellipse" | "box" | "polygon" => Err(format!("a {shape} of {} numbers is left out", words.len())),
        _ => Err(format!("'{shape}' is left out; circles, ellipses, boxes and polygons are read")),
    }
}

/// A position's coordinate in degrees, from degrees or sexagesimal text (hours for a right ascension); pixels, counted from 1 in files,
/// from 0. `None` where it is none.
pub fn sky_angle(word: &str, frame: Frame, is_longitude: bool) -> Option<f64> {
    if frame == Frame::Pixels {
        return Some(word.trim_end_matches(['p', 'i']).parse::<f64>().ok()? - 1.0);
    }
    let value = if word.contains([':', 'h', 'm']) {
        let has_hours = word.contains('h') || (word.contains(':') && frame == Frame::Icrs && is_longitude);
        let parts: Vec<f64> = word
            .trim_start_matches(['+', '-'])
            .split([':', 'h', 'd', 'm', 's'])
            .filter(|part| !part.is_empty())
            .map(|part| part.parse().ok())
            .collect::<Option<_>>()?;
        let total = parts.iter().rev().fold(0.0, |sum, part| sum / 60.0 + part);
        let total = if has_hours { 15.0 * total } else { total };
        (parts.len() <= 3).then_some(if word.starts_with('-') { -total } else { total })?
    } else {
        word.trim_end_matches('d').parse().ok()?
    };
    let limit = if is_longitude { 720.0 } else { 90.0 };
    (f64::is_finite(value) && value.abs() <= limit).then_some(value)
}

/// Arcseconds; degrees where the file does not say, as DS9 reads it. Pixels in image coordinates.
fn size(word: &str, frame: Frame) -> Option<f64> {
    let (number, unit) = match word.char_indices().last()? {
        (at, unit) if !unit.is_ascii_digit() && unit != '.' => (&word[..at], Some(unit)),
        _ => (word, None),
    };
    let value: f64 = number.parse().ok()?;
    match (unit, frame) {
        (None | Some('p' | 'i'), Frame::Pixels) => Some(value),
        (_, Frame::Pixels) => None,
        (None | Some('d'), _) => Some(value * 3600.0),
        (Some('\''), _) => Some(value * 60.0),
        (Some('"'), _) => Some(value),
        _ => None,
    }
}

/// The text of a DS9 region file; regions in a frame of one file's own cannot be written.
///
/// # Errors
/// Such a region.
pub fn regions_text(regions: &[Region]) -> Result<String> {
    let mut text = "# Region file format: DS9 version 4.1\n".to_owned();
    for region in regions {
        let (system, mark) = match region.frame {
            Frame::Icrs => ("icrs", "\""),
            Frame::Galactic => ("galactic", "\""),
            Frame::Pixels => ("image", ""),
            Frame::Other => {
                return Err(Error::input(
                    format!("the region '{}' is in coordinates that DS9 would read as others", region.name),
                    "write regions of files in ICRS, FK5 (J2000) or Galactic coordinates",
                ));
            }
        };
        let place = |[x, y]: [f64; 2]| {
            if region.frame == Frame::Pixels {
                format!("{:.4},{:.4}", x + 1.0, y + 1.0)
            } else {
                format!("{x:.8},{y:.8}")
            }
        };
        let body = match &region.shape {
            Shape::Circle { centre, radius } => format!("circle({},{radius:.4}{mark})", place(*centre)),
            Shape::Ellipse { centre, radii: [a, b], angle_deg } => {
                format!("ellipse({},{a:.4}{mark},{b:.4}{mark},{angle_deg:.4})", place(*centre))
            }
            Shape::Box { centre, sides: [a, b], angle_deg } => {
                format!("box({},{a:.4}{mark},{b:.4}{mark},{angle_deg:.4})", place(*centre))
            }
            Shape::Polygon { corners } => {
                let corners: Vec<String> = corners.iter().map(|corner| place(*corner)).collect();
                format!("polygon({})", corners.join(","))
            }
        };
        let name: String =
            region.name.chars().filter(|c| !matches!(c, '{' | '}') && !c.is_control()).collect();
        let mut remark = String::new();
        if let Some([r, g, b]) = region.colour {
            remark += &format!(" color=#{r:02x}{g:02x}{b:02x}");
        }
        if !name.is_empty() {
            remark += &format!(" text={{{name}}}");
        }
        let remark = if remark.is_empty() { remark } else { format!(" #{remark}") };
        writeln!(text, "{system};{body}{remark}")
            .map_err(|error| Error::input(error.to_string(), "try again"))?;
    }
    Ok(text)
}

/// Writes a DS9 region file.
///
/// # Errors
/// As [`regions_text`]; a file that cannot be written.
pub fn write_regions(path: &Path, regions: &[Region]) -> Result<()> {
    Ok(atomic::write_bytes(path, regions_text(regions)?.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ds9_writes_is_read_and_what_is_not_is_said() {
        let file = parse_regions(
            "# Region file format: DS9 version 4.1\nglobal color=green dashlist=8 3 width=1\nfk5\n\
             circle(3:25:38.000,+30:44:05.00,30.000\") # text={L1448 N} color=red\n\
             ellipse(51.5,-30.5,1',0.5d,45)\nbox 51.5 30.5 0.01 0.02\n-circle(51.5,30.5,3\")\n\
             galactic;polygon(158.1,-21.4,158.2,-21.4,158.2,-21.3) # text='three'\nline(1,2,3,4)\n\
             image;circle(10,20,3)\nfk4\ncircle(51,30,3\")\nicrs\ncircle(51,95,3\")\ncircle(3h25m38s,-0d30m0s,3\")\n",
        );
        let circle = Shape::Circle { centre: [51.408_333_333_333_33, 30.734_722_222_222_22], radius: 30.0 };
        assert_eq!(file.regions.len(), 6, "{file:?}");
        assert_eq!((file.regions[0].name.as_str(), file.regions[0].colour), ("L1448 N", Some([255, 0, 0])));
        assert_eq!(file.regions[1].colour, None);
        let Shape::Circle { centre, radius } = file.regions[0].shape else {
            panic!("{file:?} for {circle:?}")
        };
        assert!(
            (centre[0] - 51.408_333_333_333_33).abs() < 1e-10
                && (centre[1] - 30.734_722_222_222_22).abs() < 1e-10
        );
        assert_eq!(radius, 30.0);
        let ellipse = Shape::Ellipse { centre: [51.5, -30.5], radii: [60.0, 1800.0], angle_deg: 45.0 };
        assert_eq!(file.regions[1].shape, ellipse);
        assert_eq!(
            file.regions[2].shape,
            Shape::Box { centre: [51.5, 30.5], sides: [36.0, 72.0], angle_deg: 0.0 }
        );
        assert_eq!((file.regions[3].name.as_str(), file.regions[3].frame), ("three", Frame::Galactic));
        assert_eq!(file.regions[4].shape, Shape::Circle { centre: [9.0, 19.0], radius: 3.0 });
        let Shape::Circle { centre, .. } = file.regions[5].shape else { panic!("{file:?}") };
        assert!((centre[1] + 0.5).abs() < 1e-12);
        // The excluded circle, the line, fk4 and its circle, the latitude of 95°.
        assert_eq!(file.warnings.len(), 5, "{:?}", file.warnings);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let region = |name: &str, frame, shape| Region { name: name.to_owned(), frame, colour: None, shape };
        let red = |region: Region| Region { colour: Some([255, 16, 0]), ..region };
        let regions = [
            region("a b", Frame::Icrs, Shape::Circle { centre: [51.5, -30.25], radius: 12.5 }),
            region(
                "",
                Frame::Galactic,
                Shape::Ellipse { centre: [158.5, 21.0], radii: [3.5, 2.0], angle_deg: 30.0 },
            ),
            red(region(
                "color=blue",
                Frame::Pixels,
                Shape::Box { centre: [0.5, 7.0], sides: [3.5, 2.0], angle_deg: 0.0 },
            )),
            region("{x}", Frame::Icrs, Shape::Polygon { corners: vec![[1.0, 2.0], [1.5, 2.0], [1.5, 2.5]] }),
        ];
        let file = parse_regions(&regions_text(&regions).expect("text"));
        assert!(file.warnings.is_empty(), "{file:?}");
        assert_eq!(file.regions[..3], regions[..3]);
        assert_eq!((file.regions[3].name.as_str(), &file.regions[3].shape), ("x", &regions[3].shape));
        let own = region("", Frame::Other, Shape::Circle { centre: [1.0; 2], radius: 1.0 });
        assert!(regions_text(&[own]).is_err());
    }
}
