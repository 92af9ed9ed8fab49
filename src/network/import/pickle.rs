//! A reader of the pickles that `torch.save` writes. It executes nothing: of all that a pickle may call, only the making of
//! tensors, ordered dictionaries and sizes is understood, as data; anything else is refused by name.

use std::collections::HashMap;
use std::rc::Rc;

/// What is wrong with a pickle, for the reader.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum PickleError {
    #[error("the pickle ends too early")]
    Truncated,
    #[error("the pickle is damaged: {0}")]
    Damaged(&'static str),
    #[error(
        "the pickle wants to call `{0}`, which is no part of a tensor and is not executed; save only the state dict: torch.save(model.state_dict(), …)"
    )]
    Forbidden(String),
    #[error(
        "the pickle uses operation {0:#04x}, which no state dict needs; save only the state dict: torch.save(model.state_dict(), …)"
    )]
    Operation(u8),
}

const MOST_ARGUMENTS: usize = 16;
const MOST_AXES: usize = 16;

type Result<T> = std::result::Result<T, PickleError>;

/// A value; containers are numbers of the machine's shelf, so that cycles are harmless.
#[derive(Clone, Debug)]
pub enum Value {
    Int(i64),
    Text(Rc<str>),
    /// None, a truth value, a fraction, bytes: nothing that a tensor is made of.
    Other,
    /// A list or a tuple.
    List(usize),
    /// Pairs in order of insertion.
    Dict(usize),
    Callable(Callable),
    Storage(Rc<Storage>),
    Tensor(Rc<TensorPlace>),
}

/// The things a pickle may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callable {
    OrderedDict,
    Size,
    RebuildTensor,
    RebuildParameter,
    StorageOf(Number),
}

/// The number types of tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    F16,
    BF16,
    F32,
    F64,
    I8,
    U8,
    I16,
    I32,
    I64,
    Bool,
}

/// A block of numbers in the file.
#[derive(Debug, PartialEq)]
pub struct Storage {
    pub number: Number,
    /// The entry `data/KEY`.
    pub key: String,
    /// Numbers in it, as claimed.
    pub count: u64,
}

/// A tensor as a view of a storage; all as claimed.
#[derive(Debug, PartialEq)]
pub struct TensorPlace {
    pub storage: Rc<Storage>,
    pub offset: u64,
    pub sizes: Vec<u64>,
    pub strides: Vec<u64>,
}

impl Number {
    pub fn bytes(self) -> u64 {
        match self {
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::F16 | Self::BF16 | Self::I16 => 2,
            Self::F32 | Self::I32 => 4,
            Self::F64 | Self::I64 => 8,
        }
    }
}

/// A read pickle.
pub struct Pickle {
    pub value: Value,
    dicts: Vec<Vec<(Value, Value)>>,
}

impl Pickle {
    /// Reads a pickle of protocols 2 to 5. Time and memory are linear in its length.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let mut machine = Machine {
            bytes,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            lists: Vec::new(),
            dicts: Vec::new(),
            copies: bytes.len(),
        };
        loop {
            if let Some(value) = machine.step()? {
                return Ok(Self { value, dicts: machine.dicts });
            }
        }
    }

    /// The pairs of a dictionary.
    pub fn dict(&self, number: usize) -> &[(Value, Value)] {
        self.dicts.get(number).map_or(&[], Vec::as_slice)
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    stack: Vec<Value>,
    /// Heights of the stack where marks stand.
    marks: Vec<usize>,
    memo: HashMap<u64, Value>,
    lists: Vec<Vec<Value>>,
    dicts: Vec<Vec<(Value, Value)>>,
    /// Items that may still be copied from one container into another.
    copies: usize,
}

