//! Every route there is: method, path, who may ask, and what answers. What is served, the 405s, the
//! check of keys, the documentation and the tests all come from this one list. It knows no more of
//! a handler than its name.

use actix_web::dev::Handler;
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{Error, FromRequest, HttpRequest, Resource, Responder, web};

use super::error::Problem;
use super::{auth, limits, ops, v1, webhook};
use crate::domain::key::Scope;

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone who can reach the service.
    Open,
    /// Whoever has a key whose scope covers this one.
    Key(Scope),
}

/// One route, as it is documented and tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The method; `HEAD` is answered wherever `GET` is.
    pub method: Method,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// Who may ask.
    pub access: Access,
    /// What it does, in a few words.
    pub summary: &'static str,
}

/// A route with what answers it.
struct Entry {
    route: Route,
    service: actix_web::Route,
    head: Option<actix_web::Route>,
}

/// The table. A path's routes stand together; of two that match a request, the first is meant.
fn table() -> Vec<Entry> {
    use Access::{Key, Open};
    use Scope::{Admin, Client, Read};
    vec![
        intake("/webhooks/{source}", "Takes in a webhook", webhook::receive),
        get(
            "/v1/subscriptions/{id}",
            Key(Client),
            "One subscription",
            v1::subscriptions::show,
        ),
        get(
            "/v1/subscriptions",
            Key(Client),
            "Subscriptions, newest change first",
            v1::subscriptions::index,
        ),
        get(
            "/v1/customers/{id}",
            Key(Read),
            "One customer",
            v1::customers::show,
        ),
        get(
            "/v1/customers/{id}/entitlements",
            Key(Client),
            "What a customer may use",
            v1::customers::entitlements,
        ),
        get(
            "/v1/customers/{id}/events",
            Key(Read),
            "A customer's recorded events",
            v1::customers::events,
        ),
        get(
            "/v1/customers",
            Key(Read),
            "Customers, newest change first",
            v1::customers::index,
        ),
        get(
            "/v1/payments/{id}",
            Key(Read),
            "One payment",
            v1::payments::show,
        ),
        get(
            "/v1/payments",
            Key(Read),
            "Payments, newest change first",
            v1::payments::index,
        ),
        get(
            "/v1/events/stream",
            Key(Read),
            "The log as it grows",
            v1::stream::follow,
        ),
        get(
            "/v1/events/{seq}",
            Key(Read),
            "One recorded event",
            v1::events::show,
        ),
        get("/v1/events", Key(Read), "The log", v1::events::index),
        get(
            "/v1/quarantine",
            Key(Read),
            "The events set aside",
            v1::events::quarantine,
        ),
        post(
            "/v1/quarantine/{seq}/accept",
            Key(Admin),
            "Folds a stale event after all",
            v1::quarantine::accept,
        ),
        get(
            "/v1/stats",
            Key(Read),
            "How much of everything",
            v1::events::stats,
        ),
        get(
            "/v1/keys",
            Key(Admin),
            "The keys, newest first",
            v1::keys::index,
        ),
        post("/v1/keys", Key(Admin), "Makes a key", v1::keys::create),
        delete(
            "/v1/keys/{id}",
            Key(Admin),
            "Revokes a key",
            v1::keys::revoke,
        ),
        get("/healthz", Open, "The process lives", ops::healthz),
        get("/readyz", Open, "Webhooks can be stored", ops::readyz),
        get("/metrics", Open, "Numbers for monitoring", ops::metrics),
    ]
}

/// Every route.
#[must_use]
pub fn routes() -> Vec<Route> {
    table().into_iter().map(|entry| entry.route).collect()
}

/// Registers the table.
pub(super) fn configure(config: &mut web::ServiceConfig) {
    let mut entries = table().into_iter().peekable();
    while let Some(first) = entries.next() {
        let path = first.route.path;
        let mut of_path = vec![first];
        while let Some(next) = entries.next_if(|next| next.route.path == path) {
            of_path.push(next);
        }
        resource(path, of_path, config);
    }
}

fn resource(path: &'static str, entries: Vec<Entry>, config: &mut web::ServiceConfig) {
    let mut allow: Vec<&str> = Vec::new();
    let mut resource: Resource = web::resource(path);
    for entry in entries {
        allow.push(method_name(&entry.route.method));
        resource = resource.route(entry.service);
        if let Some(head) = entry.head {
            allow.push("HEAD");
            resource = resource.route(head);
        }
    }
    let allow = allow.join(", ");
    let others = web::to(move || {
        let allow = allow.clone();
        async move { Err::<&str, _>(Problem::MethodNotAllowed { allow }) }
    });
    let resource = resource.default_service(others);
    if path.starts_with(INTAKE) {
        config.service(resource);
    } else {
        config.service(resource.wrap(from_fn(limits::layer)));
    }
}

/// Where webhooks come in: the one place that checks its limits itself.
const INTAKE: &str = "/webhooks/";

/// The name of a method in this table.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        _ => "DELETE",
    }
}

fn get<H, Args>(path: &'static str, access: Access, summary: &'static str, handler: H) -> Entry
where
    H: Handler<Args>,
    Args: FromRequest + 'static,
    H::Output: Responder + 'static,
{
    let head = guarded(access, handler.clone()).method(Method::HEAD);
    Entry {
        head: Some(head),
        ..entry(Method::GET, path, access, summary, handler)
    }
}

fn post<H, Args>(path: &'static str, access: Access, summary: &'static str, handler: H) -> Entry
where
    H: Handler<Args>,
    Args: FromRequest + 'static,
    H::Output: Responder + 'static,
{
    entry(Method::POST, path, access, summary, handler)
}

fn delete<H, Args>(path: &'static str, access: Access, summary: &'static str, handler: H) -> Entry
where
    H: Handler<Args>,
    Args: FromRequest + 'static,
    H::Output: Responder + 'static,
{
    entry(Method::DELETE, path, access, summary, handler)
}

/// A route for deliveries, which show by their signature whose they are.
fn intake<H, Args>(path: &'static str, summary: &'static str, handler: H) -> Entry
where
    H: Handler<Args>,
    Args: FromRequest + 'static,
    H::Output: Responder + 'static,
{
    post(path, Access::Open, summary, handler)
}

fn entry<H, Args>(
    method: Method,
    path: &'static str,
    access: Access,
    summary: &'static str,
    handler: H,
) -> Entry
where
    H: Handler<Args>,
    Args: FromRequest + 'static,
    H::Output: Responder + 'static,
{
    Entry {
        service: guarded(access, handler).method(method.clone()),
        head: None,
        route: Route {
            method,
            path,
            access,
            summary,
        },
    }
}

/// `handler`, reached only with a key whose scope covers `access`. Neither parameters nor body are
/// looked at before.
fn guarded<H, Args>(access: Access, handler: H) -> actix_web::Route
where
    H: Handler<Args>,
    Args: FromRequest + 'static,
    H::Output: Responder + 'static,
{
    let Access::Key(needed) = access else {
        return web::to(handler);
    };
    web::to(move |request: HttpRequest, payload: web::Payload| {
        let handler = handler.clone();
        async move {
            auth::admit(&request, needed)?;
            let mut payload = payload.into_inner();
            let args = Args::from_request(&request, &mut payload).await;
            let answer = handler.call(args.map_err(Into::<Error>::into)?).await;
            Ok::<_, Error>(answer.respond_to(&request).map_into_boxed_body())
        }
    })
}
