//! Razorpay's REST API, as far as a merchant's checkout needs it, on a free port: with the error
//! bodies of the real one, and as late, forgetful or broken as a test wants it.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use serde_json::{Value, json};

pub const KEY_ID: &str = "rzp_test_fakekey0001";
pub const KEY_SECRET: &str = "fake-key-secret-0001";

/// How the next request that would make something is met.
#[derive(Clone)]
pub enum Mood {
    /// As asked.
    Fine,
    /// As asked, after a while.
    Late(Duration),
    /// Nothing is made, and the connection ends without an answer.
    Gone,
    /// It is made, and the connection ends without an answer.
    Made,
    /// Nothing is made; this is answered.
    Says(u16, String),
    /// It is made; this is answered.
    MadeBut(u16, String),
}

#[derive(Default)]
pub struct Books {
    pub links: Vec<Value>,
    pub subscriptions: Vec<Value>,
    /// Method and path of every request.
    pub asked: Vec<String>,
    /// The bodies of those that make something.
    pub bodies: Vec<Value>,
    pub moods: VecDeque<Mood>,
    /// Nothing is listed yet.
    pub lags: bool,
    /// Nothing may be listed.
    pub blind: bool,
    /// Subscriptions and how they were cancelled.
    pub cancelled: Vec<(String, Value)>,
}

#[derive(Clone)]
pub struct Fake {
    pub books: Arc<Mutex<Books>>,
    pub url: String,
}

struct Asked {
    method: String,
    path: String,
    query: String,
    authorization: String,
    body: Value,
}

