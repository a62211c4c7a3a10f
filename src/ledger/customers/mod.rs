//! Making customers, changing and archiving them. Knows what a customer must have, and no vendor's
//! names for it.

mod change;
mod checks;
mod new;

pub use self::change::CustomerChange;
pub use self::checks::is_email;
pub use self::new::{Again, NewCustomer, Welcome};

use super::commands::Refusal;
use crate::domain::state::State;

/// What commands about one customer have in common, so that they are decided one after the other.
pub(super) fn customer_conflict(identifier: &str) -> String {
    format!("customer {identifier}")
}

/// The merchant's identifier of a customer, for a request that asks for a company's: by any of its
/// ids, else by the e-mail address that it was made with under that company.
///
/// # Errors
/// [`Refusal::NoSuchCompany`]; [`Refusal::NoSuchCustomer`], also where it is another company's or
/// archived.
pub(super) fn identifier_of<'a>(
    state: &'a State,
    company_id: Option<&str>,
    customer: &str,
) -> Result<&'a str, Refusal> {
    if let Some(company_id) = company_id {
        let known = state.catalog().company(company_id);
        known.ok_or(Refusal::NoSuchCompany)?;
        let identifier = companys(state, company_id, customer);
        let identifier = identifier.filter(|id| !state.is_archived(id));
        return identifier.ok_or(Refusal::NoSuchCustomer);
    }
    wanted_identifier(state, customer)
}

/// The merchant's identifier of a customer that is not archived, by any of its ids.
///
/// # Errors
/// [`Refusal::NoSuchCustomer`].
pub(super) fn wanted_identifier<'a>(state: &'a State, customer: &str) -> Result<&'a str, Refusal> {
    let identifier = state.identifier_of(customer);
    let identifier = identifier.filter(|id| !state.is_archived(id));
    identifier.ok_or(Refusal::NoSuchCustomer)
}

/// The same, in a company that there is. A customer of whom no event names another is one of it.
pub(super) fn companys<'a>(state: &'a State, company_id: &str, customer: &str) -> Option<&'a str> {
    let is_others = |held: Box<str>| *held != *company_id;
    let by_id = state.identifier_of(customer);
    let by_id = by_id.filter(|id| !state.company_of(id).is_some_and(is_others));
    by_id.or_else(|| state.identifier_by_email(company_id, customer))
}
