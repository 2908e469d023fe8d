//! The words: typed row ids, closed codes and checked identifiers. One word, one meaning, the same in SQL, Rust and GraphQL.

mod business_id;
mod citation;
mod closed_enums;
mod codes;
mod hexadecimal;
mod ids;
mod item_code;
mod language;
mod malformed;
mod oid;
mod ovt;
mod personal_identity_code;
mod region;
mod shared_text;
mod text_column;
mod time;
mod xroad;

pub use business_id::*;
pub use citation::*;
pub use closed_enums::*;
pub use codes::*;
pub use hexadecimal::*;
pub use ids::*;
pub use item_code::*;
pub use malformed::*;
pub use oid::*;
pub use ovt::*;
pub use personal_identity_code::*;
pub use region::*;
pub use shared_text::*;
pub use time::*;
pub use xroad::*;
