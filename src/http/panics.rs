//! A panic in a handler is a bug, and one request's bug: it is answered 500 and counted, and the
//! other requests never hear of it. It knows no route and no handler.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use actix_web::Error;

use super::error::Problem;
use crate::ledger::Tally;

/// Drives a request to its answer, or to the 500 that stands for a panic. What said so in the log
/// is the process's panic hook.
///
/// Unwind safety: what a request shares with others is behind atomics, and behind locks that only
/// readers take; a future that panicked is not polled again.
pub(super) async fn caught<T>(
    answer: impl Future<Output = Result<T, Error>>,
    tally: &Tally,
) -> Result<T, Error> {
    let mut answer = pin!(answer);
    std::future::poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx)));
        polled.unwrap_or_else(|_| {
            tally.panicked_request();
            let why = "its handler panicked; please report it".to_owned();
            Poll::Ready(Err(Problem::Internal(why).into()))
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::sync::Arc;

    use actix_web::dev::Service;
    use actix_web::test::{TestRequest, call_and_read_body_json, init_service, try_call_service};
    use actix_web::{App, web};

    use super::*;

    async fn at_once() -> &'static str {
        panic!("at once")
    }

    async fn later() -> &'static str {
        tokio::task::yield_now().await;
        panic!("later")
    }

    /// Without `caught` the panic would run through this test and fail it.
    #[test]
    fn a_panic_is_a_500_that_is_counted_and_the_next_request_is_answered() {
        actix_web::rt::System::new().block_on(panics_and_the_next_request());
    }

    async fn panics_and_the_next_request() {
        let tally = Arc::new(Tally::default());
        let counted = Arc::clone(&tally);
        let app = App::new()
            .route("/at-once", web::get().to(at_once))
            .route("/later", web::get().to(later))
            .route("/fine", web::get().to(|| async { "{}" }))
            .wrap_fn(move |request, service| {
                let answer = service.call(request);
                let tally = Arc::clone(&counted);
                async move { caught(answer, &tally).await }
            });
        let app = init_service(app).await;
        for (path, before) in [("/at-once", 0), ("/later", 1)] {
            assert_eq!(tally.panicked_requests(), before);
            let request = TestRequest::get().uri(path).to_request();
            let error = try_call_service(&app, request).await.err().unwrap();
            let answer = error.error_response();
            assert_eq!(answer.status().as_u16(), 500);
            let kind = answer.headers().get("content-type").unwrap();
            assert_eq!(kind, "application/problem+json");
            let request = TestRequest::get().uri("/fine").to_request();
            let fine: serde_json::Value = call_and_read_body_json(&app, request).await;
            assert_eq!(fine, serde_json::json!({}));
        }
        assert_eq!(tally.panicked_requests(), 2);
    }
}
