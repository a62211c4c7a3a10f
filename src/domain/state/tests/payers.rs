//! Whoever pays at a checkout may be somebody else than the customer, and pays at a gateway's page
//! that may be closed: what they tell of themselves is not told of the customer.

use super::book::*;
use super::*;
use crate::domain::own::*;

fn contact_of(email: &str, phone: Option<&str>) -> Contact {
    Contact {
        email: Some(email.into()),
        phone: phone.map(Into::into),
        ..Contact::default()
    }
}

fn email_of(book: &Book) -> Option<String> {
    let view = book.state.customer(ANN, None).unwrap();
    view.email.map(String::from)
}

fn phone_of(book: &Book) -> Option<String> {
    let view = book.state.customer(ANN, None).unwrap();
    view.phone.map(String::from)
}

#[test]
fn whoever_pays_tells_nothing_of_the_customer() {
    let mut book = Book::new();
    book.customer(None, false);
    book.opened(2, 0, 1, &[]);
    let paying = || PaymentFact {
        contact: contact_of("bob@example.com", Some("+911")),
        ..payment_of(3, "pay_1", TRN[0], PaymentStatus::Captured)
    };
    let mut party = PartyFact {
        provider: RAZORPAY,
        naming: noted(TRN[0]),
        contact: contact_of("bob@example.com", Some("+911")),
    };
    party.naming.provider_id = Some("cust_1".into());
    let link = CheckoutFact {
        provider: RAZORPAY,
        id: "plink_1".into(),
        status: Some(CheckoutStatus::Paid),
        amount: money(),
        created_at: None,
        naming: noted(TRN[0]),
        contact: contact_of("bob@example.com", Some("+911")),
    };
    let facts = vec![
        Fact::Party(party),
        Fact::Checkout(link),
        Fact::Payment(Box::new(paying())),
    ];
    book.provider(day(3), facts);
    assert_eq!(
        (email_of(&book).as_deref(), phone_of(&book)),
        (Some(ANN), None)
    );
    // A payment that only its order ties to the checkout, told later.
    let mut late = paying();
    (late.id, late.naming, late.order_id) =
        ("pay_2".into(), Naming::default(), Some("order_1".into()));
    book.provider(day(4), vec![Fact::Payment(Box::new(late))]);
    let order = OrderFact {
        provider: RAZORPAY,
        id: "order_1".into(),
        naming: Naming {
            reference: Some(TRN[0].into()),
            ..Naming::default()
        },
    };
    book.provider(day(5), vec![Fact::Order(order)]);
    let customer = book.state.payment("pay_2").unwrap().customer.unwrap();
    assert_eq!(customer.customer_identifier.as_deref(), Some(ANN));
    assert_eq!(
        (email_of(&book).as_deref(), phone_of(&book)),
        (Some(ANN), None)
    );
}

#[test]
fn what_the_merchant_left_open_others_fill() {
    let mut book = Book::new();
    book.customer(None, false);
    let said = |email: &str, identifier: Option<&str>| {
        Fact::Party(PartyFact {
            provider: RAZORPAY,
            naming: Naming {
                identifier: identifier.map(Into::into),
                provider_id: Some("cust_1".into()),
                ..Naming::default()
            },
            contact: contact_of(email, Some("+912")),
        })
    };
    book.provider(day(2), vec![said("other@example.com", None)]);
    // The customer's name comes without a word on the person.
    let Fact::Party(mut tie) = said("", Some(ANN)) else {
        unreachable!();
    };
    tie.contact = Contact::default();
    book.provider(day(3), vec![Fact::Party(tie)]);
    assert_eq!(email_of(&book).as_deref(), Some(ANN));
    assert_eq!(phone_of(&book).as_deref(), Some("+912"));
    // What is said by the merchant's own name of it is as good as the creation.
    book.provider(day(4), vec![said("ann@new.example.com", Some(ANN))]);
    assert_eq!(email_of(&book).as_deref(), Some("ann@new.example.com"));
}

#[test]
fn a_customer_made_here_is_as_old_as_its_creation() {
    let mut book = Book::new();
    book.opened(1, 0, 1, &[]);
    book.paid(0, "pay_1", 0);
    let age = |book: &Book| book.state.customer(ANN, None).unwrap().created_at;
    assert_eq!(age(&book), day(0));
    book.customer(None, false);
    assert_eq!(age(&book), day(1));
    book.paid(0, "pay_2", 0);
    assert_eq!(age(&book), day(1));
}

#[test]
fn a_payment_names_no_subscription_that_is_not_there() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.payment(2, "pay_1", 0, PaymentStatus::Failed);
    let named = |book: &Book| book.state.payment("pay_1").unwrap().subscription_id;
    assert_eq!(named(&book), None);
    book.paid(3, "pay_1", 0);
    assert_eq!(named(&book).as_deref(), Some(SUA[0]));
}

#[test]
fn an_attempt_fails_with_its_page() {
    for (status, expected) in [
        (CheckoutStatus::Cancelled, CheckoutStatus::Failed),
        (CheckoutStatus::Expired, CheckoutStatus::Failed),
        (CheckoutStatus::Processing, CheckoutStatus::Processing),
    ] {
        let mut book = Book::new();
        book.opened(1, 0, 0, &[]);
        book.attempted(1, 0, 1);
        let link = |id: &str| {
            Fact::Checkout(CheckoutFact {
                provider: RAZORPAY,
                id: id.into(),
                status: Some(status),
                amount: money(),
                created_at: None,
                naming: noted(TRN[0]),
                contact: Contact::default(),
            })
        };
        let page = CheckoutAtGateway {
            id: TRN[0].into(),
            attempt: 1,
            reference: "plink_1".into(),
            url: None,
        };
        book.own(day(1), OwnFact::CheckoutAtGateway(page));
        book.provider(day(2), vec![link("plink_2")]);
        assert_eq!(book.checkout(0), CheckoutStatus::Processing, "another page");
        book.provider(day(2), vec![link("plink_1")]);
        assert_eq!(book.checkout(0), expected);
        book.attempted(3, 0, 2);
        assert_eq!(
            book.checkout(0),
            CheckoutStatus::Processing,
            "a new page is asked for"
        );
        assert_eq!(book.state.gateway_work().len(), 1);
        // The old page was paid after all.
        book.paid(3, "pay_1", 0);
        assert_eq!(book.checkout(0), CheckoutStatus::Paid);
    }
}
