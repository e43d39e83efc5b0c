use domain::values::Date;
use uuid::Uuid;

use crate::Error;

/// The id in a field.
///
/// # Errors
/// When it is not a UUID; the value is not repeated, for it may be anything.
pub fn id<T: From<Uuid>>(field: &str, text: &str) -> Result<T, Error> {
    Uuid::try_parse(text).map(T::from).map_err(|_cause| Error::invalid(field, "must be a UUID"))
}

/// The id in a field that may be empty.
///
/// # Errors
/// When it is neither empty nor a UUID.
pub fn optional_id<T: From<Uuid>>(field: &str, text: &str) -> Result<Option<T>, Error> {
    if text.is_empty() { Ok(None) } else { id(field, text).map(Some) }
}

/// The message in a field.
///
/// # Errors
/// When it is absent.
pub fn required<T>(field: &str, value: Option<T>) -> Result<T, Error> {
    value.ok_or_else(|| Error::invalid(field, "must be given"))
}

/// The domain's word for an enum value of the wire: the numbers are the same.
///
/// # Errors
/// When the value is unspecified or unknown.
pub fn one_of<T>(field: &str, value: i32, from_code: impl FnOnce(u32) -> Option<T>) -> Result<T, Error> {
    let known = u32::try_from(value).ok().and_then(from_code);
    known.ok_or_else(|| Error::invalid(field, "must be one of the documented values"))
}

/// Values of an enum of the wire, among which a caller chooses.
///
/// # Errors
/// When one of them is unspecified or unknown.
pub fn enums<E: TryFrom<i32> + Default + PartialEq>(field: &str, values: &[i32]) -> Result<Vec<E>, Error> {
    let known = |code: u32| i32::try_from(code).ok().and_then(|code| E::try_from(code).ok());
    values.iter().map(|value| one_of(field, *value, |code| known(code).filter(|one| *one != E::default()))).collect()
}

/// A number that fits a byte.
///
/// # Errors
/// When it does not.
pub fn small_number(field: &str, value: u32) -> Result<u8, Error> {
    u8::try_from(value).map_err(|_cause| Error::invalid(field, "must be from `0` to `255`"))
}

/// The day in a field that may be empty.
///
/// # Errors
/// When it is neither empty nor a day.
pub fn optional_date(field: &'static str, text: &str) -> Result<Option<Date>, Error> {
    Ok(Date::optional(field, text)?)
}
