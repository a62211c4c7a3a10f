//! The real process among clients that mean harm, or are merely slow, many or broken, while honest
//! deliveries go on; and on machines that have run out of something.

mod clients;
mod lines;
mod noise;
mod resources;
mod slow;
