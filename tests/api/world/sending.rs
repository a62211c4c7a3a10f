//! Deliveries as their senders make and sign them, and the samples' bodies.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use subledger::domain::time::Timestamp;

use super::{Answer, KELVIQ_SECRET, NOW, RAZORPAY_SECRET, STANDARD_SECRET, STYKITE_SECRET, World};

impl World {
    /// A delivery as Razorpay makes it.
    pub fn razorpay(&self, body: &[u8]) -> Answer {
        let signature = hmac_hex(RAZORPAY_SECRET, body);
        self.post(
            "/webhooks/razorpay",
            &[("X-Razorpay-Signature", &signature)],
            body,
        )
    }

    /// A delivery as Stykite makes it, where it signs.
    pub fn stykite(&self, body: &[u8]) -> Answer {
        let signature = hmac_hex(STYKITE_SECRET, body);
        self.post(
            "/webhooks/stykite",
            &[("X-Stykite-Signature", &signature)],
            body,
        )
    }

    /// A delivery as Kelviq makes it: the body's own id, the time of sending, and one signature
    /// under the whole secret.
    pub fn kelviq_at(&self, body: &[u8], sent_at: i64) -> Answer {
        let id = body_id(body);
        let message = [format!("{id}.{sent_at}.").as_bytes(), body].concat();
        let signature = format!("v1,{}", hmac_hex(KELVIQ_SECRET, &message));
        self.dispatch("/webhooks/kelviq", &id, sent_at, &signature, body)
    }

    /// A delivery as the Standard Webhooks libraries make it.
    pub fn standard_at(&self, body: &[u8], sent_at: i64) -> Answer {
        let id = format!("msg_{}", &hmac_hex("message id", body)[..16]);
        let message = [format!("{id}.{sent_at}.").as_bytes(), body].concat();
        let secret = STANDARD.decode(&STANDARD_SECRET["whsec_".len()..]).unwrap();
        let signature = format!("v1,{}", STANDARD.encode(hmac(&secret, &message)));
        self.dispatch(
            "/webhooks/standard-webhooks",
            &id,
            sent_at,
            &signature,
            body,
        )
    }

    pub fn dispatch(
        &self,
        path: &str,
        id: &str,
        sent_at: i64,
        signature: &str,
        body: &[u8],
    ) -> Answer {
        let headers = [
            ("webhook-id", id),
            ("webhook-timestamp", &sent_at.to_string()),
            ("webhook-signature", signature),
        ];
        self.post(path, &headers, body)
    }

    pub fn send(&self, provider: &str, body: &[u8]) -> Answer {
        match provider {
            "razorpay" => self.razorpay(body),
            "stykite" => self.stykite(body),
            "kelviq" => self.kelviq_at(body, seconds(NOW)),
            "standard-webhooks" => self.standard_at(body, seconds(NOW)),
            other => panic!("no signer for {other}"),
        }
    }
}

pub fn hmac_hex(secret: &str, body: &[u8]) -> String {
    hex::encode(hmac(secret.as_bytes(), body))
}

fn hmac(secret: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// Unix seconds of a time that the tests write.
pub fn seconds(time: &str) -> i64 {
    Timestamp::parse(time).unwrap().as_millis() / 1000
}

fn body_id(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    body["id"].as_str().unwrap_or("no-id").to_owned()
}

/// A sample body by provider and the number it begins with.
pub fn sample(provider: &str, number: &str) -> Vec<u8> {
    let (_, body) = samples(provider)
        .into_iter()
        .find(|(name, _)| name.starts_with(number))
        .unwrap_or_else(|| panic!("no sample {number} of {provider}"));
    body
}

/// All samples of a provider, in the order of their names.
pub fn samples(provider: &str) -> Vec<(String, Vec<u8>)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("sample-events")
        .join(provider);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    files
}