impl Machine<'_> {
    /// One operation; the value at the end.
    fn step(&mut self) -> Result<Option<Value>> {
        let operation = self.take(1)?[0];
        match operation {
            b'.' => return self.pop().map(Some),
            // PROTO, FRAME
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.since_mark()?),
            b'2' => {
                let top = self.top()?.clone();
                self.stack.push(top);
            }
            b'N' | 0x88 | 0x89 => self.stack.push(Value::Other),
            b'J' => {
                let value = i32::from_le_bytes(self.array()?);
                self.stack.push(Value::Int(value.into()));
            }
            b'K' => {
                let value = self.unsigned(1)?;
                self.push_int(value)?;
            }
            b'M' => {
                let value = self.unsigned(2)?;
                self.push_int(value)?;
            }
            0x8a => self.long()?,
            b'G' => {
                self.take(8)?;
                self.stack.push(Value::Other);
            }
            b'X' | b'T' => self.text(4)?,
            0x8c | b'U' => self.text(1)?,
            0x8d => self.text(8)?,
            b'B' => self.skip_bytes(4)?,
            b'C' => self.skip_bytes(1)?,
            b'}' => self.push_dict(Vec::new()),
            b']' | b')' => self.push_list(Vec::new()),
            b't' | b'l' => {
                let items = self.since_mark()?;
                self.push_list(items);
            }
            0x85..=0x87 => {
                let count = usize::from(operation - 0x84);
                let from = self.stack.len().checked_sub(count).ok_or(PickleError::Damaged("no items"))?;
                let items = self.stack.split_off(from);
                self.push_list(items);
            }
            b'd' => {
                let items = self.since_mark()?;
                let pairs = pairs(items)?;
                self.push_dict(pairs);
            }
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item])?;
            }
            b'e' => {
                let items = self.since_mark()?;
                self.append(items)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set(vec![(key, value)])?;
            }
            b'u' => {
                let items = self.since_mark()?;
                self.set(pairs(items)?)?;
            }
            b'q' => self.put(1)?,
            b'r' => self.put(4)?,
            0x94 => {
                let (place, top) = (self.memo.len() as u64, self.top()?.clone());
                self.memo.insert(place, top);
            }
            b'h' => self.get(1)?,
            b'j' => self.get(4)?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.stack.push(Value::Callable(callable(&module, &name)?));
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (Value::Text(module), Value::Text(name)) = (module, name) else {
                    return Err(PickleError::Damaged("a name that is no text"));
                };
                self.stack.push(Value::Callable(callable(&module, &name)?));
            }
            b'Q' => {
                let value = self.pop()?;
                let storage = self.storage(&value)?;
                self.stack.push(storage);
            }
            // REDUCE and NEWOBJ: a callable and its arguments.
            b'R' | 0x81 => {
                let (arguments, called) = (self.pop()?, self.pop()?);
                let value = self.call(&called, &arguments)?;
                self.stack.push(value);
            }
            // BUILD: attributes of a dictionary (`_metadata`), which no weight needs.
            b'b' => {
                self.pop()?;
                if !matches!(self.top()?, Value::Dict(_)) {
                    return Err(PickleError::Damaged("attributes of something else than a dictionary"));
                }
            }
            other => return Err(PickleError::Operation(other)),
        }
        Ok(None)
    }

    fn take(&mut self, count: usize) -> Result<&[u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(PickleError::Truncated)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| PickleError::Truncated)
    }

    fn unsigned(&mut self, bytes: usize) -> Result<u64> {
        Ok(self.take(bytes)?.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }

    fn push_int(&mut self, value: u64) -> Result<()> {
        let value = i64::try_from(value).map_err(|_| PickleError::Damaged("a number beyond 64 bits"))?;
        self.stack.push(Value::Int(value));
        Ok(())
    }

    /// LONG1: two's complement, as many bytes as said.
    fn long(&mut self) -> Result<()> {
        let count = self.unsigned(1)? as usize;
        let bytes = self.take(count)?;
        if count > 8 {
            return Err(PickleError::Damaged("a number beyond 64 bits"));
        }
        let negative = bytes.last().is_some_and(|&byte| byte & 0x80 != 0);
        let mut whole = [if negative { 0xff } else { 0 }; 8];
        whole[..count].copy_from_slice(bytes);
        self.stack.push(Value::Int(i64::from_le_bytes(whole)));
        Ok(())
    }

    fn length(&mut self, bytes: usize) -> Result<usize> {
        usize::try_from(self.unsigned(bytes)?).map_err(|_| PickleError::Truncated)
    }

    fn text(&mut self, bytes: usize) -> Result<()> {
        let length = self.length(bytes)?;
        let text = std::str::from_utf8(self.take(length)?)
            .map_err(|_| PickleError::Damaged("a text that is no UTF-8"))?;
        let text: Rc<str> = text.into();
        self.stack.push(Value::Text(text));
        Ok(())
    }

    fn skip_bytes(&mut self, bytes: usize) -> Result<()> {
        let length = self.length(bytes)?;
        self.take(length)?;
        self.stack.push(Value::Other);
        Ok(())
    }

    fn line(&mut self) -> Result<String> {
        let end = self.bytes.iter().position(|&byte| byte == b'\n').ok_or(PickleError::Truncated)?;
        let line = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Ok(line)
    }

    fn top(&self) -> Result<&Value> {
        self.stack.last().ok_or(PickleError::Damaged("an empty stack"))
    }

    fn pop(&mut self) -> Result<Value> {
        self.stack.pop().ok_or(PickleError::Damaged("an empty stack"))
    }

    fn since_mark(&mut self) -> Result<Vec<Value>> {
        let mark = self.marks.pop().ok_or(PickleError::Damaged("no mark"))?;
        if mark > self.stack.len() {
            return Err(PickleError::Damaged("a mark above the stack"));
        }
        Ok(self.stack.split_off(mark))
    }

    fn push_list(&mut self, items: Vec<Value>) {
        self.stack.push(Value::List(self.lists.len()));
        self.lists.push(items);
    }

    fn push_dict(&mut self, pairs: Vec<(Value, Value)>) {
        self.stack.push(Value::Dict(self.dicts.len()));
        self.dicts.push(pairs);
    }

    fn append(&mut self, items: Vec<Value>) -> Result<()> {
        match *self.top()? {
            Value::List(number) => self.lists[number].extend(items),
            _ => return Err(PickleError::Damaged("items for something else than a list")),
        }
        Ok(())
    }

    fn set(&mut self, pairs: Vec<(Value, Value)>) -> Result<()> {
        match *self.top()? {
            Value::Dict(number) => self.dicts[number].extend(pairs),
            _ => return Err(PickleError::Damaged("entries for something else than a dictionary")),
        }
        Ok(())
    }

    fn put(&mut self, bytes: usize) -> Result<()> {
        let place = self.unsigned(bytes)?;
        let top = self.top()?.clone();
        self.memo.insert(place, top);
        Ok(())
    }

    fn get(&mut self, bytes: usize) -> Result<()> {
        let place = self.unsigned(bytes)?;
        let value =
            self.memo.get(&place).ok_or(PickleError::Damaged("a value that was not put away"))?.clone();
        self.stack.push(value);
        Ok(())
    }

    fn items(&self, value: &Value) -> Result<&[Value]> {
        match value {
            Value::List(number) => Ok(self.lists.get(*number).map_or(&[], Vec::as_slice)),
            _ => Err(PickleError::Damaged("a tuple is expected")),
        }
    }

    /// ('storage', type, key, place, count)
    fn storage(&self, value: &Value) -> Result<Value> {
        let [
            Value::Text(word),
            Value::Callable(Callable::StorageOf(number)),
            Value::Text(key),
            _,
            Value::Int(count),
        ] = self.items(value)?
        else {
            return Err(PickleError::Damaged("a storage of an unknown form"));
        };
        let count = u64::try_from(*count).map_err(|_| PickleError::Damaged("a storage of negative size"))?;
        if &**word != "storage" {
            return Err(PickleError::Damaged("a storage of an unknown form"));
        }
        Ok(Value::Storage(Rc::new(Storage { number: *number, key: key.to_string(), count })))
    }

    fn call(&mut self, called: &Value, arguments: &Value) -> Result<Value> {
        let Value::Callable(called) = called else {
            return Err(PickleError::Damaged("a call of something that cannot be called"));
        };
        let arguments = self.items(arguments)?;
        if arguments.len() > MOST_ARGUMENTS {
            return Err(PickleError::Damaged("a call with arguments of an unknown form"));
        }
        let arguments = arguments.to_vec();
        match (called, arguments.as_slice()) {
            (Callable::OrderedDict, []) => {
                self.dicts.push(Vec::new());
                Ok(Value::Dict(self.dicts.len() - 1))
            }
            (Callable::OrderedDict, [list]) => {
                // A list may be named again and again: what is copied stays within the length of the pickle.
                let count = self.items(list)?.len();
                self.copies =
                    self.copies.checked_sub(count).ok_or(PickleError::Damaged("too many copies"))?;
                let mut pairs = Vec::with_capacity(count);
                for pair in self.items(list)? {
                    let [key, value] = self.items(pair)? else {
                        return Err(PickleError::Damaged("a dictionary of no pairs"));
                    };
                    pairs.push((key.clone(), value.clone()));
                }
                self.dicts.push(pairs);
                Ok(Value::Dict(self.dicts.len() - 1))
            }
            (Callable::Size, [sizes @ Value::List(_)]) => Ok(sizes.clone()),
            (Callable::RebuildParameter, [tensor @ Value::Tensor(_), ..]) => Ok(tensor.clone()),
            (Callable::RebuildTensor, [Value::Storage(storage), Value::Int(offset), sizes, strides, ..]) => {
                let natural = |value: &Value| match value {
                    Value::Int(value) => u64::try_from(*value).ok(),
                    _ => None,
                };
                let numbers = |value: &Value| -> Result<Vec<u64>> {
                    if self.items(value)?.len() > MOST_AXES {
                        return Err(PickleError::Damaged("a tensor with more axes than any has"));
                    }
                    let numbers = self.items(value)?.iter().map(natural).collect::<Option<Vec<u64>>>();
                    numbers.ok_or(PickleError::Damaged("a tensor with sizes that are no counts"))
                };
                let offset = u64::try_from(*offset)
                    .map_err(|_| PickleError::Damaged("a tensor before its storage"))?;
                let (sizes, strides) = (numbers(sizes)?, numbers(strides)?);
                if sizes.len() != strides.len() {
                    return Err(PickleError::Damaged("a tensor with more sizes than strides, or fewer"));
                }
                let storage = Rc::clone(storage);
                Ok(Value::Tensor(Rc::new(TensorPlace { storage, offset, sizes, strides })))
            }
            _ => Err(PickleError::Damaged("a call with arguments of an unknown form")),
        }
    }
}

