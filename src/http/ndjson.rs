//! Answers of many lines, made on a thread of their own while they are sent: newline-delimited
//! JSON. It knows neither what the lines say nor who makes them.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use actix_web::HttpResponse;
use actix_web::body::BodyStream;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::Bytes;
use futures_core::Stream;
use serde::Serialize;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::error::Problem;

/// What has one JSON document a line.
pub(super) const NDJSON: &str = "application/x-ndjson";
/// What a slow client may leave unsent in our memory is so many pieces; the thread waits for it.
const PIECES_MAX: usize = 8;

/// Nobody reads any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) struct Gone;

/// Where the lines go, one piece after another.
pub(in crate::http) struct Lines {
    pieces: Sender<Bytes>,
}

impl Lines {
    /// Sends `value` as a line; waits while the client is behind.
    ///
    /// # Errors
    /// [`Gone`]: the work has to end.
    pub(in crate::http) fn send<T: Serialize>(&self, value: &T) -> Result<(), Gone> {
        // Strings, numbers and lists: writing them cannot fail.
        let mut line = serde_json::to_vec(value).unwrap_or_default();
        line.push(b'\n');
        self.send_text(line)
    }

    /// Sends whole lines as they are, at best some tens of KiB at once.
    ///
    /// # Errors
    /// [`Gone`]: the work has to end.
    pub(in crate::http) fn send_text(&self, text: impl Into<Bytes>) -> Result<(), Gone> {
        self.pieces.blocking_send(text.into()).map_err(|_| Gone)
    }

    /// Sends why the lines end before their last one: a problem, as an answer with its status
    /// would carry it. The status itself has been sent long before.
    ///
    /// # Errors
    /// [`Gone`].
    pub(in crate::http) fn send_problem(&self, problem: &Problem) -> Result<(), Gone> {
        self.send(&problem.body())
    }

    /// Whether nobody reads any more: for work that has nothing to send for a while.
    pub(in crate::http) fn is_gone(&self) -> bool {
        self.pieces.is_closed()
    }

    /// Whether a line would be sent without waiting for the client.
    #[cfg(test)]
    pub(in crate::http) fn has_room(&self) -> bool {
        self.pieces.capacity() > 0
    }
}

/// Answers 200 with the lines that `work` sends, on a thread of that name. The answer ends when
/// `work` drops its [`Lines`]. `seq` is what the answer shows of the ledger.
///
/// # Errors
/// [`Problem::Unavailable`] where the system gives no thread.
pub(in crate::http) fn answer(
    name: &str,
    work: impl FnOnce(Lines) + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let (pieces, sent) = channel(PIECES_MAX);
    let thread = thread::Builder::new().name(name.to_owned());
    let started = thread.spawn(move || work(Lines { pieces }));
    if let Err(error) = started {
        return Err(Problem::Unavailable(format!(
            "There is no thread for this now ({error}); try again later."
        )));
    }
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, NDJSON))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .body(BodyStream::new(Pieces(sent))))
}

/// The lines as a body.
struct Pieces(Receiver<Bytes>);

impl Stream for Pieces {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|piece| piece.map(Ok))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use actix_web::body::{MessageBody as _, to_bytes};

    use super::*;

    #[tokio::test]
    async fn lines_arrive_whole_and_in_order() {
        let work = |lines: Lines| {
            (0..50_u32).for_each(|n| lines.send(&n).unwrap());
            lines.send_text("\"end\"\n").unwrap();
        };
        let answer = answer("test", work).unwrap();
        assert_eq!(answer.headers().get(CONTENT_TYPE).unwrap(), NDJSON);
        let body = to_bytes(answer.into_body()).await.unwrap();
        let expected: String = (0..50).map(|n| format!("{n}\n")).collect();
        assert_eq!(body, expected + "\"end\"\n");
    }

    #[tokio::test]
    async fn a_client_that_goes_away_ends_the_work() {
        let (tell, told) = std::sync::mpsc::channel();
        let work = move |lines: Lines| {
            while lines.send(&1).is_ok() {}
            assert!(lines.is_gone());
            tell.send(()).unwrap();
        };
        let body = answer("test", work).unwrap().into_body();
        assert!(matches!(body.size(), actix_web::body::BodySize::Stream));
        drop(body);
        told.recv().unwrap();
    }
}
