//! Values of fields in a file.

use super::Fault;
use super::fields::{Fields, Name, one_of, shown};
use burn::serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Map, Value};

/// The text of a value in a file, without the quotes of a name.
pub(crate) fn as_written(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).expect("plain data");
    text.trim_matches('"').to_string()
}

/// What is read from one value of a file.
pub(crate) trait FromValue: Sized {
    /// What is expected, in the words of the file: one of them, `"a number"`, and several, `"numbers"`.
    fn expected() -> [String; 2];

    /// Reads it, or says what is wrong with it.
    fn from_value(value: &Value) -> Result<Self, Wrong>;
}

/// What is wrong with a value.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// It is not what is expected.
    Kind,
    /// It would be, but for something in it.
    Within(String),
}

impl Wrong {
    /// What is said behind the value.
    pub fn about<T: FromValue>(self) -> String {
        match self {
            Wrong::Kind => format!(", expected {}", T::expected()[0]),
            Wrong::Within(text) => text,
        }
    }
}

/// Reads a value by itself, outside of a configuration of this crate.
pub(crate) fn by_itself<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromValue,
    D: Deserializer<'de>,
{
    let value = Value::deserialize(deserializer)?;
    T::from_value(&value).map_err(|wrong| {
        let text = format!("the value is {}{}", shown(&value), wrong.about::<T>());
        D::Error::custom(text)
    })
}

impl FromValue for f64 {
    fn expected() -> [String; 2] {
        ["a number", "numbers"].map(String::from)
    }

    fn from_value(value: &Value) -> Result<Self, Wrong> {
        value.as_f64().ok_or(Wrong::Kind)
    }
}

impl FromValue for bool {
    fn expected() -> [String; 2] {
        ["true or false", "of true and false"].map(String::from)
    }

    fn from_value(value: &Value) -> Result<Self, Wrong> {
        value.as_bool().ok_or(Wrong::Kind)
    }
}

impl FromValue for i64 {
    fn expected() -> [String; 2] {
        ["a whole number", "whole numbers"].map(String::from)
    }

    fn from_value(value: &Value) -> Result<Self, Wrong> {
        value.as_i64().ok_or(Wrong::Kind)
    }
}

impl FromValue for isize {
    fn expected() -> [String; 2] {
        i64::expected()
    }

    fn from_value(value: &Value) -> Result<Self, Wrong> {
        i64::from_value(value)?.try_into().map_err(|_| Wrong::Kind)
    }
}

impl FromValue for u64 {
    fn expected() -> [String; 2] {
        [
            "a whole number of 0 or above",
            "whole numbers of 0 or above",
        ]
        .map(String::from)
    }

    fn from_value(value: &Value) -> Result<Self, Wrong> {
        value.as_u64().ok_or(Wrong::Kind)
    }
}

impl FromValue for usize {
    fn expected() -> [String; 2] {
        u64::expected()
    }

    fn from_value(value: &Value) -> Result<Self, Wrong> {
        u64::from_value(value)?.try_into().map_err(|_| Wrong::Kind)
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn expected() -> [String; 2] {
        let [_, many] = T::expected();
        [format!("a list of {many}"), format!("lists of {many}")]
    }

    fn from_value(value: &Value) -> Result<Self, Wrong> {
        let list = value.as_array().ok_or(Wrong::Kind)?;
        let elements = list.iter().enumerate().map(|(index, element)| {
            T::from_value(element).map_err(|wrong| {
                let (given, about) = (shown(element), wrong.about::<T>());
                Wrong::Within(format!(", of which element {index} is {given}{about}"))
            })
        });
        elements.collect()
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn expected() -> [String; 2] {
        T::expected().map(|expected| format!("{expected} or null"))
    }

    fn from_value(value: &Value) -> Result<Self, Wrong> {
        match value {
            Value::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

/// One of several things with names, some of which have fields. In a file it is the name, or an object with the fields behind
/// the name.
pub(crate) struct Variant<T> {
    pub name: &'static str,
    pub fields: &'static [Name],
    /// Takes every field, or its default.
    pub read: fn(&mut Fields) -> Result<T, Fault>,
}

impl<T> Variant<T> {
    /// One without fields.
    pub const fn plain(name: &'static str, read: fn(&mut Fields) -> Result<T, Fault>) -> Self {
        let fields = &[];
        Self { name, fields, read }
    }

    /// What is expected of a file that names one.
    pub fn names(variants: &[Self]) -> [String; 2] {
        let names = one_of(variants.iter().map(|variant| variant.name));
        [names.clone(), format!("names, each {names}")]
    }

    /// Reads the one that a file names.
    pub fn chosen(value: &Value, variants: &[Self]) -> Result<T, Wrong> {
        let (name, given) = match value {
            Value::String(name) => (name, None),
            Value::Object(object) if object.len() == 1 => {
                let (name, given) = object.iter().next().ok_or(Wrong::Kind)?;
                (name, Some(given))
            }
            _ => return Err(Wrong::Kind),
        };
        let variant = variants.iter().find(|variant| variant.name == name);
        variant.ok_or(Wrong::Kind)?.of(given)
    }

    fn of(&self, given: Option<&Value>) -> Result<T, Wrong> {
        let values = match (given, self.fields) {
            (None | Some(Value::Null), _) => Map::new(),
            (Some(Value::Object(fields)), _) => fields.clone(),
            // Where there is one field, its name says nothing new.
            (Some(value), [Name(field, _)]) => Map::from_iter([(field.to_string(), value.clone())]),
            (Some(_), _) => return Err(self.wrong("its fields are no object")),
        };
        let mut fields = Fields::new(self.name, values);
        let read = fields
            .expect(self.fields)
            .and_then(|()| (self.read)(&mut fields));
        read.map_err(|fault| self.wrong(fault.text()))
    }

    /// What is wrong with its fields, and how they are written.
    fn wrong(&self, what: &str) -> Wrong {
        let fields = self.fields.iter().map(|name| format!("\"{}\": ..", name.0));
        let fields = fields.collect::<Vec<_>>().join(", ");
        let name = self.name;
        Wrong::Within(match self.fields {
            [] => format!(": {what}; write \"{name}\""),
            _ => format!(": {what}; write {{\"{name}\": {{{fields}}}}}"),
        })
    }
}

/// Something that is named in a file and has no fields.
pub(crate) trait Named: Copy + PartialEq + 'static {
    /// All of them, with their names.
    const NAMES: &'static [(Self, &'static str)];

    /// Its name.
    fn name(self) -> &'static str {
        let mut names = Self::NAMES.iter();
        let named = names.find(|(named, _)| *named == self);
        named.expect("all of them have names").1
    }
}

impl<T: Named> FromValue for T {
    fn expected() -> [String; 2] {
        let names = one_of(T::NAMES.iter().map(|(_, name)| *name));
        [names.clone(), format!("names, each {names}")]
    }

    fn from_value(value: &Value) -> Result<Self, Wrong> {
        let names = T::NAMES.iter();
        let mut names = names.filter(|(_, name)| value.as_str() == Some(name));
        names.next().map(|(named, _)| *named).ok_or(Wrong::Kind)
    }
}
