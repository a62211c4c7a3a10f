//! What a line of the table says of parameters, bodies and answers: types, whose schemas are worked
//! out where the document is written. It knows nothing of how that looks.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::Entry;
use crate::http::error::Problem;
use crate::http::openapi::not_yet;
use crate::http::v1::when::WhenQuery;
use crate::http::wording::Wording;

/// Works out a type's schema.
pub(in crate::http) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What a route takes and answers.
#[derive(Clone, Default)]
pub(in crate::http) struct Doc {
    /// What else there is to know, in a sentence or two.
    pub(in crate::http) note: &'static str,
    /// The parameters after the `?`.
    pub(in crate::http) query: Option<SchemaOf>,
    /// A header that is read: its name, what it must match, and what it is for.
    pub(in crate::http) header: Option<[&'static str; 3]>,
    /// The body.
    pub(in crate::http) asked: Asked,
    /// The answer where all is well.
    pub(in crate::http) answer: Answer,
    /// Refusals that neither path nor body nor scope tells.
    pub(in crate::http) refusals: Vec<Problem>,
    /// Whether a request without a body counts once, where it brings an idempotency key.
    pub(in crate::http) counts_once: bool,
    /// How refusals are told.
    pub(in crate::http) wording: Wording,
    /// How much of a body is read, where it is more than others take.
    pub(in crate::http) body_bytes_max: Option<usize>,
}

/// What body a route takes.
#[derive(Clone, Copy, Default)]
pub(in crate::http) enum Asked {
    /// None.
    #[default]
    Nothing,
    /// A JSON object of ours.
    Json(SchemaOf),
    /// The same, or nothing at all.
    JsonOrNothing(SchemaOf),
    /// The same, where asking again asks anew.
    Question(SchemaOf),
    /// What a button of a page sends.
    Form(SchemaOf),
    /// A provider's webhook, with its signature.
    Delivery,
}

/// What a route answers where all is well.
#[derive(Clone, Copy, Default)]
pub(in crate::http) enum Answer {
    /// 204.
    #[default]
    Nothing,
    /// It is never well: this ledger does not do it.
    Never,
    /// 200, one resource, with an `ETag`; 304 where the asker has it.
    One(SchemaOf),
    /// 200, other JSON.
    Json(SchemaOf),
    /// 201.
    Created(SchemaOf),
    /// 202.
    Accepted(SchemaOf),
    /// 200, of this media type.
    Text(&'static str),
    /// 200, a page; 303 to somewhere else; 404, a page as well.
    Page,
    /// 303; 400, 404 and 503, a page.
    Onwards,
}

impl fmt::Debug for Doc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doc").finish_non_exhaustive()
    }
}

/// `$ref` to a type that has a name.
fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

impl Entry {
    /// The parameters after the `?`.
    pub(super) fn query<T: JsonSchema>(mut self) -> Self {
        // Not a reference: each property becomes a parameter of its own.
        self.route.doc.query = Some(T::json_schema);
        self
    }

    /// What else there is to know, in a sentence or two.
    pub(super) fn note(mut self, text: &'static str) -> Self {
        self.route.doc.note = text;
        self
    }

    /// Takes a JSON body.
    pub(super) fn takes<T: JsonSchema>(mut self) -> Self {
        self.route.doc.asked = Asked::Json(schema_of::<T>);
        self
    }

    /// Answers with one resource.
    pub(super) fn shows<T: JsonSchema>(self) -> Self {
        self.answers(Answer::One(schema_of::<T>))
    }

    /// Answers with a list.
    pub(super) fn lists<T: JsonSchema>(self) -> Self {
        self.answers(Answer::Json(schema_of::<T>))
    }

    /// Answers with a few words.
    pub(super) fn says<T: JsonSchema>(self) -> Self {
        self.answers(Answer::Json(schema_of::<T>))
    }

    /// Answers with what was made.
    pub(super) fn creates<T: JsonSchema>(self) -> Self {
        self.answers(Answer::Created(schema_of::<T>))
    }

    /// Answers that it was taken.
    pub(super) fn accepts<T: JsonSchema>(self) -> Self {
        self.answers(Answer::Accepted(schema_of::<T>))
    }

    /// Refuses in these words.
    pub(super) fn in_the_words(mut self, wording: Wording) -> Self {
        self.route.doc.wording = wording;
        self
    }

    /// Takes no body, and counts once where it brings an idempotency key.
    pub(super) fn counts_once(mut self) -> Self {
        self.route.doc.counts_once = true;
        self
    }

    /// Reads more of a body than others.
    pub(super) fn of_at_most(mut self, bytes: usize) -> Self {
        self.route.doc.body_bytes_max = Some(bytes);
        self
    }

    /// Refuses always, with that sentence.
    pub(super) fn never(self, why: &'static str) -> Self {
        self.refuses(&[Problem::NotImplemented(why)])
            .answers(Answer::Never)
    }

    /// Answers with text of that media type.
    pub(super) fn writes(self, media_type: &'static str) -> Self {
        self.answers(Answer::Text(media_type))
    }

    /// Answers with a page.
    pub(super) fn pages(self) -> Self {
        self.answers(Answer::Page)
    }

    /// Takes what a button of a page sends, and leads on.
    pub(super) fn leads_on<T: JsonSchema>(mut self) -> Self {
        self.route.doc.asked = Asked::Form(schema_of::<T>);
        self.answers(Answer::Onwards)
    }

    /// May answer with these as well.
    pub(super) fn refuses(mut self, problems: &[Problem]) -> Self {
        self.route.doc.refusals.extend_from_slice(problems);
        self
    }

    /// A header that is read.
    pub(super) fn header(mut self, name_pattern_purpose: [&'static str; 3]) -> Self {
        self.route.doc.header = Some(name_pattern_purpose);
        self
    }

    /// A body that may be left out.
    pub(super) fn may_take<T: JsonSchema>(mut self) -> Self {
        self.route.doc.asked = Asked::JsonOrNothing(schema_of::<T>);
        self
    }

    /// A body that may be left out, of a question that is answered anew each time.
    pub(super) fn asks<T: JsonSchema>(mut self) -> Self {
        self.route.doc.asked = Asked::Question(schema_of::<T>);
        self
    }

    /// May meet a log that cannot be read.
    pub(super) fn reads_the_log(self) -> Self {
        let later = "the store has a fault; send it again later";
        self.refuses(&[
            Problem::Internal(String::new()),
            Problem::Unavailable(later.into()),
        ])
    }

    /// Answers also about a moment, with a key of scope `audit`.
    pub(super) fn at_any_moment(self) -> Self {
        self.query::<WhenQuery>().lists_at_any_moment()
    }

    /// The same of a list, whose parameters name the moment beside others.
    pub(super) fn lists_at_any_moment(self) -> Self {
        self.refuses(&[not_yet()]).reads_the_log()
    }

    fn answers(mut self, answer: Answer) -> Self {
        self.route.doc.answer = answer;
        self
    }
}
