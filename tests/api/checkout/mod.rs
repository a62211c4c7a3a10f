//! Checkouts from outside: the page, its buttons, the sandbox, and Razorpay as far as a fake of its
//! API goes.

mod fake;
mod links;
mod offers;
mod page;
mod razorpay;
mod sandbox;
mod shop;
mod stories;
mod subscriptions;
