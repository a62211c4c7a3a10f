//! Making customers: for whoever wants a new one, and for whoever asks again.

use super::checks::{check_email, check_identifier, check_lines, check_metadata, check_place};
use super::customer_conflict;
use crate::domain::catalog::{Catalog, Plan};
use crate::domain::creation::{Asked, trial_text};
use crate::domain::customer::Address;
use crate::domain::id::Prefix;
use crate::domain::own::{Begun, CustomerCreated, OwnFact};
use crate::domain::state::{Made, State};
use crate::domain::time::Timestamp;
use crate::ledger::commands::{CommandError, Refusal, Request, invalid};
use crate::ledger::limits::TRIAL_DAYS_MAX;
use crate::ledger::{Ledger, ids};

/// A customer to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewCustomer {
    /// The company of the catalogue that it is a customer of (`COM-…`), where companies matter.
    pub company_id: Option<Box<str>>,
    /// The country of the catalogue whose prices it pays (`CON-…`).
    pub country_id: Option<Box<str>>,
    /// The merchant's own identifier: 1 to 512 characters on one line.
    pub identifier: Box<str>,
    /// E-mail address.
    pub email: Option<Box<str>>,
    /// Given name.
    pub first_name: Option<Box<str>>,
    /// Family name.
    pub last_name: Option<Box<str>>,
    /// Telephone number, as text.
    pub phone: Option<Box<str>>,
    /// Where it is.
    pub address: Address,
    /// What the merchant notes of it: a JSON object, as text.
    pub metadata: Option<Box<str>>,
    /// What it is subscribed to in the same breath; absent: nothing.
    pub welcome: Option<Welcome>,
    /// What happens where there is one of that identifier.
    pub again: Again,
}

/// What a new customer is subscribed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Welcome {
    /// The plan (`PLV-…`); else the catalogue's default plan, if it has one.
    pub plan_id: Option<Box<str>>,
    /// The length of its trial, in days; else the plan's. 0: none.
    pub trial_days: Option<u32>,
}

/// What happens where there is a customer of that identifier already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Again {
    /// One that was made with the same gets the first answer, and one that only webhooks told of is
    /// made now.
    #[default]
    Answered,
    /// It is refused, whoever told of it.
    Refused,
}

impl Ledger {
    /// Makes a customer, and subscribes it where that is asked for. Answers the event's sequence
    /// number; for a customer that was made with the same before, records nothing and answers that
    /// event's, unless [`Again::Refused`].
    ///
    /// # Errors
    /// [`Refusal::Invalid`] names the field that is wrong, or that is another than what the
    /// customer was made with; [`Refusal::CustomerExists`]; [`Refusal::NoSuchCompany`];
    /// [`Refusal::NoSuchCountry`].
    pub async fn create_customer(
        &self,
        new: NewCustomer,
        request: &Request,
    ) -> Result<u64, CommandError> {
        new.check()?;
        let conflicts = vec![customer_conflict(&new.identifier)];
        let identifier = new.identifier.clone();
        let decide = move |state: &State, now| {
            let made = new.decide(state, now)?;
            Ok(OwnFact::CustomerCreated(made))
        };
        let told = self.tell(request, conflicts, decide).await;
        if told != Err(CommandError::Refused(Refusal::NothingChanges)) {
            return told;
        }
        let made_at = self
            .state
            .read()
            .creation_of(&identifier)
            .map(|made| made.seq);
        made_at.map_or(told, Ok)
    }
}

impl NewCustomer {
    /// What can be told without looking at the ledger.
    pub(in crate::ledger) fn check(&self) -> Result<(), Refusal> {
        check_identifier(&self.identifier)?;
        check_email(self.email.as_deref())?;
        check_lines([
            ("first_name", self.first_name.as_deref()),
            ("last_name", self.last_name.as_deref()),
            ("phone", self.phone.as_deref()),
        ])?;
        check_metadata(self.metadata.as_deref())?;
        let trial_days = self.welcome.as_ref().and_then(|welcome| welcome.trial_days);
        if trial_days.is_some_and(|days| days > TRIAL_DAYS_MAX) {
            return Err(invalid(format!(
                "`trial_days` must be at most {TRIAL_DAYS_MAX}."
            )));
        }
        check_place(&self.address)
    }