fn pairs(items: Vec<Value>) -> Result<Vec<(Value, Value)>> {
    if !items.len().is_multiple_of(2) {
        return Err(PickleError::Damaged("a key without a value"));
    }
    let mut items = items.into_iter();
    let mut pairs = Vec::with_capacity(items.len() / 2);
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        pairs.push((key, value));
    }
    Ok(pairs)
}

fn callable(module: &str, name: &str) -> Result<Callable> {
    Ok(match (module, name) {
        ("collections", "OrderedDict") => Callable::OrderedDict,
        ("torch", "Size") => Callable::Size,
        ("torch._utils", "_rebuild_tensor_v2") => Callable::RebuildTensor,
        ("torch._utils", "_rebuild_parameter") => Callable::RebuildParameter,
        ("torch", storage) => Callable::StorageOf(match storage {
            "HalfStorage" => Number::F16,
            "BFloat16Storage" => Number::BF16,
            "FloatStorage" => Number::F32,
            "DoubleStorage" => Number::F64,
            "CharStorage" => Number::I8,
            "ByteStorage" => Number::U8,
            "ShortStorage" => Number::I16,
            "IntStorage" => Number::I32,
            "LongStorage" => Number::I64,
            "BoolStorage" => Number::Bool,
            _ => return Err(PickleError::Forbidden(format!("torch.{storage}"))),
        }),
        _ => return Err(PickleError::Forbidden(format!("{module}.{name}"))),
    })
}
