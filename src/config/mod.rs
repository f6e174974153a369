//! How configurations are defined, and how they are read from a file.
//!
//! A configuration is what Burn's `#[derive(Config)]` makes: `new` with what has no default, a `with_` for each field
//! that has one, `Display` as JSON. That derive writes `Deserialize`, too, and takes no part of it from elsewhere: every
//! field must then be given, and unknown ones pass in silence. So [`config!`](config) writes what the derive would, with
//! [`FromFields`] in place of that, and [`choice!`](choice) the enum of several configurations, one of which a file
//! names. All else is ordinary code: [`Fields`] are what a file says, by name, and [`FromValue`] reads what stands in one.

mod choice;
mod definition;
mod fields;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use choice::{Choice, choice, choose};
pub(crate) use definition::config;
pub(crate) use fields::{Fault, Fields, FromFields, Name, read};
pub(crate) use value::{FromValue, Named, Variant, Wrong, as_written, by_itself};
