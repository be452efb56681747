//! One suite over every backend. Without more it runs on SQLite, in throw-away folders; with
//! `CANHGIAC_TEST_DATABASE=postgres://user@host/database` each test makes a database of its own on that server.

mod backups;
mod buckets;
mod deciding;
mod disk;
mod doors;
mod escalating;
mod faults;
mod frontier;
mod help;
mod keeping;
mod leases;
mod migrating;
mod people;
mod power;
mod reassessing;
mod recording;
mod source_health;
