//! What every handler of this surface takes: who asks, the request and the ledger; of a command its
//! body as well, and by what its repetitions are known. It knows no path.

use std::future::{Ready, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::{self, Bytes};
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest};

use crate::http::error::Problem;
use crate::http::v1::keys::idempotency_key;
use crate::http::{Shared, body};
use crate::ledger::{Caller, Ledger, Request};

/// A question.
pub(in crate::http) struct Asked {
    pub(super) caller: Caller,
    pub(super) http: HttpRequest,
    shared: web::Data<Shared>,
}

/// A command.
pub(in crate::http) struct Sent {
    pub(super) asked: Asked,
    pub(super) body: Bytes,
    /// Counted once where it brings an idempotency key.
    pub(super) command: Request,
}

impl Asked {
    /// The ledger.
    pub(super) fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// What is found by looking at everything there is, away from the worker's thread.
    pub(super) async fn looked_through<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Ledger) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let shared = self.shared.clone();
        let found = web::block(move || look(&shared.ledger)).await;
        found.map_err(|error| Problem::Internal(error.to_string()))
    }

    /// Where the outside finds this service, without a slash at the end.
    pub(super) fn public_url(&self) -> &str {
        &self.shared.public_url
    }

    /// A command of that body, counted once where it brings an idempotency key.
    ///
    /// # Errors
    /// [`Problem::InvalidParameter`] where that key is none.
    pub(super) fn command(&self, body: &[u8]) -> Result<Request, Problem> {
        let (actor, http) = (self.caller.actor, &self.http);
        Ok(match idempotency_key(http)? {
            Some(key) => {
                // Both forms of a path are one.
                let path = http.path().trim_end_matches('/');
                Request::once(actor, http.method().as_str(), path, key, body)
            }
            None => Request::of(actor),
        })
    }

    fn of(http: &HttpRequest) -> Result<Self, Problem> {
        let caller = http.extensions().get::<Caller>().cloned();
        let shared = http.app_data::<web::Data<Shared>>().cloned();
        let unadmitted = || Problem::Internal("a route of Kelviq's without a key".into());
        let (caller, shared) = caller.zip(shared).ok_or_else(unadmitted)?;
        Ok(Self {
            caller,
            http: http.clone(),
            shared,
        })
    }
}

impl FromRequest for Asked {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(http: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(http).map_err(Error::from))
    }
}

impl Sent {
    async fn of(http: HttpRequest, payload: Payload) -> Result<Self, Problem> {
        let asked = Asked::of(&http)?;
        let payload = web::Payload::from_request(&http, &mut { payload }).into_inner();
        let payload = payload.map_err(|error| Problem::Internal(error.to_string()))?;
        let body = body::read_json(&http, payload).await?;
        let command = asked.command(&body)?;
        Ok(Self {
            asked,
            body,
            command,
        })
    }
}

impl FromRequest for Sent {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(http: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (http, payload) = (http.clone(), payload.take());
        Box::pin(async move { Self::of(http, payload).await.map_err(Error::from) })
    }
}
