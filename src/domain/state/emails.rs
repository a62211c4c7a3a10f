//! Customers by e-mail address: by the one that a command made them with under a company, and by the
//! one they have now. Indexes that follow from the rest of the state, and are worked out anew where
//! that is restored. Knows no address that was told of a payment alone.

use std::collections::BTreeSet;

use super::State;
use super::arena::Ix;
use super::entity::Kind;
use crate::domain::creation::Creation;
use crate::domain::id::Tsid;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Emails {
    /// Very many customers may have one address, of which two tell enough: so each is found by its
    /// company and its address together, in any case.
    made: BTreeSet<(u64, Ix)>,
    /// The names of customers by every address that was told of them, in any case, whether or not
    /// it is still theirs.
    told: BTreeSet<(u64, Ix)>,
}

/// The word for addresses, whichever company's.
const ANY_COMPANY: &str = "email";

/// What an address of a company's customers is found by.
fn place_of(company_id: &str, email: &str) -> u64 {
    Tsid::minted(company_id, &email.to_lowercase()).as_u64()
}

fn place_in(creation: &Creation) -> Option<u64> {
    Some(place_of(&creation.company_id()?, &creation.email()?))
}

impl State {
    /// The merchant's identifier of the one customer that a command made under that company with
    /// that e-mail address, in any case, and that is not archived. Nothing where there is none, or another.
    #[must_use]
    pub fn identifier_by_email(&self, company_id: &str, email: &str) -> Option<&str> {
        let place = place_of(company_id, email);
        let from = self.emails.made.range((place, Ix::at(0))..);
        let near = from.take_while(|(held, _)| *held == place);
        let lower = email.to_lowercase();
        let mut meant = near.filter_map(|(_, party)| {
            let name = &*self.arena.get(*party).name;
            let creation = self.creation_of(name)?.creation;
            if self.archived_at(*party).is_some() {
                return None;
            }
            // Two addresses may share a place.
            let is_same =
                creation.email()?.to_lowercase() == lower && creation.company_id()? == company_id;
            is_same.then_some(name)
        });
        let one = meant.next()?;
        meant.next().is_none().then_some(one)
    }

    /// The merchant's identifier of the one customer that has that e-mail address now, in any case,
    /// and is not archived. Nothing where there is none, or another.
    #[must_use]
    pub fn identifier_with_email(&self, email: &str) -> Option<&str> {
        let place = place_of(ANY_COMPANY, email);
        let from = self.emails.told.range((place, Ix::at(0))..);
        let near = from.take_while(|(held, _)| *held == place);
        let lower = email.to_lowercase();
        let has_it = |root: &Ix| {
            let entity = self.arena.get(*root);
            let person = self.person(entity);
            let held = person.email().map(str::to_lowercase);
            let has_it = held.is_some_and(|held| held == lower);
            entity.is_identifier() && has_it && self.archived_at(*root).is_none()
        };
        let roots = near.filter_map(|(_, party)| self.arena.get(*party).owner);
        let mut meant = roots.filter(has_it);
        let one = meant.next()?;
        // One customer may have it by several names.
        let is_one = meant.all(|other| other == one);
        is_one.then(|| &*self.arena.get(one).name)
    }

    /// Notes that another e-mail address is known of something: of a customer's name, it counts.
    pub(super) fn email_known(&mut self, ix: Ix) {
        let entity = self.arena.get(ix);
        let email = entity.person.email().filter(|_| entity.kind == Kind::Party);
        if let Some(place) = email.map(|email| place_of(ANY_COMPANY, email)) {
            self.emails.told.insert((place, ix));
        }
    }

    /// Brings the index up to date for a customer, of whom `before` was known.
    pub(super) fn created_anew(&mut self, party: Ix, before: Option<&Creation>) {
        if let Some(place) = before.and_then(place_in) {
            self.emails.made.remove(&(place, party));
        }
        let made = self.creation_of(&self.arena.get(party).name);
        if let Some(place) = made.and_then(|made| place_in(made.creation)) {
            self.emails.made.insert((place, party));
        }
    }

    /// Both indexes.
    pub(super) fn derive_emails(&mut self) {
        for party in self.arena.places() {
            self.email_known(party);
            if self.arena.get(party).is_identifier() {
                self.created_anew(party, None);
            }
        }
    }
}