impl Fake {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let fake = Self {
            books: Arc::default(),
            url,
        };
        let serving = fake.clone();
        thread::spawn(move || {
            for socket in listener.incoming() {
                let (fake, socket) = (serving.clone(), socket.unwrap());
                thread::spawn(move || fake.serve(&socket));
            }
        });
        fake
    }

    /// The configuration that leads here.
    pub fn config(&self) -> String {
        format!(
            "[checkout]\ngateway = \"razorpay\"\n[gateway.razorpay]\nkey_id = \"{KEY_ID}\"\n\
             key_secret = \"{KEY_SECRET}\"\nbase_url = \"{}\"\n",
            self.url
        )
    }

    /// The next requests that would make something are met like this.
    pub fn feels(&self, moods: impl IntoIterator<Item = Mood>) {
        self.books.lock().moods.extend(moods);
    }

    /// How many requests to make something there were, and how many things were made.
    pub fn counts(&self) -> (usize, usize) {
        let books = self.books.lock();
        let made = books.links.len() + books.subscriptions.len();
        (books.bodies.len(), made)
    }

    fn serve(&self, mut socket: &TcpStream) {
        let Some(asked) = read(socket) else { return };
        let answer = self.answer(&asked);
        if let Some((status, body)) = answer {
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                 connection: close\r\n\r\n",
                body.len()
            );
            // The asker may have given up.
            let _ = socket.write_all(format!("{head}{body}").as_bytes());
        }
    }

    /// `None`: the connection just ends.
    fn answer(&self, asked: &Asked) -> Option<(u16, String)> {
        self.books
            .lock()
            .asked
            .push(format!("{} {}", asked.method, asked.path));
        let expected = format!(
            "Basic {}",
            STANDARD.encode(format!("{KEY_ID}:{KEY_SECRET}"))
        );
        if asked.authorization != expected {
            return Some((401, error("Authentication failed")));
        }
        if asked.method == "GET" && self.books.lock().blind {
            return Some((401, error("The api key provided is invalid")));
        }
        let parts: Vec<&str> = asked.path.split('/').collect();
        match (asked.method.as_str(), parts.as_slice()) {
            ("POST", ["", "v1", "payment_links" | "subscriptions"]) => self.make(asked),
            ("POST", ["", "v1", "subscriptions", id, "cancel"]) => Some(self.cancel(id, asked)),
            ("GET", ["", "v1", "payment_links"]) => Some(self.list_links(asked)),
            ("GET", ["", "v1", "subscriptions"]) => Some(self.list_subscriptions(asked)),
            ("GET", ["", "v1", "subscriptions", id]) => {
                let books = self.books.lock();
                let found = books.subscriptions.iter().find(|held| held["id"] == *id);
                Some(found.map_or_else(unknown_id, |held| (200, held.to_string())))
            }
            _ => Some((404, error("The requested URL was not found on the server."))),
        }
    }

    fn make(&self, asked: &Asked) -> Option<(u16, String)> {
        let mood = {
            let mut books = self.books.lock();
            books.bodies.push(asked.body.clone());
            books.moods.pop_front().unwrap_or(Mood::Fine)
        };
        match mood {
            Mood::Fine => Some(self.make_now(asked)),
            Mood::Late(while_) => {
                thread::sleep(while_);
                Some(self.make_now(asked))
            }
            Mood::Gone => None,
            Mood::Made => {
                self.make_now(asked);
                None
            }
            Mood::Says(status, body) => Some((status, body)),
            Mood::MadeBut(status, body) => {
                self.make_now(asked);
                Some((status, body))
            }
        }
    }

    fn make_now(&self, asked: &Asked) -> (u16, String) {
        let mut books = self.books.lock();
        let number = books.links.len() + books.subscriptions.len() + 1;
        let mut made = asked.body.clone();
        let is_link = asked.path.ends_with("payment_links");
        let word = if is_link { "plink" } else { "sub" };
        made["id"] = json!(format!("{word}_Fake{number:010}"));
        made["short_url"] = json!(format!("{}/pay/{number}", self.url));
        made["status"] = json!("created");
        made["created_at"] = json!(1_795_651_200);
        if is_link {
            let taken = |held: &&Value| held["reference_id"] == asked.body["reference_id"];
            if books.links.iter().any(|held| taken(&held)) {
                return (
                    400,
                    error("payment link creation with reference ID already attempted"),
                );
            }
            assert!(asked.body["amount"].is_i64(), "{}", asked.body);
            books.links.push(made.clone());
        } else {
            assert!(asked.body["total_count"].is_i64(), "{}", asked.body);
            books.subscriptions.push(made.clone());
        }
        (200, made.to_string())
    }

    fn cancel(&self, id: &str, asked: &Asked) -> (u16, String) {
        let mut books = self.books.lock();
        match books.moods.pop_front() {
            None | Some(Mood::Fine) => {}
            Some(Mood::Says(status, body)) => return (status, body),
            Some(_) => panic!("no such mood of a cancel"),
        }
        let at_end = asked.body["cancel_at_cycle_end"].clone();
        let Some(held) = books.subscriptions.iter_mut().find(|held| held["id"] == id) else {
            return unknown_id();
        };
        if held["status"] == "cancelled" {
            return (
                400,
                error("Subscription is not cancellable in cancelled status."),
            );
        }
        if at_end == false {
            held["status"] = json!("cancelled");
        }
        let answer = held.to_string();
        books.cancelled.push((id.to_owned(), at_end));
        (200, answer)
    }

    fn list_links(&self, asked: &Asked) -> (u16, String) {
        let books = self.books.lock();
        let wanted = parameter(&asked.query, "reference_id");
        let links = books.links.iter().filter(|_| !books.lags);
        let found: Vec<&Value> = links
            .filter(|held| held["reference_id"].as_str() == wanted)
            .collect();
        (200, json!({"payment_links": found}).to_string())
    }

    fn list_subscriptions(&self, asked: &Asked) -> (u16, String) {
        let books = self.books.lock();
        let wanted = parameter(&asked.query, "plan_id");
        let held = books.subscriptions.iter().filter(|_| !books.lags);
        let found: Vec<&Value> = held
            .filter(|held| held["plan_id"].as_str() == wanted)
            .collect();
        let list = json!({"entity": "collection", "count": found.len(), "items": found});
        (200, list.to_string())
    }
}

/// An error as Razorpay words it.
pub fn error(description: &str) -> String {
    json!({"error": {
        "code": "BAD_REQUEST_ERROR", "description": description, "source": "business",
        "step": "payment_initiation", "reason": "input_validation_failed", "metadata": {},
    }})
    .to_string()
}

fn unknown_id() -> (u16, String) {
    (400, error("The id provided does not exist"))
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .into_iter()
        .find(|(held, _)| *held == name)
        .map(|(_, value)| value)
}

fn read(socket: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(socket);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut authorization, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        match name.to_lowercase().as_str() {
            "authorization" => authorization = value.to_owned(),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    Some(Asked {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        authorization,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    })
}
