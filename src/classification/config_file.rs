//! The fields of a configuration in a file, with a word for each that is wrong.

use burn::{
    config::Config,
    serde::{
        Deserialize, Deserializer,
        de::{DeserializeOwned, Error, MapAccess, Visitor},
    },
};
use core::fmt;
use serde_json::{Map, Value};

/// The field that names the loss.
const TAG: &str = "loss";

/// The fields of an object, each given once.
pub(super) struct Fields(Map<String, Value>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an object with a field `{TAG}`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Fields, A::Error> {
                let mut fields = Map::new();
                while let Some(name) = access.next_key::<String>()? {
                    if fields.contains_key(&name) {
                        return Err(A::Error::custom(format!(
                            "the field `{name}` is given twice"
                        )));
                    }
                    let value = access.next_value()?;
                    fields.insert(name, value);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

impl Fields {
    /// Takes out the field that names the loss.
    pub(super) fn take_loss<K: DeserializeOwned, E: Error>(&mut self) -> Result<K, E> {
        match self.0.remove(TAG) {
            Some(name) => read(TAG, name.clone(), &name),
            None => Err(E::custom(format!("missing field `{TAG}`"))),
        }
    }

    /// The configuration that is `defaults` but for these fields. Of the `required` ones the defaults
    /// hold something to stand in, that is not to be used.
    pub(super) fn config<C: Config, E: Error>(
        self,
        defaults: C,
        required: &[&str],
    ) -> Result<C, E> {
        let mut config = defaults;
        let Ok(Value::Object(mut fields)) = serde_json::to_value(&config) else {
            unreachable!("a configuration is an object");
        };
        let missing = required.iter().find(|&&name| !self.0.contains_key(name));
        // One that is misspelt is missing too; what it is called says more.
        if let Some(unknown) = self.0.keys().find(|&name| !fields.contains_key(name)) {
            let known: Vec<String> = fields.keys().map(|name| format!("`{name}`")).collect();
            let known = known.join(", ");
            return Err(E::custom(format!(
                "unknown field `{unknown}`, expected one of {known}"
            )));
        }
        if let Some(missing) = missing {
            return Err(E::custom(format!("missing field `{missing}`")));
        }
        // All but the newest field are known to be right.
        for (name, value) in self.0 {
            fields.insert(name.clone(), value.clone());
            config = read(&name, Value::Object(fields.clone()), &value)?;
        }
        Ok(config)
    }
}

/// Reads `whole`; what is wrong with it is put down to the field `name`, whose value is `value`.
fn read<T: DeserializeOwned, E: Error>(name: &str, whole: Value, value: &Value) -> Result<T, E> {
    serde_json::from_value(whole)
        .map_err(|fault| E::custom(format!("`{name}` is {}: {fault}", shown(value))))
}

/// A value as JSON, if that is not too long to be read.
fn shown(value: &Value) -> String {
    const MOST: usize = 80;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text,
    }
}
