//! The demo: the whole path of a post on one machine, from a bundled site on loopback to a packet.

pub mod site;
