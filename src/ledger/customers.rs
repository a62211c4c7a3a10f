//! Making customers. Knows what a customer must have, and no vendor's names for it.

use super::commands::{CommandError, Refusal, Request};
use super::limits::{
    EMAIL_CHARS_MAX, IDENTIFIER_CHARS_MAX, LINE_CHARS_MAX, PHONE_CHARS_MAX, POSTAL_CODE_CHARS_MAX,
    TRIAL_DAYS_MAX,
};
use super::{Ledger, ids};
use crate::domain::catalog::{Catalog, Plan};
use crate::domain::creation::{Asked, trial_text};
use crate::domain::customer::Address;
use crate::domain::id::Prefix;
use crate::domain::own::{Begun, CustomerCreated, OwnFact};
use crate::domain::place::{country_name, state_name};
use crate::domain::state::{Made, State};
use crate::domain::time::Timestamp;

/// Clients and proxies take such segments out of a path before anybody reads it.
const STEPS: [&str; 2] = [".", ".."];
/// Where a postal code is needed, by ISO 3166-1 alpha-2.
const NEEDS_POSTAL_CODE: &str = "US";

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
    pub email: Box<str>,
    /// Given name.
    pub first_name: Option<Box<str>>,
    /// Family name.
    pub last_name: Option<Box<str>>,
    /// Telephone number, as text.
    pub phone: Option<Box<str>>,
    /// Where it is.
    pub address: Address,
    /// The plan that it is subscribed to (`PLV-…`); else the catalogue's default plan.
    pub plan_id: Option<Box<str>>,
    /// The length of its trial, in days; else the plan's. 0: none.
    pub trial_days: Option<u32>,
}

impl Ledger {
    /// Makes a customer and subscribes it. Answers the event's sequence number; for a customer that
    /// was made with the same before, records nothing and answers that event's.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] names the field that is wrong, or that is another than what the
    /// customer was made with; [`Refusal::NoSuchCompany`]; [`Refusal::NoSuchCountry`].
    pub async fn create_customer(
        &self,
        new: NewCustomer,
        request: &Request,
    ) -> Result<u64, CommandError> {
        new.check()?;
        let conflicts = vec![customer_conflict(&new.identifier)];
        let identifier = new.identifier.clone();
        let decide = move |state: &State, now| new.decide(state, now);
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

/// What commands about one customer have in common, so that they are decided one after the other.
pub(super) fn customer_conflict(identifier: &str) -> String {
    format!("customer {identifier}")
}

/// The merchant's identifier of a customer, for a request that asks for a company's: by any of its
/// ids, else by the e-mail address that it was made with under that company.
///
/// # Errors
/// [`Refusal::NoSuchCompany`]; [`Refusal::NoSuchCustomer`], also where it is another company's.
pub(super) fn identifier_of<'a>(
    state: &'a State,
    company_id: Option<&str>,
    customer: &str,
) -> Result<&'a str, Refusal> {
    if let Some(company_id) = company_id {
        let known = state
            .settings()
            .and_then(|settings| settings.catalog.company(company_id));
        known.ok_or(Refusal::NoSuchCompany)?;
        return companys(state, company_id, customer).ok_or(Refusal::NoSuchCustomer);
    }
    state.identifier_of(customer).ok_or(Refusal::NoSuchCustomer)
}

/// The same, in a company that there is. A customer of whom no event names another is one of it.
pub(super) fn companys<'a>(state: &'a State, company_id: &str, customer: &str) -> Option<&'a str> {
    let is_others = |held: Box<str>| *held != *company_id;
    let by_id = state.identifier_of(customer);
    let by_id = by_id.filter(|id| !state.company_of(id).is_some_and(is_others));
    by_id.or_else(|| state.identifier_by_email(company_id, customer))
}

pub(super) fn invalid<T>(sentence: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Invalid(sentence.into()))
}

fn is_line(text: &str, chars_max: usize) -> bool {
    let is_short = (1..=chars_max).contains(&text.chars().count());
    is_short && !text.contains(char::is_control) && !text.trim().is_empty()
}

fn is_email(text: &str) -> bool {
    let halves = text.rsplit_once('@');
    let is_whole = halves.is_some_and(|(who, place)| !who.is_empty() && !place.is_empty());
    is_whole && is_line(text, EMAIL_CHARS_MAX) && !text.contains(char::is_whitespace)
}

/// Whether a merchant may call a customer so; `field` is the command's word for it.
///
/// # Errors
/// [`Refusal::Invalid`] that names the field.
pub(super) fn check_identifier(field: &str, identifier: &str) -> Result<(), Refusal> {
    if !is_line(identifier, IDENTIFIER_CHARS_MAX) {
        return invalid(format!(
            "`{field}` must have 1 to {IDENTIFIER_CHARS_MAX} characters on one line."
        ));
    }
    if STEPS.contains(&identifier) {
        return invalid(format!(
            "`{field}` must not be `.` or `..`: no path can name it."
        ));
    }
    Ok(())
}

/// Whether that may be an e-mail address; `field` is the command's word for it.
///
/// # Errors
/// [`Refusal::Invalid`] that names the field.
pub(super) fn check_email(field: &str, email: &str) -> Result<(), Refusal> {
    if is_email(email) {
        return Ok(());
    }
    invalid(format!("`{field}` must be an e-mail address."))
}

