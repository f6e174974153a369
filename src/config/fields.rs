//! The fields of a configuration in a file, with a word for each that is wrong.

use super::value::FromValue;
use burn::serde::{
    Deserializer,
    de::{Error, MapAccess, Visitor},
};
use core::fmt;
use serde_json::{Map, Value};

/// A configuration that is read field by field.
pub(crate) trait FromFields: Sized {
    /// The name of its type, for messages.
    const NAME: &'static str;
    /// Its fields.
    const FIELDS: &'static [Name];

    /// Takes every field, or its default where it is left out.
    fn from_fields(fields: &mut Fields) -> Result<Self, Fault>;
}

/// The name of a field, and those it has had before.
pub(crate) struct Name(pub &'static str, pub &'static [&'static str]);

/// What is wrong with a file.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The configuration that the file is of.
    config: &'static str,
    text: String,
}

impl Fault {
    pub fn new(config: &'static str, text: impl fmt::Display) -> Self {
        let text = text.to_string();
        Self { config, text }
    }

    /// What is wrong, without the name of the configuration.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// As the error of a deserializer.
    pub fn into_error<E: Error>(self) -> E {
        let Self { config, text } = self;
        E::custom(format_args!("{config}: {text}"))
    }
}

/// The fields of an object in a file, each given once.
pub(crate) struct Fields {
    /// The configuration they are of, for messages.
    config: &'static str,
    values: Map<String, Value>,
}

/// Reads a configuration.
pub(crate) fn read<'de, C, D>(deserializer: D) -> Result<C, D::Error>
where
    C: FromFields,
    D: Deserializer<'de>,
{
    let fields = Fields::read(C::NAME, deserializer)?;
    fields.into_config().map_err(Fault::into_error)
}

impl Fields {
    /// What a file says of the configuration with this name.
    pub fn read<'de, D: Deserializer<'de>>(
        config: &'static str,
        deserializer: D,
    ) -> Result<Self, D::Error> {
        let values = deserializer.deserialize_map(Collect(config))?;
        Ok(Self::new(config, values))
    }

    pub fn new(config: &'static str, values: Map<String, Value>) -> Self {
        Self { config, values }
    }

    /// The configuration whose fields these are.
    pub fn into_config<C: FromFields>(mut self) -> Result<C, Fault> {
        self.config = C::NAME;
        // Before any that is missing: one that is misspelt is missing, too, and what it is called says more.
        self.expect(C::FIELDS)?;
        C::from_fields(&mut self)
    }

    /// Calls fields by the names they have now, and finds one that has none of these.
    pub fn expect(&mut self, names: &[Name]) -> Result<(), Fault> {
        for name in names {
            self.rename(name)?;
        }
        let known = || names.iter().map(|name| name.0);
        if let Some(unknown) = self
            .values
            .keys()
            .find(|&given| known().all(|name| name != given))
        {
            let text = match names {
                [] => format!("unknown field `{unknown}`, expected none"),
                _ => format!("unknown field `{unknown}`, expected {}", one_of(known())),
            };
            return Err(self.fault(text));
        }
        Ok(())
    }

    /// Takes the value of a field out that has to be there.
    pub fn required<T: FromValue>(&mut self, name: &'static str) -> Result<T, Fault> {
        match self.taken(name)? {
            Some(value) => Ok(value),
            None => Err(self.fault(format_args!(
                "missing field `{name}`, which has no default; add it"
            ))),
        }
    }

    /// Takes the value of a field out, or its default. (A pointer: with a closure this would be compiled for each field.)
    pub fn or<T: FromValue>(&mut self, name: &'static str, default: fn() -> T) -> Result<T, Fault> {
        Ok(self.taken(name)?.unwrap_or_else(default))
    }

    /// Takes the value of a field out, whatever it is.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.values.remove(name)
    }

    fn taken<T: FromValue>(&mut self, name: &'static str) -> Result<Option<T>, Fault> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        T::from_value(&value).map(Some).map_err(|wrong| {
            let (given, about) = (shown(&value), wrong.about::<T>());
            self.fault(format_args!("`{name}` is {given}{about}"))
        })
    }

    /// Calls a field by the name it has now, if it is called by an earlier one.
    fn rename(&mut self, Name(name, earlier): &Name) -> Result<(), Fault> {
        for &earlier in *earlier {
            let Some(value) = self.values.remove(earlier) else {
                continue;
            };
            if self.values.insert(name.to_string(), value).is_some() {
                return Err(self.fault(format_args!(
                    "the field `{name}` is given twice, once as `{earlier}`; leave one out"
                )));
            }
        }
        Ok(())
    }

    pub fn fault(&self, text: impl fmt::Display) -> Fault {
        Fault::new(self.config, text)
    }
}

/// Reads an object; the name is that of the configuration.
struct Collect(&'static str);

impl<'de> Visitor<'de> for Collect {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the fields of a {}", self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut values = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            if values.contains_key(&name) {
                let text = format_args!("the field `{name}` is given twice; leave one out");
                return Err(Fault::new(self.0, text).into_error());
            }
            values.insert(name, access.next_value()?);
        }
        Ok(values)
    }
}

/// What may stand there, for a message.
pub(super) fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    match &names[..] {
        [name] => name.clone(),
        _ => format!("one of {}", names.join(", ")),
    }
}

/// A value as JSON, if that is not too long to be read.
pub(super) fn shown(value: &Value) -> String {
    const MOST: usize = 80;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text,
    }
}
