//! FITS-like header cards in file order, the one carrier of metadata between files and views.

use serde::{Deserialize, Serialize};

/// The value of a card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CardValue {
    Text(String),
    Integer(i64),
    Float(f64),
    Logical(bool),
    /// A card without a value (COMMENT, HISTORY, undefined keyword).
    Empty,
}

/// One card: keyword, value, comment (for COMMENT and HISTORY the text is the comment).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    pub key: String,
    pub value: CardValue,
    pub comment: String,
}

/// Cards in file order. Keywords are upper case; the first card of a keyword answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Header {
    pub cards: Vec<Card>,
}

impl Header {
    pub fn get(&self, key: &str) -> Option<&CardValue> {
        self.cards.iter().find(|card| card.key.eq_ignore_ascii_case(key)).map(|card| &card.value)
    }

    /// The text of a card, trimmed; `None` where absent or not a text.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            CardValue::Text(text) => Some(text.trim()),
            _ => None,
        }
    }

    /// The number of a card, whether written as integer or float.
    pub fn float(&self, key: &str) -> Option<f64> {
        match self.get(key)? {
            CardValue::Float(value) => Some(*value),
            CardValue::Integer(value) => Some(*value as f64),
            _ => None,
        }
    }

    pub fn integer(&self, key: &str) -> Option<i64> {
        match self.get(key)? {
            CardValue::Integer(value) => Some(*value),
            CardValue::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => Some(*value as i64),
            _ => None,
        }
    }

    /// Replaces the first card of this keyword, or appends one.
    pub fn set(&mut self, key: &str, value: CardValue, comment: &str) {
        let card = Card { key: key.to_ascii_uppercase(), value, comment: comment.to_owned() };
        match self.cards.iter_mut().find(|old| old.key.eq_ignore_ascii_case(key)) {
            Some(old) => *old = card,
            None => self.cards.push(card),
        }
    }

    pub fn set_text(&mut self, key: &str, value: impl Into<String>, comment: &str) {
        self.set(key, CardValue::Text(value.into()), comment);
    }

    pub fn set_float(&mut self, key: &str, value: f64, comment: &str) {
        self.set(key, CardValue::Float(value), comment);
    }

    pub fn set_integer(&mut self, key: &str, value: i64, comment: &str) {
        self.set(key, CardValue::Integer(value), comment);
    }

    pub fn remove(&mut self, key: &str) {
        self.cards.retain(|card| !card.key.eq_ignore_ascii_case(key));
    }

    /// Appends a HISTORY card.
    pub fn history(&mut self, text: impl Into<String>) {
        self.cards.push(Card { key: "HISTORY".into(), value: CardValue::Empty, comment: text.into() });
    }
}
