//! Customers by the e-mail address that a command made them with: an index that follows from the
//! rest of the state, and is worked out anew where that is restored. Knows no address that was told
//! later, or by anybody else.

use std::collections::BTreeSet;

use super::State;
use super::arena::Ix;
use crate::domain::creation::Creation;
use crate::domain::id::Tsid;

/// See the module. Very many customers may have one address, of which two tell enough: so each is
/// found by its company and its address together, in any case.
#[derive(Debug, Default)]
pub(super) struct Emails(BTreeSet<(u64, Ix)>);

/// What an address of a company's customers is found by.
fn place_of(company_id: &str, email: &str) -> u64 {
    Tsid::minted(company_id, &email.to_lowercase()).as_u64()
}

fn place_in(creation: &Creation) -> Option<u64> {
    Some(place_of(&creation.company_id()?, &creation.email()?))
}

impl State {
    /// The merchant's identifier of the one customer that a command made under that company with
    /// that e-mail address, in any case. Nothing where there is none, or another.
    #[must_use]
    pub fn identifier_by_email(&self, company_id: &str, email: &str) -> Option<&str> {
        let place = place_of(company_id, email);
        let from = self.emails.0.range((place, Ix::at(0))..);
        let near = from.take_while(|(held, _)| *held == place);
        let lower = email.to_lowercase();
        let mut meant = near.filter_map(|(_, party)| {
            let name = &*self.arena.get(*party).name;
            let creation = self.creation_of(name)?.creation;
            // Two addresses may share a place.
            let is_same =
                creation.email()?.to_lowercase() == lower && creation.company_id()? == company_id;
            is_same.then_some(name)
        });
        let one = meant.next()?;
        meant.next().is_none().then_some(one)
    }

    /// Brings the index up to date for a customer, of whom `before` was known.
    pub(super) fn created_anew(&mut self, party: Ix, before: Option<&Creation>) {
        if let Some(place) = before.and_then(place_in) {
            self.emails.0.remove(&(place, party));
        }
        let made = self.creation_of(&self.arena.get(party).name);
        if let Some(place) = made.and_then(|made| place_in(made.creation)) {
            self.emails.0.insert((place, party));
        }
    }

    /// The whole index.
    pub(super) fn derive_emails(&mut self) {
        for party in self.arena.places() {
            if self.arena.get(party).is_identifier() {
                self.created_anew(party, None);
            }
        }
    }
}