impl NewCustomer {
    /// What can be told without looking at the ledger.
    fn check(&self) -> Result<(), Refusal> {
        check_identifier("customer_identifier", &self.identifier)?;
        check_email("email", &self.email)?;
        let lines = [
            ("first_name", &self.first_name, LINE_CHARS_MAX),
            ("last_name", &self.last_name, LINE_CHARS_MAX),
            ("phone", &self.phone, PHONE_CHARS_MAX),
            ("city", &self.address.city, LINE_CHARS_MAX),
            ("line1", &self.address.line1, LINE_CHARS_MAX),
            ("line2", &self.address.line2, LINE_CHARS_MAX),
            (
                "postal_code",
                &self.address.postal_code,
                POSTAL_CODE_CHARS_MAX,
            ),
        ];
        for (name, text, chars_max) in lines {
            if text.as_ref().is_some_and(|text| !is_line(text, chars_max)) {
                return invalid(format!(
                    "`{name}` must have 1 to {chars_max} characters on one line."
                ));
            }
        }
        if self.trial_days.is_some_and(|days| days > TRIAL_DAYS_MAX) {
            return invalid(format!("`trial_days` must be at most {TRIAL_DAYS_MAX}."));
        }
        self.check_place()
    }

    fn check_place(&self) -> Result<(), Refusal> {
        let country = self.address.country_code.as_deref();
        if country.is_some_and(|code| country_name(code).is_none()) {
            return invalid("`country_code` must be of ISO 3166-1 alpha-2, such as IN.");
        }
        if let Some(state) = &self.address.state_code {
            let Some(country) = country else {
                return invalid("`state_code` needs a `country_code`.");
            };
            if state_name(country, state).is_none() {
                return invalid(format!(
                    "`state_code` must be a part of {country} by ISO 3166-2, such as KA of IN."
                ));
            }
        }
        if country == Some(NEEDS_POSTAL_CODE) && self.address.postal_code.is_none() {
            return invalid(format!(
                "`postal_code` is needed where `country_code` is {NEEDS_POSTAL_CODE}."
            ));
        }
        Ok(())
    }

    fn decide(&self, state: &State, now: Timestamp) -> Result<OwnFact, Refusal> {
        let nothing = Catalog::default();
        let catalog = state
            .settings()
            .map_or(&nothing, |settings| &settings.catalog);
        let company = self.company_id.as_deref();
        if company.is_some_and(|id| catalog.company(id).is_none()) {
            return Err(Refusal::NoSuchCompany);
        }
        let country = self.country_id.as_deref();
        if country.is_some_and(|id| catalog.country(id).is_none()) {
            return Err(Refusal::NoSuchCountry);
        }
        if let Some(made) = state.creation_of(&self.identifier) {
            return Err(self.repeats(made));
        }
        self.check_free(state)?;
        let plan = self.plan(catalog)?;
        Ok(OwnFact::CustomerCreated(self.created(state, plan, now)))
    }

    /// What would be told of this identifier, its namesake would be taken for.
    fn check_free(&self, state: &State) -> Result<(), Refusal> {
        let id = &*self.identifier;
        if state.has_customer(id) && state.identifier_of(id) != Some(id) {
            return invalid("`customer_identifier` is an id of another customer; take another.");
        }
        Ok(())
    }

    /// Why a customer that was made before is not made again.
    fn repeats(&self, made: Made<'_>) -> Refusal {
        let ends_at = |days| trial_text(trial_ends_at(made.at, days));
        let trial = self.trial_days.map(ends_at);
        match made.creation.differs(&self.asked(trial.as_deref())) {
            None => Refusal::NothingChanges,
            Some(field) => Refusal::Invalid(format!(
                "There is a customer of this `customer_identifier` already, with another `{field}`."
            )),
        }
    }

    fn plan<'a>(&self, catalog: &'a Catalog) -> Result<Option<&'a Plan>, Refusal> {
        let plan = match &self.plan_id {
            None => catalog.default_plan(),
            Some(id) => match catalog.plan(id) {
                None => return invalid("`plan_id` names no plan of the catalogue."),
                found => found,
            },
        };
        if plan.is_none() && self.trial_days.is_some() {
            return invalid("`trial_days` needs a plan: name one in `plan_id`.");
        }
        Ok(plan)
    }

    fn created(&self, state: &State, plan: Option<&Plan>, now: Timestamp) -> CustomerCreated {
        let shown_before = state.customer_id_of(&self.identifier);
        let subscription = plan.map(|plan| Begun {
            id: ids::fresh(state, Prefix::Subscription, now),
            plan_id: plan.id.as_str().into(),
            plan_name: plan.name.as_str().into(),
            trial_ends_at: trial_ends_at(now, self.trial_days.unwrap_or(plan.trial_days)),
            is_paid_plan: plan.is_paid(),
        });
        let address = self.address.clone();
        CustomerCreated {
            id: shown_before.unwrap_or_else(|| ids::fresh(state, Prefix::Customer, now)),
            identifier: self.identifier.clone(),
            email: Some(self.email.clone()),
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            phone: self.phone.clone(),
            address: (address != Address::default()).then_some(address),
            company_id: self.company_id.clone(),
            country_id: self.country_id.clone(),
            metadata: None,
            subscription,
        }
    }

    fn asked<'a>(&'a self, trial_ends_at: Option<&'a str>) -> Asked<'a> {
        let address = &self.address;
        [
            Some(&self.email),
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
            self.plan_id.as_deref(),
            trial_ends_at,
        ]
    }
}

fn trial_ends_at(begun_at: Timestamp, days: u32) -> Option<Timestamp> {
    (days > 0).then(|| begun_at.plus_days(days))
}
