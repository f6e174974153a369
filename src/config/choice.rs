//! Configurations one of which a file names.

use super::fields::{Fault, Fields, one_of, shown};
use burn::serde::Deserializer;
use serde_json::Value;

/// The field that names the loss.
const TAG: &str = "loss";

/// A name in a file, and how the other fields become the configuration of that loss.
pub(crate) type Choice<C> = (&'static str, fn(Fields) -> Result<C, Fault>);

/// Reads the configuration that a file names.
pub(crate) fn choose<'de, C, D: Deserializer<'de>>(
    config: &'static str,
    choices: &[Choice<C>],
    deserializer: D,
) -> Result<C, D::Error> {
    let fields = Fields::read(config, deserializer)?;
    chosen(choices, fields).map_err(Fault::into_error)
}

fn chosen<C>(choices: &[Choice<C>], mut fields: Fields) -> Result<C, Fault> {
    let expected = || {
        let names = one_of(choices.iter().map(|(name, _)| *name));
        format!("expected {names}")
    };
    let name = match fields.take(TAG) {
        Some(Value::String(name)) => name,
        Some(other) => {
            let text = format!("`{TAG}` is {}, {}", shown(&other), expected());
            return Err(fields.fault(text));
        }
        None => {
            let text = format!(
                "missing field `{TAG}`, which names the loss; {}",
                expected()
            );
            return Err(fields.fault(text));
        }
    };
    match choices.iter().find(|(known, _)| *known == name) {
        Some((_, config)) => config(fields),
        None => Err(fields.fault(format!("`{TAG}` is \"{name}\", {}", expected()))),
    }
}

/// Defines the configuration of any of several losses: an enum of their configurations, each with its name in a file.
macro_rules! choice {
    (
        $(#[doc = $about:literal])*
        pub enum $choice:ident {
            $(
                $(#[doc = $doc:literal])*
                $name:literal => $variant:ident($config:ident),
            )*
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, ::burn::serde::Serialize)]
        #[serde(crate = "burn::serde", tag = "loss")]
        pub enum $choice {
            $(
                $(#[doc = $doc])*
                #[serde(rename = $name)]
                $variant($config),
            )*
        }

        impl<'de> ::burn::serde::Deserialize<'de> for $choice {
            fn deserialize<D: ::burn::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                let choices: &[$crate::config::Choice<Self>] = &[
                    $(($name, |fields| fields.into_config().map(Self::$variant)),)*
                ];
                $crate::config::choose(stringify!($choice), choices, deserializer)
            }
        }

        $(
            impl From<$config> for $choice {
                fn from(config: $config) -> Self {
                    Self::$variant(config)
                }
            }
        )*

        $crate::config::config! { @file $choice }
    };
}
pub(crate) use choice;
