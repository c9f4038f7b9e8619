//! Reading messages. The only room that names `mail_parser`; every parse runs under limits and `catch_unwind`.

mod headers;

pub use headers::*;
