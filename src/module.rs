//! What every loss has as a module.

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

/// Gives a module without a reduction its constructor and its display.
macro_rules! plain_module {
    ($module:ident, $config:ident, shows: [$($field:ident),*]) => {
        $crate::module::plain_init!($module, $config);
        $crate::module::display!($module, |module, content| {
            content
                $(.add_debug_attribute(stringify!($field), &module.$field))*
        });
    };
}
pub(crate) use plain_module;

/// Gives a loss that holds tensors, or may hold some, its constructor and its display.
///
/// The configuration has to have `try_init`; the fields are those the display shows.
macro_rules! device_loss_module {
    ($loss:ident, $config:ident, shows: [$($field:ident),*]) => {
        $crate::module::device_init!($loss, $config);
        $crate::module::loss_display!($loss, shows: [$($field),*]);
    };
}
pub(crate) use device_loss_module;

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
