//! What somebody sends who means harm, or a provider on its worst day: requests within requests,
//! clocks that leap, names that are paths. Nothing is stored that was not signed, what was signed
//! is stored once, and the service answers on.

mod clocks;
mod framing;
mod headers;
mod names;
mod repeats;
mod signatures;
