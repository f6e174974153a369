//! What every loss has as a module.

/// Gives a loss its constructor and its display.
///
/// The configuration has to have `try_init`; the fields are those the display shows, next to the
/// reduction.
macro_rules! loss_module {
    ($loss:ident, $config:ident, shows: [$($field:ident),*]) => {
        impl $config {
            /// Builds the loss.
            ///
            /// # Panics
            /// If a hyperparameter is out of its range, with the message of
            /// [`try_init`](Self::try_init).
            #[track_caller]
            pub fn init(&self) -> $loss {
                self.try_init().unwrap_or_else(|error| panic!("{error}"))
            }
        }

        $crate::module::loss_display!($loss, shows: [$($field),*]);
    };
}
pub(crate) use loss_module;

/// The display of a loss: the fields, next to the reduction.
macro_rules! loss_display {
    ($loss:ident, shows: [$($field:ident),*]) => {
        impl ::burn::module::ModuleDisplay for $loss {
            fn custom_settings(&self) -> Option<::burn::module::DisplaySettings> {
                ::burn::module::DisplaySettings::new()
                    .with_new_line_after_attribute(false)
                    .optional()
            }

            fn custom_content(
                &self,
                content: ::burn::module::Content,
            ) -> Option<::burn::module::Content> {
                content
                    $(.add_debug_attribute(stringify!($field), &self.$field))*
                    .add("reduction", &self.reduction.to_string())
                    .optional()
            }
        }
    };
}
pub(crate) use loss_display;

/// Gives a loss that holds tensors, or may hold some, its constructor and its display.
///
/// The configuration has to have `try_init`; the fields are those the display shows.
macro_rules! device_loss_module {
    ($loss:ident, $config:ident, shows: [$($field:ident),*]) => {
        impl $config {
            /// Builds the loss.
            ///
            /// # Panics
            /// If a hyperparameter is out of its range, with the message of
            /// [`try_init`](Self::try_init).
            #[track_caller]
            pub fn init(&self, device: &::burn::tensor::Device) -> $loss {
                self.try_init(device).unwrap_or_else(|error| panic!("{error}"))
            }
        }

        $crate::module::loss_display!($loss, shows: [$($field),*]);
    };
}
pub(crate) use device_loss_module;
