//! Closed lists of stable ids: one spelling in Rust, JSON, SQL and scripts.

/// An id that names nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown id `{0}`")]
pub struct UnknownId(pub String);

/// Declares an enum whose variants are known everywhere by a stable id. A function cannot declare a type.
macro_rules! ids {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $id:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $id)] $variant),* }

        impl $name {
            /// All of them, in the order of the design.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// The stable id.
            pub fn id(self) -> &'static str {
                match self { $($name::$variant => $id),* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.id())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::UnknownId;

            fn from_str(id: &str) -> Result<Self, crate::UnknownId> {
                Self::ALL.iter().copied().find(|it| it.id() == id).ok_or_else(|| crate::UnknownId(id.to_owned()))
            }
        }
    };
}

pub(crate) use ids;
