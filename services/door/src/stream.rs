//! A connection as bytes: what it has said before anybody knew what it speaks is heard once more.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

/// How whoever speaks HTTP/2 begins (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What is read and written.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// What somebody speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoken {
    Http1,
    Http2,
}

/// A stream of which the beginning was heard.
pub(crate) struct Heard {
    said: Bytes,
    stream: Box<dyn Stream>,
}

impl Heard {
    /// Listens until it is clear what is spoken.
    ///
    /// # Errors
    /// When the connection ends first.
    pub(crate) async fn listen(mut stream: Box<dyn Stream>) -> io::Result<(Spoken, Self)> {
        let mut said = BytesMut::with_capacity(PREFACE.len());
        let mut rest = PREFACE;
        while !rest.is_empty() && PREFACE.starts_with(&said) {
            let mut room = [0; PREFACE.len()];
            let room = room.get_mut(..rest.len()).unwrap_or_default();
            let count = stream.read(room).await?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            said.extend_from_slice(room.get(..count).unwrap_or_default());
            rest = rest.get(count..).unwrap_or_default();
        }
        let spoken = if said == PREFACE { Spoken::Http2 } else { Spoken::Http1 };
        Ok((spoken, Self { said: said.freeze(), stream }))
    }
}

impl AsyncRead for Heard {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.said.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, into);
        }
        let count = self.said.len().min(into.remaining());
        into.put_slice(&self.said.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Heard {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_said_is_heard_once_more_however_it_came() {
        for (said, spoken) in [
            (&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nmore"[..], Spoken::Http2),
            (b"POST / HTTP/1.1\r\nhost: here\r\n\r\n", Spoken::Http1),
            (b"PRI * HTTP/1.1\r\nhost: here\r\n\r\n", Spoken::Http1),
        ] {
            for at_a_time in [1, 7, 100] {
                let (theirs, ours) = tokio::io::duplex(at_a_time);
                let speaking = tokio::spawn(async move {
                    let mut theirs = theirs;
                    tokio::io::AsyncWriteExt::write_all(&mut theirs, said).await
                });
                let (heard, mut stream) = Heard::listen(Box::new(ours)).await.unwrap();
                let mut all = Vec::new();
                stream.read_to_end(&mut all).await.unwrap();
                speaking.await.unwrap().unwrap();
                assert_eq!((heard, all.as_slice()), (spoken, said), "{at_a_time} at a time");
            }
        }
        let (theirs, ours) = tokio::io::duplex(64);
        drop(theirs);
        assert!(Heard::listen(Box::new(ours)).await.is_err());
    }
}
