//! A table: named columns with units.

/// The values of a column; vector cells of fixed width lie row after row.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnValues {
    Integer(Vec<i64>),
    Float(Vec<f64>),
    Logical(Vec<bool>),
    Text(Vec<String>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: String,
    pub unit: String,
    /// Values per row (1 for a scalar column).
    pub width: usize,
    pub values: ColumnValues,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub rows: usize,
    pub columns: Vec<Column>,
}

impl Table {
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }
}
