//! What a route is, and what is made of the table of them: what is served, the 405s, the check of
//! keys; the documentation and the tests come from it too. It knows no route and no handler.

use actix_web::dev::Handler;
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{Error, FromRequest, HttpRequest, Resource, Responder, web};

use super::error::Problem;
use super::requests::Template;
use super::{auth, limits, webhook};
use crate::domain::key::Scope;

mod doc;
mod kelviq;
mod stykite;
mod table;

pub(super) use self::doc::{Answer, Asked, Doc};
use self::table::table;

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone who can reach the service.
    Open,
    /// Whoever has a key whose scope covers this one.
    Key(Scope),
}

/// One route, as it is documented and tested.
#[derive(Debug, Clone)]
pub struct Route {
    /// The method; `HEAD` is answered wherever `GET` is.
    pub method: Method,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// Who may ask.
    pub access: Access,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// What it takes and answers.
    pub(super) doc: Doc,
}

/// A route with what answers it.
struct Entry {
    route: Route,
    service: actix_web::Route,
    head: Option<actix_web::Route>,
}

/// Every route.
#[must_use]
pub fn routes() -> Vec<Route> {
    table().into_iter().map(|entry| entry.route).collect()
}

/// Registers the table.
pub(super) fn configure(config: &mut web::ServiceConfig) {
    // In the order of the first of each path.
    let mut of_paths: Vec<(&'static str, Vec<Entry>)> = Vec::new();
    for entry in table() {
        let path = entry.route.path;
        match of_paths.iter_mut().find(|(held, _)| *held == path) {
            Some((_, entries)) => entries.push(entry),
            None => of_paths.push((path, vec![entry])),
        }
    }
    for (path, entries) in of_paths {
        resource(path, entries, config);
    }
}

fn resource(path: &'static str, entries: Vec<Entry>, config: &mut web::ServiceConfig) {
    let mut allow: Vec<String> = Vec::new();
    let mut resource: Resource = web::resource(spellings(path)).app_data(Template(path));
    for entry in entries {
        resource = resource.app_data(entry.route.doc.wording);
        allow.push(entry.route.method.to_string());
        resource = resource.route(entry.service);
        if let Some(head) = entry.head {
            allow.push(Method::HEAD.to_string());
            resource = resource.route(head);
        }
    }
    let allow = allow.join(", ");
    let others = web::to(move |request: HttpRequest| {
        let (method, allow) = (request.method().to_string(), allow.clone());
        async move { Err::<&str, _>(Problem::MethodNotAllowed { method, allow }) }
    });
    let resource = resource.default_service(others);
    if path.starts_with(INTAKE) {
        config.service(resource);
    } else {
        config.service(resource.wrap(from_fn(limits::layer)));
    }
}

/// A path that is documented with a slash at its end is the same without: clients of such surfaces
/// send either, and follow no redirect. Of the page that payers are sent to, the one with it is the
/// same: some add it to every address.
fn spellings(path: &'static str) -> Vec<&'static str> {
    if path == PAGE {
        return vec![PAGE, PAGE_WITH_SLASH];
    }
    let bare = path.strip_suffix('/').filter(|bare| !bare.is_empty());
    [path].into_iter().chain(bare).collect()
}

/// The page of a checkout.
const PAGE: &str = "/checkout/{id}";
const PAGE_WITH_SLASH: &str = "/checkout/{id}/";

/// Where webhooks come in: the one place that checks its limits itself.
const INTAKE: &str = "/webhooks/";

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

fn put<H, Args>(path: &'static str, access: Access, summary: &'static str, handler: H) -> Entry
where
    H: Handler<Args>,
    Args: FromRequest + 'static,
    H::Output: Responder + 'static,
{
    entry(Method::PUT, path, access, summary, handler)
}

fn patch<H, Args>(path: &'static str, access: Access, summary: &'static str, handler: H) -> Entry
where
    H: Handler<Args>,
    Args: FromRequest + 'static,
    H::Output: Responder + 'static,
{
    entry(Method::PATCH, path, access, summary, handler)
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
    let mut entry = post(path, Access::Open, summary, handler);
    entry.route.doc.asked = Asked::Delivery;
    entry.says::<webhook::Receipt<'static>>()
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
            doc: Doc::default(),
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
