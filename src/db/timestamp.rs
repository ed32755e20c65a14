//! [`Timestamp`] as a column: `TIMESTAMPTZ` in PostgreSQL, integer microseconds in SQLite. As text, two timestamps
//! whose fractions of a second differ in length would compare wrongly (T9).

use std::num::TryFromIntError;

use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use sqlx::{
    Decode, Encode, Postgres, Sqlite, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgTypeInfo, PgValueRef},
    sqlite::{SqliteArgumentValue, SqliteTypeInfo, SqliteValueRef},
};
use time::{OffsetDateTime, error::ComponentRange};

use crate::timestamp::Timestamp;

impl Type<Postgres> for Timestamp {
    fn type_info() -> PgTypeInfo {
        <OffsetDateTime as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for Timestamp {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <OffsetDateTime as Encode<Postgres>>::encode_by_ref(&self.get(), buffer)
    }
}

impl Decode<'_, Postgres> for Timestamp {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        <OffsetDateTime as Decode<Postgres>>::decode(value).map(Self::new)
    }
}

impl Type<Sqlite> for Timestamp {
    fn type_info() -> SqliteTypeInfo {
        <i64 as Type<Sqlite>>::type_info()
    }
}

impl<'q> Encode<'q, Sqlite> for Timestamp {
    fn encode_by_ref(&self, arguments: &mut Vec<SqliteArgumentValue<'q>>) -> Result<IsNull, BoxDynError> {
        let microseconds = microseconds(*self)?;
        <i64 as Encode<Sqlite>>::encode_by_ref(&microseconds, arguments)
    }
}

impl Decode<'_, Sqlite> for Timestamp {
    fn decode(value: SqliteValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(at(<i64 as Decode<Sqlite>>::decode(value)?)?)
    }
}

impl ToSql for Timestamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let microseconds = microseconds(*self);
        microseconds.map(ToSqlOutput::from).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }
}

impl FromSql for Timestamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        at(value.as_i64()?).map_err(|error| FromSqlError::Other(error.into()))
    }
}

fn microseconds(at: Timestamp) -> Result<i64, TryFromIntError> {
    i64::try_from(at.get().unix_timestamp_nanos() / 1_000)
}

fn at(microseconds: i64) -> Result<Timestamp, ComponentRange> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(microseconds) * 1_000).map(Timestamp::new)
}
