//! What time brings about: ends of trials, of paid periods, of checkouts, cancels and end dates,
//! under a clock that the test moves. Each test ends with a replay that must come to the same.

mod carried;
mod changes;
mod ends;
mod gaps;
mod life;
mod lines;
mod month;
mod plans;
mod words;
