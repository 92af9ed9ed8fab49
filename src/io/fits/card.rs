//! Header cards of 80 characters to and from values: strings, CONTINUE, HIERARCH, numbers as people really write them.

use crate::data::{Card, CardValue, Header};

pub(super) const CARD: usize = 80;
pub(super) const BLOCK: usize = 2880;

/// Reads cards of 80 characters up to END or the end of the text; says whether END was there. Never fails: what cannot
/// be understood is kept as text.
pub(super) fn parse_cards(bytes: &[u8]) -> (Header, bool) {
    let mut reader = Reader::default();
    for card in bytes.chunks(CARD) {
        if is_end(card) {
            return (reader.header, true);
        }
        reader.push(card);
    }
    (reader.header, false)
}

/// Reads a header kept as text: cards of 80 characters in a row, or one card a line.
pub(super) fn parse_text(bytes: &[u8]) -> Header {
    let longest = bytes.split(|&byte| byte == b'\n').map(<[u8]>::len).max().unwrap_or(0);
    if longest > CARD + 2 {
        return parse_cards(bytes).0;
    }
    let mut reader = Reader::default();
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    for line in bytes.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if is_end(line) {
            break;
        }
        // Key records may carry comment lines of their own.
        match line.strip_prefix(b"#") {
            Some(comment) => reader.push(&[b"COMMENT ", comment].concat()),
            None => reader.push(line),
        }
    }
    reader.header
}

pub(super) fn is_end(card: &[u8]) -> bool {
    card.starts_with(b"END") && card[3..].iter().all(|&byte| byte == b' ' || byte == 0)
}

#[derive(Default)]
struct Reader {
    header: Header,
    /// The last card is a string that ends in '&' and may go on.
    open: bool,
}

impl Reader {
    fn push(&mut self, raw: &[u8]) {
        let text: String =
            raw.iter().map(|&byte| if (32..127).contains(&byte) { byte as char } else { ' ' }).collect();
        let text = text.trim_end();
        if let Some(rest) = text.strip_prefix("CONTINUE")
            && self.open
        {
            let (value, comment) = split_value(rest);
            self.open = false;
            if let (CardValue::Text(more), Some(last)) = (value, self.header.cards.last_mut())
                && let CardValue::Text(held) = &mut last.value
            {
                held.pop();
                held.push_str(&more);
                self.open = more.ends_with('&');
                if !comment.is_empty() {
                    last.comment = format!("{} {comment}", last.comment).trim().to_owned();
                }
                return;
            }
        }
        let card = parse_card(text);
        self.open = matches!(&card.value, CardValue::Text(text) if text.ends_with('&'));
        self.header.cards.push(card);
    }
}

fn parse_card(text: &str) -> Card {
    let comment_card = |key: &str, comment: &str| Card {
        key: key.to_owned(),
        value: CardValue::Empty,
        comment: comment.to_owned(),
    };
    // All characters are ASCII here, so that byte positions are safe.
    let (key, rest) = text.split_at(text.len().min(8));
    let key = key.trim().to_ascii_uppercase();
    if matches!(key.as_str(), "COMMENT" | "HISTORY" | "") {
        return comment_card(&key, rest);
    }
    if key == "HIERARCH"
        && let Some((name, value)) = rest.split_once('=')
    {
        let (value, comment) = split_value(value);
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        return Card { key: name.to_ascii_uppercase(), value, comment };
    }
    if let Some(value) = rest.strip_prefix('=') {
        let (value, comment) = split_value(value);
        return Card { key, value, comment };
    }
    // `KEY=value` with the sign in the wrong column, as hand-written headers have it.
    if let Some((name, value)) = text.split_once('=')
        && !name.trim().is_empty()
        && name.trim().len() < 8
        && !name.trim().contains(' ')
    {
        let (value, comment) = split_value(value);
        return Card { key: name.trim().to_ascii_uppercase(), value, comment };
    }
    comment_card(&key, rest)
}

/// Value and comment of the text behind the equals sign.
fn split_value(text: &str) -> (CardValue, String) {
    let text = text.trim_start();
    if let Some(quoted) = text.strip_prefix('\'') {
        let mut value = String::new();
        let mut rest = quoted;
        loop {
            match rest.split_once('\'') {
                None => {
                    // The closing quote is missing: the whole rest is the string.
                    value.push_str(rest);
                    rest = "";
                    break;
                }
                Some((part, after)) => {
                    value.push_str(part);
                    match after.strip_prefix('\'') {
                        Some(after) => {
                            value.push('\'');
                            rest = after;
                        }
                        None => {
                            rest = after;
                            break;
                        }
                    }
                }
            }
        }
        let comment = rest.split_once('/').map_or("", |(_, comment)| comment).trim();
        return (CardValue::Text(value.trim_end().to_owned()), comment.to_owned());
    }
    let (value, comment) = text.split_once('/').unwrap_or((text, ""));
    let value = value.trim();
    let parsed = match value {
        "" => CardValue::Empty,
        "T" => CardValue::Logical(true),
        "F" => CardValue::Logical(false),
        _ => number(value).unwrap_or_else(|| CardValue::Text(value.to_owned())),
    };
    (parsed, comment.trim().to_owned())
}

fn number(text: &str) -> Option<CardValue> {
    if let Ok(integer) = text.parse::<i64>() {
        return Some(CardValue::Integer(integer));
    }
    // `inf`, `nan` and the like are no FITS numbers.
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let plain = text.replace(['D', 'd'], "E").replace("E ", "E");
    plain.parse::<f64>().ok().filter(|value| value.is_finite()).map(CardValue::Float)
}

