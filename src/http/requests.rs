//! Every request after its answer: counted by route, and written down where it was refused. Knows
//! routes by their templates alone, so that nothing a client sent gets into a label or a line.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use actix_web::dev::ServiceResponse;
use actix_web::http::Method;

use super::error::Problem;
use super::flood::Flood;
use crate::histogram::{DURATION_BOUNDS, Histogram, Reading};

/// More routes than there are; those beyond would count as unmatched.
const ROUTES_MAX: usize = 256;
/// What is said of a request that came to no route.
const UNMATCHED: &str = "unmatched";
/// Answers are counted by the first digit of their status.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The template of a route, which its resource carries: `/v1/events/{seq}`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Template(pub(super) &'static str);

/// The requests of all routes. A route is entered at its first request; no lock is taken.
pub(super) struct Requests {
    routes: [OnceLock<Route>; ROUTES_MAX],
    unmatched: Route,
}

struct Route {
    template: &'static str,
    micros: Histogram<{ DURATION_BOUNDS.len() }>,
    classes: [AtomicU64; CLASSES.len()],
    refusals: Flood,
    faults: Flood,
}

/// What was counted of one route since start.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) template: &'static str,
    pub(super) micros: Reading,
    /// Answers by the class of their status.
    pub(super) classes: Vec<(&'static str, u64)>,
}

/// An answer, as far as it is counted.
struct Answered<'a> {
    method: Option<&'a Method>,
    status: u16,
    code: Option<&'static str>,
    took: Duration,
}

impl Requests {
    pub(super) fn new() -> Self {
        Self {
            routes: std::array::from_fn(|_| OnceLock::new()),
            unmatched: Route::new(UNMATCHED),
        }
    }

    /// Counts a request that was answered in `took`.
    pub(super) fn note<B>(
        &self,
        answer: &Result<ServiceResponse<B>, actix_web::Error>,
        took: Duration,
    ) {
        match answer {
            Ok(answer) => {
                let template = answer.request().app_data::<Template>();
                let route = template.map_or(&self.unmatched, |found| self.route(found.0));
                route.note(&Answered {
                    method: Some(answer.request().method()),
                    status: answer.status().as_u16(),
                    code: answer.response().error().and_then(code_of),
                    took,
                });
            }
            Err(error) => self.unmatched.note(&Answered {
                method: None,
                status: error.as_response_error().status_code().as_u16(),
                code: code_of(error),
                took,
            }),
        }
    }

    fn route(&self, template: &'static str) -> &Route {
        let entered = self
            .routes
            .iter()
            .map(|slot| slot.get_or_init(|| Route::new(template)));
        let mut found = entered.filter(|route| route.template == template);
        found.next().unwrap_or(&self.unmatched)
    }

    /// Every route that was asked for.
    pub(super) fn counted(&self) -> impl Iterator<Item = Counted> {
        let entered = self.routes.iter().filter_map(OnceLock::get);
        entered.chain([&self.unmatched]).map(|route| Counted {
            template: route.template,
            micros: route.micros.read(),
            classes: CLASSES
                .into_iter()
                .zip(route.classes.iter().map(|count| count.load(Relaxed)))
                .collect(),
        })
    }
}

impl Route {
    fn new(template: &'static str) -> Self {
        Self {
            template,
            micros: Histogram::new(&DURATION_BOUNDS),
            classes: std::array::from_fn(|_| AtomicU64::new(0)),
            refusals: Flood::new(),
            faults: Flood::new(),
        }
    }

    fn note(&self, answered: &Answered<'_>) {
        self.micros.count_duration(answered.took);
        let class = usize::from(answered.status / 100).saturating_sub(1);
        if let Some(class) = self.classes.get(class) {
            class.fetch_add(1, Relaxed);
        }
        let Answered { status, code, .. } = *answered;
        let method = answered.method.map_or("-", Method::as_str);
        let (route, micros) = (self.template, answered.took.as_micros());
        if status < 400 {
            tracing::debug!(method, route, status, micros, "answered");
        } else if status >= 500 {
            if let Some(passed_over) = self.faults.admit() {
                tracing::warn!(method, route, status, code, passed_over, "not answered");
            }
        } else if code != Some(Problem::InvalidSignature.code())
            // The intake says which source it was.
            && let Some(passed_over) = self.refusals.admit()
        {
            tracing::info!(method, route, status, code, passed_over, "refused");
        }
    }
}

fn code_of(error: &actix_web::Error) -> Option<&'static str> {
    error.as_error::<Problem>().map(Problem::code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_is_entered_once() {
        let requests = Requests::new();
        for (template, status) in [("/a", 200), ("/b", 404), ("/a", 503)] {
            requests.route(template).note(&Answered {
                method: None,
                status,
                code: None,
                took: Duration::from_millis(1),
            });
        }
        let counted: Vec<_> = requests.counted().collect();
        let shown: Vec<_> = counted
            .iter()
            .map(|route| (route.template, route.micros.count()))
            .collect();
        assert_eq!(shown, [("/a", 2), ("/b", 1), (UNMATCHED, 0)]);
        let first = counted.first().map(|route| route.classes.clone());
        let wanted = vec![("1xx", 0), ("2xx", 1), ("3xx", 0), ("4xx", 0), ("5xx", 1)];
        assert_eq!(first, Some(wanted));
    }
}