    /// What is told of it, where it can be made.
    ///
    /// # Errors
    /// As [`Ledger::create_customer`], and [`Refusal::NothingChanges`] where it is made already.
    pub(in crate::ledger) fn decide(
        &self,
        state: &State,
        now: Timestamp,
    ) -> Result<CustomerCreated, Refusal> {
        let catalog = state.catalog();
        let company = self.company_id.as_deref();
        if company.is_some_and(|id| catalog.company(id).is_none()) {
            return Err(Refusal::NoSuchCompany);
        }
        let country = self.country_id.as_deref();
        if country.is_some_and(|id| catalog.country(id).is_none()) {
            return Err(Refusal::NoSuchCountry);
        }
        self.check_free(state)?;
        if let Some(made) = state.creation_of(&self.identifier) {
            return Err(self.repeats(made));
        }
        let begun = match &self.welcome {
            Some(welcome) => welcome.begun(state, catalog, now)?,
            None => None,
        };
        Ok(self.created(state, begun, now))
    }

    /// What would be told of this identifier, its namesake would be taken for.
    fn check_free(&self, state: &State) -> Result<(), Refusal> {
        let id = &*self.identifier;
        if self.again == Again::Refused && state.has_customer(id) {
            return Err(Refusal::CustomerExists);
        }
        if state.is_archived(id) {
            return Err(invalid(
                "`customer_identifier` is of an archived customer; take another.",
            ));
        }
        if state.has_customer(id) && state.identifier_of(id) != Some(id) {
            return Err(invalid(
                "`customer_identifier` is an id of another customer; take another.",
            ));
        }
        Ok(())
    }

    /// Why a customer that was made before is not made again.
    fn repeats(&self, made: Made<'_>) -> Refusal {
        let ends_at = |days| trial_text(trial_ends_at(made.at, days));
        let trial_days = self.welcome.as_ref().and_then(|welcome| welcome.trial_days);
        let trial = trial_days.map(ends_at);
        match made.creation.differs(&self.asked(trial.as_deref())) {
            None => Refusal::NothingChanges,
            Some(field) => Refusal::Invalid(format!(
                "There is a customer of this `customer_identifier` already, with another `{field}`."
            )),
        }
    }

    fn created(
        &self,
        state: &State,
        subscription: Option<Begun>,
        now: Timestamp,
    ) -> CustomerCreated {
        let shown_before = state.customer_id_of(&self.identifier);
        let address = self.address.clone();
        CustomerCreated {
            id: shown_before.unwrap_or_else(|| ids::fresh(state, Prefix::Customer, now)),
            identifier: self.identifier.clone(),
            email: self.email.clone(),
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            phone: self.phone.clone(),
            address: (address != Address::default()).then_some(address),
            company_id: self.company_id.clone(),
            country_id: self.country_id.clone(),
            metadata: self.metadata.clone(),
            subscription,
        }
    }

    fn asked<'a>(&'a self, trial_ends_at: Option<&'a str>) -> Asked<'a> {
        let address = &self.address;
        let welcome = self.welcome.as_ref();
        [
            self.email.as_deref(),
            self.first_name.as_deref(),
            self.last_name.as_deref(),
            self.phone.as_deref(),
            address.country_code.as_deref(),
            address.state_code.as_deref(),
            address.city.as_deref(),
            address.postal_code.as_deref(),
            address.line1.as_deref(),
            address.line2.as_deref(),
            self.company_id.as_deref(),
            self.country_id.as_deref(),
            welcome.and_then(|welcome| welcome.plan_id.as_deref()),
            trial_ends_at,
        ]
    }
}

impl Welcome {
    fn begun(
        &self,
        state: &State,
        catalog: &Catalog,
        now: Timestamp,
    ) -> Result<Option<Begun>, Refusal> {
        let plan = self.plan(catalog)?;
        Ok(plan.map(|plan| Begun {
            id: ids::fresh(state, Prefix::Subscription, now),
            plan_id: plan.id.as_str().into(),
            plan_name: plan.name.as_str().into(),
            trial_ends_at: trial_ends_at(now, self.trial_days.unwrap_or(plan.trial_days)),
            is_paid_plan: plan.is_paid(),
        }))
    }

    fn plan<'a>(&self, catalog: &'a Catalog) -> Result<Option<&'a Plan>, Refusal> {
        let plan = match &self.plan_id {
            None => catalog.default_plan(),
            Some(id) => match catalog.plan(id) {
                None => return Err(invalid("`plan_id` names no plan of the catalogue.")),
                found => found,
            },
        };
        if plan.is_none() && self.trial_days.is_some() {
            return Err(invalid("`trial_days` needs a plan: name one in `plan_id`."));
        }
        Ok(plan)
    }
}

fn trial_ends_at(begun_at: Timestamp, days: u32) -> Option<Timestamp> {
    (days > 0).then(|| begun_at.plus_days(days))
}
