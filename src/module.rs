//! What every loss has as a module.

use burn::module::{Content, DisplaySettings, ModuleDisplay, ModuleDisplayDefault};
use core::fmt;

/// A hyperparameter and its value.
pub(crate) type Field<'a> = (&'static str, &'a dyn fmt::Debug);

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

    /// With these hyperparameters behind the others.
    pub fn with(mut self, fields: &[Field<'_>]) -> Self {
        for (field, value) in fields {
            self.add(field, value);
        }
        self
    }

    /// One more hyperparameter.
    pub fn add(&mut self, field: &'static str, value: &dyn fmt::Debug) {
        self.fields.push((field, written(value)));
    }

    /// A hyperparameter in the place it has had before, or behind the others.
    pub fn set(&mut self, field: &'static str, value: &dyn fmt::Debug) {
        match self.fields.iter_mut().find(|(name, _)| *name == field) {
            Some((_, shown)) => *shown = written(value),
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

/// A value as a configuration file says it, where that has what may be left out in another way.
fn written(value: &dyn fmt::Debug) -> String {
    let text = format!("{value:?}");
    let some = text.strip_prefix("Some(");
    match some.and_then(|some| some.strip_suffix(')')) {
        Some(some) => some.to_string(),
        None if text == "None" => "null".to_string(),
        None => text,
    }
}

/// The name of a type, without its path and its parameters.
pub(crate) fn type_name<T>() -> &'static str {
    let path = core::any::type_name::<T>();
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path)
}

/// How a module is displayed: on one line.
pub(crate) fn one_line() -> Option<DisplaySettings> {
    DisplaySettings::new()
        .with_new_line_after_attribute(false)
        .optional()
}

/// What a module shows of itself, as functions: Burn's way to put it together is compiled for each type of module, and this way once.
struct Displayed<'a> {
    custom: &'a dyn Fn(Content) -> Option<Content>,
    default: &'a dyn Fn(Content) -> Option<Content>,
    parameters: usize,
}

impl ModuleDisplayDefault for Displayed<'_> {
    fn content(&self, content: Content) -> Option<Content> {
        (self.default)(content)
    }

    fn num_params(&self) -> usize {
        self.parameters
    }
}

impl ModuleDisplay for Displayed<'_> {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        one_line()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        (self.custom)(content)
    }
}

/// The text of a module of that name, with so many parameters and these contents.
pub(crate) fn formatted(
    name: &'static str,
    parameters: usize,
    settings: DisplaySettings,
    custom: &dyn Fn(Content) -> Option<Content>,
    default: &dyn Fn(Content) -> Option<Content>,
) -> String {
    let displayed = Displayed {
        custom: &|content| custom(content.set_top_level_type(name)),
        default: &|content| default(content.set_top_level_type(name)),
        parameters,
    };
    displayed.format(settings)
}

/// A display on one line. The generics of a generic module stand in brackets before it.
macro_rules! display {
    ($module:ident, |$this:ident, $content:ident| $shown:expr) => {
        $crate::module::display!([] $module, |$this, $content| $shown);
    };
    ([$($generics:tt)*] $module:ty, |$this:ident, $content:ident| $shown:expr) => {
        impl<$($generics)*> ::burn::module::ModuleDisplay for $module {
            fn custom_settings(&self) -> Option<::burn::module::DisplaySettings> {
                $crate::module::one_line()
            }

            fn custom_content(
                &self,
                $content: ::burn::module::Content,
            ) -> Option<::burn::module::Content> {
                let $this = self;
                $shown.optional()
            }

            fn format(&self, settings: ::burn::module::DisplaySettings) -> String {
                use ::burn::module::{ModuleDisplay, ModuleDisplayDefault};
                $crate::module::formatted(
                    $crate::module::type_name::<Self>(),
                    ModuleDisplayDefault::num_params(self),
                    settings,
                    &|content| ModuleDisplay::custom_content(self, content),
                    &|content| ModuleDisplayDefault::content(self, content),
                )
            }
        }
    };
}
pub(crate) use display;
