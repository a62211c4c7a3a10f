//! The gateways: how a checkout is paid. They know the domain's words and the gateway's; nothing of
//! the log, of the state or of our own HTTP.

mod http;
mod razorpay;
mod sandbox;

use crate::domain::catalog::{Period, Price};
use crate::domain::money::Money;
use crate::domain::own::{CancelWhen, Pretend};
use crate::domain::time::Timestamp;

pub use razorpay::{RAZORPAY, Razorpay};
pub use sandbox::{SANDBOX, Sandbox};

/// Who takes the money. Everything here blocks, for as long as its timeouts say.
pub trait Gateway: Send + Sync {
    /// The word for it in `[checkout] gateway`, and in the events.
    fn name(&self) -> &'static str;

    /// Whether no money moves: then a payment can be made to fail.
    fn pretends(&self) -> bool;

    /// The plan at the gateway that charges this price again and again; `None` where it is paid
    /// once.
    fn plan_of<'a>(&self, price: &'a Price) -> Option<&'a str>;

    /// Has the payer pay: one try.
    fn open(&self, order: &Order, before: Before) -> Answer;

    /// Has a subscription charged no more: one try. `Done` where there is nothing left to charge.
    fn cancel(&self, reference: &str, when: CancelWhen) -> CancelAnswer;

    /// Whether the gateway itself sent the payer back with these parameters, and what it says:
    /// only a hint, for the page.
    fn came_back(&self, checkout: &str, reference: &str, query: &str) -> Option<CameBack>;
}

/// What is to be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// `TRN-…`
    pub checkout: Box<str>,
    /// Counted from 1.
    pub attempt: u32,
    /// When the payer wanted it.
    pub attempted_at: Timestamp,
    /// When the gateway is asked.
    pub asked_at: Timestamp,
    /// The gateway's ids of what it opened for earlier attempts, newest first.
    pub earlier: Vec<Box<str>>,
    /// How much.
    pub price: Money,
    /// What for, for people.
    pub description: String,
    /// Where the gateway charges it again and again.
    pub plan: Option<GatewayPlan>,
    /// The customer's e-mail address.
    pub email: Option<Box<str>>,
    /// Until when it can be paid.
    pub expires_at: Timestamp,
    /// What is to be pretended, where no money moves.
    pub pretend: Option<Pretend>,
}

/// A plan as a gateway knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayPlan {
    /// The gateway's id of it.
    pub id: Box<str>,
    /// How often it charges.
    pub period: Period,
}

/// Whether the gateway may have been asked before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// Never.
    Never,
    /// Perhaps: what it did is looked up before it is asked again.
    Perhaps,
}

/// What came of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The payer can pay there.
    Opened {
        /// The gateway's id of it.
        reference: String,
        /// Where the payer goes.
        url: String,
    },
    /// It was handed over, and a webhook will say what came of it.
    Delivered,
    /// It will not, in its own words.
    Refused(String),
    /// It did nothing, and may be asked again later.
    Later(String),
    /// Nobody knows whether it did; it must not be asked again before that was looked up.
    Unknown(String),
    /// It was looked up, and is not there (yet); it must not be asked again.
    Missing,
}

/// What came of one try to cancel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelAnswer {
    /// It charges no more, now or after the cycle.
    Done,
    /// It will not, in its own words.
    Refused(String),
    /// It may be asked again later.
    Later(String),
}

/// What a payer's way back says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameBack {
    /// The payment was made; the webhook will come.
    Paid,
    /// It was not.
    NotPaid,
}
