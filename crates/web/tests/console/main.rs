//! The console as its users and its attackers meet it: requests to the router over a real store in a throw-away
//! folder. Posts and people are fictitious.

mod audited;
mod bench;
mod door;
mod doors;
mod four_eyes;
mod inert;
mod queue;
mod roles;
