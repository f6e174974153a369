//! The definition of a configuration.

/// Defines a configuration: a struct with the default of each field that has one behind it.
///
/// ```text
/// config! {
///     /// Configuration of `RidgeLoss`.
///     pub struct RidgeLossConfig {
///         /// The number of classes, at least 1.
///         pub classes: usize,
///         /// The width, above 0. Default: 1.
///         #[alias = "delta"]
///         pub width: f64 = 1.0,
///     }
/// }
/// ```
/// An `alias` is a name the field has had before, by which files may still call it.
macro_rules! config {
    (
        $(#[doc = $about:literal])*
        pub struct $config:ident { $($fields:tt)* }
    ) => {
        $crate::config::config! { @sort [$($about)*] $config [] [] $($fields)* }
    };

    // A field without a default: an argument of `new`.
    (
        @sort $about:tt $config:ident [$($required:tt)*] $chosen:tt
        $(#[doc = $doc:literal])*
        $(#[alias = $alias:literal])*
        pub $field:ident: $type:ty,
        $($rest:tt)*
    ) => {
        $crate::config::config! {
            @sort $about $config [$($required)* ([$($doc)*] [$($alias)*] $field: $type)] $chosen $($rest)*
        }
    };

    // A field with one.
    (
        @sort $about:tt $config:ident $required:tt [$($chosen:tt)*]
        $(#[doc = $doc:literal])*
        $(#[alias = $alias:literal])*
        pub $field:ident: $type:ty = $default:expr,
        $($rest:tt)*
    ) => {
        $crate::config::config! {
            @sort $about $config $required [$($chosen)* ([$($doc)*] [$($alias)*] $field: $type = $default)]
            $($rest)*
        }
    };

    (
        @sort [$($about:literal)*] $config:ident
        [$(([$($r_doc:literal)*] [$($r_alias:literal)*] $required:ident: $r_type:ty))*]
        [$(([$($doc:literal)*] [$($alias:literal)*] $field:ident: $type:ty = $default:expr))*]
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, ::burn::serde::Serialize)]
        #[serde(crate = "burn::serde")]
        pub struct $config {
            $($(#[doc = $r_doc])* pub $required: $r_type,)*
            $($(#[doc = $doc])* pub $field: $type,)*
        }

        impl $config {
            /// Makes a configuration in which everything that is no argument has its default.
            pub fn new($($required: $r_type),*) -> Self {
                Self { $($required,)* $($field: $default,)* }
            }

            ::pastey::paste! {
                $(
                    #[doc = "Sets [`" $field "`](Self::" $field ")."]
                    #[doc = ""]
                    $(#[doc = $doc])*
                    pub fn [<with_ $field>](mut self, $field: $type) -> Self {
                        self.$field = $field;
                        self
                    }
                )*
            }
        }

        impl $crate::config::FromFields for $config {
            const NAME: &'static str = stringify!($config);
            const FIELDS: &'static [$crate::config::Name] = &[
                $($crate::config::Name(stringify!($required), &[$($r_alias),*]),)*
                $($crate::config::Name(stringify!($field), &[$($alias),*]),)*
            ];

            fn from_fields(
                fields: &mut $crate::config::Fields,
            ) -> Result<Self, $crate::config::Fault> {
                Ok(Self {
                    $($required: fields.required(stringify!($required))?,)*
                    $($field: fields.or(stringify!($field), || $default)?,)*
                })
            }
        }

        impl<'de> ::burn::serde::Deserialize<'de> for $config {
            fn deserialize<D: ::burn::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                $crate::config::read(deserializer)
            }
        }

        $crate::config::config! { @default $config $($required)* }
        $crate::config::config! { @file $config }
    };

    // Where everything has a default, so has the whole.
    (@default $config:ident) => {
        impl Default for $config {
            fn default() -> Self {
                Self::new()
            }
        }
    };
    (@default $config:ident $($required:ident)+) => {};

    // What every configuration has, that of several losses too.
    (@file $config:ident) => {
        impl ::burn::config::Config for $config {}

        impl ::core::fmt::Display for $config {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(&::burn::config::config_to_json(self))
            }
        }
    };
}
pub(crate) use config;
