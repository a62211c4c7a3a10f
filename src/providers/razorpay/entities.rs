//! The entities of one event: what is in `payload`, and when it happened. It gives them no meaning
//! beyond their ids and times.

use super::words::Family;
use crate::domain::time::Timestamp;
use crate::providers::json::Object;

/// One entity with a readable id.
#[derive(Clone, Copy)]
pub(super) struct Entity<'a> {
    pub(super) id: &'a str,
    pub(super) fields: Object<'a>,
}

/// An entity that belongs to a payment and says to which, or stands beside it.
#[derive(Clone, Copy)]
pub(super) struct OfPayment<'a> {
    pub(super) id: &'a str,
    pub(super) payment_id: &'a str,
    pub(super) fields: Object<'a>,
}

/// The entities that are really there. The envelope's `contains` is not asked: it is wrong in
/// documented samples.
#[derive(Clone, Copy)]
pub(super) struct Entities<'a> {
    pub(super) subscription: Option<Entity<'a>>,
    pub(super) payment_link: Option<Entity<'a>>,
    pub(super) invoice: Option<Entity<'a>>,
    pub(super) order: Option<Entity<'a>>,
    pub(super) payment: Option<Entity<'a>>,
    pub(super) refund: Option<OfPayment<'a>>,
    pub(super) dispute: Option<OfPayment<'a>>,
}

impl<'a> Entities<'a> {
    /// Reads the root object's `payload`.
    pub(super) fn of(root: Object<'a>) -> Self {
        let payload = root.object("payload");
        let entity = |name| {
            let fields = payload?.object(name)?.object("entity")?;
            Some(Entity {
                id: fields.text("id")?,
                fields,
            })
        };
        let payment = entity("payment");
        let of_payment = |name| {
            let Entity { id, fields } = entity(name)?;
            let payment_id = fields.text("payment_id").or(payment.map(|it| it.id))?;
            Some(OfPayment {
                id,
                payment_id,
                fields,
            })
        };
        Self {
            subscription: entity("subscription"),
            payment_link: entity("payment_link"),
            invoice: entity("invoice"),
            order: entity("order"),
            payment,
            refund: of_payment("refund"),
            dispute: of_payment("dispute"),
        }
    }

    /// Whether the entity that an event of this family is about can be read.
    pub(super) fn have(&self, family: Family) -> bool {
        match family {
            Family::Subscription => self.subscription.is_some(),
            Family::Payment => self.payment.is_some(),
            Family::Dispute => self.dispute.is_some(),
            Family::Order => self.order.is_some(),
            Family::Invoice => self.invoice.is_some(),
            Family::Refund => self.refund.is_some(),
            Family::PaymentLink => self.payment_link.is_some(),
        }
    }

    /// When the event happened: the envelope's time, else an entity's own, else
    /// [`Timestamp::EPOCH`], which loses to every other. Arrival time is never used.
    pub(super) fn occurred_at(&self, root: Object<'a>, event_type: &str) -> Timestamp {
        let misplaced = || {
            root.object("payload")
                .and_then(|it| it.seconds("created_at"))
        };
        self.link_time(event_type)
            .or_else(|| root.seconds("created_at"))
            .or_else(misplaced)
            .or_else(|| self.own_time())
            .unwrap_or(Timestamp::EPOCH)
    }

    /// For payment links the envelope shows when the link was made, whatever happened to it.
    fn link_time(&self, event_type: &str) -> Option<Timestamp> {
        let verb = event_type.strip_prefix("payment_link.")?;
        let link = self.payment_link?.fields;
        let updated_at = link.seconds("updated_at");
        match verb {
            "paid" | "partially_paid" => {
                updated_at.or_else(|| self.payment?.fields.seconds("created_at"))
            }
            "cancelled" => link.seconds("cancelled_at").or(updated_at),
            "expired" => link.seconds("expired_at").or(updated_at),
            _ => None,
        }
    }

    /// The kind of entity that is made last comes first. A subscription's creation does not count:
    /// it would be the same time for all of its events.
    fn own_time(&self) -> Option<Timestamp> {
        let by_age = [
            self.refund.map(|it| it.fields),
            self.dispute.map(|it| it.fields),
            self.payment.map(|it| it.fields),
            self.payment_link.map(|it| it.fields),
            self.invoice.map(|it| it.fields),
            self.order.map(|it| it.fields),
        ];
        by_age
            .into_iter()
            .flatten()
            .find_map(|fields| fields.seconds("created_at"))
    }
}
