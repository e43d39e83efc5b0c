//! The message of a call, from JSON.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{BufMut as _, Bytes, BytesMut};
use http_body::Frame;
use prost::Message as _;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use tonic::Status;
use tonic::body::Body;

use super::answer::no_method;
use super::{Form, JSON_LIMIT, PREFIX, too_large};
use crate::Error;

/// A message that is turned over once all of it has come.
struct Turned {
    body: Body,
    come: BytesMut,
    form: Form,
    method: Option<MethodDescriptor>,
    over: bool,
}

/// The message of a call of gRPC, from this body.
pub(super) fn message(body: Body, form: Form, method: Option<MethodDescriptor>) -> Body {
    Body::new(Turned { body, come: BytesMut::new(), form, method, over: false })
}

impl http_body::Body for Turned {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.over {
            return Poll::Ready(None);
        }
        while let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)?) {
            let Ok(data) = frame.into_data() else { continue };
            if self.come.len() + data.len() > JSON_LIMIT {
                self.over = true;
                return Poll::Ready(Some(Err(too_large().into())));
            }
            self.come.extend_from_slice(&data);
        }
        self.over = true;
        Poll::Ready(Some(self.turn().map(Frame::data).map_err(Status::from)))
    }
}

impl Turned {
    fn turn(&mut self) -> Result<Bytes, Error> {
        let Some(method) = &self.method else {
            return Err(no_method());
        };
        let message = match self.form {
            Form::Proto => self.come.split().freeze(),
            Form::Json => read(&self.come, method)?.encode_to_vec().into(),
        };
        let mut framed = BytesMut::with_capacity(PREFIX + message.len());
        framed.put_u8(0);
        framed.put_u32(u32::try_from(message.len()).map_err(|_cause| too_large())?);
        framed.put(message);
        Ok(framed.freeze())
    }
}

/// The message that this JSON says. What is wrong with it is told by its place, and not repeated.
fn read(json: &[u8], method: &MethodDescriptor) -> Result<DynamicMessage, Error> {
    let input = method.input();
    let mut reader = serde_json::Deserializer::from_slice(json);
    let read =
        DynamicMessage::deserialize(input.clone(), &mut reader).and_then(|message| reader.end().map(|()| message));
    read.map_err(|cause| {
        let what = match cause.classify() {
            serde_json::error::Category::Data => "a field that there is not, or a value of another kind",
            serde_json::error::Category::Eof => "an end too soon",
            serde_json::error::Category::Syntax | serde_json::error::Category::Io => "something that is no JSON",
        };
        let (name, line, column) = (input.full_name(), cause.line(), cause.column());
        Error::invalid("message", format!("must be the JSON of `{name}`: at line {line}, column {column} is {what}"))
    })
}
