//! The gateway as its clients see it: a real database for every test, on both engines, with only the clock and the key
//! set of our own making.

mod anomalies;
mod command_line;
mod contract;
mod durability;
mod erasure;
mod expirations;
mod faults;
mod golden;
mod house;
mod interrupted_sqlite;
mod journal;
mod key_rotation;
mod known_answers;
mod limits;
mod migrations;
mod monotonicity;
mod naive;
mod permissions;
mod postgres;
mod process;
mod random_worlds;
mod readme;
mod recording;
mod registry_acts;
mod reports;
mod retention;
mod scale;
mod schema;
mod statistics;
mod statistics_export;
mod subject_access;
mod succession;
mod time;
mod transparency_log;
mod worlds;
