//! One file for each subcommand.

pub mod alerts;
pub mod assess;
pub mod audit;
pub mod backup;
pub mod crawl;
pub mod demo;
pub mod eval;
pub mod import;
pub mod index;
pub mod normalise;
pub mod packet;
pub mod posts;
pub mod restore;
pub mod retention;
pub mod rules;
pub mod search;
pub mod serve;
pub mod source;
pub mod source_health;
pub mod train;
pub mod user;
