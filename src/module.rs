//! What every loss has as a module.

use burn::module::Content;
use core::fmt;

/// What a loss shows of itself: its name and its hyperparameters.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// The name, in messages, too.
    pub name: &'static str,
    /// Each hyperparameter and its value.
    fields: Vec<(&'static str, String)>,
}

impl Shown {
    pub fn new(name: &'static str) -> Self {
        let fields = Vec::new();
        Self { name, fields }
    }

    /// One more hyperparameter.
    pub fn add(&mut self, field: &'static str, value: &dyn fmt::Debug) {
        self.fields.push((field, format!("{value:?}")));
    }

    /// A hyperparameter in the place it has had before, or behind the others.
    pub fn set(&mut self, field: &'static str, value: &dyn fmt::Debug) {
        match self.fields.iter_mut().find(|(name, _)| *name == field) {
            Some((_, shown)) => *shown = format!("{value:?}"),
            None => self.add(field, value),
        }
    }

    /// The loss for `Debug`.
    pub fn debug(&self, f: &mut fmt::Formatter<'_>, reduction: &dyn fmt::Debug) -> fmt::Result {
        let mut shown = f.debug_struct(self.name);
        for (field, value) in &self.fields {
            shown.field(field, &format_args!("{value}"));
        }
        shown.field("reduction", reduction).finish()
    }

    /// The loss for the display of a module.
    pub fn content(&self, content: Content, reduction: &dyn fmt::Display) -> Content {
        let mut content = content.set_top_level_type(self.name);
        for (field, value) in &self.fields {
            content = content.add(field, value);
        }
        content.add("reduction", &reduction.to_string())
    }
}

/// The name of a type, without its path and its parameters.
pub(crate) fn type_name<T>() -> &'static str {
    let path = core::any::type_name::<T>();
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path)
}

/// Gives a loss its constructor and its display.
///
/// The configuration has to have `try_init`; the fields are those the display shows, next to the
/// reduction.
macro_rules! loss_module {
    ($loss:ident, $config:ident, shows: [$($field:ident),*]) => {
        $crate::module::plain_init!($loss, $config);
        $crate::module::loss_display!($loss, shows: [$($field),*]);
    };
}
pub(crate) use loss_module;

/// The display of a loss: the fields, next to the reduction.
macro_rules! loss_display {
    ($loss:ident, shows: [$($field:ident),*]) => {
        $crate::module::display!($loss, |loss, content| {
            content
                $(.add_debug_attribute(stringify!($field), &loss.$field))*
                .add("reduction", &loss.reduction.to_string())
        });
    };
}
pub(crate) use loss_display;

/// A display on one line.
macro_rules! display {
    ($module:ident, |$this:ident, $content:ident| $shown:expr) => {
        impl ::burn::module::ModuleDisplay for $module {
            fn custom_settings(&self) -> Option<::burn::module::DisplaySettings> {
                ::burn::module::DisplaySettings::new()
                    .with_new_line_after_attribute(false)
                    .optional()
            }

            fn custom_content(
                &self,
                $content: ::burn::module::Content,
            ) -> Option<::burn::module::Content> {
                let $this = self;
                $shown.optional()
            }
        }
    };
}
pub(crate) use display;

/// The constructor that panics.
macro_rules! plain_init {
    ($module:ident, $config:ident) => {
        impl $config {
            /// Builds it.
            ///
            /// # Panics
            /// If a hyperparameter is out of its range, with the message of
            /// [`try_init`](Self::try_init).
            #[track_caller]
            pub fn init(&self) -> $module {
                self.try_init().unwrap_or_else(|error| panic!("{error}"))
            }
        }
    };
}
pub(crate) use plain_init;

/// The constructor that panics, of a module that holds tensors.
macro_rules! device_init {
    ($module:ident, $config:ident) => {
        impl $config {
            /// Builds it.
            ///
            /// # Panics
            /// If a hyperparameter is out of its range, with the message of
            /// [`try_init`](Self::try_init).
            #[track_caller]
            pub fn init(&self, device: &::burn::tensor::Device) -> $module {
                self.try_init(device)
                    .unwrap_or_else(|error| panic!("{error}"))
            }
        }
    };
}
pub(crate) use device_init;
