//! Pages to posts.
