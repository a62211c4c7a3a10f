//! Sends the prepared requests of a file over HTTP, each once, and prints what came of it as JSON.
//! Knows nothing of who answers.
//!
//! `peers-load ADDRESS FILE CONNECTIONS SECONDS [PER_SECOND]`; with `PER_SECOND` an open loop. In
//! the file each request follows its length, 4 bytes, little-endian.

#[path = "../../support/load.rs"]
mod load;

use std::error::Error;
use std::time::Duration;

const LENGTH_BYTES: usize = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, file, connections, seconds, rest @ ..] = arguments.as_slice() else {
        return Err("expected ADDRESS FILE CONNECTIONS SECONDS [PER_SECOND]".into());
    };
    let address = address.parse()?;
    let requests = requests(&std::fs::read(file)?)?;
    let connections = connections.parse()?;
    let limit = Duration::from_secs(seconds.parse()?);
    let outcome = match rest.first() {
        None => load::run(address, &requests, connections, limit)?,
        Some(rate) => load::paced(address, &requests, connections, rate.parse()?, limit)?,
    };
    println!(
        "{{\"perSecond\":{:.1},\"p50\":{:.3},\"p99\":{:.3},\"answers\":{},\"refused\":{},\"left\":{}}}",
        outcome.per_second(),
        outcome.p50.as_secs_f64() * 1000.0,
        outcome.p99.as_secs_f64() * 1000.0,
        outcome.answers,
        outcome.refused,
        requests.len().saturating_sub(outcome.answers),
    );
    Ok(())
}

fn requests(mut bytes: &[u8]) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let mut requests = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<LENGTH_BYTES>() {
        let length = usize::try_from(u32::from_le_bytes(*length))?;
        let (request, rest) = rest
            .split_at_checked(length)
            .ok_or("the file ends within a request")?;
        requests.push(request.to_vec());
        bytes = rest;
    }
    Ok(requests)
}
