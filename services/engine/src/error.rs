use domain::Refusal;
use events::CodecError;

/// Why a command was not carried out. What a caller may read is the refusal; the cause is for the log.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A rule refuses it.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// The request's id was used before, for something else.
    #[error("the request id was used before")]
    RequestReused,
    /// Somebody else was faster, again and again.
    #[error("too many changes at once to the same streams")]
    Contention,
    /// The log takes no more for now.
    #[error("the log takes no more appends for now")]
    Busy,
    /// The subject was erased.
    #[error("the subject was erased")]
    Erased,
    /// The log, the key store or a stored event failed.
    #[error("failed inside")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl EngineError {
    /// A failure with this cause.
    pub fn failed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(cause.into())
    }
}

impl From<CodecError> for EngineError {
    fn from(error: CodecError) -> Self {
        if error.is_erased() { Self::Erased } else { Self::failed(error) }
    }
}