/// The cards of a header as bytes, END and padding included. Keywords longer than eight characters become HIERARCH,
/// long strings CONTINUE.
pub(super) fn format_header(header: &Header) -> Vec<u8> {
    let mut bytes = Vec::with_capacity((header.cards.len() + 40) * CARD);
    for card in &header.cards {
        for line in format_card(card) {
            let mut line: Vec<u8> =
                line.bytes().map(|byte| if (32..127).contains(&byte) { byte } else { b'?' }).collect();
            line.resize(CARD, b' ');
            bytes.extend(line);
        }
    }
    bytes.extend(b"END");
    bytes.resize(bytes.len().next_multiple_of(BLOCK), b' ');
    bytes
}

fn format_card(card: &Card) -> Vec<String> {
    let key = card.key.to_ascii_uppercase();
    // One character of the text is one byte of the card.
    let comment: String = card.comment.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
    if matches!(key.as_str(), "COMMENT" | "HISTORY" | "") {
        let pieces: Vec<&[u8]> = comment.as_bytes().chunks(CARD - 8).collect();
        let line = |piece: &[u8]| format!("{key:<8}{}", String::from_utf8_lossy(piece));
        return if pieces.is_empty() { vec![line(b"")] } else { pieces.into_iter().map(line).collect() };
    }
    let start = if key.len() <= 8 && !key.contains(' ') {
        format!("{key:<8}= ")
    } else {
        format!("HIERARCH {key} = ")
    };
    let value = match &card.value {
        CardValue::Empty => String::new(),
        CardValue::Logical(value) => format!("{:>20}", if *value { "T" } else { "F" }),
        CardValue::Integer(value) => format!("{value:>20}"),
        CardValue::Float(value) => format!("{:>20}", float_text(*value)),
        CardValue::Text(text) => return format_text(&start, text, &comment),
    };
    let mut line = start + &value;
    if !comment.is_empty() {
        line.push_str(" / ");
        line.push_str(&comment);
    }
    line.truncate(CARD);
    vec![line]
}

/// Shortest text that reads back as the same number, with a point or exponent so that it stays a real number.
fn float_text(value: f64) -> String {
    if !value.is_finite() {
        return String::new();
    }
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e15).contains(&magnitude) {
        format!("{value:E}")
    } else {
        format!("{value:?}")
    }
}

fn format_text(start: &str, text: &str, comment: &str) -> Vec<String> {
    let text: String = text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
    let quoted = text.replace('\'', "''");
    let room = CARD.saturating_sub(start.len() + 2);
    if quoted.len() <= room {
        let mut line = format!("{start}'{quoted:<8}'");
        if !comment.is_empty() {
            line.push_str(&format!("{:>pad$} / {comment}", "", pad = 30usize.saturating_sub(line.len())));
        }
        line.truncate(CARD);
        return vec![line];
    }
    // Pieces keep doubled quotes together and leave room for the '&'.
    let mut pieces = vec![String::new()];
    let mut limit = room.saturating_sub(1).max(4);
    for character in text.chars() {
        let unit = if character == '\'' { "''".to_owned() } else { character.to_string() };
        if pieces.last().is_some_and(|piece| piece.len() + unit.len() > limit) {
            pieces.push(String::new());
            limit = CARD - 13;
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push_str(&unit);
        }
    }
    let last = pieces.len() - 1;
    let lines = pieces.into_iter().enumerate().map(|(i, piece)| {
        let start = if i == 0 { start } else { "CONTINUE  " };
        format!("{start}'{piece}{}'", if i == last { "" } else { "&" })
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(card: &str) -> CardValue {
        parse_card(card).value
    }

    #[test]
    fn values_as_they_are_written() {
        assert_eq!(value("BMAJ    =   2.399999936422D-01 / beam"), CardValue::Float(0.2399999936422));
        assert_eq!(value("NAXIS   =                    3"), CardValue::Integer(3));
        assert_eq!(value("BLANK   =               -32768/tight"), CardValue::Integer(-32768));
        assert_eq!(value("SIMPLE  =                    T"), CardValue::Logical(true));
        assert_eq!(value("OBSERVER= 'O''Neil / Smith'   / who"), CardValue::Text("O'Neil / Smith".into()));
        assert_eq!(value("NOTHING =                      / undefined"), CardValue::Empty);
        assert_eq!(value("NAXIS=2"), CardValue::Integer(2));
        let card = parse_card("HIERARCH ESO DET CHIP1 GAIN = 1.5 / e-/ADU");
        assert_eq!((card.key.as_str(), card.value), ("ESO DET CHIP1 GAIN", CardValue::Float(1.5)));
    }

    #[test]
    fn cards_come_back_as_they_went() {
        let mut header = Header::default();
        header.set_text("OBJECT", "a long 'name' ".repeat(20).trim(), "");
        header.set_float("CRVAL1", 51.740_103_176_709_74, "deg");
        header.set_float("RESTFRQ", 1.10201353e11, "");
        header.set_float("TINY", 1e-21, "");
        header.set_integer("NAXIS", -3, "");
        header.set("SIMPLE", CardValue::Logical(true), "");
        header.set_text("ESO TEL AIRM START", "x", "long keyword");
        header.history("h".repeat(70));
        let bytes = format_header(&header);
        assert_eq!(bytes.len() % BLOCK, 0);
        let (back, ended) = parse_cards(&bytes);
        assert!(ended);
        for card in &header.cards {
            assert_eq!(back.get(&card.key), Some(&card.value), "{}", card.key);
        }
        assert_eq!(back.cards.len(), header.cards.len());
    }
}
