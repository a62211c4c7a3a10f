//! What Razorpay's entities say about the person. It knows no ids and no events.

use crate::domain::event::Contact;
use crate::providers::json::Object;
use crate::providers::person::split_name;

/// What Razorpay writes where the payer gave no address.
const NO_EMAIL: &str = "void@razorpay.com";

/// A payment's `email` and `contact`.
pub(super) fn of_payment(payment: Object<'_>) -> Contact {
    Contact {
        email: email(payment, "email"),
        phone: payment.boxed("contact"),
        ..Contact::default()
    }
}

/// An invoice's `customer_details`, which writes the same things under two names.
pub(super) fn of_invoice(invoice: Object<'_>) -> Contact {
    let Some(person) = invoice.object("customer_details") else {
        return Contact::default();
    };
    let (first_name, last_name) =
        split_name(person.text("name").or_else(|| person.text("customer_name")));
    Contact {
        email: email(person, "email").or_else(|| email(person, "customer_email")),
        phone: person
            .boxed("contact")
            .or_else(|| person.boxed("customer_contact")),
        first_name,
        last_name,
        ..Contact::default()
    }
}

/// A payment link's `customer`.
pub(super) fn of_link(link: Object<'_>) -> Contact {
    let Some(person) = link.object("customer") else {
        return Contact::default();
    };
    let (first_name, last_name) = split_name(person.text("name"));
    Contact {
        email: email(person, "email"),
        phone: person.boxed("contact"),
        first_name,
        last_name,
        ..Contact::default()
    }
}

/// `first`, with what it leaves open taken from `second`.
pub(super) fn filled(first: Contact, second: Contact) -> Contact {
    // A name is taken as a whole: parts of two names make a third person.
    let (first_name, last_name) = match first.first_name {
        Some(name) => (Some(name), first.last_name),
        None => (second.first_name, second.last_name),
    };
    Contact {
        email: first.email.or(second.email),
        first_name,
        last_name,
        phone: first.phone.or(second.phone),
        company_id: first.company_id.or(second.company_id),
        country_id: first.country_id.or(second.country_id),
        address: first.address.or(second.address),
        metadata: first.metadata.or(second.metadata),
    }
}

fn email(entity: Object<'_>, key: &str) -> Option<Box<str>> {
    entity
        .text(key)
        .filter(|email| *email != NO_EMAIL)
        .map(Into::into)
}
