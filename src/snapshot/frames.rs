//! The frames of a snapshot file: written one after the other, and read back only as they were
//! written. Knows nothing of what is in them.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};

use super::Unusable;

const MAGIC: &[u8] = b"subledger state snapshot\n";
/// No frame is longer: a part is a thousand things, of a few hundred bytes each.
const FRAME_BYTES_MAX: u32 = 1 << 30;
/// Of the file, at a time.
const BUFFER_BYTES: usize = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Header = 1,
    Beginning = 2,
    Part = 3,
    End = 4,
    Mark = 5,
}

/// Writes frames.
pub(super) struct FrameWriter {
    out: BufWriter<File>,
    written: u64,
}

impl FrameWriter {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
        out.write_all(MAGIC)?;
        Ok(Self { out, written: 0 })
    }

    pub(super) fn put(&mut self, kind: Kind, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        if length > FRAME_BYTES_MAX {
            return Err(io::Error::new(
                ErrorKind::FileTooLarge,
                "a part is too large",
            ));
        }
        self.out.write_all(&length.to_be_bytes())?;
        self.out
            .write_all(&checksum(self.written, kind as u8, payload).to_be_bytes())?;
        self.out.write_all(&[kind as u8])?;
        self.out.write_all(payload)?;
        self.written += 1;
        Ok(())
    }

    /// Makes all that was written durable.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.out.get_ref().sync_all()
    }
}

/// Reads frames.
pub(super) struct FrameReader {
    input: BufReader<File>,
    read: u64,
}

impl FrameReader {
    pub(super) fn open(file: File) -> Result<Self, Unusable> {
        let mut input = BufReader::with_capacity(BUFFER_BYTES, file);
        let mut magic = [0; MAGIC.len()];
        read_exactly(&mut input, &mut magic)?;
        if magic != *MAGIC {
            return Err(Unusable::Damaged);
        }
        Ok(Self { input, read: 0 })
    }

    pub(super) fn next(&mut self) -> Result<(Kind, Vec<u8>), Unusable> {
        let (mut length, mut crc, mut kind) = ([0; 4], [0; 4], [0]);
        read_exactly(&mut self.input, &mut length)?;
        read_exactly(&mut self.input, &mut crc)?;
        read_exactly(&mut self.input, &mut kind)?;
        let length = u32::from_be_bytes(length);
        let [kind] = kind;
        let mut payload = Vec::new();
        // A damaged length may not ask for more memory than there is file.
        (&mut self.input)
            .take(u64::from(length))
            .read_to_end(&mut payload)?;
        let is_whole = payload.len() == usize::try_from(length).unwrap_or(usize::MAX)
            && checksum(self.read, kind, &payload) == u32::from_be_bytes(crc);
        let kinds = [
            Kind::Header,
            Kind::Beginning,
            Kind::Part,
            Kind::End,
            Kind::Mark,
        ];
        let kind = kinds.into_iter().find(|known| *known as u8 == kind);
        self.read += 1;
        match kind {
            Some(kind) if is_whole => Ok((kind, payload)),
            Some(_) | None => Err(Unusable::Damaged),
        }
    }

    pub(super) fn expect(&mut self, wanted: Kind) -> Result<Vec<u8>, Unusable> {
        let (kind, payload) = self.next()?;
        if kind == wanted {
            Ok(payload)
        } else {
            Err(Unusable::Damaged)
        }
    }

    /// How many were read.
    pub(super) const fn count(&self) -> u64 {
        self.read
    }

    pub(super) fn nothing_follows(&mut self) -> Result<(), Unusable> {
        let mut rest = [0];
        match self.input.read(&mut rest)? {
            0 => Ok(()),
            _ => Err(Unusable::Damaged),
        }
    }
}

fn read_exactly(input: &mut impl Read, bytes: &mut [u8]) -> Result<(), Unusable> {
    match input.read_exact(bytes) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(Unusable::Damaged),
        Err(error) => Err(error.into()),
    }
}

fn checksum(number: u64, kind: u8, payload: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&number.to_be_bytes());
    crc.update(&[kind]);
    crc.update(payload);
    crc.finalize()
}
