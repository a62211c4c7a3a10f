//! Sockets that a client holds as it likes. Knows HTTP only as bytes.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Far beyond every deadline of the service.
const PATIENCE: Duration = Duration::from_secs(25);

pub fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}

/// What comes until the service closes the connection; a panic where it never does.
pub fn until_closed(mut socket: TcpStream) -> String {
    let mut answer = Vec::new();
    match socket.read_to_end(&mut answer) {
        Ok(_) => {}
        // Closed before it had read what lay in its buffer.
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the connection stays open ({error})"),
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends a byte every `pause` until the service has had enough; answers what came back.
pub fn dribble(mut socket: TcpStream, bytes: &[u8], pause: Duration) -> String {
    let deadline = Instant::now() + PATIENCE;
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    socket.set_read_timeout(Some(pause)).unwrap();
    for byte in bytes.iter().cycle() {
        assert!(Instant::now() < deadline, "it listens for ever");
        if socket.write_all(&[*byte]).is_err() {
            break;
        }
        match socket.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of the first answer; 0 where there is none.
pub fn status(answer: &str) -> u16 {
    let word = answer.split(' ').nth(1).unwrap_or("0");
    word.parse().unwrap_or(0)
}
