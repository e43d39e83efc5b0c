//! What the pages say, and days and times as people say them. All words stand in the files of `sentences`, one for each language.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{ToSpan as _, Zoned};
use prost_types::Timestamp;
use sentences::{Arg, Sentences};

/// The words of one language, and where it is what time.
#[derive(Clone)]
pub(crate) struct Words {
    sentences: Arc<Sentences>,
    zone: TimeZone,
    /// Whether they are read on another day than they are written: then no day is `Today`.
    on_paper: bool,
}

impl Words {
    pub(crate) fn english(zone: TimeZone) -> Self {
        Self { sentences: Arc::new(Sentences::english()), zone, on_paper: false }
    }

    /// The same, to be read on another day.
    pub(crate) fn on_paper(&self) -> Self {
        Self { on_paper: true, ..self.clone() }
    }

    /// The words under this name; a test finds that there are some.
    pub(crate) fn say(&self, name: &str) -> String {
        self.with(name, &[])
    }

    /// The words under this name, with what they speak of.
    pub(crate) fn with(&self, name: &str, args: &[(&'static str, &str)]) -> String {
        let args: Vec<_> = args.iter().map(|(name, text)| (*name, Arg::Text((*text).to_owned()))).collect();
        self.sentences.say(&format!("portal-{name}"), &args).unwrap_or_default()
    }

    /// How many there are, in words.
    pub(crate) fn count(&self, name: &str, count: usize) -> String {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.sentences.say(&format!("portal-{name}"), &[("count", Arg::Number(count))]).unwrap_or_default()
    }

    fn zoned(&self, at: &Timestamp) -> Zoned {
        let at = jiff::Timestamp::new(at.seconds, at.nanos).unwrap_or_default();
        at.to_zoned(self.zone.clone())
    }

    fn today(&self) -> Date {
        jiff::Timestamp::now().to_zoned(self.zone.clone()).date()
    }

    /// The day: `Today`, `Yesterday`, `Tuesday 3 March`, with the year when it is another one.
    pub(crate) fn day(&self, at: &Timestamp) -> String {
        self.day_seen_from(self.zoned(at).date(), self.today())
    }

    fn day_seen_from(&self, date: Date, today: Date) -> String {
        if date == today && !self.on_paper {
            return self.say("today");
        }
        if !self.on_paper && date.checked_add(1.day()).is_ok_and(|next| next == today) {
            return self.say("yesterday");
        }
        // Words of the language, with numbers in them.
        let [weekday, month] = [date.strftime("%A"), date.strftime("%B")].map(|name| name.to_string().to_lowercase());
        let (weekday, month) = (self.say(&weekday), self.say(&month));
        let day = date.day().to_string();
        if date.year() == today.year() && !self.on_paper {
            return self.with("day", &[("weekday", &weekday), ("day", &day), ("month", &month)]);
        }
        let year = date.year().to_string();
        self.with("day-of-year", &[("weekday", &weekday), ("day", &day), ("month", &month), ("year", &year)])
    }

    /// In which week it was, counted back in sevens of days: 0 in the one that ends today. None of what is still to come.
    pub(crate) fn week_of(&self, at: &Timestamp) -> Option<u32> {
        let days = (self.today() - self.zoned(at).date()).get_days();
        u32::try_from(days).ok().map(|days| days / 7)
    }

    /// What the week is called that began so many weeks ago, and when it began.
    pub(crate) fn weeks_ago(&self, ago: u32) -> (String, Timestamp) {
        let days = i64::from(ago) * 7 + 6;
        let first = self.today().checked_sub(days.days()).unwrap_or(Date::MIN);
        let at = first.to_zoned(self.zone.clone()).map(|at| at.timestamp().as_second()).unwrap_or_default();
        let at = Timestamp { seconds: at, nanos: 0 };
        (self.with("week", &[("day", &self.day(&at))]), at)
    }

    /// Whether it is still to come.
    pub(crate) fn is_ahead(&self, at: &Timestamp) -> bool {
        at.seconds > jiff::Timestamp::now().as_second()
    }

    /// The time of day: `14:05`.
    pub(crate) fn time(&self, at: &Timestamp) -> String {
        self.zoned(at).strftime("%H:%M").to_string()
    }

    /// Day and time, in a sentence: `on Tuesday 3 March at 14:05`.
    pub(crate) fn moment(&self, at: &Timestamp) -> String {
        self.with("moment", &[("day", &self.day(at)), ("time", &self.time(at))])
    }

    /// The moment as it stands in a table: `2026-03-03 15:04`.
    pub(crate) fn written(&self, at: &Timestamp) -> String {
        self.zoned(at).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// When a day begins that was typed as `2026-03-03`, or the one after it.
    pub(crate) fn beginning_of(&self, typed: &str, after: bool) -> Option<Timestamp> {
        let date: Date = typed.parse().ok()?;
        let date = if after { date.checked_add(1.day()).ok()? } else { date };
        let at = date.to_zoned(self.zone.clone()).ok()?.timestamp();
        Some(Timestamp { seconds: at.as_second(), nanos: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All files of a folder, and of those in it, one after the other.
    fn text_of(folder: &std::path::Path) -> String {
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let text = |path: std::path::PathBuf| {
            if path.is_dir() { text_of(&path) } else { std::fs::read_to_string(path).unwrap() }
        };
        files.map(text).collect()
    }

    #[test]
    fn whatever_the_pages_say_stands_in_the_file_of_the_language_and_nothing_else_does() {
        let crate_ = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let used = text_of(&crate_.join("templates")) + &text_of(&crate_.join("src"));
        let words = Words::english(TimeZone::UTC);
        // Named whole in a template, in words that take nothing.
        for name in used.split("frame.say(\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(!words.say(name).is_empty(), "`{name}` is said nowhere");
        }
        // Others are put together: a number, a state, a day stands at the end.
        let is_used = |name: &str| {
            let stems = name.rmatch_indices('-').map(|(at, _)| name.get(..at).unwrap());
            std::iter::once(name).chain(stems).any(|stem| used.contains(&format!("\"{stem}")))
        };
        let names = sentences::names_of_pages().map(|name| name.strip_prefix("portal-").unwrap());
        let first: Date = "2026-01-01".parse().unwrap();
        let days = (0..365).map(|days| first.checked_add(days.days()).unwrap());
        let calendar: std::collections::BTreeSet<_> =
            days.flat_map(|day| ["%A", "%B"].map(|name| day.strftime(name).to_string().to_lowercase())).collect();
        assert!(calendar.iter().all(|name| !words.say(name).is_empty()), "{calendar:?}");
        let unused: Vec<_> = names.filter(|name| !is_used(name) && !calendar.contains(*name)).collect();
        assert!(unused.is_empty(), "{unused:?}");
    }

    #[test]
    fn days_and_times_are_said_as_people_say_them() {
        let words = Words::english(TimeZone::get("Europe/London").unwrap());
        let date = |text: &str| text.parse::<Date>().unwrap();
        let day = |text: &str| words.day_seen_from(date(text), date("2026-03-04"));
        assert_eq!(day("2026-03-04"), "Today");
        assert_eq!(day("2026-03-03"), "Yesterday");
        assert_eq!(day("2026-03-02"), "Monday 2 March");
        assert_eq!(day("2025-12-31"), "Wednesday 31 December 2025");
        assert_eq!(words.on_paper().day_seen_from(date("2026-03-04"), date("2026-03-04")), "Wednesday 4 March 2026");
        // Summer time in July, and none in January.
        let at = |seconds| Timestamp { seconds, nanos: 0 };
        assert_eq!(words.time(&at(1_783_080_300)), "13:05");
        assert_eq!(words.time(&at(1_767_445_500)), "13:05");
        let [from, until] = [false, true].map(|after| words.beginning_of("2026-07-01", after).unwrap().seconds);
        assert_eq!(until - from, 24 * 60 * 60);
        assert!(words.beginning_of("tomorrow", false).is_none());
    }
}
