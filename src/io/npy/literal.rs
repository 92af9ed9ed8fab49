//! The Python literal of an NPY header, read with bounds: nothing is evaluated, and nesting is limited.

/// A literal as NumPy writes it into headers.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Integer(i128),
    Logical(bool),
    Nothing,
    /// A list or a tuple.
    Sequence(Vec<Literal>),
    Dictionary(Vec<(Literal, Literal)>),
}

/// What is wrong, and at which character.
#[derive(Debug)]
pub(super) struct Fault {
    pub at: usize,
    pub what: &'static str,
}

/// A header of NumPy nests four deep; more is no header.
const DEPTH: usize = 16;

/// Reads one literal; only spaces may follow.
pub(super) fn parse(text: &str) -> Result<Literal, Fault> {
    let mut parser = Parser { rest: text, length: text.len() };
    let literal = parser.literal(DEPTH)?;
    parser.skip_space();
    if parser.rest.trim_end_matches('\0').is_empty() {
        Ok(literal)
    } else {
        parser.fail("text after the header")
    }
}

struct Parser<'a> {
    rest: &'a str,
    length: usize,
}

impl Parser<'_> {
    fn fail<T>(&self, what: &'static str) -> Result<T, Fault> {
        Err(Fault { at: self.length - self.rest.len(), what })
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let next = characters.next();
        self.rest = characters.as_str();
        next
    }

    fn literal(&mut self, depth: usize) -> Result<Literal, Fault> {
        if depth == 0 {
            return self.fail("the header nests too deep");
        }
        self.skip_space();
        for (word, value) in
            [("True", Literal::Logical(true)), ("False", Literal::Logical(false)), ("None", Literal::Nothing)]
        {
            if self.take(word) {
                return Ok(value);
            }
        }
        let mut ahead = self.rest.chars();
        match (ahead.next(), ahead.next()) {
            (Some('u' | 'b'), Some('\'' | '"')) => {
                self.next();
                self.text()
            }
            (Some('\'' | '"'), _) => self.text(),
            (Some('('), _) => self.sequence(')', depth),
            (Some('['), _) => self.sequence(']', depth),
            (Some('{'), _) => self.dictionary(depth),
            (Some('-' | '0'..='9'), _) => self.integer(),
            _ => self.fail("no Python literal here"),
        }
    }

    fn integer(&mut self) -> Result<Literal, Fault> {
        let end = self
            .rest
            .char_indices()
            .find(|&(at, c)| !(c.is_ascii_digit() || (at == 0 && c == '-')))
            .map_or(self.rest.len(), |(at, _)| at);
        let (digits, rest) = self.rest.split_at(end);
        let Ok(value) = digits.parse() else {
            return self.fail("no number here");
        };
        self.rest = rest;
        // Python 2 wrote long integers with an L.
        self.take("L");
        Ok(Literal::Integer(value))
    }

    fn text(&mut self) -> Result<Literal, Fault> {
        let quote = self.next();
        let mut text = String::new();
        loop {
            match self.next() {
                None => return self.fail("a text without its closing quote"),
                end if end == quote => return Ok(Literal::Text(text)),
                Some('\\') => text.push(self.escape()?),
                Some(plain) => text.push(plain),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let digits = match self.next() {
            Some('n') => return Ok('\n'),
            Some('r') => return Ok('\r'),
            Some('t') => return Ok('\t'),
            Some(same @ ('\\' | '\'' | '"')) => return Ok(same),
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => return self.fail("an escape that Python does not know"),
        };
        let code = self.rest.get(..digits).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match code {
            Some(code) => {
                self.rest = &self.rest[digits..];
                Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
            }
            None => self.fail("an escape without its digits"),
        }
    }

    fn sequence(&mut self, end: char, depth: usize) -> Result<Literal, Fault> {
        self.next();
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if self.rest.starts_with(end) {
                self.next();
                return Ok(Literal::Sequence(items));
            }
            items.push(self.literal(depth - 1)?);
            self.comma(end)?;
        }
    }

    fn dictionary(&mut self, depth: usize) -> Result<Literal, Fault> {
        self.next();
        let mut entries = Vec::new();
        loop {
            self.skip_space();
            if self.take("}") {
                return Ok(Literal::Dictionary(entries));
            }
            let key = self.literal(depth - 1)?;
            self.skip_space();
            if !self.take(":") {
                return self.fail("a key without its colon");
            }
            entries.push((key, self.literal(depth - 1)?));
            self.comma('}')?;
        }
    }

    fn comma(&mut self, end: char) -> Result<(), Fault> {
        self.skip_space();
        if self.take(",") || self.rest.starts_with(end) { Ok(()) } else { self.fail("a comma is missing") }
    }
}
