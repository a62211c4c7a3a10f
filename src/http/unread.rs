//! What is left of a chunked body when the answer is ready. It knows no route.
//!
//! actix reads on when a handler has dropped such a body, with neither limit nor clock, so that a
//! silent or endless client would keep its connection for ever. As long as somebody holds the body
//! it closes the connection a moment after the answer instead; so the body outlives the answer.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_core::Stream;

/// Until the answer has left. What is held is what actix had read ahead, at most 32 KiB.
const HOLD: Duration = Duration::from_secs(2);

/// The body of a chunked request, shared with its handler.
pub(super) struct Unread(Rc<RefCell<Rest>>);

struct Rest {
    payload: Payload,
    ended: bool,
}

/// The handler's share.
struct Reader(Rc<RefCell<Rest>>);

impl Unread {
    /// Takes a share in the request's body; a body with a length needs none.
    pub(super) fn of(request: &mut ServiceRequest) -> Option<Self> {
        if !matches!(request.chunked(), Ok(true)) {
            return None;
        }
        let rest = Rc::new(RefCell::new(Rest {
            payload: request.take_payload(),
            ended: false,
        }));
        let payload = Box::pin(Reader(Rc::clone(&rest)));
        request.set_payload(Payload::Stream { payload });
        Some(Self(rest))
    }

    /// Keeps what was not read until the answer has left.
    pub(super) fn outlive_the_answer(self) {
        if !self.0.borrow().ended {
            actix_web::rt::spawn(async move {
                tokio::time::sleep(HOLD).await;
                drop(self);
            });
        }
    }
}

impl Stream for Reader {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut rest = self.0.borrow_mut();
        let next = Pin::new(&mut rest.payload).poll_next(cx);
        rest.ended |= matches!(next, Poll::Ready(None));
        next
    }
}
